"""Second moments from sets of few flips, exactly: no flip at all by matrix products, one and more by enumeration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.chains.bits import packed
from nearclifford.chains.classes import RotationMoments, TermClasses
from nearclifford.kernels.chain.few_flips import find_sets
from nearclifford.kernels.chain.flip_sets import Draws, FlipSets, Logs, Wanted
from nearclifford.kernels.chain.set_sums import weigh_sets
from nearclifford.memory import require_memory

# Columns of the anticommutation table that are numbers at one time.
CHUNK = 4096
# Sums of a task are made in order, so that their number, and not that of threads, decides the rounding.
TASKS = 16
# No chances of sets of their own, and no words that are compared.
NONE = np.zeros(0)
NO_SETS = FlipSets(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True, eq=False)
class Question:
    """Which second moments are wanted, and the classes and moments that they are made of.

    Attributes
    ----------
    classes, moments : of the problem and the patch.
    rotations : int64: the derivatives that are wanted, none for the loss alone.
    factor_square : float64, shape ``(n,)``: weights of the derivatives by rotation in their sum, 0 where none is wanted.
    """

    classes: TermClasses
    moments: RotationMoments
    rotations: Indices
    factor_square: Floats

    @property
    def wanted(self) -> Wanted:
        """The derivatives, as the kernels take them."""
        chosen = np.zeros(len(self.factor_square), dtype=np.bool_)
        chosen[self.rotations] = True
        logs = self.moments.logs
        return Wanted(packed(chosen), bool(chosen.any()), np.exp(logs.flip - logs.stay), self.factor_square)

    def weigh(self, sets: FlipSets, logs: Logs, mass: float, drawn: Floats = NONE, pairs: Floats = NONE) -> Floats:
        """Return what `weigh_sets` adds up over the words of sets, shape ``(4, n + 4)``."""
        added, classes = np.zeros((TASKS, 4, len(self.factor_square) + 4)), self.classes
        draws = Draws(mass, drawn, pairs, _tasks(sets.word))
        weigh_sets(classes.columns, classes.tables, classes.channels, logs, self.wanted, sets, draws, added)
        return np.stack([added[:, i].max(axis=0) if i == 2 else added[:, i].sum(axis=0) for i in range(4)])


@dataclass(frozen=True, eq=False)
class ExactPart:
    """What sets of few flips add to variances.

    Attributes
    ----------
    value : float64, shape ``(n + 2,)``: of the n derivatives by rotation where they are wanted, of the loss, and of the sum
        of the derivatives by their weights.
    alike : what terms of one class add to what they are apart, the largest of the sums over sets of one size; None where no
        set was found that flips.
    last, last_apart : the sets of the most flips, and what the terms apart add to the loss there, Σ c² w, if there were no
        noise.
    kept : the largest part of what terms add apart that noise leaves, of the sums over sets of one size; 1 without noise.
    """

    value: Floats
    alike: float | None
    last: FlipSets
    last_apart: float
    kept: float


def exact_part(question: Question, order: int) -> ExactPart:
    """Return what sets of fewer than ``order`` flips add."""
    value, sets, apart = unflipped(question), NO_SETS, 0.0
    ratios, kept = [], [part_kept(question.classes)]
    for size in range(1, order):
        sets = flip_sets(question.classes, size)
        added = question.weigh(sets, question.moments.logs, 0.0)[0]
        value, damped, apart = value + added[:-2], float(added[-2]), float(added[-1])
        ratios += [float(added[-4] / damped)] if damped > 0 else []
        kept += [damped / apart] if apart > 0 else []
    return ExactPart(value, max(ratios, default=None), sets, apart, max(kept))


def part_kept(classes: TermClasses) -> float:
    """Return what noise leaves of the squares of Z-type terms that flip nowhere, at most 1; 1 if there are none."""
    terms = classes.mean_class
    return float((classes.kept(terms) ** 2).max()) if len(terms) else 1.0


def unflipped(question: Question) -> Floats:
    """Return the part of no flip: terms that are Z-type from the start, each at its cosines.

    The loss has there Σ_ab α_a α_b K_ab (1 - Π_both E[cos]²/E[cos²]), α_a² the weight of the path; derivative k has
    E[sin²]/E[cos²] of the whole where both terms meet k.
    """
    classes, logs = question.classes, question.moments.logs
    n = len(question.factor_square)
    result, terms = np.zeros(n + 2), classes.mean_class
    if not len(terms):
        return result
    require_memory(24 * len(terms) ** 2, "Numbers for each pair of Z-type terms", "Take fewer terms.")
    meets = classes.tables.meets[terms]
    both, log_weight = np.zeros((len(terms), len(terms))), np.zeros(len(terms))
    for begin in range(0, n, CHUNK):
        bits = _numbers(meets, begin, n)
        part = slice(begin, begin + CHUNK)
        both += (bits * logs.distance[part]) @ bits.T
        log_weight += bits @ logs.stay[part]
    amplitude = classes.tables.amplitude[terms] * np.exp(log_weight / 2) * classes.kept(terms)
    form = np.outer(amplitude, amplitude) * _kernel_of(classes, terms)
    result[n] = -(form * np.expm1(-both)).sum()
    if len(question.rotations):
        _add_derivatives(question, meets, form, result)
    return result


def _add_derivatives(question: Question, meets: Words, form: Floats, result: Floats) -> None:
    wanted, n = question.wanted, len(question.factor_square)
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[question.rotations] = True
    for begin in range(0, n, CHUNK):
        where = begin + np.flatnonzero(chosen[begin : begin + CHUNK])
        if len(where):
            bits = np.ascontiguousarray(_numbers(meets, begin, n)[:, where - begin])
            result[where] = wanted.share[where] * np.maximum(((form @ bits) * bits).sum(axis=0), 0.0)
    result[n + 1] = result[:n] @ question.factor_square


def flip_sets(classes: TermClasses, size: int) -> FlipSets:
    """Return all sets of ``size`` flips that end Z-type in some class, at least one."""
    n_terms = len(classes.terms)
    begin, counts = np.zeros(n_terms + 1, np.int64), np.zeros(n_terms, np.int64)
    found = np.empty((0, size), np.int32)
    searched = classes.columns, classes.tables, classes.x_table
    find_sets(*searched, size, begin, found, counts)
    begin[1:] = np.cumsum(counts)
    require_memory(int(begin[-1]) * (4 * size + 24), f"The sets of {size} flips", "Take a lower order.")
    found = np.empty((begin[-1], size), np.int32)
    find_sets(*searched, size, begin, found, counts)
    kind = np.searchsorted(classes.tables.begin, np.repeat(np.arange(n_terms), counts), side="right") - 1
    return FlipSets(np.arange(len(found) + 1) * size, found.reshape(-1), kind, np.arange(len(found)))


def sums_over(rows: Words, weight: Floats, n: int) -> Floats:
    """Return the weighted sum of rows of bits, float64, shape ``(n,)``.

    >>> sums_over(np.array([[5], [4]], np.uint64), np.array([1.0, 2.0]), 3).tolist()
    [1.0, 0.0, 3.0]
    """
    return np.concatenate([weight @ _numbers(rows, begin, n) for begin in range(0, n, CHUNK)])


def _tasks(word: Indices) -> Indices:
    """Return where each of `TASKS` tasks begins: where a word does."""
    places = np.linspace(0, len(word), TASKS + 1).astype(np.int64)
    if len(word):
        places[:-1] = np.searchsorted(word, word[np.minimum(places[:-1], len(word) - 1)])
    return places


def _numbers(meets: Words, begin: int, n: int) -> Floats:
    """Return columns ``begin`` to ``begin + CHUNK`` of rows of bits as numbers 0 and 1."""
    words = np.ascontiguousarray(meets[:, begin >> 6 : (begin + CHUNK) >> 6])
    count = min(CHUNK, n - begin)
    return np.unpackbits(words.view(np.uint8), axis=1, count=count, bitorder="little").astype(np.float64)


def _kernel_of(classes: TermClasses, terms: Indices) -> Floats:
    tables, size = classes.tables, len(terms)
    place = tables.place[np.searchsorted(tables.begin, terms[0], side="right") - 1]
    return tables.kernel[place : place + size**2].reshape(size, size)
