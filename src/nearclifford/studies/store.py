"""One SQLite file that holds the points of a study; a point is there as a whole or not at all."""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from types import TracebackType

import numpy as np

from nearclifford.errors import NearCliffordError
from nearclifford.studies.draws import Draws
from nearclifford.studies.points import FORMAT, Point
from nearclifford.studies.spec import StudySpec

FILE_NAME = "study.sqlite"

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY, started TEXT NOT NULL, spec TEXT NOT NULL, made_with TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS points (
    identity TEXT PRIMARY KEY, experiment TEXT NOT NULL, point TEXT NOT NULL, run INTEGER NOT NULL REFERENCES runs,
    seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS draws (
    identity TEXT NOT NULL REFERENCES points, name TEXT NOT NULL, draw INTEGER NOT NULL, value REAL,
    PRIMARY KEY (identity, name, draw)) WITHOUT ROWID;
"""


class Store:
    """The results in one directory; use it in a ``with`` block.

    Several studies may share a directory: a point is found by its identity, whichever study asked for it first.

    Attributes
    ----------
    path : the SQLite file, ``study.sqlite`` in the directory.
    """

    def __init__(self, directory: str | Path, create: bool = True) -> None:
        self.path = Path(directory) / FILE_NAME
        if create:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        elif not self.path.exists():
            raise NearCliffordError(f"{self.path} does not exist; run the study with out={str(directory)!r} first.")
        try:
            self._connection = sqlite3.connect(self.path, timeout=60.0)
            self._open()
        except sqlite3.DatabaseError as error:
            raise NearCliffordError(
                f"{self.path} cannot be used as a study's results: {error}; choose another directory, or move the file away."
            ) from error

    def _open(self) -> None:
        found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in (0, FORMAT):
            raise NearCliffordError(
                f"{self.path} holds results of format {found}; this version of nearclifford writes format {FORMAT}. "
                "Choose another directory."
            )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)
        self._connection.execute(f"PRAGMA user_version = {FORMAT}")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def begin_run(self, spec: StudySpec) -> int:
        """Record that a study was started, with what; return the number of the run."""
        started = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connection:
            cursor = self._connection.execute(
                "INSERT INTO runs (started, spec, made_with) VALUES (?, ?, ?)",
                (started, spec.to_json(), json.dumps(provenance(), sort_keys=True)),
            )
        return int(cursor.lastrowid or 0)

    def add(self, run: int, point: Point, draws: Draws, seconds: float) -> None:
        """Write one point, in one transaction; a point that is there already stays."""
        identity = point.identity
        rows = (
            (identity, name, draw, value)
            for name, values in draws.numbers.items()
            for draw, value in zip(draws.draw.tolist(), values.tolist(), strict=True)
        )
        with self._connection:
            added = self._connection.execute(
                "INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?)",
                (identity, point.experiment, json.dumps(asdict(point), sort_keys=True), run, seconds),
            )
            if added.rowcount:
                self._connection.executemany("INSERT INTO draws VALUES (?, ?, ?, ?)", rows)

    def missing(self, points: Collection[Point]) -> list[Point]:
        """Return the points that are not there yet, in the given order."""
        present = {row[0] for row in self._connection.execute("SELECT identity FROM points")}
        return [point for point in points if point.identity not in present]

    def load(self, point: Point) -> Draws | None:
        """Return the numbers of one point, or None where they are not there yet."""
        statement = "SELECT name, draw, value FROM draws WHERE identity = ? ORDER BY name, draw"
        rows = self._connection.execute(statement, (point.identity,)).fetchall()
        by_name = {name: list(group) for name, group in groupby(rows, key=lambda row: row[0])}
        if not by_name:
            return None
        # SQLite keeps NaN as NULL, which comes back as None
        numbers = {name: np.array([row[2] for row in group], dtype=np.float64) for name, group in by_name.items()}
        return Draws(np.array([row[1] for row in next(iter(by_name.values()))]), numbers)


def provenance() -> dict[str, str]:
    """Return what the numbers were made with: versions, Python and machine.

    >>> sorted(provenance())
    ['machine', 'nearclifford', 'numba', 'numpy', 'python', 'qiskit', 'scipy', 'stim']
    """
    packages = ("nearclifford", "numba", "numpy", "qiskit", "scipy", "stim")
    made_with = {name: version(name) for name in packages}
    return made_with | {"python": platform.python_version(), "machine": platform.platform()}
