"""Confidence bounds of a sum of weighted hits where few were seen, without any normal approximation.

A sum of independent numbers between 0 and 1 of mean μ is x or less with a probability of at most e^{x - μ} (μ / x)^x where
x < μ, and x or more with one of at most the same where x > μ (Chernoff). Hits of different weights are such numbers in units
of the largest weight. Without a hit μ is at most ln (1 / tail).
"""

from __future__ import annotations

import numpy as np
from scipy.special import lambertw

from nearclifford.arrays import Floats


def largest_mean(seen: Floats, tail: float) -> Floats:
    """Return the largest mean under which ``seen`` or less is not rarer than ``tail``.

    >>> largest_mean(np.array([0.0, 1.0, 100.0]), 0.025).round(2)
    array([  3.69,   6.57, 129.67])
    """
    return _mean_at(seen, tail, branch=-1)


def least_mean(seen: Floats, tail: float) -> Floats:
    """Return the least mean under which ``seen`` or more is not rarer than ``tail``.

    >>> least_mean(np.array([0.0, 5.0, 100.0]), 0.025).round(2)
    array([ 0.  ,  1.09, 75.24])
    """
    return np.where(seen > 0.0, _mean_at(seen, tail, branch=0), 0.0)


def _mean_at(seen: Floats, tail: float, branch: int) -> Floats:
    """Solve x - μ + x ln (μ / x) = ln tail: μ = -x W(-tail^{1/x} / e)."""
    x = np.maximum(seen, 1e-3)
    exponent = np.log(tail) / x
    with np.errstate(under="ignore"):
        solved = -x * lambertw(-np.exp(exponent - 1.0), branch).real
    # of the lower branch near 0: W(-y) = ln y - ln(-ln y) ..., where y leaves the floats
    far = exponent < -600.0
    log = 1.0 - exponent
    lower = x * (log + np.log(log + np.log(log)))
    if branch == -1:
        return np.where(seen == 0.0, -np.log(tail), np.where(far, lower, solved))
    return np.where(far, 0.0, solved)
