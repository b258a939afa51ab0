"""Runs of chains of which at least m coins are heads: counts of their flips, and the paths that end Z-type.

Cost: see `nearclifford.kernels.chain.tail`; of a path its flips are written once more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.chain.flips import reachable
from nearclifford.kernels.chain.prune import split
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.kernels.chain.tail import fill_heads, new_heads, new_record, run_tail_block
from nearclifford.kernels.chain.walk import begin_block, blocks_of, new_block, set_start
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.kernels.parallel import parallel_kernel


class Walked(NamedTuple):
    """The samples that ended Z-type, and the rotations that each flipped, in the order of the walk.

    ended : uint64, shape ``(n_blocks, 16)``: a bit for each sample.
    n_flips : int32, shape ``(n_blocks, 1024)``: of samples that ended Z-type, 0 elsewhere.
    flips : int32, shape ``(n_blocks, room)``: the rotations, one sample after the other.
    """

    ended: npt.NDArray[np.uint64]
    n_flips: npt.NDArray[np.int32]
    flips: npt.NDArray[np.int32]


@njit(cache=True)
def _ready_slot(rows, slots, slot, condition, block, heads, kind_of):
    """Make block and coins ready for a slot; return its `Route`."""
    kept = np.empty(len(rows.kind), np.int64)
    set_start(slots, slot, block)
    count = reachable(rows, block.possible, kept)
    route = split(rows, kept[:count], condition.probability, NO_ROTATION)
    fill_heads(route.stops, condition, slots, slot, heads, kind_of)
    return route


@njit(cache=True)
def _count_task(rows, slots, condition, job, task, histogram):
    """Write how many samples of a task end Z-type, by word and number of flips."""
    block, heads, kind_of = new_block(slots.starts.shape[1]), new_heads(slots, condition), np.empty(WIDTH, np.int64)
    flips, most = np.empty(BITS, np.int64), histogram.shape[1] - 1
    histogram[:] = 0
    slot = (job.first_block + task * job.per_task) % len(slots.start)
    route = _ready_slot(rows, slots, slot, condition, block, heads, kind_of)
    for number in blocks_of(job, task):
        if number > task * job.per_task and len(slots.start) > 1:
            slot = (job.first_block + number) % len(slots.start)
            route = _ready_slot(rows, slots, slot, condition, block, heads, kind_of)
        stream = begin_block(job, number, uint64(0), block)
        flips[:] = 0
        run_tail_block(route, condition, heads, kind_of, stream, block, flips, None)
        for w in range(WIDTH):
            ended = block.alive[0, w]
            while ended:
                histogram[w, min(flips[64 * w + trailing_zeros(ended)], most)] += 1
                ended &= ended - uint64(1)


@parallel_kernel
def count_tail_flips(rows, slots, condition, job, histogram):
    """Add up how many samples of m heads or more end Z-type, by their number of flips.

    ``histogram`` : int64, shape ``(n_tasks, 16, n_columns)``, written: by task, word and flips, the last column for all
    that flip as often or more. ``rows``, ``slots``, ``condition``, ``job`` : `Rows`, `Slots`, `Condition`, `Job`.
    """
    for task in prange(len(histogram)):
        _count_task(rows, slots, condition, job, task, histogram[task])


@njit(cache=True)
def _write_flips(route, record, alive, n_flips, flips):
    """Write the flips of the samples that are alive, one sample after the other, if there is room; return how many."""
    n_flips[:] = 0
    for place in range(record.n_stops[0]):
        for w in range(WIDTH):
            left = record.flipped[place, w] & alive[w]
            while left:
                n_flips[64 * w + trailing_zeros(left)] += 1
                left &= left - uint64(1)
    following = np.cumsum(n_flips) - n_flips
    total = np.int64(n_flips.sum())
    if total > len(flips):
        return total
    for place in range(record.n_stops[0]):
        for w in range(WIDTH):
            left = record.flipped[place, w] & alive[w]
            while left:
                bit = 64 * w + trailing_zeros(left)
                flips[following[bit]] = route.stops[record.stop[place], 3]
                following[bit] += 1
                left &= left - uint64(1)
    return total


@njit(cache=True)
def _record_task(rows, slots, condition, job, task, stream_number, walked, needed):
    block, heads, kind_of = new_block(slots.starts.shape[1]), new_heads(slots, condition), np.empty(WIDTH, np.int64)
    slot = (job.first_block + task * job.per_task) % len(slots.start)
    route = _ready_slot(rows, slots, slot, condition, block, heads, kind_of)
    record = new_record(len(condition.probability))
    for number in blocks_of(job, task):
        if number > task * job.per_task and len(slots.start) > 1:
            slot = (job.first_block + number) % len(slots.start)
            route = _ready_slot(rows, slots, slot, condition, block, heads, kind_of)
        stream = begin_block(job, number, uint64(stream_number), block)
        run_tail_block(route, condition, heads, kind_of, stream, block, None, record)
        walked.ended[number] = block.alive[0]
        if not block.alive[0].any():
            record.n_stops[0] = 0
        needed[number] = _write_flips(route, record, block.alive[0], walked.n_flips[number], walked.flips[number])


@parallel_kernel
def record_tail_flips(rows, slots, condition, job, stream_number, walked, needed):
    """Write which samples of m heads or more end Z-type, and which rotations each of them flipped.

    ``walked`` : `Walked`, written; ``needed`` : int64, shape ``(n_blocks,)``, written: how many flips a block has. Where
    that is more than the room, none of its flips are written. ``stream_number`` : uint64, of the random streams.
    """
    for task in prange((len(needed) + job.per_task - 1) // job.per_task):
        _record_task(rows, slots, condition, job, task, stream_number, walked, needed)
