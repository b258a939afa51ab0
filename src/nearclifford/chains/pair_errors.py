"""Errors of sums over pairs of terms: pairs that were drawn are the samples, all the pairs are strata."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.chains.term_pairs import WORD, PairPlan
from nearclifford.intervals import square_error_of_mean, unseen_rate


def drawn(plan: PairPlan, each: Floats, weights: Floats) -> tuple[Floats, Floats, float]:
    """Return (spread, edge, spread of the weighted sum) of means over drawn pairs; ``each`` : shape ``(targets, n_words)``.

    A word of samples is one draw, whatever it holds: chains of a pair that was not drawn have not been run.
    """
    listed = np.pad(each, ((0, 0), (0, int(each.shape[1] < plan.draws))))
    alike = np.ptp(listed, axis=1) == 0
    spread = np.where(alike, 0.0, square_error_of_mean(each, plan.draws))
    edge = np.where(alike, (unseen_rate(plan.draws) * plan.size) ** 2, 0.0)
    return spread, edge, float(square_error_of_mean(weights @ each, plan.draws))


def stratified(plan: PairPlan, weight: Floats, by_word: Indices) -> tuple[Floats, Floats]:
    """Return (spread, edge) of a sum over all pairs, each a binomial estimate of its own."""
    starts = np.flatnonzero(np.diff(plan.pair, prepend=-1))
    trials = WORD * np.bincount(plan.pair)
    rate = np.add.reduceat(by_word, starts, axis=1) / trials
    full = weight[:, starts] * np.bincount(plan.pair)
    edge = np.where((rate == 0) | (rate == 1), (full * unseen_rate(trials)) ** 2, 0.0)
    return (full**2 * rate * (1 - rate) / trials).sum(axis=1), edge.max(axis=1, initial=0.0)
