"""Exactly biased random bits: 1 with probability p for any double p in [0, 1].

Rare bits are found by their gaps, geometric by way of exponential hazards, so that those which do not show cost nothing;
frequent ones by comparing p, digit after digit, with uniform numbers whose binary digits are fair random words.

Cost: about 40 ns for each rare bit that shows; a row of frequent ones takes about 12 random rows (log2 of 1024 bits, plus
two), or one where p = 1/2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.chain.words import and_not_words, and_words, any_bit, mix, or_words, random_words
from nearclifford.kernels.vectors import splat, store

# Below this probability gaps are cheaper than digits.
RARE = 1.0 / 256.0
# Counters of the two kinds of draws of one stream never meet.
_GAPS = 2**62


class Coins(NamedTuple):
    """Of each rotation the probability of a flip, and its `hazards`: float64, shape ``(n_rotations,)``."""

    probability: npt.NDArray[np.float64]
    hazard: npt.NDArray[np.float64]


@njit(cache=True)
def hazards(probability):
    """Return -log(1 - p) where p is rare, infinity elsewhere: float64, the shape of ``probability``."""
    result = np.empty_like(probability)
    for j in range(len(probability)):
        result[j] = -math.log1p(-probability[j]) if probability[j] < RARE else np.inf
    return result


@njit(cache=True)
def next_gap(stream, counter):
    """Return an exponential variate of mean 1: the hazard until the next bit."""
    word = mix(stream.key + (uint64(_GAPS) + counter) * stream.gamma)
    # (word >> 11) + 1/2 lies strictly between 0 and 2^53.
    return -math.log((np.float64(word >> uint64(11)) + 0.5) * 2.0**-53)


@njit(cache=True)
def frequent_bits(probability, stream, counter, buffer):
    """Write a row of bits of probability p; return the counter."""
    zero = splat(uint64(0))
    if probability >= 1.0:
        store(buffer, 0, splat(~uint64(0)))
        return counter
    digits = uint64(math.ldexp(probability, 64))
    heads, open_ = zero, splat(~uint64(0))
    # Bits stay open as long as their uniform number has the digits of p.
    while digits != uint64(0) and any_bit(open_):
        word = random_words(stream.key, stream.gamma, counter)
        counter += uint64(1)
        if digits >> uint64(63):
            heads = or_words(heads, and_not_words(open_, word))
            open_ = and_words(open_, word)
        else:
            open_ = and_not_words(open_, word)
        digits = digits << uint64(1)
    store(buffer, 0, heads)
    return counter
