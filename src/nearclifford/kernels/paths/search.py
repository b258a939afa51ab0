"""Paths of a Pauli string through a circuit that end Z-type: every set of at most k flips, found by meeting in the middle.

Going back from the last rotation, the string may flip at a rotation only where it anticommutes with it. Whether it does is
one bit for each rotation below; flipping j adds row j of the commutation matrix. It ends Z-type if the x-parts of the
flips add up to its own, so a walk carries a *key*, the x-part still to be cancelled, as one word: sums of keys are the
keys of sums. A walk of the first k - t flips (t is 1 or 2) is completed from a table of all sums of t keys. Whatever has the
key that is missing is found first, and only then is it asked whether its rotations may flip: the last step of a walk reads
no row, and walks of a single step, k up to 2, need no rows at all.

Cost: a step of the innermost loop is one bit of a row, one key and one bit of a filter: 3 ns while the filter fits the
cache. A step that passes the filter reads one bucket, or a row of n / 64 words if it goes on. The table of pairs has
n (n - 1) / 2 entries of 8 bytes and takes 15 ns for each; a walk visits about n^d / (2^d d!) nodes, d = k - t.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

from nearclifford.kernels.bits import bit_of, leading_zeros, trailing_zeros
from nearclifford.kernels.paths.tables import bucket, passes
from nearclifford.kernels.pauli import rows_anticommute

ONE = np.uint64(1)
LOW_HALF = np.int64(0xFFFFFFFF)
# Where estimates of the number of nodes end: their sums and products stay finite.
MOST_NODES = 1e300


@njit(cache=True, nogil=True)
def _record(found, count, flips, depth, last, last_but_one):
    """Append the path of the first ``depth`` flips and up to two more (-1 for none); return (found, count)."""
    if count == len(found):
        wider = np.full((2 * count, found.shape[1]), -1, np.int32)
        wider[:count] = found
        found = wider
    found[count, :depth] = flips[:depth]
    if last_but_one >= 0:
        found[count, depth] = last_but_one
        depth += 1
    if last >= 0:
        found[count, depth] = last
    return found, count + 1


@njit(cache=True, nogil=True)
def _complete_one(found, count, flips, depth, key, state, tables):
    """Append the paths of one more flip i below the last flip j, which met the string before it."""
    j, keys = flips[depth - 1], tables.keys
    shift, start, entries = tables.singles
    b = bucket(key, shift)
    for e in range(start[b], start[b + 1]):
        i = entries[e]
        if i >= j:
            break
        if keys[i] == key and (bit_of(state, i) != uint64(0)) != rows_anticommute(tables.turns[j], tables.turns[i]):
            found, count = _record(found, count, flips, depth, i, -1)
    return found, count


@njit(cache=True, nogil=True)
def _complete_two(found, count, flips, depth, key, state, tables):
    """Append the paths of two more flips, i below j below the last flip; tables of pairs come with all rows."""
    last, keys, meets = flips[depth - 1], tables.keys, tables.meets.rows
    shift, start, entries = tables.pairs
    b = bucket(key, shift)
    for e in range(start[b], start[b + 1]):
        j, i = entries[e] >> 32, entries[e] & LOW_HALF
        if j >= last:
            break
        if keys[i] ^ keys[j] == key and bit_of(state, j) != bit_of(meets[last], j):
            if bit_of(state, i) ^ bit_of(meets[last], i) != bit_of(meets[j], i):
                found, count = _record(found, count, flips, depth, i, j)
    return found, count


@njit(cache=True, nogil=True)
def descend(state, meets, j, child):
    """Write to ``child`` which rotations below j anticommute with the string after its flip at j."""
    top, row = j >> 6, meets.place[j]
    for w in range(top):
        child[w] = state[w] ^ meets.rows[row, w]
    child[top] = (state[top] ^ meets.rows[row, top]) & ((ONE << uint64(j & 63)) - ONE)
    child[top + 1 :] = uint64(0)


@njit(cache=True, nogil=True)
def _clear_below(row, least):
    """Clear the bits below ``least``."""
    row[: least >> 6] = uint64(0)
    if least & 63:
        row[least >> 6] &= ~((ONE << uint64(least & 63)) - ONE)


@njit(cache=True, nogil=True)
def _complete(found, count, flips, depth, budget, key, state, tables):
    """Append all paths that go on from the last flip within the budget; no more than the tables complete may be left of it.

    ``state`` : which rotations anticommuted with the string before that flip.
    """
    if key == uint64(0):
        found, count = _record(found, count, flips, depth, -1, -1)
    if budget - depth >= 1:
        found, count = _complete_one(found, count, flips, depth, key, state, tables)
    if budget - depth >= 2:
        found, count = _complete_two(found, count, flips, depth, key, state, tables)
    return found, count


@njit(cache=True, nogil=True)
def find_paths(tables, root_key, root_row, first_low, first_high, budget, most, most_nodes):
    """Return (found, nodes): the paths of at most ``budget`` flips whose first flip is in ``[first_low, first_high)``.

    Parameters
    ----------
    tables : of the rotations. root_key, root_row : of the string.
    first_low, first_high : part of the first flips; the path without a flip belongs to ``first_low = 0``.
    budget : k, at least 1.
    most, most_nodes : the walk stops when it has more paths, or has visited more nodes.

    ``found`` is int32, shape ``(n_paths, budget)``: flips in the order of the walk, rotations descending, -1 beyond the end.
    """
    keys, n_words, deepest = tables.keys, len(root_row), max(budget - tables.reach, 1) - 1
    state, left = np.zeros((deepest + 2, n_words), np.uint64), np.zeros((deepest + 2, n_words), np.uint64)
    key_at, flips = np.zeros(deepest + 2, np.uint64), np.empty(deepest + 2, np.int32)
    found, count, nodes, depth = np.full((1024, budget), -1, np.int32), 0, 1, 0
    state[0], left[0], key_at[0] = root_row, root_row, root_key
    if first_low == 0 and root_key == uint64(0):
        found, count = _record(found, count, flips, 0, -1, -1)
    _clear_below(left[0], max(first_low, tables.least[leading_zeros(root_key)]))
    if first_high < 64 * n_words:
        left[0, first_high >> 6] &= (ONE << uint64(first_high & 63)) - ONE
        left[0, (first_high >> 6) + 1 :] = uint64(0)
    while depth >= 0 and count <= most and nodes <= most_nodes:
        w, j, key = 0, -1, key_at[depth]
        while w < n_words and j < 0:
            bits = left[depth, w]
            while bits and j < 0:
                candidate = 64 * w + trailing_zeros(bits)
                bits &= bits - ONE
                if depth < deepest or passes(tables.sieve, key ^ keys[candidate]):
                    j = candidate
            left[depth, w] = bits
            w += j < 0
        if j < 0:
            depth -= 1
            continue
        nodes += 1
        key ^= keys[j]
        flips[depth] = j
        if depth == deepest:
            found, count = _complete(found, count, flips, depth + 1, budget, key, state[depth], tables)
            continue
        child = state[depth + 1]
        descend(state[depth], tables.meets, j, child)
        depth += 1
        if key == uint64(0):
            found, count = _record(found, count, flips, depth, -1, -1)
        key_at[depth], left[depth] = key, child
        _clear_below(left[depth], tables.least[leading_zeros(key)])
    return found[:count].copy(), nodes


@njit(cache=True, nogil=True)
def sample_walks(tables, root_key, root_row, budget, uniform):
    """Return unbiased estimates of (paths, nodes) that `find_paths` finds and visits, float64, one a row of ``uniform``.

    Each sample takes one child of every node, rotation j with a weight of (j + 1)^(flips still to walk), which is about
    the number of nodes below it, and counts for the inverse of its probability (Knuth 1975). Numbers end at 1e300.

    ``uniform`` : numbers in [0, 1), shape ``(samples, levels)`` of at least budget levels.
    """
    n_words, deepest = len(root_row), max(budget - tables.reach, 1) - 1
    state, child = np.empty(n_words, np.uint64), np.empty(n_words, np.uint64)
    found, flips = np.full((1024, budget), -1, np.int32), np.empty(deepest + 2, np.int32)
    paths, nodes = np.zeros(len(uniform)), np.ones(len(uniform))
    for sample in range(len(uniform)):
        state[:], key, weight = root_row, root_key, 1.0
        paths[sample] = key == uint64(0)
        for depth in range(deepest + 1):
            least, power = tables.least[leading_zeros(key)], deepest - depth
            total, top = 0.0, len(tables.keys) - 1
            while top >= least and not bit_of(state, top):
                top -= 1
            # relative to the largest: powers of hundreds of flips leave the floats
            for j in range(least, top + 1):
                if bit_of(state, j):
                    total += ((j + 1.0) / (top + 1.0)) ** power
            if total == 0.0:
                break
            goal, j, passed = uniform[sample, depth] * total, np.int64(least), 0.0
            last = j
            while j <= top and passed <= goal:
                if bit_of(state, j):
                    passed += ((j + 1.0) / (top + 1.0)) ** power
                    last = j
                j += 1
            weight = min(weight * total / ((last + 1.0) / (top + 1.0)) ** power, MOST_NODES)
            nodes[sample] += weight
            key ^= tables.keys[last]
            flips[depth] = last
            if depth == deepest:
                found, count = _complete(found, 0, flips, depth + 1, budget, key, state, tables)
                paths[sample] += weight * count
                break
            descend(state, tables.meets, last, child)
            state[:] = child
            paths[sample] += weight * (key == uint64(0))
    return paths, nodes
