"""`sweep`: many circuits, observables and patches of one's own, measured, kept on disk and resumable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearclifford.arguments import integer, shown
from nearclifford.errors import NearCliffordError
from nearclifford.statistics.backend import Backend
from nearclifford.statistics.verbs import Samples
from nearclifford.studies.plan import Plan
from nearclifford.studies.results import StudyResults
from nearclifford.studies.study import Study
from nearclifford.studies.sweeps.measures import Own, measure_of
from nearclifford.studies.sweeps.plan import SweepPlan
from nearclifford.studies.sweeps.task import Task
from nearclifford.studies.sweeps.units import units_of


@dataclass(frozen=True, eq=False)
class Sweep:
    """Tasks and what is measured at each; `nearclifford.Study` runs it as it runs a file.

    Attributes
    ----------
    tasks : of `Task`.
    measure : names out of "squared_norm" for E‖∇L‖², "variance" and "second_moment" of the loss; or a function of a
        landscape, a patch and a `numpy.random.Generator` that returns numbers by name.
    backend, samples, rel_error, max_seconds : as for `nearclifford.gradient_statistics`; a function does not read them.
        Where the time ends the sampling, numbers depend on the machine: give a number of samples if they must not.
    seed : the seed of all of it.
    title : one line for the reader.

    Raises `NearCliffordError` for no tasks, and for entries that are wrong.

    >>> import nearclifford as nc
    >>> tasks = [nc.Task(nc.ansatz.mhea(n, 2), nc.observables.global_z(n), nc.Gaussian(0.1)) for n in (2, 4)]
    >>> Study(Sweep(tasks)).columns["squared_norm"]
    'E‖∇L‖² over the patch'
    """

    tasks: Iterable[Task]
    measure: Iterable[str] | str | Own = ("squared_norm", "variance")
    backend: Backend | str = "auto"
    samples: Samples = "auto"
    rel_error: float = 0.05
    max_seconds: float = 60.0
    seed: int = 0
    title: str = ""
    _plan: SweepPlan = field(init=False, repr=False)

    def __post_init__(self) -> None:
        integer(self.seed, "seed", 0, most=2**256)
        if not isinstance(self.title, str):
            raise NearCliffordError(f"title is {shown(self.title)}; expected a line of text.")
        settings = ("backend", "samples", "rel_error", "max_seconds")
        measure = measure_of(self.measure, **{name: getattr(self, name) for name in settings})
        units = units_of(tasks_of(self.tasks), measure, self.seed)
        object.__setattr__(self, "tasks", tuple(unit.task for unit in units))
        given = {"title": self.title, "seed": self.seed, **measure.told}
        object.__setattr__(self, "_plan", SweepPlan.of(given, units, self))

    def plan(self) -> Plan:
        """Return what is measured, and how it is told."""
        return self._plan


def tasks_of(given: object) -> list[Task]:
    """Return the tasks of a sequence; `NearCliffordError` names what is none, and an empty one.

    >>> tasks_of([])
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: tasks is empty; expected at least one Task(circuit, observable, patch).
    """
    if isinstance(given, Task) or not isinstance(given, Iterable):
        raise NearCliffordError(
            f"tasks is a {type(given).__name__}; expected a sequence of Task(circuit, observable, patch)."
        )
    tasks = list(given)
    for place, task in enumerate(tasks):
        if not isinstance(task, Task):
            raise NearCliffordError(f"tasks[{place}] is {shown(task)}; expected a Task(circuit, observable, patch).")
    if not tasks:
        raise NearCliffordError("tasks is empty; expected at least one Task(circuit, observable, patch).")
    return tasks


def sweep(
    tasks: Iterable[Task],
    out: str | Path,
    measure: Iterable[str] | str | Own = ("squared_norm", "variance"),
    *,
    samples: Samples = "auto",
    seed: int = 0,
    workers: int | None = None,
    executor: Any = None,
    progress: bool = True,
) -> StudyResults:
    """Measure every task that ``out`` has not got yet, and return the table, text and figures of all of them.

    Points are found by what determines their numbers: the compiled circuit with its observable and centre, the patch, what
    is measured and the seed. The same circuit built twice is one point, in this program or in the next that runs on the same
    directory. For other settings, shards, or failed points make a `Sweep` and give it to `nearclifford.Study`.

    Parameters
    ----------
    tasks : of `Task`; their metadata become columns of the table and axes of the figures.
    out : directory of the results, as for `Study.run`.
    measure, samples, seed : as for `Sweep`.
    workers, executor, progress : as for `Study.run`.

    Raises
    ------
    NearCliffordError : a task that is wrong, told by its place; and as for `Study.run`.

    Examples
    --------
    Local and global costs:

    >>> import tempfile
    >>> import nearclifford as nc
    >>> tasks = [
    ...     nc.Task(nc.ansatz.mhea(n, 1), observable, nc.Gaussian(1.0), metadata={"cost": cost})
    ...     for n in (2, 4) for cost, observable in [("local", "Z0"), ("global", nc.observables.global_z(n))]
    ... ]
    >>> with tempfile.TemporaryDirectory() as out:
    ...     results = nc.sweep(tasks, out, samples=4096, workers=1, progress=False)
    >>> results.frame[["cost", "n_qubits", "squared_norm"]].round(2).values.tolist()
    [['local', 2, 0.63], ['global', 2, 0.86], ['local', 4, 0.56], ['global', 4, 0.45]]
    """
    chosen = Sweep(tasks, measure, samples=samples, seed=seed)
    return Study(chosen).run(out, workers, progress, executor=executor)
