"""Where bundles are measured: in this process, in workers of this machine, or by an executor of another library."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import numba

from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.files import printable
from nearclifford.studies.draws import Draws
from nearclifford.studies.store import Failure
from nearclifford.studies.unit import Unit

Result = tuple[Unit, Draws | Failure, float]
Measure = Callable[[Sequence[Unit]], list[Draws]]

# Bundles that wait at each worker, so that none is idle while results are stored.
WAITING = 4
# How often an executor is asked that cannot call.
ASKING_SECONDS = 0.2
# How long to wait for results before giving a sign of life.
WAIT_SECONDS = 5.0


def timed(measure: Measure, bundle: Sequence[Unit]) -> list[Result]:
    """Return units that are measured together with their numbers, and with equal shares of the seconds that they took.

    Where the bundle ends in an error, its units are measured one by one, and each that does so by itself has the error.
    """
    start = time.perf_counter()
    try:
        draws = measure(bundle)
    except Exception as error:
        if len(bundle) > 1:
            return [result for unit in bundle for result in timed(measure, [unit])]
        return [(bundle[0], _failure(error, bundle[0]), time.perf_counter() - start)]
    seconds = (time.perf_counter() - start) / len(bundle)
    return [(unit, found, seconds) for unit, found in zip(bundle, draws, strict=True)]


def _failure(error: Exception, unit: Unit) -> Failure:
    if isinstance(error, MemoryError):
        error = ResourceError(f"{unit} needs more memory than there is; expected smaller circuits or samples.")
    text = "".join(traceback.format_exception(error))
    return Failure(printable(f"{type(error).__name__}: {error}", most=2000), text)


class Pool(Protocol):
    """What measures bundles."""

    @property
    def has_room(self) -> bool:
        """Whether another bundle may be given to it."""

    @property
    def is_busy(self) -> bool:
        """Whether results are to come."""

    def give(self, bundle: Sequence[Unit]) -> None:
        """Take a bundle."""

    def results(self) -> list[Result]:
        """Return the results of a bundle that is finished; none after a while without any."""

    def close(self) -> None:
        """End it; what was not begun is dropped."""


class Here:
    """The process that runs the study, one bundle after another."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._waiting: deque[Sequence[Unit]] = deque()

    @property
    def has_room(self) -> bool:
        """Whether nothing waits: a bundle that waits could be measured by another process."""
        return not self._waiting

    @property
    def is_busy(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting)

    def give(self, bundle: Sequence[Unit]) -> None:
        """Take a bundle."""
        self._waiting.append(bundle)

    def results(self) -> list[Result]:
        """Measure the bundle that waits."""
        return timed(self._measure, self._waiting.popleft())

    def close(self) -> None:
        """Nothing to end."""


class Futures:
    """An executor of futures: ``submit(function, ...)`` gives an object with ``result()``, and with ``done()`` or callbacks.

    Parameters
    ----------
    executor : as `concurrent.futures` has them.
    threads : of each measurement.
    room : bundles that it holds at once.
    """

    def __init__(self, executor: Any, measure: Measure, threads: int, room: int) -> None:
        self._executor, self._measure, self._threads, self._room = executor, measure, threads, room
        self._finished: SimpleQueue[Any] = SimpleQueue()
        self._silent: list[Any] = []
        # by identity, as not every library's futures can be keys
        self._flying: dict[int, tuple[Any, Sequence[Unit]]] = {}

    @property
    def has_room(self) -> bool:
        """Whether fewer bundles are under way than it may hold."""
        return len(self._flying) < self._room

    @property
    def is_busy(self) -> bool:
        """Whether bundles are under way."""
        return bool(self._flying)

    def give(self, bundle: Sequence[Unit]) -> None:
        """Submit a bundle."""
        future = self._submitted(bundle)
        self._flying[id(future)] = future, bundle
        self._watch(future)

    def _submitted(self, bundle: Sequence[Unit]) -> Any:
        return self._executor.submit(measured_by_threads, self._threads, self._measure, bundle)

    def _watch(self, future: Any) -> None:
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self._finished.put)
        else:
            self._silent.append(future)

    def results(self) -> list[Result]:
        """Wait for a bundle, a few seconds at most."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            self._ask()
            try:
                future = self._finished.get(timeout=ASKING_SECONDS if self._silent else WAIT_SECONDS)
            except Empty:
                continue
            _, bundle = self._flying.pop(id(future))
            return self._found(future, bundle)
        return []

    def _found(self, future: Any, bundle: Sequence[Unit]) -> list[Result]:
        del bundle
        found: list[Result] = future.result()
        return found

    def _ask(self) -> None:
        for future in [one for one in self._silent if one.done()]:
            self._silent.remove(future)
            self._finished.put(future)

    def close(self) -> None:
        """Cancel what was not begun; the executor is the caller's and stays open."""
        for future, _ in self._flying.values():
            if hasattr(future, "cancel"):
                future.cancel()
        self._flying.clear()


def measured_by_threads(threads: int, measure: Measure, bundle: Sequence[Unit]) -> list[Result]:
    """Return what `timed` does, with so many threads; what a worker of an executor calls."""
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
    return timed(measure, bundle)


class Workers(Futures):
    """Worker processes on this machine that share its cores, and end with it."""

    def __init__(self, measure: Measure, workers: int, kept_in: object) -> None:
        threads = max(1, numba.get_num_threads() // workers)
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(workers, context, _end_with_parent)
        super().__init__(pool, measure, threads, WAITING * workers)
        self._workers, self._kept_in = workers, kept_in

    def give(self, bundle: Sequence[Unit]) -> None:
        """Submit a bundle; a worker that this starts does not hear Ctrl-C."""
        with self._death_told(), _interrupts_held():
            super().give(bundle)

    def results(self) -> list[Result]:
        """Wait for a bundle; `NearCliffordError` for a worker that died."""
        with self._death_told():
            return super().results()

    @contextmanager
    def _death_told(self) -> Iterator[None]:
        try:
            yield
        except BrokenProcessPool as error:
            raise NearCliffordError(
                "A worker process died: memory ran out, or a script has no 'if __name__ == \"__main__\":' around the call. "
                f"What was finished is in {self._kept_in}; run the study again to go on, with fewer workers than "
                f"{self._workers} (1 starts none), or with smaller circuits."
            ) from error

    def close(self) -> None:
        """End the workers, at once if they are busy."""
        started = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=not self._flying, cancel_futures=True)
        for worker in started:
            worker.terminate()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start workers that never hear Ctrl-C, since they inherit the mask, and leave it to the parent, which hears it later.

    An ignored signal would be lost, and the study would run on.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield  # a system without masks, where workers hear Ctrl-C too
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """Let this worker end with its parent, even if that is killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
