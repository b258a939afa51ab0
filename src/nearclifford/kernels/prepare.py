"""Per-angle tables of a sweep: tangents, phase tables and the powers of cosine that restore the norm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import parity


class Turns(NamedTuple):
    """What a sweep looks up for eight lanes of angles; the rows follow the schedule's order.

    ``tangent`` (2n, 8): rows ``2j`` and ``2j + 1`` hold plus and minus tan(φ_j / 2) times the generator's sign;
    ``table_real``, ``table_imaginary`` (table_rows, 8): phases of the diagonal operations by sign pattern;
    ``scale`` (passes, 8): product of the cosines that a pass leaves out;
    ``weight`` (n, 8): what turns the overlap found at rotation j of the way back into the derivative.
    """

    tangent: npt.NDArray[np.float64]
    table_real: npt.NDArray[np.float64]
    table_imaginary: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


@njit(cache=True)
def _fill_table(half, row, count, table_real, table_imaginary):
    """Write the phases exp(-i Σ ± half_j) of all sign patterns by doubling: 2^count complex products per lane."""
    table_real[row, :] = 1.0
    table_imaginary[row, :] = 0.0
    for bit in range(count):
        size = 1 << bit
        for lane in range(8):
            c, s = np.cos(half[bit, lane]), np.sin(half[bit, lane])
            for u in range(size):
                a, b = table_real[row + u, lane], table_imaginary[row + u, lane]
                table_real[row + u, lane] = c * a + s * b
                table_imaginary[row + u, lane] = c * b - s * a
                table_real[row + size + u, lane] = c * a - s * b
                table_imaginary[row + size + u, lane] = c * b + s * a


@njit(cache=True)
def make_turns(schedule, half_angle):
    """Return the `Turns` for half angles of shape (n, 8) in the original order of the rotations, signs left out.

    For a single state spread over the lanes, lane l carries the coset shifted by ``lane_offset``: its sign of each
    rotation is folded in by `lane_signs`.
    """
    n, passes = len(schedule.order), len(schedule.pass_start) - 1
    tangent = np.empty((2 * n, 8))
    table_real = np.empty((max(schedule.table_rows, 1), 8))
    table_imaginary = np.empty((max(schedule.table_rows, 1), 8))
    scale = np.ones((passes, 8))
    weight = np.empty((n, 8))
    half = np.empty((n, 8))
    for i in range(n):
        for lane in range(8):
            half[i, lane] = half_angle[schedule.order[i], lane] * schedule.sign[i]
    for k in range(passes):
        for o in range(schedule.pass_start[k + 1] - 1, schedule.pass_start[k] - 1, -1):
            start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
            if schedule.table_start[o] >= 0:
                _fill_table(half[start:stop], schedule.table_start[o], stop - start, table_real, table_imaginary)
            for i in range(stop - 1, start - 1, -1):
                for lane in range(8):
                    weight[i, lane] = schedule.sign[i] * scale[k, lane] ** 2
                    if schedule.code[i] != 0:
                        t = np.tan(half[i, lane])
                        tangent[2 * i, lane] = t
                        tangent[2 * i + 1, lane] = -t
                        scale[k, lane] *= np.cos(half[i, lane])
    return Turns(tangent, table_real, table_imaginary, scale, weight)


@njit(cache=True)
def lane_signs(schedule):
    """Return the sign, (n, 8) by original index, with which each rotation acts on the lanes of a single state."""
    n = len(schedule.order)
    result = np.ones((n, 8))
    for k in range(len(schedule.pass_start) - 1):
        first = schedule.operation_start[schedule.pass_start[k]]
        last = schedule.operation_start[schedule.pass_start[k + 1]]
        for i in range(first, last):
            for lane in range(8):
                if parity(schedule.z[i] & schedule.lane_offset[k, lane]):
                    result[schedule.order[i], lane] = -1.0
    return result
