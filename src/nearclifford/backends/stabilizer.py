"""Statistics at any number of qubits: averages over a patch as averages over random Clifford circuits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.budget import Budget
from nearclifford.chain import RowList, row_list
from nearclifford.independence import angle_moments, rotation_of_parameters
from nearclifford.kernels.chain import count_hits
from nearclifford.kernels.coins import hazards
from nearclifford.kernels.means import derivative_means, loss_means
from nearclifford.kernels.prune import NO_ROTATION
from nearclifford.kernels.words import BITS, WIDTH
from nearclifford.landscape import Landscape
from nearclifford.moments import GradientStatistics, LossStatistics
from nearclifford.observables import terms_of
from nearclifford.pairs import WORD, PairPlan, plan_pairs
from nearclifford.patches import Patch
from nearclifford.rotations import Floats, Indices
from nearclifford.version import __version__

Flags = npt.NDArray[np.bool_]

# Of the hits of one round, in numbers; the rounds of a longer run add up.
MOST_COUNTS = 2**24
# Blocks are handed out in tasks, enough of them to keep the threads busy to the end.
TASKS_PER_THREAD = 8


@dataclass(frozen=True)
class Stabilizer:
    """Random Clifford circuits in place of random angles: no statevector, any number of qubits, the mean exact.

    The second moment of L, or of one derivative, for one Pauli term is the probability that a string, pulled back through
    the circuit and flipped by each rotation it meets with probability E[sin²], ends with letters I and Z only. Samples of
    that chain run 1024 at a time through the gates. Several terms add a chain for each pair (`nearclifford.pairs`).

    ``norm`` is not computed (None), and ``norm_squared`` only over all parameters. Errors of the mean are zero. Samples
    are counted for each component.

    Raises `NearCliffordError` where angles are not independent (`nearclifford.independence`).

    >>> Stabilizer()
    Stabilizer()
    """

    def gradient_statistics(
        self, land: Landscape, patch: Patch, budget: Budget, parameters: Indices, rng: np.random.Generator
    ) -> GradientStatistics:
        """Return the moments of the chosen components of the gradient."""
        chain = _Chain(land, patch, rng)
        rotation, factor = rotation_of_parameters(land.program)
        rotation, factor = rotation[parameters], factor[parameters]
        turning = rotation >= 0
        found = chain.sample(budget, rotation[turning], parameters[turning], factor[turning] ** 2)
        mean = factor * chain.derivative_means(rotation)
        second, error, bound = np.zeros((3, len(parameters)))
        hits = np.zeros(len(parameters), dtype=np.int64)
        second[turning] = found.value * factor[turning] ** 2
        error[turning] = found.error * factor[turning] ** 2
        bound[turning] = np.where(found.silent, 0.0, np.abs(factor[turning]) * np.abs(land.coefficients).sum())
        hits[turning] = found.hits
        complete = (
            np.array_equal(np.unique(parameters), np.arange(land.n_parameters)) and len(parameters) == land.n_parameters
        )
        return GradientStatistics(
            parameters=parameters,
            mean=mean,
            mean_error=np.zeros_like(mean),
            second_moment=second,
            second_moment_error=error,
            variance=_variance(second, mean),
            variance_error=error,
            norm=None,
            norm_error=None,
            norm_squared=found.total if complete else None,
            norm_squared_error=found.total_error if complete else None,
            bound=bound,
            samples=found.samples,
            method="stabilizer",
            version=__version__,
            hits=hits if chain.one_term else None,
            trials=np.full(len(parameters), found.samples) if chain.one_term else None,
        )

    def loss_statistics(self, land: Landscape, patch: Patch, budget: Budget, rng: np.random.Generator) -> LossStatistics:
        """Return the moments of the loss."""
        chain = _Chain(land, patch, rng)
        found = chain.sample(budget, np.array([NO_ROTATION]), np.array([land.n_parameters]), np.ones(1))
        mean = chain.loss_mean()
        second, error = float(found.value[0]), float(found.error[0])
        return LossStatistics(
            mean=mean,
            mean_error=0.0,
            second_moment=second,
            second_moment_error=error,
            variance=float(_variance(np.array(second), np.array(mean))),
            variance_error=error,
            samples=found.samples,
            method="stabilizer",
            version=__version__,
        )


def _variance(second: Floats, mean: Floats) -> Floats:
    """Return the difference, zero where it is below the rounding of its parts."""
    difference = second - mean**2
    return np.where(np.abs(difference) <= 1e-13 * mean**2, 0.0, difference)


@dataclass(frozen=True, eq=False)
class Found:
    """Estimates of some second moments and of their weighted sum; two of them add up by their samples.

    Attributes
    ----------
    samples : of each of the T targets.
    value, square_error : float64, shape ``(T,)``: estimates and squared standard errors.
    total, total_square_error : of the sum with the targets' weights.
    hits : int64, shape ``(T,)``: samples that ended Z-type.
    silent : bool, shape ``(T,)``: moments that are zero for certain.
    """

    samples: int
    value: Floats
    square_error: Floats
    total: float
    total_square_error: float
    hits: Indices
    silent: Flags

    def __add__(self, other: Found) -> Found:
        samples = self.samples + other.samples
        mine, theirs = self.samples / samples, other.samples / samples
        return Found(
            samples,
            mine * self.value + theirs * other.value,
            mine**2 * self.square_error + theirs**2 * other.square_error,
            mine * self.total + theirs * other.total,
            mine**2 * self.total_square_error + theirs**2 * other.total_square_error,
            self.hits + other.hits,
            self.silent & other.silent,
        )

    @property
    def error(self) -> Floats:
        """Standard errors of the estimates."""
        return np.sqrt(self.square_error)

    @property
    def total_error(self) -> float:
        """Standard error of the sum."""
        return float(np.sqrt(self.total_square_error))


class _Chain:
    """One landscape and patch, ready to sample."""

    def __init__(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> None:
        self.land, self.rng = land, rng
        self.cosine, self.sine_square = angle_moments(land.program, patch)
        self.seed = np.uint64(rng.integers(2**64, dtype=np.uint64))
        self.one_term = len(land.coefficients) == 1

    @cached_property
    def rows(self) -> RowList:
        return row_list(self.land.program)

    @cached_property
    def starts(self) -> Flags:
        strings, _ = terms_of(self.land.observable, self.land.n_qubits)
        starts = np.empty((len(strings), 2 * self.land.n_qubits), dtype=np.bool_)
        for row, string in enumerate(strings):
            starts[row, ::2], starts[row, 1::2] = string.to_numpy()
        return starts

    def loss_mean(self) -> float:
        g, images = self.land.program.generators, self.land.images
        return float(self.land.coefficients @ loss_means(g.x, g.z, images.x, images.z, images.sign, self.cosine))

    def derivative_means(self, rotation: Indices) -> Floats:
        """Return E[∂L/∂φ] of the given rotations, 0 for -1."""
        g, images = self.land.program.generators, self.land.images
        arguments = (g.x, g.z, g.sign, images.x, images.z, images.sign, self.land.coefficients, self.cosine)
        return np.append(derivative_means(*arguments), 0.0)[rotation]

    def sample(self, budget: Budget, chosen: Indices, streams: Indices, weights: Floats) -> Found:
        """Return the second moments: of L for -1 in ``chosen``, of ∂L/∂φ_k for k; ``weights`` are those of the sum."""
        found, block = None, 0
        while True:
            made = found.samples if found else 0
            wanted = budget.next_round(made, found.total if found else 0.0, found.total_error if found else 0.0)
            if found and (wanted <= 0 or not len(chosen)):
                return found
            run = self._one_term if self.one_term else self._pairs
            part, block = run(max(wanted, 1), block, chosen, streams, weights)
            found = found + part if found else part
            if self.one_term:
                found = self._binomial(found.hits, found.samples, found.silent, weights)

    def _count(
        self, plan: PairPlan | None, samples: int, first_block: int, per_task: int, chosen: Indices, streams: Indices
    ) -> tuple[Indices, Flags]:
        n_tasks = -(-samples // (BITS * per_task))
        hits = np.zeros((len(chosen), n_tasks, WIDTH), dtype=np.int64)
        silent = np.zeros((len(chosen), n_tasks), dtype=np.bool_)
        if plan is None:
            term, mask = np.zeros((1, WIDTH), dtype=np.int64), np.full((1, WIDTH), -1, dtype=np.int64)
            frozen = np.zeros((1, 1), dtype=np.uint64)
        else:
            padded = np.pad(np.stack([plan.term, plan.pair]), ((0, 0), (0, -len(plan.term) % WIDTH)), mode="edge")
            term, mask = padded.reshape(2, -1, WIDTH)
            frozen, first_task = plan.frozen, len(term)
            freezes: Flags = np.atleast_1d(frozen.any(axis=1))
            mask = np.where(freezes[mask], mask, -1)
            first_block = -(-first_block // first_task) * first_task
        chosen, numbers = chosen.astype(np.int64), streams.astype(np.uint64)
        rows = self.rows
        count_hits(
            rows.kind, rows.target, rows.source, rows.rotation, rows.x_rows, self.sine_square, hazards(self.sine_square),
            self.starts, term, mask, frozen, chosen, numbers, first_block, samples, per_task, self.seed, hits, silent,
        )  # fmt: skip
        return hits, np.all(silent, axis=1)

    def _one_term(self, samples: int, block: int, chosen: Indices, streams: Indices, weights: Floats) -> tuple[Found, int]:
        n_blocks = -(-samples // BITS)
        per_task = max(1, n_blocks * max(len(chosen), 1) // (TASKS_PER_THREAD * numba.get_num_threads()))
        hits, silent = self._count(None, samples, block, min(per_task, n_blocks), chosen, streams)
        return self._binomial(hits.sum(axis=(1, 2)), samples, silent, weights), block + n_blocks

    def _binomial(self, hits: Indices, samples: int, silent: Flags, weights: Floats) -> Found:
        scale = self.land.coefficients[0] ** 2
        rate, shrunk = hits / samples, (hits + 0.5) / (samples + 1)
        # One half added to hits and misses keeps the error of "none" and of "all" from being zero.
        edge = (hits == 0) | (hits == samples)
        square_error = np.where(edge, shrunk * (1 - shrunk), rate * (1 - rate)) / samples * scale**2
        square_error[silent] = 0.0
        value = rate * scale
        spread = rate * (1 - rate) / samples * scale**2 if hits.any() else square_error
        return Found(samples, value, square_error, float(weights @ value), float(weights**2 @ spread), hits, silent)

    def _pairs(self, samples: int, block: int, chosen: Indices, streams: Indices, weights: Floats) -> tuple[Found, int]:
        n_words = min(-(-samples // WORD), max(64, MOST_COUNTS // max(len(chosen), 1)))
        g, images = self.land.program.generators, self.land.images
        plan = plan_pairs(g, images, self.land.coefficients, self.cosine, n_words, self.rng)
        n_words = len(plan.term)
        if n_words == 0:
            nothing = np.zeros(len(chosen))
            return Found(
                samples, nothing, nothing, 0.0, 0.0, nothing.astype(np.int64), np.ones(len(chosen), np.bool_)
            ), block
        n_blocks = -(-n_words // WIDTH)
        hits, silent = self._count(plan, n_words * WORD, block, 1, chosen, streams)
        by_word = hits.reshape(len(chosen), -1)[:, :n_words]
        weight = np.where(_is_frozen(plan, chosen), 0.0, plan.weight)
        value = (weight * by_word).sum(axis=1) / WORD
        if plan.drawn:
            each = weight * (by_word / WORD) * n_words
            square_error = each.var(axis=1, ddof=1) / n_words
            total_square_error = float((weights @ each).var(ddof=1)) / n_words
        else:
            square_error = _stratified(plan, weight, by_word)
            total_square_error = float(weights**2 @ square_error)
        total = float(weights @ value)
        found = Found(n_words * WORD, value, square_error, total, total_square_error, by_word.sum(axis=1), silent)
        return found, (-(-block // n_blocks) + 1) * n_blocks


def _is_frozen(plan: PairPlan, chosen: Indices) -> Flags:
    """Return whether a derivative lies in J of a word's pair: bool, shape ``(len(chosen), n_words)``."""
    bits = plan.frozen[:, chosen >> 6].T >> (chosen & 63).astype(np.uint64)[:, None] & np.uint64(1)
    inside: Flags = np.logical_and(bits, (chosen >= 0)[:, None])
    return inside[:, plan.pair]


def _stratified(plan: PairPlan, weight: Floats, by_word: Indices) -> Floats:
    """Return the squared error of a sum over all pairs, each a binomial estimate of its own."""
    starts = np.flatnonzero(np.diff(plan.pair, prepend=-1))
    trials = WORD * np.bincount(plan.pair)
    hits = np.add.reduceat(by_word, starts, axis=1)
    full = weight[:, starts] * np.bincount(plan.pair)
    rate = (hits + 0.5) / (trials + 1)
    return (full**2 * rate * (1 - rate) / trials).sum(axis=1)
