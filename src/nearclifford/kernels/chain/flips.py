"""The chain of `nearclifford.kernels.chain.hits`, with the number of flips of every sample: its error curve as a surrogate.

Every flip counts here, also those that cannot change how a chain ends, so only operations on rows that are never set are
dropped. A rare flip adds one to one counter; a row of frequent coins, one for each flip that it makes.

Cost: as the chain without counting, more operations, and 1 to 2 ns a flip.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.coins import frequent_bits, next_gap
from nearclifford.kernels.chain.hits import anticommuting, find_stop, first_samples, flip_rows, is_frozen, set_start
from nearclifford.kernels.chain.prune import FLIP_Y, NO_ROTATION, split
from nearclifford.kernels.chain.words import (
    BITS,
    WIDTH,
    aligned_rows,
    and_not_words,
    and_words,
    load_words,
    or_words,
    repeat_word,
    store_words,
    stream,
    xor_words,
)
from nearclifford.kernels.parallel import parallel_kernel


@njit(cache=True)
def reachable(kind, target, source, start, kept):
    """Write to ``kept`` the operations that can change anything from ``start``, rows that may be set; return how many."""
    possible, count = start.copy(), 0
    for i in range(len(kind)):
        s, t = source[i], target[i]
        if kind[i] == FLIP_Y:
            if not (possible[s] or possible[t]):
                continue
            possible[s] = True
        elif not possible[s]:
            continue
        possible[t] = True
        kept[count] = i
        count += 1
    return count


@njit(cache=True)
def _flip_one(kind, target, source, bit, rows, flips):
    """Flip and count one sample if it anticommutes."""
    w, one = bit >> 6, uint64(1) << uint64(bit & 63)
    met = rows[source, w] & one
    if kind == FLIP_Y:
        met ^= rows[target, w] & one
        rows[source, w] ^= met
    rows[target, w] ^= met
    flips[bit] += met != uint64(0)


@njit(cache=True)
def _flip_row(kind, target, source, coins, rows, buffer, flips):
    """Flip and count all samples of a row that anticommute and have a coin."""
    store_words(buffer, 0, and_words(coins, anticommuting(kind, target, source, rows)))
    for w in range(WIDTH):
        met = buffer[0, w]
        while met:
            flips[64 * w + trailing_zeros(met)] += 1
            met &= met - uint64(1)
    flip_rows(kind, target, source, coins, rows)


@njit(cache=True)
def run_counting(
    moves, stops, clock, fixed, x_rows, probability, masks, frozen, key, gamma, rows, alive, buffer, flips
):  # fmt: skip
    """Leave in ``alive`` the samples that end Z-type and in ``flips``, int64, shape ``(1024,)``, how often each flipped.

    Arguments as for `nearclifford.kernels.chain.hits.run_block`.
    """
    n_stops, done = len(stops), 0
    counter, gaps = uint64(0), uint64(1)
    flips[:] = 0
    when = next_gap(key, gamma, uint64(0))
    event, next_fixed = find_stop(clock, 0, when / BITS), 0
    while True:
        f = min(event, fixed[next_fixed])
        until = stops[f, 4] if f < n_stops else len(moves)
        for i in range(done, until):
            t, s = moves[i, 0], moves[i, 1]
            store_words(rows, t, xor_words(load_words(rows, t), load_words(rows, s)))
        done = until
        if f == n_stops:
            break
        kind, t, s, j = stops[f, 0], stops[f, 1], stops[f, 2], stops[f, 3]
        if f == event:
            begin, hazard = BITS * clock[f, 0], clock[f, 1]
            bit = min(np.int64((when - begin) / hazard), BITS - 1)
            if not is_frozen(j, masks[bit >> 6], frozen):
                _flip_one(kind, t, s, bit, rows, flips)
            when = begin + (bit + 1) * hazard + next_gap(key, gamma, gaps)
            gaps += uint64(1)
            event = find_stop(clock, f, when / BITS)
            continue
        next_fixed += 1
        counter = frequent_bits(probability[j], key, gamma, counter, buffer)
        for w in range(WIDTH):
            if is_frozen(j, masks[w], frozen):
                buffer[0, w] = uint64(0)
        _flip_row(kind, t, s, load_words(buffer, 0), rows, buffer, flips)
    wrong = repeat_word(uint64(0))
    for r in x_rows:
        wrong = or_words(wrong, load_words(rows, r))
    store_words(alive, 0, and_not_words(load_words(alive, 0), wrong))


@parallel_kernel
def count_flips(
    kind, target, source, rotation, x_rows, probability, hazard, starts, slot_start, slot_mask, frozen, first_block, samples,
    blocks_per_task, seed, histogram,
):  # fmt: skip
    """Add up how many samples end Z-type, by their number of flips.

    ``histogram`` : int64, shape ``(n_tasks, 16, n_columns)``, written: by task, word and flips, the last column for all
    that flip as often or more. The other arguments are those of `nearclifford.kernels.chain.hits.count_hits`.
    """
    n_blocks, most = (samples + BITS - 1) // BITS, histogram.shape[2] - 1
    for task in prange(len(histogram)):
        origin, rows = aligned_rows(starts.shape[1]), aligned_rows(starts.shape[1])
        alive, buffer, flips = aligned_rows(1), aligned_rows(1), np.empty(BITS, np.int64)
        union, kept = np.empty(starts.shape[1], np.bool_), np.empty(len(kind), np.int64)
        moves, stops, clock, fixed = split(kind, target, source, rotation, kept[:0], hazard, NO_ROTATION)
        histogram[task] = 0
        for block in range(task * blocks_per_task, min(n_blocks, (task + 1) * blocks_per_task)):
            slot = (first_block + block) % len(slot_start)
            if block == task * blocks_per_task or len(slot_start) > 1:
                set_start(slot_start[slot], starts, origin, union)
                count = reachable(kind, target, source, union, kept)
                moves, stops, clock, fixed = split(kind, target, source, rotation, kept[:count], hazard, NO_ROTATION)
            key, gamma = stream(seed, uint64(0), uint64(first_block + block))
            first_samples(samples - BITS * block, alive)
            for r in range(len(rows)):
                store_words(rows, r, load_words(origin, r))
            run_counting(
                moves, stops, clock, fixed, x_rows, probability, slot_mask[slot], frozen, key, gamma, rows, alive, buffer,
                flips,
            )  # fmt: skip
            for w in range(WIDTH):
                ended = alive[0, w]
                while ended:
                    histogram[task, w, min(flips[64 * w + trailing_zeros(ended)], most)] += 1
                    ended &= ended - uint64(1)
