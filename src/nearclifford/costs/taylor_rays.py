"""The error of a Taylor surrogate of every order without one: the series of the loss along rays from the centre.

The Taylor surrogate of order m at θ* + t is the series of g(τ) = L(θ* + τ t) about τ = 0, cut below τ^m, at τ = 1. On
[-1, 1] g is a short sum of Chebyshev polynomials, found from its values at their nodes, and their sums are its series.
Going over to powers of τ multiplies rounding by up to (1 + √2)^k for k polynomials; what that leaves unknown is counted as
error.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from nearclifford.arrays import Floats, Indices

N_NODES = 64
ROUNDING = 5e-15


def taylor_errors(value: Callable[[Floats], Floats], center: Floats, displacement: Floats, orders: Indices) -> Floats:
    """Return ``L - L_m`` at each displacement for each Taylor order m, or a bound of rounding where that is larger.

    Parameters
    ----------
    value : the loss at theta of shape ``(batch, D)``, shape ``(batch,)``; exact to rounding.
    center : float64, shape ``(D,)``, radians.
    displacement : float64, shape ``(n, D)``, radians.
    orders : int64, shape ``(m,)``, at most 64.

    Returns
    -------
    Float64, shape ``(n, m)``; NaN along a ray that 64 polynomials do not resolve, about where it crosses ten periods.

    Examples
    --------
    >>> found = taylor_errors(lambda t: np.cos(t[:, 0]), np.zeros(1), np.array([[0.5]]), np.array([1, 3, 5]))
    >>> np.allclose(found, np.cos(0.5) - np.array([1, 1 - 0.5**2 / 2, 1 - 0.5**2 / 2 + 0.5**4 / 24]), atol=1e-12)
    True
    """
    nodes = np.cos(np.pi * (np.arange(N_NODES) + 0.5) / N_NODES)
    points = center + nodes[:, None] * displacement[:, None, :]
    along = value(points.reshape(-1, len(center))).reshape(len(displacement), N_NODES)
    series = along @ chebyshev.chebvander(nodes, N_NODES - 1) * (2.0 / N_NODES)
    series[:, 0] /= 2
    noise = ROUNDING * np.abs(along).max(axis=1, keepdims=True)
    series[np.abs(series) < 4 * noise] = 0.0
    length = N_NODES - np.argmax(series[:, ::-1] != 0.0, axis=1)
    powers = np.array([np.pad(chebyshev.cheb2poly(row), (0, N_NODES - 1 - k)) for k, row in enumerate(_units())])
    at_one = value(center + displacement)
    partial = np.cumsum(series @ powers, axis=1)
    amplified = np.cumsum(np.cumsum(np.abs(powers), axis=0)[length - 1], axis=1) * noise
    errors = at_one[:, None] - partial
    errors = np.where(np.abs(errors) > amplified, errors, amplified)
    errors[length >= N_NODES - 2] = np.nan
    return np.asarray(errors[:, orders - 1])


def _units() -> list[Floats]:
    """Return the coefficients of each Chebyshev polynomial alone."""
    return [np.append(np.zeros(k), 1.0) for k in range(N_NODES)]
