"""Flags and words as bits of words, by row and by column."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Flags, Words


def packed(flags: Flags) -> Words:
    """Return flags as bits of words, uint64, shape ``(ceil(n / 64),)``.

    >>> packed(np.array([True, False, True]))
    array([5], dtype=uint64)
    """
    bits = np.packbits(flags, bitorder="little")
    return np.pad(bits, (0, -len(bits) % 8)).view(np.uint64)


def transposed(words: Words, n_qubits: int) -> Words:
    """Return the bits of rows by column, uint64, shape ``(n_qubits, ceil(n / 64))``."""
    n = len(words)
    result = np.zeros((n_qubits, (n + 63) >> 6), np.uint64)
    for w in range(words.shape[1]):
        count = min(64, n_qubits - 64 * w)
        bits = np.unpackbits(words[:, w : w + 1].copy().view(np.uint8), axis=1, count=count, bitorder="little")
        columns = np.packbits(bits.T, axis=1, bitorder="little")
        result.view(np.uint8)[64 * w : 64 * w + count, : columns.shape[1]] = columns
    return result
