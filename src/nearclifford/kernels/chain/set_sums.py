"""Sums over many sets of flips, word of samples after word: what they are to second moments, and how words spread.

Cost: see `nearclifford.kernels.chain.flip_sets`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.chain.flip_sets import change_of, new_scratch, weigh_set
from nearclifford.kernels.parallel import parallel_kernel


@njit(cache=True)
def _end_word(current, previous, pair, next_pair, added):
    """Add the sums of a word, their squares, and differences from the word before; keep the largest; clear the word.

    ``pair`` and ``next_pair`` weigh the squared differences from the word before and from the next, of which the parts that
    this word has a share in are added: a word without sets is all zero, and never ends.
    """
    for k in range(len(current)):
        value = current[k]
        if value != 0.0:
            added[0, k] += value
            added[1, k] += value * value
            added[2, k] = max(added[2, k], value)
            added[3, k] += value * ((pair + next_pair) * value - 2.0 * pair * previous[k])
        previous[k] = value
        current[k] = 0.0


@njit(cache=True)
def _weigh_word(question, sets, s, draws, scratch, current):
    """Add up the sets of the word that begins with set s; return where the next word begins."""
    columns, channels = question[0], question[2]
    word = sets.word[s]
    while s < len(sets.word) and sets.word[s] == word:
        flips = sets.flips[sets.begin[s] : sets.begin[s + 1]]
        change_of(columns, channels, flips, scratch)
        drawn = draws.mass, draws.chance[s] if len(draws.chance) else 0.0
        weigh_set(question, sets.kind[s], flips, drawn, scratch, current)
        s += 1
    return s


@njit(cache=True)
def _add_factors(factor_square, sums):
    """Write the weighted sum of the derivatives behind the loss."""
    n = len(factor_square)
    sums[n + 1] = 0.0
    for k in range(n):
        sums[n + 1] += factor_square[k] * sums[k]


@njit(cache=True)
def _weigh_task(question, sets, draws, ends, added):
    _, classes, channels, logs, wanted = question
    begin, end, pairs = ends[0], ends[1], draws.pairs
    n, n_channel_words = len(logs.stay), channels.met.shape[2]
    scratch = new_scratch(np.max(np.diff(classes.begin)), classes.meets.shape[1], n_channel_words)
    current, previous, s = np.zeros(n + 4), np.zeros(n + 4), begin
    if len(pairs) and 0 < begin < end:  # the word before belongs to another task
        s -= 1
        while s > 0 and sets.word[s - 1] == sets.word[s]:
            s -= 1
        s = _weigh_word(question, sets, s, draws, scratch, previous)
        _add_factors(wanted.factor_square, previous)
    while s < end:
        word = sets.word[s]
        if s == 0 or sets.word[s - 1] != word - 1:
            previous[:] = 0.0
        s = _weigh_word(question, sets, s, draws, scratch, current)
        _add_factors(wanted.factor_square, current)
        pair, next_pair = (pairs[word], pairs[word + 1]) if len(pairs) else (0.0, 0.0)
        _end_word(current, previous, pair, next_pair, added)


@parallel_kernel
def weigh_sets(columns, classes, channels, logs, wanted, sets, draws, added):
    """Add up what sets of flips are to derivatives, loss and weighted sum of the derivatives.

    Parameters
    ----------
    columns, classes, logs, wanted, sets, draws : `Columns`, `Classes`, `Logs`, `Wanted`, `FlipSets`, `Draws`.
    channels : `ChannelRows`; of no channels without noise.
    added : float64, shape ``(n_tasks, 4, n + 4)``, zero before: Σ, Σ of squares and largest of the words, and the weighted
        sum of the squared differences of words that follow each other; columns for the n derivatives, the loss, the sum of
        the derivatives by ``wanted.factor_square``, the loss without what terms have in common, and that without noise.
    """
    for task in prange(len(draws.tasks) - 1):
        question = columns, classes, channels, logs, wanted
        _weigh_task(question, sets, draws, draws.tasks[task : task + 2], added[task])
