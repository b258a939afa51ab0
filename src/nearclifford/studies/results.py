"""What a study found: its table and what follows from it, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nearclifford.files import path_of
from nearclifford.shown import html_of
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import FILE_NAME
from nearclifford.studies.table import write_table
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class StudyResults:
    """The table of a study, further tables, the report and the figures; each is made when it is first asked for.

    Attributes
    ----------
    spec : what the study asked for.
    frame : its table, `nearclifford.Study.frame`.
    directory : where the study keeps it.

    >>> import pandas as pd
    >>> import nearclifford as nc
    >>> nc.StudyResults(nc.Study.preset("quick").spec, pd.DataFrame({"norm": [0.5, 0.2]}), Path("runs/quick"))
    StudyResults(2 rows of the experiment 'gradient')
    """

    spec: StudySpec
    frame: pd.DataFrame
    directory: Path

    def __repr__(self) -> str:
        return f"StudyResults({len(self.frame)} rows of the experiment {self.spec.experiment.name!r})"

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.frame)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Further tables that follow from the first, by name; most experiments have none."""
        return self.spec.experiment.tables(self.frame)

    @cached_property
    def text(self) -> str:
        """All of it as text for a reader."""
        return self.spec.experiment.text(self.frame, self.tables)

    @property
    def files(self) -> list[Path]:
        """What a run leaves in the directory: the numbers, ``table.csv``, and the further tables."""
        return [self.directory / FILE_NAME, *self._paths()]

    def save_tables(self) -> None:
        """Write every table as CSV into the directory, each as a whole or not at all."""
        for path, table in self._paths().items():
            write_table(table, path)

    def _paths(self) -> dict[Path, pd.DataFrame]:
        tables = {"table": self.frame} | self.tables
        return {self.directory / f"{name}.csv": table for name, table in tables.items()}

    def save_figures(self, directory: str | Path, made_by: str | None = None) -> list[Path]:
        """Draw the figures as PNG and SVG; return the paths. Arguments of `nearclifford.Study.figures`."""
        from nearclifford.studies.figures import save_figures

        text = f"nearclifford {__version__}, seed {self.spec.seed}" if made_by is None else made_by
        return save_figures(self, path_of(directory, "directory"), text)
