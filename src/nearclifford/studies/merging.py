"""Joins the results of several directories, those of the shards of a study say, in one; none of them is changed."""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of
from nearclifford.studies.reopened import plan_in
from nearclifford.studies.results import StudyResults
from nearclifford.studies.store import Store
from nearclifford.studies.stored_rows import Note, Row, checksum
from nearclifford.studies.study import label_of, results_in

# Points that are copied in one transaction.
CHUNK = 500


def merge_studies(sources: Sequence[str | Path], out: str | Path) -> StudyResults:
    """Join the results of several directories in ``out``, write its tables, and return them.

    The points are checked as they are copied; of those that are damaged a warning tells, and they are left out. A point that
    failed in one directory and is done in another is done. A merge that was stopped is made whole by another.

    Parameters
    ----------
    sources : directories of runs, such as those of the shards of a study. They are opened to be read alone, and runs may
        still write to them.
    out : directory of what is joined; made if need be. What it has stays.

    Returns
    -------
    StudyResults : of the study that was asked for last. Where all of its points are there, its table is that of one run
        without a stop, to the last byte.

    Raises
    ------
    NearCliffordError : no sources; a source that is ``out``, or has no results; a point that has other numbers in one
        directory than in another.

    Examples
    --------
    >>> import tempfile
    >>> import nearclifford as nc
    >>> from nearclifford.studies.merging import merge_studies
    >>> study = nc.Study(nc.StudySpec(["mhea"], [2], sigma=["1"], draws=2, title="Two draws"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number in (1, 2):
    ...         _ = study.run(f"{folder}/{number}", workers=1, progress=False, shard=f"{number}/2")
    ...     merge_studies([f"{folder}/1", f"{folder}/2"], f"{folder}/whole")
    StudyResults(2 rows, 'Two draws')
    """
    if isinstance(sources, str | Path) or not sources:
        raise NearCliffordError(f"sources is {sources!r}; expected one directory of results or more, as a list.")
    places, target = [path_of(source, "sources") for source in sources], path_of(out, "out")
    if any(place.resolve() == target.resolve() for place in places):
        raise NearCliffordError(f"{target} is to be merged and to be the result; choose another directory for the result.")
    for place in places:
        Store.to_read(place).close()
    with Store(target) as store:
        made_in: dict[int, Path] = {}
        for place in places:
            with Store.to_read(place) as source:
                _Copy(source, store, made_in).all()
        plan = plan_in(store)
        if missing := len(store.missing(plan.units())):
            warnings.warn(
                f"{missing} of {len(plan.units())} points have no numbers in what was merged; merge further directories, or "
                f"run the study with out={str(target)!r} to measure them.",
                stacklevel=2,
            )
        results = results_in(plan, store, target)
    results.save_tables()
    return results


class _Copy:
    """Copies one store into another; ``made_in`` knows of every copied run where it was made."""

    def __init__(self, source: Store, out: Store, made_in: dict[int, Path]) -> None:
        self._source, self._out, self._made_in = source, out, made_in
        self._runs: dict[int, int] = {}

    def all(self) -> None:
        """Copy runs and what was asked, then points, then failures."""
        self._copy_runs()
        self._copy_asked()
        damaged = [label for chunk in self._chunks() for label in self._copy_points(chunk)]
        self._copy_failures()
        if damaged:
            warnings.warn(
                f"{self._source.path} is damaged: {len(damaged)} points have not the numbers that were written, the first "
                f"is {damaged[0]}. They are left out; run the study there again, and look after the disk.",
                stacklevel=4,
            )

    def _read(self, statement: str, given: Sequence[Any] = ()) -> list[Any]:
        with self._source.told():
            return self._source.connection.execute(statement, given).fetchall()

    def _copy_runs(self) -> None:
        rows = self._read(
            "SELECT run, started, spec, made_with, study, shard, host, process, born, begun, seen, ended "
            "FROM runs LEFT JOIN sessions USING (run) ORDER BY run"
        )
        with self._out.writing() as connection:
            for run, *told in rows:
                self._runs[run] = self._run_of(connection, told[:3], told[3:])
                self._made_in.setdefault(self._runs[run], self._source.path.parent)

    def _run_of(self, connection: sqlite3.Connection, run: list[Any], session: list[Any]) -> int:
        """Return the number of a run in the result, where an earlier merge may have put it."""
        who = session[:6]
        found = connection.execute(
            "SELECT run FROM runs LEFT JOIN sessions USING (run) WHERE started = ? AND spec = ? AND made_with = ? AND "
            "study IS ? AND shard IS ? AND host IS ? AND process IS ? AND born IS ? AND begun IS ?",
            (*run, *who),
        ).fetchone()
        if found:
            return int(found[0])
        number = connection.execute("INSERT INTO runs (started, spec, made_with) VALUES (?, ?, ?)", run).lastrowid
        if session[0] is not None:
            *life, ended = session
            # nobody who measures there measures here
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, *life, ended or "merged"))
        return int(number or 0)

    def _copy_asked(self) -> None:
        with self._out.writing() as connection:
            for table, n_columns in (("studies", 3), ("wanted", 4), ("stored_rows", 4)):
                marks = ", ".join("?" * n_columns)
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} VALUES ({marks})", self._read(f"SELECT * FROM {table}")
                )

    def _chunks(self) -> Iterator[list[Any]]:
        """Yield points and checksums in the order in which they were measured; a run that goes on adds at the end."""
        last = -1
        while chunk := self._read(
            "SELECT points.rowid, points.identity, experiment, point, run, seconds, checksum FROM points "
            "LEFT JOIN checksums USING (identity) WHERE points.rowid > ? ORDER BY points.rowid LIMIT ?",
            (last, CHUNK),
        ):
            if any(row[4] not in self._runs for row in chunk):
                self._copy_runs()  # one that has begun since
            yield chunk
            last = chunk[-1][0]

    def _copy_points(self, chunk: list[Any]) -> list[str]:
        """Copy points with their numbers, in one transaction; return what those are that are damaged."""
        draws, notes = self._parts("draws", "name, draw, value", chunk), self._parts("notes", "name, text", chunk)
        damaged = []
        with self._out.writing() as connection:
            for _, identity, experiment, point, run, seconds, known in chunk:
                rows, words = draws.get(identity, []), notes.get(identity, [])
                if run not in self._runs or not _is_whole(identity, rows, words, known):
                    damaged.append(label_of(point))
                    continue
                hashed = checksum(identity, rows, words)
                there = connection.execute(
                    "SELECT run, checksum FROM points LEFT JOIN checksums USING (identity) WHERE identity = ?", (identity,)
                ).fetchone()
                if there is not None:
                    self._compare(identity, point, run, hashed, *there)
                    continue
                connection.execute(
                    "INSERT INTO points VALUES (?, ?, ?, ?, ?)", (identity, experiment, point, self._runs[run], seconds)
                )
                for table in ("draws", "notes", "failures"):
                    connection.execute(f"DELETE FROM {table} WHERE identity = ?", (identity,))
                connection.executemany("INSERT INTO draws VALUES (?, ?, ?, ?)", ((identity, *row) for row in rows))
                connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", ((identity, *note) for note in words))
                connection.execute("INSERT OR REPLACE INTO checksums VALUES (?, ?)", (identity, hashed))
        return damaged

    def _parts(self, table: str, columns: str, chunk: list[Any]) -> dict[str, list[Any]]:
        rows = self._read(
            f"SELECT identity, {columns} FROM {table} WHERE identity IN "
            "(SELECT identity FROM points WHERE rowid BETWEEN ? AND ?) ORDER BY 1, 2, 3",
            (chunk[0][0], chunk[-1][0]),
        )
        return {identity: [row[1:] for row in group] for identity, group in groupby(rows, key=lambda row: row[0])}

    def _compare(self, identity: str, point: str, run: int, hashed: str, other_run: int, other: str | None) -> None:
        """Raise `NearCliffordError` where a point that is there already has other numbers."""
        if other is None:
            select = "SELECT {} WHERE identity = ? ORDER BY 1, 2"
            rows = self._out.connection.execute(select.format("name, draw, value FROM draws"), (identity,)).fetchall()
            words = self._out.connection.execute(select.format("name, text FROM notes"), (identity,)).fetchall()
            other = checksum(identity, rows, words)
        if other != hashed:
            mine, theirs = self._runs[run], other_run
            raise NearCliffordError(
                f"The point {label_of(point)} has other numbers in {self._source.path.parent} ({self._versions(mine)}) than "
                f"in {self._made_in.get(theirs, self._out.path.parent)} ({self._versions(theirs)}); one of the two is not "
                "what was measured, or other versions of the libraries beneath made it. Neither was changed; merge without "
                "one of them."
            )

    def _versions(self, run: int) -> str:
        row = self._out.connection.execute("SELECT made_with FROM runs WHERE run = ?", (run,)).fetchone()
        try:
            made_with = json.loads(row[0])
            return ", ".join(f"{name} {made_with[name]}" for name in ("nearclifford", "numpy", "numba", "stim", "machine"))
        except (TypeError, ValueError, KeyError):
            return "of an unknown version"

    def _copy_failures(self) -> None:
        with self._out.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO failures SELECT ?1, ?2, ?3, ?4, ?5 "
                "WHERE NOT EXISTS (SELECT 1 FROM points WHERE identity = ?1)",
                (
                    (identity, point, self._runs[run], error, traceback)
                    for identity, point, run, error, traceback in self._read("SELECT * FROM failures")
                    if run in self._runs
                ),
            )


def _is_whole(identity: str, rows: Sequence[Row], notes: Sequence[Note], known: object) -> bool:
    """Return whether numbers are what was written: by the checksum, or, in old files, by kinds and draws."""
    kinds = all(
        isinstance(name, str) and isinstance(draw, int) and isinstance(value, float | None) for name, draw, value in rows
    )
    if known is not None:
        return kinds and checksum(identity, rows, notes) == known
    groups = [[row[1] for row in group] for _, group in groupby(rows, key=lambda row: row[0])]
    return kinds and bool(groups) and all(group == groups[0] for group in groups)
