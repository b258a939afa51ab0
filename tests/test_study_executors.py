"""Studies measured by executors of other libraries: one table, lost workers made good, what is gone told in one line."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from cheap_studies import CheapPlan, run
from nearclifford import NearCliffordError
from nearclifford.studies import Study, StudySpec, dask_clusters, executors
from nearclifford.studies.dask_clusters import dask_client
from nearclifford.studies.executors import room_of

PLAN = CheapPlan(24, together=4)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    out = tmp_path_factory.mktemp("expected")
    run(PLAN, out, workers=1)
    return (out / "table.csv").read_bytes()


def table_of(directory):
    return (directory / "table.csv").read_bytes()


class Job:
    """What submitit gives: no callbacks, done() and result(), not hashable."""

    __hash__ = None

    def __init__(self, function, arguments, asked):
        self._function, self._arguments, self._asked = function, arguments, asked

    def done(self):
        self._asked.append(self)
        return len(self._asked) % 3 == 0

    def result(self):
        if len(self._arguments[-1]) > 1 and any(unit.number == 6 for unit in self._arguments[-1]):
            raise RuntimeError("job ended without a result: pickle")
        return self._function(*self._arguments)


class Jobs:
    def __init__(self):
        self.asked = []
        self.given = []

    def submit(self, function, *arguments):
        self.given.append([unit.number for unit in arguments[-1]])
        return Job(function, arguments, self.asked)


def test_threads_give_the_table(tmp_path):
    """Of real measurements, whose kernels run in several threads at once."""
    spec = StudySpec(["mhea"], [2, 3], sigma=["1", "D^-1"], draws=6, seed=5)
    Study(spec).run(tmp_path / "here", workers=1, progress=False)
    with ThreadPoolExecutor(4) as threads:
        Study(spec).run(tmp_path / "threads", executor=threads, progress=False)
    assert table_of(tmp_path / "threads") == table_of(tmp_path / "here")


def test_jobs_without_callbacks_and_a_lost_one_is_tried_alone(tmp_path, expected, monkeypatch):
    monkeypatch.setattr("nearclifford.studies.pools.ASKING_SECONDS", 0.001)
    jobs = Jobs()
    found = run(PLAN, tmp_path, executor=jobs)
    assert table_of(tmp_path) == expected and not found.failed
    assert jobs.given[-4:] == [[4], [5], [6], [7]] and len(jobs.given) == 6 + 4


def test_a_point_that_is_lost_twice_has_failed(tmp_path, monkeypatch):
    monkeypatch.setattr("nearclifford.studies.pools.ASKING_SECONDS", 0.001)

    def lost(self):
        if any(unit.number == 6 for unit in self._arguments[-1]):
            raise RuntimeError("job ended without a result: pickle")
        return self._function(*self._arguments)

    monkeypatch.setattr(Job, "result", lost)
    found = run(PLAN, tmp_path, executor=Jobs())
    [(point, error)] = found.failed
    assert point == "number=6" and "lost this point twice" in error and "job ended without a result" in error
    assert len(found.frame) == 23


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_processes_give_the_table(tmp_path, expected, processes):
    run(PLAN, tmp_path, executor=processes)
    assert table_of(tmp_path) == expected


def test_work_that_cannot_be_sent_is_told(tmp_path, processes, monkeypatch):
    monkeypatch.setattr(CheapPlan, "measure", property(lambda plan: lambda units: None))
    with pytest.raises(NearCliffordError, match="cannot send the work to its workers") as told:
        run(PLAN, tmp_path, executor=processes)
    assert "\n" not in str(told.value)


def test_a_broken_pool_is_told_and_the_study_goes_on(tmp_path, expected, processes):
    with pytest.raises(NearCliffordError, match=r"ProcessPoolExecutor lost a worker.*What is finished is in") as told:
        run(CheapPlan(24, together=4, poison=(13,)), tmp_path, executor=processes)
    assert "\n" not in str(told.value)
    with pytest.raises(NearCliffordError, match="lost a worker"):
        run(PLAN, tmp_path, executor=processes)  # it takes no more
    run(PLAN, tmp_path, workers=1)
    assert table_of(tmp_path) == expected


def test_a_closed_executor_is_told(tmp_path):
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    with pytest.raises(NearCliffordError, match=r"ThreadPoolExecutor was closed or gave up \(RuntimeError"):
        run(PLAN, tmp_path, executor=threads)


@pytest.mark.parametrize("wrong", [3, ThreadPoolExecutor, object()])
def test_what_is_no_executor(tmp_path, wrong):
    with pytest.raises(NearCliffordError, match=r"executor is .*; expected an object with submit\(function"):
        run(PLAN, tmp_path, executor=wrong)


def test_few_bundles_are_under_way(tmp_path):
    """Those that wait are free for other processes, and need no memory."""
    most = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *given):
            most.append(self._work_queue.qsize())
            return super().submit(*given)

    with Counting(1) as threads:
        run(CheapPlan(200), tmp_path, executor=threads)
    assert len(most) == 200 and max(most) < room_of(ThreadPoolExecutor(1)) == 4


def test_ctrl_c_cancels_what_waits_and_leaves_the_executor(tmp_path, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(executors.LentFutures, "results", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(CheapPlan(24, seconds=0.05, log=tmp_path / "log"), tmp_path / "out", executor=threads)
        assert threads.submit(len, "ab").result() == 2
    assert len((tmp_path / "log").read_text().splitlines()) < 4


def test_loky_gives_the_table(tmp_path, expected):
    loky = pytest.importorskip("loky")
    with loky.get_reusable_executor(max_workers=1, timeout=20) as executor:
        run(PLAN, tmp_path, executor=executor)
    assert table_of(tmp_path) == expected


def test_submitit_gives_the_table(tmp_path, expected):
    submitit = pytest.importorskip("submitit")
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="debug")
    run(PLAN, tmp_path / "out", executor=executor)
    assert table_of(tmp_path / "out") == expected


# Dask ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
    ) as found:
        yield found


def test_dask_measures_where_a_worker_is_lost_and_keeps_nothing(tmp_path, cluster):
    """One of two workers is killed in the middle; the table is that of one process."""
    plan = CheapPlan(60, seconds=0.02, log=tmp_path / "log")
    run(CheapPlan(60), tmp_path / "here", workers=1)
    with dask_client(cluster.scheduler_address) as client:
        first = next(iter(client.run(os.getpid).values()))

        def kill():
            while not (tmp_path / "log").exists() or f" {first}\n" not in (tmp_path / "log").read_text():
                time.sleep(0.01)
            os.kill(first, 9)

        killer = threading.Thread(target=kill)
        killer.start()
        run(plan, tmp_path / "out", executor=client)
        killer.join()
        assert table_of(tmp_path / "out") == table_of(tmp_path / "here")
        assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0


def test_a_point_that_kills_its_workers_has_failed(tmp_path, cluster):
    with dask_client(cluster.scheduler_address) as client:
        client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
        found = run(CheapPlan(12, together=4, poison=(6,)), tmp_path, executor=client)
    [(point, error)] = found.failed
    assert point == "number=6" and "KilledWorker" in error and len(found.frame) == 11


def test_ctrl_c_leaves_the_cluster(tmp_path, cluster, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    with dask_client(cluster.scheduler_address) as client:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(dask_clusters.DaskFutures, "results", interrupted)
            run(CheapPlan(24, seconds=0.2), tmp_path, executor=client)
        assert client.submit(sum, (1, 2)).result(timeout=30) == 3


def test_a_scheduler_that_is_gone_is_told_and_the_study_goes_on(tmp_path):
    distributed = pytest.importorskip("distributed")
    run(CheapPlan(40), tmp_path / "here", workers=1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs="CRITICAL"
    ) as cluster:
        address = cluster.scheduler_address
        with dask_client(address) as client:
            finished = []

            def closing(progress):
                finished.append(progress)
                if len(finished) == 5:
                    cluster.close()

            with pytest.raises(NearCliffordError) as told:
                run(CheapPlan(40, seconds=0.01), tmp_path / "out", executor=client, on_point=closing)
    assert f"The Dask scheduler {address} is gone or does not answer" in str(told.value)
    assert f"What is finished is in {tmp_path / 'out' / 'study.sqlite'}; start a cluster" in str(told.value)
    run(CheapPlan(40), tmp_path / "out", workers=1)
    assert table_of(tmp_path / "out") == table_of(tmp_path / "here")


def test_dask_by_its_address(tmp_path, monkeypatch, cluster):
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask_clusters, "OPENING_SECONDS", 0.5)
    for wrong, told in (
        ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1"),
        ("127.0.0.1:1", "No Dask scheduler answers at 127.0.0.1:1"),
        ("nowhere.json", "dask is 'nowhere.json', and no such file exists"),
        ("", "dask is ''"),
    ):
        with pytest.raises(NearCliffordError, match=told) as error, dask_client(wrong):
            pass
        assert "\n" not in str(error.value) and "scheduler.json" in str(error.value)
    with dask_client(cluster.scheduler_address) as client:
        client.write_scheduler_file(str(tmp_path / "scheduler.json"))
    with dask_client(str(tmp_path / "scheduler.json")) as client:
        assert client.submit(sum, (1, 2)).result(timeout=30) == 3


def test_dask_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(NearCliffordError, match=r"pip install 'nearclifford\[dask\]'"), dask_client("local"):
        pass


def test_a_cluster_that_lost_its_workers_is_told(tmp_path, monkeypatch):
    """A stand-in whose workers go: time to come back is given, then one line; a cluster that never had any is waited for."""
    pytest.importorskip("distributed")
    from nearclifford.studies import dask_clusters

    class Client:
        def __init__(self, counts):
            self.counts = iter(counts)
            self.scheduler = self
            self.address, self.ncores = "tcp://nowhere:1", None

        def sync(self, function, callback_timeout):
            return next(self.counts)

    now = [0.0]
    monkeypatch.setattr(dask_clusters.time, "monotonic", lambda: now[0])
    lost = dask_clusters.DaskFutures(Client([{"a": 2}, {}, {}]), len, tmp_path / "study.sqlite")
    never = dask_clusters.DaskFutures(Client([{}, {}]), len, tmp_path / "study.sqlite")
    now[0] = dask_clusters.WITHOUT_WORKERS_SECONDS - 1
    lost._count()
    now[0] = dask_clusters.WITHOUT_WORKERS_SECONDS + 1
    with pytest.raises(NearCliffordError, match=r"tcp://nowhere:1 has lost all of its workers.*study\.sqlite"):
        lost._count()
    never._count()
