"""What statistics say: one record of moments, and the results for a gradient and for a loss made of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.arguments import confidence
from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.intervals import binomial_interval, largest_unseen, two_sided
from nearclifford.shown import Kept
from nearclifford.statistics.figures import gradient_figure, loss_figure
from nearclifford.statistics.sums import MomentSums
from nearclifford.statistics.tables import gradient_frame, gradient_text, loss_frame, loss_text
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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


@dataclass(frozen=True)
class Composition:
    """What a variance is made of: sets of few flips exactly, the others by sampled chains.

    Attributes
    ----------
    exact, sampled : the two parts of the variance; of a gradient, of the sum of the variances of its chosen components.
    order : sets of fewer flips than this are exact.
    tail_probability : the chance that as many coins as that fall, over the terms by their squared coefficients.
    hits : sampled paths that ended Z-type with as many flips.
    sampling : how the others were sampled: "chains", or "last flips looked up" where chains hardly ever end Z-type.
    unseen : what the error holds for hits that were not seen, where there were none, few, or none as large as is known of.
        It is an estimate by the largest hits that are known, no bound.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
    >>> made = nc.loss_statistics(land, nc.Gaussian(0.05), nc.Stabilizer(), rng=1).composition
    >>> made.order, made.sampled < 0.01 * made.exact, made.sampling
    (3, True, 'chains')
    """

    exact: float
    sampled: float
    order: int
    tail_probability: float
    hits: int
    sampling: str
    unseen: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Moments:
    """Moments of P numbers over a patch, with standard errors.

    No second moment or variance is below what is possible; ``unbiased`` has the estimates themselves. One that does not
    stand out of its error is not resolved (`resolved`, `variance_resolved`): near a Clifford centre a variance, and for a
    Hamiltonian whose pairs of terms cancel a second moment, may be far below it. Quote `interval` then.

    Attributes
    ----------
    mean, second_moment, variance : float64, shape ``(P,)``: E[x], E[x²] and the difference of the second moment and the
        squared mean. Near a Clifford centre the mean is not zero, and the last two differ.
    mean_error, second_moment_error, variance_error : float64, shape ``(P,)``: standard errors. Where nothing was seen in n
        trials, or nothing else, the error is the upper end of the 68 % interval, 1.84 / n of the range
        (`nearclifford.intervals.unseen_rate`).
    bound : float64, shape ``(P,)``: what |x| cannot exceed, anywhere; 0 where x is known to be zero everywhere.
    unbiased : the second moments and variances before they were confined to what is possible.
    hits, trials : int64, shape ``(P,)``, where the second moment is ``bound²`` times a probability: how often it was seen in
        how many trials; None where it is a mean of numbers.

    >>> seen = MomentSums.of(np.array([[1.0], [3.0]]), shift=np.zeros(1))
    >>> Moments.of_sums(seen, bound=np.full(1, 4.0)).second_moment
    array([5.])
    """

    mean: Floats
    mean_error: Floats
    second_moment: Floats
    second_moment_error: Floats
    variance: Floats
    variance_error: Floats
    bound: Floats
    unbiased: UnbiasedMoments
    hits: Indices | None = None
    trials: Indices | None = None

    @classmethod
    def of_sums(cls, sums: MomentSums, bound: Floats) -> Moments:
        """Return the moments of numbers that were added up."""
        return cls(
            mean=sums.mean,
            mean_error=sums.mean_error,
            second_moment=sums.second_moment,
            second_moment_error=sums.second_moment_error,
            variance=sums.variance,
            variance_error=sums.variance_error,
            bound=bound,
            unbiased=UnbiasedMoments(sums.second_moment, sums.variance),
        )

    @classmethod
    def of_second_moments(cls, mean: Floats, second: Floats, error: Floats, bound: Floats) -> Moments:
        """Return the moments where the mean is exact and the second moment estimated, with its error, shapes ``(P,)``.

        The second moment is reported between the squared mean and the squared bound; the variance is their difference, zero
        where it is below the rounding of its parts.
        """
        possible = np.maximum(np.minimum(second, bound**2), mean**2)
        difference = possible - mean**2
        return cls(
            mean=mean,
            mean_error=np.zeros_like(mean),
            second_moment=possible,
            second_moment_error=error,
            variance=np.where(difference <= 1e-13 * mean**2, 0.0, difference),
            variance_error=error,
            bound=bound,
            unbiased=UnbiasedMoments(second, second - mean**2),
        )

    @classmethod
    def of_variances(cls, mean: Floats, variance: Floats, error: Floats, bound: Floats) -> Moments:
        """Return the moments where the mean is exact and the variance estimated, with its error, shapes ``(P,)``.

        >>> Moments.of_variances(np.ones(1), np.full(1, 1e-20), np.zeros(1), np.full(1, 2.0)).variance
        array([1.e-20])
        """
        possible = np.clip(variance, 0.0, np.maximum(bound**2 - mean**2, 0.0))
        return cls(
            mean=mean,
            mean_error=np.zeros_like(mean),
            second_moment=mean**2 + possible,
            second_moment_error=error,
            variance=possible,
            variance_error=error,
            bound=bound,
            unbiased=UnbiasedMoments(mean**2 + variance, variance),
        )

    @property
    def numbers(self) -> dict[str, Any]:
        """The fields of this record by name, for one that has more."""
        return {field.name: getattr(self, field.name) for field in fields(Moments)}

    @property
    def resolved(self) -> Flags:
        """Whether each second moment is at least twice its error, or zero for certain: bool, shape ``(P,)``."""
        return self.second_moment_error <= self.second_moment / 2

    @property
    def variance_resolved(self) -> Flags:
        """Whether each variance is at least twice its error, or zero for certain: bool, shape ``(P,)``."""
        return self.variance_error <= self.variance / 2

    def interval_of(self, samples: int, level: float) -> Floats:
        """Return the confidence interval of each second moment, shape ``(P, 2)``: see `GradientStatistics.interval`."""
        level = confidence(level)
        if samples == 0:  # nothing was sampled: the errors are bounds
            ends = self.second_moment - self.second_moment_error, self.second_moment + self.second_moment_error
            return np.maximum(np.stack(ends, axis=-1), 0.0)
        least = np.where(self.mean_error == 0, self.mean**2, 0.0)
        if self.hits is not None and self.trials is not None:
            found = self.bound[:, None] ** 2 * binomial_interval(self.hits, self.trials, level)
            return np.maximum(found, least[:, None])
        unseen = self.bound**2 * largest_unseen(samples, level)
        low, high = two_sided(self.second_moment, self.second_moment_error, samples, level)
        high = np.where(self.second_moment > 0, high, np.maximum(high, unseen))
        return np.maximum(np.stack([low, high], axis=-1), least[:, None])


@dataclass(frozen=True)
class Norms:
    """E‖∇L‖ and E‖∇L‖² over all D parameters with standard errors, and the latter's estimate; None where not known."""

    norm: float | None = None
    norm_error: float | None = None
    norm_squared: float | None = None
    norm_squared_error: float | None = None
    unbiased: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GradientStatistics(Moments, Kept):
    """Moments of the components of ∇L over a patch, with standard errors, and how they were found.

    Attributes (and those of `Moments`, x the component ∂_k L)
    ----------
    parameters : int64, shape ``(P,)``: the components, as indices into ``circuit.parameters``.
    norm, norm_error : E‖∇L‖ over all D parameters and its standard error; None if the backend does not compute it.
    norm_squared, norm_squared_error : E‖∇L‖² over all D parameters and its standard error; None if it needs parameters that
        were not chosen. ``unbiased.norm_squared`` is the estimate before it was confined to what is possible.
    samples, method, version : number of thetas (of Clifford circuits for each component), backend and package version.
    composition : what was exact and what was sampled, where a backend takes a variance apart.
    choice : which backend was taken and why, where `nearclifford.Auto` chose it; None where it was named.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> stats = nc.gradient_statistics(land, nc.Gaussian(0.1), nc.Stabilizer(), samples=1000, parameters=[3, 0], rng=1)
    >>> stats.parameters.tolist(), stats.mean.tolist(), stats.norm_squared, stats.method
    ([3, 0], [0.0, 0.0], None, 'stabilizer')
    """

    parameters: Indices
    norm: float | None
    norm_error: float | None
    norm_squared: float | None
    norm_squared_error: float | None
    samples: int
    method: str
    version: str
    composition: Composition | None = None
    choice: str | None = None

    records: ClassVar[tuple[type, ...]] = (UnbiasedMoments, Composition)

    def __repr__(self) -> str:
        return gradient_text(self)

    def frame(self) -> pd.DataFrame:
        """Return a row for each component: its index, moments with errors, and the 95 % interval of the second moment."""
        return gradient_frame(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the second moment of each component with its 95 % interval, and return the axis."""
        return gradient_figure(self, ax)

    @classmethod
    def of(
        cls,
        moments: Moments,
        norms: Norms,
        parameters: Indices,
        samples: int,
        method: str,
        composition: Composition | None = None,
    ) -> GradientStatistics:
        """Return the statistics of components with these moments."""
        numbers = moments.numbers | {"unbiased": replace(moments.unbiased, norm_squared=norms.unbiased)}
        return cls(
            **numbers,
            parameters=parameters,
            norm=norms.norm,
            norm_error=norms.norm_error,
            norm_squared=norms.norm_squared,
            norm_squared_error=norms.norm_squared_error,
            samples=samples,
            method=method,
            version=__version__,
            composition=composition,
        )

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of each second moment, float64, shape ``(P, 2)``.

        Counted hits have the interval of Clopper and Pearson, which covers the true value with probability ``level`` at
        least, however few they are. Means of numbers have Student's t around them. Where nothing was seen, the interval goes
        from 0 to the largest second moment that would have shown nothing in n samples with probability ``1 - level``. No
        interval begins below the squared mean where the mean is exact.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> stats = nc.gradient_statistics(land, nc.Gaussian(0.1), nc.Statevector(), samples=200, rng=1)
        >>> exact = (1 - np.exp(-0.02)) / 2 * (1 + np.exp(-0.02)) / 2
        >>> low, high = stats.interval()[0]
        >>> bool(low < exact < high)
        True

        Raises `NearCliffordError` unless ``level`` lies strictly between 0 and 1.
        """
        return self.interval_of(self.samples, level)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LossStatistics(Kept):
    """Moments of L over a patch, with standard errors, and how they were found; all numbers of `Moments`, x the loss.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> stats = nc.loss_statistics(land, nc.Gaussian(0.1), nc.Stabilizer(), samples=1000, rng=1)
    >>> bool(abs(stats.mean - np.exp(-0.01)) < 1e-15), stats.samples
    (True, 1000)
    """

    mean: float
    mean_error: float
    second_moment: float
    second_moment_error: float
    variance: float
    variance_error: float
    bound: float
    unbiased: UnbiasedMoments
    hits: int | None
    trials: int | None
    samples: int
    method: str
    version: str
    composition: Composition | None = None
    choice: str | None = None

    records: ClassVar[tuple[type, ...]] = (UnbiasedMoments, Composition)

    def __repr__(self) -> str:
        return loss_text(self)

    def frame(self) -> pd.DataFrame:
        """Return one row: the moments with errors, and the 95 % interval of the second moment."""
        return loss_frame(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the second moment with its 95 % interval and the variance with two standard errors; return the axis."""
        return loss_figure(self, ax)

    @classmethod
    def of(cls, moments: Moments, samples: int, method: str, composition: Composition | None = None) -> LossStatistics:
        """Return the statistics of a loss with these moments, shapes ``(1,)``."""
        numbers = loss_numbers(moments)
        return cls(**numbers, samples=samples, method=method, version=__version__, composition=composition)

    @property
    def resolved(self) -> bool:
        """Whether the second moment is at least twice its error, or zero for certain."""
        return self.second_moment_error <= self.second_moment / 2

    @property
    def variance_resolved(self) -> bool:
        """Whether the variance is at least twice its error, or zero for certain."""
        return self.variance_error <= self.variance / 2

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of the second moment, float64, shape ``(2,)``: see `GradientStatistics.interval`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> stats = nc.loss_statistics(land, nc.Gaussian(0.1), nc.Stabilizer(), samples=1000, rng=1)
        >>> low, high = stats.interval()
        >>> bool(low < ((1 + np.exp(-0.02)) / 2) ** 2 < high)
        True
        """
        given = {field.name: getattr(self, field.name) for field in fields(Moments) if field.name != "unbiased"}
        arrays: dict[str, Any] = {name: None if number is None else np.full(1, number) for name, number in given.items()}
        return Moments(**arrays, unbiased=self.unbiased).interval_of(self.samples, level)[0]


def loss_numbers(moments: Moments) -> dict[str, Any]:
    """Return the numbers of moments of shape ``(1,)``, by the names of `LossStatistics`.

    >>> loss_numbers(Moments.of_second_moments(np.ones(1), np.ones(1), np.zeros(1), np.ones(1)))["variance"]
    0.0
    """
    given = {name: number for name, number in moments.numbers.items() if name != "unbiased"}
    numbers: dict[str, Any] = {name: None if array is None else array[0].item() for name, array in given.items()}
    unbiased = (np.atleast_1d(part)[0].item() for part in (moments.unbiased.second_moment, moments.unbiased.variance))
    return numbers | {"unbiased": UnbiasedMoments(*unbiased)}
