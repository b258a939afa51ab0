"""Tasks as units of work: with an identity, streams of their own, and a row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable
from nearclifford.landscape import Landscape
from nearclifford.studies.draws import Draws
from nearclifford.studies.sweeps.fingerprint import FORMAT, of_landscape, of_patch
from nearclifford.studies.sweeps.measures import Measure
from nearclifford.studies.sweeps.task import Task
from nearclifford.studies.unit import Unit, hash_of

# What a table says of every task besides its metadata, its numbers and its words.
FIXED_COLUMNS = {
    "n_qubits": "number of qubits N",
    "n_parameters": "number of parameters D",
    "n_terms": "number of terms of the observable",
    "patch": "class of the patch",
    "sigma_value": "its width, radians: standard deviation of Gaussian, half width of Uniform; empty for one of each angle",
}
# A rough guess, for the order of magnitude of the time left: a gate with its share of some ten thousand samples.
SECONDS_PER_GATE = 1e-3


@dataclass(frozen=True)
class Compiled:
    """What a task's table and identity need of its landscape.

    Attributes
    ----------
    identity : of the landscape, `of_landscape`.
    n_qubits, n_parameters, n_terms, n_gates : its sizes, the gates those of the tape.
    """

    identity: str
    n_qubits: int
    n_parameters: int
    n_terms: int
    n_gates: int

    @classmethod
    def of(cls, land: Landscape) -> Compiled:
        """Return what is needed of a landscape."""
        return cls(of_landscape(land), land.n_qubits, land.n_parameters, len(land.terms), len(land.program.tape))


@dataclass(frozen=True, eq=False)
class TaskUnit(Unit):
    """A task with what is measured at it.

    Attributes
    ----------
    task, compiled, measure, seed : what determines its numbers.
    row : what its row in the table says besides numbers.
    """

    experiment: ClassVar[str] = "sweep"

    task: Task
    compiled: Compiled
    measure: Measure
    seed: int
    row: dict[str, Any]
    hashed: str

    @classmethod
    def of(cls, task: Task, compiled: Compiled, measure: Measure, seed: int) -> TaskUnit:
        """Return the unit of a task; `NearCliffordError` for a patch or metadata that do not fit."""
        task.patch.for_parameters(compiled.n_parameters)
        told = {"circuit": compiled.identity, "patch": of_patch(task.patch), "seed": seed, "format": FORMAT}
        return cls(task, compiled, measure, seed, row_of(task, compiled), hash_of(told | measure.told))

    @property
    def identity(self) -> str:
        """Of the compiled circuit, however it was built, the patch, the seed and what is measured."""
        return self.hashed

    @property
    def draws(self) -> range:
        """One: a task is not random."""
        return range(1)

    @property
    def predicted_seconds(self) -> float:
        """By gates."""
        return 1e-3 + SECONDS_PER_GATE * self.compiled.n_gates

    def record(self) -> dict[str, Any]:
        """Return its row, and what is measured."""
        return self.row | self.measure.told | {"seed": self.seed}

    def __repr__(self) -> str:
        return f"Task({', '.join(f'{name}={value!r}' for name, value in self.row.items())})"


def units_of(tasks: Sequence[Task], measure: Measure, seed: int) -> list[TaskUnit]:
    """Return the unit of every task; circuits that several tasks hold are compiled once.

    Errors are those of compiling, and tell the place of the task.

    >>> import nearclifford as nc
    >>> from nearclifford.studies.sweeps.measures import Moments
    >>> circuit, observable = nc.ansatz.mhea(2, 1), nc.observables.global_z(2)
    >>> tasks = [Task(circuit, observable, nc.Gaussian(sigma)) for sigma in (0.1, 0.2)]
    >>> first, second = units_of(tasks, Moments(), seed=0)
    >>> first.compiled is second.compiled, first.identity == second.identity
    (True, False)
    """
    known: dict[tuple[int, ...], Compiled] = {}
    units = []
    for place, task in enumerate(tasks):
        # the tasks hold these objects, so that no other can have their place in memory
        key = (id(task.circuit), id(task.observable), id(task.center), id(task.noise))
        try:
            if key not in known:
                known[key] = Compiled.of(task.landscape())
            units.append(TaskUnit.of(task, known[key], measure, seed))
        except NearCliffordError as error:
            words = ", ".join(f"{name}={value}" for name, value in task.metadata.items())
            raise type(error)(f"Task {place}{f' ({printable(words)})' if words else ''}: {error}") from error
    return units


def row_of(task: Task, compiled: Compiled) -> dict[str, Any]:
    """Return metadata and fixed columns of a task; `NearCliffordError` where the metadata says otherwise.

    >>> import nearclifford as nc
    >>> task = Task(nc.ansatz.mhea(2, 1), "ZZ", nc.Gaussian(0.1), {"n_qubits": 2, "cost": "global"})
    >>> row_of(task, Compiled.of(task.landscape()))
    {'n_qubits': 2, 'cost': 'global', 'n_parameters': 8, 'n_terms': 1, 'patch': 'Gaussian', 'sigma_value': 0.1}
    """
    width = np.asarray(task.patch.width, dtype=np.float64)
    size = float(width) if width.ndim == 0 else None
    sizes = (compiled.n_qubits, compiled.n_parameters, compiled.n_terms)
    row: dict[str, Any] = dict(task.metadata)
    for name, value in zip(FIXED_COLUMNS, (*sizes, type(task.patch).__name__, size), strict=True):
        if name in row and row[name] != value:
            raise NearCliffordError(f"metadata[{name!r}] is {row[name]!r}, and the task has {value!r}; choose another name.")
        row[name] = value
    return row


def measure_units(units: Sequence[TaskUnit]) -> list[Draws]:
    """Return the numbers of units that share their landscape."""
    land = units[0].task.landscape()
    return [_measured(unit, land) for unit in units]


def _measured(unit: TaskUnit, land: Landscape) -> Draws:
    rng = np.random.default_rng(np.random.SeedSequence(int(unit.identity, 16)))
    numbers, words = unit.measure.take(land, unit.task.patch, rng)
    arrays = {name: np.array([number], dtype=np.float64) for name, number in numbers.items()}
    return Draws(np.zeros(1, dtype=np.int64), arrays, words)
