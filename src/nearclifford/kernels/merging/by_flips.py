"""The chain of a Pauli string through the rotations, equal strings merged, its probability sorted by the number of flips.

As `propagate`, whose strings, coordinates and tables these are; only the masses are not bounds but numbers: column c holds
the mass after c flips, the last column that after as many or more.

Cost: as `propagate`, and one multiplication a column for each string that is met.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.merging.propagate import SLOTS, fold, gather, slot_of
from nearclifford.kernels.pauli import rows_anticommute


@njit(cache=True)
def _flip_into(mass, target, source, flip):
    """Add to a row the mass of another, times ``flip`` and one flip further."""
    last = mass.shape[1] - 1
    mass[target, last] += flip * source[last]
    for c in range(last):
        mass[target, c + 1] += flip * source[c]


@njit(cache=True)
def pass_by_flips(keys, mass, count, table, generator, stay, flip):
    """Pass one rotation; return the new count. Room for twice the strings is needed, in the rows and in the table."""
    old = count
    partner, here, there = np.empty(keys.shape[1], np.uint64), np.empty(mass.shape[1]), np.empty(mass.shape[1])
    for row in range(old):
        if not rows_anticommute(keys[row], generator):
            continue
        for w in range(len(partner)):
            partner[w] = keys[row, w] ^ generator[w]
        slot = slot_of(table, keys, partner)
        other = table[slot]
        if 0 <= other < row:
            continue
        here[:] = mass[row]
        mass[row] *= stay
        if other < 0:
            other = count
            keys[count], mass[count] = partner, 0.0
            table[slot] = count
            count += 1
        else:
            there[:] = mass[other]
            mass[other] *= stay
            _flip_into(mass, row, there, flip)
        _flip_into(mass, other, here, flip)
    return count


@njit(cache=True)
def propagate_by_flips(generators, rank, stay, flip, rows, weight, n_columns, max_terms):
    """Return the mass that ends Z-type after 0, 1, ... flips, float64, shape ``(n_columns,)``; empty if strings run out.

    ``weight`` : float64, shape ``(n_rows,)``, of any sign: the mass of each start. For the others see `merging.propagate`.
    """
    capacity = 2 * max(len(rows), 32)
    keys, mass = np.empty((capacity, rows.shape[1]), np.uint64), np.zeros((capacity, n_columns))
    keys[: len(rows)], mass[: len(rows), 0] = rows, weight
    count, table = gather(keys, mass, len(rows), -1, np.ones(len(rows), np.bool_))
    for j in range(len(generators) - 1, -1, -1):
        if 2 * count > len(keys):
            wider, heavier = np.empty((4 * count, keys.shape[1]), np.uint64), np.zeros((4 * count, n_columns))
            wider[:count], heavier[:count] = keys[:count], mass[:count]
            keys, mass = wider, heavier
        if SLOTS * count > len(table):
            count, table = gather(keys, mass, 2 * count, -1, np.arange(2 * count) < count)
        count = pass_by_flips(keys, mass, count, table, generators[j], stay[j], flip[j])
        if rank[j] < rank[j + 1]:
            count, table = fold(keys, mass, count, rank[j])
        if count > max_terms:
            return np.empty(0)
    total = np.zeros(n_columns)
    for row in range(count):
        total += mass[row]
    return total
