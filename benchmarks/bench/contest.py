"""Contenders in processes of their own, their agreement, and rounds that alternate between them.

A contender that cannot be installed, crashes, takes too long or disagrees is not timed, and keeps its row, which says so.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from environments import Environments

HERE = Path(__file__).parent
CORES = min(2, os.cpu_count() or 1)
# A round takes about as long, by repeats or by a part of the work.
ROUND_SECONDS = 0.25
# A contender whose round takes longer than this takes part in the first rounds only.
SLOW_SECONDS, SLOW_ROUNDS = 3.0, 2
VERY_SLOW_SECONDS = 10.0  # and then in the first alone
# What does not answer a request in this time is stopped: later ones, the first, which may compile, and the making.
PATIENCE, FIRST_PATIENCE, MAKING_PATIENCE = 60.0, 120.0, 200.0
NOT_RUN, AGREES, DISAGREES, TIMED = "not run", "agrees", "disagrees: not timed", "timed"


class NotTimedError(Exception):
    """What goes into the row of a contender that is not timed."""


@dataclass(frozen=True)
class Entry:
    """A contender as it is entered: who, from which environment, and what makes it.

    ``maker`` is ``"module:function"``, of a module here; the function takes the problem and returns what does the work.
    ``splits`` are the numbers of processes to try, each with ``CORES / processes`` threads; the better one counts.
    ``patience`` are the seconds within which the first answer must come.
    """

    title: str
    maker: str
    environment: str = "own"
    splits: tuple[int, ...] = (1,)
    extra: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    patience: float | None = None

    @property
    def ours(self) -> bool:
        """Whether it is the package itself."""
        return self.title.startswith("nearclifford")


def share(work: Any, parts: int) -> list[Any]:
    """Split work, a list of rows or a count, among processes."""
    if isinstance(work, int):
        return [work // parts + (part < work % parts) for part in range(parts)]
    return [work[part::parts] for part in range(parts)]


def joined(results: list[Any], work: Any) -> np.ndarray:
    """Put together what the processes answered: rows in their order, or sums."""
    if isinstance(work, int):
        return np.sum(results, axis=0)
    rows: list[Any] = [None] * len(work)
    for part, result in enumerate(results):
        rows[part :: len(results)] = result
    return np.array(rows)


class Process:
    """A worker: a maker in an environment, with a number of threads. It serves one problem after the other."""

    def __init__(self, entry: Entry, threads: int, environments: Environments) -> None:
        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "MKL_NUM_THREADS")
        settings = os.environ | dict.fromkeys(names, str(threads)) | {"OMP_PROC_BIND": "false"}
        settings["BENCH_FOUND"] = str(environments.folder / "found")
        module, _, maker = entry.maker.partition(":")
        self.errors, pipe = environments.log(f"{module}-{maker}"), subprocess.PIPE
        command = [str(environments.python(entry.environment)), str(HERE / "worker.py"), module, maker]
        with self.errors.open("w") as log:
            self.child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True, env=settings)

    def send(self, request: dict[str, Any]) -> None:
        """Write a request."""
        try:
            self.child.stdin.write(json.dumps(request) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # the answer, or its absence, tells

    def answer(self, seconds: float, patience: float) -> dict[str, Any]:
        """Return the answer that comes within some seconds; the patience is what a refusal names."""
        if not select.select([self.child.stdout], [], [], max(0.0, seconds))[0]:
            self.stop()
            raise NotTimedError(f"stopped: no answer within {patience:.0f} s")
        line = self.child.stdout.readline()
        if not line:
            self.stop()
            raise NotTimedError(f"crashed: {last_line(self.errors)}")
        return json.loads(line)

    @property
    def alive(self) -> bool:
        """Whether it still serves."""
        return self.child.poll() is None

    def stop(self) -> None:
        """End it."""
        self.child.kill()
        self.child.communicate()


class Pool:
    """The processes of a question, kept from table to table: what is imported and compiled once stays so."""

    def __init__(self, environments: Environments) -> None:
        self.environments = environments
        self.kept: dict[tuple[str, str, int], list[Process]] = {}

    def processes(self, entry: Entry, count: int) -> list[Process]:
        """Return the processes of a contender in a setting; started if there are none, or if one has died."""
        if self.environments.python(entry.environment) is None:
            raise NotTimedError(self.environments.why(entry.environment))
        key = (entry.environment, entry.maker, count)
        if not all(one.alive for one in self.kept.get(key, [])) or key not in self.kept:
            self._stop(key)
            self.kept[key] = [Process(entry, max(1, CORES // count), self.environments) for _ in range(count)]
        return self.kept[key]

    def close(self) -> None:
        """End all processes."""
        for key in list(self.kept):
            self._stop(key)

    def _stop(self, key: tuple[str, str, int]) -> None:
        for one in self.kept.pop(key, []):
            one.stop()


class Contender:
    """One entry in one setting, made for one problem."""

    def __init__(self, entry: Entry, problem: dict[str, Any], processes: int, pool: Pool) -> None:
        self.entry, self.processes = entry, processes
        self.workers = pool.processes(entry, processes)
        for worker in self.workers:
            worker.send({"problem": problem | entry.extra})
        self.made = max(answer["made"] for answer in self._answers(MAKING_PATIENCE))
        self.seconds: list[float] = []
        self.first, self.count, self.repeats, self.work = 0.0, 0, 1, None

    @property
    def name(self) -> str:
        """Title and setting, on two lines: what the judge of a bout has the answer under."""
        return f"{self.entry.title}\n{self.setting}"

    @property
    def setting(self) -> str:
        """Processes x threads."""
        return f"{self.processes} x {max(1, CORES // self.processes)}"

    def ask(self, work: Any, repeats: int = 1, reply: bool = True, patience: float | None = None) -> tuple[float, Any]:
        """Return the seconds of one repeat, by the clock of this process, and the result if it is asked for."""
        start = time.perf_counter()
        for worker, part in zip(self.workers, share(work, self.processes), strict=True):
            worker.send({"work": part, "repeats": repeats, "reply": reply})
        answers = self._answers(patience or PATIENCE)
        seconds = (time.perf_counter() - start) / repeats
        return seconds, joined([answer["result"] for answer in answers], work) if reply else None

    def _answers(self, patience: float) -> list[dict[str, Any]]:
        end = time.perf_counter() + patience
        return [worker.answer(end - time.perf_counter(), patience) for worker in self.workers]


def last_line(path: Path) -> str:
    """Return what a crashed process said at its end, in a few words."""
    lines = [line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return (lines[-1] if lines else "without a word")[:160].replace("|", "/")


@dataclass(frozen=True)
class Bout:
    """One table: a title, what is done, who takes part, and when answers agree.

    ``work`` is what is timed, a list of rows or a count; ``check`` what is compared before. ``judge`` takes the answers by
    name (`title_of` has the title) and returns (error, whether it agrees) by name; ``scale`` turns seconds per item into
    ``unit``; ``needed``, if there is one, tells from an answer how many items do the job, which is then what is quoted.
    """

    key: str
    title: str
    unit: str
    problem: dict[str, Any]
    entries: Sequence[Entry]
    work: Any
    check: Any
    judge: Callable[[dict[str, np.ndarray]], dict[str, tuple[float, bool]]]
    accuracy: str = "largest difference"
    scale: float = 1.0
    needed: Callable[[np.ndarray], float] | None = None
    note: str = ""


def agree_to(tolerance: float, absolute: float = 1.0) -> Callable[[dict[str, np.ndarray]], dict[str, tuple[float, bool]]]:
    """Return a judge: answers equal the median of all contenders to a tolerance, whoever is off, ourselves included.

    Of two that differ, neither agrees.

    >>> agree_to(1e-6)({"a": np.ones(2), "b": np.ones(2), "c": np.array([1.0, 1.1])})["c"][1]
    False
    """

    def judge(answers: dict[str, np.ndarray]) -> dict[str, tuple[float, bool]]:
        middle = np.median(np.stack(list(answers.values())), axis=0)
        off = {title: float(np.abs(found - middle).max()) for title, found in answers.items()}
        return {title: (error, bool(error <= tolerance * absolute)) for title, error in off.items()}

    return judge


def measure(bout: Bout, pool: Pool, rounds: int) -> dict[str, Any]:
    """Return the record of a table: one row for each entry, timed if it ran and agreed."""
    print(f"{bout.title}", flush=True)
    load, begun = os.getloadavg()[0], time.time()
    rows = {entry.title: row_of(entry) for entry in bout.entries}
    ready = start(bout, pool, rows)
    checked, answers = check(bout, ready, rows)
    settle(bout, checked, rows)
    for number in range(rounds):
        for contender in list(checked):
            slow = number and np.median(contender.seconds) * contender.repeats * contender.count
            if number < (1 if slow > VERY_SLOW_SECONDS else SLOW_ROUNDS) or slow < 2 * SLOW_SECONDS:
                timed(contender, checked, rows)
    for contender in checked:
        needed = bout.needed(answers[contender.name]) if bout.needed else 1.0
        keep_the_better(contender, rows[contender.entry.title], len_of(bout.work), needed)
    table = {
        "key": bout.key, "title": bout.title, "unit": bout.unit, "accuracy": bout.accuracy, "note": bout.note,
        "scale": bout.scale, "load": [load, os.getloadavg()[0]], "begun": begun, "seconds": time.time() - begun,
        "rows": list(rows.values()),
    }  # fmt: skip
    for row in table["rows"]:
        took = row["state"] if row["median"] is None else f"{row['median'] * bout.scale:.4g} {bout.unit}"
        print(f"    {row['title']:60} {took}", flush=True)
    return table


def row_of(entry: Entry) -> dict[str, Any]:
    """Return the row of an entry before anything is known."""
    return {
        "title": entry.title, "ours": entry.ours, "environment": entry.environment, "state": NOT_RUN, "setting": "",
        "made": None, "median": None, "low": None, "high": None, "rounds": 0, "error": None, "note": entry.note,
    }  # fmt: skip


def start(bout: Bout, pool: Pool, rows: dict[str, dict[str, Any]]) -> list[Contender]:
    """Start all contenders; what does not start leaves its reason in its row."""
    ready: list[Contender] = []
    for entry in bout.entries:
        for processes in sorted({min(split, CORES) for split in entry.splits}):
            try:
                ready.append(Contender(entry, bout.problem, processes, pool))
            except NotTimedError as failure:
                rows[entry.title]["state"] = str(failure)
                break
    return ready


def check(
    bout: Bout, ready: list[Contender], rows: dict[str, dict[str, Any]]
) -> tuple[list[Contender], dict[str, np.ndarray]]:
    """Return the contenders whose answers agree in every setting, and all answers by name; rows say how far off each is."""
    answers: dict[str, np.ndarray] = {}
    for contender in ready:
        try:
            patience = contender.entry.patience or FIRST_PATIENCE  # the first answer may have to compile
            contender.first, answers[contender.name] = contender.ask(bout.check, patience=patience)
        except NotTimedError as failure:
            rows[contender.entry.title]["state"] = str(failure)
    for name, (error, agrees) in bout.judge(answers).items() if answers else ():
        row = rows[title_of(name)]
        row["error"] = error if row["error"] is None else max(error, row["error"])
        if not agrees:
            row["state"] = DISAGREES
    for name in answers:
        if rows[title_of(name)]["state"] != DISAGREES:
            rows[title_of(name)]["state"] = AGREES
    return [one for one in ready if one.name in answers and rows[one.entry.title]["state"] == AGREES], answers


def title_of(name: str) -> str:
    """Return the title in the name of a contender."""
    return name.partition("\n")[0]


def len_of(work: Any) -> int:
    """Return how many items a work has."""
    return work if isinstance(work, int) else len(work)


def settle(bout: Bout, checked: list[Contender], rows: dict[str, dict[str, Any]]) -> None:
    """Choose for each contender how much of the work a round has: all of it several times, or a part of it."""
    for contender in list(checked):
        try:
            if (seconds := contender.first) < 2 * SLOW_SECONDS or contender.entry.ours:  # else it was no compiler
                seconds, _ = contender.ask(bout.check, reply=False)
        except NotTimedError as failure:
            rows[contender.entry.title]["state"] = str(failure)
            checked.remove(contender)
            continue
        each = seconds / len_of(bout.check)
        fits = int(SLOW_SECONDS / each) // contender.processes * contender.processes
        contender.count = int(np.clip(fits, contender.processes, len_of(bout.work)))
        contender.work = contender.count if isinstance(bout.work, int) else bout.work[: contender.count]
        contender.repeats = max(1, int(ROUND_SECONDS / (each * contender.count)))


def timed(contender: Contender, checked: list[Contender], rows: dict[str, dict[str, Any]]) -> None:
    """Time one round."""
    try:
        seconds, _ = contender.ask(contender.work, contender.repeats, reply=False)
        contender.seconds.append(seconds / contender.count)
    except NotTimedError as failure:
        rows[contender.entry.title]["state"] = str(failure)
        checked.remove(contender)


def keep_the_better(contender: Contender, row: dict[str, Any], whole: int, needed: float) -> None:
    """Enter the times of a setting into the row, unless another setting was faster."""
    times = np.array(contender.seconds) * needed
    median = float(np.median(times))
    if row["median"] is None or median < row["median"]:
        part = "" if contender.count == whole else f"timed on {contender.count} of {whole}"
        row |= {
            "state": TIMED, "setting": contender.setting, "made": contender.made, "median": median,
            "low": times.min(), "high": times.max(), "rounds": len(times), "part": part,
        }  # fmt: skip
