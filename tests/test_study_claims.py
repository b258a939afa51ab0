"""What runs that share a directory take from each other, and what they leave: claims, failures, workers, progress."""

import multiprocessing
import time
from types import SimpleNamespace

import numpy as np
import pytest

from cheap_studies import CheapPlan, CheapUnit, run
from nearclifford.studies import runner
from nearclifford.studies.draws import Draws
from nearclifford.studies.pools import Workers
from nearclifford.studies.sessions import Session
from nearclifford.studies.status import status_of
from nearclifford.studies.store import Failure, Store

PLAN = CheapPlan(6)
NUMBERS = Draws(np.arange(2), {"norm": np.array([0.25, 0.5])})


def test_what_a_run_of_this_process_left_is_free(tmp_path, monkeypatch):
    """A run that could not write its end, on a full disk say, keeps nothing from the next one of the same notebook."""
    with Store(tmp_path) as store:
        assert len(Session(store, PLAN).take([PLAN.units()]).mine[0]) == 6
    monkeypatch.setattr(runner, "time", SimpleNamespace(sleep=lambda seconds: pytest.fail("waits for what has ended")))
    run(PLAN, tmp_path, workers=1)
    assert status_of(tmp_path).done == 6 and not status_of(tmp_path).is_running


def test_what_others_finish_is_counted(tmp_path, monkeypatch):
    """Another machine has taken two points; it finishes one well and one not, while this run measures the others."""
    with Store(tmp_path) as store:
        other = Session(store, PLAN)
        other.take([PLAN.units()[:2]])
        store.connection.execute("UPDATE sessions SET host = 'elsewhere'")
        store.connection.commit()
    seen = []

    def finish(progress):
        seen.append((progress.done, progress.failed, progress.error))
        if len(seen) == 4:
            with Store(tmp_path) as store:
                outcomes = [(PLAN.units()[0], NUMBERS, 1.0), (PLAN.units()[1], Failure("Error: no", "all of it"), 1.0)]
                store.add_all(other.run, outcomes)

    monkeypatch.setattr(runner, "LOOKING_SECONDS", 0.001)
    run(PLAN, tmp_path, workers=1, on_point=finish)
    assert seen == [(1, 0, None), (2, 0, None), (3, 0, None), (4, 0, None), (5, 0, None), (5, 1, "Error: no")]


def test_numbers_outlast_the_failures_of_others(tmp_path):
    """Where one process fails and another does not, the numbers stay: failures are neither added to them nor retried."""
    unit = CheapUnit(1)
    with Store(tmp_path) as mine, Store(tmp_path) as theirs:
        ours, others = Session(mine, PLAN).run, Session(theirs, PLAN).run
        mine.add_all(ours, [(unit, Failure("Error: no memory", ""), 1.0)])
        failed = mine.failed([unit])
        assert failed == [unit]
        theirs.add(others, unit, NUMBERS, 1.0)
        mine.forget_failures(failed)
        assert mine.load(unit)["norm"].tolist() == [0.25, 0.5]
        mine.add_all(ours, [(unit, Failure("Error: no memory", ""), 1.0)])
        assert mine.failed([unit]) == [] and mine.missing([unit]) == []


def test_a_retry_keeps_what_another_process_has_found(tmp_path, monkeypatch):
    """The numbers come in between the question what failed and its answer's use."""
    run(CheapPlan(2, broken=(1,)), tmp_path, workers=1)
    failed = Store.failed

    def meanwhile(store, units):
        found = failed(store, units)
        with Store(tmp_path) as other:
            other.add(1, CheapUnit(1), NUMBERS, 1.0)
        return found

    monkeypatch.setattr(Store, "failed", meanwhile)
    run(CheapPlan(2), tmp_path, workers=1, retry_failed=True)
    with Store(tmp_path) as store:
        assert store.load(CheapUnit(1))["norm"].tolist() == [0.25, 0.5]


def test_a_point_is_read_as_a_whole(tmp_path):
    """What another process writes between two statements is not seen by the second."""
    unit = CheapUnit(1)
    with Store(tmp_path) as mine, Store(tmp_path) as theirs:
        run_number = Session(theirs, PLAN).run
        with mine.reading() as connection:
            assert connection.execute("SELECT count(*) FROM points").fetchone() == (0,)
            theirs.add(run_number, unit, NUMBERS, 1.0)
            assert connection.execute("SELECT count(*) FROM draws").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM draws").fetchone() == (2,)


@pytest.mark.parametrize("busy", [False, True])
def test_workers_that_end_leave_other_processes(tmp_path, busy):
    workers = Workers(PLAN.measure, 1, tmp_path)
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    other.start()
    try:
        if busy:
            workers.give([CheapUnit(1)])
        workers.close()
        deadline = time.monotonic() + 60.0
        while multiprocessing.active_children() != [other] and time.monotonic() < deadline:
            time.sleep(0.01)  # one that was told to end takes a moment
        assert other.is_alive() and multiprocessing.active_children() == [other]
    finally:
        other.kill()
        other.join()
