"""Steps of methods of SciPy: each run has a thread that asks, and the questions of all runs are answered at once.

SciPy keeps the state of a method to itself. All of it follows from the answers that the method got, so a run keeps these: to
go on, the method begins again and is told the same answers, and nothing is evaluated twice.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Floats
from nearclifford.errors import NearCliffordError
from nearclifford.training.history import Standing
from nearclifford.training.identity import streams_of
from nearclifford.training.reasons import CONVERGED, GAVE_UP, NOT_FINITE, REASON
from nearclifford.training.rules import State
from nearclifford.training.runs import Found, Runs, matrix_of, put
from nearclifford.training.scipy_method import ScipyMethod
from nearclifford.training.steps import advanced

# What ends an iteration; all else is a question.
ENDS = ("step", CONVERGED, GAVE_UP, "error")


class Cancelled(BaseException):
    """Ends the thread of a run; SciPy catches no such exception."""


class Asker(threading.Thread):
    """One run of ``minimize``: it puts ("value", "gradient" or "hessian", θ), a question, or (one of `ENDS`, θ).

    Questions and steps wait for an answer: a number, (number, gradient), a matrix, or anything for a step. None ends it.
    """

    def __init__(self, method: ScipyMethod, theta0: Floats) -> None:
        super().__init__(daemon=True)
        self.method, self.theta0 = method, theta0
        self.told: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.answers: SimpleQueue[Any] = SimpleQueue()

    def run(self) -> None:
        """Minimize, and put what comes of it."""
        from scipy.optimize import minimize

        asks, method = self.method.asks, self.method
        further: dict[str, Any] = {"method": method.method, "options": dict(method.options), "callback": self._stepped}
        if asks != "value":
            further["jac"] = True
        if asks == "hessian":
            further["hess"] = partial(self._ask, "hessian")
        kind = "value" if asks == "value" else "gradient"
        try:
            found = minimize(partial(self._ask, kind), self.theta0, **further)
            self.told.put((CONVERGED if found.success else GAVE_UP, np.array(found.x, dtype=np.float64)))
        except Cancelled:
            return
        except Exception as error:
            self.told.put(("error", error))

    def _stepped(self, theta: Floats, *more: object) -> None:
        self._ask("step", theta)

    def _ask(self, kind: str, theta: Floats) -> Any:
        self.told.put((kind, np.array(theta, dtype=np.float64)))
        answer = self.answers.get()
        if answer is None:
            raise Cancelled
        return answer


class ScipyStepper:
    """Steps of a method of SciPy, of all runs at once: step s is the s-th iteration of each.

    Its state is the number of iterations of each run, its number of answers, and the answers, a row each.
    """

    def __init__(self, method: ScipyMethod, runs: Runs, theta0: Floats, rng: np.random.Generator) -> None:
        runs.require("hessian" if method.asks == "hessian" else "", f"SciPy's {method.method}")
        if method.one_at_a_time and len(theta0) > 1:
            raise NearCliffordError(
                f"theta0 holds {len(theta0)} initial points; SciPy runs one {method.method} at a time. Call train for each."
            )
        self.method, self.runs, self.rng = method, runs, rng
        self.askers = [Asker(method, theta) for theta in theta0]
        self.answered: list[list[Floats]] = [[] for _ in theta0]
        self.asked: list[dict[bytes, int]] = [{} for _ in theta0]
        self.iterations = np.zeros(len(theta0), np.int64)
        self.marks = np.zeros(len(theta0), np.int64)
        self.shots = 0
        self.kept: list[list[Floats]] = [[] for _ in theta0]

    def next(self, now: Standing) -> Standing:
        """Return where the runs stand after one more iteration of those that go on."""
        rows = np.flatnonzero(now.stopped == "")
        self.shots = 0
        theta, found, ends = self._met(rows.tolist())
        fine, ended = np.isfinite(found.value), ends != "step"
        moved = fine & ((theta != now.theta[rows]).any(axis=1) | ~ended)
        then = advanced(now, rows[moved], theta[moved], found.take(moved))
        stopped = put(now.stopped, rows[ended], ends[ended])
        stopped = put(stopped, rows[~fine], NOT_FINITE)
        self.iterations[rows[~ended]] += 1
        self.marks = np.array([len(answers) for answers in self.answered])
        return replace(then, stopped=stopped, streams=streams_of(self.rng, self.runs.evaluators))

    def state(self, now: Standing) -> State:
        """Return the iterations, the numbers of answers and the answers, up to the last step that was finished."""
        width = 1 if self.method.asks == "value" else 1 + now.theta.shape[1]
        answers = [one for mark, row in zip(self.marks.tolist(), self.answered, strict=True) for one in row[:mark]]
        numbers = (self.iterations, self.marks)
        return *(part.astype(np.float64) for part in numbers), np.array(answers).reshape(-1, width)

    def close(self) -> None:
        """End the threads."""
        for asker in self.askers:
            asker.answers.put(None)
        for asker in self.askers:
            if asker.is_alive():
                asker.join(timeout=10.0)

    def rewind(self, kept: State, going: Flags) -> None:
        """Tell the methods of the runs that go on the answers that they got, up to where they stood."""
        steps, counts = (part.astype(np.int64) for part in kept[:2])
        answers = [list(part) for part in np.split(kept[2], np.cumsum(counts)[:-1])]
        for row, told in enumerate(answers):
            (self.kept if going[row] else self.answered)[row] = told
        for done in range(int(steps[going].max(initial=0))):
            self._met(np.flatnonzero(going & (steps > done)).tolist())
        self.iterations, self.marks = steps, counts
        if any(self.kept) or [len(told) for told in self.answered] != counts.tolist():
            self.close()
            raise NearCliffordError(
                f"SciPy's {self.method.method} asks other questions than those that the run to resume was told the answers "
                "of; expected the version of SciPy that it began with. Begin a new run at run.theta."
            )

    def _met(self, rows: list[int]) -> tuple[Floats, Found, npt.NDArray[np.str_]]:
        """Let runs go on to the next iteration; return where they are, what is known there, and how each came there."""
        ends = self._until_step(rows)
        theta = np.array([ends[row][1] for row in rows]).reshape(len(rows), -1)
        return theta, self._found(rows, theta), np.array([ends[row][0] for row in rows], dtype=REASON)

    def _until_step(self, rows: list[int]) -> dict[int, tuple[str, Any]]:
        """Let runs go on, each to the end of its iteration or of all; return how each ended."""
        for row in rows:
            asker = self.askers[row]
            if asker.ident is None:
                asker.start()
            else:
                asker.answers.put("go on")
        ends: dict[int, tuple[str, Any]] = {}
        while len(ends) < len(rows):
            told = {row: self.askers[row].told.get() for row in rows if row not in ends}
            ends |= {row: one for row, one in told.items() if one[0] in ENDS}
            self._answer({row: one for row, one in told.items() if row not in ends})
        for kind, what in ends.values():
            if kind == "error":
                raise what
        return ends

    def _answer(self, told: dict[int, tuple[str, Floats]]) -> None:
        for row, (_, theta) in ((row, one) for row, one in told.items() if one[0] == "hessian"):
            matrix = self.runs.matrices(partial(matrix_of, "hessian"), theta[None], np.array([row]))[0]
            self.askers[row].answers.put(matrix)
        asked = {row: theta for row, (kind, theta) in told.items() if kind != "hessian"}
        for row, answer in self._answers(asked).items():
            known = float(answer[0])
            self.askers[row].answers.put(known if len(answer) == 1 else (known, answer[1:].copy()))

    def _answers(self, asked: dict[int, Floats]) -> dict[int, Floats]:
        """Return the loss, and the gradient if the method asks for it, at one point of each run, and keep them."""
        fresh = [row for row in asked if not self.kept[row]]
        found = {row: self.kept[row].pop(0) for row in asked if row not in fresh}
        if fresh:
            theta, rows = np.array([asked[row] for row in fresh]), np.array(fresh)
            if self.method.asks == "value":
                answers = self.runs.values(theta, rows)[:, None]
            else:
                measured = self.runs.measure(theta, rows)
                answers = np.column_stack([measured.value, measured.gradient])
                self.shots += measured.shots
            found |= dict(zip(fresh, answers, strict=True))
        for row, theta in asked.items():
            self.asked[row][theta.tobytes()] = len(self.answered[row])
            self.answered[row].append(found[row])
        return found

    def _found(self, rows: list[int], theta: Floats) -> Found:
        """Return what is known of a point of each run; what was never asked is asked now."""
        points = dict(zip(rows, theta, strict=True))
        self._answers({row: point for row, point in points.items() if point.tobytes() not in self.asked[row]})
        known = [self.answered[row][self.asked[row][point.tobytes()]] for row, point in points.items()]
        answers, found = np.array(known).reshape(len(rows), -1), Found.nowhere(theta.shape)
        gradient = answers[:, 1:] if answers.shape[1] > 1 else found.gradient
        return found._replace(value=answers[:, 0], gradient=gradient, shots=self.shots)
