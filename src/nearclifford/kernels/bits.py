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
