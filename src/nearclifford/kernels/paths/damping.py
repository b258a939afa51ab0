"""The product of the dampings along each path of a tree, for circuits with Pauli noise.

Cost: a path pays for the channels behind its last flip before the paths it shares them with have parted, 8 W words each.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.damping import damped
from nearclifford.kernels.paths.tree import END, START


@njit(cache=True, nogil=True)
def path_dampings(steps, n_levels, generators, string, channels):
    """Return the damping of each path at its END, 1 at other steps: float64, shape ``(n_steps,)``.

    Parameters
    ----------
    steps : (level, rotation) of the steps of one string's tree, see `PathTree`.
    generators, string : `Strings`; the string is one row. channels : `Channels`.
    """
    level, rotation = steps
    n_words = generators.x.shape[1]
    x, z = np.zeros((n_levels, n_words), np.uint64), np.zeros((n_levels, n_words), np.uint64)
    product, place = np.ones(n_levels), np.zeros(n_levels, np.int64)
    result = np.ones(len(level))
    for s in range(len(level)):
        d, j = np.int64(level[s]), np.int64(rotation[s])
        if j == START:
            x[0], z[0], product[0], place[0] = string.x[0], string.z[0], 1.0, len(channels.after)
            continue
        above = d if j == END else d - 1
        passed, place[above] = damped(channels, x[above], z[above], place[above], 0 if j == END else j + 1)
        product[above] *= passed
        if j == END:
            result[s] = product[d]
            continue
        x[d], z[d] = x[above] ^ generators.x[j], z[above] ^ generators.z[j]
        product[d], place[d] = product[above], place[above]
    return result
