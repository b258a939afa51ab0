"""Which rotations an observable can meet, and which terms share them: the kernels of compression.

Pauli strings are rows of 64-qubit words; a set of rotations is a row of bits, rotation j at bit j % 64 of word j // 64.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import parity, population_count
from nearclifford.kernels.commutation import commutation_rows, side_by_side, transposed
from nearclifford.kernels.gf2 import bits_that_occur, extend, is_within, room_for
from nearclifford.kernels.pauli import meeting_bits

WINDOW = 8


@njit(cache=True)
def _words_of(strings):
    """Return where each string has its letters, int64, shape ``(n, 2)``: from this word up to that one."""
    words = np.zeros((len(strings.x), 2), np.int64)
    for j in range(len(strings.x)):
        for w in range(strings.x.shape[1]):
            if strings.x[j, w] | strings.z[j, w]:
                words[j, 1] = w + 1
                if words[j, 0] == 0 and not (strings.x[j, 0] | strings.z[j, 0]):
                    words[j, 0] = w
    return words


@njit(cache=True)
def _meet(turns, i, j):
    """Return whether two rotations anticommute; where their letters are words apart, nothing is read."""
    x, z, words = turns
    word = np.uint64(0)
    for w in range(max(words[i, 0], words[j, 0]), min(words[i, 1], words[j, 1])):
        word ^= meeting_bits(x[i, w], z[i, w], x[j, w], z[j, w])
    return parity(word) == np.uint64(1)


@njit(cache=True)
def _add_all(row, others):
    for v in range(len(row)):
        row[v] |= others[v]


@njit(cache=True)
def _lacks(row, goal):
    for v in range(len(row)):
        if goal[v] & ~row[v]:
            return True
    return False


@njit(cache=True)
def _join_outward(j, hits, goal, turns, kept, place):
    """Add the terms of the kept rotations that anticommute with j, outward from ``place``; return the last that helped."""
    begin, lacks = place, _lacks(hits[j], goal)
    for step in range(len(kept)):
        if not lacks:
            break
        at = begin + ((step + 1) >> 1 if step & 1 else -(step >> 1))
        at += len(kept) if at < 0 else -len(kept) if at >= len(kept) else 0
        if _meet(turns, kept[at], j):
            _add_all(hits[j], hits[kept[at]])
            place, lacks = at, _lacks(hits[j], goal)
    return place


@njit(cache=True)
def _join_nearby(j, hits, goal, turns, first, last, chains):
    """Add the terms of the rotations that anticommute with j, of those whose letters begin in some of the words."""
    head, after = chains
    lacks = _lacks(hits[j], goal)
    for w in range(first, last):
        i = head[w]
        while i >= 0 and lacks:
            if _meet(turns, i, j):
                _add_all(hits[j], hits[i])
                lacks = _lacks(hits[j], goal)
            i = after[i]


@njit(cache=True)
def terms_that_meet(generators, terms):
    """Return uint64, shape ``(n, ceil(T / 64))``: bit t is set where term t can meet rotation j.

    A term meets a rotation if it anticommutes with it, or if it meets a later rotation that anticommutes with it. A rotation
    is done with as soon as it has every term that a later one has.

    Cost: `commutation_rows`; then mostly two or three tests of 2 W words for each rotation, since the search goes outward
    from the one that was of use to the rotation before, in time and its layer; a test with every later rotation that has a
    letter in words nearby, and T / 64 words for half of these, where the terms differ to the end.
    """
    x, z = generators.x, generators.z
    n, n_terms = len(x), len(terms.x)
    hits = commutation_rows(side_by_side(x, z), side_by_side(terms.x, terms.z), np.full(n, n_terms))
    words, kept, count, place = _words_of(generators), np.empty(n, np.int64), 0, 0
    goal = np.zeros(hits.shape[1], np.uint64)
    # the kept rotations by the word of their first letter, chained, the latest kept first
    head, after, many = np.full(x.shape[1], -1), np.empty(n, np.int64), np.zeros(x.shape[1], np.int64)
    widest = 0
    for j in range(n - 1, -1, -1):
        first, last = max(words[j, 0] - widest + 1, 0), words[j, 1]
        if 2 * many[first:last].sum() < count:
            _join_nearby(j, hits, goal, (x, z, words), first, last, (head, after))
        else:
            place = _join_outward(j, hits, goal, (x, z, words), kept[:count], place)
        if hits[j].any():
            kept[count] = j
            count += 1
            _add_all(goal, hits[j])
            w, widest = words[j, 0], max(widest, words[j, 1] - words[j, 0])
            after[j], head[w] = head[w], j
            many[w] += 1
    return hits


@njit(cache=True)
def reach_of_terms(generators, terms):
    """Return the members of every term, uint64, shape ``(n_terms, ceil(n / 64))``; cost: `terms_that_meet`."""
    return transposed(terms_that_meet(generators, terms), len(terms.x))


@njit(cache=True)
def _size(members):
    count = 0
    for w in range(len(members)):
        count += population_count(members[w])
    return float(count)


@njit(cache=True)
def _cost(size, rank, unit):
    """Return the cost of one sweep, members * 2^rank, the observable counted as one rotation, in units of 2^unit."""
    return (1.0 + size) * 2.0 ** (rank - unit)


@njit(cache=True)
def _copy(echelon, rank, target):
    target.vectors[:rank], target.pivot[:rank] = echelon.vectors[:rank], echelon.pivot[:rank]
    target.origin[:rank] = echelon.origin[:rank]


@njit(cache=True)
def _origins(echelon, rank, chosen):
    """Write which rotations the vectors of a basis come from."""
    chosen[:] = 0
    for j in echelon.origin[:rank]:
        chosen[j >> 6] |= np.uint64(1) << np.uint64(j & 63)


@njit(cache=True)
def group_terms(generators, terms):
    """Return (group of each term, -1 where its mean is zero; members of each group, (groups, words)).

    Terms join one of the last `WINDOW` groups if one sweep over the union costs no more than two apart. Cost:
    `reach_of_terms`; for each term without the full rank of all rotations, the span of its members and of what is new to
    each of these groups.
    """
    x, reached = generators.x, reach_of_terms(generators, terms)
    n_terms, words = reached.shape
    everything, chosen = np.full(words, ~np.uint64(0)), np.zeros(words, np.uint64)
    full, own, bases = room_for(x), room_for(x), [room_for(x) for _ in range(WINDOW)]
    most = extend(full, 0, x, everything, bits_that_occur(x, everything))
    _origins(full, most, chosen)
    group, members = np.full(n_terms, -1, np.int64), np.zeros((n_terms, words), np.uint64)
    rank, n_groups = np.zeros(n_terms, np.int64), 0
    for t in range(n_terms):
        mine, alone, basis = reached[t], most, full
        if _lacks(mine, chosen):
            alone, basis = extend(own, 0, x, mine, most), own
            if alone == most:
                _origins(own, most, chosen)
        # A term whose x-part no product of the rotations can cancel never meets |0>: its mean vanishes everywhere.
        if not is_within(terms.x[t], basis.vectors, basis.pivot[:alone]):
            continue
        best, saving, best_rank = n_groups, 0.0, alone
        for g in range(n_groups - 1, max(-1, n_groups - 1 - WINDOW), -1):
            union, joint = members[g] | mine, max(rank[g], alone)
            if joint < most:
                joint = extend(bases[g % WINDOW], rank[g], x, mine & ~members[g], most)
            # in units of the joint rank: powers of thousands of qubits leave the floats
            apart = _cost(_size(members[g]), rank[g], joint) + _cost(_size(mine), alone, joint)
            saved = apart - _cost(_size(union), joint, joint)
            if saved >= 0.0 and (best == n_groups or saved * 2.0 ** (joint - best_rank) > saving):
                best, saving, best_rank = g, saved, joint
        if best == n_groups:
            _copy(basis, alone, bases[best % WINDOW])
            n_groups += 1
        # where a group was extended, its new vectors stand behind the old ones
        members[best] |= mine
        rank[best] = best_rank
        group[t] = best
    return group, members[:n_groups].copy()
