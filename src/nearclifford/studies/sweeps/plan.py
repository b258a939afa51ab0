"""The plan of a sweep, from tasks at hand or from what a store knows of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from nearclifford.errors import NearCliffordError
from nearclifford.studies.draws import Draws
from nearclifford.studies.plan import Plan
from nearclifford.studies.printing import with_error
from nearclifford.studies.sweeps.axes import axes_of
from nearclifford.studies.sweeps.measures import Moments
from nearclifford.studies.sweeps.units import FIXED_COLUMNS, TaskUnit, measure_units
from nearclifford.studies.unit import Unit, hash_of

if TYPE_CHECKING:
    import pandas as pd

    from nearclifford.studies.results import StudyResults
    from nearclifford.studies.store import Store

# Tasks of one circuit are measured together up to so many predicted seconds, and so many tasks: less is lost by a kill than
# another start of a measurement takes.
SECONDS_TOGETHER, MOST_TOGETHER = 1.0, 64


@dataclass(frozen=True, eq=False)
class Row(Unit):
    """A row of a sweep's table as a store knows it: enough to read its numbers, not to measure them."""

    experiment: ClassVar[str] = "sweep"

    known: str
    row: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """The identity of its unit."""
        return self.known

    @property
    def draws(self) -> range:
        """One."""
        return range(1)

    @property
    def predicted_seconds(self) -> float:
        """Nothing is measured."""
        return 0.0

    def record(self) -> dict[str, Any]:
        """Return what the table says besides numbers."""
        return dict(self.row)


@dataclass(frozen=True, eq=False)
class SweepPlan(Plan):
    """The plan of tasks that are measured in one way.

    Attributes
    ----------
    given : what the sweep asks for, as plain Python for JSON: title, seed, measure, and the entries of its file if it has
        one.
    rows : one for each task, in their order; tasks that are the same to the last bit share a unit.
    tasks : their units; none for a plan that was read from a store, which can be told and not run.
    spec : the `Sweep` or `SweepSpec` that it was made of; None if it was read from a store.
    """

    kind: ClassVar[str] = "tasks"

    given: Mapping[str, Any]
    rows: tuple[Row, ...]
    tasks: tuple[TaskUnit, ...] = ()
    spec: Any = None

    @classmethod
    def of(cls, given: Mapping[str, Any], units: Sequence[TaskUnit], spec: Any) -> SweepPlan:
        """Return the plan of units."""
        rows = tuple(Row(unit.identity, unit.row) for unit in units)
        digest = hash_of({"rows": [[row.known, dict(row.row)] for row in rows]})
        return cls({**given, "tasks": len(rows), "digest": digest}, rows, tuple(units), spec)

    @classmethod
    def reopened(cls, store: Store, study: str, asked: Mapping[str, Any]) -> SweepPlan:
        """Return the plan that a store holds under the identity of a study."""
        with store.told():
            found = store.connection.execute(
                "SELECT identity, told FROM stored_rows WHERE study = ? ORDER BY position", (study,)
            ).fetchall()
        return cls(asked, tuple(Row(identity, json.loads(told)) for identity, told in found))

    @property
    def title(self) -> str:
        """The title that was given."""
        return str(self.given["title"])

    @property
    def seed(self) -> int:
        """The seed that was given."""
        return int(self.given["seed"])

    @property
    def asked(self) -> dict[str, Any]:
        """What was given, the number of tasks, and a hash of all of them."""
        return dict(self.given)

    def units(self) -> list[Unit]:
        """Return every unit once, those of small circuits first."""
        if not self.tasks:
            return list({row.identity: row for row in self.rows}.values())
        unique = {unit.identity: unit for unit in reversed(self.tasks)}
        return sorted(reversed(unique.values()), key=lambda unit: unit.predicted_seconds)

    def bundles(self, units: Iterable[Unit]) -> list[list[Unit]]:
        """Return units of one landscape together, as many as take about a second."""
        by_circuit: dict[str, list[TaskUnit]] = {}
        for unit in cast(Iterable[TaskUnit], units):
            by_circuit.setdefault(unit.compiled.identity, []).append(unit)
        return [list(bundle) for group in by_circuit.values() for bundle in _cut(group)]

    @property
    def measure(self) -> Callable[[Sequence[Unit]], list[Draws]]:
        """The measurement of tasks; `NearCliffordError` for a plan without them."""
        if not self.tasks:
            _refuse()
        return cast(Callable[[Sequence[Unit]], list[Draws]], measure_units)

    @property
    def stored_rows(self) -> Iterable[tuple[str, str]]:
        """Every row of the table, without its numbers."""
        return ((row.known, json.dumps(dict(row.row))) for row in self.rows)

    @property
    def columns(self) -> dict[str, str]:
        """Metadata, sizes and what is measured."""
        return dict.fromkeys(self._metadata(), "metadata") | FIXED_COLUMNS | self._measured_columns()

    def _metadata(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows for name in row.row if name not in FIXED_COLUMNS))

    def _measured_columns(self) -> dict[str, str]:
        moments = self._moments()
        return moments.columns if moments else {}

    def _moments(self) -> Moments | None:
        names = self.given["measure"]
        return Moments(tuple(names)) if isinstance(names, list) else None

    @property
    def axes(self) -> tuple[str, ...]:
        """The metadata and sizes that tell tasks apart, and depend on nothing else."""
        return axes_of([row.row for row in self.rows])

    def frame(self, store: Store) -> pd.DataFrame:
        """Return one row for each task that is finished, in the order of the tasks."""
        import pandas as pd

        found = [(row, store.load(row)) for row in self.rows]
        rows = [
            {**row.row, **{name: values[0].item() for name, values in draws.numbers.items()}, **draws.notes}
            for row, draws in found
            if draws is not None
        ]
        measured = list(self._measured_columns()) or list(dict.fromkeys(name for one in rows for name in one))
        names = list(dict.fromkeys([*self._metadata(), *FIXED_COLUMNS, *measured]))
        return pd.DataFrame(rows, columns=names)

    @property
    def quantities(self) -> dict[str, str]:
        """The columns that figures show, and what they are called."""
        moments = self._moments()
        return moments.quantities if moments else {}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return a line for each task: what tells it apart, and each quantity with its error."""
        del tables
        if frame.empty:
            return "Nothing is finished."
        shown = frame[list(self.axes)].copy()
        for name, words in self.quantities.items():
            numbers = frame[[name, f"{name}_error", f"{name}_high", f"{name}_resolved"]].to_numpy(float).tolist()
            shown[words] = [_cell(*row) for row in numbers]
        if not self.quantities:
            shown = frame
        return f"{self.title or 'Sweep'}\n{shown.to_string(index=False)}"

    def save_figures(self, results: StudyResults, directory: Path, made_by: str) -> list[Path]:
        """Draw each quantity."""
        from nearclifford.studies.sweeps.figure import save_figures

        return save_figures(self, results, directory, made_by)


def _cut(units: Iterable[TaskUnit]) -> Iterator[list[TaskUnit]]:
    bundle: list[TaskUnit] = []
    seconds = 0.0
    for unit in units:
        if bundle and (seconds + unit.predicted_seconds > SECONDS_TOGETHER or len(bundle) == MOST_TOGETHER):
            yield bundle
            bundle, seconds = [], 0.0
        bundle.append(unit)
        seconds += unit.predicted_seconds
    if bundle:
        yield bundle


def _cell(value: float, error: float, high: float, resolved: float) -> str:
    if resolved:
        return with_error(value, error)
    return f"< {high:.2g}"


def _refuse() -> NoReturn:
    raise NearCliffordError(
        "The circuits of this sweep are in the program that made it, not in its directory; run that program again to go on."
    )
