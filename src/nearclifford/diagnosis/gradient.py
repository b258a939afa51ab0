"""E‖∇L‖² over a region in a given time: all components where that settles it, else some that stand for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np

from nearclifford.arrays import Indices
from nearclifford.exact.center import center_gradient
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.results import GradientStatistics
from nearclifford.statistics.verbs import gradient_statistics

# An order of magnitude is what a diagnosis asks for.
REL_ERROR = 0.2
# Of so many components those that are largest at the centre and some of the rest may stand for all.
MANY, LARGEST, DRAWN = 64, 4, 8
LEVEL_SIGMAS = 1.96


@dataclass(frozen=True)
class SquaredNorm:
    """E‖∇L‖² with its 95 % interval, and how it was found."""

    estimate: float
    low: float
    high: float
    made_by: str

    @property
    def settled(self) -> bool:
        """Whether the interval is within a factor of two of the estimate."""
        return self.estimate > 0 and self.low >= self.estimate / 2 and self.high <= 2 * self.estimate


def squared_norm(land: Landscape, patch: Patch, max_seconds: float, *, rng: np.random.Generator) -> SquaredNorm:
    """Return E‖∇L‖² over a patch, from all components, or from some where all of them together do not settle it in time.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> squared_norm(land, nc.Gaussian(0.1), 5.0, rng=np.random.default_rng(1)).made_by
    'exact'
    """
    many = land.n_parameters > MANY
    found = _all(land, patch, max_seconds / 2 if many else max_seconds, rng)
    if found.settled or not many:
        return found
    return _narrower(found, _some(land, patch, max_seconds / 2, rng))


def _all(land: Landscape, patch: Patch, seconds: float, rng: np.random.Generator) -> SquaredNorm:
    found = gradient_statistics(land, patch, rel_error=REL_ERROR, max_seconds=seconds, rng=rng)
    total = float(found.second_moment.sum()) if found.norm_squared is None else found.norm_squared
    error = LEVEL_SIGMAS * (inf if found.norm_squared_error is None else found.norm_squared_error)
    return SquaredNorm(total, max(total - error, _sure(found)), total + error, found.method)


def _some(land: Landscape, patch: Patch, seconds: float, rng: np.random.Generator) -> SquaredNorm:
    largest, drawn = _chosen(land, rng)
    both = np.concatenate([largest, drawn])
    found = gradient_statistics(land, patch, parameters=both.tolist(), rel_error=REL_ERROR, max_seconds=seconds, rng=rng)
    others, count = land.n_parameters - len(largest), len(drawn)
    scale, tail = others / count, found.second_moment[len(largest) :]
    spread = scale * sqrt(count * (1 - count / others)) * float(tail.std(ddof=1))
    weight = np.append(np.ones(len(largest)), np.full(count, scale))
    # Components share their samples, and their errors may all have one sign.
    error = LEVEL_SIGMAS * float(np.hypot(weight @ found.second_moment_error, spread))
    total = float(weight @ found.second_moment)
    text = f"{found.method}, {len(both)} of {land.n_parameters} components"
    return SquaredNorm(total, max(total - error, _sure(found)), total + error, text)


def _sure(found: GradientStatistics) -> float:
    """Return what the measured components have at least: none of the others is below zero."""
    return float(np.maximum(found.second_moment - LEVEL_SIGMAS * found.second_moment_error, 0.0).sum())


def _narrower(first: SquaredNorm, second: SquaredNorm) -> SquaredNorm:
    """Return the one of the shorter interval, on a scale of factors."""
    return second if second.high * first.low < first.high * second.low or not first.low else first


def _chosen(land: Landscape, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Return the components that are largest at the centre, and some drawn from the others."""
    clifford = not land.problem.angle_map.offset.any()
    size = np.abs(center_gradient(land.problem)[1]) if clifford else np.zeros(land.n_parameters)
    largest = np.argsort(-size, kind="stable")[: min(LARGEST, int(np.count_nonzero(size)))]
    others = np.setdiff1d(np.arange(land.n_parameters), largest)
    return largest, np.sort(rng.choice(others, DRAWN, replace=False))
