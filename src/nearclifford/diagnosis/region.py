"""One region looked at: its gradient against shot noise, and what simulates it to the error of the same shots."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from math import inf, nan, sqrt

import numpy as np

from nearclifford.costs import methods
from nearclifford.costs.contest import Contest, MethodCost
from nearclifford.devices.rough_shots import rough_shots
from nearclifford.diagnosis.gradient import squared_norm
from nearclifford.diagnosis.results import Region, State
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.verbs import loss_statistics
from nearclifford.surrogates.error import surrogate_error_curve

# How many times its noise a gradient is to be.
RATIO = 3.0
LARGEST_ORDER, THETAS = 24, 16
SAMPLES, MOST_SAMPLES = 10**5, 10**8
MOST_BYTES = 2**32
# A thousand exact values in so many seconds: nothing cheaper is looked for.
QUICK = 1.0
# Of the loss: rounding.
SMALLEST = 1e-12
# Measured: one path of one value.
SECONDS_PER_PATH = 2e-8


@dataclass(frozen=True)
class Means:
    """What is given: shots of each circuit, seconds of a thousand classical values, and the time for a region."""

    shots: int
    classical_seconds: float
    max_seconds: float


def look_at(land: Landscape, sigma: float, means: Means, *, rng: np.random.Generator) -> Region:
    """Return what a region around the centre is like.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> region = look_at(land, 0.3, Means(10**6, 60.0, 5.0), rng=np.random.default_rng(1))
    >>> region.state, region.method, region.simulable
    ('alive', 'statevector', True)
    """
    patch = Gaussian(sigma)
    norm = squared_norm(land, patch, means.max_seconds / 2, rng=rng)
    noise = rough_shots(land, patch, means.max_seconds / 4, rng=rng)
    low, high = norm.low, norm.high
    shots, fewest, most = (_needed(noise.gradient, square) for square in (norm.estimate, high, low))
    region = Region(
        sigma=sigma,
        norm_squared=norm.estimate,
        low=low,
        high=high,
        statistics=norm.made_by,
        one_shot=noise.gradient,
        one_shot_method=noise.method,
        shots=shots,
        fewest_shots=1.0 if noise.method == "bound" else fewest,
        most_shots=most,
        state=state_of(fewest, most, means.shots, noise.method),
        tolerance=sqrt(max(noise.value, 0.0) / means.shots),
        method="",
        order=None,
        build_seconds=nan,
        seconds=nan,
        simulable=None,
        note="",
    )
    return _simulated(region, land, means, rng)


def _needed(one_shot: float, square: float) -> float:
    """Return whole shots, at least one; infinitely many where there is no gradient."""
    return max(1.0, math.ceil(RATIO**2 * one_shot / square)) if square > 0 else inf


def state_of(fewest: float, most: float, shots: int, method: str) -> State:
    """Return what shots say of a gradient that ``fewest`` to ``most`` of them resolve.

    >>> state_of(10.0, 900.0, 1000, "means"), state_of(10.0, 2000.0, 1000, "means"), state_of(1500.0, 2000.0, 1000, "means")
    ('alive', 'open', 'dead')
    """
    if most <= shots:
        return "alive"
    # By means the noise comes out little too large; the bound may be far too large, and then fewer shots do.
    return "dead" if fewest > shots and method != "bound" else "open"


def _simulated(region: Region, land: Landscape, means: Means, rng: np.random.Generator) -> Region:
    """Return the region with the cheapest simulation of a thousand values to its tolerance."""
    patch = Gaussian(region.sigma)
    theta = land.center + patch.sample((THETAS, land.n_parameters), rng=rng)
    tolerance = max(region.tolerance, SMALLEST * land.problem.varying_size)
    contest = Contest(land, patch, tolerance, theta, means.max_seconds / 4, MOST_BYTES)
    found, notes = [methods.statevector(contest)], ""
    if _thousand(found[0]) > _quick(land, means):
        other, notes = _by_paths(contest, means.max_seconds / 4, rng)
        found += other
    known = contest.exact_fits or not notes
    best = min(found, key=_thousand)
    fits = _thousand(best) < inf
    return replace(
        region,
        method=best.method if fits else "",
        order=best.order if fits else None,
        build_seconds=_build(best) if fits else nan,
        seconds=_value(best) if fits else nan,
        simulable=True if _thousand(best) <= means.classical_seconds else False if known else None,
        note=notes,
    )


def _quick(land: Landscape, means: Means) -> float:
    """Return the seconds of exact values below which nothing else is looked for; errors of shared angles take long."""
    return QUICK if land.problem.angle_map.independent else means.classical_seconds / 2


def _by_paths(contest: Contest, seconds: float, rng: np.random.Generator) -> tuple[list[MethodCost], str]:
    """Return what sums Pauli paths, or the mean, to the tolerance; or a sentence about why nothing does."""
    largest = LARGEST_ORDER if contest.land.problem.angle_map.independent else LARGEST_ORDER // 3
    try:
        order = _order(contest, largest, seconds, rng)
        if order is not None:
            return [methods.our_surrogate(contest, "pauli-path", "rms", order, None)[0]], ""
        if _is_flat(contest, seconds, rng):
            return [MethodCost("its mean", "rms", "numbers", predicted_seconds=0.0)], ""
    except NearCliffordError as error:
        return [], f"Pauli-path surrogates were not looked at: {error}"
    return [], f"No order of a Pauli-path surrogate up to {largest} is known to reach {contest.tolerance:.1g}."


def _is_flat(contest: Contest, seconds: float, rng: np.random.Generator) -> bool:
    """Whether the loss varies by less than the tolerance, so that its mean stands for it."""
    found = loss_statistics(contest.land, contest.patch, rel_error=0.2, max_seconds=seconds, rng=rng)
    return found.variance + 2 * found.variance_error <= contest.tolerance**2


def _order(contest: Contest, largest: int, seconds: float, rng: np.random.Generator) -> int | None:
    """Return the order of paths that reaches the tolerance; None where none is known to, with as many samples as fit."""
    land, patch, tolerance, orders = contest.land, contest.patch, contest.tolerance, range(1, largest + 1)
    begun = time.monotonic()
    order = surrogate_error_curve(land, patch, orders, SAMPLES, rng=rng).order_for(tolerance)
    affordable = int(SAMPLES * seconds / max(time.monotonic() - begun, 1e-3))
    wanted = int(min(20 * (contest.scale / tolerance) ** 2, MOST_SAMPLES, affordable))
    if order is not None or wanted < 2 * SAMPLES:
        return order
    return surrogate_error_curve(land, patch, orders, wanted, rng=rng).order_for(tolerance)


def _thousand(cost: MethodCost) -> float:
    """Return seconds of a thousand values, infinite where the memory does not hold it."""
    memory = _first(cost.nbytes, cost.predicted_bytes, 0.0)
    return inf if memory > MOST_BYTES else _build(cost) + 1000 * _value(cost)


def _build(cost: MethodCost) -> float:
    return _first(cost.build_seconds, cost.predicted_build_seconds, 0.0)


def _value(cost: MethodCost) -> float:
    paths = None if cost.size is None or cost.order is None else SECONDS_PER_PATH * cost.size
    return _first(cost.seconds, cost.predicted_seconds, paths, cost.predicted_build_seconds, inf)


def _first(*numbers: float | None) -> float:
    """Return the first number that is known."""
    return next(float(number) for number in numbers if number is not None)
