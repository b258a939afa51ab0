"""Measures the points of a study that are not stored yet, wherever it is told to, and stores each as soon as it is there."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numba

from nearclifford.arguments import boolean, integer
from nearclifford.errors import NearCliffordError
from nearclifford.studies.executors import executor_pool
from nearclifford.studies.plan import Plan
from nearclifford.studies.pools import Here, Pool, Result, Workers
from nearclifford.studies.progress import Listener, Watch, watching
from nearclifford.studies.sessions import Session, is_recorded
from nearclifford.studies.shards import Shard
from nearclifford.studies.store import Failure, Store
from nearclifford.studies.unit import Unit

# How long to wait for points that another process is measuring, before looking again.
LOOKING_SECONDS = 0.2
# Bundles that are predicted to take no longer together are taken together; others could measure them meanwhile.
TAKEN_SECONDS = 0.01


@dataclass(frozen=True)
class Running:
    """Where and how a study runs; no number depends on it.

    Attributes
    ----------
    workers : number of processes on this machine; None for one per core, 1 for this process alone.
    executor : what measures instead: any object with ``submit``, as `concurrent.futures` has them; or Dask's client.
    shard : "K/M" for part K of M, or None for all.
    retry_failed : measure points again that ended in an error.
    progress : show a bar on standard error.
    on_point : called with a `Progress` after every point, in this process.

    >>> Running(workers=2).shard is None
    True
    """

    workers: int | None = None
    executor: Any = None
    shard: str | None = None
    retry_failed: bool = False
    progress: bool = True
    on_point: Listener | None = None

    def __post_init__(self) -> None:
        if self.workers is not None:
            integer(self.workers, "workers", 1, otherwise=", 1 for this process alone, or None for one per core")
        Shard.read(self.shard)
        boolean(self.retry_failed, "retry_failed")
        if self.on_point is not None and not callable(self.on_point):
            raise NearCliffordError(f"on_point is {self.on_point!r}; expected a function of a Progress, or None.")


def run_plan(plan: Plan, store: Store, how: Running) -> None:
    """Measure and store every point that the store has not got, or not intact, of which it warns.

    Points that share their problems are measured together and stored as soon as all of them are. A point that ends in an
    error is stored with it, and the others go on. What another process is measuring is left to it.
    """
    shard = Shard.read(how.shard)
    units = [unit for _, unit in shard.of(plan)]
    store.check()
    _mend(store, units)
    failed = store.failed(units)
    if how.retry_failed:
        store.forget_failures(failed)
        failed = []
    known = {unit.identity for unit in failed}
    missing = [unit for unit in store.missing(units) if unit.identity not in known]
    if not missing:
        if not is_recorded(store, plan, shard):
            with Session(store, plan, shard):
                pass  # nothing to measure, yet the directory is to say what was asked
        return
    bundles = plan.bundles(missing)
    with (
        Session(store, plan, shard) as session,
        closing(_pool(plan, how, len(bundles), store)) as pool,
        watching(units, missing, len(failed), how.progress, how.on_point) as watch,
    ):
        for results in _measured(session, pool, bundles, watch):
            session.add(results)
            for unit, outcome, _ in results:
                watch.finished(unit, outcome if isinstance(outcome, Failure) else None)


def _mend(store: Store, units: Sequence[Unit]) -> None:
    """Forget points that are damaged, with a warning."""
    if damaged := store.damaged(units):
        warnings.warn(
            f"{store.path} is damaged: {len(damaged)} of {len(units)} points have not the numbers that were written, "
            f"the first is {damaged[0]}. They are measured anew; look after the disk.",
            stacklevel=4,
        )
        store.forget(damaged)


def _pool(plan: Plan, how: Running, most: int, store: Store) -> Pool:
    if how.executor is not None:
        return executor_pool(how.executor, plan.measure, store.path)
    count = min(numba.get_num_threads() if how.workers is None else how.workers, most)
    return Here(plan.measure) if count == 1 else Workers(plan.measure, count, store.path)


def _measured(session: Session, pool: Pool, bundles: Sequence[list[Unit]], watch: Watch) -> Iterator[list[Result]]:
    """Yield the results of each bundle as they come; what another process has taken is looked at again at the end."""
    waiting, taken, elsewhere = deque(bundles), deque[list[Unit]](), deque[list[Unit]]()
    while waiting or taken or elsewhere or pool.is_busy:
        while (waiting or taken) and pool.has_room:
            if not taken:
                mine, theirs, done = session.take(_few(waiting))
                taken.extend(mine)
                elsewhere.extend(theirs)
                for unit, failure in done:
                    watch.finished(unit, failure)
            if taken:
                pool.give(taken.popleft())
        if pool.is_busy:
            results = pool.results()
            yield results
        elif elsewhere:
            time.sleep(LOOKING_SECONDS)
            waiting, elsewhere = elsewhere, deque()
        session.sign()


def _few(waiting: deque[list[Unit]]) -> list[list[Unit]]:
    """Return the next bundle, and those after it that hardly take longer than to write that they are taken."""
    few = [waiting.popleft()]
    seconds = _seconds(few[0])
    while waiting and seconds + _seconds(waiting[0]) < TAKEN_SECONDS:
        few.append(waiting.popleft())
        seconds += _seconds(few[-1])
    return few


def _seconds(bundle: Sequence[Unit]) -> float:
    return sum(unit.predicted_seconds for unit in bundle)
