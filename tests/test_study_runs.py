"""Runs of studies: the table, the store, workers, and runs that are killed."""

import contextlib
import dataclasses
import math
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pandas as pd
import psutil
import pytest

from nearclifford import NearCliffordError
from nearclifford.studies import Study, StudySpec, fits, runner
from nearclifford.studies.cell_plan import CellPlan
from nearclifford.studies.cells import points_of
from nearclifford.studies.draws import Draws
from nearclifford.studies.experiments.gradient import Gradient
from nearclifford.studies.pools import Here
from nearclifford.studies.rules import n_layers
from nearclifford.studies.sessions import begin_run
from nearclifford.studies.store import Store

SMALL = StudySpec(ansatz=["mhea", "random_pqc"], qubits=[2, 3], sigma=["D^-1", "1"], draws=4, seed=3)


def test_a_run_gives_the_table_and_a_second_does_nothing(tmp_path, monkeypatch):
    study = Study(SMALL)
    study.run(tmp_path, workers=1, progress=False)
    frame = study.frame()
    assert list(frame.columns) == list(study.columns) and len(frame) == 2 * 2 * 2 * 2 and (frame["draws"] == 4).all()
    assert (frame["n_layers"] == [n_layers("N", n) for n in frame["n_qubits"]]).all()
    written = pd.read_csv(tmp_path / "table.csv", dtype={"sigma": str}, float_precision="round_trip")
    pd.testing.assert_frame_equal(written, frame, check_exact=True)
    monkeypatch.setattr(Gradient, "measure", lambda points: pytest.fail(f"measured again: {points}"))
    again = Study(SMALL)
    again.run(tmp_path, workers=1, progress=False)
    pd.testing.assert_frame_equal(again.frame(), frame, check_exact=True)
    assert rows_of(tmp_path, "SELECT count(*) FROM runs") == [(1,)]


def test_workers_give_the_same_numbers(tmp_path):
    one, two, all_cores = Study(SMALL), Study(SMALL), Study(SMALL)
    one.run(tmp_path / "one", workers=1, progress=False)
    two.run(tmp_path / "two", workers=2, progress=False)
    all_cores.run(tmp_path / "all", progress=False)
    pd.testing.assert_frame_equal(one.frame(), two.frame(), check_exact=True)
    pd.testing.assert_frame_equal(one.frame(), all_cores.frame(), check_exact=True)


@pytest.mark.parametrize(("workers", "pools"), [(1, []), (2, [2]), (None, [4])])
def test_one_worker_is_this_process_and_none_stands_for_every_core(tmp_path, monkeypatch, workers, pools):
    """Eight bundles and four cores; the pool is replaced by measuring here, and says how many workers it was to have."""
    asked = []

    def workers_here(measure, count, path):
        asked.append(count)
        return Here(measure)

    monkeypatch.setattr(runner, "Workers", workers_here)
    monkeypatch.setattr(runner.numba, "get_num_threads", lambda: 4)
    Study(SMALL).run(tmp_path, workers=workers, progress=False)
    assert asked == pools


def test_what_is_finished_is_in_the_file_at_once(tmp_path, monkeypatch):
    """At each bundle those before it are stored, each with all of its σ; Ctrl-C at the third leaves the first two."""
    original, seen = Gradient.measure_draw, []

    def interrupted(points, draw):
        if points[0] not in seen:
            seen.append(points[0])
            assert count_points(tmp_path) == 2 * (len(seen) - 1)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return original(points, draw)

    monkeypatch.setattr(Gradient, "measure_draw", staticmethod(interrupted))
    with pytest.raises(KeyboardInterrupt):
        Study(SMALL).run(tmp_path, workers=1, progress=False)
    assert count_points(tmp_path) == 4


def test_a_failed_point_is_kept_with_its_error_and_the_others_go_on(tmp_path, monkeypatch):
    """One σ of one bundle fails: its neighbours have the numbers that they have alone, and it is measured again if asked."""
    original, asked = Gradient.measure_draw, []

    def failing(points, draw):
        asked.append(points)
        if any(point.sigma == "1" and point.n_qubits == 3 and point.encoder == "none" for point in points):
            raise ZeroDivisionError("the\nmiddle is 0")
        return original(points, draw)

    Study(SMALL).run(tmp_path / "whole", workers=1, progress=False)
    with monkeypatch.context() as patched:
        patched.setattr(Gradient, "measure_draw", staticmethod(failing))
        with pytest.warns(UserWarning, match="2 of 16 points ended in an error.*ZeroDivisionError: the middle is 0"):
            found = Study(SMALL).run(tmp_path / "out", workers=1, progress=False)
        asked.clear()
        with pytest.warns(UserWarning, match="2 of 16 points"):
            Study(SMALL).run(tmp_path / "out", workers=1, progress=False)
        assert asked == []
    assert (
        repr(found).endswith("2 failed points)")
        and list(found.failures["error"]) == ["ZeroDivisionError: the middle is 0"] * 2
    )
    assert all("sigma=1" in point and "n_qubits=3" in point for point in found.failures["point"])
    whole = (tmp_path / "whole" / "table.csv").read_text().splitlines()
    kept = (tmp_path / "out" / "table.csv").read_text().splitlines()
    assert len(kept) == len(whole) - 2 and set(kept) < set(whole)
    [traceback] = rows_of(tmp_path / "out", "SELECT DISTINCT traceback FROM failures")
    assert "in failing" in traceback[0]
    again = Study(SMALL).run(tmp_path / "out", workers=1, progress=False, retry_failed=True)
    assert again.failed == () and (tmp_path / "out" / "table.csv").read_text().splitlines() == whole


def test_what_follows_from_the_table_is_made_once(tmp_path, monkeypatch):
    """Two laws are fitted to each of two curves by one run, its report and its figures; what is read again says the same."""
    calls, original = [], fits.fit
    monkeypatch.setattr(fits, "fit", lambda *given: calls.append(given) or original(*given))
    spec = StudySpec(
        ["mhea"], [2, 3, 4, 5, 6], sigma=["D^-1", "0.5"], encoder=["compact"], draws=12, experiment=Gradient(fits=True)
    )
    study = Study(spec)
    results = study.run(tmp_path, workers=1, progress=False)
    names = [path.name for path in (*results.files, *results.save_figures(tmp_path))]
    assert names[:3] == ["study.sqlite", "table.csv", "fits.csv"] and {"fits.png", "fits.svg"} < set(names)
    assert "AIC of a power law" in results.text and len(calls) == 4
    again = Study(spec)
    assert again.text(tmp_path) == results.text and sorted(again.results(tmp_path).tables) == ["fits"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "fits.csv"), results.tables["fits"])


def test_studies_share_a_directory(tmp_path):
    Study(SMALL).run(tmp_path, workers=1, progress=False)
    wider = dataclasses.replace(SMALL, qubits=(2, 3, 4))
    Study(wider).run(tmp_path, workers=1, progress=False)
    count = len(list(points_of(SMALL)))
    assert rows_of(tmp_path, "SELECT run, count(*) FROM points GROUP BY run") == [(1, count), (2, count // 2)]
    assert Study(SMALL).frame(tmp_path)["n_qubits"].max() == 3
    assert Study(wider).frame(tmp_path)["n_qubits"].max() == 4


def test_a_frame_needs_a_run(tmp_path):
    with pytest.raises(NearCliffordError, match=r"run\(out=...\) first"):
        Study(SMALL).frame()
    with pytest.raises(NearCliffordError, match=r"study\.sqlite does not exist"):
        Study(SMALL).frame(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_unfinished_cells_are_left_out(tmp_path):
    first, *_ = points_of(SMALL)
    with Store(tmp_path) as store:
        store.add(begin_run(store, CellPlan(SMALL)), first, *Gradient.measure([first]), 0.1)
    assert len(Study(SMALL).frame(tmp_path)) == 1


def test_the_store_keeps_every_number(tmp_path):
    first, second, *_ = points_of(SMALL)
    kept = Draws.of([3, 1], [{"a": math.nan, "b": -math.inf}, {"a": 1e-320, "b": 0.1 + 0.2}])
    with Store(tmp_path) as store:
        store.add(begin_run(store, CellPlan(SMALL)), first, kept, 0.1)
    with Store(tmp_path) as store:
        found = store.load(first)
        assert store.load(second) is None
    assert found.draw.tolist() == [1, 3] and found["b"].tolist() == [0.1 + 0.2, -math.inf]
    assert found["a"][0] == 1e-320 and math.isnan(found["a"][1])


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_below_one(tmp_path, workers):
    with pytest.raises(NearCliffordError, match="workers is"):
        Study(SMALL).run(tmp_path, workers=workers)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "study.sqlite").write_text("not a database, but long enough to have a header of some kind" * 20)
    with pytest.raises(NearCliffordError, match="choose another directory"):
        Study(SMALL).run(tmp_path, workers=1)
    (tmp_path / "study.sqlite").unlink()
    with contextlib.closing(sqlite3.connect(tmp_path / "study.sqlite")) as file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(NearCliffordError, match="format 99"):
        Study(SMALL).run(tmp_path, workers=1)


SCRIPT = """
import sys
from nearclifford.studies import Study, StudySpec, fits, runner
if __name__ == "__main__":
    workers = int(sys.argv[2])
    Study(StudySpec(["mhea"], [2, 3, 4, 5, 6, 7, 8], draws=10, seed=4)).run(sys.argv[1], workers=workers, progress=False)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on(tmp_path, workers):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "out"), str(workers)]
    process = subprocess.Popen(command)
    wait_for(lambda: count_points(tmp_path / "out") >= 5)
    children = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    wait_for(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    kept = count_points(tmp_path / "out")
    study = Study(StudySpec(["mhea"], [2, 3, 4, 5, 6, 7, 8], draws=10, seed=4))
    assert 5 <= kept < len(study.points)
    study.run(tmp_path / "out", workers=1, progress=False)
    assert rows_of(tmp_path / "out", "SELECT count(*) FROM points WHERE run = 1") == [(kept,)]
    fresh = Study(study.spec)
    fresh.run(tmp_path / "fresh", workers=1, progress=False)
    pd.testing.assert_frame_equal(study.frame(), fresh.frame(), check_exact=True)


def test_a_worker_that_dies_is_told(tmp_path):
    def kill():
        wait_for(lambda: count_points(tmp_path) >= 1)
        multiprocessing.active_children()[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(NearCliffordError, match=r"(?s)worker process died.*study\.sqlite.*with fewer workers than 2"):
        Study(dataclasses.replace(SMALL, draws=200)).run(tmp_path, workers=2, progress=False)
    killer.join()
    assert count_points(tmp_path) >= 1


def rows_of(directory, query):
    with contextlib.closing(sqlite3.connect(directory / "study.sqlite")) as file:
        return file.execute(query).fetchall()


def count_points(directory):
    if not (directory / "study.sqlite").exists():
        return 0
    tables = rows_of(directory, "SELECT count(*) FROM sqlite_master WHERE name = 'points'")
    return rows_of(directory, "SELECT count(*) FROM points")[0][0] if tables == [(1,)] else 0


def wait_for(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
