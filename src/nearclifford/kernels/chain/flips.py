"""How many samples of the chain end Z-type, by the number of their flips: the error curve of a surrogate.

Every flip counts here, also those that cannot change how a chain ends, so only operations on rows that are never set are
dropped. A rare flip adds one to one counter; a row of frequent coins, one for each flip that it makes.

Cost: as the chain without counting, more operations, and 1 to 2 ns a flip.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.prune import split
from nearclifford.kernels.chain.rows import DAMP, FLIP_Y, NO_ROTATION
from nearclifford.kernels.chain.walk import begin_block, blocks_of, new_block, run_block, set_start
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.kernels.parallel import parallel_kernel


@njit(cache=True)
def reachable(rows, start, kept):
    """Write to ``kept`` the operations that can change anything from ``start``, rows that may be set; return how many."""
    possible, count = start.copy(), 0
    for i in range(len(rows.kind)):
        s, t = rows.source[i], rows.target[i]
        if rows.kind[i] == DAMP:
            if not (possible[s] or possible[t]):
                continue
        elif rows.kind[i] == FLIP_Y:
            if not (possible[s] or possible[t]):
                continue
            possible[s] = possible[t] = True
        else:
            if not possible[s]:
                continue
            possible[t] = True
        kept[count] = i
        count += 1
    return count


@njit(cache=True)
def _run_task(rows, coins, slots, job, task, histogram):
    """Write how many samples of a task end Z-type, by word and number of flips."""
    block, kept = new_block(slots.starts.shape[1]), np.empty(len(rows.kind), np.int64)
    flips, most = np.empty(BITS, np.int64), histogram.shape[1] - 1
    route = split(rows, kept[:0], coins.hazard, NO_ROTATION)
    histogram[:] = 0
    for number in blocks_of(job, task):
        slot = (job.first_block + number) % len(slots.start)
        if number == task * job.per_task or len(slots.start) > 1:
            set_start(slots, slot, block)
            count = reachable(rows, block.possible, kept)
            route = split(rows, kept[:count], coins.hazard, NO_ROTATION)
        stream = begin_block(job, number, uint64(0), block)
        flips[:] = 0
        run_block(route, coins.probability, (slots.mask[slot], slots.frozen), NO_ROTATION, stream, block, flips, None)
        for w in range(WIDTH):
            ended = block.alive[0, w]
            while ended:
                histogram[w, min(flips[64 * w + trailing_zeros(ended)], most)] += 1
                ended &= ended - uint64(1)


@parallel_kernel
def count_flips(rows, coins, slots, job, histogram):
    """Add up how many samples end Z-type, by their number of flips.

    ``histogram`` : int64, shape ``(n_tasks, 16, n_columns)``, written: by task, word and flips, the last column for all
    that flip as often or more. The other arguments are those of `nearclifford.kernels.chain.hits.count_hits`.
    """
    for task in prange(len(histogram)):
        _run_task(rows, coins, slots, job, task, histogram[task])
