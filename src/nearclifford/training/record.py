"""What training leaves: one record a step, and the run as a whole."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import integer
from nearclifford.arrays import Floats, Indices
from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of
from nearclifford.plots.style import axis_or_new
from nearclifford.shown import Shown, plain
from nearclifford.training.checkpoint import Checkpoint
from nearclifford.training.optimizers import Optimizer
from nearclifford.training.storage import fields_of, write
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """Where runs stand after a step: what a callback sees, and what `TrainingRun.record` returns.

    Attributes
    ----------
    step : 0 at theta0.
    theta : radians, shape ``(..., D)``; None in a record of a step whose angles were not kept.
    loss, gradient_norm : L and ‖∇L‖ there, as the evaluator gave them, shape ``(...)``; NaN for a gradient that the
        optimizer does not ask for.
    distance : ‖θ - θ0‖, radians, shape ``(...)``.
    loss_variance, gradient_variance : with shots, the estimated variance of the loss, and that of the gradient summed over
        its components, shape ``(...)``; None without.
    shots : of this step, all runs together; None without. A method of SciPy leaves variances NaN, and one that asks for
        losses alone counts no shots.
    seconds : wall time since theta0 was given, without interruptions.
    """

    step: int
    theta: Floats | None
    loss: np.float64 | Floats
    gradient_norm: np.float64 | Floats
    distance: np.float64 | Floats
    loss_variance: np.float64 | Floats | None
    gradient_variance: np.float64 | Floats | None
    shots: int | None
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRun(Shown):
    """One training run, or many side by side: S steps, and what `train` needs to go on.

    Attributes
    ----------
    losses, gradient_norms : float64, shape ``(S + 1, ...)``: L and ‖∇L‖, the first at theta0, the last after the last step.
        A run that stopped earlier than others repeats its last numbers.
    distance : ‖θ - θ0‖ after every step, radians, of the same shape.
    seconds : float64, shape ``(S + 1,)``: wall time until each record.
    loss_variances, gradient_variances : with shots, estimated variances as for `TrainingStep`; None without.
    shots : int64, shape ``(S + 1,)``: shots of every step, all runs together; None without.
    theta0, theta : the first and the last angles, radians, shape ``(..., D)``.
    path : the angles after every ``path_every`` steps, shape ``(S // path_every + 1, ..., D)``; None if not asked for.
    stopped : why each run stopped, shape ``(...)``: "steps", "gradient norm", "patience", "seconds", "callback",
        "interrupted", "not finite", when the last step was not taken, and with SciPy "converged", or "gave up" where it
        reports no success.
    optimizer : the rule or method.
    checkpoint : what it takes to go on.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> run = nc.train(land, np.full((3, 8), 0.4), steps=10, progress=False)
    >>> run
    TrainingRun(3 runs of 8 parameters, 10 steps of GradientDescent(learning_rate=0.01), stopped by steps)
    >>> run.losses.shape, run.theta.shape, run.record(10).loss.shape
    ((11, 3), (3, 8), (3,))
    """

    losses: Floats
    gradient_norms: Floats
    distance: Floats
    seconds: Floats
    loss_variances: Floats | None
    gradient_variances: Floats | None
    shots: Indices | None
    theta0: Floats
    theta: Floats
    path: Floats | None
    path_every: int | None
    stopped: npt.NDArray[np.str_]
    optimizer: Optimizer
    checkpoint: Checkpoint
    version: str = __version__

    @property
    def steps(self) -> int:
        """Number of steps S."""
        return len(self.losses) - 1

    def __repr__(self) -> str:
        runs, size = self.losses[0].size, self.theta.shape[-1]
        reasons = ", ".join(dict.fromkeys(np.atleast_1d(self.stopped).ravel().tolist()))
        many = "1 run" if runs == 1 else f"{runs} runs"
        return f"TrainingRun({many} of {size} parameters, {self.steps} steps of {self.optimizer!r}, stopped by {reasons})"

    def record(self, step: int) -> TrainingStep:
        """Return the record of a step, 0 to S; `NearCliffordError` for any other number.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> run = nc.train(land, [0.5, 0.1], "signsgd", 0.1, steps=3)
        >>> run.record(3).distance.round(3)
        np.float64(0.3)
        """
        number = integer(step, "step", 0)
        if number > self.steps:
            raise NearCliffordError(f"step is {number}; expected 0 to {self.steps}, the steps of this run.")
        every = self.path_every or 1
        kept = self.path is not None and number % every == 0
        noisy = self.shots is not None
        return TrainingStep(
            number,
            self.path[number // every] if kept and self.path is not None else self._ends(number),
            self.losses[number],
            self.gradient_norms[number],
            self.distance[number],
            self.loss_variances[number] if self.loss_variances is not None else None,
            self.gradient_variances[number] if self.gradient_variances is not None else None,
            int(self.shots[number]) if noisy and self.shots is not None else None,
            float(self.seconds[number]),
        )

    def _ends(self, step: int) -> Floats | None:
        return self.theta0 if step == 0 else self.theta if step == self.steps else None

    def frame(self) -> pd.DataFrame:
        """Return the records as a table, one row for each step and run; variances and shots if there were any.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> nc.train(land, np.zeros((2, 2)), steps=4).frame().shape
        (10, 6)
        """
        import pandas as pd

        count, runs = len(self.losses), self.losses[0].size
        step, run = np.divmod(np.arange(count * runs), max(runs, 1))
        columns: dict[str, npt.NDArray[Any]] = {"step": step, "run": run}
        names = {"losses": "loss", "gradient_norms": "gradient_norm", "distance": "distance"}
        names |= {"loss_variances": "loss_variance", "gradient_variances": "gradient_variance"}
        for name, column in names.items():
            if (numbers := getattr(self, name)) is not None:
                columns[column] = numbers.ravel()
        if self.shots is not None:
            columns["shots"] = np.repeat(self.shots, runs)
        return pd.DataFrame(columns | {"seconds": np.repeat(self.seconds, runs)})

    def to_dict(self) -> dict[str, Any]:
        """Return the run as numbers, lists and texts, for JSON; what it takes to go on is in the file that `save` writes."""
        found: dict[str, Any] = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        found |= {"optimizer": self.optimizer.to_dict(), "identity": self.checkpoint.identity}
        del found["checkpoint"]
        return plain(found)

    def save(self, path: str | Path) -> None:
        """Write the run into a file, as a whole or not at all; `load`, and ``train(..., resume=path)``, read it.

        Raises `NearCliffordError` where the file cannot be written.
        """
        write(self, path_of(path, "path"))

    @classmethod
    def load(cls, path: str | Path) -> TrainingRun:
        """Return the run in a file; `NearCliffordError` says in one line what is wrong with any other file.

        >>> import tempfile
        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     nc.train(land, [0.5, 0.1], "adam", steps=3).save(f"{folder}/run.npz")
        ...     TrainingRun.load(f"{folder}/run.npz")
        TrainingRun(1 run of 2 parameters, 3 steps of Adam(learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-08), ...
        """
        return cls(**fields_of(path_of(path, "path")))

    def plot(self, ax: Axes | None = None, **looks: Any) -> Axes:
        """Draw the mean loss against the step, with a band of one standard deviation over the runs; return the axis.

        ``looks`` go to `matplotlib.axes.Axes.plot`, such as ``label`` and ``color``.
        """
        axis = axis_or_new(ax)
        losses = self.losses.reshape(len(self.losses), -1)
        mean, spread, steps = losses.mean(axis=1), losses.std(axis=1), np.arange(len(losses))
        [line] = axis.plot(steps, mean, **looks)
        if losses.shape[1] > 1:
            axis.fill_between(steps, mean - spread, mean + spread, color=line.get_color(), alpha=0.2, linewidth=0)
        axis.set(xlabel="step", ylabel="loss L")
        return axis
