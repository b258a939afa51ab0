"""Directions in the space of the parameters: single ones, random ones, and those in which a path goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, generator, integer, parameter_index, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError


def direction_of(given: int | npt.ArrayLike, n_parameters: int) -> Floats:
    """Return a direction as float64, shape ``(D,)``: that of a parameter by its index, or the vector that is given.

    Raises `NearCliffordError` for a parameter out of range, a vector of another length, and one of zeros.

    >>> direction_of(1, 3).tolist(), direction_of([0.5, 0.0, 0.5], 3).tolist()
    ([0.0, 1.0, 0.0], [0.5, 0.0, 0.5])
    """
    if np.ndim(given) == 0:
        return np.eye(1, n_parameters, parameter_index(given, n_parameters))[0]
    vector = thetas(given, n_parameters)
    if vector.ndim != 1:
        raise NearCliffordError(f"A direction has shape {vector.shape}; expected ({n_parameters},), or a parameter's index.")
    if not vector.any():
        raise NearCliffordError("A direction is zero; expected a vector that is not, or a parameter's index.")
    return vector


def random_directions(n_parameters: int, count: int = 2, *, rng: Seed = None) -> Floats:
    """Return orthonormal directions drawn uniformly, float64, shape ``(count, D)``; count is at most D.

    >>> directions = random_directions(12, rng=7)
    >>> (directions @ directions.T).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    size = integer(n_parameters, "n_parameters", 1)
    normal = generator(rng).standard_normal((size, integer(count, "count", 1, most=size)))
    basis, triangle = np.linalg.qr(normal)
    return np.ascontiguousarray((basis * np.sign(triangle.diagonal())).T) + 0.0


@dataclass(frozen=True, eq=False)
class PrincipalPlane:
    """The plane through the end of a path in the two directions in which the path spreads most.

    Attributes
    ----------
    origin : float64, shape ``(D,)``: the last theta.
    directions : float64, shape ``(2, D)``, orthonormal: the first two principal axes.
    coordinates : float64, shape ``(steps, 2)``: the path, projected; its end is (0, 0).
    explained : float64, shape ``(2,)``: what part of the path's variance lies along each axis.

    >>> plane = principal_plane([[4.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    >>> plane.coordinates[-1].tolist(), len(plane.directions)
    ([0.0, 0.0], 2)
    """

    origin: Floats
    directions: Floats
    coordinates: Floats
    explained: Floats


def principal_plane(path: npt.ArrayLike) -> PrincipalPlane:
    """Return the plane of the two principal axes of a path of thetas, shape ``(steps, D)``, radians.

    This is the projection of Li, Xu, Taylor, Studer and Goldstein (arXiv:1712.09913). An axis has the sign in which its
    largest component is positive. Raises `NearCliffordError` for fewer than three thetas, and for a path along one line.

    >>> plane = principal_plane([[3.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    >>> plane.origin.tolist(), abs(plane.directions[:, 2]).max() < 1e-12, plane.explained.sum().round(12)
    ([0.0, 0.0, 1.0], np.True_, np.float64(1.0))
    """
    points = np.asarray(path)
    if points.ndim != 2 or len(points) < 3 or points.shape[1] < 2:
        raise NearCliffordError(
            f"path has shape {points.shape}; expected (steps, D) with at least 3 thetas of at least 2 parameters."
        )
    points = thetas(path, points.shape[1])
    _, sizes, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    if sizes[1] <= 1e-12 * sizes[0]:
        raise NearCliffordError("path lies on one line, or in one point; expected one that spans a plane.")
    largest = axes[[0, 1], np.abs(axes[:2]).argmax(axis=1)]
    directions = axes[:2] * np.sign(largest)[:, None]
    coordinates = (points - points[-1]) @ directions.T
    return PrincipalPlane(points[-1], directions, coordinates, sizes[:2] ** 2 / (sizes**2).sum())
