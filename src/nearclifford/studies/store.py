"""The results in one directory: a point is there as a whole or not at all, or with the error that it ended in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable
from nearclifford.studies.database import Database
from nearclifford.studies.draws import Draws
from nearclifford.studies.stored_rows import Row, checksum, draws_of, intact, notes_of, rows_of
from nearclifford.studies.unit import Unit

# Points that one statement reads.
CHUNK = 500


class DamagedPointError(NearCliffordError):
    """The numbers of a point are not those that were written."""


@dataclass(frozen=True)
class Failure:
    """How a point ended that has no numbers.

    Attributes
    ----------
    error : its last line, such as "ResourceError: ...". traceback : all of it.
    """

    error: str
    traceback: str


class Store(Database):
    """The results in one directory; use it in a ``with`` block.

    Several studies may share a directory, also at the same time: a point is found by its identity, whichever study asked for
    it first. Whatever goes wrong with the file is a `NearCliffordError` that names it and says how to go on.
    """

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def check(self) -> None:
        """Raise `NearCliffordError` where pages or indices of the file are damaged; `damaged` finds single numbers."""
        with self.told():
            [found] = self.connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise NearCliffordError(
                f"{self.path} cannot be used as a study's results: it is damaged, {printable(str(found))}; choose another "
                "directory, or move the file away."
            )

    def add(self, run: int, unit: Unit, draws: Draws, seconds: float) -> None:
        """Write one point, in one transaction; a point that is there already stays."""
        self.add_all(run, [(unit, draws, seconds)])

    def add_all(self, run: int, found: Iterable[tuple[Unit, Draws | Failure, float]]) -> None:
        """Write points that were measured together, each with its numbers or its error, in one transaction."""
        with self.writing():
            for unit, outcome, seconds in found:
                if isinstance(outcome, Failure):
                    self._add_failure(run, unit, outcome)
                else:
                    self._add_draws(run, unit, outcome, seconds)
                self._delete(unit.identity, "claims")

    def _add_draws(self, run: int, unit: Unit, draws: Draws, seconds: float) -> None:
        identity, rows, notes = unit.identity, rows_of(draws), notes_of(draws)
        added = self.connection.execute(
            "INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?)",
            (identity, unit.experiment, _json(unit.record()), run, seconds),
        )
        if added.rowcount:
            self._delete(identity, "draws", "notes", "failures")  # left over in a file that lost its row in points
            self.connection.executemany("INSERT INTO draws VALUES (?, ?, ?, ?)", ((identity, *row) for row in rows))
            self.connection.executemany("INSERT INTO notes VALUES (?, ?, ?)", ((identity, *note) for note in notes))
            self.connection.execute(
                "INSERT OR REPLACE INTO checksums VALUES (?, ?)", (identity, checksum(identity, rows, notes))
            )

    def _add_failure(self, run: int, unit: Unit, failure: Failure) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO failures SELECT ?1, ?2, ?3, ?4, ?5 "
            "WHERE NOT EXISTS (SELECT 1 FROM points WHERE identity = ?1)",  # another process may have had more memory
            (unit.identity, _json(unit.record()), run, failure.error, failure.traceback),
        )

    def forget(self, units: Collection[Unit]) -> None:
        """Delete points and failures, in one transaction."""
        with self.writing():
            for unit in units:
                self._delete(unit.identity, "draws", "notes", "checksums", "failures", "points")

    def forget_failures(self, units: Collection[Unit]) -> None:
        """Delete how points failed, in one transaction; numbers that another process has found since stay."""
        with self.writing():
            for unit in units:
                self._delete(unit.identity, "failures")

    def _delete(self, identity: str, *tables: str) -> None:
        for table in tables:
            self.connection.execute(f"DELETE FROM {table} WHERE identity = ?", (identity,))

    def missing(self, units: Iterable[Unit]) -> list[Unit]:
        """Return the points that have no numbers yet, in the given order; those that failed are among them."""
        return self._absent_from("points", units)

    def failed(self, units: Iterable[Unit]) -> list[Unit]:
        """Return the points that ended in an error, in the given order."""
        known = self._identities("failures")
        return [unit for unit in units if unit.identity in known]

    def _absent_from(self, table: str, units: Iterable[Unit]) -> list[Unit]:
        present = self._identities(table)
        return [unit for unit in units if unit.identity not in present]

    def _identities(self, table: str) -> set[str]:
        with self.told():
            return {row[0] for row in self.connection.execute(f"SELECT identity FROM {table}")}

    def failures(self, units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
        """Yield (what it is, as JSON, and its error) for each of the points that failed and were not measured since."""
        for unit in units:
            with self.told():
                row = self.connection.execute(
                    "SELECT point, error FROM failures WHERE identity = ?", (unit.identity,)
                ).fetchone()
            if row is not None:
                yield row

    def damaged(self, units: Iterable[Unit]) -> list[Unit]:
        """Return the points whose numbers are not those that were written, in the given order."""
        asked = list(units)
        chunks = (asked[first : first + CHUNK] for first in range(0, len(asked), CHUNK))
        return [unit for chunk in chunks for unit in self._damaged_in(chunk)]

    def _damaged_in(self, units: Sequence[Unit]) -> list[Unit]:
        """Ask for many at once: a statement for each costs more than what it reads."""
        listed = json.dumps([unit.identity for unit in units])
        of_these = "identity IN (SELECT value FROM json_each(?))"
        with self.reading():
            known = dict(
                self.connection.execute(
                    f"SELECT identity, checksum FROM points LEFT JOIN checksums USING (identity) WHERE {of_these}", (listed,)
                ).fetchall()
            )
            draws = _by_identity(
                self.connection.execute(
                    f"SELECT identity, name, draw, value FROM draws WHERE {of_these} ORDER BY 1, 2, 3", (listed,)
                ).fetchall()
            )
            notes = _by_identity(
                self.connection.execute(
                    f"SELECT identity, name, text FROM notes WHERE {of_these} ORDER BY 1, 2", (listed,)
                ).fetchall()
            )
        return [
            unit
            for unit, identity in ((unit, unit.identity) for unit in units)
            if identity in known and not intact(draws.get(identity, []), notes.get(identity, []), unit, known[identity])
        ]

    def load(self, unit: Unit) -> Draws | None:
        """Return the numbers of one point, or None where they are not there yet.

        Raises `DamagedPointError` where they are not those that were written.
        """
        identity = (unit.identity,)
        with self.reading():
            known = self.connection.execute(
                "SELECT checksum FROM points LEFT JOIN checksums USING (identity) WHERE identity = ?", identity
            ).fetchone()
            if known is None:
                return None
            statement = "SELECT name, draw, value FROM draws WHERE identity = ? ORDER BY name, draw"
            rows: list[Row] = self.connection.execute(statement, identity).fetchall()
            notes = self.connection.execute(
                "SELECT name, text FROM notes WHERE identity = ? ORDER BY name", identity
            ).fetchall()
        if not intact(rows, notes, unit, known[0]):
            raise DamagedPointError(
                f"{self.path} is damaged: {unit} has not the numbers that were written. Run the study again, and they are "
                "measured anew."
            )
        return draws_of(rows, notes)


def _by_identity(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {identity: [row[1:] for row in group] for identity, group in groupby(rows, key=lambda row: row[0])}


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True)
