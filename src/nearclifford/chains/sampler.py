"""Second moments by sampling chains of Pauli strings: what `nearclifford.Stabilizer` reports is made of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.damped import WeightedHits, damped_round, damping_of
from nearclifford.chains.damped_means import damped_derivative_means, damped_loss_means
from nearclifford.chains.found import Hits, PairSums
from nearclifford.chains.pair_errors import drawn, stratified
from nearclifford.chains.rows import row_list
from nearclifford.chains.term_pairs import WORD, PairPlan, plan_pairs
from nearclifford.intervals import unseen_rate
from nearclifford.kernels.chain.coins import Coins, hazards
from nearclifford.kernels.chain.damping import Damping
from nearclifford.kernels.chain.flips import count_flips
from nearclifford.kernels.chain.hits import Targets, count_hits
from nearclifford.kernels.chain.means import derivative_means, loss_means
from nearclifford.kernels.chain.rows import Rows
from nearclifford.kernels.chain.walk import Job, Slots
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.landscape import Landscape
from nearclifford.normal_form.angles import angle_moments
from nearclifford.patches import Patch

# Of the hits of one round, in numbers; the rounds of a longer run add up.
MOST_COUNTS = 2**24
# Of one call of the kernel, seconds to minutes.
MOST_CHAINS = 2**32
SEVERAL_TERMS = (
    "Give the statistics of one Pauli string at a time; certified_second_moment takes several terms, and so does "
    "surrogate(land, order, noise=noise)."
)
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

    Raises `NearCliffordError` where angles are not independent (`nearclifford.normal_form.angles`), and for noise with an
    observable of several terms.
    """

    def __init__(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> None:
        self.land = land
        self.cosine, self.sine_square = angle_moments(land.problem.angle_map, patch)
        self.seed = np.uint64(rng.integers(2**64, dtype=np.uint64))
        self.one_term = len(land.problem.coefficients) == 1
        self.noisy = land.problem.channels is not None
        if not self.one_term:
            land.problem.require_noiseless("A sample of the chains of several terms", SEVERAL_TERMS)

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

    @cached_property
    def meets(self) -> npt.NDArray[np.uint8]:
        """Whether each term can meet each rotation, 0 or 1, shape ``(T, n_rotations + 1)``; at -1, the loss, all are 1."""
        problem = self.land.problem
        members = reach_of_terms(problem.generators.strings, problem.images.strings).view(np.uint8)
        meets = np.unpackbits(members, axis=1, count=problem.n_rotations, bitorder="little")
        return np.pad(meets, ((0, 0), (0, 1)), constant_values=1)

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

    def round(self, samples: int, block: int, targets: WeightedTargets) -> tuple[Hits | WeightedHits | PairSums, int]:
        """Return the second moments from about so many samples, and the block that the next round begins with."""
        if self.noisy:
            return damped_round(self, samples, block, targets)
        return (self._one_term if self.one_term else self._pairs)(samples, block, targets)

    def _count(
        self, plan: PairPlan | None, samples: int, first_block: int, per_task: int, targets: WeightedTargets
    ) -> tuple[Indices, Flags]:
        """Return the hits by task and word, shape ``(targets, tasks, 16)``, and where no chain could ever count."""
        n_tasks = -(-samples // (BITS * per_task))
        chosen = targets.rotations
        hits = np.zeros((len(chosen), n_tasks, WIDTH), dtype=np.int64)
        silent = np.zeros((len(chosen), n_tasks), dtype=np.bool_)
        plain = Targets(chosen.astype(np.int64), targets.streams.astype(np.uint64))
        job = Job(first_block, samples, per_task, self.seed)
        count_hits(self.rows, self.coins, _slots(self.starts, plan), plain, job, hits, silent)
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

    def _one_term(self, samples: int, block: int, targets: WeightedTargets) -> tuple[Hits, int]:
        # Python hears a Ctrl-C between calls alone; whole blocks, so that the cut shows in no number.
        count = max(len(targets.rotations), 1)
        n_blocks = min(-(-samples // BITS), max(1, MOST_CHAINS // (BITS * count)))
        made = min(samples, n_blocks * BITS)
        per_task = max(1, n_blocks * count // (TASKS_PER_THREAD * numba.get_num_threads()))
        hits, silent = self._count(None, made, block, min(per_task, n_blocks), targets)
        coefficient = float(self.land.problem.coefficients[0])
        bound = np.where(silent, 0.0, abs(coefficient))
        return Hits(made, hits.sum(axis=(1, 2)), bound, coefficient, targets.weights), block + n_blocks

    def _pairs(self, samples: int, block: int, targets: WeightedTargets) -> tuple[PairSums, int]:
        """Sample every derivative by the pairs of the terms that can meet its rotation; no other term matters to it."""
        count = len(targets.rotations)
        n_words = min(-(-samples // WORD), max(64, MOST_COUNTS // max(count, 1)))
        value, spread, edge, bound = np.zeros((4, count))
        hits = np.zeros(count, dtype=np.int64)
        total_spread, total_edge, following = 0.0, 0.0, block
        for terms, where in self._term_sets(targets.rotations):
            part, end = self._pairs_of(terms, n_words, block, targets.take(where))
            value[where], spread[where], edge[where], bound[where] = part.value, part.spread, part.edge, part.bound
            hits[where] = part.hits
            total_spread += part.total_spread
            total_edge, following = max(total_edge, part.total_edge), max(following, end)
        sums = float(targets.weights @ value), total_spread, total_edge
        return PairSums(n_words * WORD, value, spread, edge, *sums, hits, bound), following

    def _term_sets(self, chosen: Indices) -> Iterator[tuple[Indices, Indices]]:
        """Yield (terms, places in ``chosen``) of the targets that the same terms, at least one, can meet."""
        n_terms = len(self.land.problem.images)
        sets, which = np.unique(np.packbits(self.meets[:, chosen], axis=0).T, axis=0, return_inverse=True)
        for number, packed in enumerate(sets):
            terms = np.flatnonzero(np.unpackbits(packed, count=n_terms))
            if len(terms):
                yield terms, np.flatnonzero(which.reshape(-1) == number)

    def _pairs_of(self, terms: Indices, n_words: int, block: int, targets: WeightedTargets) -> tuple[PairSums, int]:
        """Sample targets by the pairs of some terms; ``n_words`` words of samples for each target, or one for each pair."""
        chosen, weights = targets.rotations, targets.weights
        problem = self.land.problem.take(terms)
        # The plan follows from the terms alone: other targets beside these change nothing.
        rng = np.random.default_rng([int(self.seed), block, *terms.tolist()])
        plan = plan_pairs(problem, self.cosine, n_words, rng)
        bound = np.full(len(chosen), np.abs(problem.coefficients).sum())
        if not len(plan.term):  # none of the pairs that were drawn counts
            value, spread, hits = np.zeros((len(chosen), 0)), np.zeros(len(chosen)), np.zeros(len(chosen), dtype=np.int64)
            edge = np.full(len(chosen), (unseen_rate(n_words) * plan.size) ** 2)
            sums = 0.0, 0.0, float((weights**2 * edge).max(initial=0.0))
            return PairSums(n_words * WORD, value.sum(axis=1), spread, edge, *sums, hits, bound), block
        plan = replace(plan, term=terms[plan.term])
        n_slots = -(-len(plan.term) // WIDTH)
        first = -(-block // n_slots) * n_slots  # a slot is the remainder of its block
        hits, silent = self._count(plan, len(plan.term) * WORD, first, 1, targets)
        by_word = hits.reshape(len(chosen), -1)[:, : len(plan.term)]
        weight = np.where(_is_frozen(plan, chosen), 0.0, plan.weight)
        value = (weight * by_word).sum(axis=1) / WORD
        if plan.draws:
            spread, edge, total_spread = drawn(plan, weight * (by_word / WORD) * plan.draws, weights)
        else:
            bound[silent] = 0.0
            spread, edge = (np.where(silent, 0.0, part) for part in stratified(plan, weight, by_word))
            total_spread = float(weights**2 @ spread)
        sums = float(weights @ value), total_spread, float((weights**2 * edge).max(initial=0.0))
        found = PairSums(n_words * WORD, value, spread, edge, *sums, by_word.sum(axis=1), bound)
        return found, first + n_slots


def _slots(starts: Flags, plan: PairPlan | None) -> Slots:
    """Return what the words of a plan start from and freeze; without a plan all are alike."""
    if plan is None:
        start, no_mask = np.zeros((1, WIDTH), np.int64), np.full((1, WIDTH), -1, np.int64)
        return Slots(starts, start, no_mask, np.zeros((1, 1), np.uint64))
    padded = np.pad(np.stack([plan.term, plan.pair]), ((0, 0), (0, -len(plan.term) % WIDTH)), mode="edge")
    term, mask = padded.reshape(2, -1, WIDTH)
    freezes: Flags = np.atleast_1d(plan.frozen.any(axis=1))
    return Slots(starts, term, np.where(freezes[mask], mask, -1), plan.frozen)


def _is_frozen(plan: PairPlan, chosen: Indices) -> Flags:
    """Return whether a derivative lies in J of a word's pair: bool, shape ``(len(chosen), n_words)``."""
    bits = plan.frozen[:, chosen >> 6].T >> (chosen & 63).astype(np.uint64)[:, None] & np.uint64(1)
    inside: Flags = np.logical_and(bits, (chosen >= 0)[:, None])
    return inside[:, plan.pair]
