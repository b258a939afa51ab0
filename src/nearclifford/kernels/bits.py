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
