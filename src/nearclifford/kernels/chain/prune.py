"""What is left of a list of row operations for one start: the operations that can matter, sorted into moves and stops.

See `nearclifford.kernels.chain.walk` for the operations. Cost: three passes over the list, about 5 ns an operation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.chain.rows import DAMP, FLIP_Y, NO_ROTATION, XOR


class Route(NamedTuple):
    """The operations that are left, XORs apart from rotations.

    moves : int32, shape ``(n_moves, 2)``: target and source of each XOR.
    stops : int32, shape ``(n_stops, 5)``: of each rotation kind, target, source, rotation and how many moves come before.
    clock : float64, shape ``(n_stops + 1, 2)``: the hazards of one bit summed over the stops before each, and its own;
        stops in ``fixed`` count as zero.
    fixed : int64: the stops where every bit is drawn, those of infinite hazard and the chosen one; ends with n_stops.
    x_rows : int64, shape ``(N,)``: the rows that must vanish at the end.
    damps : int32, shape ``(n_letters, 5)``: of each letter at a channel the rows of x and z, twice the number of the channel
        (one more for its second qubit), and how many moves and stops come before; letters of one channel are neighbours.
    """

    moves: npt.NDArray[np.int32]
    stops: npt.NDArray[np.int32]
    clock: npt.NDArray[np.float64]
    fixed: npt.NDArray[np.int64]
    x_rows: npt.NDArray[np.int64]
    damps: npt.NDArray[np.int32]


@njit(cache=True)
def turns(kind):
    """Return whether an operation is a rotation."""
    return kind != XOR and kind != DAMP


@njit(cache=True)
def prune(rows, start, chosen, kept):
    """Write to ``kept`` the operations that can change the end of a chain from ``start``; return how many.

    ``start`` : bool, which rows may be set; ``chosen`` : the rotation that is differentiated or -1. Returns -1 if the chain
    never anticommutes with it: the derivative is zero everywhere.
    """
    kind, target, source, rotation, x_rows = rows
    possible, count, met = start.copy(), 0, chosen == NO_ROTATION
    for i in range(len(kind)):
        s, t = source[i], target[i]
        if kind[i] == DAMP:
            if not (possible[s] or possible[t]):
                continue
        elif kind[i] == FLIP_Y:
            if not (possible[s] or possible[t]):
                continue
            possible[s] = possible[t] = True
        else:
            if not possible[s]:
                continue
            possible[t] = True
        if turns(kind[i]) and rotation[i] == chosen:
            met = True
        kept[count] = i
        count += 1
    if not met:
        return -1
    needed = np.zeros(len(start), np.bool_)
    needed[x_rows] = True
    first = count
    for place in range(count - 1, -1, -1):
        i = kept[place]
        s, t = source[i], target[i]
        here = turns(kind[i]) and rotation[i] == chosen
        if not (here or needed[t] or (kind[i] == FLIP_Y and needed[s]) or kind[i] == DAMP):
            continue
        needed[s] = True
        if kind[i] == FLIP_Y or kind[i] == DAMP:
            needed[t] = True
        first -= 1
        kept[first] = i
    for place in range(first, count):
        kept[place - first] = kept[place]
    return count - first


@njit(cache=True)
def split(rows, kept, hazard, chosen):
    """Return the `Route` of the kept operations; every bit is drawn at ``chosen``."""
    kind, target, source, rotation, x_rows = rows
    n_moves = n_damps = 0
    for i in kept:
        n_moves += kind[i] == XOR
        n_damps += kind[i] == DAMP
    n_stops, damps = len(kept) - n_moves - n_damps, np.empty((n_damps, 5), np.int32)
    moves, stops = np.empty((n_moves, 2), np.int32), np.empty((n_stops, 5), np.int32)
    clock, fixed = np.zeros((n_stops + 1, 2)), np.empty(n_stops + 1, np.int64)
    m = f = d = n_fixed = 0
    for i in kept:
        if kind[i] == XOR:
            moves[m, 0], moves[m, 1] = target[i], source[i]
            m += 1
            continue
        if kind[i] == DAMP:
            damps[d, 0], damps[d, 1], damps[d, 2], damps[d, 3], damps[d, 4] = target[i], source[i], rotation[i], m, f
            d += 1
            continue
        j = rotation[i]
        stops[f, 0], stops[f, 1], stops[f, 2], stops[f, 3], stops[f, 4] = kind[i], target[i], source[i], j, m
        if j == chosen or hazard[j] == np.inf:
            fixed[n_fixed] = f
            n_fixed += 1
        else:
            clock[f, 1] = hazard[j]
        clock[f + 1, 0] = clock[f, 0] + clock[f, 1]
        f += 1
    fixed[n_fixed] = n_stops
    return Route(moves, stops, clock, fixed[: n_fixed + 1].copy(), x_rows, damps)
