"""Which rotations an observable can meet, and the span of their x-parts: the kernels of compression.

Pauli strings are rows of 64-qubit words; a set of rotations is a row of bits, rotation j at bit j % 64 of word j // 64.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.bits import parity, population_count
from nearclifford.kernels.parallel import parallel_kernel

WINDOW = 8


@njit(cache=True)
def _anticommute(x1, z1, x2, z2):
    word = np.uint64(0)
    for w in range(len(x1)):
        word ^= (x1[w] & z2[w]) ^ (z1[w] & x2[w])
    return parity(word) == 1


@njit(cache=True)
def _touches(x, z, cover):
    for w in range(len(cover)):
        if (x[w] | z[w]) & cover[w]:
            return True
    return False


@njit(cache=True)
def reach(x, z, term_x, term_z, members):
    """Set in ``members`` the rotations that fail to commute with the term or with a later member.

    Cost: one support test per rotation, and one commutation test per member for those that touch; W words each.
    """
    kept = np.empty(len(x), np.int64)
    count = 0
    cover = term_x | term_z
    for j in range(len(x) - 1, -1, -1):
        if not _touches(x[j], z[j], cover):
            continue
        met = _anticommute(x[j], z[j], term_x, term_z)
        i = count
        while not met and i > 0:
            i -= 1
            met = _anticommute(x[j], z[j], x[kept[i]], z[kept[i]])
        if met:
            kept[count] = j
            count += 1
            members[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
            for w in range(len(cover)):
                cover[w] |= x[j, w] | z[j, w]


@parallel_kernel
def reach_of_terms(x, z, term_x, term_z):
    """Return the members of every term, uint64, shape ``(n_terms, ceil(n / 64))``; cost: `reach` for each."""
    members = np.zeros((len(term_x), (len(x) + 63) >> 6), np.uint64)
    for t in prange(len(term_x)):
        reach(x, z, term_x[t], term_z[t], members[t])
    return members


@njit(cache=True)
def _reduce(vector, basis, pivot, rank):
    for i in range(rank):
        if (vector[pivot[i] >> 6] >> np.uint64(pivot[i] & 63)) & np.uint64(1):
            for w in range(len(vector)):
                vector[w] ^= basis[i, w]


@njit(cache=True)
def _lowest_bit(vector):
    for w in range(len(vector)):
        if vector[w]:
            return 64 * w + np.int64(population_count((vector[w] & (~vector[w] + np.uint64(1))) - np.uint64(1)))
    return -1


@njit(cache=True)
def span(x, members):
    """Return (basis, pivot): the reduced echelon basis over GF(2) of the x-parts of the members.

    Cost: members * rank * W word operations.
    """
    limit = min(len(x), 64 * x.shape[1])
    basis, pivot = np.empty((limit, x.shape[1]), np.uint64), np.empty(limit, np.int64)
    vector = np.empty(x.shape[1], np.uint64)
    rank = 0
    for j in range(len(x)):
        if not (members[j >> 6] >> np.uint64(j & 63)) & np.uint64(1):
            continue
        vector[:] = x[j]
        _reduce(vector, basis, pivot, rank)
        bit = _lowest_bit(vector)
        if bit < 0:
            continue
        for i in range(rank):
            if (basis[i, bit >> 6] >> np.uint64(bit & 63)) & np.uint64(1):
                for w in range(len(vector)):
                    basis[i, w] ^= vector[w]
        basis[rank], pivot[rank] = vector, bit
        rank += 1
    return basis[:rank].copy(), pivot[:rank].copy()


@njit(cache=True)
def _size(members):
    count = 0
    for w in range(len(members)):
        count += population_count(members[w])
    return float(count)


@njit(cache=True)
def _cost(x, members):
    """Return the cost of one sweep, members * 2^rank, the observable counted as one rotation."""
    return (1.0 + _size(members)) * 2.0 ** len(span(x, members)[1])


@njit(cache=True)
def _within(vector, basis, pivot):
    rest = vector.copy()
    _reduce(rest, basis, pivot, len(pivot))
    return _lowest_bit(rest) < 0


@njit(cache=True)
def group_terms(x, z, term_x, term_z):
    """Return (group of each term, -1 where its mean is zero; members of each group, (groups, words)).

    Terms join one of the last `WINDOW` groups if one sweep over the union costs no more than two apart. Cost: `reach` and
    at most `WINDOW` spans for each term.
    """
    n_terms, words = len(term_x), (len(x) + 63) >> 6
    group = np.full(n_terms, -1, np.int64)
    members = np.zeros((n_terms, words), np.uint64)
    cost = np.zeros(n_terms)
    n_groups = 0
    mine = np.zeros(words, np.uint64)
    for t in range(n_terms):
        mine[:] = 0
        reach(x, z, term_x[t], term_z[t], mine)
        basis, pivot = span(x, mine)
        # A term whose x-part no product of the rotations can cancel never meets |0>: its mean vanishes everywhere.
        if not _within(term_x[t], basis, pivot):
            continue
        alone = (1.0 + _size(mine)) * 2.0 ** len(pivot)
        best, saving = -1, -1.0
        for g in range(n_groups - 1, max(-1, n_groups - 1 - WINDOW), -1):
            union = members[g] | mine
            together = cost[g] if np.array_equal(union, members[g]) else _cost(x, union)
            if cost[g] + alone - together > saving and together <= cost[g] + alone:
                best, saving = g, cost[g] + alone - together
        if best < 0:
            best = n_groups
            n_groups += 1
        members[best] |= mine
        cost[best] = _cost(x, members[best])
        group[t] = best
    return group, members[:n_groups].copy()


@njit(cache=True)
def coordinates(x, z, basis, pivot):
    """Return (x', z'), uint64, of Pauli strings in the space spanned by the basis: at most 64 dimensions."""
    new_x, new_z = np.zeros(len(x), np.uint64), np.zeros(len(x), np.uint64)
    for j in range(len(x)):
        for i in range(len(pivot)):
            bit = (x[j, pivot[i] >> 6] >> np.uint64(pivot[i] & 63)) & np.uint64(1)
            word = np.uint64(0)
            for w in range(basis.shape[1]):
                word ^= z[j, w] & basis[i, w]
            new_x[j] |= bit << np.uint64(i)
            new_z[j] |= parity(word) << np.uint64(i)
    return new_x, new_z
