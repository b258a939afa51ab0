"""Which strings of one list anticommute with which of another: rows of bits.

A string is one row of words, its x words and then its z words. It anticommutes with row i of n where the bits of the two,
the x words of one against the z words of the other, meet an odd number of times: a product of matrices over GF(2).

Cost, for S strings: one by one, S n tests of 2 W words, four words a nanosecond; where both lists are long the product is
formed by tables of sums of four columns (the method of four Russians), S n W / 2 sums of bits, 64 a word and four words at
once: 22,000 strings of a thousand qubits against each other, below the diagonal, take 0.6 s instead of 2 s.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from nearclifford.kernels.pauli import rows_anticommute

# So many strings, and so many rows, are worth the tables.
LEAST_FOR_TABLES = 64
# Words of a block of rows that are summed at once, and words of the strings whose tables are held at once: 16 sums of
# each of 16 * SPAN groups of four columns, 256 kB, stay in the second cache.
BLOCK, SPAN = 32, 4
MASKS = (
    np.uint64(0x00000000FFFFFFFF),
    np.uint64(0x0000FFFF0000FFFF),
    np.uint64(0x00FF00FF00FF00FF),
    np.uint64(0x0F0F0F0F0F0F0F0F),
    np.uint64(0x3333333333333333),
    np.uint64(0x5555555555555555),
)


@njit(cache=True, nogil=True)
def transpose_bits(square):
    """Transpose 64 words of 64 bits in place: bit j of word i becomes bit i of word j."""
    for step in range(6):
        width, mask = 32 >> step, MASKS[step]
        shift = uint64(width)
        for low in range(64):
            if low & width == 0:
                swap = ((square[low] >> shift) ^ square[low + width]) & mask
                square[low] ^= swap << shift
                square[low + width] ^= swap


@njit(cache=True, nogil=True)
def transposed(bits, n_columns):
    """Return the transpose of a matrix of bits, rows of words: uint64, shape ``(n_columns, ceil(n_rows / 64))``."""
    n_rows, square = len(bits), np.empty(64, np.uint64)
    result = np.zeros((n_columns, (n_rows + 63) >> 6), np.uint64)
    for b in range(result.shape[1]):
        for v in range((n_columns + 63) >> 6):
            square[:] = uint64(0)
            for i in range(64 * b, min(64 * b + 64, n_rows)):
                square[i - 64 * b] = bits[i, v]
            transpose_bits(square)
            for q in range(64 * v, min(64 * v + 64, n_columns)):
                result[q, b] = square[q - 64 * v]
    return result


@njit(cache=True, nogil=True)
def side_by_side(x, z):
    """Return strings as rows, their x words and then their z words."""
    half = x.shape[1]
    rows = np.empty((len(x), 2 * half), np.uint64)
    rows[:, :half], rows[:, half:] = x, z
    return rows


@njit(cache=True, nogil=True)
def _tables(rows, first_row, first_word, n_words, tables):
    """Write the sums of every four columns of the rows from ``first_row`` on, for some words of the strings."""
    half, square = rows.shape[1] >> 1, np.empty(64, np.uint64)
    for v in range(n_words):
        # the x words of a string meet the z words of the rows
        w = first_word + v
        partner = w + half if w < half else w - half
        for b in range(BLOCK):
            low = first_row + 64 * b
            square[:] = uint64(0)
            for i in range(low, min(low + 64, len(rows))):
                square[i - low] = rows[i, partner]
            transpose_bits(square)
            for q in range(64):
                tables[16 * v + (q >> 2), 1 << (q & 3), b] = square[q]
    for group in range(16 * n_words):
        table = tables[group]
        for bit in (2, 4, 8):
            for lower in range(1, bit):
                for b in range(BLOCK):
                    table[bit + lower, b] = table[bit, b] ^ table[lower, b]


@njit(cache=True, nogil=True)
def _add_sums(word, tables, first, sums):
    """Add to ``sums`` the columns that are set in a word, eight groups of four at a time."""
    for half in range(2):
        bits, t = np.int64((word >> uint64(32 * half)) & uint64(0xFFFFFFFF)), first + 8 * half
        if bits == 0:
            continue
        a, b, c, d = bits & 15, (bits >> 4) & 15, (bits >> 8) & 15, (bits >> 12) & 15
        e, f, g, h = (bits >> 16) & 15, (bits >> 20) & 15, (bits >> 24) & 15, bits >> 28
        for w in range(BLOCK):
            low = tables[t, a, w] ^ tables[t + 1, b, w] ^ tables[t + 2, c, w] ^ tables[t + 3, d, w]
            high = tables[t + 4, e, w] ^ tables[t + 5, f, w] ^ tables[t + 6, g, w] ^ tables[t + 7, h, w]
            sums[w] ^= low ^ high


@njit(cache=True, nogil=True)
def _by_tables(strings, rows, below, meets):
    words, most = strings.shape[1], meets.shape[1]
    tables, sums = np.zeros((16 * SPAN, 16, BLOCK), np.uint64), np.empty(BLOCK, np.uint64)
    for first in range(0, most, BLOCK):
        count = min(BLOCK, most - first)
        for first_word in range(0, words, SPAN):
            n_words = min(SPAN, words - first_word)
            _tables(rows, 64 * first, first_word, n_words, tables)
            for s in range(len(strings)):
                if below[s] <= 64 * first:
                    continue
                sums[:] = uint64(0)
                for v in range(n_words):
                    _add_sums(strings[s, first_word + v], tables, 16 * v, sums)
                for w in range(count):
                    meets[s, first + w] ^= sums[w]


@njit(cache=True, nogil=True)
def commutation_rows(strings, rows, below):
    """Return uint64, shape ``(len(strings), ceil(n / 64))``: bit i is set where a string anticommutes with row i of n.

    ``below`` : int64, shape ``(len(strings),)``: the bits from here on are zero, whatever they would be.
    """
    n, tabled = len(rows), min(len(strings), len(rows)) >= LEAST_FOR_TABLES
    meets = np.zeros((len(strings), (n + 63) >> 6), np.uint64)
    if tabled:
        _by_tables(strings, rows, below, meets)
    for s in range(len(strings)):
        if not tabled:
            for i in range(min(below[s], n)):
                meets[s, i >> 6] |= uint64(rows_anticommute(rows[i], strings[s])) << uint64(i & 63)
        elif below[s] < n:
            top = below[s] >> 6
            meets[s, top] &= (uint64(1) << uint64(below[s] & 63)) - uint64(1)
            meets[s, top + 1 :] = uint64(0)
    return meets
