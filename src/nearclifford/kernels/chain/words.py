"""Sixteen 64-bit words that move as one: 1024 samples of one bit, and random bits for them.

An array of shape ``(rows, 16)``, uint64, is addressed by row; see `lanes` for why the vectors are explicit. Random words
are counter-based: word n of a stream is SplitMix64's mixture of ``key + n * gamma``, gamma odd and the stream's own, so
that any word of any stream is found without the ones before it, on any thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types, uint64
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.extending import intrinsic

from nearclifford.kernels.bits import population_count

WIDTH = 16
BITS = 64 * WIDTH
_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, WIDTH)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class WordsType(types.Type):
    """Numba type of a vector of `WIDTH` uint64."""

    def __init__(self) -> None:
        super().__init__(name="Words")


words_type = WordsType()


@register_default(WordsType)
class _WordsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, frontend_type: WordsType) -> None:
        super().__init__(manager, frontend_type, _VECTOR)


def _row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any) -> Any:
    struct = context.make_array(array_type)(context, builder, array)
    element = builder.gep(struct.data, [builder.mul(row, ir.Constant(row.type, WIDTH))])
    return builder.bitcast(element, _VECTOR.as_pointer())


def _is_rows(array: Any) -> bool:
    return isinstance(array, types.Array) and array.dtype == types.uint64 and array.layout == "C"


def _repeat(builder: Any, word: Any) -> Any:
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    single = builder.insert_element(undefined, word, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))


def _all(value: int) -> Any:
    return ir.Constant(_VECTOR, [value] * WIDTH)


@intrinsic
def load_words(typing_context: Any, array: Any, row: Any) -> Any:
    """Return row ``row`` of a C-contiguous uint64 array with rows of sixteen."""
    if not (_is_rows(array) and isinstance(row, types.Integer)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_row_pointer(context, builder, signature.args[0], *arguments), align=8)

    return words_type(array, types.intp), generate


@intrinsic
def store_words(typing_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Write a vector to row ``row`` of a C-contiguous uint64 array with rows of sixteen."""
    if not (_is_rows(array) and isinstance(row, types.Integer)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _row_pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, words_type), generate


@intrinsic
def repeat_word(typing_context: Any, word: Any) -> Any:
    """Return the vector that repeats one uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _repeat(builder, arguments[0])

    return words_type(types.uint64), generate


@intrinsic
def xor_words(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left ^ right``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.xor(*arguments)

    return words_type(words_type, words_type), generate


@intrinsic
def and_words(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left & right``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.and_(*arguments)

    return words_type(words_type, words_type), generate


@intrinsic
def or_words(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left | right``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.or_(*arguments)

    return words_type(words_type, words_type), generate


@intrinsic
def and_not_words(typing_context: Any, left: Any, right: Any) -> Any:
    """Return ``left & ~right``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.and_(arguments[0], builder.not_(arguments[1]))

    return words_type(words_type, words_type), generate


@intrinsic
def any_bit(typing_context: Any, value: Any) -> Any:
    """Return whether any of the 1024 bits is set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        nonzero = builder.icmp_unsigned("!=", arguments[0], _all(0))
        return builder.icmp_unsigned("!=", builder.bitcast(nonzero, ir.IntType(WIDTH)), ir.Constant(ir.IntType(WIDTH), 0))

    return types.boolean(words_type), generate


@intrinsic
def random_words(typing_context: Any, key: Any, gamma: Any, row: Any) -> Any:
    """Return words ``16 row`` to ``16 row + 15`` of a stream: 1024 independent fair bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        key, gamma, row = arguments
        number = builder.or_(
            _repeat(builder, builder.shl(row, ir.Constant(_WORD, WIDTH.bit_length() - 1))),
            ir.Constant(_VECTOR, list(range(WIDTH))),
        )
        word = builder.add(_repeat(builder, key), builder.mul(number, _repeat(builder, gamma)))
        for shift, factor in ((30, _FIRST), (27, _SECOND)):
            word = builder.mul(builder.xor(word, builder.lshr(word, _all(shift))), _all(factor))
        return builder.xor(word, builder.lshr(word, _all(31)))

    return words_type(types.uint64, types.uint64, types.uint64), generate


@njit(cache=True)
def mix(word):
    """Return the SplitMix64 mixture of a uint64."""
    word = (word ^ (word >> uint64(30))) * uint64(_FIRST)
    word = (word ^ (word >> uint64(27))) * uint64(_SECOND)
    return word ^ (word >> uint64(31))


@njit(cache=True)
def stream(seed, major, minor):
    """Return (key, gamma) of the stream ``(seed, major, minor)``, all uint64."""
    key = mix(mix(mix(seed + _GOLDEN) ^ (major + _GOLDEN)) + (minor + uint64(1)) * _GOLDEN)
    gamma = mix(key + _GOLDEN) | uint64(1)
    # A gamma of few transitions would make neighbouring counters alike.
    if population_count(gamma ^ (gamma >> uint64(1))) < uint64(24):
        gamma ^= uint64(0xAAAAAAAAAAAAAAAA)
    return key, gamma


@njit(cache=True)
def aligned_rows(count):
    """Return an uninitialised array of shape ``(count, 16)`` whose rows begin cache lines: split rows cost twice."""
    words = np.empty(WIDTH * (count + 1), np.uint64)
    skip = (-words.ctypes.data % 64) // 8
    return words[skip : skip + WIDTH * count].reshape(count, WIDTH)
