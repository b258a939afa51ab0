"""Paths whose last flip is looked up: the flips before it are drawn, and every one that then ends Z-type is found.

A chain that must show the right x-part by chance is hardly ever hit where that takes one rotation of thousands. Here a term
draws its first flip among the rotations that it meets, in proportion to given chances, the next among those that are met
then, and so on; after as many flips as may be missing one, the last is looked up by its x-part. Each flip more is drawn with
probability one half. No flip but the last is left to a coin, so a set of t flips, the last rotation first, is found with

    2^-(t - m) Π_{i < t} chance_i / (sum of the chances that were to choose from)

m the fewest flips that are looked for. Only the flips before the last decide, and a set is found in one way.

Cost: 2 to 4 ns for each rotation that is met at a flip that is drawn, and a look-up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import bit_of, trailing_zeros
from nearclifford.kernels.chain.few_flips import x_left
from nearclifford.kernels.chain.words import mix, stream
from nearclifford.kernels.parallel import parallel_kernel

WORD = 64
# Streams of words of samples, apart from those of chains.
_MAJOR = 2**40
# Counters of one sample; it draws fewer flips beyond the least, each with probability one half.
_DRAWS = 2**20
MOST_MORE = 60


class Drawing(NamedTuple):
    """How flips are drawn.

    least : m, how many flips a set has at least, 1 or more.
    chance : float64, shape ``(n,)``: what flips are drawn in proportion to.
    total : float64, shape ``(T,)``: the sum of the chances of the rotations that each term meets at first.
    rows : uint64, shape ``(n, ceil(n / 64))``: the earlier rotations that anticommute with each.
    seed : of the random streams.
    """

    least: int
    chance: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    rows: npt.NDArray[np.uint64]
    seed: np.uint64


class Found(NamedTuple):
    """Sets found, word after word: ``sizes`` : int64, the flips of each set; ``flips`` : int32, one set after the other."""

    sizes: npt.NDArray[np.int64]
    flips: npt.NDArray[np.int32]


@njit(cache=True)
def _bits_below(row, i, below):
    """Return word i of a row without the bits from ``below`` on."""
    word = row[i]
    if 64 * (i + 1) > below:
        word &= (uint64(1) << uint64(below - 64 * i)) - uint64(1)
    return word


@njit(cache=True)
def sum_below(row, number, below):
    """Return the sum of numbers over the bits of a row below a place."""
    total = 0.0
    for i in range((below + 63) >> 6):
        left = _bits_below(row, i, below)
        while left:
            total += number[64 * i + trailing_zeros(left)]
            left &= left - uint64(1)
    return total


@njit(cache=True)
def _draw(row, number, below, goal):
    """Return the bit of a row below a place where the sum of numbers passes ``goal``, or the last of all; -1 for none."""
    passed, last = 0.0, -1
    for i in range((below + 63) >> 6):
        left = _bits_below(row, i, below)
        while left:
            j = 64 * i + trailing_zeros(left)
            left &= left - uint64(1)
            if number[j] > 0.0:
                passed, last = passed + number[j], j
                if passed > goal:
                    return last
    return last


@njit(cache=True)
def _flip(rows, f, row):
    """Let a row follow a flip at f."""
    for i in range((f >> 6) + 1):
        row[i] ^= rows[f, i]


@njit(cache=True)
def _look_up(table, a, row, below, key, flips, found, count):
    """Write the sets that one more flip completes, while there is room; ``count`` : sets and flips so far, counted on."""
    drawer, depth = np.int64(key & uint64(len(table.begin) - 2)), len(flips)
    for place in range(table.begin[drawer], table.begin[drawer + 1]):
        j = table.order[place]
        if table.generator[j] != key or j >= below or not bit_of(row, j) or x_left(table, a, flips, j):
            continue
        if count[0] < len(found.sizes):
            found.sizes[count[0]] = depth + 1
            found.flips[count[1] : count[1] + depth] = flips
            found.flips[count[1] + depth] = j
        count[0] += 1
        count[1] += depth + 1


@njit(cache=True)
def _run_word(classes, table, drawing, a, number, found, count):
    """Write the sets that 64 samples of term a find, while there is room, and how many sets and flips there are."""
    least, chance, total, rows, seed = drawing
    n_words = classes.meets.shape[1]
    count[:] = 0
    random, row = stream(seed, uint64(_MAJOR), uint64(number)), np.empty(n_words, np.uint64)
    flips = np.empty(least + MOST_MORE, np.int32)
    for sample in range(WORD):
        row[:] = classes.meets[a]
        below, key, sum_of_chances = 64 * n_words, table.term[a], total[a]
        counter = uint64(sample * _DRAWS)
        for depth in range(least + MOST_MORE):
            if depth >= least - 1:
                _look_up(table, a, row, below, key, flips[:depth], found, count)
                counter += uint64(1)
                if mix(random.key + counter * random.gamma) >> uint64(63):
                    break
            counter += uint64(1)
            uniform = np.float64(mix(random.key + counter * random.gamma) >> uint64(11)) * 2.0**-53
            if depth > 0:
                sum_of_chances = sum_below(row, chance, below)
            j = _draw(row, chance, below, uniform * sum_of_chances)
            if j < 0:
                break
            flips[depth], below = j, j
            key ^= table.generator[j]
            _flip(rows, j, row)


@parallel_kernel
def find_last_flips(classes, table, drawing, starts, first, begin, found, counts):
    """Find the sets of words of samples; run once without room, for the counts, and once more with it.

    Parameters
    ----------
    classes, table, drawing : `Classes`, `XTable`, `Drawing`.
    starts : int64, shape ``(n_words,)``: the term of each word; word w takes the random stream ``first + w``.
    begin : int64, shape ``(n_words + 1, 2)``: where the sets and the flips of each word begin in ``found``, `Found`.
    counts : int64, shape ``(n_words, 2)``, written: how many sets and flips each word has, be there room or not.
    """
    for w in prange(len(starts)):
        some = Found(found.sizes[begin[w, 0] : begin[w + 1, 0]], found.flips[begin[w, 1] : begin[w + 1, 1]])
        _run_word(classes, table, drawing, starts[w], first + w, some, counts[w])


@njit(cache=True)
def _chance_to_draw(classes, drawing, b, flips, row):
    """Return with what chance a sample of term b finds a set, 0 where the term does not admit it; ``row`` is overwritten."""
    row[:] = classes.meets[b]
    chance, below = 0.5 ** (len(flips) - drawing.least), 64 * len(row)
    for place in range(len(flips)):
        f = flips[place]
        if not bit_of(row, f):
            return 0.0
        if place + 1 < len(flips):
            total = drawing.total[b] if place == 0 else sum_below(row, drawing.chance, below)
            chance *= drawing.chance[f] / total
            below = f
            _flip(drawing.rows, f, row)
    return chance


@parallel_kernel
def chances_to_draw(classes, drawing, share, sets, chances):
    """Write with what chance a sample, of a term drawn by ``share``, finds each set: float64, shape ``(n_sets,)``."""
    for s in prange(len(sets.kind)):
        row, kind = np.empty(classes.meets.shape[1], np.uint64), sets.kind[s]
        flips = sets.flips[sets.begin[s] : sets.begin[s + 1]]
        chances[s] = 0.0
        for b in range(classes.begin[kind], classes.begin[kind + 1]):
            chances[s] += share[b] * _chance_to_draw(classes, drawing, b, flips, row)


@parallel_kernel
def sums_of_rows(rows, number, sums):
    """Write the sum of numbers over the bits of each row: float64."""
    for a in prange(len(rows)):
        sums[a] = sum_below(rows[a], number, 64 * rows.shape[1])
