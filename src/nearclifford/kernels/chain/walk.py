"""The stay-or-flip chain of an observable's Pauli string, 1024 samples at a time.

The circuit, walked backwards, becomes a straight list of operations on bit rows; row 2q holds the x bit of qubit q and
row 2q + 1 its z bit, one bit for each sample. Signs are not needed. Gates that only rename or exchange rows cost nothing:
the list refers to where a row lies. What is left is

    XOR     row[target] ^= row[source]                                         half a CX, CZ or S
    FLIP    row[target] ^= row[source] & coins                                 a rotation about X or Z
    FLIP_Y  both rows ^= (row[target] ^ row[source]) & coins                   a rotation about Y

with the coins of a rotation set with probability E[sin²] of its angle.

Cost: an XOR moves 3 rows of 128 bytes and takes 3 to 4 ns while the 2N rows fit the cache (256 KiB at N = 1000), a rare
coin that shows takes about 40 ns and one that does not nothing, a row of frequent coins 100 ns; operations whose
rows can never be set, or whose result no longer matters, are dropped beforehand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.coins import frequent_bits, next_gap
from nearclifford.kernels.chain.damping import count_letters
from nearclifford.kernels.chain.rows import FLIP_Y
from nearclifford.kernels.chain.words import (
    BITS,
    WIDTH,
    aligned_rows,
    and_not_words,
    and_words,
    any_bit,
    or_words,
    stream,
    xor_words,
)
from nearclifford.kernels.vectors import load, splat, store


class Slots(NamedTuple):
    """Where the words of a block start and which rotations flip nothing in them; block b takes slot ``b % n_slots``.

    ``starts`` : bool, shape ``(n_starts, 2N)``; ``frozen`` : uint64, shape ``(n_masks, ceil(n_rotations / 64))``.
    ``start``, ``mask`` : int64, shape ``(n_slots, 16)``: for each word its row of ``starts``, and of ``frozen`` or -1.
    """

    starts: npt.NDArray[np.bool_]
    start: npt.NDArray[np.int64]
    mask: npt.NDArray[np.int64]
    frozen: npt.NDArray[np.uint64]


class Job(NamedTuple):
    """What one call runs: the blocks from ``first_block`` on, until it has made ``samples`` samples of each target.

    ``per_task`` blocks are one task; ``seed`` is that of all random streams.
    """

    first_block: int
    samples: int
    per_task: int
    seed: np.uint64


class Block(NamedTuple):
    """1024 samples on the way: their start, rows that are overwritten, who is alive, a row to spare, and what may be set.

    ``origin``, ``rows`` : uint64, shape ``(2N, 16)``; ``alive``, ``spare`` : ``(1, 16)``; ``possible`` : bool, ``(2N,)``.
    """

    origin: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint64]
    alive: npt.NDArray[np.uint64]
    spare: npt.NDArray[np.uint64]
    possible: npt.NDArray[np.bool_]


@njit(cache=True)
def new_block(n_rows):
    return Block(aligned_rows(n_rows), aligned_rows(n_rows), aligned_rows(1), aligned_rows(1), np.empty(n_rows, np.bool_))


@njit(cache=True)
def blocks_of(job, task):
    """Return the numbers of the blocks of a task."""
    n_blocks = (job.samples + BITS - 1) // BITS
    return range(task * job.per_task, min(n_blocks, (task + 1) * job.per_task))


@njit(cache=True)
def set_start(slots, slot, block):
    """Write the starts of the words of a slot, and which rows are set in any of them."""
    for r in range(len(block.possible)):
        block.possible[r] = False
        for w in range(WIDTH):
            bit = slots.starts[slots.start[slot, w], r]
            block.origin[r, w] = ~uint64(0) if bit else uint64(0)
            block.possible[r] |= bit


@njit(cache=True)
def _first_samples(count, row):
    """Set the first ``count`` bits of a row and clear the others."""
    for w in range(WIDTH):
        bits = min(max(count - 64 * w, 0), 64)
        row[0, w] = ~uint64(0) if bits == 64 else (uint64(1) << uint64(bits)) - uint64(1)


@njit(cache=True)
def begin_block(job, number, major, block):
    """Put the samples of a block at their start; return its random stream, of ``major``."""
    _first_samples(job.samples - BITS * number, block.alive)
    for r in range(len(block.rows)):
        store(block.rows, r, load(block.origin, r))
    return stream(job.seed, major, uint64(job.first_block + number))


@njit(cache=True)
def _anticommuting(kind, target, source, rows):
    s = load(rows, source)
    return xor_words(s, load(rows, target)) if kind == FLIP_Y else s


@njit(cache=True)
def _is_frozen(j, mask, frozen):
    return mask >= 0 and (frozen[mask, j >> 6] >> uint64(j & 63)) & uint64(1) == uint64(1)


@njit(cache=True)
def _flip_one(kind, target, source, bit, rows, flips):
    """Flip one sample if it anticommutes."""
    w, one = bit >> 6, uint64(1) << uint64(bit & 63)
    met = rows[source, w] & one
    if kind == FLIP_Y:
        met ^= rows[target, w] & one
        rows[source, w] ^= met
    rows[target, w] ^= met
    if flips is not None:
        flips[bit] += met != uint64(0)


@njit(cache=True)
def _flip_row(kind, target, source, rows, coins, flips):
    """Flip all samples of a row that anticommute and have a coin, a row that is overwritten."""
    met = and_words(load(coins, 0), _anticommuting(kind, target, source, rows))
    if flips is not None:
        store(coins, 0, met)
        for w in range(WIDTH):
            left = coins[0, w]
            while left:
                flips[64 * w + trailing_zeros(left)] += 1
                left &= left - uint64(1)
    store(rows, target, xor_words(load(rows, target), met))
    if kind == FLIP_Y:
        store(rows, source, xor_words(load(rows, source), met))


@njit(cache=True)
def find_stop(clock, begin, when):
    """Return the stop f >= begin with clock[f, 0] <= when < clock[f + 1, 0], or the number of stops.

    The first guess is right where all hazards are that of ``begin``; from there it looks in steps that double.
    """
    last = len(clock) - 1
    if when >= clock[last, 0]:
        return last
    low = begin
    if clock[begin, 1] > 0.0:
        # as a float first: hazards may differ by more than an integer holds
        low += np.int64(min((when - clock[begin, 0]) / clock[begin, 1], float(last - 1 - begin)))
    high, step = low, 1
    if clock[low, 0] <= when:
        high = low + 1
        while high < last and clock[high, 0] <= when:
            low = high
            high = min(high + step, last)
            step *= 2
    else:
        while clock[low, 0] > when:
            high = low
            low = max(low - step, begin)
            step *= 2
    while high - low > 1:
        middle = (low + high) >> 1
        if clock[middle, 0] <= when:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True)
def _move(moves, begin, end, rows):
    for i in range(begin, end):
        t, s = moves[i, 0], moves[i, 1]
        store(rows, t, xor_words(load(rows, t), load(rows, s)))


@njit(cache=True)
def _damp(route, stop, damp, done, rows, damping):
    """Count the letters at all channels before a stop; return the next of them and the moves done."""
    moves, damps = route.moves, route.damps
    while damp < len(damps) and damps[damp, 4] <= stop:
        _move(moves, done, damps[damp, 3], rows)
        done = max(done, np.int64(damps[damp, 3]))
        damp = count_letters(damps, damp, rows, damping)
    return damp, done


@njit(cache=True)
def run_block(route, probability, freezes, chosen, stream, block, flips, damping):
    """Leave in ``block.alive`` those of its samples that end Z-type and meet ``chosen`` anticommuting.

    At ``chosen`` (unless it is -1) the weights of stay and flip are exchanged. ``freezes`` : (masks, frozen): a rotation
    whose bit is set in row ``masks[w]`` of ``frozen`` flips nothing in word w; -1 stands for no mask. ``flips`` : int64,
    shape ``(1024,)``, to which the flips of every sample are added, or None; ``damping`` : the `Damping` that counts the
    letters at channels, or None.

    Rare coins are found in order of (stop, sample) by their gaps in hazard, so that rotations without any cost nothing.
    """
    moves, stops, clock, fixed, x_rows, _ = route
    masks, frozen = freezes
    rows, alive, coins = block.rows, block.alive, block.spare
    n_stops, done, damp = len(stops), 0, 0
    counter, gaps = uint64(0), uint64(1)
    # ``when`` is the hazard passed, that of all 1024 bits: bit b of stop f begins at 1024 clock[f, 0] + b clock[f, 1].
    when = next_gap(stream, uint64(0))
    event, next_fixed = find_stop(clock, 0, when / BITS), 0
    while True:
        f = min(event, fixed[next_fixed])
        if damping is not None:
            damp, done = _damp(route, f, damp, done, rows, damping)
        until = stops[f, 4] if f < n_stops else len(moves)
        for i in range(done, until):
            t, s = moves[i, 0], moves[i, 1]
            store(rows, t, xor_words(load(rows, t), load(rows, s)))
        done = until
        if f == n_stops:
            break
        kind, t, s, j = stops[f, 0], stops[f, 1], stops[f, 2], stops[f, 3]
        if f == event:
            begin, hazard = BITS * clock[f, 0], clock[f, 1]
            bit = min(np.int64((when - begin) / hazard), BITS - 1)
            if not _is_frozen(j, masks[bit >> 6], frozen):
                _flip_one(kind, t, s, bit, rows, flips)
            when = begin + (bit + 1) * hazard + next_gap(stream, gaps)
            gaps += uint64(1)
            event = find_stop(clock, f, when / BITS)
            continue
        next_fixed += 1
        if j == chosen:
            met = and_words(load(alive, 0), _anticommuting(kind, t, s, rows))
            store(alive, 0, met)
            if not any_bit(met):
                return
            counter = frequent_bits(1.0 - probability[j], stream, counter, coins)
        else:
            counter = frequent_bits(probability[j], stream, counter, coins)
        for w in range(WIDTH):
            if _is_frozen(j, masks[w], frozen):
                coins[0, w] = uint64(0)
        _flip_row(kind, t, s, rows, coins, flips)
    wrong = splat(uint64(0))
    for r in x_rows:
        wrong = or_words(wrong, load(rows, r))
    store(alive, 0, and_not_words(load(alive, 0), wrong))
