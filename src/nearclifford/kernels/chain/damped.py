"""Samples of the chain that end Z-type with noise, each with the product of the squared dampings that its path met.

Cost: as without noise, and 50 to 100 ns for each channel that a block meets (`nearclifford.kernels.chain.damping`).
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.damping import Damping, clear, squared_damping
from nearclifford.kernels.chain.flips import reachable
from nearclifford.kernels.chain.prune import prune, split
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.kernels.chain.walk import begin_block, blocks_of, new_block, run_block, set_start
from nearclifford.kernels.chain.words import BITS, WIDTH, aligned_rows
from nearclifford.kernels.parallel import parallel_kernel


@njit(cache=True)
def _own(damping):
    """Return the same with counters of a thread's own."""
    kind, first, of_class, letters, first_row, logarithm, _ = damping
    return Damping(kind, first, of_class, letters, first_row, logarithm, aligned_rows(first_row[-1]))


@njit(cache=True)
def _weigh(block, damping, flips, sums):
    """Add (number, weight, squared weight) of the samples that count, to the row of their flips or to the only one."""
    last = len(sums) - 1
    for w in range(WIDTH):
        ended = block.alive[0, w]
        while ended:
            bit = trailing_zeros(ended)
            weight = squared_damping(damping, w, bit)
            row = 0
            if flips is not None:
                row = min(flips[64 * w + bit], last)
            sums[row, 0] += 1.0
            sums[row, 1] += weight
            sums[row, 2] += weight * weight
            ended &= ended - uint64(1)


@njit(cache=True)
def _run_targets(rows, coins, slots, job, task, target, damping, sums):
    """Write the sums of one target in one task, by block; return whether no sample can ever count."""
    chosen, stream_number = target
    block, kept, own = new_block(slots.starts.shape[1]), np.empty(len(rows.kind), np.int64), _own(damping)
    set_start(slots, 0, block)
    count = prune(rows, block.possible, chosen, kept)
    route = split(rows, kept[: max(count, 0)], coins.hazard, chosen)
    for number in blocks_of(job, task):
        sums[number] = 0.0
        if count < 0:
            continue
        stream = begin_block(job, number, stream_number, block)
        clear(own)
        run_block(route, coins.probability, (slots.mask[0], slots.frozen), chosen, stream, block, None, own)
        _weigh(block, own, None, sums[number : number + 1])
    return count < 0


@parallel_kernel
def weigh_hits(rows, coins, slots, targets, job, damping, sums, silent):
    """Sum the weights of the samples of each target that end Z-type; arguments as for `count_hits`, all words alike.

    damping : `Damping`; its counters are not used.
    sums : float64, shape ``(n_targets, n_blocks, 3)``, written: number of samples, sums of weights and of their squares. By
        block, so that the number of threads changes no order of a sum.
    silent : bool, shape ``(n_targets, n_tasks)``, written: True where no sample can ever count.
    """
    n_tasks = silent.shape[1]
    for item in prange(len(targets.chosen) * n_tasks):
        which, task = item // n_tasks, item % n_tasks
        target = targets.chosen[which], targets.streams[which]
        silent[which, task] = _run_targets(rows, coins, slots, job, task, target, damping, sums[which])


@njit(cache=True)
def _run_flips(rows, coins, slots, job, task, damping, sums):
    block, kept, own = new_block(slots.starts.shape[1]), np.empty(len(rows.kind), np.int64), _own(damping)
    flips = np.empty(BITS, np.int64)
    set_start(slots, 0, block)
    route = split(rows, kept[: reachable(rows, block.possible, kept)], coins.hazard, NO_ROTATION)
    for number in blocks_of(job, task):
        sums[number] = 0.0
        stream = begin_block(job, number, uint64(0), block)
        flips[:] = 0
        clear(own)
        run_block(route, coins.probability, (slots.mask[0], slots.frozen), NO_ROTATION, stream, block, flips, own)
        _weigh(block, own, flips, sums[number])


@parallel_kernel
def weigh_flips(rows, coins, slots, job, damping, sums):
    """Sum the weights of the samples that end Z-type, by their number of flips.

    ``sums`` : float64, shape ``(n_blocks, n_columns, 3)``, written: as for `weigh_hits`, the last column for all that
    flip as often or more.
    """
    n_blocks = len(sums)
    n_tasks = (n_blocks + job.per_task - 1) // job.per_task
    for task in prange(n_tasks):
        _run_flips(rows, coins, slots, job, task, damping, sums)
