"""The Taylor surrogate: the polynomial of the angles of total degree below its order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.kernels.paths.taylor_hessians import taylor_hessians
from nearclifford.kernels.paths.taylor_series import series_gradients, series_values
from nearclifford.kernels.paths.taylor_sums import taylor_gradients, taylor_values
from nearclifford.patches import Patch
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.support import Monomial, monomials
from nearclifford.surrogates.taylor_error import taylor_rms_error
from nearclifford.surrogates.taylor_range import logarithms, ways_to_sum
from nearclifford.surrogates.theta_rms import theta_rms_error


class TaylorSurrogate(Surrogate):
    """The Taylor polynomial of L at its centre, of total degree below m in the displacements of the parameters.

    Evaluated by paths, as Σ_{|S| < m} ± c (Π_S sin t Π_{K_S} cos t truncated below degree m), which never writes the
    polynomial out.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))       # L = cos t cos t', t' never met
    >>> quadratic = nc.surrogate(land, order=3, kind="taylor")
    >>> quadratic.value([0.2, 0.0]).round(6), list(quadratic.coefficients())
    (np.float64(0.98), [((), 1.0), (((0, 2),), -0.5)])
    """

    kind: ClassVar[str] = "taylor"

    def coefficients(self) -> Iterator[tuple[Monomial, float]]:
        """Yield (α, value): powers by parameter, as ((k, α_k), ...) for α_k > 0, and the coefficient of Π (θ_k - θ*_k)^α_k.

        Only coefficients that are not zero. Raises `NearCliffordError` where a parameter sits on several rotations.
        """
        rotation, factor = self.problem.angle_map.rotation_of
        parameter = {int(j): k for k, j in enumerate(rotation) if j >= 0}
        for powers, value in monomials(self.tree, self.order):
            named = sorted((parameter[j], power) for j, power in powers)
            yield tuple(named), value * math.prod(float(factor[k]) ** power for k, power in named)

    def rms_error(self, patch: Patch) -> float:
        """Return the root mean square of ``L - T_m`` over a patch around the centre, in units of L.

        Exact for independent angles; of 1024 thetas, beside exact sweeps, where they are shared.

        The paths left out count as for `PauliPathSurrogate.rms_error`; those kept differ from their polynomials by an
        amount that is computed in extended precision, since it is a small difference of large numbers. Errors likewise,
        and `ResourceError` for a patch of many different widths and for orders above 100.
        """
        if not self.problem.angle_map.independent:
            return theta_rms_error(self, self.problem, patch)
        return taylor_rms_error(self.problem, patch, self.tree, self.order)

    def _values(self, angle: Floats) -> Floats:
        value = np.empty(len(angle))
        for rows, order, by_logarithms in ways_to_sum(angle, self.order, self.tree.n_levels):
            some, found = np.ascontiguousarray(angle[rows]), np.empty(len(rows))
            if by_logarithms:
                taylor_values(self.tree, order, *logarithms((order - 1) // 2), some, found)
            else:
                series_values(self.tree, order, some, found)
            value[rows] = found
        return self._finite(value)

    def _gradients(self, angle: Floats) -> tuple[Floats, Floats]:
        value, gradient = np.empty(len(angle)), np.empty_like(angle)
        for rows, order, by_logarithms in ways_to_sum(angle, self.order, self.tree.n_levels):
            some, found = np.ascontiguousarray(angle[rows]), np.empty(len(rows))
            slopes = np.empty_like(some)
            if by_logarithms:
                taylor_gradients(self.tree, order, *logarithms((order - 1) // 2), some, found, slopes)
            else:
                series_gradients(self.tree, order, some, found, slopes)
            value[rows], gradient[rows] = found, slopes
        self._finite(value)
        return value, self._finite(gradient)

    def _hessian(self, angle: Floats) -> Floats:
        found = np.zeros((1, len(angle), len(angle)))
        for _, order, _ in ways_to_sum(angle[None], self.order, self.tree.n_levels):
            taylor_hessians(self.tree, order, angle[None], found)
        return self._finite(found[0])

    def _finite(self, numbers: Floats) -> Floats:
        if np.isfinite(numbers).all():
            return numbers
        raise NearCliffordError(
            f"A Taylor polynomial of order {self.order} leaves the range of float64 so far from its centre. Stay closer, "
            'choose a lower order, or kind="pauli-path", whose values are bounded.'
        )
