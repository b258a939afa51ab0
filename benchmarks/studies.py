"""Studies that are killed, shared, merged, measured by Dask, of 100,000 points, and on disks that are full or read-only.

The points cost next to nothing (``tests/cheap_studies.py``): what is measured is what is around them.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from cheap_studies import CheapPlan, reopened, run  # noqa: E402
from nearclifford import NearCliffordError  # noqa: E402
from nearclifford.studies import reopened as reopening  # noqa: E402
from nearclifford.studies.dask_clusters import dask_client  # noqa: E402
from nearclifford.studies.merging import merge_studies  # noqa: E402
from nearclifford.studies.progress import Progress  # noqa: E402
from nearclifford.studies.status import status_of  # noqa: E402

reopening.PLANS["cheap"] = reopened

RUN = """
import sys
from pathlib import Path
from cheap_studies import CheapPlan, run
out, count, seconds, shard = sys.argv[1:]
log = Path(out + ".log")
run(CheapPlan(int(count), together=4, seconds=float(seconds), log=log), out, workers=1, shard=shard or None)
"""


def start(out: Path, count: int, seconds: float = 0.0, shard: str = "") -> subprocess.Popen[bytes]:
    paths = [str(ROOT / "src"), str(ROOT / "tests")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "NUMBA_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", RUN, str(out), str(count), str(seconds), shard], env=environment)


def begun(out: Path) -> list[int]:
    log = out.with_name(f"{out.name}.log")
    return [int(line.split()[0]) for line in log.read_text().splitlines()] if log.exists() else []


def table_of(out: Path) -> bytes:
    return (out / "table.csv").read_bytes()


def kills(folder: Path, options: argparse.Namespace) -> None:
    """Kill studies of 200 points at random moments until one ends, and compare its table."""
    rng, whole = random.Random(1), folder / "whole"
    run(CheapPlan(200), whole, workers=1)
    killed, again, equal = 0, 0, 0
    studies = 0
    while killed < options.kills:
        out, studies = folder / f"killed{studies}", studies + 1
        while True:
            before, process = len(begun(out)), start(out, 200, 0.002)
            until = before + rng.randint(0, 90)
            while process.poll() is None and len(begun(out)) <= until:
                time.sleep(0.0005)
            time.sleep(rng.uniform(0.0, 0.005))
            process.kill()
            if process.wait() == 0:
                break
            killed += 1
        counts = collections.Counter(begun(out))
        again += sum(counts.values()) - len(counts)
        equal += table_of(out) == table_of(whole)
        print(f"{killed} kills, {equal} of {studies} tables equal", flush=True)
    print(f"{killed} kills in {studies} studies of 200 points: {equal} of {studies} tables equal; ", end="")
    print(f"{again} measurements lost, {again / killed:.1f} a kill (bundles of 4)")


def shards(folder: Path, options: argparse.Namespace) -> None:
    """Measure a study in four processes that know nothing of each other, and merge them."""
    del options
    run(CheapPlan(200), folder / "whole", workers=1)
    parts = [folder / f"part{number}" for number in range(1, 5)]
    processes = [start(part, 200, 0.002, f"{number}/4") for number, part in enumerate(parts, 1)]
    assert [process.wait() for process in processes] == [0] * 4
    begin = time.perf_counter()
    merge_studies(parts, folder / "merged")
    seconds = time.perf_counter() - begin
    sizes = [len((part / "table.csv").read_text().splitlines()) - 1 for part in parts]
    equal = table_of(folder / "merged") == table_of(folder / "whole")
    print(f"4 shards of {sizes} points merged in {seconds:.2f} s: equal {equal}")


def dask(folder: Path, options: argparse.Namespace) -> None:
    """Kill a worker, then a scheduler, in the middle of a study."""
    del options
    from dask import config as dask_settings
    from distributed import LocalCluster

    run(CheapPlan(200), folder / "whole", workers=1)
    # a point that ended one worker is not tried on the next
    dask_settings.set({"distributed.scheduler.allowed-failures": 0})
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as cluster:
        with dask_client(cluster.scheduler_address) as client:
            pid = next(iter(client.run(os.getpid).values()))
            threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()
            begin = time.perf_counter()
            run(CheapPlan(200, seconds=0.02), folder / "worker", executor=client)
            seconds = time.perf_counter() - begin
            print(f"a worker killed: equal {table_of(folder / 'worker') == table_of(folder / 'whole')}, {seconds:.1f} s")
            begin = time.perf_counter()
            found = run(CheapPlan(40, together=4, poison=(6,)), folder / "poison", executor=client)
            seconds = time.perf_counter() - begin
            print(f"a point that kills its workers: {len(found.frame)} of 40 points, {seconds:.1f} s; {found.failed}")
    for name in ("SIGKILL", "SIGSTOP"):
        with scheduler(folder / f"{name}.json") as (process, file), dask_client(str(file)) as client:
            sent: list[float] = []

            def send(progress: Progress, name=name, process=process, sent=sent) -> None:
                if progress.done >= 100 and not sent:
                    sent.append(time.perf_counter())
                    process.send_signal(getattr(signal, name))

            try:
                run(CheapPlan(400, seconds=0.05), folder / name, executor=client, on_point=send)
            except NearCliffordError as error:
                print(f"the scheduler gets {name}: told after {time.perf_counter() - sent[0]:.1f} s: {error}")
        kept = status_of(folder / name).done
        run(CheapPlan(400), folder / name, workers=1)
        run(CheapPlan(400), folder / "400", workers=1)
        print(f"  {kept} of 400 points were kept; goes on: equal {table_of(folder / name) == table_of(folder / '400')}")


@contextlib.contextmanager
def scheduler(file: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths}
    common = {"env": environment, "stderr": subprocess.DEVNULL}
    program = [sys.executable, "-m"]
    options = ["--scheduler-file", str(file), "--no-dashboard"]
    first = subprocess.Popen([*program, "distributed.cli.dask_scheduler", *options, "--port", "0"], **common)
    worker = subprocess.Popen([*program, "distributed.cli.dask_worker", *options, "--nthreads", "1"], **common)
    try:
        while not file.exists():
            time.sleep(0.1)
        yield first, file
    finally:
        for process in (first, worker):
            process.kill()
            process.wait()


def points(folder: Path, options: argparse.Namespace) -> None:
    """Measure the overhead of a point, memory over time, and how long the status and a second run take."""
    this, plan, seen = psutil.Process(), CheapPlan(options.points), []

    def listening(progress: object) -> None:
        del progress
        listening.count += 1
        if listening.count % (options.points // 10) == 0:
            seen.append((listening.count, time.perf_counter() - begin, this.memory_info().rss / 1e6))

    listening.count = 0
    begin = time.perf_counter()
    run(plan, folder / "many", workers=1, on_point=listening)
    ended = time.perf_counter() - begin
    for count, seconds, memory in seen:
        print(f"{count:7d} points  {seconds:6.1f} s  {1e3 * seconds / count:.3f} ms a point  {memory:.0f} MB")
    print(f"table after {ended - seen[-1][1]:.1f} s more; {this.memory_info().rss / 1e6:.0f} MB")
    for name, does in (("status", lambda: status_of(folder / "many")), ("a run that finds nothing to do",
                       lambda: run(plan, folder / "many", workers=1))):  # fmt: skip
        begin = time.perf_counter()
        does()
        print(f"{name}: {time.perf_counter() - begin:.2f} s")


def disks(folder: Path, options: argparse.Namespace) -> None:
    """Run into a full disk, a read-only one, and files that are no results; needs to be root, to mount small disks."""
    del options
    plan = CheapPlan(4000)
    run(plan, folder / "whole", workers=1)
    small = folder / "small"
    small.mkdir()
    with mounted(small, "size=2m"):
        told("a full disk", lambda: run(plan, small / "out", workers=1))
        print(f"  kept: {status_of(small / 'out').done} points")
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        run(plan, small / "out", workers=1)
        print(f"  with room again: equal {table_of(small / 'out') == table_of(folder / 'whole')}")
        before = (small / "out" / "study.sqlite").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        told("a read-only disk", lambda: run(CheapPlan(5000), small / "out", workers=1))
        same = (small / "out" / "study.sqlite").read_bytes() == before
        print(f"  read: {status_of(small / 'out').done} points; as it was: {same}")
    whole = (folder / "whole" / "study.sqlite").read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("foreign", b"no database, " * 1000), ("empty", b"")):
        (folder / name).mkdir()
        (folder / name / "study.sqlite").write_bytes(content)
        told(name, lambda place=folder / name: run(CheapPlan(400), place, workers=1))
        print(f"  as it was: {(folder / name / 'study.sqlite').read_bytes() == content}")
    with contextlib.closing(sqlite3.connect(folder / "whole" / "study.sqlite")) as file:
        file.execute("PRAGMA user_version = 99")
    told("a newer version", lambda: run(CheapPlan(400), folder / "whole", workers=1))


@contextlib.contextmanager
def mounted(place: Path, size: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def told(name: str, does: Callable[[], object]) -> None:
    try:
        does()
        print(f"{name}: no error")
    except NearCliffordError as error:
        print(f"{name}: {error}")


SUBJECTS = {"kills": kills, "shards": shards, "dask": dask, "points": points, "disks": disks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], help="default: all of them")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--points", type=int, default=100_000)
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    for name in options.subjects or SUBJECTS:
        print(f"--- {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            SUBJECTS[name](Path(folder), options)


if __name__ == "__main__":
    main()
