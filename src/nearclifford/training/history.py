"""The records of a run while it goes on: a step is there as a whole or not at all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.training.checkpoint import Checkpoint
from nearclifford.training.optimizers import Optimizer
from nearclifford.training.record import TrainingRun, TrainingStep
from nearclifford.training.rules import State
from nearclifford.training.runs import Found


@dataclass(frozen=True, eq=False)
class Standing:
    """Where R runs stand after a step.

    Attributes
    ----------
    step : 0 at theta0.
    theta : float64, shape ``(R, D)``.
    found : what the evaluators said there, and the shots of this step.
    state : the optimizer's.
    stopped : why each run stopped, shape ``(R,)``; "" while it goes on.
    streams : the states of the random generators.
    """

    step: int
    theta: Floats
    found: Found
    state: State
    stopped: npt.NDArray[np.str_]
    streams: tuple[str, ...]


class Row(NamedTuple):
    """The numbers of one step, those of R runs of shape ``(R,)``; ``theta`` where the path is kept."""

    loss: Floats
    gradient_norm: Floats
    distance: Floats
    loss_variance: Floats
    gradient_variance: Floats
    shots: int
    seconds: float
    theta: Floats | None


@dataclass
class History:
    """The records so far, and where the runs stand.

    Attributes
    ----------
    theta0 : shape ``(R, D)``.
    shape : of the runs, as the caller has them.
    path_every : how often angles are kept; None for never.
    noisy : whether there are shots.
    rows : one for each step; one more than ``now`` knows of, where an interruption struck between both.
    now : where the runs stand; None before the first record.
    started : when theta0 was given, by a monotonic clock, less the interruptions.
    """

    theta0: Floats
    shape: tuple[int, ...]
    path_every: int | None
    noisy: bool
    rows: list[Row] = field(default_factory=list)
    now: Standing | None = None
    started: float = field(default_factory=time.monotonic)

    def add(self, now: Standing) -> None:
        """Note where the runs stand after one more step."""
        found, kept = now.found, self.path_every is not None and now.step % self.path_every == 0
        norm, distance = np.linalg.norm(found.gradient, axis=1), np.linalg.norm(now.theta - self.theta0, axis=1)
        noise = (found.value_variance, found.gradient_variance, found.shots)
        seconds = time.monotonic() - self.started
        del self.rows[now.step :]
        self.rows.append(Row(found.value, norm, distance, *noise, seconds, now.theta if kept else None))
        self.now = now

    def record(self) -> TrainingStep:
        """Return the last record as a callback sees it: copies, which it may change."""
        assert self.now is not None
        row = self.rows[self.now.step]
        loss, norm, distance, first, second = (part.reshape(self.shape).copy()[()] for part in row[:5])
        theta, step = self.now.theta.reshape(*self.shape, -1).copy(), self.now.step
        if not self.noisy:
            return TrainingStep(step, theta, loss, norm, distance, None, None, None, row.seconds)
        return TrainingStep(step, theta, loss, norm, distance, first, second, row.shots, row.seconds)

    def finished(self, optimizer: Optimizer, state: State, identity: str) -> TrainingRun:
        """Return what there is as a run."""
        assert self.now is not None
        now, rows = self.now, self.rows[: self.now.step + 1]
        parts = (self.theta0, now.theta, now.found.gradient)
        theta0, theta, gradient = (part.reshape(*self.shape, -1) for part in parts)
        losses, norms, distance, first, second = (
            np.array([row[k] for row in rows], dtype=np.float64).reshape(len(rows), *self.shape) for k in range(5)
        )
        kept = [row.theta for row in rows if row.theta is not None]
        return TrainingRun(
            losses=losses,
            gradient_norms=norms,
            distance=distance,
            seconds=np.array([row.seconds for row in rows]),
            loss_variances=first if self.noisy else None,
            gradient_variances=second if self.noisy else None,
            shots=np.array([row.shots for row in rows], dtype=np.int64) if self.noisy else None,
            theta0=theta0,
            theta=theta,
            path=np.array(kept).reshape(len(kept), *theta.shape) if kept else None,
            path_every=self.path_every,
            stopped=now.stopped.reshape(self.shape)[()],
            optimizer=optimizer,
            checkpoint=Checkpoint(gradient, state, identity, now.streams),
        )

    @classmethod
    def of(cls, run: TrainingRun, stopped: npt.NDArray[np.str_]) -> History:
        """Return the history of a run that goes on; ``stopped``, shape ``(R,)``, says which of its runs do not."""
        size, rows = run.theta.shape[-1], _rows(run)
        theta0, theta, gradient = (part.reshape(-1, size) for part in (run.theta0, run.theta, run.checkpoint.gradient))
        last, kept = rows[-1], run.checkpoint
        found = Found(last.loss, gradient, last.loss_variance, last.gradient_variance, last.shots)
        now = Standing(len(rows) - 1, theta, found, kept.state, stopped, kept.streams)
        shape, started = run.losses.shape[1:], time.monotonic() - last.seconds
        return cls(theta0, shape, run.path_every, run.shots is not None, rows, now, started)


def _rows(run: TrainingRun) -> list[Row]:
    count, every = len(run.losses), run.path_every or 1
    nothing = np.zeros_like(run.losses)
    variances = [nothing if part is None else part for part in (run.loss_variances, run.gradient_variances)]
    columns = [part.reshape(count, -1) for part in (run.losses, run.gradient_norms, run.distance, *variances)]
    shots = [0] * count if run.shots is None else run.shots.tolist()
    path: list[Floats | None] = [None] * count
    if run.path is not None:
        path[::every] = list(run.path.reshape(len(run.path), -1, run.theta.shape[-1]))
    return [Row(*row) for row in zip(*columns, shots, run.seconds.tolist(), path, strict=True)]
