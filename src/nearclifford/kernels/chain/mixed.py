"""How often a qubit is mixed in random Clifford circuits: two strings pulled back with the same coins, 1024 samples at once.

A Clifford circuit leaves a qubit pure if one of its X, Y, Z has a definite value, and mixed if none has. X and Z of the
qubit are pulled back as in `nearclifford.kernels.chain.walk`, Y is their product: one of the three ends Z-type exactly where
the two x-parts are linearly dependent. That takes one circuit for all three, so both strings meet the same coins.

Heads of rare coins are drawn sample by sample, as times on a clock of hazards, and sorted. The first head of a sample can be
drawn given that there is one, so that samples without any are left to a closed form.

Cost: an XOR of both strings 7 ns a block, a head about 100 ns (drawn, sorted, flipped), a row of frequent coins 110 ns.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.bits import population_count
from nearclifford.kernels.chain.coins import frequent_bits, next_gap
from nearclifford.kernels.chain.prune import prune, split
from nearclifford.kernels.chain.rows import FLIP_Y, NO_ROTATION
from nearclifford.kernels.chain.walk import blocks_of, find_stop
from nearclifford.kernels.chain.words import BITS, WIDTH, aligned_rows, and_words, or_words, stream, xor_words
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.vectors import load, splat, store


@njit(cache=True)
def _starts(n_rows, qubit):
    """Return which rows X and Z of a qubit set."""
    possible = np.zeros(n_rows, np.bool_)
    possible[2 * qubit] = possible[2 * qubit + 1] = True
    return possible


@njit(cache=True)
def _reached(rows, possible):
    """Return on how many qubits the strings may have an x-part where the circuit begins."""
    for i in range(len(rows.kind)):
        s, t = rows.source[i], rows.target[i]
        if rows.kind[i] == FLIP_Y and possible[t]:
            possible[s] = True
        if possible[s]:
            possible[t] = True
    return possible[rows.x_rows].sum()


@parallel_kernel
def hazards_of_qubits(rows, hazard, total, reached):
    """Write what can make each qubit mixed.

    Parameters
    ----------
    rows : `Rows` of a circuit on N qubits; hazard : float64, shape ``(n_rotations,)``: -log(1 - p) of each coin.
    total : float64, shape ``(N,)``, written: the hazards of the coins that can matter to a qubit, added up.
    reached : int64, shape ``(N,)``, written: on how many qubits its strings can end; a qubit that reaches one stays pure.
    """
    n_qubits = len(total)
    for k in prange(n_qubits):
        start, kept = _starts(2 * n_qubits, k), np.empty(len(rows.kind), np.int64)
        count = prune(rows, start, NO_ROTATION, kept)
        total[k] = 0.0
        for i in kept[:count]:
            if rows.rotation[i] != NO_ROTATION:
                total[k] += hazard[rows.rotation[i]]
        reached[k] = _reached(rows, start)


@njit(cache=True)
def draw_heads(clock, share, random, buffer):
    """Return where the coins of a block show heads, ``stop * 1024 + sample``, int64, ascending; and a buffer, perhaps new.

    ``share`` : the chance of a head among all coins of the clock, if every sample shall have one; 1 for plain coins.
    """
    n_stops, count, draws = len(clock) - 1, 0, uint64(0)
    for sample in range(BITS):
        # exp(-gap) is uniform on (0, 1)
        when = -math.log1p(-share * math.exp(-next_gap(random, draws)))
        draws += uint64(1)
        stop = find_stop(clock, 0, when)
        while stop < n_stops:
            if count == len(buffer):
                longer = np.empty(2 * len(buffer), np.int64)
                longer[:count] = buffer
                buffer = longer
            buffer[count] = stop * BITS + sample
            count += 1
            when = clock[stop + 1, 0] + next_gap(random, draws)
            draws += uint64(1)
            stop = find_stop(clock, stop + 1, when)
    return np.sort(buffer[:count]), buffer


@njit(cache=True)
def _flip_sample(stop, sample, first, rows):
    """Flip one sample of the string whose rows begin at ``first``, if it anticommutes."""
    t, s = first + stop[1], first + stop[2]
    w, one = sample >> 6, uint64(1) << uint64(sample & 63)
    met = rows[s, w] & one
    if stop[0] == FLIP_Y:
        met ^= rows[t, w] & one
        rows[s, w] ^= met
    rows[t, w] ^= met


@njit(cache=True)
def _flip_heads(stop, first, rows, coins):
    """Flip the samples of a row of coins that anticommute."""
    t, s = first + stop[1], first + stop[2]
    source, target = load(rows, s), load(rows, t)
    if stop[0] == FLIP_Y:
        met = and_words(load(coins, 0), xor_words(source, target))
        store(rows, s, xor_words(source, met))
    else:
        met = and_words(load(coins, 0), source)
    store(rows, t, xor_words(target, met))


@njit(cache=True)
def _pull_back(route, probability, heads, random, rows, coins):
    """Pull both strings of a block back: rows of the one, then rows of the other."""
    half, n_stops = len(rows) // 2, len(route.stops)
    counter, done, head, next_fixed = uint64(0), 0, 0, 0
    while True:
        event = heads[head] // BITS if head < len(heads) else n_stops
        f = min(event, route.fixed[next_fixed])
        until = route.stops[f, 4] if f < n_stops else len(route.moves)
        for i in range(done, until):
            t, s = route.moves[i, 0], route.moves[i, 1]
            store(rows, t, xor_words(load(rows, t), load(rows, s)))
            store(rows, half + t, xor_words(load(rows, half + t), load(rows, half + s)))
        done = until
        if f == n_stops:
            return
        if f == event:
            sample = heads[head] % BITS
            _flip_sample(route.stops[f], sample, 0, rows)
            _flip_sample(route.stops[f], sample, half, rows)
            head += 1
            continue
        next_fixed += 1
        counter = frequent_bits(probability[route.stops[f, 3]], random, counter, coins)
        _flip_heads(route.stops[f], 0, rows, coins)
        _flip_heads(route.stops[f], half, rows, coins)


@njit(cache=True)
def _mixed_samples(rows, x_rows, samples, spare):
    """Return in how many of the first samples the two x-parts are linearly independent."""
    half, zero = len(rows) // 2, splat(uint64(0))
    first, second, both = zero, zero, zero
    for r in x_rows:
        one, other = load(rows, r), load(rows, half + r)
        first, second = or_words(first, one), or_words(second, other)
        both = or_words(both, xor_words(one, other))
    store(spare, 0, and_words(and_words(first, second), both))
    count = 0
    for w in range(WIDTH):
        left = min(max(samples - 64 * w, 0), 64)
        word = spare[0, w] if left == 64 else spare[0, w] & ((uint64(1) << uint64(left)) - uint64(1))
        count += np.int64(population_count(word))
    return count


@njit(cache=True)
def _run_task(rows, coins, hazard, share, job, qubit, task):
    """Return in how many samples of a task a qubit is mixed."""
    n_rows, kept = 2 * len(rows.x_rows), np.empty(len(rows.kind), np.int64)
    count = prune(rows, _starts(n_rows, qubit), NO_ROTATION, kept)
    route = split(rows, kept[:count], hazard, NO_ROTATION)
    pair, spare, buffer = aligned_rows(2 * n_rows), aligned_rows(1), np.empty(4 * BITS, np.int64)
    mixed = 0
    for number in blocks_of(job, task):
        random = stream(job.seed, uint64(qubit), uint64(job.first_block + number))
        heads, buffer = draw_heads(route.clock, share, random, buffer)
        pair[:] = uint64(0)
        pair[2 * qubit] = pair[n_rows + 2 * qubit + 1] = ~uint64(0)
        _pull_back(route, coins.probability, heads, random, pair, spare)
        mixed += _mixed_samples(pair, rows.x_rows, job.samples - BITS * number, spare)
    return mixed


@parallel_kernel
def count_mixed(rows, coins, hazard, share, job, hits):
    """Count the samples in which each qubit is mixed.

    Parameters
    ----------
    rows, coins, job : `Rows`, `Coins`, `Job`.
    hazard : float64, shape ``(n_rotations,)``: -log(1 - p) of every coin, frequent ones too.
    share : float64, shape ``(N,)``: below 1 the chance that any coin that can matter shows heads, and every sample has
        some; 1 for plain samples; 0 for a qubit that is not sampled.
    hits : int64, shape ``(N, n_tasks)``, written.
    """
    n_tasks = hits.shape[1]
    for item in prange(hits.size):
        qubit, task = item // n_tasks, item % n_tasks
        hits[qubit, task] = 0
        if share[qubit] > 0.0:
            clock = hazard if share[qubit] < 1.0 else coins.hazard
            hits[qubit, task] = _run_task(rows, coins, clock, share[qubit], job, qubit, task)
