"""Slices and height maps: losses along a line or over a plane, in a point or averaged over a patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, angles_on_axis, entries, generator, instance, integer, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.exact.planes import grid
from nearclifford.geometry.directions import direction_of
from nearclifford.geometry.results import HeightMap, Slice
from nearclifford.geometry.surfaces import Plane, averaged, exact_values, spread
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch, require_patch

EXAMPLE = "a Landscape, a surrogate or a device prepared for a landscape"


def slice_along(
    evaluator: Evaluator,
    direction: int | npt.ArrayLike,
    points: npt.ArrayLike,
    *,
    theta: npt.ArrayLike | None = None,
    patch: Patch | None = None,
    samples: int = 1000,
    rng: Seed = None,
) -> Slice:
    """Return L at ``theta + points · direction``, or its mean and standard deviation over a patch of the other parameters.

    For a `Landscape` only rotations count whose angle is not zero, so a slice through the centre costs nothing and works at
    any number of qubits. Over a patch the mean is then exact as well, a sum over the paths of the rotations that turn; the
    standard deviation comes from four averages over Clifford circuits where that is possible, from sampled losses where a
    sweep fits, and is None elsewhere. Any other evaluator is asked for its values.

    Parameters
    ----------
    evaluator : a `Landscape`, a surrogate, a prepared device.
    direction : a parameter's index, or a vector of shape ``(D,)``; it is not normalised.
    points : steps along it, shape ``(M,)``, radians.
    theta : the point at step 0, shape ``(D,)``; by default the landscape's centre. Other evaluators have no default.
    patch : the parameters that the direction does not move are drawn from it, around ``theta``.
    samples : thetas, or random Clifford circuits (16,384 at least), where something has to be sampled.
    rng : seed or generator.

    Raises
    ------
    NearCliffordError : a direction, theta or points that do not fit; a patch where no parameter is left to draw.
    ResourceError : a sweep that does not fit the memory.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.global_z(1000))
    >>> nc.slice_along(land, 0, np.linspace(-np.pi, np.pi, 101))
    Slice(101 points, losses from -1 to 1, exact)
    >>> small = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))     # cos a cos b
    >>> found = nc.slice_along(small, 0, [0.0, np.pi], patch=nc.Gaussian(0.5))
    >>> found.values.round(6).tolist(), found.std.round(6).tolist(), found.method
    ([0.882497, -0.882497], [0.156411, 0.156411], 'closed form')
    """
    steps = angles_on_axis(points)
    plane = _plane(evaluator, [direction], steps[:, None], theta)
    if patch is None:
        return Slice(coordinates=steps, **exact_values(evaluator, plane))
    drawn, random = _drawn(plane, patch), generator(rng)
    count = integer(samples, "samples", 2)
    found = averaged(evaluator, plane, drawn, count, random)
    if found["method"] == "closed form" and isinstance(evaluator, Landscape):
        found |= spread(evaluator, plane, drawn, count, random)
    return Slice(coordinates=steps, **found)


def height_map(
    evaluator: Evaluator,
    directions: Sequence[int | npt.ArrayLike],
    points: npt.ArrayLike,
    second_points: npt.ArrayLike | None = None,
    *,
    theta: npt.ArrayLike | None = None,
    patch: Patch | None = None,
    samples: int = 1000,
    rng: Seed = None,
) -> HeightMap:
    """Return L over a plane, or its mean over a patch of the other parameters: row by first direction, column by second.

    What costs nothing, and what is exact, is as for `slice_along`; a mean in closed form has no standard deviation here.

    Parameters
    ----------
    evaluator, theta, patch, samples, rng : as for `slice_along`.
    directions : two of them, each a parameter's index or a vector of shape ``(D,)``; `nearclifford.random_directions` and
        `nearclifford.principal_plane` make such.
    points, second_points : steps along each, shapes ``(M,)`` and ``(K,)``, radians; one does for both.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.heisenberg(1000))
    >>> nc.height_map(land, (0, 5), np.linspace(-np.pi, np.pi, 31))
    HeightMap(31 x 31 points, losses from -249 to 999, exact)
    """
    pair = entries(directions)
    if pair is None or len(pair) != 2:
        raise NearCliffordError("directions must be two, each a parameter's index or a vector of shape (D,).")
    first = angles_on_axis(points)
    second = first if second_points is None else angles_on_axis(second_points, "second_points")
    plane = _plane(evaluator, pair, grid(first, second), theta)
    if patch is None:
        found = exact_values(evaluator, plane)
    else:
        found = averaged(evaluator, plane, _drawn(plane, patch), integer(samples, "samples", 2), generator(rng))
    shape = len(first), len(second)
    tables = {
        name: None if found[name] is None else found[name].reshape(shape) for name in ("values", "error", "std", "std_error")
    }
    return HeightMap(first=first, second=second, **(found | tables))


def _plane(evaluator: Evaluator, directions: list[int | npt.ArrayLike], coordinates: Floats, theta: object) -> Plane:
    size = instance(evaluator, Evaluator, "evaluator", EXAMPLE).n_parameters  # type: ignore[type-abstract]
    if theta is None and not isinstance(evaluator, Landscape):
        raise NearCliffordError(f"theta is missing; expected ({size},): a {type(evaluator).__name__} has no centre.")
    origin = thetas(evaluator.center if theta is None else theta, size)  # type: ignore[attr-defined, arg-type]
    if origin.ndim != 1:
        raise NearCliffordError(f"theta has shape {origin.shape}; expected ({size},): one point, no batch.")
    return Plane(origin, np.stack([direction_of(given, size) for given in directions]), coordinates)


def _drawn(plane: Plane, patch: object) -> Patch:
    """Return the patch of the parameters that the plane does not move; `NearCliffordError` where there is none."""
    known = require_patch(patch)
    known.for_parameters(len(plane.origin))
    if plane.moved.all():
        raise NearCliffordError(
            "The directions move every parameter, so none is left to draw from the patch. Take a parameter's index as a "
            "direction, or no patch."
        )
    return known
