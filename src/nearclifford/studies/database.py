"""The SQLite file beneath a study's results: opened patiently, with a journal that its file system can bear."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, printable, told
from nearclifford.studies.points import FORMAT

FILE_NAME = "study.sqlite"

SCHEMA = {
    "runs": "run INTEGER PRIMARY KEY, started TEXT NOT NULL, spec TEXT NOT NULL, made_with TEXT NOT NULL",
    "points": "identity TEXT PRIMARY KEY, experiment TEXT NOT NULL, point TEXT NOT NULL, "
    "run INTEGER NOT NULL REFERENCES runs, seconds REAL NOT NULL",
    "draws": "identity TEXT NOT NULL REFERENCES points, name TEXT NOT NULL, draw INTEGER NOT NULL, value REAL, "
    "PRIMARY KEY (identity, name, draw)",
    # of the rows of a point in draws and notes; files of older versions have none
    "checksums": "identity TEXT PRIMARY KEY REFERENCES points, checksum TEXT NOT NULL",
    # words that belong to a point's numbers, such as the method
    "notes": "identity TEXT NOT NULL REFERENCES points, name TEXT NOT NULL, text TEXT NOT NULL, "
    "PRIMARY KEY (identity, name)",
    "failures": "identity TEXT PRIMARY KEY, point TEXT NOT NULL, run INTEGER NOT NULL, error TEXT NOT NULL, "
    "traceback TEXT NOT NULL",
    # what was asked for, in the order of its table
    "studies": "study TEXT PRIMARY KEY, kind TEXT NOT NULL, asked TEXT NOT NULL",
    "wanted": "study TEXT NOT NULL, position INTEGER NOT NULL, identity TEXT NOT NULL, seconds REAL NOT NULL, "
    "PRIMARY KEY (study, position)",
    "stored_rows": "study TEXT NOT NULL, position INTEGER NOT NULL, identity TEXT NOT NULL, told TEXT NOT NULL, "
    "PRIMARY KEY (study, position)",
    # who measures, and what a process has taken for itself
    "sessions": "run INTEGER PRIMARY KEY, study TEXT NOT NULL, shard TEXT NOT NULL, host TEXT NOT NULL, "
    "process INTEGER NOT NULL, born REAL NOT NULL, begun REAL NOT NULL, seen REAL NOT NULL, ended TEXT NOT NULL",
    "claims": "identity TEXT PRIMARY KEY, run INTEGER NOT NULL",
}
WITHOUT_ROWID = ("draws", "notes", "wanted", "stored_rows")
COLUMNS = {
    table: [part.split()[0] for part in columns.partition(", PRIMARY KEY")[0].split(", ")]
    for table, columns in SCHEMA.items()
}

# How long one process waits for another that writes.
PATIENCE_SECONDS = 60.0
# After so long a commit is made to outlast a loss of power too; the end of a process harms none.
SYNCHRONIZED_SECONDS = 1.0
# The write-ahead log needs memory that processes share, which these have not between machines; SQLite's older journal only
# needs their locks.
NETWORK_FILE_SYSTEMS = frozenset(
    "9p afs afpfs beegfs ceph cifs fuse.ceph fuse.glusterfs fuse.juicefs fuse.s3fs fuse.sshfs glusterfs gpfs lustre nfs "
    "nfs4 orangefs panfs prl_fs smb smb2 smb3 smbfs vboxsf virtiofs wekafs".split()
)
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


class Database:
    """A connection to the file of one directory. Whatever goes wrong is one line that names the file and what to do.

    Attributes
    ----------
    path : the file, ``study.sqlite`` in the directory.
    connection : SQLite's.
    """

    path: Path
    connection: sqlite3.Connection

    def __init__(self, directory: str | Path, create: bool = True) -> None:
        self.path = path_of(directory, "out") / FILE_NAME
        with told(self.path.parent, "a directory for the results of a study"):
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            elif not self.path.exists():
                raise NearCliffordError(f"{self.path} does not exist; run the study with out={str(directory)!r} first.")
        with self.told():
            self.connection = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS)
            try:
                self._open_patiently()
            except sqlite3.OperationalError as error:
                self.connection.close()
                if create or _code(error) not in READ_ONLY:
                    raise
                self._open_to_read()
            except BaseException:
                self.connection.close()
                raise
        self._synchronized = time.monotonic()

    @classmethod
    def to_read(cls, directory: str | Path) -> Self:
        """Return the file of a directory opened so that nothing of it is ever changed, though others may write to it."""
        found = cls.__new__(cls)
        found.path = path_of(directory, "directory") / FILE_NAME
        with told(found.path.parent, "a directory with the results of a study"):
            if not found.path.exists():
                raise NearCliffordError(f"{found.path} does not exist; expected a directory with the results of a study.")
        with found.told():
            try:
                found._open_to_read(_as_it_lies(found.path))
            except sqlite3.OperationalError as error:
                if _code(error) not in READ_ONLY:
                    raise
                found._open_to_read()
        return found

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what SQLite says into one line that ends with what to do."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise NearCliffordError(f"{self.path} {_explained(error)}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for one transaction: all of it is in the file at the end, or nothing.

        The end of the process, however rough, harms no transaction that is over. Now and then the disk is made to write.
        """
        with self.told():
            with self.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
            if time.monotonic() > self._synchronized + SYNCHRONIZED_SECONDS:
                self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._synchronized = time.monotonic()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for statements that see the same state of the file, whatever others write meanwhile."""
        with self.told(), self.connection as connection:
            connection.execute("BEGIN")
            yield connection

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

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
        connection = self.connection
        found, tables = self._checked()
        journal = journal_of(self.path.parent)
        if connection.execute("PRAGMA journal_mode").fetchone() != (journal,):
            connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA synchronous = " + ("NORMAL" if journal == "wal" else "FULL"))
        if found == 0 or set(SCHEMA) - tables:
            self._make_tables()
        for table, columns in COLUMNS.items():
            connection.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0")

    def _open_to_read(self, how: str = "immutable=1") -> None:
        """Open a file where nothing can be written; such a file has no journal, as whoever wrote it is gone."""
        uri = f"file:{quote(str(self.path.resolve()))}?{how}"
        self.connection = sqlite3.connect(uri, timeout=PATIENCE_SECONDS, uri=True)
        try:
            self._checked()
            for table in set(SCHEMA) - self._tables():
                # a file of an older version: it has none of these
                self.connection.execute(f"CREATE TEMPORARY TABLE {table} ({', '.join(COLUMNS[table])})")
        except BaseException:
            self.connection.close()
            raise

    def _tables(self) -> set[str]:
        return {str(row[0]) for row in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _checked(self) -> tuple[int, set[str]]:
        """Return the format and the tables of the file; `NearCliffordError` where it is another program's or newer."""
        [found] = self.connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, FORMAT):
            newer = "a newer version of nearclifford wrote it: install that, or choose" if found > FORMAT else "choose"
            raise NearCliffordError(
                f"{self.path} holds results of format {found}; this version of nearclifford reads and writes format "
                f"{FORMAT}; {newer} another directory."
            )
        tables = self._tables()
        if found == 0 and (foreign := sorted(tables - set(SCHEMA))):
            raise NearCliffordError(
                f"{self.path} holds the tables of another program, {', '.join(foreign[:4])}; choose another directory."
            )
        return found, tables

    def _make_tables(self) -> None:
        with self.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            for table, columns in SCHEMA.items():
                without = " WITHOUT ROWID" if table in WITHOUT_ROWID else ""
                connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}){without}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


def journal_of(directory: Path) -> str:
    """Return the journal that is safe in a directory: "wal", or on a network file system "delete".

    >>> import tempfile
    >>> journal_of(Path(tempfile.gettempdir()))
    'wal'
    """
    place = directory.resolve()
    holding = [
        mount for mount in psutil.disk_partitions(all=True) if place == Path(mount.mountpoint) or
        Path(mount.mountpoint) in place.parents
    ]  # fmt: skip
    nearest = max(holding, key=lambda mount: len(Path(mount.mountpoint).parts), default=None)
    return "delete" if nearest is not None and nearest.fstype.lower() in NETWORK_FILE_SYSTEMS else "wal"


def _as_it_lies(path: Path) -> str:
    """Return how to open a file to read: with locks, or without where they would leave files beside it.

    Only a reader of a write-ahead log makes such files; where there is no log yet, nobody writes.
    """
    with told(path, "the results of a study"), path.open("rb") as stream:
        header = stream.read(20)
    quiet = header[18:20] == b"\x02\x02" and not path.with_name(f"{path.name}-wal").exists()
    return "immutable=1" if quiet else "mode=ro"


def _code(error: Exception) -> int:
    """Return SQLite's primary result code; -1 for what Python's own module raises."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def _explained(error: Exception) -> str:
    said = printable(str(error))
    if _code(error) in LOCKED:
        return f"is kept locked by another process: {said}. What is finished is kept; run the study again to go on."
    if _code(error) in NO_ROOM:
        return f"cannot be written: {said}. What is finished is kept; make room there and run the study again to go on."
    if _code(error) in READ_ONLY:
        return f"cannot be written: {said}. Choose another directory, or make this one writable."
    return f"cannot be used as a study's results: {said}; choose another directory, or move the file away."
