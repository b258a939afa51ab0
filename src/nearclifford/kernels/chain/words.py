"""Bits of sixteen 64-bit words that move as one, 1024 samples of one bit, and random bits for them.

An array of shape ``(rows, 16)``, uint64, is addressed by row; see `nearclifford.kernels.vectors`. Random words are
counter-based: word n of a stream is SplitMix64's mixture of ``key + n * gamma``, gamma odd and the stream's own, so that
any word of any stream is found without the ones before it, on any thread.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types, uint64
from numba.extending import intrinsic

from nearclifford.kernels.bits import population_count
from nearclifford.kernels.vectors import repeated, words_type

WIDTH = words_type.width
BITS = 64 * WIDTH
_WORD = ir.IntType(64)
_VECTOR = words_type.llvm
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Stream(NamedTuple):
    """A stream of random words: word n is the mixture of ``key + n * gamma``."""

    key: np.uint64
    gamma: np.uint64


def _all(value: int) -> Any:
    return ir.Constant(_VECTOR, [value] * WIDTH)


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
            repeated(builder, builder.shl(row, ir.Constant(_WORD, WIDTH.bit_length() - 1)), _VECTOR),
            ir.Constant(_VECTOR, list(range(WIDTH))),
        )
        word = builder.add(repeated(builder, key, _VECTOR), builder.mul(number, repeated(builder, gamma, _VECTOR)))
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
    """Return the `Stream` ``(seed, major, minor)``, all uint64."""
    key = mix(mix(mix(seed + _GOLDEN) ^ (major + _GOLDEN)) + (minor + uint64(1)) * _GOLDEN)
    gamma = mix(key + _GOLDEN) | uint64(1)
    # A gamma of few transitions would make neighbouring counters alike.
    if population_count(gamma ^ (gamma >> uint64(1))) < uint64(24):
        gamma ^= uint64(0xAAAAAAAAAAAAAAAA)
    return Stream(key, gamma)


@njit(cache=True)
def aligned_rows(count):
    """Return an uninitialised array of shape ``(count, 16)`` whose rows begin cache lines: split rows cost twice."""
    words = np.empty(WIDTH * (count + 1), np.uint64)
    skip = (-words.ctypes.data % 64) // 8
    return words[skip : skip + WIDTH * count].reshape(count, WIDTH)
