"""Eight float64 numbers that move as one: explicit vector arithmetic for Numba kernels.

LLVM vectorises a loop over eight neighbours only after a run-time proof that its arrays do not overlap, which costs
more than the loop. These intrinsics emit the vector instructions directly; on a machine with narrower registers LLVM
splits them. An array of shape ``(rows, 8)`` is addressed by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.extending import intrinsic

WIDTH = 8
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_ALIGNMENT = 8
# Row c holds (-1)^(c & lane) for c < 8 and its negative for c >= 8: every pattern of signs linear in the lane.
WALSH = np.array([[(-1.0) ** ((row % 8 & lane).bit_count() + row // 8) for lane in range(8)] for row in range(16)])


class LanesType(types.Type):
    """Numba type of a vector of `WIDTH` float64."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes_type = LanesType()


@register_default(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, frontend_type: LanesType) -> None:
        super().__init__(manager, frontend_type, _VECTOR)


def _row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    struct = context.make_array(array_type)(context, builder, array)
    element = builder.gep(struct.data, [builder.mul(row, ir.Constant(row.type, WIDTH))])
    return builder.bitcast(element, _VECTOR.as_pointer())


def _is_rows(array: Any) -> bool:
    return isinstance(array, types.Array) and array.dtype == types.float64 and array.layout == "C"


@intrinsic
def load(typing_context: Any, array: Any, row: Any) -> Any:
    """Return row ``row`` of a C-contiguous float64 array with rows of eight."""
    if not (_is_rows(array) and isinstance(row, types.Integer)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], *arguments)
        return builder.load(pointer, align=_ALIGNMENT)

    return lanes_type(array, types.intp), generate


@intrinsic
def store(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Write a vector to row ``row`` of a C-contiguous float64 array with rows of eight."""
    if not (_is_rows(array) and isinstance(row, types.Integer)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer, align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes_type), generate


@intrinsic
def splat(typing_context: Any, value: Any) -> Any:
    """Return the vector that repeats one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        single = builder.insert_element(undefined, arguments[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(single, undefined, mask)

    return lanes_type(types.float64), generate


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
