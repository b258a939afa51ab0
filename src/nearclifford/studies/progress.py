"""What a run tells while it goes on: a bar on the terminal, and a call for every point."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from nearclifford.studies.store import Failure
from nearclifford.studies.unit import Unit

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} passed, {remaining} left{postfix}"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    total, done, failed : points that were asked for, those that have numbers, those that ended in an error.
    seconds : since the run began. seconds_left : predicted; None before anything was measured.
    last : the point that was finished last, as text. error : how it ended, if it did not end well.

    >>> Progress(total=8, done=4, failed=1, seconds=2.0, seconds_left=1.5, last="", error=None).unfinished
    3
    """

    total: int
    done: int
    failed: int
    seconds: float
    seconds_left: float | None
    last: str
    error: str | None

    @property
    def unfinished(self) -> int:
        """Points that have neither numbers nor an error."""
        return self.total - self.done - self.failed


Listener = Callable[[Progress], None]


class Watch:
    """Counts what a run finishes and tells it.

    The bar counts predicted seconds, so that the time left means something although points differ a thousandfold.
    """

    def __init__(self, units: Sequence[Unit], missing: Sequence[Unit], failed: int, bar: bool, listener: Listener | None):
        from tqdm.auto import tqdm

        self._listener, self._begun = listener, time.monotonic()
        total, left = _seconds(units), _seconds(missing)
        self._left = self._expected = left
        done = len(units) - len(missing) - failed
        self._progress = Progress(len(units), done, failed, 0.0, None, "", None)
        self._bar = tqdm(total=total, initial=total - left, desc="study", bar_format=BAR, smoothing=0.1, disable=not bar)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def finished(self, unit: Unit, failure: Failure | None) -> None:
        """Tell that a point has its numbers, or its error."""
        before = self._progress
        self._left = max(0.0, self._left - unit.predicted_seconds)
        seconds = time.monotonic() - self._begun
        passed = self._expected - self._left
        self._progress = replace(
            before,
            done=before.done + (failure is None),
            failed=before.failed + (failure is not None),
            seconds=seconds,
            seconds_left=seconds * self._left / passed if passed > 0 else None,
            last=repr(unit) if self._listener else "",
            error=failure.error if failure else None,
        )
        failures = f", {self._progress.failed} failed" if self._progress.failed else ""
        self._bar.set_postfix_str(f"{self._progress.done} of {before.total} points{failures}", refresh=False)
        self._bar.update(unit.predicted_seconds)
        if self._listener:
            self._listener(self._progress)


@contextmanager
def watching(
    units: Sequence[Unit], missing: Sequence[Unit], failed: int, bar: bool, listener: Listener | None
) -> Iterator[Watch]:
    """Yield a watch over a run, and leave its bar at the end."""
    watch = Watch(units, missing, failed, bar, listener)
    try:
        yield watch
    finally:
        watch.close()


def _seconds(units: Sequence[Unit]) -> float:
    return sum(unit.predicted_seconds for unit in units)
