"""Measures the points of a study that are not stored yet: one after another here, or in worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial
from multiprocessing import connection
from typing import Any

import numba

from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.studies.draws import Draws
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.plan import bundles_of, points_of
from nearclifford.studies.points import Point
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import Store

Result = tuple[Point, Draws, float]
Measure = Callable[[Sequence[Point]], list[Result]]

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} passed, {remaining} left{postfix}"


def run_points(spec: StudySpec, store: Store, workers: int | None, progress: bool) -> None:
    """Measure and store every point of a study that the store has not got, or not intact, of which it warns.

    Points that share their problems are measured together and stored as soon as all of them are. One worker is this
    process; None stands for one worker per core, as many as Numba has threads.
    The bar counts predicted seconds, so that the time left means something although points differ a thousandfold.
    """
    points = list(points_of(spec))
    store.check()
    if damaged := store.damaged(points):
        warnings.warn(
            f"{store.path} is damaged: {len(damaged)} of {len(points)} points have not the numbers that were written, "
            f"the first is {damaged[0]}. They are measured anew; look after the disk.",
            stacklevel=3,
        )
        store.forget(damaged)
    missing = store.missing(points)
    if not missing:
        return
    from tqdm import tqdm

    run = store.begin_run(spec)
    total = sum(point.predicted_seconds for point in points)
    done = total - sum(point.predicted_seconds for point in missing)
    bundles = bundles_of(spec, missing)
    measure = partial(timed, type(spec.experiment))
    count = min(numba.get_num_threads() if workers is None else workers, len(bundles))
    results = _in_this_process(measure, bundles) if count == 1 else _in_workers(measure, bundles, count, store)
    bar = tqdm(total=total, initial=done, desc="study", bar_format=BAR, smoothing=0.1, disable=not progress)
    with closing(results), bar:
        for n_stored, (point, draws, seconds) in enumerate(results, start=len(points) - len(missing) + 1):
            store.add(run, point, draws, seconds)
            bar.set_postfix_str(f"{n_stored} of {len(points)} points", refresh=False)
            bar.update(point.predicted_seconds)


def timed(experiment: type[Experiment[Any]], bundle: Sequence[Point]) -> list[Result]:
    """Return points that are measured together with their numbers, and with equal shares of the seconds that they took."""
    start = time.perf_counter()
    try:
        draws = experiment.measure(bundle)
    except MemoryError as error:
        raise ResourceError(f"{bundle[0]} needs more memory than there is; expected smaller circuits or samples.") from error
    seconds = (time.perf_counter() - start) / len(bundle)
    return [(point, found, seconds) for point, found in zip(bundle, draws, strict=True)]


def _in_this_process(measure: Measure, bundles: Sequence[Sequence[Point]]) -> Generator[Result, None, None]:
    for bundle in bundles:
        yield from measure(bundle)


def _in_workers(
    measure: Measure, bundles: Sequence[Sequence[Point]], workers: int, store: Store
) -> Generator[Result, None, None]:
    """Yield results as they come from worker processes that share the cores between them."""
    others = set(multiprocessing.active_children())
    threads = max(1, numba.get_num_threads() // workers)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start_worker, (threads,))
    finished = False
    try:
        with _interrupts_held():
            futures = [pool.submit(measure, bundle) for bundle in bundles]
        for future in as_completed(futures):
            yield from future.result()
        finished = True
    except BrokenProcessPool as error:
        raise NearCliffordError(
            "A worker process died: memory ran out, or a script has no 'if __name__ == \"__main__\":' around the call. "
            f"What was finished is in {store.path}; run the study again to go on, with fewer workers than "
            f"{workers} (1 starts none), or with smaller circuits."
        ) from error
    finally:
        pool.shutdown(wait=finished, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()


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


def _start_worker(threads: int) -> None:
    """Share the cores, and end with the parent even if it is killed."""
    numba.set_num_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
