"""What a study found: its table and what follows from it, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nearclifford.files import path_of
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.table import write_table
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd

TABLE_NAME = "table"


@dataclass(frozen=True, eq=False, repr=False)
class StudyResults:
    """The table of a study, further tables, the report and the figures.

    Attributes
    ----------
    spec : what the study asked for.
    frame : its table, `nearclifford.Study.frame`.
    tables : further tables that follow from it, by name; most experiments have none.
    files : where it stands on the disk: the numbers, then the tables; empty where it was only read.
    """

    spec: StudySpec
    frame: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, spec: StudySpec, frame: pd.DataFrame) -> StudyResults:
        """Return a table with what follows from it."""
        return cls(spec, frame, spec.experiment.tables(frame))

    def __repr__(self) -> str:
        return f"StudyResults({len(self.frame)} rows of the experiment {self.spec.experiment.name!r})"

    @cached_property
    def report(self) -> str:
        """All of it as text for a reader."""
        return self.spec.experiment.report(self.frame, self.tables)

    def save_tables(self, directory: Path) -> list[Path]:
        """Write every table as CSV, ``table.csv`` first, each as a whole or not at all; return the paths."""
        tables = {directory / f"{name}.csv": table for name, table in ({TABLE_NAME: self.frame} | self.tables).items()}
        for path, table in tables.items():
            write_table(table, path)
        return list(tables)

    def save_figures(self, directory: str | Path, made_by: str | None = None) -> list[Path]:
        """Draw the figures as PNG and SVG; return the paths. Arguments of `nearclifford.Study.figures`."""
        from nearclifford.studies.figures import save_figures

        text = f"nearclifford {__version__}, seed {self.spec.seed}" if made_by is None else made_by
        return save_figures(self, path_of(directory, "directory"), text)
