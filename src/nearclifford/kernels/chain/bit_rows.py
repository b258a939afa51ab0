"""Which rotations strings anticommute with, as rows of bits.

Bit j of a row says whether a string anticommutes with generator j. A row is the XOR of one column for each letter of the
string, so that it costs ``letters * n / 64`` words and no test of n strings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import highest_bit, parity, trailing_zeros
from nearclifford.kernels.parallel import parallel_kernel


class Columns(NamedTuple):
    """Generators by qubit and by themselves.

    ``x``, ``z`` : uint64, shape ``(N, ceil(n / 64))``, bit j that of generator j; ``strings`` : ``(n, 2W)``, x, then z.
    """

    x: npt.NDArray[np.uint64]
    z: npt.NDArray[np.uint64]
    strings: npt.NDArray[np.uint64]


@njit(cache=True)
def add_row(columns, x, z, below, row):
    """XOR to ``row`` the bits of the generators before ``below`` that anticommute with a string of words x, z."""
    last = (below + 63) >> 6
    for w in range(len(x)):
        for side in range(2):
            left = x[w] if side == 0 else z[w]
            table = columns.z if side == 0 else columns.x
            while left:
                q = 64 * w + trailing_zeros(left)
                left &= left - uint64(1)
                for i in range(last):
                    row[i] ^= table[q, i]
    return last


@njit(cache=True)
def add_generator(columns, f, row, spare):
    """XOR to ``row`` the bits of the generators before f that anticommute with it."""
    half = columns.strings.shape[1] >> 1
    spare[:] = uint64(0)
    last = add_row(columns, columns.strings[f, :half], columns.strings[f, half:], f, spare)
    if f & 63:
        spare[last - 1] &= (uint64(1) << uint64(f & 63)) - uint64(1)
    for i in range(last):
        row[i] ^= spare[i]


@parallel_kernel
def rows_of(columns, x, z, rows):
    """Write the rows of strings, uint64, shape ``(T, ceil(n / 64))``, all zero before."""
    for a in prange(len(x)):
        add_row(columns, x[a], z[a], 64 * rows.shape[1], rows[a])


@njit(cache=True)
def sum_over(row, number):
    """Return the sum of numbers over the bits of a row."""
    total = 0.0
    for i in range(len(row)):
        left = row[i]
        while left:
            total += number[64 * i + trailing_zeros(left)]
            left &= left - uint64(1)
    return total


@njit(cache=True)
def parities(rows, mask):
    """Return the parity of the bits that each row shares with a mask, uint8."""
    result = np.empty(len(rows), np.uint8)
    for a in range(len(rows)):
        word = uint64(0)
        for i in range(len(mask)):
            word ^= rows[a, i] & mask[i]
        result[a] = parity(word)
    return result


@parallel_kernel
def rows_of_generators(columns, rows):
    """Write what earlier generators anticommute with each, uint64, shape ``(n, ceil(n / 64))``, all zero before."""
    for f in prange(len(rows)):
        add_generator(columns, f, rows[f], np.empty(rows.shape[1], np.uint64))


@parallel_kernel
def reach_of_rows(meets, rows, members):
    """Write the rotations that each term can meet: those of `nearclifford.kernels.reach.reach_of_terms`, from rows of bits.

    Cost: n / 64 words for each rotation that is met. ``members`` : uint64, shape ``(T, ceil(n / 64))``.
    """
    for a in prange(len(meets)):
        members[a] = meets[a]
        for i in range(members.shape[1] - 1, -1, -1):
            done = uint64(0)
            while members[a, i] & ~done:
                bit = highest_bit(members[a, i] & ~done)
                done |= ~((uint64(1) << bit) - uint64(1))
                row = rows[64 * i + np.int64(bit)]
                for w in range(i + 1):
                    members[a, w] |= row[w]
