"""How the losses of a plane are found: exactly, in closed form over a patch, or from sampled thetas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nearclifford.arrays import Flags, Floats
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.exact.planes import values_on_plane
from nearclifford.geometry.clifford_points import is_determined, variance_along
from nearclifford.geometry.patch_mean import mean_of_paths
from nearclifford.landscape import Landscape
from nearclifford.memory import require_memory
from nearclifford.patches import Patch

# Numbers that are held at once.
MOST_NUMBERS = 2**22
# Beyond so many rotations that turn, the paths are too many; so many are interpolated from 3^t angles.
MOST_TURNING, MOST_INTERPOLATED = 10, 2
# A spread that was not asked for is sampled over at most 2^16 amplitudes.
MOST_SWEPT = 16


@dataclass(frozen=True, eq=False)
class Plane:
    """The points ``origin + coordinates @ directions``: shapes ``(D,)``, ``(P, m)`` and ``(m, D)``, radians."""

    origin: Floats
    directions: Floats
    coordinates: Floats

    @cached_property
    def moved(self) -> Flags:
        """Which parameters the directions move, shape ``(D,)``."""
        return np.asarray(self.directions.any(axis=0))


def plane_values(evaluator: Evaluator, plane: Plane) -> Floats:
    """Return the losses on a plane, shape ``(P,)``: of a landscape by the rotations that turn, of others by their values."""
    if isinstance(evaluator, Landscape):
        return values_on_plane(evaluator.problem, plane.origin, plane.directions, plane.coordinates)
    step, parts = max(1, MOST_NUMBERS // len(plane.origin)), []
    for start in range(0, len(plane.coordinates), step):
        points = plane.origin + plane.coordinates[start : start + step] @ plane.directions
        parts.append(np.asarray(evaluator.value(points)))
    return np.concatenate(parts) if parts else np.empty(0)


def exact_values(evaluator: Evaluator, plane: Plane) -> dict[str, Any]:
    """Return what a `Surface` holds without a patch."""
    return _facts(plane, plane_values(evaluator, plane), "exact" if isinstance(evaluator, Landscape) else "evaluator")


def averaged(evaluator: Evaluator, plane: Plane, patch: Patch, samples: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return what a `Surface` holds over a patch: means in closed form where possible, or sampled with their spread."""
    cosines = _cosines(evaluator, plane, patch) if isinstance(evaluator, Landscape) else None
    if cosines is None or not isinstance(evaluator, Landscape):
        losses = _sampled_losses(evaluator, plane, patch, samples, rng)
        spread_over = _sampled_deviation(losses)
        error = spread_over["std"] / np.sqrt(samples)
        return _facts(plane, losses.mean(axis=0), "sampled", patch, error=error, **spread_over)
    problem, turning = evaluator.problem, _turning(evaluator, plane)
    mean = mean_of_paths(problem, turning, cosines)
    return _facts(plane, mean(_angles(evaluator, plane)), "closed form", patch)


def spread(land: Landscape, plane: Plane, patch: Patch, samples: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return the standard deviation along a line whose mean is known in closed form; nothing where it cannot be had."""
    problem, [parameter, *others] = land.problem, np.flatnonzero(plane.moved).tolist()
    rotations = problem.angle_map.rotations_of(parameter)
    if not others and len(rotations) == 1 and is_determined(problem, int(rotations[0])) and _has_square(patch):
        angles = _angles(land, plane)[:, 0]
        if abs(problem.angle_map.matrix[rotations[0], parameter]) == 1:
            variance, error = variance_along(land, patch, parameter, angles, samples, rng)
            return _deviation(np.sqrt(variance), error, "random Clifford circuits", samples)
    if problem.active_qubits > MOST_SWEPT:
        return {}
    losses = _sampled_losses(land, plane, patch, samples, rng)
    return _sampled_deviation(losses)


def _deviation(std: Floats, variance_error: Floats, method: str, samples: int) -> dict[str, Any]:
    """Return what a `Surface` holds about a spread; its error is no larger than the root of the variance's."""
    error = np.minimum(variance_error / np.maximum(2 * std, 1e-300), np.sqrt(variance_error))
    return {"std": std, "std_error": error, "std_method": method, "samples": samples}


def _sampled_deviation(losses: Floats) -> dict[str, Any]:
    """Return the same from losses, shape ``(samples, P)``; the error of a variance takes the fourth moment."""
    centered, samples = losses - losses.mean(axis=0), len(losses)
    variance, fourth = losses.var(axis=0, ddof=1), (centered**4).mean(axis=0)
    error = np.sqrt(np.maximum(fourth - variance**2, 0.0) / samples)
    return _deviation(np.sqrt(variance), error, "sampled", samples)


def _has_square(patch: Patch) -> bool:
    try:
        patch.sine_square_mean()
    except NearCliffordError:
        return False
    return True


def _facts(plane: Plane, values: Floats, method: str, patch: Patch | None = None, **more: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("std", "error", "std_error", "std_method", "samples"))
    named = {"values": values, "method": method, "patch": None if patch is None else repr(patch)}
    return {"origin": plane.origin, "directions": plane.directions} | nothing | named | more


def _turning(land: Landscape, plane: Plane) -> Flags:
    """Return which rotations the moved parameters turn, shape ``(n_rotations,)``."""
    map_ = land.problem.angle_map
    turning = np.zeros(map_.n_rotations, np.bool_)
    turning[map_.entry_rotation[plane.moved[map_.entry_parameter]]] = True
    return turning


def _angles(land: Landscape, plane: Plane) -> Floats:
    """Return the angles of the rotations that turn, shape ``(P, t)``, in time order."""
    map_, turning = land.problem.angle_map, _turning(land, plane)
    slopes = (map_.matrix @ plane.directions.T)[turning]
    return np.asarray(map_.angles(plane.origin[None])[:, turning] + plane.coordinates @ slopes.T)


def _cosines(land: Landscape, plane: Plane, patch: Patch) -> Floats | None:
    """Return E cos of every rotation, shape ``(n_rotations,)``; None where means over the patch are no sum over a few paths.

    The parameters that stay must turn one rotation each, which is theirs alone and at the centre at rest.
    """
    map_, turning = land.problem.angle_map, _turning(land, plane)
    still = ~plane.moved[map_.entry_parameter]
    rotation, parameter = map_.entry_rotation[still], map_.entry_parameter[still]
    at_rest = not map_.angles(plane.origin[None])[0, ~turning].any()
    alone = len(np.unique(rotation)) == len(rotation) and len(np.unique(parameter)) == len(parameter)
    if turning.sum() > MOST_TURNING or turning[rotation].any() or not (at_rest and alone):
        return None
    factors, cosines = np.ones(map_.n_parameters), np.ones(map_.n_rotations)
    factors[parameter] = map_.factor[still]
    try:
        means = np.broadcast_to(patch.scaled(factors).cosine_mean(), factors.shape)
    except NearCliffordError:  # a patch of the user's own that can only be sampled
        return None
    cosines[rotation] = means[parameter]
    return cosines


def _sampled_losses(evaluator: Evaluator, plane: Plane, patch: Patch, samples: int, rng: np.random.Generator) -> Floats:
    """Return the losses at every point of the plane for displacements of the other parameters, shape ``(samples, P)``."""
    require_memory(8 * samples * len(plane.coordinates), f"A plane at {samples} samples", "Take fewer points or samples.")
    moves = patch.sample((samples, len(plane.origin)), rng=rng) * ~plane.moved
    if isinstance(evaluator, Landscape) and (turning := _turning(evaluator, plane)).sum() <= MOST_INTERPOLATED:
        return _interpolated(evaluator, plane, turning, moves)
    return np.array(
        [plane_values(evaluator, Plane(plane.origin + move, plane.directions, plane.coordinates)) for move in moves]
    )


def _interpolated(land: Landscape, plane: Plane, turning: Flags, moves: Floats) -> Floats:
    """Return the same for a few rotations that turn: L is of degree one in each, so three angles each determine it."""
    count = int(turning.sum())
    nodes = np.stack(np.meshgrid(*[2 * np.pi / 3 * np.arange(3)] * count, indexing="ij"), axis=-1).reshape(3**count, count)
    weights = np.linalg.solve(_products(nodes).T, _products(_angles(land, plane)).T).T
    losses = np.empty((len(moves), len(nodes)))
    for row, move in enumerate(moves):
        angle = np.repeat(land.problem.angle_map.angles((plane.origin + move)[None]), len(nodes), axis=0)
        angle[:, turning] = nodes
        losses[row] = land.exact.angle_values(angle)
    return losses @ weights.T


def _products(angles: Floats) -> Floats:
    """Return every product of 1, cos and sin of each angle, shape ``(P, 3^t)``."""
    result = np.ones((len(angles), 1))
    for column in angles.T:
        each = np.stack([np.ones_like(column), np.cos(column), np.sin(column)], axis=1)
        result = (result[:, :, None] * each[:, None, :]).reshape(len(angles), -1)
    return result
