"""The plan of a study that a file describes: cells, the points of each, and what its experiment tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nearclifford.studies.cells import bundles_of, points_of
from nearclifford.studies.draws import Draws
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.plan import Plan
from nearclifford.studies.points import Point
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.table import columns_of, make_frame
from nearclifford.studies.unit import Unit

if TYPE_CHECKING:
    import pandas as pd

    from nearclifford.studies.results import StudyResults
    from nearclifford.studies.store import Store


@dataclass(frozen=True)
class CellPlan(Plan):
    """The plan of a `StudySpec`.

    >>> CellPlan(StudySpec(["mhea"], [2, 4], sigma=["1"], draws=4)).axes
    ('ansatz', 'layers', 'encoder', 'sigma', 'n_qubits')
    """

    spec: StudySpec
    kind: ClassVar[str] = "cells"

    @property
    def title(self) -> str:
        """The title of the file."""
        return self.spec.title

    @property
    def seed(self) -> int:
        """The seed of the file."""
        return self.spec.seed

    @property
    def asked(self) -> dict[str, Any]:
        """The entries of the file."""
        return self.spec.to_mapping()

    def units(self) -> list[Unit]:
        """Return the points, small circuits first."""
        return list(points_of(self.spec))

    def bundles(self, units: Iterable[Unit]) -> list[list[Unit]]:
        """Return the points in groups that meet the same problems."""
        return cast(list[list[Unit]], bundles_of(self.spec, cast(Iterable[Point], units)))

    @property
    def measure(self) -> Callable[[Sequence[Unit]], list[Draws]]:
        """The measurement of the experiment."""
        return partial(_measure, type(self.spec.experiment))

    @property
    def columns(self) -> dict[str, str]:
        """What every study says of a cell, the experiment's own axes, and its numbers."""
        return columns_of(self.spec)

    @property
    def axes(self) -> tuple[str, ...]:
        """The lists of the study."""
        return ("ansatz", "layers", "encoder", "sigma", "n_qubits", *(axis.name for axis in self.spec.experiment.axes))

    def frame(self, store: Store) -> pd.DataFrame:
        """Return one row for each cell that has a finished point."""
        return make_frame(self.spec, store)

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the experiment's further tables."""
        return self.spec.experiment.tables(frame)

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return what the experiment says."""
        return self.spec.experiment.text(frame, tables)

    def save_figures(self, results: StudyResults, directory: Path, made_by: str) -> list[Path]:
        """Draw the experiment's figures."""
        from nearclifford.studies.figures import save_figures

        return save_figures(results, directory, made_by)


def _measure(experiment: type[Experiment[Any]], points: Sequence[Unit]) -> list[Draws]:
    # looked up when it is called, in the process that measures
    return experiment.measure(points)
