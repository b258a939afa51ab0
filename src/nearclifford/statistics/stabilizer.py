"""Statistics at any number of qubits: averages over a patch as averages over random Clifford circuits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.chains.sampler import ChainSampler
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.moments import GradientStatistics, LossStatistics, UnbiasedMoments
from nearclifford.version import __version__


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

    def gradient_statistics(
        self, land: Landscape, patch: Patch, budget: Budget, parameters: Indices, rng: np.random.Generator
    ) -> GradientStatistics:
        """Return the moments of the chosen components of the gradient."""
        chain = ChainSampler(land, patch, rng)
        rotation, factor = land.problem.angle_map.rotation_of
        rotation, factor = rotation[parameters], factor[parameters]
        turning = rotation >= 0
        found = chain.sample(budget, rotation[turning], parameters[turning], factor[turning] ** 2)
        mean = factor * chain.derivative_means(rotation)
        unbiased, error, bound = np.zeros((3, len(parameters)))
        hits = np.zeros(len(parameters), dtype=np.int64)
        unbiased[turning] = found.value * factor[turning] ** 2
        error[turning] = found.error * factor[turning] ** 2
        bound[turning] = np.abs(factor[turning]) * found.bound
        hits[turning] = found.hits
        second = _possible(unbiased, mean, bound)
        complete = (
            np.array_equal(np.unique(parameters), np.arange(land.n_parameters)) and len(parameters) == land.n_parameters
        )
        return GradientStatistics(
            parameters=parameters,
            mean=mean,
            mean_error=np.zeros_like(mean),
            second_moment=second,
            second_moment_error=error,
            variance=_variance(second, mean),
            variance_error=error,
            norm=None,
            norm_error=None,
            norm_squared=max(found.total, float((mean**2).sum())) if complete else None,
            norm_squared_error=found.total_error if complete else None,
            bound=bound,
            unbiased=UnbiasedMoments(unbiased, unbiased - mean**2, found.total if complete else None),
            samples=found.samples,
            method="stabilizer",
            version=__version__,
            hits=hits if chain.one_term else None,
            trials=np.full(len(parameters), found.samples) if chain.one_term else None,
        )

    def loss_statistics(self, land: Landscape, patch: Patch, budget: Budget, rng: np.random.Generator) -> LossStatistics:
        """Return the moments of the loss."""
        chain = ChainSampler(land, patch, rng)
        found = chain.sample(budget, np.array([NO_ROTATION]), np.array([land.n_parameters]), np.ones(1))
        mean = chain.loss_mean()
        unbiased, error = float(found.value[0]), float(found.error[0])
        second = float(_possible(np.array(unbiased), np.array(mean), np.abs(land.problem.coefficients).sum()))
        return LossStatistics(
            mean=mean,
            mean_error=0.0,
            second_moment=second,
            second_moment_error=error,
            variance=float(_variance(np.array(second), np.array(mean))),
            variance_error=error,
            unbiased=UnbiasedMoments(unbiased, unbiased - mean**2),
            samples=found.samples,
            method="stabilizer",
            version=__version__,
        )


def _possible(second: Floats, mean: Floats, bound: Floats) -> Floats:
    """Return the second moment between what it is at least and at most."""
    return np.maximum(np.minimum(second, bound**2), mean**2)


def _variance(second: Floats, mean: Floats) -> Floats:
    """Return the difference, zero where it is below the rounding of its parts."""
    difference = second - mean**2
    return np.where(difference <= 1e-13 * mean**2, 0.0, difference)
