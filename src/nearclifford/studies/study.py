"""A study from its specification to its table, report and figures."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, told
from nearclifford.studies.cell_plan import CellPlan
from nearclifford.studies.database import FILE_NAME
from nearclifford.studies.plan import Plan
from nearclifford.studies.presets import preset_path, preset_titles
from nearclifford.studies.progress import Listener
from nearclifford.studies.reading import read_spec
from nearclifford.studies.results import StudyResults
from nearclifford.studies.runner import Running, run_plan
from nearclifford.studies.sessions import made_with
from nearclifford.studies.shards import Shard
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import Store
from nearclifford.studies.unit import Unit

if TYPE_CHECKING:
    import pandas as pd


@runtime_checkable
class Planned(Protocol):
    """What a study can be made of: a specification with a plan."""

    def plan(self) -> Plan:
        """Return what is measured, and how it is told."""
        ...


class Study:
    """An experiment over many random circuits, sizes and patches, kept on disk and resumable.

    Attributes
    ----------
    spec : what the study asks for: a `StudySpec`, or a `nearclifford.Sweep` of tasks of one's own.
    out : directory of the last run, or None.

    Examples
    --------
    >>> import tempfile
    >>> study = Study(StudySpec(ansatz=["mhea"], qubits=[2], sigma=["D^-1"], encoder=["compact"], draws=4))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     results = study.run(out, workers=1, progress=False)
    ...     bool((study.frame()["norm"] > 0.9).all()), [path.name for path in study.figures(out)]
    (True, ['gradient_norm_mhea_LN.png', 'gradient_norm_mhea_LN.svg'])
    >>> print(results.text.splitlines()[0])
    mHEA, L = N, with encoder (compact): mean of ‖∇L‖ over 4 draws (standard error of the last digits)
    """

    def __init__(self, spec: StudySpec | Planned) -> None:
        if isinstance(spec, type) or not isinstance(spec, StudySpec | Planned):
            raise NearCliffordError(
                f"spec is a {type(spec).__name__}; expected a StudySpec, such as "
                "Study.preset('quick').spec, or a Sweep of tasks."
            )
        self.spec: Any = spec
        self.out: Path | None = None

    def __repr__(self) -> str:
        return f"Study({self.spec!r})"

    @classmethod
    def from_toml(cls, path: str | Path) -> Study:
        """Return the study in a TOML file; see `StudySpec` for its entries, and `SweepSpec` where it names a ``circuit``.

        Raises `NearCliffordError` for an unknown entry, which it names, and for a wrong one.
        """
        return cls(read_spec(path))

    @classmethod
    def preset(cls, name: str) -> Study:
        """Return a study that comes with the package; `NearCliffordError` for a name that `presets` has not.

        >>> Study.preset("quick").spec.ansatz
        ('mhea',)
        """
        return cls.from_toml(preset_path(name))

    @staticmethod
    def presets() -> dict[str, str]:
        """Return the studies that come with the package: what each is, in a line, by its name.

        >>> Study.presets()["quick"]
        'Gradient norms of mHEA with L = N layers, with and without the encoder; about a minute'
        """
        return preset_titles()

    @property
    def plan(self) -> Plan:
        """What is measured, and how it is told."""
        return CellPlan(self.spec) if isinstance(self.spec, StudySpec) else self.spec.plan()

    @property
    def points(self) -> tuple[Unit, ...]:
        """The units of work."""
        return tuple(self.plan.units())

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the table and what they hold."""
        return self.plan.columns

    def run(
        self,
        out: str | Path,
        workers: int | None = None,
        progress: bool = True,
        *,
        executor: Any = None,
        shard: str | None = None,
        retry_failed: bool = False,
        on_point: Listener | None = None,
    ) -> StudyResults:
        """Measure what ``out`` has not got yet, write the tables there, and return them.

        The numbers are in ``out/study.sqlite``, the table in ``out/table.csv``. Points that meet the same circuits, those of
        several σ for one, are measured together, a few draws of each; all of them are in the file as soon as the last of
        them is finished. A run that was stopped, however roughly, loses what was being measured, and goes on there. Several
        studies may share a directory, and the points that they have in common; runs of one study at the same time share
        the work. A point that ends in an error is kept with it, and the others go on: a warning counts them,
        `StudyResults.failures` lists them.

        Parameters
        ----------
        out : directory; made if need be.
        workers : number of processes, by default one per core; 1 measures in this process. The numbers are the same. In a
            script, call it under ``if __name__ == "__main__":``, as Python asks of everything that starts processes.
        progress : show a bar with the time left on standard error.
        executor : what measures instead of processes of this machine, one thread to a measurement: an object with
            ``submit``, as `concurrent.futures` has them, of mpi4py, loky or submitit too, or a client of Dask.
        shard : "K/M" measures part K of M alone, for arrays of jobs, each in a directory of its own;
            `nearclifford.merge_studies` joins them.
        retry_failed : measure those points again that ended in an error.
        on_point : called after every point with a `nearclifford.studies.Progress`.

        Raises
        ------
        NearCliffordError : an argument that is wrong, a directory that cannot be used or has other files of that name, no
            room on the disk, a worker that died, a cluster that is gone. What is finished is kept.
        """
        how = Running(workers, executor, shard, retry_failed, progress, on_point)
        self.out = path_of(out, "out")
        with Store(self.out) as store:
            run_plan(self.plan, store, how)
            results = results_in(self.plan, store, self.out)
        results.save_tables()
        if results.failed:
            warnings.warn(
                f"{len(results.failed)} of {len(self.points)} points ended in an error and have no numbers, the first is "
                f"{results.failed[0][0]}: {results.failed[0][1]} Run the study with retry_failed=True (--retry-failed) to "
                "measure them again.",
                stacklevel=2,
            )
        return results

    def results(self, out: str | Path | None = None) -> StudyResults:
        """Return what is finished in ``out``, by default the directory of the last run: table, report, figures.

        Raises `NearCliffordError` where there was no run, or where its file is damaged.
        """
        directory = self.out if out is None else path_of(out, "out")
        if directory is None:
            raise NearCliffordError("The study was not run yet; call run(out=...) first, or name the directory: out=...")
        with Store(directory, create=False) as store:
            return results_in(self.plan, store, directory)

    def frame(self, out: str | Path | None = None) -> pd.DataFrame:
        """Return the table of what is finished in ``out``; arguments and errors of `results`.

        One row for each ansatz, rule for L, encoder, σ, value on the experiment's own axes, and N: `columns` says what the
        columns hold.
        """
        return self.results(out).frame

    def text(self, out: str | Path | None = None) -> str:
        """Return what is finished in ``out`` as text; arguments and errors of `results`."""
        return self.results(out).text

    def report(self, path: str | Path | None = None, out: str | Path | None = None) -> Path:
        """Write what is finished in ``out`` as one HTML page, by default ``report.html`` there, and return its path.

        The page needs no other file and no network: text, tables, figures, versions, and the command that repeats it.
        Errors of `results`, and of a place that cannot be written.
        """
        return self.results(out).save_report(path)

    def figures(self, directory: str | Path, made_by: str | None = None, out: str | Path | None = None) -> list[Path]:
        """Draw the figures of what is finished in ``out``, as PNG and SVG, and return their paths.

        Parameters
        ----------
        directory : where the figures go; it must exist.
        made_by : a line under each that says how it was made; by default the version and the seed.
        out : directory of the results, as for `results`, whose errors apply, beside those of files that cannot be written.
        """
        return self.results(out).save_figures(directory, made_by)

    def remaining(self, out: str | Path, shard: str | None = None) -> int:
        """Return how many points, of a shard or of all, ``out`` has not got yet; damaged and failed ones count."""
        directory, points = path_of(out, "out"), [unit for _, unit in Shard.read(shard).of(self.plan)]
        with told(directory, "a directory with the results of a study"):
            if not (directory / FILE_NAME).exists():
                return len(points)
        with Store(directory, create=False) as store:
            return len(store.missing(points)) + len(store.damaged(points))


def results_in(plan: Plan, store: Store, directory: Path) -> StudyResults:
    """Return what a store has of a plan."""
    failed = tuple((label_of(point), error) for point, error in store.failures(plan.units()))
    return StudyResults(plan, plan.frame(store), directory, failed, made_with(store, plan))


def label_of(point: str) -> str:
    """Return what a point is, as one line.

    >>> label_of('{"ansatz": "mhea", "n_qubits": 4}')
    'ansatz=mhea, n_qubits=4'
    """
    return ", ".join(f"{name}={value}" for name, value in json.loads(point).items())
