"""Statistics at any number of qubits: averages over a patch as averages over random Clifford circuits."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.damped import WeightedHits
from nearclifford.chains.found import Hits, PairSums
from nearclifford.chains.sampler import ChainSampler, WeightedTargets
from nearclifford.chains.zeros import mattering_rotations, seconds_to_tell, vanishes
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms

# What is found out in less is found out always, in seconds.
MOMENT = 0.05


@dataclass(frozen=True)
class Stabilizer:
    """Random Clifford circuits in place of random angles: no statevector, any number of qubits, the mean exact.

    The second moment of L, or of one derivative, for one Pauli term is the probability that a string, pulled back through
    the circuit and flipped by each rotation it meets with probability E[sin²], ends with letters I and Z only. Samples of
    that chain run 1024 at a time through the gates. Several terms add a chain for each pair
    (`nearclifford.chains.term_pairs`); a derivative takes only the terms that can meet its rotation.

    ``norm`` is not computed (None), and ``norm_squared`` only over all parameters. Errors of the mean are zero. Samples
    are counted for each component; with several terms there may be more, a word of 64 for each pair at least. The mean being
    exact, a second moment is reported between the squared mean and the squared bound, and the variance is their difference.

    Raises `NearCliffordError` where angles are not independent (`nearclifford.normal_form.angles`).

    >>> Stabilizer()
    Stabilizer()
    """

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> StabilizerGradients:
        """Return the rounds of the moments of the chosen components of the gradient."""
        return StabilizerGradients(ChainSampler(land, patch, rng), parameters)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> StabilizerLoss:
        """Return the rounds of the moments of the loss."""
        return StabilizerLoss(ChainSampler(land, patch, rng))


@dataclass(frozen=True, eq=False)
class ChainSums:
    """What chains have told; ``zero`` marks the moments that are known to be zero, ``weights`` are those of the sum."""

    found: Hits | WeightedHits | PairSums
    zero: Flags
    weights: Floats

    @classmethod
    def of(cls, found: Hits | WeightedHits | PairSums, zero: Flags, weights: Floats) -> ChainSums:
        """Return what was found with the zeros called so."""
        return cls(found.without(zero, weights), zero, weights)

    def __add__(self, other: ChainSums) -> ChainSums:
        assert type(self.found) is type(other.found)
        both: Hits | WeightedHits | PairSums = self.found + other.found  # type: ignore[operator]
        return ChainSums.of(both, self.zero | other.zero, self.weights)

    @property
    def samples(self) -> int:
        """Samples of each target."""
        return self.found.samples

    @property
    def total(self) -> float:
        """The weighted sum of the second moments."""
        return self.found.total

    @property
    def total_error(self) -> float:
        """Its standard error."""
        return self.found.total_error


class _Chains:
    """Targets of one sampler, round after round: blocks of the random streams are taken one after the other."""

    def __init__(self, chain: ChainSampler, targets: WeightedTargets) -> None:
        self.chain, self.targets, self.block = chain, targets, 0
        self.zero = np.zeros(len(targets.rotations), dtype=np.bool_)
        if seconds_to_tell(chain.land.problem) < MOMENT and (targets.rotations >= 0).all():
            self.zero = ~self.matters[targets.rotations]

    @cached_property
    def matters(self) -> Flags:
        """Which rotations may change the loss."""
        return mattering_rotations(self.chain.land.problem)

    def run(self, samples: int) -> ChainSums:
        """Return the sums of about so many more samples."""
        found, self.block = self.chain.round(samples, self.block, self.targets)
        return ChainSums.of(found, self.zero, self.targets.weights)

    def settled(self, sums: ChainSums, seconds: float) -> ChainSums:
        """Return the sums with the moments that are proven to be zero, in order up to the first that is not.

        Samples tell of that one. No more than about a tenth of the time goes into the search.
        """
        problem, found = self.chain.land.problem, sums.found
        if found.total > 2 * found.total_error or seconds_to_tell(problem) > seconds / 10:
            return sums
        ends, zero = time.monotonic() + seconds / 10, sums.zero.copy()
        for place in np.flatnonzero(found.bound):
            settled = found.value[place] > 2 * found.error[place] or time.monotonic() > ends
            if settled or not vanishes(problem, int(self.targets.rotations[place]), self.matters):
                break
            zero[place] = True
        return ChainSums.of(found, zero, sums.weights)


class StabilizerGradients(Rounds[ChainSums, GradientStatistics]):
    """The chosen components of the gradient; those that turn no rotation are zero and not sampled."""

    def __init__(self, chain: ChainSampler, parameters: Indices) -> None:
        rotation, factor = chain.land.problem.angle_map.rotation_of
        self.chain, self.parameters = chain, parameters
        self.rotation, self.factor = rotation[parameters], factor[parameters]
        self.turning = self.rotation >= 0
        squares = self.factor[self.turning] ** 2
        self.chains = _Chains(chain, WeightedTargets(self.rotation[self.turning], parameters[self.turning], squares))

    def run(self, samples: int) -> ChainSums:
        """Return the sums of about so many more samples."""
        return self.chains.run(samples)

    def settled(self, sums: ChainSums, seconds: float) -> ChainSums:
        """Return the sums with what is known to be zero."""
        return self.chains.settled(sums, seconds)

    def result(self, sums: ChainSums) -> GradientStatistics:
        """Return the statistics."""
        found, turning, count = sums.found, self.turning, len(self.parameters)
        mean = self.factor * self.chain.derivative_means(self.rotation)
        second, error, bound = np.zeros((3, count))
        hits = np.zeros(count, dtype=np.int64)
        second[turning] = found.value * self.factor[turning] ** 2
        error[turning] = found.error * self.factor[turning] ** 2
        bound[turning] = np.abs(self.factor[turning]) * found.bound
        hits[turning] = found.hits
        moments = Moments.of_second_moments(mean, second, error, bound)
        if isinstance(found, Hits):
            moments = replace(moments, hits=hits, trials=np.full(count, found.samples))
        norms = self._norms(found.total, found.total_error, float((mean**2).sum()))
        return GradientStatistics.of(moments, norms, self.parameters, found.samples, "stabilizer")

    def _norms(self, total: float, error: float, least: float) -> Norms:
        n_parameters = self.chain.land.n_parameters
        complete = len(self.parameters) == n_parameters == len(np.unique(self.parameters))
        return Norms(None, None, max(total, least), error, total) if complete else Norms()


class StabilizerLoss(Rounds[ChainSums, LossStatistics]):
    """The loss itself."""

    def __init__(self, chain: ChainSampler) -> None:
        whole = np.array([chain.land.n_parameters])
        self.chain, self.chains = chain, _Chains(chain, WeightedTargets(np.array([NO_ROTATION]), whole, np.ones(1)))

    def run(self, samples: int) -> ChainSums:
        """Return the sums of about so many more samples."""
        return self.chains.run(samples)

    def settled(self, sums: ChainSums, seconds: float) -> ChainSums:
        """Return the sums with what is known to be zero."""
        return self.chains.settled(sums, seconds)

    def result(self, sums: ChainSums) -> LossStatistics:
        """Return the statistics."""
        found, bound = sums.found, np.full(1, np.abs(self.chain.land.problem.coefficients).sum())
        moments = Moments.of_second_moments(np.full(1, self.chain.loss_mean()), found.value, found.error, bound)
        if isinstance(found, Hits):
            moments = replace(moments, hits=found.hits, trials=np.full(1, found.samples))
        return LossStatistics.of(moments, found.samples, "stabilizer")
