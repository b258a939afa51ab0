"""Shot variances of groups of terms at any number of qubits: E<O²> exactly, and E[<O>²] by statistics over the patch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import pi

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arrays import Floats, Indices
from nearclifford.chains.mean_squares import MeanSquares
from nearclifford.devices.one_shot import OneShot
from nearclifford.kernels.chain.means import derivative_means
from nearclifford.landscape import Landscape
from nearclifford.normal_form.angles import angle_moments
from nearclifford.patches import Patch
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.verbs import loss_statistics

# Random Clifford circuits for each variance of <O>: beside <O²> an error of a per cent is enough.
SAMPLES = 2**14
# Paths of one flip are summed, which costs little; more are worth their time only where a variance itself is wanted.
ORDER = 2
# Variances of <O> below this part of the error that is asked for are negligible.
NEGLIGIBLE = 0.1
# Fewer shifted circuits than these tell no spread.
LEAST_SHIFTED = 4


@dataclass(frozen=True, eq=False)
class CertainPart:
    """What is known of one group without sampling: E<O²> - E<O>² of the loss, and of each rotation's shifts."""

    value: float
    shifted: Floats


def certain_part(land: Landscape, patch: Patch) -> CertainPart:
    """Return what one shot of a group adds at most: the variance of <O> over the patch is still in it.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))       # L = cos t
    >>> found = certain_part(land, nc.Gaussian(0.5))
    >>> bool(abs(found.value - (1 - np.exp(-0.25))) < 1e-12), found.shifted.round(12).tolist()[0]
    (True, 1.0)
    """
    problem = land.problem
    means, (cosine, _) = MeanSquares.of(problem, patch), angle_moments(problem.angle_map, patch)
    slope = derivative_means(problem.generators.strings, problem.images.strings, problem.coefficients, cosine)
    # Shifted by ±π/2 the mean is a ± slope, a the part that the rotation leaves alone.
    return CertainPart(means.square - means.mean**2, means.shifted_square - means.shifted_mean**2 - slope**2)


def twirled_variances(
    land: Landscape,
    parts: list[SparsePauliOp],
    patch: Patch,
    rotations: Indices,
    budget: tuple[float, float],
    rng: np.random.Generator,
) -> OneShot:
    """Return the means over a patch; ``budget`` is the relative error of the gradient's sum to reach, and the seconds.

    Of the certain part the variance of <O> over the patch is taken off. For shifted circuits it is found for some, drawn
    without order; the others get the mean of these, and the spread as an error. Where that of the loss itself is negligible
    it stands for all of them, with an error as large.
    """
    groups = [land.with_observable(part) for part in parts]
    certain = [certain_part(group, patch) for group in groups]
    own = np.array([_spread(group, patch, rng) for group in groups])
    value = np.maximum(np.array([known.value for known in certain]) - own[:, 0], 0.0)
    largest = np.stack([known.shifted[rotations] for known in certain], axis=1)
    if (own.sum(axis=1) <= NEGLIGIBLE * budget[0] * value).all():
        taken, error, count = own[:, 0] + np.zeros_like(largest), own.sum(axis=1) + np.zeros_like(largest), 0
    else:
        taken, error, count = _taken_off(groups, patch, rotations, largest, budget, rng)
    return OneShot(value, own[:, 1], np.maximum(largest - taken, 0.0), error, "stabilizer", count)


def _taken_off(
    groups: list[Landscape],
    patch: Patch,
    rotations: Indices,
    largest: Floats,
    budget: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Floats, Floats, int]:
    """Return (variance of <O>, its error) with each rotation shifted, shapes as ``largest``, and how many were looked at."""
    order = rng.permutation(len(rotations))
    drawn = _drawn(groups, patch, rotations[order], float(largest.sum()), budget, rng)
    count, spread = len(drawn), drawn[..., 0]
    taken, error = np.empty_like(largest), np.empty_like(largest)
    taken[:], error[:] = spread.mean(axis=0), spread.std(axis=0, ddof=1) if count > 1 else largest
    taken[order[:count]], error[order[:count]] = spread, drawn[..., 1]
    return taken, error, count


def _drawn(
    groups: list[Landscape],
    patch: Patch,
    rotations: Indices,
    largest: float,
    budget: tuple[float, float],
    rng: np.random.Generator,
) -> Floats:
    """Return (variance of <O> with a rotation shifted, error) by rotation and group, for as many rotations as are needed."""
    rel_error, seconds = budget
    ends, found = time.monotonic() + seconds, np.zeros((0, len(groups), 2))
    for rotation in rotations.tolist():
        begun = time.monotonic()
        found = np.concatenate([found, _around_shifts(groups, patch, rotation, rng)[None]])
        count, spread = len(found), found[..., 0].sum(axis=1)
        if count >= LEAST_SHIFTED:
            error = float(spread.std(ddof=1)) * len(rotations) / np.sqrt(count)
            known = largest - len(rotations) * float(spread.mean())
            if error <= rel_error * known or 2 * time.monotonic() - begun > ends:
                break
    return found


def _around_shifts(groups: list[Landscape], patch: Patch, rotation: int, rng: np.random.Generator) -> Floats:
    """Return (variance of <O>, error) of each group, the mean over both shifts of a rotation: shape ``(G, 2)``."""
    shifted = [_shifted(groups[0], rotation, sign) for sign in (1, -1)]
    each = np.array([[_spread(land.with_observable(group.observable), patch, rng) for group in groups] for land in shifted])
    return np.stack([each[..., 0].mean(axis=0), np.sqrt(np.square(each[..., 1]).sum(axis=0)) / 2], axis=1)


def _spread(land: Landscape, patch: Patch, rng: np.random.Generator) -> tuple[float, float]:
    """Return the variance of <O> over the patch, and its standard error."""
    found = loss_statistics(land, patch, Stabilizer(ORDER), SAMPLES, rng=rng)
    return found.variance, found.variance_error


def _shifted(land: Landscape, rotation: int, sign: int) -> Landscape:
    """Return the landscape around the centre where a rotation is shifted by π/2."""
    turned, factor = land.problem.angle_map.rotation_of
    center = land.center.copy()
    (parameter,) = np.flatnonzero(turned == rotation)
    center[parameter] += sign * pi / 2 / factor[parameter]
    return Landscape(land.circuit, land.observable, center)
