"""The published worst-case bound of a truncation, |L - L_m| <= ‖t‖₁^m / m!, and the order that it asks for.

L is the loss of one Pauli string of coefficient 1, t = θ - θ* the displacement from the centre in radians (docs/theory.md,
"Costs of other methods").
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln, lambertw

from nearclifford.errors import NearCliffordError
from nearclifford.patches import Patch

LAST_SEARCHED = 30


def mean_displacement(patch: Patch, n_parameters: int) -> float:
    """Return E‖t‖₁ over a patch of D angles, radians: D σ √(2/π) for a Gaussian of one width.

    Raises `NearCliffordError` for a patch without an ``absolute_mean``, and where it does not hold D widths.

    >>> from nearclifford.patches import Gaussian
    >>> round(mean_displacement(Gaussian(0.1), 220), 3)
    17.553
    """
    patch.for_parameters(n_parameters)
    each = patch.absolute_mean()
    return float(each * n_parameters) if np.ndim(each) == 0 else float(np.sum(each))


def worst_case_order(displacement: float, tolerance: float) -> int:
    """Return the smallest order m whose worst-case bound ‖t‖₁^m / m! is at most the tolerance, and stays so beyond.

    The bound grows with m up to m = ‖t‖₁ and falls from there on, so that m is at least ‖t‖₁ - 1 where the tolerance is
    below 1. Raises `NearCliffordError` unless the tolerance is positive and below 1, and for a negative or infinite ‖t‖₁.

    >>> [worst_case_order(displacement, 1e-6) for displacement in (0.0, 1.0, 10.0, 1000.0)]
    [1, 10, 37, 2728]
    """
    size, target = _displacement(displacement), math.log(_tolerance(tolerance))
    low, high = max(math.ceil(size) - 1, 0), max(math.ceil(size), 1)  # the bound at low is above the tolerance
    while _log_bound(size, high) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _log_bound(size, middle) <= target else (middle, high)
    return high


def published_threshold(displacement: float, tolerance: float) -> int:
    """Return the truncation threshold m(ε, θ) as arXiv:2507.06344 computes it.

    Up to m = 30 it is the smallest m with ‖t‖₁^m / m! <= ε, beyond, with n = ‖t‖₁ and Lambert's W,

        m = ceil(e n exp(W(ln(1 / (ε √(2π e n))) / (e n))) - 1/2).

    By Stirling's formula for (m + 1/2) the root should be √(2π n): with the published one m is often one too small for its
    own bound, which `worst_case_order` keeps. Raises as `worst_case_order` does.

    >>> published_threshold(10.0, 1e-6), published_threshold(26.5, 1e-6), worst_case_order(26.5, 1e-6)
    (37, 82, 83)
    """
    size, target = _displacement(displacement), math.log(_tolerance(tolerance))
    for order in range(1, LAST_SEARCHED + 1):
        if _log_bound(size, order) <= target:
            return order
    scale = math.e * size
    root = lambertw((-target - 0.5 * math.log(2 * math.pi * scale)) / scale).real
    return math.ceil(scale * math.exp(root) - 0.5)


def _log_bound(size: float, order: int) -> float:
    """Return ln(‖t‖₁^m / m!): the bound itself overflows long before it is of use."""
    if size == 0.0:
        return -math.inf if order else 0.0
    return order * math.log(size) - float(gammaln(order + 1))


def _displacement(displacement: float) -> float:
    size = float(displacement)
    if not (math.isfinite(size) and size >= 0):
        raise NearCliffordError(f"displacement is {displacement}; expected ‖t‖₁ in radians, finite and not negative.")
    return size


def _tolerance(tolerance: float) -> float:
    if not 0 < tolerance < 1:
        raise NearCliffordError(f"tolerance is {tolerance}; expected a positive number below 1.")
    return float(tolerance)
