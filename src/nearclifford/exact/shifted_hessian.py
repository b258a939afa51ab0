"""Second derivatives anywhere: differences of gradients."""

from __future__ import annotations

from math import pi

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.exact.cpu import CpuSweeps

# Shifted points that are evaluated at once.
ROWS = 256


def shifted_hessian(exact: CpuSweeps, angle: Floats) -> Floats:
    """Return ∂²L/∂θ² at rotation angles, shape ``(n_rotations,)`` to ``(D, D)``.

    L is of degree one in (cos, sin) of every angle, so shifts by ±π/2 are exact: two gradients for each rotation.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))      # L = cos a
    >>> bool(abs(shifted_hessian(land.exact, np.array([0.5, 0.1]))[0, 0] + np.cos(0.5)) < 1e-12)
    True
    """
    matrix, turned = exact.problem.angle_map.matrix, np.empty((len(angle), len(angle)))
    for start in range(0, len(angle), ROWS):
        shifts = pi / 2 * np.eye(len(angle))[start : start + ROWS]
        after, before = (exact.angle_gradients(angle + sign * shifts)[1] for sign in (1, -1))
        turned[start : start + ROWS] = (after - before) / 2
    symmetric = (turned + turned.T) / 2
    return np.asarray(matrix.T @ (matrix.T @ symmetric).T)
