"""What a study found: its table and what follows from it, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearclifford.files import path_of
from nearclifford.shown import html_of
from nearclifford.studies.database import FILE_NAME
from nearclifford.studies.plan import Plan
from nearclifford.studies.table import write_table
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class StudyResults:
    """The table of a study, further tables, its text, its page and the figures; each is made when it is first asked for.

    Attributes
    ----------
    plan : what the study asked for.
    frame : its table, `nearclifford.Study.frame`.
    directory : where the study keeps it.
    failed : (point, error) of each point that ended in an error.
    made_with : versions and machine of the last run that measured, by name, and when it began.

    >>> import pandas as pd
    >>> import nearclifford as nc
    >>> nc.StudyResults(nc.Study.preset("quick").plan, pd.DataFrame({"norm": [0.5, 0.2]}), Path("runs/quick"))
    StudyResults(2 rows, 'Gradient norms of mHEA with L = N layers, with and without the encoder; about a minute')
    """

    plan: Plan
    frame: pd.DataFrame
    directory: Path
    failed: tuple[tuple[str, str], ...] = ()
    made_with: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        failed = f", {len(self.failed)} failed points" if self.failed else ""
        return f"StudyResults({len(self.frame)} rows, {self.title!r}{failed})"

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.frame)

    @property
    def spec(self) -> Any:
        """What describes the study: a `StudySpec`, a `SweepSpec` or a `Sweep`."""
        return getattr(self.plan, "spec", None)

    @property
    def title(self) -> str:
        """One line for the reader."""
        return self.plan.title

    @property
    def asked(self) -> dict[str, Any]:
        """What the study asked for, as plain Python: the entries of its file."""
        return self.plan.asked

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table, and what they hold."""
        return self.plan.columns

    @cached_property
    def failures(self) -> pd.DataFrame:
        """The points that ended in an error, a row each: ``point`` and ``error``."""
        import pandas as pd

        return pd.DataFrame(list(self.failed), columns=["point", "error"])

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Further tables that follow from the first, by name; most experiments have none."""
        return self.plan.tables(self.frame)

    @cached_property
    def text(self) -> str:
        """All of it as text for a reader."""
        return self.plan.text(self.frame, self.tables)

    @property
    def files(self) -> list[Path]:
        """What a run leaves in the directory: the numbers, ``table.csv``, and the further tables."""
        return [self.directory / FILE_NAME, *self._paths()]

    def save_tables(self) -> None:
        """Write every table as CSV into the directory, each as a whole or not at all."""
        for path, table in self._paths().items():
            write_table(table, path)

    def _paths(self) -> dict[Path, pd.DataFrame]:
        tables = {"table": self.frame} | self.tables | ({"failures": self.failures} if self.failed else {})
        return {self.directory / f"{name}.csv": table for name, table in tables.items()}

    def save_figures(self, directory: str | Path, made_by: str | None = None) -> list[Path]:
        """Draw the figures as PNG and SVG; return the paths. Arguments of `nearclifford.Study.figures`."""
        text = f"nearclifford {__version__}, seed {self.plan.seed}" if made_by is None else made_by
        return self.plan.save_figures(self, path_of(directory, "directory"), text)

    def save_report(self, path: str | Path | None = None, command: str | None = None) -> Path:
        """Write everything as one HTML page that needs no other file and no network, and return its path.

        Parameters
        ----------
        path : of the page; by default ``report.html`` in the directory of the study.
        command : what repeats it, as it is typed; by default the command that would.

        Raises `NearCliffordError`, in one line, for a place that cannot be written.
        """
        from nearclifford.studies.page import save_page
        from nearclifford.studies.page.command import repeating

        target = self.directory / "report.html" if path is None else path_of(path, "path")
        return save_page(self, target, command or repeating(self.plan, self.directory), self.made_with)

    def to_xarray(self) -> xr.Dataset:
        """Return the table as an `xarray.Dataset` whose axes are those of the study, with the meaning of each column.

        Raises `NearCliffordError` where xarray is not installed, and for rows that the axes do not tell apart.
        """
        from nearclifford.studies.exports import to_xarray

        return to_xarray(self.frame, self.plan.axes, self.columns)

    def to_parquet(self, path: str | Path | None = None) -> Path:
        """Write the table as a Parquet file, ``table.parquet`` in the directory by default, and return its path.

        Raises `NearCliffordError` where pyarrow is not installed, and for a place that cannot be written.
        """
        from nearclifford.studies.exports import to_parquet

        return to_parquet(self.frame, self.directory / "table.parquet" if path is None else path)
