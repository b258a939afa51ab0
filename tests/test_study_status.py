"""The status of a study: counts, who measures, how it ended; of live files, of read-only ones and of older versions."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest

from cheap_studies import CheapPlan, run
from nearclifford import NearCliffordError
from nearclifford.commands import merge as merge_command
from nearclifford.commands import status as status_command
from nearclifford.studies import Study, StudySpec
from nearclifford.studies.sessions import Life, Session
from nearclifford.studies.status import status_of
from nearclifford.studies.store import Store


def change(directory, *statements):
    with contextlib.closing(sqlite3.connect(directory / "study.sqlite")) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def test_a_study_that_is_finished(tmp_path):
    run(CheapPlan(6, broken=(2,)), tmp_path, workers=1)
    found = status_of(tmp_path)
    assert (found.title, found.total, found.done, found.failed) == ("Cheap", 6, 5, 1)
    assert found.is_finished and not found.is_running and found.ended == "finished" and found.sessions == ()
    assert found.last_error == "ZeroDivisionError: it is broken" and found.size == (tmp_path / "study.sqlite").stat().st_size
    assert str(found).startswith(f"Cheap: 5 of 6 points, 83%, 1 failed, in {tmp_path} (") and "finished" in str(found)
    assert "--retry-failed" in str(found) and len(str(found).splitlines()) == 3
    assert json.loads(json.dumps(found.to_dict()))["done"] == 5
    assert [path.name for path in tmp_path.iterdir() if "sqlite" in path.name] == ["study.sqlite"]


def test_a_study_that_runs(tmp_path):
    """Seen from its own middle, with another session beside it, of a machine that is silent for an hour."""
    seen = []

    def listening(progress):
        if progress.done == 4:
            change(
                tmp_path,
                "INSERT INTO runs SELECT 9, started, spec, made_with FROM runs",
                "INSERT INTO sessions SELECT 9, study, '2/3', 'elsewhere', 7, 0, begun, seen - 3600, '' FROM sessions",
            )
            seen.append(status_of(tmp_path))

    run(CheapPlan(8, broken=(0,), seconds=0.01), tmp_path, workers=1, on_point=listening)
    [found] = seen
    assert (found.total, found.done, found.failed) == (8, 4, 1) and not found.is_finished
    [session] = found.sessions
    assert session.process == os.getpid() and session.points == 4 and session.shard == ""
    # of equal points: as many seconds each as those that are done took
    assert found.seconds_left == pytest.approx(3 / found.points_per_second)
    lines = str(found).splitlines()
    assert lines[1].startswith(f"running: process {os.getpid()} on ")
    assert "points per second" in lines[2] and lines[2].endswith("left")


def test_shards_are_named(tmp_path):
    with Store(tmp_path) as store, Session(store, CheapPlan(8), __shard("2/3")):
        found = status_of(tmp_path)
    assert found.total == 3 and [one.shard for one in found.sessions] == ["2/3"] and "part 2/3" in str(found)
    assert found.points_per_second is None and found.seconds_left is None


def __shard(given):
    from nearclifford.studies.shards import Shard

    return Shard.read(given)


KILLED = """
import os, sys
from cheap_studies import CheapPlan, run
run(CheapPlan(8, poison=(5,)), sys.argv[1], workers=1)
"""


def test_a_study_that_was_killed_and_one_that_was_stopped(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "killed")], env=environment)
    assert process.wait() == 1

    def stopping(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(CheapPlan(8), tmp_path / "stopped", workers=1, on_point=stopping)
    killed, stopped = status_of(tmp_path / "killed"), status_of(tmp_path / "stopped")
    assert (killed.done, killed.is_running, killed.ended) == (5, False, "killed")
    assert "stopped (killed); to go on, run it again" in str(killed)
    assert (stopped.done, stopped.ended) == (1, "KeyboardInterrupt") and not stopped.is_finished


def test_while_another_writes_and_where_nothing_can_be_written(tmp_path):
    run(CheapPlan(4), tmp_path, workers=1)
    with contextlib.closing(sqlite3.connect(tmp_path / "study.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM points")
        assert status_of(tmp_path).done == 4
        other.execute("ROLLBACK")
    before = (tmp_path / "study.sqlite").read_bytes()
    tmp_path.chmod(0o555)
    (tmp_path / "study.sqlite").chmod(0o444)
    code = f"from nearclifford.studies.status import status_of; print(status_of({str(tmp_path)!r}).done)"
    as_nobody = {"user": 65534} if os.geteuid() == 0 and _reaches(tmp_path) else {}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_CACHE_DIR": "/tmp", "HOME": "/tmp"}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, **as_nobody)
    tmp_path.chmod(0o755)
    if "Permission denied" in told.stderr:
        pytest.skip("another user cannot read this Python")
    assert told.stdout == "4\n", told.stderr
    assert (tmp_path / "study.sqlite").read_bytes() == before


def _reaches(path):
    return all(parent.stat().st_mode & 0o005 for parent in path.parents)


def test_files_of_older_versions(tmp_path):
    """They have no tables that say what was asked; what is there is counted, and the file stays."""
    spec = StudySpec(["mhea"], [2], sigma=["1"], draws=2, title="Two draws")
    Study(spec).run(tmp_path, workers=1, progress=False)
    new = ("studies", "wanted", "stored_rows", "sessions", "claims", "notes", "failures")
    change(tmp_path, *(f"DROP TABLE {table}" for table in new))
    before = (tmp_path / "study.sqlite").read_bytes()
    found = status_of(tmp_path)
    assert (found.total, found.done, found.failed, found.title) == (None, 2, 0, "Two draws")
    assert str(found).startswith(f"Two draws: 2 points, in {tmp_path}") and not found.is_finished
    assert (tmp_path / "study.sqlite").read_bytes() == before


def test_where_nothing_is(tmp_path):
    with pytest.raises(NearCliffordError, match=r"study.sqlite does not exist; expected a directory with the results"):
        status_of(tmp_path)
    (tmp_path / "study.sqlite").write_text("not a database, but long enough to have a header of some kind" * 20)
    with pytest.raises(NearCliffordError, match="cannot be used as a study's results"):
        status_of(tmp_path)


class Options:
    def __init__(self, **given):
        self.__dict__.update(given)


def test_the_commands(tmp_path, capsys):
    study = Study(StudySpec(["mhea"], [2], sigma=["1"], draws=2, title="Two draws"))
    for number in (1, 2):
        study.run(tmp_path / str(number), workers=1, progress=False, shard=f"{number}/2")
    sources = [str(tmp_path / "1"), str(tmp_path / "2")]
    assert merge_command.run(Options(sources=sources, output=str(tmp_path / "whole"))) == 0
    assert str(tmp_path / "whole" / "table.csv") in capsys.readouterr().out
    assert status_command.run(Options(directory=str(tmp_path / "whole"), json=False)) == 0
    assert capsys.readouterr().out.startswith("Two draws: 2 of 2 points, 100%")
    assert status_command.run(Options(directory=str(tmp_path / "whole"), json=True)) == 0
    assert json.loads(capsys.readouterr().out)["is_finished"] is True


def test_a_sign_of_life_of_another_machine(tmp_path):
    run(CheapPlan(4), tmp_path, workers=1)
    for silent, running in ((60, True), (3600, False)):
        change(tmp_path, f"UPDATE sessions SET ended = '', host = 'elsewhere', seen = {time.time() - silent}")
        assert status_of(tmp_path).is_running is running


def test_a_process_that_nobody_has_waited_for_is_dead():
    """A killed child stays in the list of processes until its parent asks how it ended; it measures nothing."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    life = Life(socket.gethostname(), child.pid, psutil.Process(child.pid).create_time(), time.time(), "")
    assert life.is_alive
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.001)
    assert not life.is_alive
    child.communicate()
    assert not life.is_alive
