"""Results that say whether they are settled: those of particles, which may be far too low without showing it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy import special

from nearclifford.arguments import confidence
from nearclifford.arrays import Flags, Floats
from nearclifford.statistics.results import GradientStatistics, LossStatistics


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SettledLoss(LossStatistics):
    """Statistics of a loss by particles: why they are not settled, a sentence, or nothing; and how many populations.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 4), nc.observables.global_z(4))
    >>> found = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Particles(), samples=2400, rng=1)
    >>> found.doubt, found.settled, found.populations
    ('', True, 16)
    """

    doubt: str
    populations: int

    @classmethod
    def of_statistics(cls, statistics: LossStatistics, doubt: str, populations: int) -> SettledLoss:
        """Return the same numbers with what is doubted."""
        return cls(**_numbers(statistics), doubt=doubt, populations=populations)

    @property
    def settled(self) -> bool:
        """Whether nothing speaks against the estimate."""
        return not self.doubt

    @property
    def resolved(self) -> bool:
        """Whether the second moment is settled and at least twice its error, or zero for certain."""
        return self.settled and super().resolved

    @property
    def variance_resolved(self) -> bool:
        """Whether the variance is settled and at least twice its error, or zero for certain."""
        return self.settled and super().variance_resolved

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of the second moment, float64, shape ``(2,)``.

        Student's t with the populations of one size where it is settled. Where it is not, from what Markov's inequality
        leaves below an unbiased estimate to the squared bound.
        """
        given = self.unbiased.second_moment, self.second_moment_error, self.mean, self.bound
        second, error, mean, bound = (np.atleast_1d(np.asarray(number, dtype=np.float64)) for number in given)
        return _interval(second, error, np.array([self.settled]), self.populations, mean, bound, level)[0]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SettledGradient(GradientStatistics):
    """Statistics of a gradient by particles: why each component is not settled, or nothing; and how many populations.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 4), nc.observables.global_z(4))
    >>> found = nc.gradient_statistics(land, nc.Gaussian(1.0), nc.Particles(), samples=2400, parameters=[9, 8], rng=1)
    >>> found.settled.tolist(), found.resolved.tolist()
    ([True, True], [True, True])
    """

    doubt: tuple[str, ...]
    populations: int

    @classmethod
    def of_statistics(cls, statistics: GradientStatistics, doubt: tuple[str, ...], populations: int) -> SettledGradient:
        """Return the same numbers with what is doubted."""
        return cls(**_numbers(statistics), doubt=doubt, populations=populations)

    @property
    def settled(self) -> Flags:
        """Whether nothing speaks against each estimate: bool, shape ``(P,)``."""
        return np.array([not doubt for doubt in self.doubt], dtype=np.bool_)

    @property
    def resolved(self) -> Flags:
        """Whether each second moment is settled and at least twice its error, or zero for certain: bool, ``(P,)``."""
        return self.settled & super().resolved

    @property
    def variance_resolved(self) -> Flags:
        """Whether each variance is settled and at least twice its error, or zero for certain: bool, shape ``(P,)``."""
        return self.settled & super().variance_resolved

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of each second moment, float64, shape ``(P, 2)``: see `SettledLoss.interval`."""
        second = np.asarray(self.unbiased.second_moment)
        return _interval(second, self.second_moment_error, self.settled, self.populations, self.mean, self.bound, level)


def _interval(
    second: Floats, error: Floats, settled: Flags, populations: int, mean: Floats, bound: Floats, level: float
) -> Floats:
    level = confidence(level)
    # Weights are skewed: the small populations tell less than their number.
    width = special.stdtrit(populations // 2 - 1, 0.5 + level / 2) * error
    low = np.where(settled, second - width, (1.0 - level) * second)
    high = np.where(settled, second + width, bound**2)
    return np.stack([np.maximum(low, mean**2), np.maximum(high, mean**2)], axis=-1)


def _numbers(statistics: LossStatistics | GradientStatistics) -> dict[str, Any]:
    return {field.name: getattr(statistics, field.name) for field in fields(statistics)}
