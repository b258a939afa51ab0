"""How long to sample: a number of samples, or until an error or a time is reached."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from nearclifford.arguments import LARGEST_COUNT, integer, positive

FIRST_ROUND = 1024


@dataclass(frozen=True)
class Budget:
    """A fixed number of samples, or rounds that double them until the relative error or the time is reached.

    Attributes
    ----------
    samples : number of samples, at least 2; None samples in rounds.
    rel_error : the rounds end when the standard error is at most this part of the estimate, as it is when both are zero:
        a backend that may still see something reports an error above zero.
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
        error, seconds = positive(rel_error, "rel_error", 0.05), positive(max_seconds, "max_seconds", 60)
        if isinstance(samples, str) and samples == "auto":
            return cls(None, error, seconds)
        count = integer(samples, "samples", 2, otherwise=", so that there is a standard error, or 'auto'")
        return cls(count, error, seconds)

    @property
    def ends(self) -> float:
        """When the time is over, by `time.monotonic`; infinite for a number of samples."""
        return self.started + self.max_seconds if self.samples is None else math.inf

    def next_round(self, made: int, estimate: float, error: float, least: float = 0.0, first: int = FIRST_ROUND) -> int:
        """Return how many samples to add to those made, 0 for none; an estimate up to ``least`` is the rounding of zero."""
        if self.samples is not None:
            return self.samples - made
        if made == 0:
            return first
        if error <= self.rel_error * abs(estimate) or max(abs(estimate), error) <= least:
            return 0
        spent = time.monotonic() - self.started
        left = self.max_seconds - spent
        affordable = int(min(made * left / max(spent, 1e-9), LARGEST_COUNT)) if left > 0 else 0
        more = min(made, affordable)
        return more if more >= min(made, FIRST_ROUND) // 2 else 0
