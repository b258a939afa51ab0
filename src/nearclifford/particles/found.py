"""What populations found, and whether it can be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from nearclifford.arrays import Floats, Indices

# Two estimates differ where Student's t says that chance does so in one of a thousand cases.
CHANCE = 1e-3
# Of single populations, relative to their mean: beyond, few of them carry the mean, and the rest are low.
LARGEST_SPREAD = 0.7
# Another guide has said something only if its relative error is below.
LARGEST_CHECK_ERROR = 0.25


@dataclass(frozen=True, eq=False)
class Populations:
    """Independent, unbiased estimates of one number, each by a population of particles.

    Attributes
    ----------
    logs : float64, shape ``(P,)``: the logs of the estimates; -inf for zero.
    sizes : int64, shape ``(P,)``: how many particles each had.

    >>> both = Populations.of(np.log([1.0, 3.0]), 100) + Populations.of(np.log([5.0]), 200)
    >>> round(both.value, 6), round(both.error, 6)
    (3.5, 1.205456)
    """

    logs: Floats
    sizes: Indices

    @classmethod
    def of(cls, logs: Floats, size: int) -> Populations:
        """Return populations of one size."""
        return cls(logs, np.full(len(logs), size))

    def __add__(self, other: Populations) -> Populations:
        return Populations(np.concatenate([self.logs, other.logs]), np.concatenate([self.sizes, other.sizes]))

    def __len__(self) -> int:
        return len(self.logs)

    @property
    def value(self) -> float:
        """The mean, each population weighted by its particles."""
        return float(self._weights @ np.exp(self.logs))

    @property
    def error(self) -> float:
        """Its standard error, from the spread of the populations; infinite for one."""
        n = len(self)
        if n < 2:
            return math.inf
        distance = np.exp(self.logs) - self.value
        return math.sqrt(float(self._weights**2 @ distance**2) * n / (n - 1))

    @property
    def spread(self) -> float:
        """The standard deviation of a population of mean size, relative to the mean; infinite where nothing arrived."""
        value = self.value
        return self.error * math.sqrt(len(self)) / value if value > 0.0 else math.inf

    @property
    def _weights(self) -> Floats:
        return self.sizes / self.sizes.sum()

    def agrees_with(self, other: Populations) -> bool:
        """Return whether two estimates differ by no more than chance may make them."""
        width = float(special.stdtrit(len(self) + len(other) - 2, 1.0 - CHANCE / 2))
        return abs(self.value - other.value) <= width * math.hypot(self.error, other.error)

    def half(self, larger: bool) -> Populations:
        """Return the populations up to, or above, the median size of all."""
        chosen = (self.sizes > np.median(self.sizes)) == larger
        return Populations(self.logs[chosen], self.sizes[chosen])


@dataclass(frozen=True, eq=False)
class Found:
    """The estimate of one chain: small populations and others of twice their size, and what other guides found.

    Attributes
    ----------
    small, large : what the estimate is made of.
    checks : other populations, by another guide; they settle whether to believe it, and are no part of it.
    late : whether the time ended before there was a guide; nothing has been found then.
    """

    small: Populations
    large: Populations
    checks: tuple[Populations, ...]
    late: bool = False

    @classmethod
    def nothing(cls, count: int, size: int) -> Found:
        """Return that the time ended before there was a guide.

        >>> Found.nothing(8, 100).doubt
        'The time ended before its guides were made; give more seconds, fewer parameters or a smaller bond.'
        """
        none = np.full(count, -math.inf)
        return cls(Populations.of(none, size), Populations.of(none, 2 * size), (), late=True)

    def __add__(self, other: Found) -> Found:
        late = self.late or other.late
        return Found(self.small + other.small, self.large + other.large, self.checks + other.checks, late)

    @property
    def all(self) -> Populations:
        """All populations of the estimate."""
        return self.small + self.large

    @property
    def doubt(self) -> str:
        """Why the estimate is not settled, a sentence; empty where it is."""
        found = self.all
        if self.late:
            return "The time ended before its guides were made; give more seconds, fewer parameters or a smaller bond."
        if min(self.small.value, self.large.value) == 0.0:
            return "No particle of some populations arrived." if found.value else "No particle arrived."
        if found.error == 0.0:
            return ""
        if self.small.spread > LARGEST_SPREAD:
            return f"Single populations spread by {self.small.spread:.2g} of their mean, so that most of them are low."
        if not self.small.agrees_with(self.large):
            return f"Populations twice as large gave {self.large.value:.3g}, the small ones {self.small.value:.3g}."
        if any(check.error <= LARGEST_CHECK_ERROR * check.value and check.agrees_with(found) for check in self.checks):
            return ""
        others = ", ".join(f"{check.value:.3g} ± {check.error:.1g}" for check in self.checks)
        return f"Other guides did not confirm it: {found.value:.3g} ± {found.error:.1g} against {others}."

    @property
    def error(self) -> float:
        """The standard error; where the estimate is in doubt it covers the estimate, and what others found."""
        found = self.all
        if not self.doubt:
            return found.error
        return max(found.error, found.value, *(abs(check.value - found.value) for check in self.checks))
