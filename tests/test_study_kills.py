"""Studies that are killed, again and again, and processes that share one: the table is that of one run without a stop."""

import collections
import os
import random
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from cheap_studies import CheapPlan, run
from nearclifford.studies import database, runner
from nearclifford.studies.database import journal_of

SCRIPT = """
import sys
from pathlib import Path
from cheap_studies import CheapPlan, run
from nearclifford.studies import database
database.journal_of = lambda directory: sys.argv[2]
run(CheapPlan(60, together=3, seconds=0.003, log=Path(sys.argv[1] + ".log")), sys.argv[1], workers=1)
"""
PLAN = CheapPlan(60, together=3)


def start(out, journal):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(out), journal], env=environment)


def measured(out):
    """Return (number, process) of every measurement that was begun."""
    log = out.with_name(f"{out.name}.log")
    return [tuple(map(int, line.split())) for line in log.read_text().splitlines()] if log.exists() else []


def wait_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.001)


def table_of(directory):
    return (directory / "table.csv").read_bytes()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    out = tmp_path_factory.mktemp("expected")
    run(PLAN, out, workers=1)
    return table_of(out)


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_kills_leave_no_trace(tmp_path, monkeypatch, journal, expected):
    """Killed twice at random moments, then finished; what was measured twice was under way, a bundle for each kill."""
    out, rng = tmp_path / "out", random.Random(7)
    for _ in range(2):
        until = len(measured(out)) + rng.randint(1, 24)
        process = start(out, journal)
        wait_for(lambda until=until: len(measured(out)) >= until)
        time.sleep(rng.uniform(0.0, 0.01))
        process.kill()
        assert process.wait() == -signal.SIGKILL
    monkeypatch.setattr(database, "journal_of", lambda directory: journal)
    assert run(CheapPlan(60, together=3, log=out.with_name("out.log")), out, workers=1).failed == ()
    assert table_of(out) == expected
    counts = collections.Counter(number for number, _ in measured(out))
    assert sorted(counts) == list(range(60)) and sum(counts.values()) <= 60 + 2 * 3
    assert sorted(path.name for path in out.iterdir()) == ["study.sqlite", "table.csv"]


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_two_processes_share_the_work(tmp_path, monkeypatch, journal, expected):
    """Each point is measured once, by one of the two; what one has when it is killed is measured by the other."""
    monkeypatch.setattr(database, "journal_of", lambda directory: journal)
    monkeypatch.setattr(runner, "LOOKING_SECONDS", 0.01)
    for killed in (False, True):
        out = tmp_path / f"killed {killed}"
        other = start(out, journal)
        wait_for(lambda place=out: measured(place))

        def killing(progress, killed=killed, other=other, place=out):
            if killed and len({process for _, process in measured(place)}) == 2:
                other.kill()

        run(CheapPlan(60, together=3, seconds=0.003, log=out.with_name(f"{out.name}.log")), out, workers=1, on_point=killing)
        assert other.wait() == (-signal.SIGKILL if killed else 0)
        begun = measured(out)
        counts = collections.Counter(number for number, _ in begun)
        assert table_of(out) == expected and len({process for _, process in begun}) == 2
        assert sorted(counts) == list(range(60)) and sum(counts.values()) <= 60 + 3 * killed


@pytest.mark.parametrize(
    ("kind", "journal"),
    [("ext4", "wal"), ("tmpfs", "wal"), ("nfs4", "delete"), ("NFS", "delete"), ("lustre", "delete"), ("beegfs", "delete")],
)
def test_the_journal_follows_the_nearest_file_system(tmp_path, monkeypatch, kind, journal):
    home = tmp_path / "home" / "me"
    home.mkdir(parents=True)
    (tmp_path / "linked").symlink_to(home)
    mounts = [("/", "xfs"), (str(tmp_path / "home"), kind), (str(tmp_path / "hom"), "cifs"), (str(tmp_path / "o"), "nfs")]
    found = [SimpleNamespace(mountpoint=place, fstype=name) for place, name in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: found)
    assert journal_of(home) == journal == journal_of(tmp_path / "linked") and journal_of(tmp_path) == "wal"
