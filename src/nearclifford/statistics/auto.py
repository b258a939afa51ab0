"""A backend that looks at the problem and takes another: exact, sampled or guided.

What it looks at are counts, and a pilot of a fixed seed: one problem gets one choice, on any machine and at any seed, and
the numbers are those of the chosen backend with the same ``rng``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from nearclifford.arguments import positive
from nearclifford.arrays import Flags, Indices
from nearclifford.chains.rows import row_list
from nearclifford.chains.sampler import ChainSampler
from nearclifford.chains.term_pairs import products_of_terms
from nearclifford.errors import NearCliffordError
from nearclifford.exact.center import center_gradient
from nearclifford.kernels.chain.coins import RARE
from nearclifford.landscape import Landscape
from nearclifford.memory import free_bytes
from nearclifford.normal_form.angles import angle_moments
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Backend, Rounds
from nearclifford.statistics.exact import Exact
from nearclifford.statistics.particles import Particles
from nearclifford.statistics.results import GradientStatistics, LossStatistics
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector

# Exact moments may take this part of the time.
EXACT_PART = 1 / 20
# Measured: one string at one rotation; making one chain ready, a word of a generator, and of each pair that is met.
SECONDS_PER_STRING, SECONDS_PER_CHAIN, SECONDS_PER_WORD, SECONDS_PER_PAIR = 5e-8, 5e-4, 3e-8, 3e-9
# Beyond so many terms the products of pairs are too many to list.
MOST_TERMS = 256
# Below so many strings a chain is hardly merged.
LEAST_STRINGS = 64
# Measured: one row operation on 1024 samples, a row of frequent coins, a rare coin that shows.
SECONDS_PER_ROW, SECONDS_PER_COINS, SECONDS_PER_FLIP, BLOCK = 4e-9, 1e-7, 4e-8, 1024
PILOT_SEED, PILOT_SAMPLES, PILOT_COMPONENTS = 12, 2**12, 32
# Measured: the guide and the first particles of one moment, by the gates of two qubits.
SECONDS_PER_GUIDED_GATE = 2e-3
# A pilot doubles its samples while it sees nothing, for this part of the time.
PILOT_PART = 1 / 30
LARGEST_PILOT = 2**20


@dataclass(frozen=True)
class Auto:
    """The backend that fits the problem, found by looking at it: users need not know the others.

    - `Exact` where all Pauli strings that matter are few: small circuits, narrow light cones;
    - `Stabilizer` where chains of a pilot end Z-type often enough to reach ``rel_error`` within ``max_seconds``;
    - `Particles` where they do not, as on a plateau;
    - `Statevector` where angles are not independent, or the patch lacks the moments that the others need.

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
        return self._rounds(_Question(land, patch, parameters), rng)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> Rounds[Any, LossStatistics]:
        """Return the rounds of the chosen backend."""
        return self._rounds(_Question(land, patch, None), rng)

    def _rounds(self, question: _Question, rng: np.random.Generator) -> Rounds[Any, Any]:
        backend, reason = self._choice(question)
        return _Chosen(question.rounds(backend, rng), f"{backend!r}: {reason}")

    def _choice(self, question: _Question) -> tuple[Backend, str]:
        try:
            angle_moments(question.land.problem.angle_map, question.patch)
        except NearCliffordError as error:
            return _sampled_angles(question.land, error)
        found = exact_choice(question, self.max_seconds * EXACT_PART)
        return found if found is not None else sampled_choice(question, self)


@dataclass(frozen=True, eq=False)
class _Question:
    """What is asked: the loss, or some components of the gradient."""

    land: Landscape
    patch: Patch
    parameters: Indices | None

    @cached_property
    def met(self) -> Flags:
        """Which rotations some term can meet, shape ``(n_rotations,)``."""
        chain = ChainSampler(self.land, self.patch, np.random.default_rng(PILOT_SEED))
        return np.asarray(chain.meets[:, :-1].any(axis=0))

    @cached_property
    def alive(self) -> Indices:
        """The parameters that are asked for and turn a rotation that is met; none for the loss."""
        if self.parameters is None:
            return np.zeros(0, dtype=np.int64)
        rotation = self.land.problem.angle_map.rotation_of[0]
        chosen = np.unique(self.parameters)
        return chosen[(rotation[chosen] >= 0) & self.met[rotation[chosen]]]

    @property
    def count(self) -> int:
        """How many second moments may differ from zero."""
        return 1 if self.parameters is None else len(self.alive)

    def rounds(self, backend: Backend, rng: np.random.Generator) -> Rounds[Any, Any]:
        """Return the rounds of a backend."""
        if self.parameters is None:
            return backend.loss_rounds(self.land, self.patch, rng=rng)
        return backend.gradient_rounds(self.land, self.patch, self.parameters, rng=rng)

    def part(self, most: int) -> tuple[_Question, float]:
        """Return the same of some components that may differ from zero, and how many times more there are like these.

        They are evenly spread; with the largest at the centre, where there are some, which may outweigh all others.
        """
        if self.parameters is None:
            return self, 1.0
        at_center = np.abs(center_gradient(self.land.problem)[1][self.alive])
        largest = np.argsort(-at_center, kind="stable")[: min(most // 2, np.count_nonzero(at_center))]
        spread = np.linspace(0, len(self.alive) - 1, most).astype(np.int64)
        chosen = self.alive[np.union1d(largest, spread)]
        return replace(self, parameters=chosen), 1.0 if len(largest) else len(self.alive) / len(chosen)


class _Chosen(Rounds[Any, Any]):
    """The rounds of a backend, whose results tell the choice."""

    def __init__(self, rounds: Rounds[Any, Any], choice: str) -> None:
        self.rounds, self.choice = rounds, choice
        self.first, self.chunk, self.least = rounds.first, rounds.chunk, rounds.least

    def run(self, samples: int) -> Any:
        return self.rounds.run(samples)

    def settled(self, sums: Any, seconds: float) -> Any:
        return self.rounds.settled(sums, seconds)

    def result(self, sums: Any) -> Any:
        return replace(self.rounds.result(sums), choice=self.choice)


def _sampled_angles(land: Landscape, error: NearCliffordError) -> tuple[Backend, str]:
    """Return the choice where averages over Clifford circuits do not apply, for the reason that an error gave."""
    if land.exact.nbytes > free_bytes():
        raise error
    return Statevector(), f"thetas are sampled, over 2^{land.active_qubits} amplitudes. {str(error).split('; ')[0]}."


def exact_choice(question: _Question, seconds: float) -> tuple[Backend, str] | None:
    """Return the choice of merged strings where they fit; None where they do not, or it would take long to find out."""
    problem = question.land.problem
    if question.count == 0:
        return Exact(), "no term meets a rotation of these parameters"
    if len(problem.images) > MOST_TERMS:
        return None
    words, rotations = problem.generators.x.shape[1], int(question.met.sum())
    ready = SECONDS_PER_CHAIN + words * (problem.n_rotations * SECONDS_PER_WORD + rotations**2 * SECONDS_PER_PAIR)
    chains = len(products_of_terms(problem)) * question.count
    strings = int((seconds / max(chains, 1) - ready) / (SECONDS_PER_STRING * max(rotations, 1)))
    if strings < LEAST_STRINGS:
        return None
    exact = Exact(min(strings, Exact().max_terms))
    try:
        exact.loss_second_moment(question.land, question.patch)
    except NearCliffordError:  # too many strings, or no bound of the rounding of the patch's moments
        return None
    return exact, f"the Pauli strings that matter fit into {exact.max_terms:,}"


def sampled_choice(question: _Question, goal: Auto) -> tuple[Backend, str]:
    """Return the choice by what chains of a pilot show: sampled where they hit often enough, else guided."""
    seconds = seconds_per_chain(question)
    some, times = question.part(PILOT_COMPONENTS)
    for samples, total, error in _pilot(some, goal.max_seconds * PILOT_PART / seconds):
        seen = f"{samples:,} chains of a pilot gave {total:.2g} ± {error:.1g}"
        needed = samples * (error / (goal.rel_error * total)) ** 2 / times if total > 2 * error else inf
        if error == 0.0 or needed * question.count * seconds <= goal.max_seconds:
            return Stabilizer(), f"{seen}, often enough to sample" if error else f"{seen}: zero for certain"
    guided = question.count * int((question.land.program.tape.second >= 0).sum()) * SECONDS_PER_GUIDED_GATE
    if guided <= goal.max_seconds:
        return Particles(), f"{seen}, too little to sample"
    return Stabilizer(), f"{seen}, too little to sample well, and {question.count} moments are too many for particles"


def seconds_per_chain(question: _Question) -> float:
    """Return about how long one chain takes on one core, whatever it shows."""
    land = question.land
    probability = angle_moments(land.problem.angle_map, question.patch)[1]
    frequent = probability >= RARE
    rows = len(row_list(land.program).kind) * SECONDS_PER_ROW + int(frequent.sum()) * SECONDS_PER_COINS
    return rows / BLOCK + float(probability[~frequent].sum()) * SECONDS_PER_FLIP


def _pilot(question: _Question, most: float) -> Iterator[tuple[int, float, float]]:
    """Yield (samples of each component, total, its error), of more and more samples, up to about ``most`` in all."""
    rounds = question.rounds(Stabilizer(), np.random.default_rng(PILOT_SEED))
    sums = rounds.run(PILOT_SAMPLES)
    yield sums.samples, sums.total, sums.total_error
    while sums.samples * 2 <= LARGEST_PILOT and sums.samples * 2 * question.count <= most:
        sums = sums + rounds.run(sums.samples)
        yield sums.samples, sums.total, sums.total_error
