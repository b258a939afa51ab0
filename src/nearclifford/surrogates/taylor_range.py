"""Which way a Taylor polynomial of paths is summed at which angles, so that rounding stays a share of its monomials' sizes.

Sums of logarithms (`nearclifford.kernels.paths.taylor_sums`) are quickest, but their terms are larger than the monomials
that they add up to: ln cos has the majorant ln (1 / cos), and the product of all cosines the majorant Π cosh. As

    1 / cos t = cosh t · exp(2 Σ_{q even} |c_q| t^{2q}),     ln cos t = Σ c_q t^{2q},

with coefficients that are all positive, what is lost is at most the product of these factors over the angles, each sum up
to its last q; and for r pairs of factors at most |E_2r|, Euler's number, whatever the angles: 1, 1, 5, 61 for r = 0 ... 3.
Products of series (`nearclifford.kernels.paths.taylor_series`) lose nothing.

A polynomial of high order needs no more degrees than its angles: cosh 2t <= (cosh t)^4, so the monomials of degree k and
more are below 2^-k Π cosh 2t, and where the sum of all is below 2^1024 none beyond degree 4 · 1024 + 60 counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import zeta

from nearclifford.arrays import Floats, Indices

# Of the digits of a float, logarithms may cost as many as they do at r = 3, where they are never left.
LARGEST_LOSS = 61.0
LEAST_DOUBTFUL_PAIRS = 4
# The coefficients of ln (sin t / t) fall as π^-2q and leave the floats at q = 310.
MOST_LOGARITHMS = 256
# Degrees beyond which nothing counts, in classes: few kernels run, and the bits of a theta do not depend on the others.
LEAST_DEGREE, MOST_DEGREE = 64, 4160
ROUNDING_BITS = 57


def ways_to_sum(angle: Floats, order: int, n_levels: int) -> Iterator[tuple[Indices, int, bool]]:
    """Yield (rows, order, by logarithms): the rows of ``angle`` that are summed one way, and the order that they need.

    ``angle`` has shape ``(batch, n_rotations)``, radians; paths have fewer than ``n_levels`` flips. What a row needs does
    not depend on the others.

    >>> angles = np.array([[0.1, 0.2], [4.0, 0.0]])
    >>> [(rows.tolist(), m, quick) for rows, m, quick in ways_to_sum(angles, 30, 3)]
    [([1], 30, False), ([0], 30, True)]
    >>> [(rows.tolist(), m, quick) for rows, m, quick in ways_to_sum(angles, 10**9, 3)]
    [([0], 67, True), ([1], 131, False)]
    """
    needed = _orders_needed(angle, order, n_levels)
    pairs = (needed - 1) // 2
    quick = (pairs < LEAST_DOUBTFUL_PAIRS) | ((pairs <= MOST_LOGARITHMS) & (_losses(angle, pairs) < LARGEST_LOSS))
    for way in np.unique(2 * needed + quick).tolist():
        yield np.flatnonzero(2 * needed + quick == way), way // 2, bool(way % 2)


def logarithms(count: int) -> tuple[Floats, Floats]:
    """Return (c_q, s_q) for q = 1 ... count: ln cos t = Σ c_q t^{2q} and ln (sin t / t) = Σ s_q t^{2q}.

    By Euler's products, s_q = -ζ(2q) / (q π^{2q}) and c_q = (4^q - 1) s_q.

    >>> [(1 / series).round(9).tolist() for series in logarithms(2)]
    [[-2.0, -12.0], [-6.0, -180.0]]
    """
    q = np.arange(1, count + 1, dtype=np.float64)
    sizes = zeta(2 * q) / q
    return -sizes * (2 / math.pi) ** (2 * q) * -np.expm1(-q * math.log(4)), -sizes * math.pi ** (-2 * q)


def _orders_needed(angle: Floats, order: int, n_levels: int) -> Indices:
    """Return the order that each row needs, in classes that double."""
    if order <= n_levels + LEAST_DEGREE:
        return np.full(len(angle), order, dtype=np.int64)
    size = 2 * np.abs(angle)
    bits = (size + np.log1p(np.exp(-2 * size)) - math.log(2)).sum(axis=1) / math.log(2)
    degree = LEAST_DEGREE * 2 ** np.ceil(np.log2(np.maximum((bits + ROUNDING_BITS) / LEAST_DEGREE, 1.0)))
    return np.minimum(n_levels + np.minimum(degree, MOST_DEGREE), order).astype(np.int64)


def _losses(angle: Floats, pairs: Indices) -> Floats:
    """Return how many times larger than the monomials the terms of the logarithms may be."""
    loss = np.ones(len(angle))
    for count in np.unique(pairs[pairs >= LEAST_DOUBTFUL_PAIRS]).tolist():
        rows = pairs == count
        square = np.minimum(np.abs(angle[rows]), 4.0) ** 4
        cosines = np.abs(logarithms(min(count, MOST_LOGARITHMS))[0][1::2])
        with np.errstate(over="ignore"):
            loss[rows] = np.exp(2 * _polynomial(cosines, square).sum(axis=1))
    return loss


def _polynomial(coefficients: Floats, x: Floats) -> npt.NDArray[np.float64]:
    """Return Σ_{k >= 1} coefficients[k - 1] x^k."""
    total = np.zeros_like(x)
    for coefficient in coefficients[::-1]:
        total = (total + coefficient) * x
    return total
