"""Numbers that move as one: explicit vectors for Numba kernels, eight float64 or sixteen uint64.

LLVM vectorises a loop over neighbours only after a run-time proof that its arrays do not overlap, which costs more than the
loop. These intrinsics emit the vector instructions directly; on a machine with narrower registers LLVM splits them. An
array whose rows are as long as its vectors is addressed by row. Arithmetic: `nearclifford.kernels.lanes`; bits:
`nearclifford.kernels.chain.words`.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.extending import intrinsic

# The alignment of a number: rows may begin anywhere.
_ALIGNMENT = 8


class VectorType(types.Type):
    """Numba type of a vector of ``width`` numbers of one type."""

    def __init__(self, name: str, dtype: Any, width: int) -> None:
        self.dtype = dtype
        self.width = width
        super().__init__(name=name)

    @property
    def llvm(self) -> ir.VectorType:
        """The type of LLVM."""
        return ir.VectorType(ir.DoubleType() if self.dtype == types.float64 else ir.IntType(64), self.width)


@register_default(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, frontend_type: VectorType) -> None:
        super().__init__(manager, frontend_type, frontend_type.llvm)


lanes_type = VectorType("Lanes", types.float64, 8)
words_type = VectorType("Words", types.uint64, 16)
_BY_NUMBER = {kind.dtype: kind for kind in (lanes_type, words_type)}


def repeated(builder: Any, number: Any, vector: ir.VectorType) -> Any:
    """Emit the vector that repeats one number."""
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(single, undefined, mask)


def _row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    kind = _BY_NUMBER[array_type.dtype]
    struct = context.make_array(array_type)(context, builder, array)
    element = builder.gep(struct.data, [builder.mul(row, ir.Constant(row.type, kind.width))])
    return builder.bitcast(element, kind.llvm.as_pointer())


def _is_rows(array: Any, row: Any) -> bool:
    is_array = isinstance(array, types.Array) and array.dtype in _BY_NUMBER and array.layout == "C"
    return is_array and isinstance(row, types.Integer)


@intrinsic
def load(typing_context: Any, array: Any, row: Any) -> Any:
    """Return row ``row`` of a C-contiguous array, float64 with rows of eight or uint64 with rows of sixteen."""
    if not _is_rows(array, row):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], *arguments)
        return builder.load(pointer, align=_ALIGNMENT)

    return _BY_NUMBER[array.dtype](array, types.intp), generate


@intrinsic
def store(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Write a vector to row ``row`` of such an array."""
    if not _is_rows(array, row):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer, align=_ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, _BY_NUMBER[array.dtype]), generate


@intrinsic
def splat(typing_context: Any, value: Any) -> Any:
    """Return the vector that repeats one number, a float64 or a uint64."""
    if value not in _BY_NUMBER:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return repeated(builder, arguments[0], signature.return_type.llvm)

    return _BY_NUMBER[value](value), generate
