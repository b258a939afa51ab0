"""Second moments by sampling chains of Pauli strings: what `nearclifford.Stabilizer` reports is made of these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.damped import WeightedHits, damped_round, damping_of
from nearclifford.chains.damped_means import damped_derivative_means, damped_loss_means
from nearclifford.chains.found import Hits
from nearclifford.chains.rows import row_list
from nearclifford.chains.term_pairs import PairPlan
from nearclifford.kernels.chain.coins import Coins, hazards
from nearclifford.kernels.chain.damping import Damping
from nearclifford.kernels.chain.flips import count_flips
from nearclifford.kernels.chain.hits import Targets, count_hits
from nearclifford.kernels.chain.means import derivative_means, loss_means
from nearclifford.kernels.chain.rows import Rows
from nearclifford.kernels.chain.walk import Job, Slots
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.landscape import Landscape
from nearclifford.normal_form.angles import angle_moments
from nearclifford.patches import Patch

# Of one call of the kernel, seconds to minutes.
MOST_CHAINS = 2**32
# Blocks are handed out in tasks, enough of them to keep the threads busy to the end.
TASKS_PER_THREAD = 8


@dataclass(frozen=True, eq=False)
class WeightedTargets:
    """Which second moments are wanted.

    Attributes
    ----------
    rotations : int64, shape ``(T,)``: of ∂L/∂φ_j for j, of L itself for -1.
    streams : int64, shape ``(T,)``: which random stream each has; one stream gives the same numbers beside any others.
    weights : float64, shape ``(T,)``: of their sum.
    """

    rotations: Indices
    streams: Indices
    weights: Floats

    def take(self, where: Indices) -> WeightedTargets:
        """Return some of them."""
        return WeightedTargets(self.rotations[where], self.streams[where], self.weights[where])


class ChainSampler:
    """One landscape and patch, ready to sample.

    Raises `NearCliffordError` where angles are not independent (`nearclifford.normal_form.angles`).
    """

    def __init__(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> None:
        self.land, self.patch = land, patch
        self.cosine, self.sine_square = angle_moments(land.problem.angle_map, patch)
        self.seed = np.uint64(rng.integers(2**64, dtype=np.uint64))
        self.one_term = len(land.problem.coefficients) == 1
        self.noisy = land.problem.channels is not None

    @cached_property
    def rows(self) -> Rows:
        """The circuit as row operations, the last gate first."""
        return row_list(self.land.program)

    @cached_property
    def coins(self) -> Coins:
        """The chance of a flip at each rotation."""
        return Coins(self.sine_square, hazards(self.sine_square))

    @cached_property
    def damping(self) -> Damping:
        """The noise as the chains count it."""
        assert self.land.problem.channels is not None
        return damping_of(self.land.problem.channels)

    @cached_property
    def starts(self) -> Flags:
        """The rows that each term sets, shape ``(T, 2N)``."""
        terms, n_qubits = self.land.terms, self.land.n_qubits
        starts = np.empty((len(terms), 2 * n_qubits), dtype=np.bool_)
        for offset, words in ((0, terms.x), (1, terms.z)):
            starts[:, offset::2] = np.unpackbits(words.view(np.uint8), axis=1, count=n_qubits, bitorder="little")
        return starts

    def loss_mean(self) -> float:
        """Return E[L]."""
        problem = self.land.problem
        if self.noisy:
            return float(problem.coefficients @ damped_loss_means(problem, self.cosine))
        return float(problem.coefficients @ loss_means(problem.generators.strings, problem.images.strings, self.cosine))

    def derivative_means(self, rotation: Indices) -> Floats:
        """Return E[∂L/∂φ] of the given rotations, 0 for -1."""
        problem = self.land.problem
        if self.noisy:
            return np.append(damped_derivative_means(problem, self.cosine), 0.0)[rotation]
        means = derivative_means(problem.generators.strings, problem.images.strings, problem.coefficients, self.cosine)
        return np.append(means, 0.0)[rotation]

    def _count(self, samples: int, first_block: int, per_task: int, targets: WeightedTargets) -> tuple[Indices, Flags]:
        """Return the hits by task and word, shape ``(targets, tasks, 16)``, and where no chain could ever count."""
        n_tasks = -(-samples // (BITS * per_task))
        chosen = targets.rotations
        hits = np.zeros((len(chosen), n_tasks, WIDTH), dtype=np.int64)
        silent = np.zeros((len(chosen), n_tasks), dtype=np.bool_)
        plain = Targets(chosen.astype(np.int64), targets.streams.astype(np.uint64))
        job = Job(first_block, samples, per_task, self.seed)
        count_hits(self.rows, self.coins, _slots(self.starts, None), plain, job, hits, silent)
        return hits, np.all(silent, axis=1)

    def flip_counts(self, plan: PairPlan | None, samples: int, first_block: int, n_columns: int) -> Indices:
        """Return how many samples end Z-type by word of a block and number of flips, shape ``(n_words, n_columns)``.

        With a plan a word is one of the plan's and ``samples`` fill them; without one all words are alike, and sum to one.
        """
        n_blocks = -(-samples // BITS)
        per_task = 1 if plan else max(1, n_blocks // (TASKS_PER_THREAD * numba.get_num_threads()))
        histogram = np.empty((-(-n_blocks // per_task), WIDTH, n_columns), dtype=np.int64)
        job = Job(first_block, samples, per_task, self.seed)
        count_flips(self.rows, self.coins, _slots(self.starts, plan), job, histogram)
        by_word = histogram.reshape(-1, n_columns)
        return by_word[: len(plan.term)] if plan else by_word.sum(axis=0, keepdims=True)

    def round(self, samples: int, block: int, targets: WeightedTargets) -> tuple[Hits | WeightedHits, int]:
        """Return the second moments of one term from about so many samples, and the block that comes next."""
        if self.noisy:
            return damped_round(self, samples, block, targets)
        # Python hears a Ctrl-C between calls alone; whole blocks, so that the cut shows in no number.
        count = max(len(targets.rotations), 1)
        n_blocks = min(-(-samples // BITS), max(1, MOST_CHAINS // (BITS * count)))
        made = min(samples, n_blocks * BITS)
        per_task = max(1, n_blocks * count // (TASKS_PER_THREAD * numba.get_num_threads()))
        hits, silent = self._count(made, block, min(per_task, n_blocks), targets)
        coefficient = float(self.land.problem.coefficients[0])
        bound = np.where(silent, 0.0, abs(coefficient))
        return Hits(made, hits.sum(axis=(1, 2)), bound, coefficient, targets.weights), block + n_blocks


def _slots(starts: Flags, plan: PairPlan | None) -> Slots:
    """Return what the words of a plan start from and freeze; without a plan all are alike."""
    if plan is None:
        start, no_mask = np.zeros((1, WIDTH), np.int64), np.full((1, WIDTH), -1, np.int64)
        return Slots(starts, start, no_mask, np.zeros((1, 1), np.uint64))
    padded = np.pad(np.stack([plan.term, plan.pair]), ((0, 0), (0, -len(plan.term) % WIDTH)), mode="edge")
    term, mask = padded.reshape(2, -1, WIDTH)
    freezes: Flags = np.atleast_1d(plan.frozen.any(axis=1))
    return Slots(starts, term, np.where(freezes[mask], mask, -1), plan.frozen)
