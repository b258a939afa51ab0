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

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.bits import population_count
from nearclifford.kernels.chain.coins import frequent_bits, next_gap
from nearclifford.kernels.chain.prune import FLIP, FLIP_Y, NO_ROTATION, prune, split
from nearclifford.kernels.chain.words import (
    BITS,
    WIDTH,
    aligned_rows,
    and_not_words,
    and_words,
    any_bit,
    load_words,
    or_words,
    repeat_word,
    store_words,
    stream,
    xor_words,
)
from nearclifford.kernels.parallel import parallel_kernel


@njit(cache=True)
def set_start(slots, starts, rows, union):
    """Write the starts of the words, rows of ``starts`` (bool), and which rows are set in any of them."""
    for r in range(len(union)):
        union[r] = False
        for w in range(WIDTH):
            bit = starts[slots[w], r]
            rows[r, w] = ~uint64(0) if bit else uint64(0)
            union[r] |= bit


@njit(cache=True)
def flip_rows(kind, target, source, coins, rows):
    s, t = load_words(rows, source), load_words(rows, target)
    if kind == FLIP:
        store_words(rows, target, xor_words(t, and_words(s, coins)))
    else:
        both = and_words(xor_words(s, t), coins)
        store_words(rows, target, xor_words(t, both))
        store_words(rows, source, xor_words(s, both))


@njit(cache=True)
def anticommuting(kind, target, source, rows):
    s = load_words(rows, source)
    return xor_words(s, load_words(rows, target)) if kind == FLIP_Y else s


@njit(cache=True)
def is_frozen(j, mask, frozen):
    return mask >= 0 and (frozen[mask, j >> 6] >> uint64(j & 63)) & uint64(1) == uint64(1)


@njit(cache=True)
def _flip_bit(kind, target, source, bit, rows):
    """Flip one sample if it anticommutes."""
    w, one = bit >> 6, uint64(1) << uint64(bit & 63)
    s = rows[source, w] & one
    if kind == FLIP:
        rows[target, w] ^= s
    else:
        both = (rows[target, w] & one) ^ s
        rows[target, w] ^= both
        rows[source, w] ^= both


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
def run_block(
    moves, stops, clock, fixed, x_rows, probability, masks, frozen, chosen, key, gamma, rows, alive, buffer
):  # fmt: skip
    """Leave in ``alive``, shape ``(1, 16)``, those of its samples that end Z-type and meet ``chosen`` anticommuting.

    ``rows`` hold the start and are overwritten. At ``chosen`` (unless it is -1) the weights of stay and flip are exchanged.
    A rotation whose bit is set in row ``masks[w]`` of ``frozen`` flips nothing in word w; -1 stands for no mask.

    Rare coins are found in order of (stop, sample) by their gaps in hazard, so that rotations without any cost nothing.
    """
    n_stops, done = len(stops), 0
    counter, gaps = uint64(0), uint64(1)
    # ``when`` is the hazard passed, that of all 1024 bits: bit b of stop f begins at 1024 clock[f, 0] + b clock[f, 1].
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
                _flip_bit(kind, t, s, bit, rows)
            when = begin + (bit + 1) * hazard + next_gap(key, gamma, gaps)
            gaps += uint64(1)
            event = find_stop(clock, f, when / BITS)
            continue
        next_fixed += 1
        if j == chosen:
            met = and_words(load_words(alive, 0), anticommuting(kind, t, s, rows))
            store_words(alive, 0, met)
            if not any_bit(met):
                return
            counter = frequent_bits(1.0 - probability[j], key, gamma, counter, buffer)
        else:
            counter = frequent_bits(probability[j], key, gamma, counter, buffer)
        for w in range(WIDTH):
            if is_frozen(j, masks[w], frozen):
                buffer[0, w] = uint64(0)
        flip_rows(kind, t, s, load_words(buffer, 0), rows)
    wrong = repeat_word(uint64(0))
    for r in x_rows:
        wrong = or_words(wrong, load_words(rows, r))
    store_words(alive, 0, and_not_words(load_words(alive, 0), wrong))


@njit(cache=True)
def first_samples(count, row):
    """Set the first ``count`` bits of a row and clear the others."""
    for w in range(WIDTH):
        bits = min(max(count - 64 * w, 0), 64)
        row[0, w] = ~uint64(0) if bits == 64 else (uint64(1) << uint64(bits)) - uint64(1)


@parallel_kernel
def count_hits(
    kind, target, source, rotation, x_rows, probability, hazard, starts, slot_start, slot_mask, frozen,
    chosen, streams, first_block, samples, blocks_per_task, seed, hits, silent,
):  # fmt: skip
    """Add up how many samples of each target end Z-type.

    Parameters
    ----------
    kind, target, source, rotation : the list of operations; x_rows : the rows that must vanish at its end.
    probability, hazard : float64, shape ``(n_rotations,)``: of a flip, and its `hazards`.
    starts : bool, shape ``(n_starts, 2N)``; frozen : uint64, shape ``(n_masks, ceil(n_rotations / 64))``.
    slot_start, slot_mask : int64, shape ``(n_slots, 16)``: for each word of a block the start, and the mask or -1; block b
        takes slot ``b % n_slots``.
    chosen : int64, shape ``(n_targets,)``: the differentiated rotation, -1 for none; streams : uint64, its random stream.
    first_block, samples : this call runs the blocks from there on, until it has made ``samples`` samples a target.
    hits : int64, shape ``(n_targets, n_tasks, 16)``, written: by word, summed over the blocks of a task.
    silent : bool, shape ``(n_targets, n_tasks)``, written: True where no sample can ever count.
    """
    n_tasks = hits.shape[1]
    n_blocks = (samples + BITS - 1) // BITS
    for item in prange(len(chosen) * n_tasks):
        which, task = item // n_tasks, item % n_tasks
        origin, rows = aligned_rows(starts.shape[1]), aligned_rows(starts.shape[1])
        alive, buffer = aligned_rows(1), aligned_rows(1)
        union, kept = np.empty(starts.shape[1], np.bool_), np.empty(len(kind), np.int64)
        count = 0
        moves, stops, clock, fixed = split(kind, target, source, rotation, kept[:0], hazard, NO_ROTATION)
        hits[which, task] = 0
        for block in range(task * blocks_per_task, min(n_blocks, (task + 1) * blocks_per_task)):
            slot = (first_block + block) % len(slot_start)
            if block == task * blocks_per_task or len(slot_start) > 1:
                set_start(slot_start[slot], starts, origin, union)
                count = prune(kind, target, source, rotation, union, x_rows, chosen[which], kept)
                moves, stops, clock, fixed = split(
                    kind, target, source, rotation, kept[: max(count, 0)], hazard, chosen[which]
                )
            silent[which, task] = count < 0
            if count < 0:
                continue
            key, gamma = stream(seed, streams[which], uint64(first_block + block))
            first_samples(samples - BITS * block, alive)
            for r in range(len(rows)):
                store_words(rows, r, load_words(origin, r))
            run_block(
                moves, stops, clock, fixed, x_rows, probability, slot_mask[slot], frozen,
                chosen[which], key, gamma, rows, alive, buffer,
            )  # fmt: skip
            for w in range(WIDTH):
                hits[which, task, w] += np.int64(population_count(alive[0, w]))
