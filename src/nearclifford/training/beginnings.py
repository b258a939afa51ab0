"""How runs begin: at initial angles, or where an earlier run stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, entries, generator, integer, shown, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.files import path_of
from nearclifford.training.history import History
from nearclifford.training.identity import generator_of, identity_of, restore
from nearclifford.training.optimizers import Optimizer
from nearclifford.training.reasons import FINAL, REASON
from nearclifford.training.record import TrainingRun
from nearclifford.training.rules import UpdateRule
from nearclifford.training.runs import Runs
from nearclifford.training.scipy_steps import ScipyStepper
from nearclifford.training.steps import RuleStepper, Stepper, start


@dataclass(frozen=True, eq=False)
class Begun:
    """What a loop goes on with: who takes the steps, the records so far, the optimizer, and what is trained."""

    stepper: Stepper
    history: History
    optimizer: Optimizer
    identity: str


def begin(evaluator: object, theta0: npt.ArrayLike | None, optimizer: Optimizer, path_every: object, rng: Seed) -> Begun:
    """Return runs at theta0, their losses found; `NearCliffordError` for anything wrong with evaluators or angles."""
    evaluators = evaluators_of(evaluator)
    if theta0 is None:
        raise NearCliffordError("theta0 is None; expected initial angles, such as land.center, or a run to resume.")
    every = None if path_every is None else integer(path_every, "path_every", 1)
    angles, stream = _points(theta0, evaluators, evaluator), generator(rng)
    points = np.array(angles.reshape(-1, angles.shape[-1]))
    runs = Runs.of(evaluators, len(points))
    stepper = _stepper(optimizer, runs, points, stream)
    rule = optimizer if isinstance(optimizer, UpdateRule) else None
    state = () if rule is None else rule.start((len(points), points.shape[1]))
    history = History(points, angles.shape[:-1], every, runs.noisy)
    history.add(start(runs, points, state, stream, optimizer.asks))
    return Begun(stepper, history, optimizer, identity_of(evaluators))


def go_on(evaluator: object, resume: object) -> Begun:
    """Return runs where they stopped; those that SciPy ended, or that met numbers that are not finite, go no further.

    Raises `NearCliffordError` for a file that holds no run, and for a run of something else.
    """
    evaluators = evaluators_of(evaluator)
    run = resume if isinstance(resume, TrainingRun) else TrainingRun.load(path_of(resume, "resume"))
    identity = identity_of(evaluators)
    _check(run, identity, evaluators)
    reasons = np.atleast_1d(run.stopped).reshape(-1)
    over = np.isin(reasons, FINAL)
    history = History.of(run, np.where(over, reasons, "").astype(REASON))
    runs, stream = Runs.of(evaluators, len(reasons)), generator_of(run.checkpoint.streams)
    stepper = _stepper(run.optimizer, runs, history.theta0, stream)
    if isinstance(stepper, ScipyStepper):
        stepper.rewind(run.checkpoint.state, ~over)
    restore(run.checkpoint.streams, stream, evaluators)
    return Begun(stepper, history, run.optimizer, identity)


def evaluators_of(given: Any) -> tuple[Evaluator, ...]:
    """Return the evaluators of one or several; `NearCliffordError` for others, and for several numbers of parameters."""
    found = [given] if isinstance(given, Evaluator) else entries(given)
    if not found or not all(isinstance(one, Evaluator) for one in found):
        raise NearCliffordError(
            f"evaluator is {shown(given)}; expected an Evaluator, such as Landscape(circuit, observable) or "
            "Aer(shots=100).prepare(land), or a sequence of them."
        )
    sizes = [one.n_parameters for one in found]
    if len(set(sizes)) > 1:
        raise NearCliffordError(f"evaluator holds {sizes} parameters; expected evaluators of one number of parameters.")
    return tuple(found)


def _points(theta0: npt.ArrayLike, evaluators: tuple[Evaluator, ...], given: object) -> Floats:
    points = thetas(theta0, evaluators[0].n_parameters)
    if not isinstance(given, Evaluator) and (points.ndim < 2 or len(points) != len(evaluators)):
        raise NearCliffordError(
            f"theta0 has shape {points.shape}; expected ({len(evaluators)}, ..., {points.shape[-1]}), the initial angles of "
            "each of the evaluators."
        )
    if not points.size:
        raise NearCliffordError(f"theta0 has shape {points.shape}; expected at least one initial point.")
    return points


def _stepper(optimizer: Optimizer, runs: Runs, theta0: Floats, rng: np.random.Generator) -> RuleStepper | ScipyStepper:
    if isinstance(optimizer, UpdateRule):
        return RuleStepper(optimizer, runs, rng)
    return ScipyStepper(optimizer, runs, theta0, rng)


def _check(run: TrainingRun, identity: str, evaluators: tuple[Evaluator, ...]) -> None:
    size = run.theta.shape[-1]
    if size != evaluators[0].n_parameters:
        raise NearCliffordError(
            f"resume is a run of {size} parameters; expected {evaluators[0].n_parameters}, those of the evaluator."
        )
    if run.checkpoint.identity != identity:
        raise NearCliffordError(
            f"resume is a run of another problem ({run.checkpoint.identity[:12]}); expected that of the evaluator "
            f"({identity[:12]}): the same circuit, observable and centre."
        )
