"""Sums that merge into moments, and the results made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nearclifford.arguments import confidence
from nearclifford.arrays import Floats, Indices
from nearclifford.errors import NearCliffordError


@dataclass(frozen=True, eq=False)
class MomentSums:
    """Sums of the first four powers of ``x - shift`` over a sample; two of one shift add up.

    A shift near the mean keeps the central moments exact where the spread is small beside the mean. Raises
    `NearCliffordError` where sums of different shifts are added.

    Attributes
    ----------
    count : number of samples n.
    shift : float64, shape ``(n_components,)``.
    powers : float64, shape ``(4, n_components)``: Σ (x - shift)^p for p = 1...4.

    >>> sums = MomentSums.of(np.array([[1.0], [3.0]]), shift=np.zeros(1))
    >>> sums = sums + MomentSums.of(np.array([[5.0]]), shift=np.zeros(1))
    >>> sums.count, sums.mean, sums.second_moment, sums.variance
    (3, array([3.]), array([11.66666667]), array([4.]))
    """

    count: int
    shift: Floats
    powers: Floats

    @classmethod
    def of(cls, samples: Floats, shift: Floats) -> MomentSums:
        """Return the sums of ``samples``, shape ``(n, n_components)``."""
        distance = samples - shift
        square = distance * distance
        powers = (distance.sum(0), square.sum(0), (square * distance).sum(0), (square * square).sum(0))
        return cls(len(samples), shift, np.stack(powers))

    def __add__(self, other: MomentSums) -> MomentSums:
        if not np.array_equal(self.shift, other.shift):
            raise NearCliffordError(f"Sums of shift {self.shift} and of shift {other.shift} are added; expected one shift.")
        return MomentSums(self.count + other.count, self.shift, self.powers + other.powers)

    @property
    def _raw(self) -> Floats:
        return self.powers / self.count

    def _central(self) -> tuple[Floats, Floats, Floats]:
        """Return the biased central moments of orders 2, 3 and 4."""
        m1, m2, m3, m4 = self._raw
        second = np.maximum(m2 - m1**2, 0.0)
        third = m3 - 3 * m1 * m2 + 2 * m1**3
        fourth = np.maximum(m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4, 0.0)
        return second, third, fourth

    @property
    def mean(self) -> Floats:
        """Sample mean of x."""
        return self.shift + self._raw[0]

    @property
    def mean_error(self) -> Floats:
        """Standard error of the mean."""
        return np.sqrt(self.variance / self.count)

    @property
    def second_moment(self) -> Floats:
        """Sample mean of x²."""
        second, _, _ = self._central()
        return second + self.mean**2

    @property
    def second_moment_error(self) -> Floats:
        """Standard error of the mean of x², from the sample variance of x²."""
        second, third, fourth = self._central()
        spread = fourth + 4 * self.mean * third + 4 * self.mean**2 * second - second**2
        return np.sqrt(np.maximum(spread, 0.0) / (self.count - 1))

    @property
    def variance(self) -> Floats:
        """Unbiased sample variance of x."""
        return self._central()[0] * self.count / (self.count - 1)

    @property
    def variance_error(self) -> Floats:
        """Standard error of the variance, to leading order in 1/n."""
        second, _, fourth = self._central()
        return np.sqrt(np.maximum(fourth - second**2, 0.0) / self.count)


@dataclass(frozen=True, eq=False)
class UnbiasedMoments:
    """The moments as they were estimated, before they were confined to what is possible.

    A second moment is at least the squared mean, and a variance is at least 0, but an unbiased estimate with an error may
    lie below. To average over circuits, average these: their errors have no preferred sign.

    Attributes
    ----------
    second_moment, variance : of the shapes in the statistics.
    norm_squared : float; None where the statistics have none, and for a loss.
    """

    second_moment: Floats | float
    variance: Floats | float
    norm_squared: float | None = None


@dataclass(frozen=True, eq=False)
class GradientStatistics:
    """Moments of the components of ∇L over a patch, with standard errors, and how they were found.

    No second moment, variance or squared norm is below what is possible; ``unbiased`` has the estimates themselves. One that
    does not stand out of its error is not resolved (`resolved`, `variance_resolved`): near a Clifford centre a variance, and
    for a Hamiltonian whose pairs of terms cancel a second moment, may be far below it. Quote `interval` then.

    Attributes
    ----------
    parameters : int64, shape ``(P,)``: the components, as indices into ``circuit.parameters``.
    mean, second_moment, variance : float64, shape ``(P,)``: E[∂_k L], E[(∂_k L)²] and the difference of the second moment
        and the squared mean. Near a Clifford centre the mean is not zero, and the last two differ.
    mean_error, second_moment_error, variance_error : float64, shape ``(P,)``: standard errors. Where nothing was seen in n
        trials, or nothing else, the error is the upper end of the 68 % interval, 1.84 / n of the range (`unseen_rate`).
    norm, norm_error : E‖∇L‖ over all D parameters and its standard error; None if the backend does not compute it.
    norm_squared, norm_squared_error : E‖∇L‖² over all D parameters and its standard error; None if it needs parameters that
        were not chosen.
    bound : float64, shape ``(P,)``: what |∂_k L| cannot exceed, anywhere; 0 where it is known to be zero everywhere.
    unbiased : the second moments, variances and squared norm before they were confined to what is possible.
    samples, method, version : number of thetas (of Clifford circuits for each component), backend and package version.
    hits, trials : int64, shape ``(P,)``, where the second moment is ``bound²`` times a probability: how often it was seen in
        how many trials; None where it is a mean of numbers.
    """

    parameters: Indices
    mean: Floats
    mean_error: Floats
    second_moment: Floats
    second_moment_error: Floats
    variance: Floats
    variance_error: Floats
    norm: float | None
    norm_error: float | None
    norm_squared: float | None
    norm_squared_error: float | None
    bound: Floats
    unbiased: UnbiasedMoments
    samples: int
    method: str
    version: str
    hits: Indices | None = None
    trials: Indices | None = None

    @property
    def resolved(self) -> npt.NDArray[np.bool_]:
        """Whether each second moment is at least twice its error, or zero for certain: bool, shape ``(P,)``."""
        return self.second_moment_error <= self.second_moment / 2

    @property
    def variance_resolved(self) -> npt.NDArray[np.bool_]:
        """Whether each variance is at least twice its error, or zero for certain: bool, shape ``(P,)``."""
        return self.variance_error <= self.variance / 2

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of each second moment, float64, shape ``(P, 2)``.

        Counted hits have the interval of Clopper and Pearson, which covers the true value with probability ``level`` at
        least, however few they are. Means of numbers have Student's t around them. Where nothing was seen, the interval goes
        from 0 to the largest second moment that would have shown nothing in n samples with probability ``1 - level``. No
        interval begins below the squared mean where the mean is exact.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> stats = nc.gradient_statistics(land, nc.Gaussian(0.1), samples=200, rng=1)
        >>> exact = (1 - np.exp(-0.02)) / 2 * (1 + np.exp(-0.02)) / 2
        >>> low, high = stats.interval()[0]
        >>> bool(low < exact < high)
        True

        Raises `NearCliffordError` unless ``level`` lies strictly between 0 and 1.
        """
        level = confidence(level)
        least = np.where(self.mean_error == 0, self.mean**2, 0.0)
        if self.hits is not None and self.trials is not None:
            found = self.bound[:, None] ** 2 * binomial_interval(self.hits, self.trials, level)
            return np.maximum(found, least[:, None])
        unseen = self.bound**2 * (1.0 - (1.0 - level) ** (1.0 / self.samples))
        low, high = two_sided(self.second_moment, self.second_moment_error, self.samples, level)
        high = np.where(self.second_moment > 0, high, np.maximum(high, unseen))
        return np.maximum(np.stack([low, high], axis=-1), least[:, None])


@dataclass(frozen=True, eq=False)
class LossStatistics:
    """Moments of L over a patch, with standard errors, and how they were found; all float64 numbers.

    As in `GradientStatistics` no moment is below what is possible, and ``unbiased`` has the estimates themselves.
    """

    mean: float
    mean_error: float
    second_moment: float
    second_moment_error: float
    variance: float
    variance_error: float
    unbiased: UnbiasedMoments
    samples: int
    method: str
    version: str

    @property
    def resolved(self) -> bool:
        """Whether the second moment is at least twice its error, or zero for certain."""
        return self.second_moment_error <= self.second_moment / 2

    @property
    def variance_resolved(self) -> bool:
        """Whether the variance is at least twice its error, or zero for certain."""
        return self.variance_error <= self.variance / 2


def unseen_rate(trials: npt.ArrayLike) -> Floats:
    """Return the rate that shows nothing in n trials with probability 0.16: the upper end of the 68 % interval.

    It is 1.84 / n for large n: three expected events, which show none in 5 % of all runs, are 1.6 such errors away.

    >>> unseen_rate([1, 1000]).round(6)
    array([0.841345, 0.001839])
    """
    return -np.expm1(special.log_ndtr(-1.0) / np.asarray(trials, dtype=np.float64))


def two_sided(estimate: Floats, error: Floats, samples: int, level: float) -> tuple[Floats, Floats]:
    """Return (low, high) of the two-sided Student interval of ``level`` around estimates with standard errors."""
    width = special.stdtrit(samples - 1, 0.5 + level / 2) * error
    return estimate - width, estimate + width


def binomial_interval(hits: Indices, trials: Indices, level: float) -> Floats:
    """Return the interval of Clopper and Pearson of a probability, shape ``(..., 2)``.

    It begins at 0 where there was no hit and ends at 1 where there were only hits; the other end keeps its half of what the
    level leaves, since a bound that moves closer at the edge would cover less than the level nearby.

    >>> binomial_interval(np.array([0, 5]), np.array([100, 10]), 0.95).round(4)
    array([[0.    , 0.0362],
           [0.1871, 0.8129]])
    """
    tail = (1.0 - level) / 2
    low = special.betaincinv(np.maximum(hits, 1), trials - hits + 1, tail)
    high = special.betaincinv(hits + 1, np.maximum(trials - hits, 1), 1.0 - tail)
    return np.stack([np.where(hits == 0, 0.0, low), np.where(hits == trials, 1.0, high)], axis=-1)
