"""The variance over a patch along one free angle, from four Clifford points, at any number of qubits.

L = A + B cos φ + S sin φ with A, B, S random over the patch. Where Cov(B, S) = 0 the variance has no sin 2φ, and four points
determine what is left: Var L(φ) = Σ_q w_q(φ) Var L(q π/2), w = c(c+1)/2, s(s+1)/2, c(c-1)/2, s(s-1)/2. Every one of the four
is a variance around a Clifford centre. Cov(B, S) = 0 wherever no product of two terms has the x-part of the generator
(docs/theory.md, "Slices and height maps").
"""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.kernels.center import linear_keys
from nearclifford.landscape import Landscape
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.verbs import loss_statistics

# A width at which nothing turns: its square is zero.
NOTHING = 1e-200
# Sets of fewer flips are summed: a second at a thousand qubits.
ORDER = 3


def is_determined(problem: PauliProblem, rotation: int) -> bool:
    """Return whether no product of two terms has the x-part of the generator of a rotation.

    Keys stand for x-parts: equal ones may collide, by a chance of 2^-64 a pair, and then a variance is not computed.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))       # RY on both, RZ on both
    >>> is_determined(land.problem, 0), is_determined(land.problem, 2)
    (True, False)
    """
    terms = np.unique(linear_keys(problem.images.x))
    key = linear_keys(problem.generators.x[rotation : rotation + 1])[0]
    return not np.isin(terms ^ key, terms).any()


def variance_along(
    land: Landscape, patch: Patch, parameter: int, angles: Floats, samples: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return Var L over the other parameters at angles of one rotation, and its standard error, shapes ``(M,)``.

    The parameter turns the rotation by ±1. Sets of fewer than `ORDER` flips are summed, the others sampled.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> patch = nc.Gaussian(0.5)
    >>> found, error = variance_along(land, patch, 0, np.array([0.3]), 1000, np.random.default_rng(1))
    >>> bool(abs(found[0] - np.cos(0.3) ** 2 * patch.cosine_variance()) < 1e-12)
    True
    """
    free = np.arange(land.n_parameters) == parameter
    others = patch.scaled(np.where(free, NOTHING / np.max(patch.width), 1.0))
    map_ = land.problem.angle_map
    sign = float(map_.factor[map_.entry_parameter == parameter][0])
    cosine, sine = np.cos(angles), np.sin(angles)
    weights = np.stack([cosine * (cosine + 1), sine * (sine + 1), cosine * (cosine - 1), sine * (sine - 1)]) / 2
    found = []
    for quarter in range(4):
        center = land.center + sign * quarter * np.pi / 2 * free
        around = Landscape(land.circuit, land.observable, center)
        found.append(loss_statistics(around, others, Stabilizer(ORDER), samples, rng=rng))
    variance = np.array([moments.variance for moments in found]) @ weights
    error = np.sqrt(np.square([moments.variance_error for moments in found]) @ weights**2)
    return np.maximum(variance, 0.0), error
