"""Which rotations an observable can meet, and which terms share them: the kernels of compression.

Pauli strings are rows of 64-qubit words; a set of rotations is a row of bits, rotation j at bit j % 64 of word j // 64.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.bits import population_count
from nearclifford.kernels.gf2 import is_within, span
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.pauli import anticommute

WINDOW = 8


@njit(cache=True)
def _touches(x, z, cover):
    for w in range(len(cover)):
        if (x[w] | z[w]) & cover[w]:
            return True
    return False


@njit(cache=True)
def reach(generators, term_x, term_z, members):
    """Set in ``members`` the rotations that fail to commute with the term or with a later member.

    Cost: one support test per rotation, and one commutation test per member for those that touch; W words each.
    """
    x, z = generators.x, generators.z
    kept = np.empty(len(x), np.int64)
    count = 0
    cover = term_x | term_z
    for j in range(len(x) - 1, -1, -1):
        if not _touches(x[j], z[j], cover):
            continue
        met = anticommute(x[j], z[j], term_x, term_z)
        i = count
        while not met and i > 0:
            i -= 1
            met = anticommute(x[j], z[j], x[kept[i]], z[kept[i]])
        if met:
            kept[count] = j
            count += 1
            members[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
            for w in range(len(cover)):
                cover[w] |= x[j, w] | z[j, w]


@parallel_kernel
def reach_of_terms(generators, terms):
    """Return the members of every term, uint64, shape ``(n_terms, ceil(n / 64))``; cost: `reach` for each."""
    members = np.zeros((len(terms.x), (len(generators.x) + 63) >> 6), np.uint64)
    for t in prange(len(terms.x)):
        reach(generators, terms.x[t], terms.z[t], members[t])
    return members


@njit(cache=True)
def _size(members):
    count = 0
    for w in range(len(members)):
        count += population_count(members[w])
    return float(count)


@njit(cache=True)
def _cost(x, members):
    """Return the cost of one sweep, members * 2^rank, the observable counted as one rotation."""
    return (1.0 + _size(members)) * 2.0 ** len(span(x, members)[1])


@njit(cache=True)
def group_terms(generators, terms):
    """Return (group of each term, -1 where its mean is zero; members of each group, (groups, words)).

    Terms join one of the last `WINDOW` groups if one sweep over the union costs no more than two apart. Cost: `reach` and
    at most `WINDOW` spans for each term.
    """
    x, term_x, term_z = generators.x, terms.x, terms.z
    n_terms, words = len(term_x), (len(x) + 63) >> 6
    group = np.full(n_terms, -1, np.int64)
    members = np.zeros((n_terms, words), np.uint64)
    cost = np.zeros(n_terms)
    n_groups = 0
    mine = np.zeros(words, np.uint64)
    for t in range(n_terms):
        mine[:] = 0
        reach(generators, term_x[t], term_z[t], mine)
        basis, pivot = span(x, mine)
        # A term whose x-part no product of the rotations can cancel never meets |0>: its mean vanishes everywhere.
        if not is_within(term_x[t], basis, pivot):
            continue
        alone = (1.0 + _size(mine)) * 2.0 ** len(pivot)
        best, saving = -1, -1.0
        for g in range(n_groups - 1, max(-1, n_groups - 1 - WINDOW), -1):
            union = members[g] | mine
            together = cost[g] if np.array_equal(union, members[g]) else _cost(x, union)
            if cost[g] + alone - together > saving and together <= cost[g] + alone:
                best, saving = g, cost[g] + alone - together
        if best < 0:
            best = n_groups
            n_groups += 1
        members[best] |= mine
        cost[best] = _cost(x, members[best])
        group[t] = best
    return group, members[:n_groups].copy()
