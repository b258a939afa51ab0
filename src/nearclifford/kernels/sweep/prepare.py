"""Per-angle tables of a sweep: tangents, phase tables and the powers of cosine that restore the norm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit


class Turns(NamedTuple):
    """What a sweep looks up for one theta, in the schedule's order of the rotations.

    ``tangent`` (n,): tan(φ_j / 2) times the generator's sign; ``table_real``, ``table_imaginary`` (table_rows, 8): phases
    of the diagonal operations by sign pattern and lane; ``scale`` (passes,): product of the cosines that a pass leaves
    out; ``weight`` (n,): what turns the overlap found at rotation j of the way back into the derivative.
    """

    tangent: npt.NDArray[np.float64]
    table_real: npt.NDArray[np.float64]
    table_imaginary: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


@njit(cache=True)
def _fill_table(half, lane_pattern, real, imaginary):
    """Write the phases exp(-i Σ ± half_j) of all sign patterns: 2^count complex products, then a copy for each lane."""
    real[0, 0], imaginary[0, 0] = 1.0, 0.0
    for bit in range(len(half)):
        size = 1 << bit
        c, s = np.cos(half[bit]), np.sin(half[bit])
        for u in range(size):
            a, b = real[u, 0], imaginary[u, 0]
            real[u, 0], imaginary[u, 0] = c * a + s * b, c * b - s * a
            real[size + u, 0], imaginary[size + u, 0] = c * a - s * b, c * b + s * a
    # Lane 0 carries no sign of its own, so column 0 is the table that the others permute.
    for u in range(1 << len(half)):
        for lane in range(1, 8):
            row = u ^ lane_pattern[lane]
            real[u, lane], imaginary[u, lane] = real[row, 0], imaginary[row, 0]


@njit(cache=True)
def make_turns(schedule, angle):
    """Return the `Turns` for angles φ (n,) in the original order of the rotations, radians."""
    n, passes = len(schedule.order), len(schedule.pass_start) - 1
    table_real, table_imaginary = np.empty((schedule.table_rows, 8)), np.empty((schedule.table_rows, 8))
    tangent, weight, half = np.zeros(n), np.empty(n), np.empty(n)
    scale = np.ones(passes)
    for i in range(n):
        half[i] = 0.5 * angle[schedule.order[i]] * schedule.sign[i]
    for k in range(passes):
        for o in range(schedule.pass_start[k + 1] - 1, schedule.pass_start[k] - 1, -1):
            start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
            row = schedule.table_start[o]
            if row >= 0:
                rows = slice(row, row + (1 << (stop - start)))
                _fill_table(half[start:stop], schedule.lane_pattern[o], table_real[rows], table_imaginary[rows])
            for i in range(stop - 1, start - 1, -1):
                weight[i] = schedule.sign[i] * scale[k] ** 2
                if row < 0:
                    c = np.cos(half[i])
                    tangent[i] = np.sin(half[i]) / c
                    scale[k] *= c
    return Turns(tangent, table_real, table_imaginary, scale, weight)
