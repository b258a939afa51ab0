"""What chains of Pauli strings have told so far about some second moments: hits of one term, or variances of several."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.drawn_tails import TailSums, Unseen
from nearclifford.intervals import unseen_rate


@dataclass(frozen=True, eq=False)
class SplitFound:
    """Variances in two parts, exact and sampled, beside exact means; two of them add up by their samples.

    Attributes
    ----------
    tail : what was sampled, in columns; see `nearclifford.chains.few_flips.ExactPart`.
    exact, unseen : of the same columns: what was enumerated, and what may hide where there was no hit.
    places : int64, shape ``(T,)``: the columns of the targets; the last column is their weighted sum.
    mean_square, bound, weights : float64, shape ``(T,)``: squared means, what L or the derivative cannot exceed, and the
        weights of the targets in the sum.
    zero : bool, shape ``(T,)``: whose moments are zero for certain.
    """

    tail: TailSums
    exact: Floats
    unseen: Unseen
    places: Indices
    mean_square: Floats
    bound: Floats
    weights: Floats
    zero: Flags

    def __add__(self, other: SplitFound) -> SplitFound:
        return replace(self, tail=self.tail + other.tail, zero=self.zero | other.zero)

    @property
    def samples(self) -> int:
        """Number of chains, which serve all targets."""
        return self.tail.samples

    @property
    def variance(self) -> Floats:
        """Estimates of the variances, never negative."""
        return np.where(self.zero, 0.0, np.maximum((self.exact + self.tail.value)[self.places], 0.0))

    @property
    def value(self) -> Floats:
        """Estimates of the second moments."""
        return self.mean_square + self.variance

    @property
    def error(self) -> Floats:
        """Standard errors of both."""
        return np.where(self.zero, 0.0, self.tail.error(self.unseen)[self.places])

    @property
    def exact_total(self) -> float:
        """What the exact part adds to the sum of the variances."""
        return float(self.exact[self.total_place])

    @property
    def sampled_total(self) -> float:
        """What the sampled part adds to the sum of the variances."""
        return float(self.tail.value[self.total_place])

    @property
    def hidden_total(self) -> float:
        """What the error of the sum holds for hits that were not seen."""
        return float(self.tail.hidden(self.unseen)[self.total_place])

    @property
    def total_place(self) -> int:
        """The column of the sum: the last for derivatives, that of the loss where it is the one target."""
        loss = len(self.exact) - 2
        return loss if self.places.tolist() == [loss] else loss + 1

    @property
    def total(self) -> float:
        """The weighted sum of the second moments of derivatives; of a loss, the variance."""
        variances = 0.0 if self.zero.all() else self.exact_total + self.sampled_total
        return variances + (0.0 if self.total_place == len(self.exact) - 2 else float(self.weights @ self.mean_square))

    @property
    def total_error(self) -> float:
        """Standard error of the sum."""
        return 0.0 if self.zero.all() else float(self.tail.error(self.unseen)[self.total_place])

    def without(self, zero: Flags, weights: Floats) -> SplitFound:
        """Return the same with the moments that are zero for certain called so; ``weights`` are those of the sum."""
        return replace(self, zero=zero, bound=np.where(zero, 0.0, self.bound), weights=weights)


@dataclass(frozen=True, eq=False)
class Hits:
    """Counts of chains of one term that ended Z-type; two of them add up.

    Attributes
    ----------
    samples : of each of the T targets.
    hits : int64, shape ``(T,)``.
    bound : float64, shape ``(T,)``: what L, or the derivative, cannot exceed; 0 where the moment is zero for certain.
    coefficient : of the term.
    weights : float64, shape ``(T,)``: of the targets in the sum ``total``.

    >>> seen = Hits(100, np.array([50]), np.ones(1), 1.0, np.ones(1))
    >>> (seen + seen).value, (seen + seen).error.round(4)
    (array([0.5]), array([0.0354]))
    """

    samples: int
    hits: Indices
    bound: Floats
    coefficient: float
    weights: Floats

    def __add__(self, other: Hits) -> Hits:
        bound = np.minimum(self.bound, other.bound)
        return Hits(self.samples + other.samples, self.hits + other.hits, bound, self.coefficient, self.weights)

    @property
    def _rate(self) -> Floats:
        return self.hits / self.samples

    @property
    def value(self) -> Floats:
        """Estimates of the second moments."""
        return self._rate * self.coefficient**2

    @property
    def _spread(self) -> Floats:
        return self._rate * (1 - self._rate) / self.samples * (self.coefficient**2) ** 2

    @property
    def _edge(self) -> Floats:
        """Where none or all were hit the error is not zero yet, unless the moment is zero for certain."""
        edge = (self.hits == 0) | (self.hits == self.samples)
        return np.where(edge, (unseen_rate(self.samples) * self.bound**2) ** 2, 0.0)

    @property
    def error(self) -> Floats:
        """Standard errors of the estimates."""
        return np.sqrt(self._spread + self._edge)

    @property
    def total(self) -> float:
        """The weighted sum."""
        return float(self.weights @ self.value)

    @property
    def total_error(self) -> float:
        """Standard error of the sum."""
        spread, edge = float(self.weights**2 @ self._spread), float((self.weights**2 * self._edge).max(initial=0.0))
        return float(np.sqrt(spread + edge))

    def without(self, zero: Flags, weights: Floats) -> Hits:
        """Return the same with the moments that are zero for certain called so; ``weights`` are those of the sum."""
        return replace(self, hits=np.where(zero, 0, self.hits), bound=np.where(zero, 0.0, self.bound), weights=weights)
