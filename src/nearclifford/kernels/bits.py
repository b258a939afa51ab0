"""Bit counting for packed words."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def population_count(typing_context: Any, word: Any) -> Any:
    """Return the number of set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(builder.bitcast(arguments[0], ir.IntType(64)))

    return types.uint64(types.uint64), generate


@njit(cache=True)
def parity(word):
    """Return the parity of the number of set bits of a uint64, as uint64."""
    return population_count(word) & types.uint64(1)


@intrinsic
def leading_zeros(typing_context: Any, word: Any) -> Any:
    """Return the number of zero bits above the highest set bit of a uint64; 64 for zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(builder.bitcast(arguments[0], ir.IntType(64)), ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def trailing_zeros(word):
    """Return the number of zero bits below the lowest set bit of a uint64, as int64; 64 for zero."""
    return types.int64(population_count((word & (~word + types.uint64(1))) - types.uint64(1)))


@njit(cache=True, nogil=True)
def highest_bit(word):
    """Return the place of the highest set bit of a uint64, as uint64; the word must not be zero."""
    return types.uint64(63) - leading_zeros(word)


@njit(cache=True, nogil=True)
def bit_of(row, i):
    """Return bit i of a row of words, as uint64: bit i % 64 of word i // 64."""
    return (row[i >> 6] >> types.uint64(i & 63)) & types.uint64(1)


@njit(cache=True)
def lowest_bit(row):
    """Return the place of the lowest set bit of a row of words, as int64; -1 for none."""
    for w in range(len(row)):
        if row[w]:
            return 64 * w + trailing_zeros(row[w])
    return -1
