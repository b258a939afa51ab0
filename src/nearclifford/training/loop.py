"""The one loop of all optimizers: step, record, callback, and every reason to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.training.beginnings import Begun
from nearclifford.training.history import Standing
from nearclifford.training.record import TrainingRun, TrainingStep
from nearclifford.training.runs import put

if TYPE_CHECKING:
    from tqdm import tqdm

Callback = Callable[[TrainingStep], object]


@dataclass(frozen=True)
class Limits:
    """When to stop.

    Attributes
    ----------
    steps : in all. gradient_norm, patience, seconds : as `train` takes them; None for no such limit.
    """

    steps: int
    gradient_norm: float | None
    patience: int | None
    seconds: float | None


@dataclass
class Loop:
    """The loop over the steps of what was begun; a checkpoint is at ``path``, not more often than every ``path_seconds``.

    Attributes
    ----------
    best, best_step : of each run, its least loss and the step of it; shape ``(R,)``.
    """

    begun: Begun
    limits: Limits
    callback: Callback | None
    path: Path | None
    path_seconds: float

    def __post_init__(self) -> None:
        self.stepper, self.history = self.begun.stepper, self.begun.history
        losses = np.array([row.loss for row in self.history.rows])
        self.best_step: Indices = losses.argmin(axis=0)
        self.best: Floats = losses.min(axis=0)
        self.started = self.saved = time.monotonic()

    def run(self, bar: tqdm[Any]) -> TrainingRun:
        """Take steps until every run has stopped; an interruption by the keyboard stops them, and keeps what there is."""
        try:
            if self._now.step == 0:
                self._call_back()
            while self._judge():
                self._step(bar)
        except KeyboardInterrupt:
            self._stop(self._going, "interrupted")
        except Exception as error:
            self._keep(error)
            raise
        finally:
            self.stepper.close()
        found = self._finished()
        if self.path is not None:
            found.save(self.path)
        return found

    @property
    def _now(self) -> Standing:
        assert self.history.now is not None
        return self.history.now

    @property
    def _going(self) -> Flags:
        return self._now.stopped == ""

    def _step(self, bar: tqdm[Any]) -> None:
        now = self.stepper.next(self._now)
        if now.step == self._now.step:  # nothing moved: runs ended where they stand
            self.history.now = now
            return
        self.history.add(now)
        loss = now.found.value
        better = loss < self.best
        self.best, self.best_step = np.where(better, loss, self.best), np.where(better, now.step, self.best_step)
        bar.update()
        bar.set_postfix_str(f"loss {loss.mean():.6g}", refresh=False)
        self._call_back()
        if self.path is not None and time.monotonic() - self.saved > self.path_seconds:
            self._finished().save(self.path)
            self.saved = time.monotonic()

    def _call_back(self) -> None:
        if self.callback is None:
            return
        try:
            asked = self.callback(self.history.record())
        except StopIteration:
            asked = True
        if asked is True:
            self._stop(self._going, "callback")

    def _judge(self) -> bool:
        """Stop the runs that have a reason to; return whether any goes on."""
        now, limits = self._now, self.limits
        if limits.gradient_norm is not None:
            self._stop(self._going & (np.linalg.norm(now.found.gradient, axis=1) <= limits.gradient_norm), "gradient norm")
        if limits.patience is not None:
            self._stop(self._going & (now.step - self.best_step >= limits.patience), "patience")
        if now.step >= limits.steps:
            self._stop(self._going, "steps")
        if limits.seconds is not None and time.monotonic() - self.started > limits.seconds:
            self._stop(self._going, "seconds")
        return bool(self._going.any())

    def _stop(self, which: Flags, reason: str) -> None:
        stopped = put(self._now.stopped, which, reason)
        self.history.now = replace(self._now, stopped=stopped)

    def _finished(self) -> TrainingRun:
        return self.history.finished(self.begun.optimizer, self.stepper.state(self._now), self.begun.identity)

    def _keep(self, error: Exception) -> None:
        """Save what there is before an error goes on its way, and say where it is."""
        if self.path is None:
            error.add_note(f"Training had taken {self._now.step} steps; with checkpoint=path they would have been kept.")
            return
        self._finished().save(self.path)
        error.add_note(
            f"The {self._now.step} steps that training had taken are kept: train(..., resume={str(self.path)!r})."
        )
