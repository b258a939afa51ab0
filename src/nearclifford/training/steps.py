"""The step of an update rule: where runs stand, one gradient later."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.training.history import Standing
from nearclifford.training.identity import streams_of
from nearclifford.training.reasons import NOT_FINITE, REASON
from nearclifford.training.rules import Position, State, UpdateRule
from nearclifford.training.runs import Found, Runs, put


class Stepper(Protocol):
    """Takes the steps of one optimizer."""

    def next(self, now: Standing) -> Standing:
        """Return where the runs stand after one more step of those that go on."""
        ...

    def state(self, now: Standing) -> State:
        """Return what a checkpoint keeps of the optimizer."""
        ...

    def close(self) -> None:
        """Let go of what the steps need."""
        ...


class RuleStepper:
    """Steps of an update rule: all runs that go on move, then all of them are evaluated at once."""

    def __init__(self, rule: UpdateRule, runs: Runs, rng: np.random.Generator) -> None:
        self.rule, self.runs, self.rng = rule, runs, rng
        self.needs = rule.needs(runs.evaluators[0].n_parameters)
        runs.require(self.needs, type(rule).__name__)

    def next(self, now: Standing) -> Standing:
        """Return where the runs stand after one more step.

        A run whose angles, loss or gradient would not be finite stays where it is, and stops.
        """
        rows = np.flatnonzero(now.stopped == "")
        theta, state = self._moved(now, rows)
        found = self.runs.measure(theta, rows)
        fine = found.finite
        moved = advanced(now, rows[fine], theta[fine], found.take(fine))
        kept = tuple(put(old, rows[fine], new[fine]) for old, new in zip(now.state, state, strict=True))
        stopped = put(now.stopped, rows[~fine], NOT_FINITE)
        streams = streams_of(self.rng, self.runs.evaluators)
        return replace(moved, state=kept, stopped=stopped, streams=streams)

    def state(self, now: Standing) -> State:
        """Return the state itself."""
        return now.state

    def close(self) -> None:
        """Do nothing: a rule holds nothing."""

    def _moved(self, now: Standing, rows: Indices) -> tuple[Floats, State]:
        matrix = self.runs.matrices(self.rule.matrix, now.theta[rows], rows) if self.needs else None
        with np.errstate(all="ignore"):  # what is not finite is found out afterwards
            change, state = self.rule.step(
                tuple(part[rows] for part in now.state), Position(now.found.gradient[rows], matrix, self.rng)
            )
            return now.theta[rows] + change, state


def start(runs: Runs, theta0: Floats, state: State, rng: np.random.Generator, asks: str) -> Standing:
    """Return where runs stand at theta0, shape ``(R, D)``; an optimizer that ``asks`` for "value" gets the losses alone."""
    rows = np.arange(len(theta0))
    if asks == "value":
        found = Found.nowhere(theta0.shape)._replace(value=runs.values(theta0, rows))
        fine = np.isfinite(found.value)
    else:
        found = runs.measure(theta0, rows)
        fine = found.finite
    stopped = np.where(fine, "", NOT_FINITE).astype(REASON)
    return Standing(0, theta0, found, state, stopped, streams_of(rng, runs.evaluators))


def advanced(now: Standing, rows: Indices, theta: Floats, found: Found) -> Standing:
    """Return where runs stand once those of ``rows`` are at ``theta``; the others stay, and without any this is no step."""
    step = now.step + bool(len(rows))
    return replace(now, step=step, theta=put(now.theta, rows, theta), found=now.found.put(rows, found))
