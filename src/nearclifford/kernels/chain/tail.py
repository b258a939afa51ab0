"""The chain of `nearclifford.kernels.chain.walk` on coins of which at least m are heads, with a record of its flips.

A coin falls at every rotation that a start can meet, whether its string anticommutes there or not, so the condition is one
on independent coins (`nearclifford.kernels.chain.heads`): a second moment restricted to chains of m flips or more is Pr[m
heads or more] times what is seen here. Each sample waits at the stop of its next head; stops where none waits cost nothing.

Cost: the moves of the walk (3 to 4 ns each for 1024 samples), and 100 to 200 ns for each head; a table of coins for each
start of a block, 20 to 30 ns a coin and head.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.heads import (
    Heads,
    fill_passed,
    new_calendar,
    next_busy,
    take_all,
    wait_for_head,
)
from nearclifford.kernels.chain.rows import FLIP_Y, NO_ROTATION
from nearclifford.kernels.chain.words import WIDTH, and_not_words, and_words, any_bit, or_words, xor_words
from nearclifford.kernels.vectors import load, splat, store


class Condition(NamedTuple):
    """Which coins fall, and how many must be heads.

    least : how many heads there are at least.
    chosen : the rotation that is differentiated, where a chain must anticommute, or -1.
    probability : float64, shape ``(n_rotations,)``, of a head; at ``chosen`` E[cos²], as weights are exchanged there.
    counted : bool, shape ``(n_rotations,)``: whose heads count among the least.
    members : uint64, shape ``(n_starts, ceil(n_rotations / 64))``: the rotations where a coin falls, for each start: all
        that it can meet, as `nearclifford.kernels.reach.reach_of_terms` finds them.
    """

    least: int
    chosen: int
    probability: npt.NDArray[np.float64]
    counted: npt.NDArray[np.bool_]
    members: npt.NDArray[np.uint64]


class Record(NamedTuple):
    """The flips of a block: ``n_stops[0]`` stops where some sample flipped, which they are, and a bit for each that did.

    ``n_stops``, ``stop`` : int64, shapes ``(1,)`` and ``(n_stops,)``; ``flipped`` : uint64, shape ``(n_stops, 16)``.
    """

    n_stops: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    flipped: npt.NDArray[np.uint64]


@njit(cache=True)
def new_record(n_stops):
    return Record(np.zeros(1, np.int64), np.empty(n_stops, np.int64), np.empty((n_stops, WIDTH), np.uint64))


@njit(cache=True)
def _bit_of(words, j):
    return (words[j >> 6] >> uint64(j & 63)) & uint64(1) == uint64(1)


@njit(cache=True)
def _fill_kind(heads, kind, stops, condition, start, frozen):
    """Write the coins of one start, none at ``frozen`` rotations (no words for none)."""
    n = 0
    for f in range(len(stops)):
        j = stops[f, 3]
        if condition.probability[j] > 0.0 and _bit_of(condition.members[start], j):
            if not (len(frozen) and _bit_of(frozen, j)):
                heads.stop[kind, n] = f
                n += 1
    heads.size[kind] = n
    rotations = stops[:, 3][heads.stop[kind, :n]]
    fill_passed(condition.probability[rotations], condition.counted[rotations], heads.passed[kind, :, : n + 1])


@njit(cache=True)
def fill_heads(stops, condition, slots, slot, heads, kind_of):
    """Write the coins of the words of a slot; words in a row that are alike are of one kind."""
    kind = -1
    for w in range(WIDTH):
        start, mask = slots.start[slot, w], slots.mask[slot, w]
        if w == 0 or start != slots.start[slot, w - 1] or mask != slots.mask[slot, w - 1]:
            kind += 1
            frozen = slots.frozen[max(mask, 0)]
            _fill_kind(heads, kind, stops, condition, start, frozen if mask >= 0 else frozen[:0])
        kind_of[w] = kind


@njit(cache=True)
def _most_kinds(slots):
    """Return how many kinds of words in a row the slots have at most."""
    most = 1
    for slot in range(len(slots.start)):
        kinds = 1
        for w in range(1, WIDTH):
            kinds += slots.start[slot, w] != slots.start[slot, w - 1] or slots.mask[slot, w] != slots.mask[slot, w - 1]
        most = max(most, kinds)
    return most


@njit(cache=True)
def new_heads(slots, condition):
    n, kinds = len(condition.probability), _most_kinds(slots)
    return Heads(np.zeros(kinds, np.int64), np.empty((kinds, n), np.int32), np.empty((kinds, condition.least + 1, n + 1)))


@njit(cache=True)
def _begin_heads(heads, kind_of, stream, block, calendar):
    """Let every sample wait for its first head, or end where so many are impossible."""
    least = heads.passed.shape[1] - 1
    for w in range(WIDTH):
        kind = kind_of[w]
        if heads.passed[kind, least, 0] == np.inf:
            block.alive[0, w] = uint64(0)
        left = block.alive[0, w]
        while left:
            bit = 64 * w + trailing_zeros(left)
            left &= left - uint64(1)
            calendar.missing[bit] = least
            wait_for_head(heads, kind, bit, 0, stream, calendar)


@njit(cache=True)
def _flip(kind, target, source, bit, rows):
    """Flip one sample if it anticommutes; return its bit in its word, or 0."""
    w, one = bit >> 6, uint64(1) << uint64(bit & 63)
    met = rows[source, w] & one
    if kind == FLIP_Y:
        met ^= rows[target, w] & one
        rows[source, w] ^= met
    rows[target, w] ^= met
    return met


@njit(cache=True)
def _note(record, stop, bit, met, is_new):
    """Record a flip at a stop; return whether the next is the stop's first."""
    if not met:
        return is_new
    if is_new:
        record.stop[record.n_stops[0]] = stop
        record.flipped[record.n_stops[0]] = uint64(0)
        record.n_stops[0] += 1
    record.flipped[record.n_stops[0] - 1, bit >> 6] |= met
    return False


@njit(cache=True)
def _meet_chosen(kind, target, source, block):
    """Let the samples end that do not anticommute; return whether any is left."""
    met = load(block.rows, source)
    if kind == FLIP_Y:
        met = xor_words(met, load(block.rows, target))
    met = and_words(load(block.alive, 0), met)
    store(block.alive, 0, met)
    return any_bit(met)


@njit(cache=True)
def _end_all(block):
    for w in range(WIDTH):
        block.alive[0, w] = uint64(0)


@njit(cache=True)
def _stop_of(stops, rotation):
    for f in range(len(stops)):
        if stops[f, 3] == rotation:
            return f
    return len(stops)


@njit(cache=True)
def run_tail_block(route, condition, heads, kind_of, stream, block, flips, record):
    """Leave in ``block.alive`` those of its samples that end Z-type and meet the chosen rotation anticommuting.

    ``kind_of`` : int64, shape ``(16,)``: the kind in ``heads`` of each word. ``flips`` : int64, shape ``(1024,)``, to which
    the flips of every sample are added, or None; ``record`` : `Record`, written, or None.
    """
    moves, stops, n_stops = route.moves, route.stops, len(route.stops)
    calendar, done, f = new_calendar(n_stops), 0, -1
    if record is not None:
        record.n_stops[0] = 0
    chosen = n_stops
    if condition.chosen != NO_ROTATION:
        chosen = _stop_of(stops, condition.chosen)
        if chosen == n_stops:
            _end_all(block)
    _begin_heads(heads, kind_of, stream, block, calendar)
    while True:
        begin = f + 1
        f = next_busy(calendar, begin, n_stops)
        if begin <= chosen:
            f = min(f, chosen)
        until = stops[f, 4] if f < n_stops else len(moves)
        for i in range(done, until):
            t, s = moves[i, 0], moves[i, 1]
            store(block.rows, t, xor_words(load(block.rows, t), load(block.rows, s)))
        done = until
        if f == n_stops:
            break
        kind, t, s, is_new = stops[f, 0], stops[f, 1], stops[f, 2], True
        if f == chosen and not _meet_chosen(kind, t, s, block):
            return
        counts, bit = condition.counted[stops[f, 3]], np.int64(take_all(calendar, f))
        while bit >= 0:
            following = np.int64(calendar.following[bit])
            if _bit_of(block.alive[0], bit):
                met = _flip(kind, t, s, bit, block.rows)
                if flips is not None:
                    flips[bit] += met != uint64(0)
                if record is not None:
                    is_new = _note(record, f, bit, met, is_new)
                if counts and calendar.missing[bit] > 0:
                    calendar.missing[bit] -= 1
                wait_for_head(heads, kind_of[bit >> 6], bit, calendar.coin[bit] + 1, stream, calendar)
            bit = following
    wrong = splat(uint64(0))
    for r in route.x_rows:
        wrong = or_words(wrong, load(block.rows, r))
    store(block.alive, 0, and_not_words(load(block.alive, 0), wrong))
