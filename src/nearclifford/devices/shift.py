"""The parameter-shift rule as a plan: which angles to run, and how the values become a gradient.

For a rotation exp(-i φ P / 2), ∂L/∂φ = (L(φ + π/2) - L(φ - π/2)) / 2 (Mitarai et al., Phys. Rev. A 98, 032309 (2018)). Every
rotation is shifted by itself; the chain rule through its affine angle makes the derivatives by the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from scipy import sparse

from nearclifford.arrays import Floats, Indices
from nearclifford.normal_form.angles import AngleMap


@dataclass(frozen=True, eq=False)
class ParameterShift:
    """Two points for each rotation that the chosen parameters turn.

    Attributes
    ----------
    angle_map : from parameters to angles.
    rotations : int64, shape ``(n_shifted,)``: the rotations to shift.
    weight : shape ``(P, n_shifted)``: ∂φ/∂θ of each shifted rotation by each chosen parameter.

    Examples
    --------
    >>> from nearclifford import ansatz
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> shift = ParameterShift.of(compile_circuit(ansatz.mhea(1, 0)).angle_map, np.array([1]))
    >>> (shift.points(np.zeros((1, 2)), 0, 2) / (pi / 2)).tolist()
    [[0.0, 1.0], [0.0, -1.0]]
    """

    angle_map: AngleMap
    rotations: Indices
    weight: sparse.csr_array

    @classmethod
    def of(cls, angle_map: AngleMap, parameters: Indices) -> ParameterShift:
        """Return the plan for the derivatives by the chosen parameters."""
        by_parameter = sparse.csr_array(angle_map.matrix.T)[parameters]
        rotations = np.unique(by_parameter.indices).astype(np.int64)
        return cls(angle_map, rotations, sparse.csr_array(by_parameter[:, rotations]))

    @property
    def n_points(self) -> int:
        """Number of points to run for one theta."""
        return 2 * len(self.rotations)

    def points(self, theta: Floats, start: int, stop: int) -> Floats:
        """Return the angles of points ``start`` to ``stop``: shape ``(stop - start, n_rotations)``, radians.

        ``theta`` has shape ``(batch, D)``; point ``n_points * b + i`` shifts theta b, first all forwards, then all back.
        """
        number = np.arange(start, stop)
        batch, within = np.divmod(number, self.n_points)
        back, which = np.divmod(within, len(self.rotations))
        angle = self.angle_map.angles(theta)[batch]
        angle[np.arange(len(number)), self.rotations[which]] += (1 - 2 * back) * (pi / 2)
        return angle

    def gradient(self, value: Floats) -> Floats:
        """Return the derivatives, shape ``(batch, P)``, from the values at all points, shape ``(batch * n_points,)``."""
        pair = value.reshape(-1, 2, len(self.rotations))
        return _times(self.weight, (pair[:, 0] - pair[:, 1]) / 2)

    def square_error(self, square_error: Floats) -> Floats:
        """Return the squared errors of the derivatives from those of the values, which are independent; shapes as above."""
        pair = square_error.reshape(-1, 2, len(self.rotations))
        return _times(self.weight.power(2), (pair[:, 0] + pair[:, 1]) / 4)


def _times(weight: sparse.csr_array, by_rotation: Floats) -> Floats:
    return np.ascontiguousarray((weight @ by_rotation.T).T)
