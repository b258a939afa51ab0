"""The one room for intervals and for the errors of rates: what counts and means tell, and what they do not exclude."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nearclifford.arrays import Floats, Indices


def unseen_rate(trials: npt.ArrayLike) -> Floats:
    """Return the rate that shows nothing in n trials with probability 0.16: the upper end of the 68 % interval.

    It is 1.84 / n for large n: three expected events, which show none in 5 % of all runs, are 1.6 such errors away.

    >>> unseen_rate([1, 1000]).round(6)
    array([0.841345, 0.001839])
    """
    return -np.expm1(special.log_ndtr(-1.0) / np.asarray(trials, dtype=np.float64))


def largest_unseen(samples: int, level: float) -> float:
    """Return the largest rate that shows nothing in n samples with probability ``1 - level``.

    >>> round(largest_unseen(100, 0.95), 6)
    0.029513
    """
    return float(1.0 - (1.0 - level) ** (1.0 / samples))


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


def square_error_of_mean(each: Floats, n: int) -> Floats:
    """Return the squared standard error of the mean of n numbers; the last axis may list fewer, and the rest are zero.

    >>> float(square_error_of_mean(np.array([1.0, 3.0]), 2)), float(square_error_of_mean(np.array([2.0]), 2))
    (1.0, 1.0)
    """
    return np.maximum((each**2).sum(axis=-1) / n - (each.sum(axis=-1) / n) ** 2, 0.0) / max(n - 1, 1)


def stratified_interval(hits: Indices, trials: int, weights: Floats, level: float) -> tuple[float, float]:
    """Return the interval of Σ w_s p_s from the hits of as many trials of each stratum: int64 and float64, shapes ``(S,)``.

    Where hits are few, or misses, no normal distribution is trusted: strata that were hit in at most half of their trials
    count hits, the others misses, and each of the two sums has the gamma interval of Fay and Feuer (Statistics in Medicine
    16, 791), exact for Poisson counts of one weight, with the variance of binomial counts. The two are added as squares.

    >>> low, high = stratified_interval(np.array([0, 100]), 100, np.array([0.5, 0.5]), 0.95)
    >>> round(low, 4), round(high, 4)  # one stratum never, one always hit
    (0.4816, 0.5184)
    """
    rate, tail = hits / trials, (1.0 - level) / 2
    rare = rate <= 0.5
    (low, seen, high), (least, missed, most) = (
        _weighted_counts(np.where(rare, rate, 1.0 - rate)[group], trials, weights[group], tail) for group in (rare, ~rare)
    )
    value = float(weights @ rate)
    below, above = np.hypot(seen - low, most - missed), np.hypot(high - seen, missed - least)
    return max(value - float(below), 0.0), min(value + float(above), float(weights.sum()))


def _weighted_counts(rate: Floats, trials: int, weights: Floats, tail: float) -> tuple[float, float, float]:
    """Return (low, value, high) of Σ w_s p_s where no p_s is above one half."""
    value, unit = float(weights @ rate), float(weights.max(initial=0.0)) / trials
    variance = float(weights**2 @ (rate * (1.0 - rate))) / trials
    if unit == 0.0:
        return 0.0, 0.0, 0.0
    low = special.gammaincinv(value**2 / variance, tail) * variance / value if value > 0.0 else 0.0
    mean, spread = value + unit, variance + unit**2
    return float(low), value, float(special.gammainccinv(mean**2 / spread, tail) * spread / mean)
