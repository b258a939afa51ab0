"""What chains of Pauli strings have told so far about some second moments: hits of one term, or sums over pairs of terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.intervals import unseen_rate


@dataclass(frozen=True, eq=False)
class PairSums:
    """Estimates of some second moments from pairs of terms, and of their weighted sum; two of them add up by their samples.

    Attributes
    ----------
    samples : of each of the T targets.
    value, spread, edge : float64, shape ``(T,)``: estimates, and the two parts of their squared errors: the spread of what
        was hit now and then, and what may hide where a chain was never hit, or always. Spreads of independent estimates add
        up; so do the counts behind edges, of which a sum therefore has the largest alone.
    total, total_spread, total_edge : of the sum with the targets' weights.
    hits : int64, shape ``(T,)``: samples that ended Z-type.
    bound : float64, shape ``(T,)``: what L, or the derivative, cannot exceed; 0 where the moment is zero for certain.
    """

    samples: int
    value: Floats
    spread: Floats
    edge: Floats
    total: float
    total_spread: float
    total_edge: float
    hits: Indices
    bound: Floats

    def __add__(self, other: PairSums) -> PairSums:
        samples = self.samples + other.samples
        mine, theirs = self.samples / samples, other.samples / samples
        return PairSums(
            samples,
            mine * self.value + theirs * other.value,
            mine**2 * self.spread + theirs**2 * other.spread,
            np.maximum(mine**2 * self.edge, theirs**2 * other.edge),
            mine * self.total + theirs * other.total,
            mine**2 * self.total_spread + theirs**2 * other.total_spread,
            max(mine**2 * self.total_edge, theirs**2 * other.total_edge),
            self.hits + other.hits,
            np.minimum(self.bound, other.bound),
        )

    @property
    def error(self) -> Floats:
        """Standard errors of the estimates."""
        return np.sqrt(self.spread + self.edge)

    @property
    def total_error(self) -> float:
        """Standard error of the sum."""
        return float(np.sqrt(self.total_spread + self.total_edge))

    def without(self, zero: Flags, weights: Floats) -> PairSums:
        """Return the same with the moments that are zero for certain called so; ``weights`` are those of the sum."""
        if not zero.any():
            return self
        value, spread, edge, bound = (np.where(zero, 0.0, x) for x in (self.value, self.spread, self.edge, self.bound))
        total, largest = float(weights @ value), float((weights**2 * edge).max(initial=0.0))
        total_spread = 0.0 if zero.all() else self.total_spread
        hits = np.where(zero, 0, self.hits)
        return PairSums(self.samples, value, spread, edge, total, total_spread, min(self.total_edge, largest), hits, bound)


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
