"""Statistics of plateaus: second moments that are exponentially small, by guided particles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from nearclifford.arguments import integer
from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.sampler import ChainSampler
from nearclifford.chains.zeros import mattering_rotations, seconds_to_tell
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.particles.chains import Chain, chains_of
from nearclifford.particles.course import Strings
from nearclifford.particles.estimate import Courses, Estimate, Settings
from nearclifford.particles.found import Found
from nearclifford.particles.layers import Weights, layers_of
from nearclifford.particles.noisy import met_by_product, tape_with_channels
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms
from nearclifford.statistics.settled import SettledGradient, SettledLoss

# Chains of products of two terms that are run; the others are bounded.
MOST_CHAINS = 64
# The first populations of "auto".
FIRST_SIZE = 128
# Chains that are left out may add this part of the estimate before it is in doubt.
LEFT_OUT = 0.05
# What is found out in less is found out always, in seconds.
MOMENT = 0.05


@dataclass(frozen=True)
class Particles:
    """Guided particles: second moments far below what sampling sees, such as 2^-N of a plateau; the mean is exact.

    A second moment is a sum over paths of Pauli strings. Particles walk along it, from the observable to the state or back,
    and draw every letter by a guide: a matrix product that says about what a string is worth. Weights correct for the guide,
    so that the estimate is unbiased whatever the guide; a bad one costs precision alone (docs/theory.md, "Particles").

    A round has ``populations`` independent populations and as many of twice the size. Before the first, a pilot run chooses
    the end that the guide comes from. The result is *settled* where populations of both sizes agree, single ones do not
    spread by much, and another guide, from the other end or of half the bond, gave the same. Where it is not, ``resolved``
    is False, ``doubt`` says why, and the error covers what is in doubt: all that is possible where ``max_seconds`` ended
    before the guides of a component were made.

    ``samples`` counts the particles of the estimate, of each component and each product of two terms, rounded down to a
    multiple of ``3 * populations``, at least one such; with "auto" the rounds double. Each component is a run of its own,
    of seconds at 50 qubits: give ``parameters`` where they are many.

    Parameters
    ----------
    population : the most particles of one population; beyond, there are more populations.
    bond : of the matrix product, at least 1; 1 is mean field, for circuits with gates between all qubits. The time grows
        like its square to cube.
    guide : the end that the guide is evolved from, "state" or "observable", or "auto" for the better one.
    populations : of each size, at least 2.

    Raises `NearCliffordError` for arguments out of range, where angles are not independent
    (`nearclifford.normal_form.angles`), and for several terms with noise that turns the sign of some string;
    `ResourceError` for a guide that does not fit the memory.

    Examples
    --------
    Deep circuits in a wide patch are as good as random: E[L²] = 1 / (2^N + 1).

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(20, 20), nc.observables.global_z(20))
    >>> found = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Particles(), samples=6000, rng=1)
    >>> found.resolved, round(found.second_moment * (2**20 + 1), 1)
    (True, 1.0)
    """

    population: int = 100_000
    bond: int = 16
    guide: Literal["auto", "state", "observable"] = "auto"
    populations: int = 8

    def __post_init__(self) -> None:
        integer(self.population, "population", 2)
        integer(self.bond, "bond", 1)
        integer(self.populations, "populations", 2, otherwise=", so that there is a standard error")
        if self.guide not in ("auto", "state", "observable"):
            raise NearCliffordError(f"guide is {self.guide!r}; expected 'auto', 'state' or 'observable'.")

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> ParticleGradients:
        """Return the rounds of the moments of the chosen components of the gradient."""
        return ParticleGradients(_Runs(self, land, patch, rng), parameters)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> ParticleLoss:
        """Return the rounds of the moments of the loss."""
        return ParticleLoss(_Runs(self, land, patch, rng))


@dataclass(frozen=True, eq=False)
class ParticleSums:
    """What particles have told: of each component a weight, and what was found of each of its chains, with theirs."""

    samples: int
    weights: Floats
    found: tuple[tuple[tuple[float, Found], ...], ...]

    def __add__(self, other: ParticleSums) -> ParticleSums:
        found = tuple(
            tuple((weight, part + more) for (weight, part), (_, more) in zip(mine, theirs, strict=True))
            for mine, theirs in zip(self.found, other.found, strict=True)
        )
        return ParticleSums(self.samples + other.samples, self.weights, found)

    @property
    def values(self) -> Floats:
        """The second moment of each component, shape ``(P,)``."""
        return np.array([sum(weight * part.all.value for weight, part in chains) for chains in self.found])

    @property
    def errors(self) -> Floats:
        """Their standard errors; chains are independent."""
        return np.array([math.hypot(*(weight * part.error for weight, part in chains)) for chains in self.found])

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why each is not settled; empty where it is."""
        return tuple(next((part.doubt for _, part in chains if part.doubt), "") for chains in self.found)

    @property
    def late(self) -> Flags:
        """For which the time ended before there was a guide: bool, shape ``(P,)``."""
        return np.array([any(part.late for _, part in chains) for chains in self.found], dtype=np.bool_)

    @property
    def populations(self) -> int:
        """How many populations each chain had."""
        return max((len(part.all) for chains in self.found for _, part in chains), default=2)

    @property
    def total(self) -> float:
        """The weighted sum of the second moments."""
        return float(self.weights @ self.values)

    @property
    def total_error(self) -> float:
        """Its standard error."""
        return float(np.linalg.norm(self.weights * self.errors))


class _Runs:
    """All chains of a landscape, and the questions that were asked of them."""

    def __init__(self, backend: Particles, land: Landscape, patch: Patch, rng: np.random.Generator) -> None:
        self.backend, self.land = backend, land
        self.sampler = ChainSampler(land, patch, rng)
        self.settings = Settings(backend.bond, backend.guide, backend.populations)
        chains = chains_of(land, self.sampler.cosine)
        self.chains, left_out = chains[:MOST_CHAINS], chains[MOST_CHAINS:]
        self.left_out = float(sum(abs(chain.weight) for chain in left_out))
        self.round, self.ends = 0, math.inf

    @property
    def chunk(self) -> int:
        """The most particles of one round."""
        return 3 * self.backend.populations * (self.backend.population // 2)

    @property
    def first(self) -> int:
        """The particles of the first round of "auto"."""
        return 3 * self.backend.populations * min(FIRST_SIZE, self.backend.population // 2)

    @cached_property
    def matters(self) -> Flags:
        """Which rotations may change the loss."""
        return mattering_rotations(self.land.problem)

    @cached_property
    def courses(self) -> list[tuple[Chain, Courses]]:
        """The courses of every chain that has a string to follow."""
        return [(chain, self._courses(chain)) for chain in self.chains]

    def _courses(self, chain: Chain) -> Courses:
        problem = self.land.problem
        tape, factors = tape_with_channels(self.land.program.tape, problem.channels, chain.product)
        support = np.union1d(np.flatnonzero(chain.strings.letters.any(axis=0)), met_by_product(problem, chain.product))
        layers = layers_of(tape, problem.n_qubits, support.tolist(), factors)
        letters = np.ascontiguousarray(chain.strings.letters[:, layers.qubits])
        weights = Weights.of_loss(self.sampler.sine_square).frozen(np.flatnonzero(chain.frozen))
        return Courses(layers, weights, Strings(letters, chain.strings.share))

    def estimates(self, rotation: int) -> list[tuple[float, Estimate]]:
        """Return the chains that the derivative by a rotation is made of, or the loss for -1, with their weights."""
        problem = self.land.problem
        if seconds_to_tell(problem) < MOMENT and rotation >= 0 and not self.matters[rotation]:
            return []
        return [
            (chain.weight, Estimate(courses, rotation, self.settings))
            for chain, courses in self.courses
            if (rotation < 0 or rotation in courses.layers.place_of) and chain.may_count(problem, rotation)
        ]

    def run(
        self, estimates: list[list[tuple[float, Estimate]]], streams: Indices, samples: int, weights: Floats
    ) -> ParticleSums:
        """Return the sums of one round of all estimates; of those whose guides are not made by `ends`, nothing."""
        count = self.backend.populations
        size = max(1, samples // (3 * count))
        self.round += 1
        seed = int(self.sampler.seed)
        found = tuple(
            tuple(
                (weight, estimate.run(size, np.random.default_rng([seed, int(stream), place, self.round]), self.ends))
                for place, (weight, estimate) in enumerate(chains)
            )
            for stream, chains in zip(streams, estimates, strict=True)
        )
        return ParticleSums(3 * count * size, weights, found)

    def judged(self, sums: ParticleSums, most: Floats) -> tuple[Floats, tuple[str, ...]]:
        """Return errors and doubts with what the chains that were left out may add; at ``most`` where nothing was found."""
        doubts = tuple(
            doubt or (self._about_left_out if self.left_out > LEFT_OUT * value else "")
            for doubt, value in zip(sums.doubts, sums.values.tolist(), strict=True)
        )
        return np.where(sums.late, most, sums.errors + self.left_out), doubts

    @property
    def _about_left_out(self) -> str:
        return f"Only {MOST_CHAINS} products of two terms were followed; the others may add up to {self.left_out:.3g}."


class ParticleLoss(Rounds[ParticleSums, LossStatistics]):
    """The loss itself."""

    def __init__(self, runs: _Runs) -> None:
        self.runs, self.first, self.chunk = runs, runs.first, runs.chunk
        self.estimates = [runs.estimates(-1)]

    def begin(self, ends: float) -> None:
        """Hear when the time is over, guides or not."""
        self.runs.ends = ends

    def run(self, samples: int) -> ParticleSums:
        """Return the sums of about so many more particles."""
        return self.runs.run(self.estimates, np.array([self.runs.land.n_parameters]), samples, np.ones(1))

    def result(self, sums: ParticleSums) -> SettledLoss:
        """Return the statistics."""
        runs = self.runs
        bound = np.full(1, np.abs(runs.land.problem.coefficients).sum())
        errors, doubts = runs.judged(sums, bound**2)
        moments = Moments.of_second_moments(np.full(1, runs.sampler.loss_mean()), sums.values, errors, bound)
        base = LossStatistics.of(moments, sums.samples, "particles")
        return SettledLoss.of_statistics(base, doubts[0], sums.populations)


class ParticleGradients(Rounds[ParticleSums, GradientStatistics]):
    """The chosen components of the gradient; those that turn no rotation are zero, and no particle is sent."""

    def __init__(self, runs: _Runs, parameters: Indices) -> None:
        rotation, factor = runs.land.problem.angle_map.rotation_of
        self.runs, self.parameters, self.first, self.chunk = runs, parameters, runs.first, runs.chunk
        self.rotation, self.factor = rotation[parameters], factor[parameters]
        self.estimates = [runs.estimates(int(j)) if j >= 0 else [] for j in self.rotation]

    def begin(self, ends: float) -> None:
        """Hear when the time is over, guides or not."""
        self.runs.ends = ends

    def run(self, samples: int) -> ParticleSums:
        """Return the sums of about so many more particles."""
        return self.runs.run(self.estimates, self.parameters, samples, self.factor**2)

    def result(self, sums: ParticleSums) -> SettledGradient:
        """Return the statistics."""
        runs, factor = self.runs, self.factor
        errors, doubts = runs.judged(sums, np.full(len(factor), runs.land.problem.varying_size**2))
        mean = factor * runs.sampler.derivative_means(self.rotation)
        possible = np.array([bool(chains) for chains in self.estimates])
        bound = np.where(possible, np.abs(factor) * runs.land.problem.varying_size, 0.0)
        errors = np.where(possible, errors, 0.0)
        doubts = tuple(doubt if any_chain else "" for doubt, any_chain in zip(doubts, possible, strict=True))
        moments = Moments.of_second_moments(mean, factor**2 * sums.values, factor**2 * errors, bound)
        norms = self._norms(sums.total, float(np.linalg.norm(factor**2 * errors)), float((mean**2).sum()))
        base = GradientStatistics.of(moments, norms, self.parameters, sums.samples, "particles")
        return SettledGradient.of_statistics(base, doubts, sums.populations)

    def _norms(self, total: float, error: float, least: float) -> Norms:
        n_parameters = self.runs.land.n_parameters
        complete = len(self.parameters) == n_parameters == len(np.unique(self.parameters))
        return Norms(None, None, max(total, least), error, total) if complete else Norms()
