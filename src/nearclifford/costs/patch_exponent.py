"""The patch size at which a Taylor surrogate beats a Pauli-path surrogate in the worst case, by arXiv:2507.06344.

With a patch of σ = D^-q, the cost c of a path and γ of a Taylor term (prefactors), error ε and failure probability ρ,

    q = exp(-ln(c / (ρ ε²)) / (2 ln(1/(ρ ε²)) + 2 ln γ / ln D)),

for D above exp(ln γ / (ln ρ + 2 ln ε)), where the denominator is positive. Taylor is cheaper in smaller patches: q above it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError


def patch_exponent(
    n_parameters: npt.ArrayLike, error: float, failure: float, c: float = 1e-3, gamma: float = 1e-3
) -> np.float64 | Floats:
    """Return q for each number of parameters, any shape; NaN where D is not above `least_parameters`.

    Parameters
    ----------
    n_parameters : D >= 2.
    error, failure : ε and ρ, both in (0, 1).
    c, gamma : the prefactors, positive.

    Raises `NearCliffordError` for anything else.

    >>> float(patch_exponent(1000, error=1e-3, failure=1e-1).round(6))
    0.737409
    """
    size = np.asarray(n_parameters, dtype=np.float64)
    if not (size >= 2).all():
        raise NearCliffordError(f"n_parameters is {n_parameters!r}; expected at least 2.")
    least = least_parameters(error, failure, gamma)
    if not 0 < c < math.inf:
        raise NearCliffordError(f"c is {c}; expected a positive number.")
    precision = -math.log(failure) - 2 * math.log(error)
    valid = size > least
    with np.errstate(divide="ignore", over="ignore"):
        exponent = np.exp(-(math.log(c) + precision) / (2 * precision + 2 * math.log(gamma) / np.log(size)))
    return np.where(valid, exponent, np.nan)[()]


def least_parameters(error: float, failure: float, gamma: float = 1e-3) -> float:
    """Return the D above which the formula holds, exp(ln γ / (ln ρ + 2 ln ε)); raises as `patch_exponent` does.

    >>> round(least_parameters(error=1e-3, failure=1e-1), 6)
    1.535063
    """
    for name, value in (("error", error), ("failure", failure)):
        if not 0 < value < 1:
            raise NearCliffordError(f"{name} is {value}; expected a number between 0 and 1.")
    if not 0 < gamma < math.inf:
        raise NearCliffordError(f"gamma is {gamma}; expected a positive number.")
    return math.exp(math.log(gamma) / (math.log(failure) + 2 * math.log(error)))
