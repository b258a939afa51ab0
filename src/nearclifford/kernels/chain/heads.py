"""Coins of which at least m are heads: how likely that is, and where the heads fall, drawn exactly under that condition.

Coin i of n is a head with probability p_i, on its own. With A[r, i] = Pr[at least r of the coins i ... n - 1 that count are
heads], H_i the hazard -log(1 - p) of the coins before i, and r heads still missing, the next head comes at coin j or later
with probability exp(-(passed[r, j] - passed[r, i])), where ``passed[r, i] = H_i - log A[r, i]``. So a next head is where an
exponential gap ends, as for free coins, which are r = 0. All sums are of positive numbers, in logarithms: no probability is
too small.

Cost: 20 to 30 ns for each coin and r of a table, 100 to 200 ns for a head.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.coins import next_gap
from nearclifford.kernels.chain.words import BITS

# No exponential gap is longer than log(2^54) = 37.4, so none passes a coin of this hazard.
SURE = 64.0


class Heads(NamedTuple):
    """The coins of some kinds of samples, in the order of a walk.

    ``size`` : int64, shape ``(n_kinds,)``: number of coins.
    ``stop`` : int32, shape ``(n_kinds, n)``: the stop of the walk where each coin falls, ascending.
    ``passed`` : float64, shape ``(n_kinds, m + 1, n + 1)``: see above.
    """

    size: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int32]
    passed: npt.NDArray[np.float64]


class Calendar(NamedTuple):
    """Where each of 1024 samples waits for its next head.

    ``first``, ``following`` : int16: the first sample that waits at each stop, and behind each sample the next, -1 for none.
    ``coin`` : int32, shape ``(1024,)``: where each sample waits, among its coins; ``missing`` : int64: heads still missing;
    ``draws`` : int64: heads drawn so far.
    ``busy`` : uint64: a bit for each stop where someone waits.
    """

    first: npt.NDArray[np.int16]
    following: npt.NDArray[np.int16]
    coin: npt.NDArray[np.int32]
    missing: npt.NDArray[np.int64]
    draws: npt.NDArray[np.int64]
    busy: npt.NDArray[np.uint64]


@njit(cache=True)
def _log_sum(a, b):
    """Return log(e^a + e^b)."""
    high, low = max(a, b), min(a, b)
    return high if low == -np.inf else high + math.log1p(math.exp(low - high))


@njit(cache=True)
def _log_chances(p):
    """Return (log p, log(1 - p))."""
    return math.log(p) if p > 0.0 else -np.inf, math.log1p(-p) if p < 1.0 else -np.inf


@njit(cache=True)
def log_at_least(probability, counted, table):
    """Write log Pr[at least r heads of the coins i ... n - 1 that count] to ``table[r, i]``, shape ``(m + 1, n + 1)``."""
    n = len(probability)
    table[0, :] = 0.0
    table[1:, n] = -np.inf
    for i in range(n - 1, -1, -1):
        head, tail = _log_chances(probability[i])
        for r in range(1, len(table)):
            after = table[r, i + 1]
            table[r, i] = _log_sum(tail + after, head + table[r - 1, i + 1]) if counted[i] else after


@njit(cache=True)
def fill_passed(probability, counted, passed):
    """Write what has passed before each coin, with r heads missing, to ``passed``, shape ``(m + 1, n + 1)``."""
    log_at_least(probability, counted, passed)
    hazard = 0.0
    for i in range(len(probability) + 1):
        for r in range(len(passed)):
            passed[r, i] = hazard - passed[r, i]
        if i < len(probability):
            hazard += min(-math.log1p(-probability[i]), SURE) if probability[i] < 1.0 else SURE


@njit(cache=True)
def next_head(passed, begin, size, gap):
    """Return the first coin from ``begin`` on that is a head, or ``size`` for none; ``passed`` is the row of the missing."""
    when = passed[begin] + gap
    if when >= passed[size]:
        return size
    low, high = begin, size
    while high - low > 1:
        middle = (low + high) >> 1
        if passed[middle] <= when:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def new_calendar(n_stops):
    return Calendar(
        np.full(n_stops, -1, np.int16),
        np.empty(BITS, np.int16),
        np.empty(BITS, np.int32),
        np.empty(BITS, np.int64),
        np.zeros(BITS, np.int64),
        np.zeros((n_stops + 63) >> 6, np.uint64),
    )


@njit(cache=True)
def wait_for_head(heads, kind, bit, begin, stream, calendar):
    """Let a sample wait for its first head from coin ``begin`` on; draw d of sample b has counter 1024 d + b."""
    gap = next_gap(stream, uint64(BITS * calendar.draws[bit] + bit))
    calendar.draws[bit] += 1
    coin = next_head(heads.passed[kind, calendar.missing[bit]], begin, heads.size[kind], gap)
    if coin == heads.size[kind]:
        return
    stop = heads.stop[kind, coin]
    calendar.coin[bit] = coin
    calendar.following[bit] = calendar.first[stop]
    calendar.first[stop] = bit
    calendar.busy[stop >> 6] |= uint64(1) << uint64(stop & 63)


@njit(cache=True)
def take_all(calendar, stop):
    """Return the first of the samples that wait at a stop, where none waits from now on."""
    bit = calendar.first[stop]
    calendar.first[stop] = -1
    calendar.busy[stop >> 6] &= ~(uint64(1) << uint64(stop & 63))
    return bit


@njit(cache=True)
def next_busy(calendar, begin, n_stops):
    """Return the first stop from ``begin`` on where someone waits, or ``n_stops``."""
    word = begin >> 6
    if word >= len(calendar.busy):
        return n_stops
    left = calendar.busy[word] >> uint64(begin & 63) << uint64(begin & 63)
    while not left:
        word += 1
        if word == len(calendar.busy):
            return n_stops
        left = calendar.busy[word]
    return 64 * word + trailing_zeros(left)
