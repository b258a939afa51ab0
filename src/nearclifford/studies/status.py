"""How far the study in a directory is, who measures, and how long it takes: from its file alone, without loading a point."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nearclifford.files import path_of, printable
from nearclifford.studies.sessions import STUDIES, Life
from nearclifford.studies.store import Store


@dataclass(frozen=True)
class LiveSession:
    """A process that measures.

    Attributes
    ----------
    host, process : the machine's name and the process's number.
    shard : "K/M", or "" for all of the study.
    begun, seen : when it began, and its last sign of life, seconds since 1970.
    points : that it has measured.
    """

    host: str
    process: int
    shard: str
    begun: float
    seen: float
    points: int


@dataclass(frozen=True, repr=False)
class StudyStatus:
    """How far a study is.

    Attributes
    ----------
    directory : of its results.
    title : of the study that was asked for last there.
    total, done, failed : points that it wants, those that have numbers, those that ended in an error. In a file of an older
        version, which does not say what was asked, ``total`` is None.
    sessions : the processes that measure it.
    ended : how the last run ended: "finished", the name of an error, or "killed"; "" while one measures.
    points_per_second : of those processes together; None without any, or before the first point.
    seconds_left : at their rate, by the predicted cost of what is missing; None likewise.
    size : of the file, bytes.
    last_error : of the points that failed, the last one's; "" without any.

    >>> print(StudyStatus("runs/quick", "Quick", 8, 6, 1, (), "killed", None, None, 40960, "ValueError: no"))
    Quick: 6 of 8 points, 75%, 1 failed, in runs/quick (41 kB)
    stopped (killed); to go on, run it again with the same out: what is done is kept
    last error: ValueError: no; retry_failed=True (--retry-failed) measures failed points again
    """

    directory: str
    title: str
    total: int | None
    done: int
    failed: int
    sessions: tuple[LiveSession, ...]
    ended: str
    points_per_second: float | None
    seconds_left: float | None
    size: int
    last_error: str

    @property
    def is_running(self) -> bool:
        """Whether a process measures; a guess by its last sign of life if it is on another machine."""
        return bool(self.sessions)

    @property
    def is_finished(self) -> bool:
        """Whether every point has numbers or an error."""
        return self.total is not None and self.done + self.failed >= self.total

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python for JSON."""
        return asdict(self) | {"is_running": self.is_running, "is_finished": self.is_finished}

    def __repr__(self) -> str:
        of = "" if self.total is None else f" of {self.total}"
        share = f", {100 * self.done // self.total}%" if self.total else ""
        failed = f", {self.failed} failed" if self.failed else ""
        lines = [f"{self.title or 'Study'}: {self.done}{of} points{share}{failed}, in {self.directory} ({_size(self.size)})"]
        lines += self._going_on()
        if self.last_error:
            lines.append(f"last error: {self.last_error}; retry_failed=True (--retry-failed) measures failed points again")
        return "\n".join(lines)

    def _going_on(self) -> list[str]:
        if not self.is_running:
            if self.is_finished:
                return ["finished"]
            return [f"stopped ({self.ended}); to go on, run it again with the same out: what is done is kept"]
        first = ", ".join(_who(one) for one in self.sessions[:3])
        more = f" and {len(self.sessions) - 3} more" if len(self.sessions) > 3 else ""
        lines = [f"running: {first}{more}"]
        if self.points_per_second is not None:
            left = "" if self.seconds_left is None else f", {_span(self.seconds_left)} left"
            lines.append(f"{self.points_per_second:.3g} points per second{left}")
        return lines


def status_of(directory: str | Path) -> StudyStatus:
    """Return how far the study is that was asked for last in a directory, whether it runs or not; nothing is written.

    Raises `NearCliffordError` where there was no run, or where the file cannot be read.

    >>> import tempfile
    >>> import nearclifford as nc
    >>> study = nc.Study(nc.StudySpec(["mhea"], [2], sigma=["1"], draws=2, title="Two draws"))
    >>> with tempfile.TemporaryDirectory() as out:
    ...     _ = study.run(out, workers=1, progress=False)
    ...     status = status_of(out)
    >>> status.total, status.done, status.is_running, status.is_finished
    (2, 2, False, True)
    """
    place = path_of(directory, "directory")
    with Store.to_read(place) as store, store.told():
        return _Reader(store, place).status()


class _Reader:
    """Asks a store; every answer is one statement over all of its points."""

    def __init__(self, store: Store, place: Path) -> None:
        self._ask, self._path, self._place = store.connection.execute, store.path, place

    def status(self) -> StudyStatus:
        study, title = self._study()
        sessions, ended = self._sessions(study)
        total, done, failed, left = self._counts(study)
        rate, seconds_left = self._rates(study, sessions, left)
        error = self._ask("SELECT error FROM failures ORDER BY rowid DESC LIMIT 1").fetchone() if failed else None
        beside = (self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-journal"))
        return StudyStatus(
            directory=str(self._place),
            title=title,
            total=total,
            done=done,
            failed=failed,
            sessions=tuple(LiveSession(*row[1:]) for row in sessions),
            ended=ended,
            points_per_second=rate,
            seconds_left=seconds_left,
            size=sum(path.stat().st_size for path in beside if path.exists()),
            last_error=printable(str(error[0]), most=300) if error else "",
        )

    def _study(self) -> tuple[str | None, str]:
        """Return the identity and the title of the study that was asked for last."""
        row = self._ask(f"{STUDIES} LIMIT 1").fetchone()
        if row is not None:
            return row[0], _title(row[2])
        row = self._ask("SELECT spec FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        return None, _title(row[0]) if row else ""

    def _sessions(self, study: str | None) -> tuple[list[tuple[Any, ...]], str]:
        """Return the runs that live, each as its number, what it is and its points, and how the last one ended."""
        rows = self._ask(
            "SELECT run, host, process, born, seen, ended, shard, begun FROM sessions WHERE study = ? ORDER BY run", (study,)
        ).fetchall()
        alive = [row for row in rows if Life(*row[1:6]).is_alive]
        found = []
        for run, host, process, _, seen, _, shard, begun in alive:
            [points] = self._ask("SELECT count(*) FROM points WHERE run = ?", (run,)).fetchone()
            found.append((run, host, process, shard, begun, seen, points))
        if found or not rows:
            return found, ""
        return [], str(rows[-1][5]) or "killed"

    def _counts(self, study: str | None) -> tuple[int | None, int, int, float]:
        """Return the numbers of points: wanted, done and failed; and the predicted seconds of those that are missing."""
        if study is None:
            [done] = self._ask("SELECT count(*) FROM points").fetchone()
            [failed] = self._ask("SELECT count(*) FROM failures").fetchone()
            return None, done, failed, 0.0
        total, done, failed, left = self._ask(
            "SELECT count(*), count(points.rowid), "
            "sum(points.rowid IS NULL AND failures.rowid IS NOT NULL), "
            "total(CASE WHEN points.rowid IS NULL AND failures.rowid IS NULL THEN wanted.seconds END) "
            "FROM wanted LEFT JOIN points USING (identity) LEFT JOIN failures ON failures.identity = wanted.identity "
            "WHERE study = ?",
            (study,),
        ).fetchone()
        return total, done, failed or 0, left

    def _rates(
        self, study: str | None, sessions: Sequence[tuple[Any, ...]], left: float
    ) -> tuple[float | None, float | None]:
        """Return points per second of the runs that live, and the seconds that are left at their rate."""
        now, points, predicted = time.time(), 0.0, 0.0
        for run, *_, begun, _, measured in sessions:
            [seconds] = self._ask(
                "SELECT total(wanted.seconds) FROM points JOIN wanted ON wanted.study = ? AND "
                "wanted.identity = points.identity WHERE run = ?",
                (study, run),
            ).fetchone()
            passed = max(now - begun, 1e-3)
            points, predicted = points + measured / passed, predicted + seconds / passed
        return points or None, left / predicted if predicted else None


def _title(asked: str) -> str:
    try:
        return printable(str(json.loads(asked).get("title", "")), 200)
    except (AttributeError, TypeError, ValueError):
        return ""


def _who(session: LiveSession) -> str:
    shard = f", part {session.shard}" if session.shard else ""
    since = datetime.fromtimestamp(session.begun).isoformat(sep=" ", timespec="seconds")
    silent = _span(max(0.0, time.time() - session.seen))
    return f"process {session.process} on {session.host}{shard}, since {since}, last sign {silent} ago"


def _span(seconds: float) -> str:
    """Return a time for a reader.

    >>> [_span(seconds) for seconds in (2.4, 200, 9000, 200000)]
    ['2 s', '3 min', '2.5 h', '2.3 days']
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} days"


def _size(size: int) -> str:
    """Return a number of bytes for a reader.

    >>> _size(40960), _size(2_500_000_000)
    ('41 kB', '2.5 GB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"
