"""Dask: measuring by the workers of a cluster, whose scheduler may be gone, and opening one by its address."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable
from nearclifford.studies.lent_futures import LentFutures
from nearclifford.studies.pools import WAITING, Measure, Result, measured_by_threads
from nearclifford.studies.unit import Unit

# How long a scheduler may take to answer.
ANSWER_SECONDS = 15.0
# How often it is asked how many threads its workers have, as clusters grow and shrink.
COUNTING_SECONDS = 10.0
# A cluster that had workers may be without any for so long: one that grows again is given time to.
WITHOUT_WORKERS_SECONDS = 120.0
# How long opening a cluster may take.
OPENING_SECONDS = 10.0
EXPECTED = 'expected the address of a scheduler, "tcp://host:8786", its file, "scheduler.json", or "local"'


class DaskFutures(LentFutures):
    """A client of Dask. The cluster holds a few bundles for each of its threads, and forgets each that is stored.

    The loss of a worker costs what it was measuring: Dask has it measured elsewhere. The loss of the scheduler is told.
    """

    def __init__(self, client: Any, measure: Measure, kept_in: Path) -> None:
        super().__init__(client, measure, WAITING, kept_in)
        self._gone = False
        self._worked: float | None = None
        self._count()

    @property
    def _address(self) -> str:
        return str(getattr(self._executor.scheduler, "address", None) or "of unknown address")

    def _count(self) -> None:
        """Ask how many threads there are; `NearCliffordError` where nobody answers."""
        try:
            threads = self._executor.sync(self._executor.scheduler.ncores, callback_timeout=ANSWER_SECONDS)
        except Exception as error:
            raise self._told(error) from error
        self._room = WAITING * max(1, sum(threads.values()))
        self._counted = time.monotonic()
        if threads:
            self._worked = self._counted
        elif self._worked is not None and self._counted > self._worked + WITHOUT_WORKERS_SECONDS:
            raise NearCliffordError(
                f"The Dask cluster {self._address} has lost all of its workers, and none came for "
                f"{WITHOUT_WORKERS_SECONDS:.0f} s. What is finished is in {self._kept_in}; start workers and run the study "
                "again to go on."
            )

    def _submitted(self, bundle: Sequence[Unit]) -> Any:
        arguments = (self._threads, self._measure, bundle)
        try:
            # a result that Dask remembers under the same key, of another run, would be no measurement
            return self._executor.submit(measured_by_threads, *arguments, pure=False)
        except Exception as error:
            raise self._told(error) from error

    def results(self) -> list[Result]:
        """Wait for a bundle, a few seconds at most; `NearCliffordError` where the scheduler is gone."""
        if time.monotonic() > self._counted + COUNTING_SECONDS:
            self._count()
        return super().results()

    def _found(self, future: Any, bundle: Sequence[Unit]) -> list[Result]:
        found = super()._found(_Patient(future), bundle)
        if id(future) not in self._flying:
            future.release()
        return found

    def _lost(self, future: Any, bundle: Sequence[Unit], error: Exception, alone: bool) -> list[Result]:
        if not isinstance(error, TimeoutError):
            return super()._lost(future, bundle, error, alone)
        self._count()
        # the scheduler is there; the worker that has the result may not be, and Dask has it measured elsewhere
        self._alone, patient = alone, future.future
        self._flying[id(patient)] = patient, bundle
        self._watch(patient)
        return []

    def _told(self, error: BaseException) -> NearCliffordError:
        if isinstance(error, NearCliffordError):
            return error
        self._gone = True
        said = printable(f"{type(error).__name__}: {error}", 200)
        return NearCliffordError(
            f"The Dask scheduler {self._address} is gone or does not answer ({said}). What is finished is in "
            f"{self._kept_in}; start a cluster and run the study again with its address to go on."
        )

    def close(self) -> None:
        """Cancel what is ours and not finished; the cluster stays."""
        flying = [future for future, _ in self._flying.values()]
        self._flying.clear()
        if flying and not self._gone:
            with suppress(Exception):
                self._executor.cancel(flying, force=True)


class _Patient:
    """A future whose result is waited for no longer than its scheduler may take to answer."""

    def __init__(self, future: Any) -> None:
        self.future = future

    def result(self) -> Any:
        return self.future.result(timeout=ANSWER_SECONDS)


@contextmanager
def dask_client(address: str) -> Iterator[Any]:
    """Yield a client of Dask for ``Study.run(executor=...)``, and close it at the end.

    Parameters
    ----------
    address : of a scheduler, "tcp://host:8786"; or the path of its file, "scheduler.json"; or "local" for a cluster on this
        machine, a process of one thread for each core, that is closed at the end.

    Raises
    ------
    NearCliffordError : where Dask is not installed, where nobody answers within ten seconds, or for another text.
    """
    if not isinstance(address, str) or not address:
        raise NearCliffordError(f"dask is {address!r}; {EXPECTED}.")
    try:
        from distributed import Client
    except ImportError as error:
        raise NearCliffordError("Dask is not installed; pip install 'nearclifford[dask]'.") from error
    if address == "local":
        with _local_cluster() as cluster, Client(cluster) as client:
            yield client
        return
    where = _where(address)
    try:
        client = Client(timeout=OPENING_SECONDS, set_as_default=False, **where)
    except Exception as error:  # of sockets, of files, of TLS
        said = printable(f"{type(error).__name__}: {error}", 200)
        raise NearCliffordError(f"No Dask scheduler answers at {address} ({said}); {EXPECTED}.") from error
    with client:
        yield client


def _where(address: str) -> dict[str, str]:
    if "://" in address:
        return {"address": address}
    if Path(address).is_file():
        return {"scheduler_file": address}
    host, colon, port = address.rpartition(":")
    if host and colon and port.isdigit():
        return {"address": f"tcp://{address}"}
    raise NearCliffordError(f"dask is {printable(repr(address), 200)}, and no such file exists; {EXPECTED}.")


@contextmanager
def _local_cluster() -> Iterator[Any]:
    import numba
    from distributed import LocalCluster

    # no dashboard: its port may be taken, and its library missing
    with LocalCluster(n_workers=numba.get_num_threads(), threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster
