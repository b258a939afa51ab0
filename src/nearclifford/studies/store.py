"""One SQLite file that holds the points of a study; a point is there as a whole or not at all."""

from __future__ import annotations

import json
import platform
import random
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, printable, told
from nearclifford.studies.draws import Draws
from nearclifford.studies.points import FORMAT, Point
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.stored_rows import Row, checksum, draws_of, intact, rows_of

FILE_NAME = "study.sqlite"

SCHEMA = {
    "runs": "run INTEGER PRIMARY KEY, started TEXT NOT NULL, spec TEXT NOT NULL, made_with TEXT NOT NULL",
    "points": "identity TEXT PRIMARY KEY, experiment TEXT NOT NULL, point TEXT NOT NULL, "
    "run INTEGER NOT NULL REFERENCES runs, seconds REAL NOT NULL",
    "draws": "identity TEXT NOT NULL REFERENCES points, name TEXT NOT NULL, draw INTEGER NOT NULL, value REAL, "
    "PRIMARY KEY (identity, name, draw)",
    # of the rows of a point in draws; files of older versions have none
    "checksums": "identity TEXT PRIMARY KEY REFERENCES points, checksum TEXT NOT NULL",
}
COLUMNS = {
    "runs": "run, started, spec, made_with",
    "points": "identity, experiment, point, run, seconds",
    "draws": "identity, name, draw, value",
    "checksums": "identity, checksum",
}

# How long one process waits for another that writes.
PATIENCE_SECONDS = 60.0


class DamagedPointError(NearCliffordError):
    """The numbers of a point are not those that were written."""


class Store:
    """The results in one directory; use it in a ``with`` block.

    Several studies may share a directory, also at the same time: a point is found by its identity, whichever study asked for
    it first. Whatever goes wrong with the file is a `NearCliffordError` that names it and says how to go on.

    Attributes
    ----------
    path : the SQLite file, ``study.sqlite`` in the directory.
    """

    def __init__(self, directory: str | Path, create: bool = True) -> None:
        self.path = path_of(directory, "out") / FILE_NAME
        with told(self.path.parent, "a directory for the results of a study"):
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            elif not self.path.exists():
                raise NearCliffordError(f"{self.path} does not exist; run the study with out={str(directory)!r} first.")
        with self._told():
            self._connection = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS)
            try:
                self._open_patiently()
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite says into one line that ends with what to do."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise NearCliffordError(f"{self.path} {_explained(error)}") from error

    def _open_patiently(self) -> None:
        """Open the file; where another process is about to open it for the first time too, try again until it has.

        The switch to the write-ahead log is refused at once while another connection writes, whatever the timeout.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._open()
            except sqlite3.OperationalError as error:
                if _code(error) not in LOCKED or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.01, 0.05))

    def _open(self) -> None:
        connection = self._connection
        [found] = connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            raise NearCliffordError(
                f"{self.path} holds results of format {found}; this version of nearclifford writes format {FORMAT}. "
                "Choose another directory."
            )
        tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found == 0 and (foreign := sorted(tables - set(SCHEMA))):
            raise NearCliffordError(
                f"{self.path} holds the tables of another program, {', '.join(foreign[:4])}; choose another directory."
            )
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode = WAL")
        if found == 0 or set(SCHEMA) - tables:
            self._make_tables()
        for table, columns in COLUMNS.items():
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")

    def _make_tables(self) -> None:
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            for table, columns in SCHEMA.items():
                without = " WITHOUT ROWID" if table == "draws" else ""
                connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}){without}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def check(self) -> None:
        """Raise `NearCliffordError` where pages or indices of the file are damaged; `damaged` finds single numbers."""
        with self._told():
            [found] = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(f"it is damaged, {found}")

    def begin_run(self, spec: StudySpec) -> int:
        """Record that a study was started, with what; return the number of the run."""
        started = datetime.now(UTC).isoformat(timespec="seconds")
        with self._told(), self._connection:
            cursor = self._connection.execute(
                "INSERT INTO runs (started, spec, made_with) VALUES (?, ?, ?)",
                (started, spec.to_json(), json.dumps(provenance(), sort_keys=True)),
            )
        return int(cursor.lastrowid or 0)

    def add(self, run: int, point: Point, draws: Draws, seconds: float) -> None:
        """Write one point, in one transaction; a point that is there already stays."""
        identity, rows = point.identity, rows_of(draws)
        with self._told(), self._connection as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?)",
                (identity, point.experiment, json.dumps(asdict(point), sort_keys=True), run, seconds),
            )
            if added.rowcount:
                self._delete(identity, "draws")  # left over in a file that lost its row in points
                connection.executemany("INSERT INTO draws VALUES (?, ?, ?, ?)", ((identity, *row) for row in rows))
                connection.execute("INSERT OR REPLACE INTO checksums VALUES (?, ?)", (identity, checksum(identity, rows)))

    def forget(self, points: Collection[Point]) -> None:
        """Delete points, in one transaction."""
        with self._told(), self._connection:
            for point in points:
                self._delete(point.identity, "draws", "checksums", "points")

    def _delete(self, identity: str, *tables: str) -> None:
        for table in tables:
            self._connection.execute(f"DELETE FROM {table} WHERE identity = ?", (identity,))

    def missing(self, points: Collection[Point]) -> list[Point]:
        """Return the points that are not there yet, in the given order."""
        with self._told():
            present = {row[0] for row in self._connection.execute("SELECT identity FROM points")}
        return [point for point in points if point.identity not in present]

    def damaged(self, points: Collection[Point]) -> list[Point]:
        """Return the points whose numbers are not those that were written, in the given order."""
        return [point for point in points if self._is_damaged(point)]

    def _is_damaged(self, point: Point) -> bool:
        try:
            self.load(point)
        except DamagedPointError:
            return True
        return False

    def load(self, point: Point) -> Draws | None:
        """Return the numbers of one point, or None where they are not there yet.

        Raises `DamagedPointError` where they are not those that were written.
        """
        identity = (point.identity,)
        with self._told():
            known = self._connection.execute(
                "SELECT checksum FROM points LEFT JOIN checksums USING (identity) WHERE identity = ?", identity
            ).fetchone()
            if known is None:
                return None
            statement = "SELECT name, draw, value FROM draws WHERE identity = ? ORDER BY name, draw"
            rows: list[Row] = self._connection.execute(statement, identity).fetchall()
        if not intact(rows, point, known[0]):
            raise DamagedPointError(
                f"{self.path} is damaged: {point} has not the numbers that were written. Run the study again, and they are "
                "measured anew."
            )
        return draws_of(rows)


LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _code(error: Exception) -> int:
    """Return SQLite's primary result code; -1 for what Python's own module raises."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def _explained(error: Exception) -> str:
    said = printable(str(error))
    if _code(error) in LOCKED:
        return f"is kept locked by another process: {said}. What is finished is kept; run the study again to go on."
    if _code(error) in NO_ROOM:
        return f"cannot be written: {said}. What is finished is kept; make room there and run the study again to go on."
    return f"cannot be used as a study's results: {said}; choose another directory, or move the file away."


def provenance() -> dict[str, str]:
    """Return what the numbers were made with: versions, Python and machine.

    >>> sorted(provenance())
    ['machine', 'nearclifford', 'numba', 'numpy', 'python', 'qiskit', 'scipy', 'stim']
    """
    packages = ("nearclifford", "numba", "numpy", "qiskit", "scipy", "stim")
    made_with = {name: version(name) for name in packages}
    return made_with | {"python": platform.python_version(), "machine": platform.platform()}
