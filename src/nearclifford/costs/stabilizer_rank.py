"""The cost of a simulation by stabilizer rank: the product of the extents of all rotations (Bravyi et al., Quantum 3, 181).

A rotation by an angle t is a Clifford gate times a rotation by the folded angle f in [0, π/4], and that costs the extent
ξ(t) = (cos(f/2) + tan(π/8) sin(f/2))². An expectation value squares it. Everything is a logarithm to base 2: products over
thousands of rotations overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.patches import Gaussian, Patch, Uniform

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
# Beyond so many standard deviations a normal distribution holds less than rounding.
FARTHEST = 9.0
# From this width on a folded normal distribution is uniform to rounding: its Fourier series has the factors exp(-8 k² σ²).
FLAT = 3.0


def folded_angle(theta: npt.ArrayLike) -> Floats:
    """Return the angle in [0, π/4] that is left of a rotation after its nearest Clifford gate; any shape, radians.

    >>> folded_angle([0.1, -0.1, np.pi / 2 + 0.1, np.pi / 2 - 0.1, np.pi / 4]).round(12)
    array([0.1       , 0.1       , 0.1       , 0.1       , 0.78539816])
    """
    angle = np.asarray(theta, dtype=np.float64)
    return np.abs(angle - np.pi / 2 * np.round(angle / (np.pi / 2)))


def log2_extent(theta: npt.ArrayLike) -> Floats:
    """Return log2 ξ of rotations by ``theta``, any shape, radians.

    >>> log2_extent([0.0, np.pi / 2, np.pi / 4]).round(6)  # a T gate costs 2^0.228447
    array([0.      , 0.      , 0.228447])
    """
    half = folded_angle(theta) / 2
    above_one = math.tan(math.pi / 8) * np.sin(half) - 2 * np.sin(half / 2) ** 2  # 1 + it would round small angles away
    return np.asarray(2 / math.log(2) * np.log1p(above_one))


def log2_stabilizer_rank(theta: npt.ArrayLike) -> np.float64 | Floats:
    """Return log2 Π ξ(t_j)², the cost of an expectation value at angles of shape ``(..., D)``, shape ``(...)``.

    >>> float(log2_stabilizer_rank([np.pi / 4] * 10).round(5))
    4.56893
    """
    return 2 * log2_extent(theta).sum(axis=-1)


def mean_log2_stabilizer_rank(patch: Patch, n_parameters: int) -> float:
    """Return E[log2 Π ξ(t_j)²] over a patch of D angles: the logarithm of the typical cost.

    Raises `NearCliffordError` for another patch than Gaussian or Uniform, and where it does not hold D widths.

    >>> round(mean_log2_stabilizer_rank(Gaussian(0.1), 220), 3)
    19.158
    """
    return float(sum(_mean(lambda angle: 2 * log2_extent(angle), patch, w) * n for w, n in _widths(patch, n_parameters)))


def log2_mean_stabilizer_rank(patch: Patch, n_parameters: int) -> float:
    """Return log2 E[Π ξ(t_j)²] over a patch of D independent angles: the logarithm of the mean cost, above the typical one.

    Errors as for `mean_log2_stabilizer_rank`.

    >>> round(log2_mean_stabilizer_rank(Gaussian(0.1), 220), 3)
    19.447
    """
    parts = (
        n * math.log2(_mean(lambda angle: 4.0 ** log2_extent(angle), patch, w)) for w, n in _widths(patch, n_parameters)
    )
    return float(sum(parts))


def _widths(patch: Patch, n_parameters: int) -> list[tuple[float, int]]:
    if not isinstance(patch, Gaussian | Uniform):
        raise NearCliffordError(f"The patch is {patch!r}; expected Gaussian or Uniform.")
    if isinstance(patch.width, float):
        return [(patch.width, n_parameters)]
    widths, counts = np.unique(patch.for_parameters(n_parameters), return_counts=True)
    return list(zip(widths.tolist(), counts.tolist(), strict=True))


def _mean(function: Callable[[Floats], Floats], patch: Patch, width: float) -> float:
    """Return E[f(t)] for a function of the folded angle: Gauss-Legendre quadrature between its kinks at multiples of π/4."""
    farthest = FARTHEST * min(width, FLAT) if isinstance(patch, Gaussian) else width
    kinks = np.append(np.arange(0.0, farthest, np.pi / 4), farthest)
    half = np.diff(kinks)[:, None] / 2
    angle = (kinks[:-1, None] + half) + half * NODES
    density = np.exp(-((angle / min(width, FLAT)) ** 2) / 2) if isinstance(patch, Gaussian) else np.ones_like(angle)
    weight = half * WEIGHTS * density
    return float((weight * function(angle)).sum() / weight.sum())
