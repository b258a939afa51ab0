"""The cost of a simulation by stabilizer rank: the product of the extents of all rotations (Bravyi et al., Quantum 3, 181).

A rotation by an angle t is a Clifford gate times a rotation by the folded angle f in [0, π/4], and that costs the extent
ξ(t) = (cos(f/2) + tan(π/8) sin(f/2))². An expectation value squares it. Everything is a logarithm to base 2: products over
thousands of rotations overflow.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.patches import Patch


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

    Raises `NearCliffordError` for a patch without a ``periodic_mean``, and where it does not hold D widths.

    >>> from nearclifford.patches import Gaussian
    >>> round(mean_log2_stabilizer_rank(Gaussian(0.1), 220), 3)
    19.158
    """
    return _sum(patch, patch.periodic_mean(lambda angle: 2 * log2_extent(angle)), n_parameters)


def log2_mean_stabilizer_rank(patch: Patch, n_parameters: int) -> float:
    """Return log2 E[Π ξ(t_j)²] over a patch of D independent angles: the logarithm of the mean cost, above the typical one.

    Errors as for `mean_log2_stabilizer_rank`.

    >>> from nearclifford.patches import Gaussian
    >>> round(log2_mean_stabilizer_rank(Gaussian(0.1), 220), 3)
    19.447
    """
    return _sum(patch, np.log2(patch.periodic_mean(lambda angle: 4.0 ** log2_extent(angle))), n_parameters)


def _sum(patch: Patch, each: np.float64 | Floats, n_parameters: int) -> float:
    """Return the sum over D angles; one number stands for all of them."""
    patch.for_parameters(n_parameters)
    return float(each * n_parameters) if np.ndim(each) == 0 else float(np.sum(each))
