"""Executors of other libraries: what `concurrent.futures` defines, and Dask's client, which is known by what it can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.studies.pools import Futures, Measure

# Bundles that an executor of unknown size holds at once.
ROOM = 1024


def executor_pool(executor: Any, measure: Measure, kept_in: Path) -> Futures:
    """Return the pool of an executor: an object with ``submit(function, ...)``, or a client of Dask."""
    if not callable(getattr(executor, "submit", None)) or isinstance(executor, type):
        raise NearCliffordError(
            f"executor is {executor!r}; expected an object with submit(function, ...), such as a "
            "concurrent.futures.ProcessPoolExecutor() or a dask.distributed.Client(), or None for workers of this machine."
        )
    del kept_in
    return Futures(executor, measure, threads=1, room=ROOM)
