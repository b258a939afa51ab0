"""Arithmetic of eight float64 numbers that move as one; `nearclifford.kernels.vectors` loads and stores them."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nearclifford.kernels.vectors import lanes_type

WIDTH = lanes_type.width
_VECTOR = lanes_type.llvm
# Row c holds (-1)^(c & lane) for c < 8 and its negative for c >= 8: every pattern of signs linear in the lane.
WALSH = np.array([[(-1.0) ** ((row % 8 & lane).bit_count() + row // 8) for lane in range(8)] for row in range(16)])


@intrinsic
def multiply(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left * right``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fmul(*arguments)

    return lanes_type(lanes_type, lanes_type), generate


def _fused(builder: Any, factor: Any, other: Any, addend: Any) -> Any:
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fma.v{WIDTH}f64"
    )
    return builder.call(function, [factor, other, addend])


@intrinsic
def multiply_add(typing_context: Any, factor: Any, other: Any, addend: Any) -> Any:
    """Return ``factor * other + addend``, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _fused(builder, *arguments)

    return lanes_type(lanes_type, lanes_type, lanes_type), generate


@intrinsic
def multiply_subtract(typing_context: Any, factor: Any, other: Any, addend: Any) -> Any:
    """Return ``addend - factor * other``, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        factor, other, addend = arguments
        return _fused(builder, builder.fsub(ir.Constant(_VECTOR, [-0.0] * WIDTH), factor), other, addend)

    return lanes_type(lanes_type, lanes_type, lanes_type), generate


@intrinsic
def exchange(typing_context: Any, value: Any, mask: Any) -> Any:
    """Return the vector whose lane l is lane ``l ^ mask`` of ``value``, mask 0 to 7."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, mask = arguments
        for bit in (1, 2, 4):
            order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [lane ^ bit for lane in range(WIDTH)])
            swapped = builder.shuffle_vector(vector, vector, order)
            is_set = builder.icmp_unsigned("!=", builder.and_(mask, ir.Constant(mask.type, bit)), ir.Constant(mask.type, 0))
            vector = builder.select(is_set, swapped, vector)
        return vector

    return lanes_type(lanes_type, types.uint64), generate
