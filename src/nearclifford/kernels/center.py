"""Second derivatives at a Clifford point: double commutators that are Z-type, found by their x-parts.

For i before j in time, ∂²L/∂φ_i∂φ_j = Σ_a c_a <(i/2) [G_i, (i/2) [G_j, P_a]]>. The expectation in |0…0> is not zero only
where the x-parts of G_i, G_j and P_a add up to zero, so for each (j, a) that anticommute the partners i are looked up. A
key of 64 bits that adds up as the x-parts do (the key of a sum is the sum of the keys) stands for each x-part; the x-parts
themselves are compared where keys agree.

Cost model: n generators, T terms, W words a string. Each j is tested against all T terms at once, word by word, 0.3 ns a
term and word in which the generator has letters; a pair that anticommutes costs a look-up (10 ns), a partner that is found
some 10 ns and 3 W more. Memory: the result, and n + T numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, uint64

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.kernels.bits import parity
from nearclifford.kernels.chain.words import mix
from nearclifford.kernels.pauli import Strings, commutator_sign


class Keys(NamedTuple):
    """The keys of the x-parts, uint64, and where the generators of a key are.

    ``generators``, ``terms``: the key of each row. ``ascending``: the generators' keys, ascending, and ``rows`` their rows,
    ascending for equal keys. Keys that begin with the bits b lie at ``ascending[buckets[b] : buckets[b + 1]]``, where b is
    ``key >> shift``.
    """

    generators: Words
    terms: Words
    ascending: Words
    rows: Indices
    buckets: Indices
    shift: np.uint64


class Scratch(NamedTuple):
    """What one pass writes over: a row of the result, which of it is written, parities with the terms, one string."""

    total: Floats
    met: np.ndarray
    odd: Words
    product: Strings


@njit(cache=True)
def linear_keys(x):
    """Return the sum over GF(2) of the keys of the bits that are set in each row: uint64, shape ``(n_rows,)``.

    >>> one, other, both = linear_keys(np.array([[5], [4], [1]], dtype=np.uint64))
    >>> bool(one == other ^ both)
    True
    """
    keys = np.zeros(x.shape[0], dtype=np.uint64)
    for row in range(x.shape[0]):
        for w in range(x.shape[1]):
            word = x[row, w]
            bit = 64 * w + 1
            while word:
                if word & uint64(1):
                    keys[row] ^= mix(uint64(bit))
                word >>= uint64(1)
                bit += 1
    return keys


def keys_of(generators: Strings, terms: Strings) -> Keys:
    """Return the keys of the x-parts, and about one bucket a generator."""
    keys: Words = linear_keys(generators.x)
    rows = np.argsort(keys, kind="stable").astype(np.int64)
    bits = max(len(keys).bit_length(), 1)
    shift = np.uint64(64 - bits)
    buckets = np.searchsorted(keys[rows] >> shift, np.arange(2**bits + 1, dtype=np.uint64)).astype(np.int64)
    return Keys(keys, linear_keys(terms.x), keys[rows], rows, buckets, shift)


@njit(cache=True)
def _overlaps(generators, j, terms_x, terms_z, odd):
    """Write words of odd parity for the terms that anticommute with generator j; the terms' words have shape ``(W, T)``."""
    odd[:] = 0
    for w in range(terms_x.shape[0]):
        x, z = generators.x[j, w], generators.z[j, w]
        if x | z:
            for a in range(terms_x.shape[1]):
                odd[a] ^= (x & terms_z[w, a]) ^ (z & terms_x[w, a])


@njit(cache=True)
def _same(first, i, second, a):
    for w in range(first.shape[1]):
        if first[i, w] != second[a, w]:
            return False
    return True


@njit(cache=True)
def _multiply(generators, j, terms, a, product):
    """Write the letters of generator times term; return the sign of their commutator."""
    for w in range(generators.x.shape[1]):
        product.x[0, w] = generators.x[j, w] ^ terms.x[a, w]
        product.z[0, w] = generators.z[j, w] ^ terms.z[a, w]
    return generators.sign[j] * terms.sign[a] * commutator_sign(generators.x, generators.z, j, terms.x, terms.z, a)


@njit(cache=True)
def _add_partners(generators, j, terms, a, keys, weight, scratch):
    """Add ``weight`` times the expectation of each double commutator of term a with generator j and an earlier one.

    Return whether there was one.
    """
    key = keys.generators[j] ^ keys.terms[a]
    bucket = key >> keys.shift
    product, sign, some = scratch.product, 0, False
    for place in range(keys.buckets[bucket], keys.buckets[bucket + uint64(1)]):
        i = keys.rows[place]
        if keys.ascending[place] != key or i >= j:
            continue
        if sign == 0:
            sign = _multiply(generators, j, terms, a, product)
        if _same(generators.x, i, product.x, 0):
            second = commutator_sign(generators.x, generators.z, i, product.x, product.z, 0)
            if second != 0:
                scratch.total[i] += weight * sign * second * generators.sign[i]
                scratch.met[i] = some = True
    return some


@njit(cache=True)
def _fill_row(generators, terms, terms_x, terms_z, weight, keys, j, scratch):
    """Write the second derivatives by angle j and each angle up to it; return whether there is one."""
    some = False
    _overlaps(generators, j, terms_x, terms_z, scratch.odd)
    for a in range(len(weight)):
        if parity(scratch.odd[a]) == uint64(0):
            continue
        if keys.terms[a] == uint64(0) and not terms.x[a].any():
            scratch.total[j] -= weight[a] * terms.sign[a]
            scratch.met[j] = some = True
        # A product that is Z-type already has Z-type partners, with which it commutes.
        if keys.generators[j] != keys.terms[a] or not _same(generators.x, j, terms.x, a):
            some |= _add_partners(generators, j, terms, a, keys, weight[a], scratch)
    return some


@njit(cache=True)
def second_derivatives(generators, terms, weight, keys):
    """Return (i, j, ∂²L/∂φ_i∂φ_j) for i <= j where a term of the sum is not zero: three arrays of one length.

    Parameters
    ----------
    generators, terms : `Strings`; the state is |0…0>.
    weight : float64, one for each term.
    keys : `Keys` of both.
    """
    n, n_words = generators.x.shape
    product = Strings(np.empty((1, n_words), np.uint64), np.empty((1, n_words), np.uint64), np.ones(1, np.int8))
    scratch = Scratch(np.zeros(n), np.zeros(n, np.bool_), np.empty(len(weight), np.uint64), product)
    terms_x, terms_z = np.ascontiguousarray(terms.x.T), np.ascontiguousarray(terms.z.T)
    earlier, later, value = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    count = 0
    for j in range(n):
        if not _fill_row(generators, terms, terms_x, terms_z, weight, keys, j, scratch):
            continue
        found = np.flatnonzero(scratch.met[: j + 1])
        if count + len(found) > len(value):
            room = 2 * (count + len(found))
            earlier, later, value = _grown(earlier, room), _grown(later, room), _grown(value, room)
        for i in found:
            earlier[count], later[count], value[count] = i, j, scratch.total[i]
            count += 1
            scratch.total[i], scratch.met[i] = 0.0, False
    return earlier[:count].copy(), later[:count].copy(), value[:count].copy()


@njit(cache=True)
def _grown(values, room):
    larger = np.empty(room, values.dtype)
    larger[: len(values)] = values
    return larger
