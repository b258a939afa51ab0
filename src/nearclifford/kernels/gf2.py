"""Linear spans over GF(2): bases in echelon form, of single words and of rows of words.

Vectors of one word (`reduce`, `insert`) have their pivots at the highest bits, rows of W words (all others) at the lowest.

Cost: reducing a vector takes one test for each of the r basis vectors and W word operations for each that is taken off.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from nearclifford.kernels.bits import bit_of, highest_bit, lowest_bit, parity, population_count


@njit(cache=True)
def reduce(vector, basis, size):
    """Return ``vector`` with the pivots (highest bits) of the echelon ``basis`` cleared."""
    for i in range(size):
        pivot = highest_bit(basis[i])
        if (vector >> pivot) & np.uint64(1):
            vector ^= basis[i]
    return vector


@njit(cache=True)
def insert(vector, basis, size):
    """Add a reduced non-zero vector and keep the basis fully reduced."""
    pivot = highest_bit(vector)
    for i in range(size):
        if (basis[i] >> pivot) & np.uint64(1):
            basis[i] ^= vector
    basis[size] = vector


@njit(cache=True)
def reduce_row(row, basis, pivot, rank):
    """Clear the bits of a row at the pivots of a basis, in order."""
    for i in range(rank):
        if bit_of(row, pivot[i]):
            for w in range(len(row)):
                row[w] ^= basis[i, w]


class Echelon(NamedTuple):
    """Room for a basis in echelon form, which grows: vector i is zero at the pivots of those before it.

    ``vectors`` : uint64, shape ``(most, W)``; ``pivot`` : int64; ``origin`` : int64, the row that each vector comes from.
    """

    vectors: Any
    pivot: Any
    origin: Any


@njit(cache=True)
def room_for(x):
    """Return room for a basis of the rows of ``x``."""
    most = min(len(x), 64 * x.shape[1])
    return Echelon(np.empty((most, x.shape[1]), np.uint64), np.empty(most, np.int64), np.empty(most, np.int64))


@njit(cache=True)
def extend(echelon, rank, x, members, most):
    """Add the rows of ``x`` in ``members`` to the first ``rank`` vectors; return the new rank, at most ``most`` for certain.

    Cost: members * rank * W word operations, of the members up to the one that completes the rank. What stands before is
    not touched, so that forgetting the new rank takes the rows back.
    """
    vectors, pivot, origin = echelon
    for j in range(len(x)):
        if rank >= most:
            break
        if not bit_of(members, j):
            continue
        vectors[rank] = x[j]
        reduce_row(vectors[rank], vectors, pivot, rank)
        bit = lowest_bit(vectors[rank])
        if bit >= 0:
            pivot[rank], origin[rank] = bit, j
            rank += 1
    return rank


@njit(cache=True)
def bits_that_occur(x, members):
    """Return how many bits are set in any of the rows of ``x`` that are in ``members``: their rank is no larger."""
    every = np.zeros(x.shape[1], np.uint64)
    for j in range(len(x)):
        if bit_of(members, j):
            for w in range(len(every)):
                every[w] |= x[j, w]
    count = 0
    for w in range(len(every)):
        count += np.int64(population_count(every[w]))
    return count


@njit(cache=True)
def span(x, members):
    """Return (basis, pivot): the reduced echelon basis over GF(2) of the rows of ``x`` whose bits are set in ``members``.

    Cost: `extend` to at most as many vectors as there are bits that occur, and rank^2 * W / 2 word operations.
    """
    echelon = room_for(x)
    rank = extend(echelon, 0, x, members, bits_that_occur(x, members))
    basis, pivot = echelon.vectors[:rank].copy(), echelon.pivot[:rank].copy()
    for i in range(rank - 1, -1, -1):
        for k in range(i):
            if bit_of(basis[k], pivot[i]):
                for w in range(basis.shape[1]):
                    basis[k, w] ^= basis[i, w]
    return basis, pivot


@njit(cache=True)
def is_within(row, basis, pivot):
    """Return whether a row is a sum of basis vectors."""
    rest = row.copy()
    reduce_row(rest, basis, pivot, len(pivot))
    return lowest_bit(rest) < 0


@njit(cache=True)
def coordinates(strings, basis, pivot):
    """Return (x', z'), uint64, of Pauli strings in the space of a reduced basis of at most 64 vectors."""
    x, z = strings.x, strings.z
    new_x, new_z = np.zeros(len(x), np.uint64), np.zeros(len(x), np.uint64)
    for j in range(len(x)):
        for i in range(len(pivot)):
            word = np.uint64(0)
            for w in range(basis.shape[1]):
                word ^= z[j, w] & basis[i, w]
            new_x[j] |= bit_of(x[j], pivot[i]) << np.uint64(i)
            new_z[j] |= parity(word) << np.uint64(i)
    return new_x, new_z


@njit(cache=True)
def adapted_basis(x):
    """Return (basis, pivot, rank): the first ``rank[j]`` basis vectors span the x-parts of the first j rotations.

    ``rank`` has shape ``(n + 1,)``. Vector i is zero at the pivots of those before it. Cost: n * rank * W word operations.
    """
    n, words = x.shape
    limit = min(n, 64 * words)
    basis, pivot = np.empty((limit, words), np.uint64), np.empty(limit, np.int64)
    rank = np.zeros(n + 1, np.int64)
    size = 0
    for j in range(n):
        vector = x[j].copy()
        reduce_row(vector, basis, pivot, size)
        bit = lowest_bit(vector)
        if bit >= 0:
            basis[size], pivot[size] = vector, bit
            size += 1
        rank[j + 1] = size
    return basis[:size].copy(), pivot[:size].copy(), rank


@njit(cache=True)
def adapted_coordinates(strings, basis, pivot):
    """Return the strings in an adapted basis, one row of V words of x-bits and V of z-bits; x-parts must lie in its span."""
    x, z = strings.x, strings.z
    size = max(1, (len(pivot) + 63) >> 6)
    rows = np.zeros((len(x), 2 * size), np.uint64)
    for j in range(len(x)):
        vector = x[j].copy()
        for i in range(len(pivot)):
            place = np.uint64(i & 63)
            if bit_of(vector, pivot[i]):
                vector ^= basis[i]
                rows[j, i >> 6] |= np.uint64(1) << place
            word = np.uint64(0)
            for w in range(len(vector)):
                word ^= z[j, w] & basis[i, w]
            rows[j, size + (i >> 6)] |= parity(word) << place
    return rows
