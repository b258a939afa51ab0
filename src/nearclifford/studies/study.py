"""A study from its specification to its table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from nearclifford.arguments import instance, integer
from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, told
from nearclifford.studies.plan import points_of
from nearclifford.studies.points import Point
from nearclifford.studies.presets import preset_path
from nearclifford.studies.runner import run_points
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import FILE_NAME, Store
from nearclifford.studies.table import columns_of, make_frame, write_table

TABLE_NAME = "table.csv"


class Study:
    """An experiment over many random circuits, sizes and patches, kept on disk and resumable.

    Attributes
    ----------
    spec : what the study asks for.
    out : directory of the last run, or None.

    Examples
    --------
    >>> import tempfile
    >>> study = Study(StudySpec(ansatz=["mhea"], qubits=[2], sigma=["D^-1"], draws=4))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     study.run(out, progress=False)
    ...     bool((study.frame().query("encoder == 'compact'")["norm"] > 0.9).all())
    True
    """

    def __init__(self, spec: StudySpec) -> None:
        self.spec = instance(spec, StudySpec, "spec", 'Study.preset("quick").spec')
        self.out: Path | None = None

    def __repr__(self) -> str:
        return f"Study({self.spec!r})"

    @classmethod
    def from_toml(cls, path: str | Path) -> Study:
        """Return the study in a TOML file; see `StudySpec` for its entries.

        Raises `NearCliffordError` for an unknown entry, which it names, and for a wrong one.
        """
        return cls(StudySpec.from_toml(path))

    @classmethod
    def preset(cls, name: str) -> Study:
        """Return a study that comes with the package.

        >>> Study.preset("quick").spec.ansatz
        ('mhea',)
        """
        return cls.from_toml(preset_path(name))

    @property
    def points(self) -> tuple[Point, ...]:
        """The units of work."""
        return tuple(points_of(self.spec))

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table and what they hold."""
        return columns_of(self.spec)

    def run(self, out: str | Path, workers: int | None = None, progress: bool = True) -> None:
        """Measure what ``out`` has not got yet, and write the table to ``out/table.csv``.

        Every finished point is in ``out/study.sqlite`` at once; a run that was stopped, however roughly, goes on where it
        was. Several studies may share a directory, and the points that they have in common.

        Parameters
        ----------
        out : directory; made if need be.
        workers : number of processes; None measures in this one. The numbers are the same. In a script, call it under
            ``if __name__ == "__main__":``, as Python asks of everything that starts processes.
        progress : show a bar with the time left on standard error.

        Raises
        ------
        NearCliffordError : ``workers`` below 1, a directory that cannot be used or has other files of that name, no room on
            the disk, a worker that died. What is finished is kept.
        ResourceError : a circuit whose exact gradient does not fit the memory; smaller ones are stored by then.
        """
        if workers is not None:
            integer(workers, "workers", 1, otherwise=", or None for this process alone")
        self.out = path_of(out, "out")
        with Store(self.out) as store:
            run_points(self.spec, store, workers, progress)
            write_table(make_frame(self.spec, store), self.out / TABLE_NAME)

    def frame(self, out: str | Path | None = None) -> pd.DataFrame:
        """Return the table of what is finished in ``out``, by default the directory of the last run.

        One row for each ansatz, rule for L, encoder, σ, value on the experiment's own axes, and N: `columns` says what the
        columns hold.
        """
        directory = self.out if out is None else path_of(out, "out")
        if directory is None:
            raise NearCliffordError("The study was not run yet; call run(out=...) first, or name the directory: frame(out).")
        with Store(directory, create=False) as store:
            return make_frame(self.spec, store)

    def remaining(self, out: str | Path) -> int:
        """Return how many points ``out`` has not got yet; damaged ones count, as `run` measures them anew."""
        directory, points = path_of(out, "out"), self.points
        with told(directory, "a directory with the results of a study"):
            if not (directory / FILE_NAME).exists():
                return len(points)
        with Store(directory, create=False) as store:
            return len(store.missing(points)) + len(store.damaged(points))
