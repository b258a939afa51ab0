"""Who measures what: runs of a study, their signs of life, and the points that a process has taken for itself."""

from __future__ import annotations

import json
import os
import platform
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from sqlite3 import Connection
from types import TracebackType
from typing import NamedTuple

import psutil

from nearclifford.errors import NearCliffordError
from nearclifford.studies.draws import Draws
from nearclifford.studies.plan import Plan
from nearclifford.studies.shards import WHOLE, Shard
from nearclifford.studies.store import Failure, Store
from nearclifford.studies.unit import Unit

# A process of another machine that has given no sign for so long is taken for dead. If it was not, points are measured
# twice, with the same numbers.
SILENT_SECONDS = 600.0
# A running process gives a sign at least so often, if it is not in the middle of a measurement.
SIGN_SECONDS = 10.0
# What was asked, last first.
STUDIES = (
    "SELECT study, kind, asked FROM studies ORDER BY "
    "(SELECT max(begun) FROM sessions WHERE sessions.study = studies.study) DESC, studies.rowid DESC"
)


@dataclass(frozen=True)
class Life:
    """The process of a run: where it is, and whether it is alive.

    Attributes
    ----------
    host, process : the machine's name and the process's number.
    born : when the process was started, seconds since 1970: numbers of processes come again.
    seen : its last sign, likewise.
    ended : "" while it runs, then how it ended.
    """

    host: str
    process: int
    born: float
    seen: float
    ended: str

    @property
    def is_alive(self) -> bool:
        """Whether it measures; a guess by its last sign if it is on another machine."""
        if self.ended:
            return False
        if self.host == socket.gethostname():
            try:
                process = psutil.Process(self.process)
                same = abs(process.create_time() - self.born) < 1.0
                return same and process.status() != psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                return False
            except psutil.AccessDenied:
                pass  # of another user, on systems that do not tell: as on another machine
        return time.time() < self.seen + SILENT_SECONDS


class Taken(NamedTuple):
    """What a run may measure of bundles.

    Attributes
    ----------
    mine, theirs : bundles that are this run's now, and that another one is measuring.
    done : points that were finished meanwhile, with their error or None.
    """

    mine: list[list[Unit]]
    theirs: list[list[Unit]]
    done: list[tuple[Unit, Failure | None]]


class Session:
    """One run of a plan; use it in a ``with`` block, at whose end what it has taken is free again.

    Attributes
    ----------
    store : where the results go. run : its number there.
    """

    def __init__(self, store: Store, plan: Plan, shard: Shard = WHOLE) -> None:
        self.store = store
        self.run = begin_run(store, plan, shard)
        self._signed = time.monotonic()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        how = "finished" if kind is None else kind.__name__
        # an error that is on its way, of a full disk say, matters more than another of the same disk
        with suppress(*(() if kind is None else (NearCliffordError,))), self.store.writing() as connection:
            connection.execute("DELETE FROM claims WHERE run = ?", (self.run,))
            connection.execute("UPDATE sessions SET seen = ?, ended = ? WHERE run = ?", (time.time(), how, self.run))

    def take(self, bundles: Sequence[Sequence[Unit]]) -> Taken:
        """Take what nobody has done or measures of bundles, in one transaction."""
        taken = Taken([], [], [])
        with self.store.writing():
            for bundle in bundles:
                mine: list[Unit] = []
                theirs: list[Unit] = []
                for unit in bundle:
                    self._take(unit, mine, theirs, taken.done)
                taken.mine.extend([mine] if mine else [])
                taken.theirs.extend([theirs] if theirs else [])
        return taken

    def _take(self, unit: Unit, mine: list[Unit], theirs: list[Unit], done: list[tuple[Unit, Failure | None]]) -> None:
        connection, identity = self.store.connection, (unit.identity,)
        if connection.execute("SELECT 1 FROM points WHERE identity = ?", identity).fetchone():
            done.append((unit, None))
            return
        failure = connection.execute("SELECT error, traceback FROM failures WHERE identity = ?", identity).fetchone()
        if failure is not None:
            done.append((unit, Failure(*failure)))
            return
        row = connection.execute("SELECT run FROM claims WHERE identity = ?", identity).fetchone()
        if row is not None and row[0] != self.run and self._lives(row[0]):
            theirs.append(unit)
            return
        connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (*identity, self.run))
        mine.append(unit)

    def _lives(self, run: int) -> bool:
        row = self.store.connection.execute(
            "SELECT host, process, born, seen, ended FROM sessions WHERE run = ?", (run,)
        ).fetchone()
        return row is not None and Life(*row).is_alive

    def add(self, found: Sequence[tuple[Unit, Draws | Failure, float]]) -> None:
        """Write what was found, and give a sign of life."""
        self.store.add_all(self.run, found)
        self.sign()

    def sign(self) -> None:
        """Tell others that this run goes on; at most every few seconds."""
        if time.monotonic() > self._signed + SIGN_SECONDS:
            self._signed = time.monotonic()
            with self.store.writing() as connection:
                connection.execute("UPDATE sessions SET seen = ? WHERE run = ?", (time.time(), self.run))


def is_recorded(store: Store, plan: Plan, shard: Shard = WHOLE) -> bool:
    """Return whether a plan is the study that was asked last in a store, and all that is wanted of it is listed there."""
    with store.told():
        last = store.connection.execute(f"{STUDIES} LIMIT 1").fetchone()
        if last is None or last[0] != plan.identity:
            return False
        found = store.connection.execute("SELECT position, identity FROM wanted WHERE study = ?", (plan.identity,))
        return {(place, unit.identity) for place, unit in shard.of(plan)} <= set(found)


def begin_run(store: Store, plan: Plan, shard: Shard = WHOLE) -> int:
    """Record that a plan was started, here and now, and which points it wants; return the number of the run."""
    study, now = plan.identity, time.time()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with store.writing() as connection:
        cursor = connection.execute(
            "INSERT INTO runs (started, spec, made_with) VALUES (?, ?, ?)",
            (started, json.dumps(plan.asked, sort_keys=True), json.dumps(provenance(), sort_keys=True)),
        )
        run = int(cursor.lastrowid or 0)
        here = (socket.gethostname(), os.getpid(), psutil.Process().create_time())
        _give_up_earlier(connection, *here)
        life = (*here, now, now, "")
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (run, study, str(shard), *life))
        connection.execute(
            "INSERT OR REPLACE INTO studies VALUES (?, ?, ?)", (study, plan.kind, json.dumps(plan.asked, sort_keys=True))
        )
        connection.executemany(
            "INSERT OR IGNORE INTO wanted VALUES (?, ?, ?, ?)",
            ((study, place, unit.identity, unit.predicted_seconds) for place, unit in shard.of(plan)),
        )
        connection.execute("DELETE FROM stored_rows WHERE study = ?", (study,))
        connection.executemany(
            "INSERT INTO stored_rows VALUES (?, ?, ?, ?)",
            ((study, place, *row) for place, row in enumerate(plan.stored_rows)),
        )
    return run


def _give_up_earlier(connection: Connection, host: str, process: int, born: float) -> None:
    """Free what earlier runs of this process hold: a full disk, or a second Ctrl-C, kept them from saying that they ended.

    Two threads that run one study at the same time may measure a point twice, with the same numbers.
    """
    lost = "run IN (SELECT run FROM sessions WHERE ended = '' AND host = ? AND process = ? AND abs(born - ?) < 1.0)"
    connection.execute(f"DELETE FROM claims WHERE {lost}", (host, process, born))
    connection.execute(f"UPDATE sessions SET ended = 'unknown' WHERE {lost}", (host, process, born))


def made_with(store: Store, plan: Plan) -> dict[str, str]:
    """Return versions, machine and time of the last run that measured for a plan; nothing where a file does not tell.

    Where all of it failed, of the last run that was asked for it.
    """
    with store.told():
        row = store.connection.execute(
            "SELECT made_with, started FROM runs WHERE run = coalesce("
            "(SELECT max(points.run) FROM wanted JOIN points USING (identity) WHERE study = ?1), "
            "(SELECT max(run) FROM sessions WHERE study = ?1))",
            (plan.identity,),
        ).fetchone()
    if row is None:
        return {}
    return {name: str(value) for name, value in json.loads(row[0]).items()} | {"last run begun": str(row[1])}


def provenance() -> dict[str, str]:
    """Return what the numbers were made with: versions, Python and machine.

    >>> sorted(provenance())
    ['machine', 'nearclifford', 'numba', 'numpy', 'python', 'qiskit', 'scipy', 'stim']
    """
    packages = ("nearclifford", "numba", "numpy", "qiskit", "scipy", "stim")
    made_with = {name: version(name) for name in packages}
    return made_with | {"python": platform.python_version(), "machine": platform.platform()}
