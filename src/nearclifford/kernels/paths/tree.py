"""Paths compiled to a list of steps in which every product that paths have in common is formed once.

The walk of one string goes down the rotations, last first. A *level* is a string on the way: level 0 the observable's,
level d after d flips, each with the product of what it has passed so far. The steps are

    START   level 0 begins: a term of the observable
    FLIP    level d - 1 passes some rotations at which it stays, then level d branches off by a flip at one
    END     level d passes the rest of the rotations: one path is complete, with its weight

Stays are written by neighbourhoods: those of rotations ``h * width`` to ``h * width + width - 1`` as one number,
``h << width | which of them``, the row of a table of products. Paths come sorted as a walk finds them, the flips descending
and a path after those that go on from it, so that a level is left for good by its END, and each step needs only the levels
above.

Cost: n / 64 words for each step and a write for each stay; with W words for the sign of each string.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.bits import leading_zeros, population_count
from nearclifford.kernels.paths.search import descend
from nearclifford.kernels.pauli import commutator_sign

START, END = -2, -1


class PathTree(NamedTuple):
    """All paths of a landscape with fewer flips than an order, as steps.

    Attributes
    ----------
    n_levels : levels of the tree, one more than the flips of its longest path may be.
    width : how many neighbouring rotations make one row of a table.
    level : int16, rotation : int32, weight : float64, shape ``(n_steps,)``: the weight of an END is its path's coefficient.
    stay_start : int64, shape ``(n_steps + 1,)``; stays : int32, rows of the table: ``neighbourhood << width | which``.
    """

    n_levels: int
    width: int
    level: npt.NDArray[np.int16]
    rotation: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float64]
    stay_start: npt.NDArray[np.int64]
    stays: npt.NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in (self.level, self.rotation, self.weight, self.stay_start, self.stays))


@njit(cache=True, nogil=True)
def _common(found, row):
    """Return how many flips a path shares with the one before it, and how many it has."""
    budget = found.shape[1]
    length = 0
    while length < budget and found[row, length] >= 0:
        length += 1
    shared = 0
    if row > 0:
        while shared < length and found[row, shared] == found[row - 1, shared]:
            shared += 1
    return shared, length


@njit(cache=True, nogil=True)
def _add_stays(row, high, low, rotations, width, stays, count):
    """Append the rotations between ``low`` and ``high`` whose bits are set, by neighbourhoods; return (stays, count)."""
    if count + high - low > len(stays):
        wider = np.empty(2 * len(stays) + high - low, np.int32)
        wider[:count] = stays[:count]
        stays = wider
    where, which = np.int64(-1), np.int64(0)
    for w in range((high - 1) >> 6, ((low + 1) >> 6) - 1, -1):
        bits = row[w]
        if high < 64 * (w + 1):
            bits &= (uint64(1) << uint64(high & 63)) - uint64(1)
        if low >= 64 * w:
            bits &= ~((uint64(2) << uint64(low & 63)) - uint64(1))
        while bits:
            bit = np.int64(uint64(63) - leading_zeros(bits))
            bits ^= uint64(1) << uint64(bit)
            j = np.int64(rotations[64 * w + bit])
            if j // width != where:
                stays[count] = where << width | which
                count += where >= 0
                where, which = j // width, 0
            which |= 1 << (j % width)
    stays[count] = where << width | which
    return stays, count + (where >= 0)


@njit(cache=True, nogil=True)
def compile_tree(found, meets, root_row, rotations, width, generators, string):
    """Return (level, rotation, sign, stay_start, stays): the steps of sorted paths of one string.

    Parameters
    ----------
    found : int32, shape ``(n_paths, k)``, sorted: flips descending, -1 beyond the end.
    meets : `Meetings` with a row for every flip. root_row : of the string. rotations : int32: what the steps call them.
    width : how many neighbouring rotations share a row of the table of products.
    generators, string : `Strings`; the string is one row.

    Returns
    -------
    level : int16, rotation : int32 (or `START`, `END`), sign : int8 (of an END, else 0), shape ``(n_steps,)``.
    stay_start : int64, shape ``(n_steps + 1,)``; the stays of step s are ``stays[stay_start[s] : stay_start[s + 1]]``.
    """
    gx, gz, g_sign = generators
    n_steps = 1
    for row in range(len(found)):
        shared, length = _common(found, row)
        n_steps += length - shared + 1
    level, rotation = np.empty(n_steps, np.int16), np.empty(n_steps, np.int32)
    sign, stay_start = np.zeros(n_steps, np.int8), np.zeros(n_steps + 1, np.int64)
    stays, count = np.empty(1024, np.int32), 0
    n_levels = found.shape[1] + 1
    state, place = np.zeros((n_levels, len(root_row)), np.uint64), np.zeros(n_levels, np.int64)
    x, z = np.zeros((n_levels, gx.shape[1]), np.uint64), np.zeros((n_levels, gx.shape[1]), np.uint64)
    signs = np.ones(n_levels, np.int64)
    state[0], place[0] = root_row, len(rotations)
    x[0], z[0], signs[0] = string.x[0], string.z[0], string.sign[0]
    level[0], rotation[0], step = 0, START, 1
    for row in range(len(found)):
        shared, length = _common(found, row)
        for d in range(shared + 1, length + 1):
            j = np.int64(found[row, d - 1])
            stays, count = _add_stays(state[d - 1], place[d - 1], j, rotations, width, stays, count)
            # the string that did not flip here stays
            place[d - 1] = j + 1
            descend(state[d - 1], meets, j, state[d])
            place[d] = j
            signs[d] = signs[d - 1] * g_sign[j] * commutator_sign(gx, gz, j, x, z, d - 1)
            x[d], z[d] = x[d - 1] ^ gx[j], z[d - 1] ^ gz[j]
            level[step], rotation[step] = d, rotations[j]
            step += 1
            stay_start[step] = count
        stays, count = _add_stays(state[length], place[length], -1, rotations, width, stays, count)
        level[step], rotation[step] = length, END
        # A key of several words may match by accident: such a path ends off the Z-type strings and weighs nothing.
        sign[step] = 0 if x[length].any() else signs[length]
        step += 1
        stay_start[step] = count
    return level, rotation, sign, stay_start, stays[:count].copy()


@njit(cache=True, nogil=True)
def list_paths(tree, wanted):
    """Return (flips, n_stays, start, stayed) of the paths of a tree whose weight is not zero, in the order of their ENDs.

    ``flips`` : int32, shape ``(n_paths, n_levels - 1)``, descending, -1 beyond the end; ``n_stays`` : int32.
    ``wanted`` : bool, shape ``(n_paths,)``, or empty for none: path i of these stays at ``stayed[start[i] : start[i + 1]]``,
    in no order; the others list nothing.
    """
    n_levels, width, level, rotation, weight, stay_start, stays = tree
    n_paths = 0
    for s in range(len(level)):
        n_paths += rotation[s] == END and weight[s] != 0.0
    flips, n_stays = np.full((n_paths, n_levels - 1), -1, np.int32), np.zeros(n_paths, np.int32)
    start, stayed, total = np.zeros(n_paths + 1, np.int64), np.empty(1024, np.int32), 0
    # of each level: its flip, its stays and their number, and how many rotations stayed on the whole way
    flip, end, below = np.empty(n_levels, np.int32), np.zeros(n_levels, np.int64), np.zeros(n_levels, np.int64)
    passed = np.empty((n_levels, 64), np.int32)
    row = 0
    for s in range(len(level)):
        d = np.int64(level[s])
        above = d if rotation[s] < 0 else d - 1
        if rotation[s] == START:
            end[0], below[0] = 0, 0
            continue
        if end[above] + stay_start[s + 1] - stay_start[s] > passed.shape[1]:
            wider = np.empty((n_levels, 2 * (end[above] + stay_start[s + 1] - stay_start[s])), np.int32)
            wider[:, : passed.shape[1]] = passed
            passed = wider
        for i in range(stay_start[s], stay_start[s + 1]):
            passed[above, end[above]] = stays[i]
            end[above] += 1
            below[above] += np.int64(population_count(uint64(stays[i] & ((1 << width) - 1))))
        if rotation[s] != END:
            flip[d - 1], end[d], below[d] = rotation[s], 0, below[above]
            continue
        if weight[s] == 0.0:
            continue
        flips[row, :d] = flip[:d]
        n_stays[row] = below[d]
        if len(wanted) and wanted[row]:
            if total + below[d] > len(stayed):
                longer = np.empty(2 * (total + below[d]), np.int32)
                longer[:total] = stayed[:total]
                stayed = longer
            for above in range(d + 1):
                for i in range(end[above]):
                    for bit in range(width):
                        if (passed[above, i] >> bit) & 1:
                            stayed[total] = (passed[above, i] >> width) * width + bit
                            total += 1
        row += 1
        start[row] = total
    return flips, n_stays, start, stayed[:total].copy()
