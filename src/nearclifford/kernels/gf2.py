"""Linear spans over GF(2) of words: a basis kept in reduced echelon form, pivots at the highest bits."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def highest_bit(word):
    bit = np.uint64(0)
    while word >> np.uint64(1):
        word >>= np.uint64(1)
        bit += np.uint64(1)
    return bit


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
