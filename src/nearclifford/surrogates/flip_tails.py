"""What chains tell of E[L²] beyond every number of flips: the numbers behind an error curve."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.chains.damped import damped_flips
from nearclifford.chains.drawn_tails import DrawnTail
from nearclifford.chains.few_flips import sums_over
from nearclifford.chains.sampler import TASKS_PER_THREAD, ChainSampler
from nearclifford.chains.tails import ChainTail
from nearclifford.chains.term_pairs import WORD, PairPlan, plan_pairs
from nearclifford.intervals import square_error_of_mean, unseen_rate
from nearclifford.kernels.chain.flip_sets import FlipSets
from nearclifford.kernels.chain.words import WIDTH
from nearclifford.memory import require_memory
from nearclifford.surrogates.exact_order import FewFlips


@dataclass(frozen=True, eq=False)
class FlipTails:
    """What is known of paths with 0, 1, ... flips or more; arrays of shape ``(n_columns,)``.

    Attributes
    ----------
    exact : what enumerated sets add.
    gains, losses, error, hits : what chains saw of the others, see `nearclifford.ErrorCurve`.
    probability, hit_size : what part of all chains they stand for, and what one hit adds at most.
    trials, samples : of how many chains ``hits`` is a binomial count, None for none; how many there were.
    """

    exact: Floats
    gains: Floats
    losses: Floats
    error: Floats
    hits: Indices
    probability: float
    hit_size: float
    trials: int | None
    samples: int


def flip_tails(sampler: ChainSampler, few: FewFlips | None, samples: int, n_columns: int) -> FlipTails:
    """Return the tails from about so many chains.

    Raises `ResourceError` for counts of flips, by order and word of chains, that do not fit the memory.
    """
    _check_memory(sampler, samples, n_columns)
    if few is None:
        one_term = _noisy_term if sampler.noisy else _one_term
        return one_term(sampler, samples, n_columns) if sampler.one_term else _pairs(sampler, samples, n_columns)
    exact = np.pad(np.cumsum(few.parts[::-1])[::-1], (0, n_columns))[:n_columns]
    if few.probability == 0.0:
        none = np.zeros(n_columns)
        trials = samples if sampler.one_term else None
        return FlipTails(exact, none, none, none, none.astype(np.int64), 0.0, 0.0, trials, samples)
    if sampler.one_term and not sampler.noisy:
        return _rest_of_one_term(sampler, few, exact, samples)
    return _rest_of_terms(few, exact, samples)


def _check_memory(sampler: ChainSampler, samples: int, n_columns: int) -> None:
    words = WIDTH * TASKS_PER_THREAD * numba.get_num_threads() * 2 if sampler.one_term else samples // WORD + 1
    # counts, their tails, and what these are weighted with
    what = f"An error curve of {samples} samples up to order {n_columns - 1}"
    require_memory(32 * words * n_columns, what, "Ask for lower orders, or fewer samples.")


def _tails(histogram: Indices) -> Indices:
    """Return how many flipped at least so often."""
    return np.cumsum(histogram[:, ::-1], axis=1)[:, ::-1]


def _binomial(scale: float, hits: Indices, samples: int) -> Floats:
    """Return the standard errors of ``scale`` times rates."""
    rate, shrunk = hits / samples, (hits + 0.5) / (samples + 1)
    edge = (hits == 0) | (hits == samples)
    error: Floats = scale * np.sqrt(np.where(edge, shrunk * (1 - shrunk), rate * (1 - rate)) / samples)
    return error


def _one_term(sampler: ChainSampler, samples: int, n_columns: int) -> FlipTails:
    bound = float(np.abs(sampler.land.problem.coefficients).sum()) ** 2
    hits, none = _tails(sampler.flip_counts(None, samples, 0, n_columns))[0], np.zeros(n_columns)
    error = _binomial(bound, hits, samples)
    return FlipTails(none, bound * (hits / samples), none, error, hits, 1.0, bound / samples, samples, samples)


def _noisy_term(sampler: ChainSampler, samples: int, n_columns: int) -> FlipTails:
    """Return the tails of one term with noise: chains that count weigh what their paths have kept."""
    bound = float(np.abs(sampler.land.problem.coefficients).sum()) ** 2
    hits, weight, square = np.cumsum(damped_flips(sampler, samples, n_columns)[::-1], axis=0)[::-1].T
    mean, none = weight / samples, np.zeros(n_columns)
    spread = np.maximum(square / samples - mean**2, 0.0) / samples
    error = bound * np.sqrt(spread + np.where(hits == 0, unseen_rate(samples), 0.0) ** 2)
    return FlipTails(none, bound * mean, none, error, hits.astype(np.int64), 1.0, bound / samples, None, samples)


def _rest_of_one_term(sampler: ChainSampler, few: FewFlips, exact: Floats, samples: int) -> FlipTails:
    tail, order, n_columns = few.tail, few.order, len(exact)
    chains = ChainTail(tail.rows, tail.chance, tail.starts, tail.members, order, tail.seed)
    hits = _tails(chains.flip_counts(samples, max(n_columns, order + 1))[None])[0]
    # the others were enumerated
    hits = hits[np.maximum(np.arange(n_columns), order)]
    scale, none = tail.mass, np.zeros(n_columns)
    error = _binomial(scale, hits, samples)
    return FlipTails(exact, scale * (hits / samples), none, error, hits, few.probability, scale / samples, samples, samples)


def _rest_of_terms(few: FewFlips, exact: Floats, samples: int) -> FlipTails:
    tail, n_words = few.tail, -(-samples // WORD)
    sets, n_columns, loss = tail.sets(n_words, 0), len(exact), len(tail.chance)
    gains, error, hits = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_columns, dtype=np.int64)
    size = np.diff(sets.begin)
    for column in range(n_columns):
        if few.order < column or column == 0:
            some = _take(sets, np.flatnonzero(size >= column))
            found = tail.weigh(some, n_words)
            gains[column], hits[column] = found.value[loss], len(np.unique(some.word))
            error[column] = found.spread[loss] ** 0.5
        else:  # of sets of few flips none was sampled
            gains[column], hits[column], error[column] = gains[column - 1], hits[column - 1], error[column - 1]
    hit_size = tail.mass * _most_admitted(tail) / (n_words * WORD)
    # where words are fewer than terms their chains are not independent
    hit_size *= 1 if n_words >= len(tail.heads) else WORD
    unseen = float(unseen_rate(n_words * WORD)) * tail.mass * max(few.alike, 1.0) * few.kept
    error, none = np.where(hits == 0, unseen, error), np.zeros(n_columns)
    return FlipTails(exact, gains, none, error, hits, few.probability, hit_size, None, n_words * WORD)


def _take(sets: FlipSets, where: Indices) -> FlipSets:
    size = np.diff(sets.begin)[where]
    begin = np.append(0, np.cumsum(size))
    flips = sets.flips[np.repeat(sets.begin[where] - begin[:-1], size) + np.arange(begin[-1])]
    return FlipSets(begin, flips, sets.kind[where], sets.word[where])


def _most_admitted(tail: DrawnTail) -> float:
    """Return how many terms of a class can share a first flip: what a hit is worth at most, in units of ``mass``.

    That is by the inequality of Cauchy, since no entry of the kernel is above 1.
    """
    tables, n = tail.question.classes.tables, len(tail.chance)
    classes = zip(tables.begin[:-1], tables.begin[1:], strict=True)
    return max(float(sums_over(tables.meets[a:b], np.ones(b - a), n).max(initial=1.0)) for a, b in classes)


def _pairs(sampler: ChainSampler, samples: int, n_columns: int) -> FlipTails:
    land, n_words = sampler.land, -(-samples // WORD)
    rng = np.random.default_rng(int(sampler.seed))
    plan = plan_pairs(land.problem, sampler.cosine, n_words, rng)
    zero = np.zeros(n_columns)
    if not len(plan.term):
        return FlipTails(zero, zero, zero, zero, zero.astype(np.int64), 1.0, 0.0, None, n_words * WORD)
    hits = _tails(sampler.flip_counts(plan, len(plan.term) * WORD, 0, n_columns))
    each = plan.weight[:, None] * hits / WORD
    gains, losses = (np.maximum(sign * each, 0.0).sum(axis=0) for sign in (1.0, -1.0))
    # of a pair that was drawn at random the chains of a word are not independent
    hit_size = float(np.abs(plan.weight).max()) / (1 if plan.draws else WORD)
    made = max(n_words, len(plan.term)) * WORD
    error = np.sqrt(_square_error(plan, each, hits))
    return FlipTails(zero, gains, losses, error, (hits > 0).sum(axis=0), 1.0, hit_size, None, made)


def _square_error(plan: PairPlan, each: Floats, hits: Indices) -> Floats:
    if plan.draws:
        return square_error_of_mean((each * plan.draws).T, plan.draws)
    begins = np.flatnonzero(np.diff(plan.pair, prepend=-1))
    words = np.bincount(plan.pair)[:, None]
    rate = (np.add.reduceat(hits, begins, axis=0) + 0.5) / (WORD * words + 1)
    return ((plan.weight[begins][:, None] * words) ** 2 * rate * (1 - rate) / (WORD * words)).sum(axis=0)
