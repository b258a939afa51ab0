"""The covariance of fitted numbers: where it is known, and the standard errors that follow from it."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats


def known_covariance(found: Floats) -> Floats:
    """Return what `scipy.optimize.curve_fit` found, symmetric to the last bit; all NaN where it gave no finite numbers.

    >>> known_covariance(np.full((1, 1), np.inf))
    array([[nan]])
    """
    return (found + found.T) / 2 if np.isfinite(found).all() else np.full_like(found, np.nan)


def standard_errors(covariance: Floats) -> Floats:
    """Return the roots of the diagonal.

    >>> standard_errors(np.diag([4.0, 9.0]))
    array([2., 3.])
    """
    return np.sqrt(np.diag(covariance))


def propagated_error(gradients: Floats, covariance: Floats) -> Floats:
    """Return √(gᵀ C g) for each row g, shape ``(points, numbers)``: the error of a value, g its derivatives by the numbers.

    >>> propagated_error(np.array([[1.0, 0.0], [1.0, 2.0]]), np.diag([4.0, 9.0])).round(3)
    array([2.   , 6.325])
    """
    square = np.einsum("pi,ij,pj->p", gradients, covariance, gradients)
    return np.sqrt(np.maximum(square, 0.0))  # rounding may leave less than zero of strongly correlated numbers
