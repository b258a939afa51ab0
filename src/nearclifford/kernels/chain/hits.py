"""How many samples of the chain end Z-type: the second moments of a loss and of its derivatives.

Cost: that of `nearclifford.kernels.chain.walk`, where operations whose rows can never be set, or whose result no longer
matters, are dropped beforehand.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from nearclifford.kernels.bits import population_count
from nearclifford.kernels.chain.prune import prune, split
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.kernels.chain.walk import begin_block, blocks_of, new_block, run_block, set_start
from nearclifford.kernels.chain.words import WIDTH
from nearclifford.kernels.parallel import parallel_kernel


class Targets(NamedTuple):
    """Moments to count for: ``chosen``, int64, the differentiated rotation, -1 for none; ``streams``, uint64, its own."""

    chosen: npt.NDArray[np.int64]
    streams: npt.NDArray[np.uint64]


@njit(cache=True)
def _run_task(rows, coins, slots, job, task, chosen, stream_number, hits):
    """Write the hits of one target in one task, by word; return whether no sample can ever count."""
    block, kept, count = new_block(slots.starts.shape[1]), np.empty(len(rows.kind), np.int64), 0
    route = split(rows, kept[:0], coins.hazard, NO_ROTATION)
    hits[:] = 0
    for number in blocks_of(job, task):
        slot = (job.first_block + number) % len(slots.start)
        if number == task * job.per_task or len(slots.start) > 1:
            set_start(slots, slot, block)
            count = prune(rows, block.possible, chosen, kept)
            route = split(rows, kept[: max(count, 0)], coins.hazard, chosen)
        if count < 0:
            continue
        stream = begin_block(job, number, stream_number, block)
        run_block(route, coins.probability, (slots.mask[slot], slots.frozen), chosen, stream, block, None, None)
        for w in range(WIDTH):
            hits[w] += np.int64(population_count(block.alive[0, w]))
    return count < 0


@parallel_kernel
def count_hits(rows, coins, slots, targets, job, hits, silent):
    """Add up how many samples of each target end Z-type.

    Parameters
    ----------
    rows, coins, slots, targets, job : `Rows`, `Coins`, `Slots`, `Targets`, `Job`.
    hits : int64, shape ``(n_targets, n_tasks, 16)``, written: by word, summed over the blocks of a task.
    silent : bool, shape ``(n_targets, n_tasks)``, written: True where no sample can ever count.
    """
    n_tasks = hits.shape[1]
    for item in prange(len(targets.chosen) * n_tasks):
        which, task = item // n_tasks, item % n_tasks
        chosen, number = targets.chosen[which], targets.streams[which]
        silent[which, task] = _run_task(rows, coins, slots, job, task, chosen, number, hits[which, task])
