"""Sums of powers over a sample: they merge, and give every moment with its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
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
