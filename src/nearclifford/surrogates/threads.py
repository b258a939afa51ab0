"""Long work in threads, with a bar that moves while a single piece of it runs."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import numba
from tqdm import tqdm

Result = TypeVar("Result")

# No bar for what is quick, a look at the clock between pieces, and few lines where they stay in a log.
QUIET_SECONDS, LOOK_SECONDS, LOG_SECONDS = 2.0, 0.5, 30.0


def in_threads(work: Callable[[Any], Result], tasks: Sequence[Any], name: str, progress: bool) -> Iterator[Result]:
    """Yield the results in the order of the tasks, computed by as many threads as kernels use.

    With ``progress`` a bar called ``name`` appears on standard error after two seconds, and its clock runs on.

    >>> list(in_threads(abs, [-1, 2, -3], "sizes", progress=True))
    [1, 2, 3]
    """
    began, bar, done = time.monotonic(), None, 0
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, task) for task in tasks)
        try:
            while waiting:
                if not wait([waiting[0]], LOOK_SECONDS).done:
                    if progress and bar is None and time.monotonic() - began > QUIET_SECONDS:
                        interval = LOOK_SECONDS if sys.stderr.isatty() else LOG_SECONDS
                        bar = tqdm(desc=name, total=len(tasks), initial=done, mininterval=interval, miniters=0)
                    if bar is not None:
                        bar.update(0)
                    continue
                yield waiting.popleft().result()
                done += 1
                if bar is not None:
                    bar.update()
        finally:
            if bar is not None:
                bar.close()
            pool.shutdown(cancel_futures=True)
