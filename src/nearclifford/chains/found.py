"""What chains of Pauli strings have told so far about some second moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices


@dataclass(frozen=True, eq=False)
class Found:
    """Estimates of some second moments and of their weighted sum; two of them add up by their samples.

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

    def __add__(self, other: Found) -> Found:
        samples = self.samples + other.samples
        mine, theirs = self.samples / samples, other.samples / samples
        return Found(
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

    def without(self, zero: Flags, weights: Floats) -> Found:
        """Return the same with the moments that are zero for certain called so; ``weights`` are those of the sum."""
        if not zero.any():
            return self
        value, spread, edge, bound = (np.where(zero, 0.0, x) for x in (self.value, self.spread, self.edge, self.bound))
        total, largest = float(weights @ value), float((weights**2 * edge).max(initial=0.0))
        total_spread = 0.0 if zero.all() else self.total_spread
        hits = np.where(zero, 0, self.hits)
        return Found(self.samples, value, spread, edge, total, total_spread, min(self.total_edge, largest), hits, bound)
