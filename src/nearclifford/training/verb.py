"""The verb: train an evaluator, or go on with a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy.typing as npt

from nearclifford.arguments import Seed, boolean, integer, positive, shown
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.files import path_of
from nearclifford.training.beginnings import begin, go_on
from nearclifford.training.loop import Callback, Limits, Loop
from nearclifford.training.optimizers import Optimizer, optimizer_of
from nearclifford.training.record import TrainingRun


def train(
    evaluator: Evaluator | Sequence[Evaluator],
    theta0: npt.ArrayLike | None = None,
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    steps: int = 300,
    *,
    gradient_norm: float | None = None,
    patience: int | None = None,
    max_seconds: float | None = None,
    callback: Callback | None = None,
    path_every: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_seconds: float = 10.0,
    resume: TrainingRun | str | Path | None = None,
    rng: Seed = None,
    progress: bool = True,
) -> TrainingRun:
    """Minimize the loss of an evaluator from one or many initial points, and return the record of every step.

    Many points are evaluated together, so that they cost little more than their gradients. A run that stops before others
    stays where it is.

    Parameters
    ----------
    evaluator : a landscape, a surrogate, sweeps on a GPU, a device prepared for a landscape, or anything else that is an
        `Evaluator`; or a sequence of E of them, of one number of parameters, that are trained side by side.
    theta0 : the initial angles, radians, shape ``(..., D)``; ``(E, ..., D)`` for a sequence of evaluators.
    optimizer : "gd" (if None), "momentum", "nesterov", "signsgd", "rmsprop", "adam", "amsgrad", "natural-gradient",
        "newton", "gauss-newton", "random-walk", a method of `scipy.optimize.minimize` such as "L-BFGS-B" or "COBYLA", or one
        of these as an object: `Adam`, `ScipyMethod` and so on, with settings of its own.
    learning_rate : of an optimizer that is given by its name; by default 0.01, or what the class says.
    steps : stop after so many, those of a run that is resumed included.
    gradient_norm : stop a run at ‖∇L‖ of at most this.
    patience : stop a run whose least loss is so many steps old.
    max_seconds : stop all runs after so long.
    callback : called with a `TrainingStep` at theta0 and after every step; if it returns True, or raises StopIteration, all
        runs stop.
    path_every : keep the angles of every so many steps; None for the first and the last alone.
    checkpoint : a file that has the run at any time, but for the last ``checkpoint_seconds``, and at the end.
    resume : a run, or its file, to go on with: the record is bit by bit that of a run that never stopped. Optimizer, angles
        and the states of random generators are the run's, those of the evaluators' shots included.
    rng : for "random-walk", which draws. Shots draw from the generator that their device was prepared with.
    progress : show a bar on standard error where training takes more than two seconds.

    Returns
    -------
    TrainingRun : also of runs that were interrupted from the keyboard. Where a loss or gradient is not finite, a run stops
        before that step.

    Raises
    ------
    NearCliffordError : an optimizer that is not known or needs what the evaluator has not; a wrong theta0, number or file;
        a run of another circuit, observable or optimizer than the one to go on with. What evaluators and callbacks raise
        passes through, after the checkpoint was written.

    Examples
    --------
    >>> import nearclifford as nc
    >>> circuit, observable = nc.ansatz.mhea(4, 2), nc.observables.global_z(4)
    >>> land = nc.Landscape(nc.encode(circuit, observable, parameter=3).circuit, observable)
    >>> theta0 = nc.Gaussian(0.2).sample((5, 24), rng=1)
    >>> run = nc.train(land, theta0, "adam", learning_rate=0.05, steps=100)
    >>> run.losses[0].round(2).tolist(), bool((run.losses[-1] < -0.99).all())
    ([0.26, 0.02, 0.12, -0.17, -0.02], True)
    >>> again = nc.train(land, theta0, "adam", learning_rate=0.05, steps=40)
    >>> bool((nc.train(land, resume=again, steps=100).losses == run.losses).all())
    True
    """
    from tqdm import tqdm

    boolean(progress, "progress")
    if callback is not None and not callable(callback):
        raise NearCliffordError(f"callback is {shown(callback)}; expected a function of a TrainingStep, or None.")
    limits = _limits(steps, gradient_norm, patience, max_seconds)
    path = None if checkpoint is None else path_of(checkpoint, "checkpoint")
    seconds = positive(checkpoint_seconds, "checkpoint_seconds", 10.0)
    if resume is None:
        chosen = optimizer_of("gd" if optimizer is None else optimizer, learning_rate)
        begun = begin(evaluator, theta0, chosen, path_every, rng)
    else:
        _refuse(theta0=theta0, rng=rng, path_every=path_every)
        begun = go_on(evaluator, resume)
        chosen = begun.optimizer
        if optimizer is not None or learning_rate is not None:
            chosen = optimizer_of("gd" if optimizer is None else optimizer, learning_rate)
        if chosen != begun.optimizer:
            raise NearCliffordError(f"optimizer is {chosen!r}; the run to resume has {begun.optimizer!r}. Leave it out.")
    loop = Loop(begun, limits, callback, path, seconds)
    done = len(begun.history.rows) - 1
    with tqdm(desc="steps", total=limits.steps, initial=done, delay=2.0, disable=not progress) as bar:
        return loop.run(bar)


def _limits(steps: object, gradient_norm: object, patience: object, max_seconds: object) -> Limits:
    return Limits(
        integer(steps, "steps", 0),
        None if gradient_norm is None else positive(gradient_norm, "gradient_norm", 1e-6),
        None if patience is None else integer(patience, "patience", 1),
        None if max_seconds is None else positive(max_seconds, "max_seconds", 60),
    )


def _refuse(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise NearCliffordError(f"{name} is given, and so is resume; expected one of them: the run has its own {name}.")
