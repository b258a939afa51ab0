"""The chain of a Pauli string through the rotations, all of its branches at once, equal strings merged.

Going back from the last rotation, a string P that fails to commute with the generator G stays with weight ``stay`` and
flips to GP with weight ``flip``. What ends in X^0 Z^* counts. Strings live in coordinates adapted to that end: a basis
b_0, b_1, ... of the generators' x-parts in time order, of which the first ``rank[j]`` span those of the first j rotations.

- x-bit i says whether b_i is in the x-part. Once no remaining rotation can cancel b_i, strings that hold it are dead.
- z-bit i is the parity of z & b_i. Once b_i is out of reach it decides nothing any more, and strings that differ there
  alone are one.

So the coordinate i is *folded* as soon as rank[j] drops to i: half of the strings vanish, the others merge in pairs.

Cost model: a string is 2V words, V = ceil(rank / 64). One rotation reads every string (2V words, 1 ns each) and looks one
partner up in a hash table for each pair that anticommutes (30 ns while the table fits the cache, 100 ns beyond); a fold
and a cut rebuild the table, one insertion for each string. Memory: at most twice ``max_terms`` strings between cuts,
each 16V + 16 bytes and 32 to 64 bytes of table. `time_order` takes n²/2 commutation tests of W words, twice.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import bit_of, lowest_bit
from nearclifford.kernels.pauli import anticommute, rows_anticommute

ONE = np.uint64(1)
SPREAD = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
# Slots of the table for each string: at most one in two is taken after a rotation has doubled the strings.
SLOTS = 4


@njit(cache=True)
def time_order(turns):
    """Return the rotations in an order that keeps the span of the x-parts of its beginnings small, int64, shape ``(n,)``.

    Rotations that anticommute keep their order, so the circuit is the same. Of those that may come next, one whose x-part
    lies in the span so far is taken, else the earliest.
    """
    x, z = turns.x, turns.z
    n = len(x)
    waits = np.zeros(n, np.int64)
    for j in range(n):
        for i in range(j):
            waits[j] += anticommute(x[i], z[i], x[j], z[j])
    rest, taken = x.copy(), np.zeros(n, np.bool_)
    order = np.empty(n, np.int64)
    for position in range(n):
        best = -1
        for j in range(n):
            if taken[j] or waits[j]:
                continue
            if lowest_bit(rest[j]) < 0:
                best = j
                break
            if best < 0:
                best = j
        taken[best] = True
        order[position] = best
        for j in range(best + 1, n):
            if not taken[j]:
                waits[j] -= anticommute(x[best], z[best], x[j], z[j])
        pivot = lowest_bit(rest[best])
        if pivot >= 0:
            vector = rest[best].copy()
            for j in range(n):
                if bit_of(rest[j], pivot):
                    rest[j] ^= vector
    return order


@njit(cache=True)
def slot_of(table, keys, key):
    """Return the slot that holds the row of this key, or the empty one where it belongs."""
    mixed = np.uint64(0)
    for w in range(len(key)):
        mixed = (mixed ^ key[w]) * SPREAD
        mixed ^= mixed >> HALF
    mask = len(table) - 1
    slot = np.int64(mixed & np.uint64(mask))
    while table[slot] >= 0:
        row = table[slot]
        same = True
        for w in range(len(key)):
            if keys[row, w] != key[w]:
                same = False
                break
        if same:
            break
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def empty_table(count):
    size = 64
    while size < SLOTS * count:
        size *= 2
    return np.full(size, -1, np.int64)


@njit(cache=True)
def gather(keys, mass, count, bit, keep):
    """Return (count, table) after moving the kept rows to the front; with a ``bit``, fold that coordinate as well."""
    table = empty_table(count)
    half = keys.shape[1] >> 1
    key = np.empty(keys.shape[1], np.uint64)
    size = 0
    for row in range(count):
        if not keep[row]:
            continue
        key[:] = keys[row]
        if bit >= 0:
            if bit_of(key[:half], bit):
                continue
            key[half + (bit >> 6)] &= ~(ONE << np.uint64(bit & 63))
        slot = slot_of(table, keys, key)
        if table[slot] >= 0:
            mass[table[slot]] += mass[row]
        else:
            keys[size] = key
            mass[size] = mass[row]
            table[slot] = size
            size += 1
    return size, table


@njit(cache=True)
def fold(keys, mass, count, bit):
    """Drop the strings with this x-bit and merge those that differ in this z-bit alone; return (count, table)."""
    return gather(keys, mass, count, bit, np.ones(count, np.bool_))


@njit(cache=True)
def turn(keys, mass, count, table, generator, stay, flip, only_met):
    """Pass one rotation; return the new count. Room for twice the strings is needed, in the rows and in the table.

    With ``only_met``, strings that commute with the generator are marked dead by a mass of -1: their derivative is zero.
    """
    old = count
    partner = np.empty(keys.shape[1], np.uint64)
    for row in range(old):
        if not rows_anticommute(keys[row], generator):
            if only_met:
                mass[row] = -1.0
            continue
        for w in range(len(partner)):
            partner[w] = keys[row, w] ^ generator[w]
        slot = slot_of(table, keys, partner)
        other = table[slot]
        if other < 0:
            keys[count] = partner
            for c in range(2):
                mass[count, c] = flip * mass[row, c]
                mass[row, c] *= stay
            table[slot] = count
            count += 1
        elif other > row:
            for c in range(2):
                here, there = mass[row, c], mass[other, c]
                mass[row, c] = stay * here + flip * there
                mass[other, c] = stay * there + flip * here
    return count


@njit(cache=True)
def cut(keys, mass, count, limit, dropped):
    """Keep the ``limit`` heaviest strings (of equal ones the first), add the rest to ``dropped`` (see `propagate`)."""
    weight = mass[:count, 0] + mass[:count, 1]
    least = np.partition(weight, count - limit)[count - limit]
    ties = limit - np.sum(weight > least)
    keep = weight > least
    for row in range(count):
        if weight[row] == least and ties > 0:
            keep[row] = True
            ties -= 1
        elif not keep[row]:
            positive, negative = mass[row, 0], mass[row, 1]
            dropped[0] += max(0.0, positive - negative)
            dropped[1] += max(0.0, negative - positive)
            dropped[2] += positive + negative
            dropped[3] += 1.0
            if negative > 0.0:
                dropped[4] += positive + negative
    return gather(keys, mass, count, -1, keep)


@njit(cache=True)
def propagate(generators, rank, stay, flip, derivative, rows, weight, max_terms):
    """Return (mass that ends Z-type, shape ``(2,)``; dropped, shape ``(5,)``; strings at the end and most strings held).

    Parameters
    ----------
    generators, rows : the rotations in time order and the strings to start from, in adapted coordinates.
    rank : of the beginnings of the circuit, shape ``(n + 1,)``.
    stay, flip : float64, shape ``(n,)``: the weights where a string anticommutes.
    derivative : the rotation that a string must fail to commute with, -1 for none.
    weight : float64, shape ``(n_rows, 2)``, not negative: the mass of each start that counts for and against the result.
    max_terms : strings kept after each rotation.

    Of the strings dropped, ``dropped`` sums (net mass for, net mass against, both, how many, both where there was mass
    against): between none and all of the net mass would have ended Z-type.
    """
    dropped = np.zeros(5)
    capacity = 2 * max(len(rows), 32)
    keys, mass = np.empty((capacity, rows.shape[1]), np.uint64), np.empty((capacity, 2))
    keys[: len(rows)], mass[: len(rows)] = rows, weight
    count, table = gather(keys, mass, len(rows), -1, np.ones(len(rows), np.bool_))
    peak = count
    for j in range(len(generators) - 1, -1, -1):
        if 2 * count > len(keys):
            wider, heavier = np.empty((4 * count, keys.shape[1]), np.uint64), np.empty((4 * count, 2))
            wider[:count], heavier[:count] = keys[:count], mass[:count]
            keys, mass = wider, heavier
        if SLOTS * count > len(table):
            count, table = gather(keys, mass, 2 * count, -1, np.arange(2 * count) < count)
        count = turn(keys, mass, count, table, generators[j], stay[j], flip[j], j == derivative)
        if j == derivative:
            count, table = gather(keys, mass, count, -1, mass[:count, 0] >= 0.0)
        if rank[j] < rank[j + 1]:
            count, table = fold(keys, mass, count, rank[j])
        if count > max_terms:
            count, table = cut(keys, mass, count, max_terms, dropped)
        peak = max(peak, count)
    total = np.zeros(2)
    for row in range(count):
        total += mass[row]
    return total, dropped, count, peak
