"""Exact values along lines and over planes of parameters, where only the rotations count that turn.

A rotation whose angle is zero all over the plane is the identity. What is left is a problem of its own, and around a
Clifford centre it is small at any number of qubits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nearclifford.arrays import Flags, Floats
from nearclifford.exact.cpu import CpuSweeps
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.problem import PauliProblem

# Angles that are held at once.
MOST_ANGLES = 2**22


def restricted(problem: PauliProblem, kept: Flags) -> PauliProblem:
    """Return the problem of some of its rotations, flags of shape ``(n_rotations,)``; its parameters stay, all of them.

    It is the same wherever the angles of the others are zero.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(1000, 2), nc.observables.global_z(1000)).problem
    >>> few = restricted(problem, np.arange(6000) < 3)
    >>> few.n_rotations, few.n_parameters, problem.active_qubits, few.active_qubits
    (3, 6000, 1000, 1)
    """
    problem.require_noiseless("A problem of some of its rotations", "")
    return replace(problem, angle_map=map_of_some(problem.angle_map, kept), generators=problem.generators.take(kept))


def map_of_some(angle_map: AngleMap, kept: Flags) -> AngleMap:
    """Return the map to the angles of some rotations."""
    place, entry = np.cumsum(kept) - 1, kept[angle_map.entry_rotation]
    names = np.flatnonzero(kept)
    return AngleMap(
        angle_map.parameters,
        angle_map.center,
        place[angle_map.entry_rotation[entry]],
        angle_map.entry_parameter[entry],
        angle_map.factor[entry],
        angle_map.offset[kept],
        lambda rotation: angle_map.describe(int(names[rotation])),
    )


def grid(first: Floats, second: Floats) -> Floats:
    """Return every pair of a value of the first and one of the second, shape ``(M K, 2)``, row by row.

    >>> grid(np.array([1.0, 2.0]), np.array([3.0])).tolist()
    [[1.0, 3.0], [2.0, 3.0]]
    """
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)


def values_on_axes(problem: PauliProblem, point: Floats, parameters: list[int], coordinates: Floats) -> Floats:
    """Return L where some parameters take the values ``coordinates``, shape ``(P, m)``, and the others stay at ``point``."""
    origin, directions = point.copy(), np.zeros((len(parameters), len(point)))
    origin[parameters] = 0.0
    directions[np.arange(len(parameters)), parameters] = 1.0
    return values_on_plane(problem, origin, directions, coordinates)


def values_on_plane(problem: PauliProblem, origin: Floats, directions: Floats, coordinates: Floats) -> Floats:
    """Return L at ``origin + coordinates @ directions``, shape ``(P,)``, exact to rounding.

    Raises `ResourceError` where the rotations that turn reach too many amplitudes.

    Parameters
    ----------
    origin, directions : float64, shapes ``(D,)`` and ``(m, D)``, radians.
    coordinates : float64, shape ``(P, m)``.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.global_z(1000))
    >>> axis = np.eye(1, 22000)                                                    # RY on qubit 0
    >>> values_on_plane(land.problem, land.center, axis, np.array([[0.0], [np.pi]])).round(12).tolist()
    [1.0, -1.0]
    """
    base = problem.angle_map.angles(origin[None])[0]
    slopes = np.ascontiguousarray((problem.angle_map.matrix @ directions.T).T)
    kept = (base != 0) | slopes.any(axis=0)
    exact, result = CpuSweeps(restricted(problem, kept)), np.empty(len(coordinates))
    step = max(1, MOST_ANGLES // max(int(kept.sum()), 1))
    for start in range(0, len(coordinates), step):
        rows = slice(start, start + step)
        result[rows] = exact.angle_values(base[kept] + coordinates[rows] @ slopes[:, kept])
    return result
