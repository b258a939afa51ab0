"""How long to sample: a number of samples, or until an error or a time is reached."""

from __future__ import annotations

import operator
import time
from dataclasses import dataclass, field

import numpy as np

from nearclifford.errors import NearCliffordError

FIRST_ROUND = 1024


@dataclass(frozen=True)
class Budget:
    """A fixed number of samples, or rounds that double them until the relative error or the time is reached.

    Attributes
    ----------
    samples : number of samples, at least 2; None samples in rounds.
    rel_error : the rounds end when the standard error is at most this part of the estimate.
    max_seconds : no round begins that would end later, by the speed of the rounds before.

    >>> Budget.of("auto", 0.1, 60.0).next_round(0, 0.0, 0.0), Budget.of(500, 0.1, 60.0).next_round(500, 1.0, 9.0)
    (1024, 0)
    """

    samples: int | None
    rel_error: float
    max_seconds: float
    started: float = field(default_factory=time.monotonic, compare=False)

    @classmethod
    def of(cls, samples: int | str, rel_error: float, max_seconds: float) -> Budget:
        """Check what the user asked for."""
        if not (np.isfinite(rel_error) and rel_error > 0):
            raise NearCliffordError(f"rel_error is {rel_error}; expected a positive number, such as 0.05.")
        if not max_seconds > 0:
            raise NearCliffordError(f"max_seconds is {max_seconds}; expected a positive number of seconds.")
        if isinstance(samples, str):
            if samples != "auto":
                raise NearCliffordError(f"samples is {samples!r}; expected a number of at least 2, or 'auto'.")
            return cls(None, rel_error, max_seconds)
        count = operator.index(samples)
        if count < 2:
            raise NearCliffordError(f"samples is {count}; expected at least 2, so that there is a standard error.")
        return cls(count, rel_error, max_seconds)

    def next_round(self, made: int, estimate: float, error: float) -> int:
        """Return how many samples to add to those made, 0 for none."""
        if self.samples is not None:
            return self.samples - made
        if made == 0:
            return FIRST_ROUND
        if 0 < error <= self.rel_error * abs(estimate):
            return 0
        spent = time.monotonic() - self.started
        left = self.max_seconds - spent
        affordable = int(made * left / max(spent, 1e-9)) if left > 0 else 0
        more = min(made, affordable)
        return more if more >= min(made, FIRST_ROUND) // 2 else 0
