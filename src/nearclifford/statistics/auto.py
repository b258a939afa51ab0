"""A backend that looks at the problem and takes another: exact, by paths, sampled or guided.

What it looks at are counts, and a pilot of a fixed seed: one problem gets one choice, on any machine and at any seed, and
the numbers are those of the chosen backend with the same ``rng``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from nearclifford.arguments import positive
from nearclifford.arrays import Indices
from nearclifford.chains.rows import row_list
from nearclifford.chains.sampler import ChainSampler
from nearclifford.chains.split import SplitMoments
from nearclifford.chains.term_pairs import products_of_terms
from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.kernels.chain.coins import RARE
from nearclifford.landscape import Landscape
from nearclifford.memory import free_bytes
from nearclifford.normal_form.angles import angle_moments
from nearclifford.particles.noisy import signs_may_turn
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.budget import FIRST_ROUND
from nearclifford.statistics.exact import Exact
from nearclifford.statistics.particles import Particles
from nearclifford.statistics.paths import Paths
from nearclifford.statistics.request import Request
from nearclifford.statistics.results import GradientStatistics, LossStatistics
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector

# Exact moments may take this part of the time.
EXACT_PART = 1 / 20
# And paths of shared angles this one.
PATHS_PART = 1 / 3
# Measured: one string at one rotation; making one chain ready, a word of a generator, and of each pair that is met.
SECONDS_PER_STRING, SECONDS_PER_CHAIN, SECONDS_PER_WORD, SECONDS_PER_PAIR = 5e-8, 5e-4, 3e-8, 3e-9
# Measured: the letters of a string at a channel, a word of the string.
SECONDS_PER_CHANNEL = 1e-8
# Beyond so many terms the products of pairs are too many to list.
MOST_TERMS = 256
# Below so many strings a chain is hardly merged.
LEAST_STRINGS = 64
# Paths are summed where more flips than they have are rarer than this.
RARE_TAIL = 0.2
# Measured: one row operation on 1024 samples, a row of frequent coins, a rare coin that shows.
SECONDS_PER_ROW, SECONDS_PER_COINS, SECONDS_PER_FLIP, BLOCK = 4e-9, 1e-7, 4e-8, 1024
PILOT_SEED, PILOT_SAMPLES, PILOT_COMPONENTS = 12, 2**12, 32
# A pilot doubles its samples while it sees too little, for this part of the time.
PILOT_PART = 1 / 30
LARGEST_PILOT = 2**20
# Measured: one rotation on one amplitude, forward and back.
SECONDS_PER_AMPLITUDE = 6e-10
# Measured: the guide and the first particles of one moment, by the gates of two qubits.
SECONDS_PER_GUIDED_GATE = 2e-3


@dataclass(frozen=True)
class Auto:
    """The backend that fits the problem, found by looking at it: users need not know the others.

    - `Exact` where all Pauli strings that matter are few: small circuits, narrow light cones;
    - `Stabilizer` with an order in narrow patches, where paths of few flips are summed and hardly any are left to sample;
    - `Stabilizer` where chains of a pilot end Z-type often enough to reach ``rel_error`` within ``max_seconds``;
    - `Particles` where they do not, as on a plateau;
    - `Statevector` where angles are shared or fixed, or the patch lacks the moments that the others need;
    - `Paths` where they are, and exact sweeps do not fit the memory or the time, or there is noise.

    The result tells which backend ran (``method``) and why (``choice``). Only `Statevector` knows ``norm``.

    Parameters
    ----------
    rel_error, max_seconds : what the choice aims at, as in `nearclifford.gradient_statistics`.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> found = nc.loss_statistics(land, nc.Gaussian(0.1))                     # backend="auto"
    >>> found.method, found.choice
    ('exact', 'Exact(max_terms=1048576): ...')
    """

    rel_error: float = 0.05
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        positive(self.rel_error, "rel_error", 0.05)
        positive(self.max_seconds, "max_seconds", 60.0)

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> Rounds[Any, GradientStatistics]:
        """Return the rounds of the chosen backend."""
        return self._rounds(Request(land, patch, parameters), rng)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> Rounds[Any, LossStatistics]:
        """Return the rounds of the chosen backend."""
        return self._rounds(Request(land, patch, None), rng)

    def _rounds(self, request: Request, rng: np.random.Generator) -> Rounds[Any, Any]:
        try:
            angle_moments(request.land.problem.angle_map, request.patch)
        except NearCliffordError as error:
            return _sampled_angles(request, error, self, rng)
        exact = exact_rounds(request, self.max_seconds * EXACT_PART)
        if exact is not None and exact.resolves_variance(self.rel_error):
            return exact
        paths = path_rounds(request, rng)
        if paths is not None:
            return paths
        return exact if exact is not None else sampled_rounds(request, self, rng)


class Chosen(Rounds[Any, Any]):
    """The rounds of a backend, whose results tell the choice."""

    def __init__(self, request: Request, backend: Any, reason: str, rng: np.random.Generator) -> None:
        self.rounds, self.choice = request.rounds(backend, rng), f"{backend!r}: {reason}."
        self.first, self.chunk, self.least = self.rounds.first, self.rounds.chunk, self.rounds.least

    def begin(self, ends: float) -> None:
        """Tell the chosen backend when the time is over."""
        self.rounds.begin(ends)

    def run(self, samples: int) -> Any:
        """Return the sums of about so many more samples."""
        return self.rounds.run(samples)

    def settled(self, sums: Any, seconds: float) -> Any:
        """Return the sums with what is certain called so."""
        return self.rounds.settled(sums, seconds)

    def result(self, sums: Any) -> Any:
        """Return the statistics, with the choice."""
        return replace(self.rounds.result(sums), choice=self.choice)

    def resolves_variance(self, rel_error: float) -> bool:
        """Return whether rounds that need no samples know every variance to a relative error."""
        found = self.rounds.result(self.rounds.run(0))
        return bool(np.all(found.variance_error <= rel_error * found.variance))


def _sampled_angles(request: Request, error: NearCliffordError, goal: Auto, rng: np.random.Generator) -> Rounds[Any, Any]:
    """Return the choice where averages over Clifford circuits do not apply, for the reason that an error gave.

    Raises that error, with what was tried, where thetas cannot be sampled and the moments of paths do not settle.
    """
    land, why = request.land, str(error).split("; ")[0]
    fits = land.problem.channels is None and land.exact.nbytes <= free_bytes()
    seconds = SECONDS_PER_AMPLITUDE * land.problem.amplitudes * FIRST_ROUND
    reason = f"thetas are sampled, over 2^{land.active_qubits} amplitudes. {why}"
    if fits and seconds <= goal.max_seconds * EXACT_PART:
        return Chosen(request, Statevector(), reason, rng)
    paths: Any = request.rounds(Paths(rel_error=goal.rel_error / 2), rng)
    if paths.settles(goal.rel_error, goal.max_seconds * PATHS_PART):
        return paths
    if fits and seconds <= goal.max_seconds:
        return Chosen(request, Statevector(), reason, rng)
    if not paths.settles(inf, 0.0):
        raise type(error)(f"{error} {paths.found.text}")
    return paths


def exact_rounds(request: Request, seconds: float) -> Chosen | None:
    """Return merged strings where they fit; None where they do not, or it would take long to find out."""
    problem, no_draws = request.land.problem, np.random.default_rng(PILOT_SEED)
    if request.count == 0:
        return Chosen(request, Exact(), "no term meets a rotation of these parameters", no_draws)
    if len(problem.images) > MOST_TERMS:
        return None
    words, rotations = problem.generators.x.shape[1], int(request.met.sum())
    ready = SECONDS_PER_CHAIN + words * (problem.n_rotations * SECONDS_PER_WORD + rotations**2 * SECONDS_PER_PAIR)
    chains = len(products_of_terms(problem)) * request.count
    per_string = SECONDS_PER_STRING * max(rotations, 1)
    if problem.channels is not None:
        per_string += SECONDS_PER_CHANNEL * words * len(problem.channels)
    strings = int((seconds / max(chains, 1) - ready) / per_string)
    if strings < LEAST_STRINGS:
        return None
    exact = Exact(min(strings, Exact().max_terms))
    try:
        exact.loss_second_moment(request.land, request.patch)
        return Chosen(request, exact, "all Pauli strings that matter fit", no_draws)
    except NearCliffordError:  # too many strings, or no bound of the rounding of the patch's moments
        return None


def path_rounds(request: Request, rng: np.random.Generator) -> Chosen | None:
    """Return paths of few flips, the others sampled, where these are rare; None where they are not, or paths do not fit."""
    chain = ChainSampler(request.land, request.patch, np.random.default_rng(PILOT_SEED))
    split = SplitMoments(chain, request.targets, None)
    try:
        order, more = split.order, split.tail_probability
    except ResourceError:
        return None
    if order < 2 or more > RARE_TAIL:
        return None
    reason = f"paths of fewer than {order} flips are summed, and {more:.1g} is the chance of as many heads"
    return Chosen(request, Stabilizer(order) if request.one_term else Stabilizer(), reason, rng)


def sampled_rounds(request: Request, goal: Auto, rng: np.random.Generator) -> Chosen:
    """Return what chains of a pilot advise: samples where they hit often enough, else particles."""
    seconds, moments = seconds_per_chain(request), request.count
    some, times = request, 1.0
    if request.one_term:
        some, times = request.part(PILOT_COMPONENTS)
    else:
        moments = 1  # chains of several terms serve all components
    for samples, total, error in _pilot(some, goal.max_seconds * PILOT_PART / seconds):
        seen = f"{samples:,} chains of a pilot gave {total:.2g} ± {error:.1g}"
        needed = samples * (error / (goal.rel_error * total)) ** 2 / times if total > 2 * error else inf
        if error == 0.0 or needed * moments * seconds <= goal.max_seconds:
            reason = f"{seen}, often enough to sample" if error else f"{seen}: zero for certain"
            return Chosen(request, Stabilizer(), reason, rng)
    if signs_may_turn(request.land.problem):
        return Chosen(request, Stabilizer(), f"{seen}, too little to sample well, but channels turn signs", rng)
    if request.count * _guided_gates(request.land) * SECONDS_PER_GUIDED_GATE <= goal.max_seconds:
        return Chosen(request, Particles(), f"{seen}, too little to sample", rng)
    reason = f"{seen}, too little to sample well, and {request.count} moments are too many for particles"
    return Chosen(request, Stabilizer(), reason, rng)


def _guided_gates(land: Landscape) -> int:
    """Return how many gates and channels of two qubits a guide passes."""
    channels = land.problem.channels
    pairs = 0 if channels is None else int((channels.qubits[:, 1] >= 0).sum())
    return int((land.program.tape.second >= 0).sum()) + pairs


def seconds_per_chain(request: Request) -> float:
    """Return about how long one chain takes on one core, whatever it shows."""
    land = request.land
    probability = angle_moments(land.problem.angle_map, request.patch)[1]
    frequent = probability >= RARE
    rows = len(row_list(land.program).kind) * SECONDS_PER_ROW + int(frequent.sum()) * SECONDS_PER_COINS
    return rows / BLOCK + float(probability[~frequent].sum()) * SECONDS_PER_FLIP


def _pilot(request: Request, most: float) -> Iterator[tuple[int, float, float]]:
    """Yield (samples of each component, total, its error), of more and more samples, up to about ``most`` in all."""
    rounds = request.rounds(Stabilizer(), np.random.default_rng(PILOT_SEED))
    sums = rounds.run(PILOT_SAMPLES)
    yield sums.samples, sums.total, sums.total_error
    while sums.samples * 2 <= LARGEST_PILOT and sums.samples * 2 * request.count <= most:
        sums = sums + rounds.run(sums.samples)
        yield sums.samples, sums.total, sums.total_error
