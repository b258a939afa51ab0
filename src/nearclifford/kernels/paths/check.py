"""Whether steps make a tree of paths, so that the kernels which walk it stay inside their arrays.

Cost: one pass over the steps and their stays.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import highest_bit, trailing_zeros
from nearclifford.kernels.paths.tree import END, START


@njit(cache=True)
def _pass_stays(stays, begin, end, width, place):
    """Return the lowest of the rotations stayed at, which must descend from below ``place``; -1 where they do not."""
    for i in range(begin, end):
        row = np.int64(stays[i])
        which = row & ((1 << width) - 1)
        if row < 0 or which == 0:
            return -1
        low, high = trailing_zeros(np.uint64(which)), np.int64(highest_bit(np.uint64(which)))
        first = (row >> width) * width
        if first + high >= place:
            return -1
        place = first + low
    return place


@njit(cache=True)
def first_fault(tree, n_rotations):
    """Return the first step that does not follow from those before it, -1 if there is none; see `tree` for the rules.

    ``stay_start`` must ascend from 0 to ``len(stays)``, of which this is not checked.
    """
    n_levels, width, level, rotation, _, stay_start, stays = tree
    place, flipped = np.empty(n_levels, np.int64), np.empty(n_levels, np.int64)
    depth = -1
    for s in range(len(level)):
        d, j = np.int64(level[s]), np.int64(rotation[s])
        begin, end = stay_start[s], stay_start[s + 1]
        if j == START:
            if d != 0 or begin != end:
                return s
            depth, place[0], flipped[0] = 0, n_rotations, n_rotations
            continue
        above = d if j == END else d - 1
        if j < END or j >= n_rotations or above < 0 or above > depth or d >= n_levels:
            return s
        lowest = _pass_stays(stays, begin, end, width, place[above])
        if lowest < 0:
            return s
        if j == END:
            depth = d - 1
            continue
        # a string that does not flip here may stay here later
        if j >= lowest or j >= flipped[above]:
            return s
        place[above], flipped[above] = j + 1, j
        depth, place[d], flipped[d] = d, j, j
    return -1
