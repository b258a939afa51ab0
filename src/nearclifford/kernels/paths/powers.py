"""Paths as monomials in the sines and cosines of a few angles: how often each one flips and stays at each.

Rotations that turn by one and the same angle, up to a sign, are of one kind. Of a path it then only matters how often it
flips and stays at each kind; a rotation of no kind turns by a fixed angle and is a number.

Cost: one addition for each stay of the tree, and a copy of the powers for each step.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.paths.tree import END, START


@njit(cache=True, nogil=True)
def path_powers(tree, kind, on_flip, on_stay, n_kinds):
    """Return (powers, weight) of the paths whose weight is not zero, in the order of their ENDs.

    Parameters
    ----------
    tree : `PathTree`.
    kind : int64, shape ``(n_rotations,)``: which of the angles a rotation turns by, -1 for a fixed one.
    on_flip, on_stay : float64, shape ``(n_rotations,)``: what a flip and a stay multiply the weight by.

    Returns
    -------
    powers : uint16, shape ``(n_paths, 2 * n_kinds)``: of the sines in even columns, of the cosines in odd ones.
    weight : float64, shape ``(n_paths,)``.
    """
    n_levels, width, level, rotation, weight, stay_start, stays = tree
    n_paths = 0
    for s in range(len(level)):
        n_paths += rotation[s] == END and weight[s] != 0.0
    powers, found = np.empty((n_paths, 2 * n_kinds), np.uint16), np.empty(n_paths)
    power, factor = np.zeros((n_levels, 2 * n_kinds), np.uint16), np.ones(n_levels)
    row = 0
    for s in range(len(level)):
        d = np.int64(level[s])
        if rotation[s] == START:
            power[0], factor[0] = 0, 1.0
            continue
        above = d if rotation[s] == END else d - 1
        for i in range(stay_start[s], stay_start[s + 1]):
            first = np.int64(stays[i] >> width) * width
            for bit in range(width):
                if (stays[i] >> bit) & 1:
                    j = first + bit
                    factor[above] *= on_stay[j]
                    if kind[j] >= 0:
                        power[above, 2 * kind[j] + 1] += 1
        if rotation[s] != END:
            j = np.int64(rotation[s])
            power[d], factor[d] = power[above], factor[above] * on_flip[j]
            if kind[j] >= 0:
                power[d, 2 * kind[j]] += 1
        elif weight[s] != 0.0:
            powers[row], found[row] = power[d], weight[s] * factor[d]
            row += 1
    return powers, found
