"""One cell of the phase diagram: whether it trains, by its shots, and the best of all methods that simulates it as well.

`cell` is what the presets name as their ``measure``.
"""

from __future__ import annotations

from math import ceil, inf, nan, sqrt

import numpy as np

from nearclifford.costs import methods
from nearclifford.costs.contest import Contest
from nearclifford.devices.rough_shots import rough_shots
from nearclifford.diagnosis import gradient
from nearclifford.diagnosis.gradient import SquaredNorm
from nearclifford.diagnosis.region import RATIO, state_of
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.statevector import Statevector
from nearclifford.statistics.verbs import gradient_statistics, loss_statistics
from nearclifford.studies.simulability.ladders import PathLadder, bond_ladder, path_ladder
from nearclifford.studies.sweeps.fingerprint import of_landscape

# Of each circuit; and for a thousand values that are as good: one core, so many bytes.
SHOTS, CLASSICAL_SECONDS, MOST_BYTES = 10**6, 3600.0, 2**32
# What is spent here: on each moment, and on each surrogate by prediction.
MOMENT_SECONDS, BUILD_SECONDS = 4.0, 10.0
THETAS, BOND_THETAS = 16, 2
MOST_SAMPLED_QUBITS, SAMPLED_THETAS = 20, 64
# How a table of numbers holds the words of `nearclifford.diagnosis.results.Region`.
STATES = {"dead": -1.0, "open": 0.0, "alive": 1.0}
METHODS = ("none", "statevector", "Pauli paths", "its mean", "matrix product state")
NO, UNKNOWN, YES = -1.0, 0.0, 1.0

_ladders: dict[str, PathLadder] = {}


def cell(land: Landscape, patch: Patch, rng: np.random.Generator) -> dict[str, float]:
    """Return what a cell of the phase diagram is like, as numbers by name.

    ``trains`` is 1 where `SHOTS` shots of each circuit make the rms gradient over the patch three times its shot noise, even
    at the lower end of the 95 % interval of E‖∇L‖²; -1 where not even at the upper end; 0 between. ``simulated`` is 1 where
    a thousand values, with an rms error like the shot noise of the loss with as many shots, take an hour of one core and
    4 GiB at most; -1 where no method here does that; 0 where it is not known. Where ``trains`` is 0 only statevectors and
    paths are asked; where it is -1 nothing is, and it is NaN. ``method`` is the place in `METHODS`; ``order``, ``bonds`` and
    the two errors say how far the ladders led.

    >>> import nearclifford as nc
    >>> found = cell(nc.Landscape(nc.ansatz.mhea(3, 2), "Z0 Z1 + X2"), nc.Gaussian(0.2), np.random.default_rng(1))
    >>> found["trains"], found["simulated"], METHODS[int(found["method"])]
    (1.0, 1.0, 'statevector')
    """
    norm = squared_norm(land, patch, MOMENT_SECONDS, rng=rng)
    noise = rough_shots(land, patch, MOMENT_SECONDS / 2, rng=rng)
    fewest, most = (_shots(noise.gradient, square) for square in (norm.high, norm.low))
    tolerance = sqrt(max(noise.value, 0.0) / SHOTS)
    found = {
        "trains": STATES[state_of(1.0 if noise.method == "bound" else fewest, most, SHOTS, noise.method)],
        "norm_squared": norm.estimate,
        "norm_squared_low": norm.low,
        "norm_squared_high": norm.high,
        "shots": _shots(noise.gradient, norm.estimate),
        "fewest_shots": fewest,
        "most_shots": most,
        "tolerance": tolerance,
        "simulated": nan,
        "method": nan,
        "seconds": nan,
        "statevector_seconds": nan,
        "order": nan,
        "path_error": nan,
        "bonds": nan,
        "bond_error": nan,
    }
    if found["trains"] == STATES["dead"]:
        return found
    return found | _simulated(land, patch, tolerance, found["trains"] == STATES["alive"], rng)


def squared_norm(land: Landscape, patch: Patch, max_seconds: float, *, rng: np.random.Generator) -> SquaredNorm:
    """Return E‖∇L‖² as `nearclifford.diagnosis.gradient.squared_norm` does; unknown where shared angles do not let it.

    There thetas are sampled by exact sweeps if their states are small.
    """
    try:
        return gradient.squared_norm(land, patch, max_seconds, rng=rng)
    except NearCliffordError:
        if land.active_qubits > MOST_SAMPLED_QUBITS:
            return SquaredNorm(nan, 0.0, inf, "not known")
        found = gradient_statistics(land, patch, Statevector(), samples=SAMPLED_THETAS, rng=rng)
        total, error = found.norm_squared or 0.0, gradient.LEVEL_SIGMAS * (found.norm_squared_error or inf)
        return SquaredNorm(total, max(total - error, 0.0), total + error, found.method)


def _shots(one_shot: float, square: float) -> float:
    return max(1.0, ceil(RATIO**2 * one_shot / square)) if square > 0 else inf


def _simulated(
    land: Landscape, patch: Patch, tolerance: float, all_methods: bool, rng: np.random.Generator
) -> dict[str, float]:
    """Return the first method that does it, in the order of `METHODS`, and how far those before it led.

    Not ``all_methods``: the mean and bonds, which take longest, are not asked.
    """
    theta = land.center + patch.sample((THETAS, land.n_parameters), rng=rng)
    contest = Contest(land, patch, tolerance, theta, CLASSICAL_SECONDS / 1000, MOST_BYTES)
    exact = methods.statevector(contest)
    seconds = 1000 * float(exact.predicted_seconds if exact.seconds is None else exact.seconds)  # type: ignore[arg-type]
    found = {"statevector_seconds": seconds}
    if seconds <= CLASSICAL_SECONDS and (exact.nbytes or exact.predicted_bytes or 0.0) <= MOST_BYTES:
        return found | _verdict(YES, "statevector", seconds)
    paths = _ladder(land).reach(contest, CLASSICAL_SECONDS)
    found |= {"order": paths.resource, "path_error": paths.error}
    if paths.within:
        return found | _verdict(YES, "Pauli paths", paths.seconds)
    if not all_methods:
        return found | _verdict(UNKNOWN, "none", nan)
    loss = loss_statistics(land, patch, rel_error=0.2, max_seconds=MOMENT_SECONDS, rng=rng)
    if loss.variance + 2 * loss.variance_error <= tolerance**2:
        return found | _verdict(YES, "its mean", 0.0)
    few = Contest(land, patch, tolerance, theta[:BOND_THETAS], contest.max_seconds, MOST_BYTES)
    bonds = bond_ladder(few, CLASSICAL_SECONDS)
    found |= {"bonds": bonds.resource, "bond_error": bonds.error}
    if bonds.within:
        return found | _verdict(YES, "matrix product state", bonds.seconds)
    return found | _verdict(UNKNOWN if _may_yet(contest, paths.within) else NO, "none", nan)


def _may_yet(contest: Contest, paths: bool | None) -> bool:
    """Whether orders that were not built, or sums over stabilizer states, which are predicted alone, may do it."""
    rank = methods.stabilizer_rank(contest).predicted_seconds
    return paths is None or (rank is not None and 1000 * rank <= CLASSICAL_SECONDS)


def _verdict(simulated: float, method: str, seconds: float) -> dict[str, float]:
    return {"simulated": simulated, "method": float(METHODS.index(method)), "seconds": seconds}


def _ladder(land: Landscape) -> PathLadder:
    """Return the ladder of a landscape; the widths of one circuit, which come one after another, share it."""
    identity = of_landscape(land)
    ladder = _ladders.get(identity) or path_ladder(land, BUILD_SECONDS, MOST_BYTES)
    _ladders.clear()
    _ladders[identity] = ladder
    return ladder
