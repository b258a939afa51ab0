"""Chains whose coins show at least m heads: what paths of few flips leave to be sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Floats, Indices, Words
from nearclifford.kernels.chain.heads import log_at_least
from nearclifford.kernels.chain.rows import NO_ROTATION, Rows
from nearclifford.kernels.chain.tail import Condition
from nearclifford.kernels.chain.tail_runs import Walked, count_tail_flips, record_tail_flips
from nearclifford.kernels.chain.walk import Job, Slots
from nearclifford.kernels.chain.words import BITS, WIDTH

# Flips of samples that end Z-type, for each block at first; a block that has more is run once more.
ROOM = 1024
TASKS_PER_THREAD = 8


@dataclass(frozen=True, eq=False)
class PathSample:
    """Paths that ended Z-type.

    Attributes
    ----------
    sample : int64, shape ``(n_paths,)``, ascending: of which sample each is the path.
    begin : int64, shape ``(n_paths + 1,)``: where the flips of each begin, and the end of the last.
    flips : int32, shape ``(begin[-1],)``: rotations, of each path in the order of the walk, the last rotation first.
    """

    sample: Indices
    begin: Indices
    flips: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ChainTail:
    """Chains of some starts, of whose coins at least ``least`` are heads.

    Attributes
    ----------
    rows : the circuit, of `nearclifford.chains.rows.row_list`.
    probability : float64, shape ``(n_rotations,)``: of a flip, E[sin²] of each angle.
    starts : bool, shape ``(n_starts, 2N)``: the rows that each start sets.
    members : uint64, shape ``(n_starts, ceil(n_rotations / 64))``: the rotations that each start can meet.
    least : how many heads there are at least; 0 for free coins.
    seed : of the random streams.
    chosen : the rotation that is differentiated, where stay and flip exchange their weights, or -1. Its head does not count
        among the least.
    """

    rows: Rows
    probability: Floats
    starts: Flags
    members: Words
    least: int
    seed: np.uint64
    chosen: int = NO_ROTATION

    @cached_property
    def condition(self) -> Condition:
        """Coins and least, as the kernels take them."""
        probability, counted = self.probability.copy(), np.ones(len(self.probability), np.bool_)
        if self.chosen != NO_ROTATION:
            probability[self.chosen], counted[self.chosen] = 1.0 - probability[self.chosen], False
        return Condition(self.least, self.chosen, probability, counted, self.members)

    @cached_property
    def log_probability(self) -> Floats:
        """Logarithms of Pr[at least 0 ... ``least`` heads], float64, shape ``(n_starts, least + 1)``."""
        probability, counted = self.condition.probability, self.condition.counted
        falls = np.unpackbits(self.members.view(np.uint8), axis=1, count=len(probability), bitorder="little").astype(bool)
        result = np.empty((len(falls), self.least + 1))
        for place, some in enumerate(falls):
            table = np.empty((self.least + 1, int(some.sum()) + 1))
            log_at_least(probability[some], counted[some], table)
            result[place] = table[:, 0]
        return result

    def flip_counts(self, samples: int, n_columns: int) -> Indices:
        """Return how many of so many chains of the first start end Z-type, by number of flips, int64, ``(n_columns,)``.

        The last column is for all that flip as often or more.
        """
        n_blocks = -(-samples // BITS)
        per_task, slots = _per_task(n_blocks), self._slots(np.zeros((1, WIDTH), np.int64))
        histogram = np.empty((-(-n_blocks // per_task), WIDTH, n_columns), dtype=np.int64)
        count_tail_flips(self.rows, slots, self.condition, Job(0, samples, per_task, self.seed), histogram)
        counts: Indices = histogram.sum(axis=(0, 1))
        return counts

    def paths(self, start: Indices, samples: int, first_block: int = 0, stream: int = 0) -> PathSample:
        """Return the paths that end Z-type of so many chains.

        ``start`` : int64, shape ``(ceil(samples / 64),)``: of each word of 64 samples; words in a row of one start share
        their coins. ``stream`` tells apart the runs of one seed, ``first_block`` runs that go on from others.
        """
        n_blocks, room = -(-samples // BITS), ROOM
        walked, needed = self._walk(start, samples, first_block, stream, room)
        if needed.max() > room:  # the same chains again, with room for all
            walked, needed = self._walk(start, samples, first_block, stream, int(needed.max()))
        ended = np.unpackbits(walked.ended.view(np.uint8), bitorder="little").astype(np.bool_)
        begin = np.append(0, np.cumsum(walked.n_flips.reshape(-1)[ended]))
        flips = [walked.flips[block, : needed[block]] for block in range(n_blocks)]
        return PathSample(np.flatnonzero(ended), begin, np.concatenate(flips))

    def _walk(self, start: Indices, samples: int, first_block: int, stream: int, room: int) -> tuple[Walked, Indices]:
        n_blocks = -(-samples // BITS)
        walked = Walked(
            np.empty((n_blocks, WIDTH), np.uint64),
            np.empty((n_blocks, BITS), np.int32),
            np.empty((n_blocks, room), np.int32),
        )
        needed = np.empty(n_blocks, np.int64)
        by_block = np.pad(start, (0, -len(start) % WIDTH), mode="edge").reshape(-1, WIDTH)
        if (start == start[0]).all():
            by_block = by_block[:1]
        # a slot is the remainder of its block
        slots = self._slots(np.roll(by_block, first_block, axis=0))
        job = Job(first_block, samples, _per_task(n_blocks), self.seed)
        record_tail_flips(self.rows, slots, self.condition, job, np.uint64(stream), walked, needed)
        return walked, needed

    def _slots(self, start: Indices) -> Slots:
        return Slots(self.starts, start, np.full_like(start, -1), np.zeros((1, 1), np.uint64))


def _per_task(n_blocks: int) -> int:
    """Return how many blocks a task takes, so that tasks keep the threads busy to the end."""
    return max(1, n_blocks // (TASKS_PER_THREAD * numba.get_num_threads()))
