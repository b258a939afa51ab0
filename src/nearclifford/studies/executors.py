"""Executors of other libraries: what `concurrent.futures` defines, and Dask's client, which is known by what it can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable
from nearclifford.studies.dask_clusters import DaskFutures
from nearclifford.studies.lent_futures import LentFutures
from nearclifford.studies.pools import WAITING, Futures, Measure

# Bundles that an executor of unknown size holds at once.
ROOM = 1024
# How executors of known size call it: mpi4py, and the standard library with those that derive from it.
SIZES = ("num_workers", "_max_workers")


def executor_pool(executor: Any, measure: Measure, kept_in: Path) -> Futures:
    """Return the pool of an executor: an object with ``submit(function, ...)``, or a client of Dask.

    Raises `NearCliffordError` for any other object.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads:
    ...     executor_pool(threads, len, Path("study.sqlite")).has_room
    True
    """
    if not callable(getattr(executor, "submit", None)) or isinstance(executor, type):
        raise NearCliffordError(
            f"executor is {printable(repr(executor), 200)}; expected an object with submit(function, ...), such as a "
            "concurrent.futures.ProcessPoolExecutor() or a dask.distributed.Client(), or None for workers of this machine."
        )
    if hasattr(executor, "scheduler_info") and hasattr(executor, "sync"):
        return DaskFutures(executor, measure, kept_in)
    return LentFutures(executor, measure, room_of(executor), kept_in)


def room_of(executor: object) -> int:
    """Return how many bundles an executor holds at once: some for each worker, if it says how many it has.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> room_of(ThreadPoolExecutor(3)), room_of(object())
    (12, 1024)
    """
    sizes = (getattr(executor, name, None) for name in SIZES)
    known = [size for size in sizes if isinstance(size, int) and size > 0]
    return WAITING * known[0] if known else ROOM
