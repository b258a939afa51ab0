"""Reordering rotations so that a sweep reads the state rarely.

Greedy: a pass takes, in order, every rotation that keeps the span of its x-parts small and commutes with all those it
overtakes; an operation does the same within its pass. Cost: n * LOOK_AHEAD commutation tests at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.gf2 import insert, reduce
from nearclifford.kernels.pauli import meeting_bits

LANE_BITS = 3
SPAN_LIMIT = 6
DIAGONAL_LIMIT = 6
# A rotation is applied as 1 - i tan(φ/2) G and its cosine restored at the end of the pass. At φ = π the tangent is
# 1.6e16 in float64, and the square of a product of nine of them still fits the exponent.
TURN_LIMIT = 9
OPERATION_LIMIT = 8
LOOK_AHEAD = 128
# What a selection may take.
OFF_DIAGONAL, DIAGONAL, BOTH = 0, 1, 2


class Limits(NamedTuple):
    """What a selection of rotations may take at most.

    ``kind`` : `OFF_DIAGONAL` for rotations with x != 0 only, `DIAGONAL` for x = 0 only, or `BOTH`; ``dimension`` of the
    span; ``rotations``, and ``turns``, those with x != 0; no vector of the span lies below bit ``lowest``.
    """

    kind: int
    dimension: int
    rotations: int
    turns: int
    lowest: np.uint64


@njit(cache=True)
def _commutes_with_all(j, x, z, skipped, n_skipped):
    for i in range(n_skipped):
        k = skipped[i]
        if parity(meeting_bits(x[j], z[j], x[k], z[k])):
            return False
    return True


@njit(cache=True)
def _select(x, z, remaining, n_remaining, limits, basis, taken, skipped):
    """Take rotations, in order, that can move to the front within `Limits`; the first in line may lie below ``lowest``.

    Returns (number taken, number skipped, dimension); the unread tail of ``remaining`` is left where it is.
    """
    lowest = limits.lowest
    n_taken, n_skipped, dimension, turns = 0, 0, 0, 0
    read = 0
    while read < n_remaining and n_taken < limits.rotations and n_skipped < LOOK_AHEAD:
        j = remaining[read]
        read += 1
        is_diagonal = x[j] == 0
        fits = limits.kind == BOTH or (limits.kind == DIAGONAL) == is_diagonal
        residue = np.uint64(0)
        if fits and not is_diagonal:
            residue = reduce(x[j], basis, dimension)
            if n_taken + n_skipped == 0 and residue >> lowest == 0:
                lowest = np.uint64(0)
            fits = turns < limits.turns and (residue == 0 or (dimension < limits.dimension and residue >> lowest != 0))
        if fits and _commutes_with_all(j, x, z, skipped, n_skipped):
            taken[n_taken] = j
            n_taken += 1
            if not is_diagonal:
                turns += 1
            if residue != 0:
                insert(residue, basis, dimension)
                dimension += 1
        else:
            skipped[n_skipped] = j
            n_skipped += 1
    for i in range(n_skipped):
        remaining[i] = skipped[i]
    for i in range(read, n_remaining):
        remaining[n_skipped + i - read] = remaining[i]
    return n_taken, n_remaining - n_taken, dimension


@njit(cache=True)
def _pad(basis, size, target, n_bits):
    """Complete the basis with unit vectors to ``target`` dimensions, the highest free bits first."""
    bit = n_bits
    while size < target:
        bit -= 1
        residue = reduce(np.uint64(1) << np.uint64(bit), basis, size)
        if residue != 0:
            insert(residue, basis, size)
            size += 1


@njit(cache=True)
def order_rotations(n_bits, span, x, z):
    """Return (order, operation_start, pass_start, pass bases) of the greedy schedule."""
    n = len(x)
    order = np.empty(n, np.int64)
    operation_start = np.zeros(n + 1, np.int64)
    pass_start = np.zeros(n + 1, np.int64)
    bases = np.zeros((n, span), np.uint64)
    remaining = np.arange(n)
    taken, skipped = np.empty(n, np.int64), np.empty(n, np.int64)
    inner_taken = np.empty(n, np.int64)
    pair_basis = np.zeros(2, np.uint64)
    # A phase table must stay small beside the 2^(n_bits - 3) rows of amplitudes that read it.
    diagonal_limit = max(1, min(DIAGONAL_LIMIT, n_bits - 6))
    anywhere, above_lanes = np.uint64(0), np.uint64(LANE_BITS)
    of_pass = Limits(BOTH, span, 64, TURN_LIMIT, above_lanes)
    of_turns = Limits(OFF_DIAGONAL, 2, OPERATION_LIMIT, OPERATION_LIMIT, anywhere)
    of_phases = Limits(DIAGONAL, 0, diagonal_limit, 0, anywhere)
    left, done, n_operations, n_passes = n, 0, 0, 0
    while left > 0:
        basis = bases[n_passes]
        inside, left, dimension = _select(x, z, remaining, left, of_pass, basis, taken, skipped)
        _pad(basis, dimension, span, n_bits)
        while inside > 0:
            count, inside, _ = _select(x, z, taken, inside, of_turns, pair_basis, inner_taken, skipped)
            if count == 0:
                count, inside, _ = _select(x, z, taken, inside, of_phases, pair_basis, inner_taken, skipped)
            for i in range(count):
                order[done + i] = inner_taken[i]
            done += count
            n_operations += 1
            operation_start[n_operations] = done
        n_passes += 1
        pass_start[n_passes] = n_operations
    return order, operation_start[: n_operations + 1], pass_start[: n_passes + 1], bases[:n_passes]
