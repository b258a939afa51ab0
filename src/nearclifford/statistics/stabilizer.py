"""Statistics at any number of qubits: averages over a patch as averages over random Clifford circuits."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nearclifford.arguments import integer
from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.damped import WeightedHits
from nearclifford.chains.found import Hits, SplitFound
from nearclifford.chains.sampler import ChainSampler, WeightedTargets
from nearclifford.chains.split import SplitMoments
from nearclifford.chains.zeros import mattering_rotations, seconds_to_tell, vanishes
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.results import Composition, GradientStatistics, LossStatistics, Moments, Norms

# What is found out in less is found out always, in seconds.
MOMENT = 0.05

# Samples of one round of several terms; a longer run adds rounds up.
MOST_SAMPLES = 2**22


@dataclass(frozen=True)
class Stabilizer:
    """Random Clifford circuits in place of random angles: no statevector, any number of qubits, the mean exact.

    The second moment of L, or of one derivative, for one Pauli term is the probability that a string, pulled back through
    the circuit and flipped by each rotation it meets with probability E[sin²], ends with letters I and Z only. Samples of
    that chain run 1024 at a time through the gates.

    Of several terms the variance is found directly, in two parts: paths of fewer than ``order`` flips are summed, and the
    others are sampled by chains that serve all terms and all chosen derivatives at once (`nearclifford.chains.split`), or,
    where chains hardly ever end Z-type, by paths whose last flip is looked up (`nearclifford.chains.looked_up`). The
    result's ``composition`` has both, and what the error holds for hits that were not seen: an estimate, no bound. No
    variance is a difference of large numbers, and none is negative.

    ``norm`` is not computed (None), and ``norm_squared`` only over all parameters. Errors of the mean are zero. Samples
    are counted for each component of one term, whose second moment is reported between the squared mean and the squared
    bound, and the variance is their difference. Several terms, or an order, take 16,384 samples at least, for all at once.
    There ``samples="auto"`` looks at the variance of a loss.

    Parameters
    ----------
    order : paths of fewer flips are summed exactly, at least 1. None: all are sampled for one term, and as many flips as are
        cheap are summed for several.

    Raises `NearCliffordError` where angles are not independent (`nearclifford.normal_form.angles`), and for an order that is
    no integer from 1 on; `ResourceError` where its paths do not fit.

    >>> Stabilizer()
    Stabilizer(order=None)
    """

    order: int | None = None

    def __post_init__(self) -> None:
        if self.order is not None:
            object.__setattr__(self, "order", integer(self.order, "order", 1))

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> StabilizerGradients:
        """Return the rounds of the moments of the chosen components of the gradient."""
        return StabilizerGradients(ChainSampler(land, patch, rng), parameters, self.order)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> StabilizerLoss:
        """Return the rounds of the moments of the loss."""
        return StabilizerLoss(ChainSampler(land, patch, rng), self.order)


@dataclass(frozen=True, eq=False)
class ChainSums:
    """What chains have told; ``zero`` marks the moments that are known to be zero, ``weights`` are those of the sum."""

    found: Hits | WeightedHits | SplitFound
    zero: Flags
    weights: Floats

    @classmethod
    def of(cls, found: Hits | WeightedHits | SplitFound, zero: Flags, weights: Floats) -> ChainSums:
        """Return what was found with the zeros called so."""
        return cls(found.without(zero, weights), zero, weights)

    def __add__(self, other: ChainSums) -> ChainSums:
        assert type(self.found) is type(other.found)
        both: Hits | WeightedHits | SplitFound = self.found + other.found  # type: ignore[operator]
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

    def __init__(self, chain: ChainSampler, targets: WeightedTargets, order: int | None) -> None:
        self.chain, self.targets, self.block = chain, targets, 0
        self.split = None if chain.one_term and order is None else SplitMoments(chain, targets, order)
        self.method = "stabilizer" if order is None else f"stabilizer, order {order}"
        self.zero = np.zeros(len(targets.rotations), dtype=np.bool_)
        if seconds_to_tell(chain.land.problem) < MOMENT and (targets.rotations >= 0).all():
            self.zero = ~self.matters[targets.rotations]

    @property
    def chunk(self) -> int:
        """The most samples of one round."""
        return Rounds.chunk if self.split is None else MOST_SAMPLES

    @cached_property
    def matters(self) -> Flags:
        """Which rotations may change the loss."""
        return mattering_rotations(self.chain.land.problem)

    def run(self, samples: int) -> ChainSums:
        """Return the sums of about so many more samples."""
        found: Hits | WeightedHits | SplitFound
        if self.split is None:
            found, self.block = self.chain.round(samples, self.block, self.targets)
        else:
            found, self.block = self.split.round(samples, self.block)
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

    def composition(self, sums: ChainSums) -> Composition | None:
        """Return what was exact and what was sampled; None where all was sampled."""
        if self.split is None or not isinstance(sums.found, SplitFound):
            return None
        split, found = self.split, sums.found
        return Composition(
            exact=found.exact_total,
            sampled=found.sampled_total,
            order=split.order,
            tail_probability=split.tail_probability,
            hits=found.tail.hits,
            sampling=split.tail.name,
            unseen=found.hidden_total,
        )


class StabilizerGradients(Rounds[ChainSums, GradientStatistics]):
    """The chosen components of the gradient; those that turn no rotation are zero and not sampled."""

    def __init__(self, chain: ChainSampler, parameters: Indices, order: int | None) -> None:
        rotation, factor = chain.land.problem.angle_map.rotation_of
        self.chain, self.parameters = chain, parameters
        self.rotation, self.factor = rotation[parameters], factor[parameters]
        self.turning = self.rotation >= 0
        squares = self.factor[self.turning] ** 2
        targets = WeightedTargets(self.rotation[self.turning], parameters[self.turning], squares)
        self.chains = _Chains(chain, targets, order)
        self.chunk = self.chains.chunk

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
        estimate = found.variance if isinstance(found, SplitFound) else found.value
        second[turning] = estimate * self.factor[turning] ** 2
        error[turning] = found.error * self.factor[turning] ** 2
        bound[turning] = np.abs(self.factor[turning]) * found.bound
        hits[turning] = found.hits if isinstance(found, Hits) else 0
        if isinstance(found, Hits | WeightedHits):
            moments = Moments.of_second_moments(mean, second, error, bound)
        else:
            moments = Moments.of_variances(mean, second, error, bound)
        if isinstance(found, Hits):
            moments = replace(moments, hits=hits, trials=np.full(count, found.samples))
        norms = self._norms(found.total, found.total_error, float((mean**2).sum()))
        made = self.chains.composition(sums)
        return GradientStatistics.of(moments, norms, self.parameters, found.samples, self.chains.method, made)

    def _norms(self, total: float, error: float, least: float) -> Norms:
        n_parameters = self.chain.land.n_parameters
        complete = len(self.parameters) == n_parameters == len(np.unique(self.parameters))
        return Norms(None, None, max(total, least), error, total) if complete else Norms()


class StabilizerLoss(Rounds[ChainSums, LossStatistics]):
    """The loss itself."""

    def __init__(self, chain: ChainSampler, order: int | None) -> None:
        targets = WeightedTargets(np.array([NO_ROTATION]), np.array([chain.land.n_parameters]), np.ones(1))
        self.chain, self.chains = chain, _Chains(chain, targets, order)
        self.chunk = self.chains.chunk

    def run(self, samples: int) -> ChainSums:
        """Return the sums of about so many more samples."""
        return self.chains.run(samples)

    def settled(self, sums: ChainSums, seconds: float) -> ChainSums:
        """Return the sums with what is known to be zero."""
        return self.chains.settled(sums, seconds)

    def result(self, sums: ChainSums) -> LossStatistics:
        """Return the statistics."""
        found, bound = sums.found, np.full(1, np.abs(self.chain.land.problem.coefficients).sum())
        mean = np.full(1, self.chain.loss_mean())
        if isinstance(found, Hits | WeightedHits):
            moments = Moments.of_second_moments(mean, found.value, found.error, bound)
        else:
            moments = Moments.of_variances(mean, found.variance, found.error, bound)
        if isinstance(found, Hits):
            moments = replace(moments, hits=found.hits, trials=np.full(1, found.samples))
        return LossStatistics.of(moments, found.samples, self.chains.method, self.chains.composition(sums))
