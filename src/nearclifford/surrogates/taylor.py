"""The Taylor surrogate: the polynomial of the angles of total degree below its order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from scipy.special import bernoulli, factorial

from nearclifford.independence import rotation_of_parameters
from nearclifford.kernels.taylor_sums import taylor_gradients, taylor_hessians, taylor_values
from nearclifford.patches import Patch
from nearclifford.rotations import Floats
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.support import Monomial, monomials
from nearclifford.surrogates.taylor_error import taylor_square_error


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
        rotation, factor = rotation_of_parameters(self.angles)
        parameter = {int(j): k for k, j in enumerate(rotation) if j >= 0}
        for powers, value in monomials(self.tree, self.order):
            named = sorted((parameter[j], power) for j, power in powers)
            yield tuple(named), value * math.prod(float(factor[k]) ** power for k, power in named)

    def rms_error(self, patch: Patch) -> float:
        """Return the root mean square of ``L - T_m`` over a patch around the centre, exactly, in units of L.

        The paths left out count as for `PauliPathSurrogate.rms_error`; those kept differ from their polynomials by an
        amount that is computed in extended precision, since it is a small difference of large numbers. Errors likewise,
        and `ResourceError` for a patch of many different widths.
        """
        parts = (self.angles, self.generators, self.images, self.term_coefficients, patch)
        return math.sqrt(max(taylor_square_error(*parts, self.tree, self.order), 0.0))

    def _values(self, angle: Floats) -> Floats:
        value = np.empty(len(angle))
        taylor_values(*(*self._polynomial, angle, value))
        return value

    def _gradients(self, angle: Floats) -> tuple[Floats, Floats]:
        value, gradient = np.empty(len(angle)), np.empty_like(angle)
        taylor_gradients(*(*self._polynomial, angle, value, gradient))
        return value, gradient

    def _hessian(self, angle: Floats) -> Floats:
        found = np.zeros((1, len(angle), len(angle)))
        taylor_hessians(*(*self._polynomial, angle[None], found))
        return found[0]

    @property
    def _polynomial(self) -> tuple[Any, ...]:
        return *self._steps, self.order, *logarithms((self.order - 1) // 2)


def logarithms(count: int) -> tuple[Floats, Floats]:
    """Return (c_q, s_q) for q = 1 ... count: ln cos t = Σ c_q t^{2q} and ln (sin t / t) = Σ s_q t^{2q}.

    >>> [(1 / series).round(9).tolist() for series in logarithms(2)]
    [[-2.0, -12.0], [-6.0, -180.0]]
    """
    q = np.arange(1, count + 1)
    sines = -(2.0 ** (2 * q - 1)) * np.abs(bernoulli(2 * count)[2 * q]) / (q * factorial(2 * q))
    return sines * (2.0 ** (2 * q) - 1), sines
