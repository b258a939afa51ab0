"""The Pauli-path surrogate: all paths with fewer flips than its order, whole (docs/theory.md, "Surrogates")."""

from __future__ import annotations

from math import pi
from typing import ClassVar

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.kernels.paths.sums import path_gradients, path_values
from nearclifford.patches import Patch
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.tails import tail_moments
from nearclifford.surrogates.theta_rms import theta_rms_error


class PauliPathSurrogate(Surrogate):
    """``L_m(t) = Σ_{|S| < m} ± c Π_S sin t Π_{K_S} cos t`` over the paths S, t the angles of the rotations.

    Its error over a patch counts the paths it leaves out, and it is a trigonometric polynomial of the angles as L is.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    >>> nc.surrogate(land, order=4)
    PauliPathSurrogate(order 4, 12 parameters, 5 paths)
    """

    kind: ClassVar[str] = "pauli-path"

    def rms_error(self, patch: Patch) -> float:
        """Return the root mean square of ``L - L_m`` over a patch around the centre, in units of L.

        Exact for independent angles. Where they are shared or fixed it is that of 1024 thetas of a fixed seed, beside exact
        sweeps, good to about three percent.

        For one Pauli it is the square root of the probability that a chain of stays and flips ends Z-type after m flips or
        more; Pauli strings are merged on the way, and several terms add a chain for each pair.

        Raises `NearCliffordError` where the patch does not fit, and `ResourceError` where more strings are needed than a
        million, or sweeps do not fit: `nearclifford.surrogate_error_curve` works there.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))       # L = cos t cos t'
        >>> error = nc.surrogate(land, order=1).rms_error(nc.Gaussian(0.1))             # nothing is left out
        >>> error
        0.0
        """
        if not self.problem.angle_map.independent:
            return theta_rms_error(self, self.problem, patch)
        tails = tail_moments(self.problem, patch, self.order)
        return float(np.sqrt(max(tails[-1], 0.0)))

    def _values(self, angle: Floats) -> Floats:
        value = np.empty(len(angle))
        path_values(self.tree, angle, value)
        return value

    def _gradients(self, angle: Floats) -> tuple[Floats, Floats]:
        value, gradient = np.empty(len(angle)), np.empty_like(angle)
        path_gradients(self.tree, angle, value, gradient)
        return value, gradient

    def _hessian(self, angle: Floats) -> Floats:
        """Differentiate the gradient: a path is of degree one in (cos, sin) of an angle, so shifts by ±π/2 are exact."""
        shifts = pi / 2 * np.eye(len(angle))
        _, after = self._gradients(angle + shifts)
        _, before = self._gradients(angle - shifts)
        found = (after - before) / 2
        return (found + found.T) / 2
