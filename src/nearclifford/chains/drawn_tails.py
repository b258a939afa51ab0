"""What sets of many flips add to second moments, sampled: chains whose coins show so many heads at least.

A term a is drawn in proportion to ``c_a² Pr[as many heads]`` and its chain run; where it ends Z-type, all terms of the class
that admit its flips count, divided by the chance that any of them is drawn (docs/theory.md, "Averages over a patch").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Floats, Indices, Words
from nearclifford.chains.classes import TermClasses
from nearclifford.chains.few_flips import Question
from nearclifford.chains.tails import ChainTail, PathSample
from nearclifford.intervals import unseen_rate
from nearclifford.kernels.chain.flip_sets import FlipSets
from nearclifford.kernels.chain.head_chances import chances_of_heads
from nearclifford.kernels.chain.rows import Rows

WORD = 64
# The spread is that of words, of which there must be some.
LEAST_WORDS = 256
# So many hits of one size tell their own spread.
MANY = 64


@dataclass(frozen=True, eq=False)
class Unseen:
    """What may hide where there was no hit, or none of the largest: float64, shape ``(n + 2,)``.

    Attributes
    ----------
    one_hit, most : what one hit may add, and what all sets may be.
    known : hits of this size are known of, so that smaller ones do not tell of them; 0 for none.
    """

    one_hit: Floats
    most: Floats
    known: Floats


@dataclass(frozen=True, eq=False)
class TailSums:
    """What sampled chains add to some second moments; two of them add up.

    Attributes
    ----------
    words : of 64 samples each.
    sums, squares, largest, apart : float64, shape ``(n + 2,)``: of the words, see `weigh_sets`; ``apart`` estimates the
        variance of the sums from words that follow each other (`weights_of_pairs`).
    hits : chains that ended Z-type with as many flips.
    """

    words: int
    sums: Floats
    squares: Floats
    largest: Floats
    apart: Floats
    hits: int

    def __add__(self, other: TailSums) -> TailSums:
        largest = np.maximum(self.largest, other.largest)
        sums, squares = self.sums + other.sums, self.squares + other.squares
        return TailSums(self.words + other.words, sums, squares, largest, self.apart + other.apart, self.hits + other.hits)

    @property
    def samples(self) -> int:
        """Number of chains."""
        return self.words * WORD

    @property
    def value(self) -> Floats:
        """Estimates."""
        return self.sums / self.samples

    @property
    def spread(self) -> Floats:
        """Squared standard errors, as far as the words that were hit tell.

        Words are drawn systematically, term after term: they spread about those of their own term, not about all.
        """
        return np.maximum(self.apart, 0.0) / self.samples**2

    def error(self, unseen: Unseen) -> Floats:
        """Standard errors."""
        error: Floats = np.sqrt(self.spread + self.hidden(unseen) ** 2)
        return error

    def hidden(self, unseen: Unseen) -> Floats:
        """Return what errors hold for hits that were not seen: an estimate by the largest hits that are known, no bound.

        Few hits tell little of their spread: one more may come of each moment, as large as the largest that was seen of any.
        Of a moment that was never hit, or by none as large as is known of, that is at the rate which shows nothing with
        probability 0.16.
        """
        alike = np.divide(self.sums**2, self.squares, out=np.zeros_like(self.sums), where=self.squares > 0)
        never = (alike == 0) | (self.largest < unseen.known)
        rate = np.where(never, unseen_rate(self.samples), 1.0 / self.samples)
        one_more = np.minimum(rate * np.maximum(self._one_more(unseen), unseen.known), unseen.most)
        return np.where(never | (alike < MANY), one_more, 0.0)

    def _one_more(self, unseen: Unseen) -> Floats:
        """Return what one more hit may add."""
        # A word of many hits is no rare hit.
        largest = self.largest / max(1.0, self.hits / self.words)
        derivatives = unseen.one_hit[:-2]
        share = np.divide(largest[:-2], derivatives, out=np.zeros_like(derivatives), where=derivatives > 0)
        alike = np.append(derivatives * share.max(initial=0.0), largest[-2:])
        return np.where(alike > 0, alike, unseen.one_hit)


@dataclass(frozen=True, eq=False)
class DrawnTail:
    """Chains of the terms of a question, of whose coins at least ``order`` are heads.

    Attributes
    ----------
    question : the second moments that are wanted.
    rows, starts, members : the circuit, the rows that each term sets, the rotations that each can meet; terms as in the
        classes.
    chance : float64, shape ``(n,)``: of a head. Any chances give unbiased sums; E[sin²] makes hits alike.
    heads : float64, shape ``(T, order + 1)``: Pr[at least r heads] of each term.
    order, seed : how many heads there are at least, and the seed of the random streams.
    """

    question: Question
    rows: Rows
    starts: Flags
    members: Words
    chance: Floats
    heads: Floats
    order: int
    seed: np.uint64
    name = "chains"

    @property
    def size(self) -> Floats:
        """c² Pr[at least ``order`` heads] of each term."""
        size: Floats = self.question.classes.tables.amplitude**2 * self.heads[:, self.order]
        return size

    @property
    def mass(self) -> float:
        """Their sum."""
        return float(self.size.sum())

    @property
    def probability(self) -> float:
        """The chance of as many heads, over the terms by their c²."""
        return self.mass / float((self.question.classes.tables.amplitude**2).sum())

    def run(self, samples: int, first_block: int) -> TailSums:
        """Return the sums of so many more samples, or `LEAST_WORDS` words at least; blocks begin with ``first_block``."""
        n_words, mass = words_of(samples), self.mass
        if mass == 0.0:
            nothing = np.zeros(len(self.chance) + 2)
            return TailSums(n_words, nothing, nothing, nothing, nothing, 0)
        return self.weigh(self.sets(n_words, first_block), n_words, first_block)

    def sets(self, n_words: int, first_block: int) -> FlipSets:
        """Return the sets of flips of so many words of samples that count, with as many flips; ``mass`` is above 0."""
        start = self._starts(n_words, first_block)
        chains = ChainTail(self.rows, self.chance, self.starts, self.members, self.order, self.seed)
        return _many_flips(chains.paths(start, n_words * WORD, first_block), self.question.classes, start, self.order)

    def weigh(self, sets: FlipSets, n_words: int, first_block: int = 0) -> TailSums:
        """Return the sums of some of the sets of so many words from block ``first_block`` on."""
        logs, pairs = self.question.moments.drawn_with(self.chance), weights_of_pairs(self._starts(n_words, first_block))
        sums, squares, largest, apart = self.question.weigh(sets, logs, self.mass, pairs=pairs)[:, :-2]
        return TailSums(n_words, sums, squares, largest, apart, len(sets.kind))

    def _starts(self, n_words: int, first_block: int) -> Indices:
        return systematic(self.size, n_words, self.seed, first_block)


def words_of(samples: int) -> int:
    """Return how many words of samples there are at least.

    >>> words_of(20_000), words_of(1)
    (313, 256)
    """
    return max(-(-samples // WORD), LEAST_WORDS)


def systematic(size: Floats, n_words: int, seed: np.uint64, first_block: int) -> Indices:
    """Return the term of each word, by systematic sampling: each about as often as its size among all of them.

    >>> systematic(np.array([0.5, 0.0, 0.5]), 4, np.uint64(1), 0).tolist()
    [0, 0, 2, 2]
    """
    offset = np.random.default_rng([int(seed), first_block]).random()
    share = np.cumsum(size) / float(size.sum())
    places = np.searchsorted(share, (np.arange(n_words) + offset) / n_words, side="right")
    return np.minimum(places, np.flatnonzero(size)[-1])


def weights_of_pairs(start: Indices) -> Floats:
    """Return weights that make the squared differences of words from the ones before the variance of their sum.

    Words of one term, of which there are n in a row, spread about their mean: each of their n - 1 differences stands for
    n / (2 (n - 1)). The only word of a term is compared with its neighbour. Between two terms chance decides on one word,
    with a variance of 1/4 at most.

    >>> weights_of_pairs(np.array([0, 0, 2, 2, 3])).tolist()        # the first and the last are 0
    [0.0, 1.0, 0.25, 1.0, 0.5, 0.0]
    """
    new = np.append(True, np.diff(start) != 0)
    count = np.bincount(np.cumsum(new) - 1)
    of_word = np.repeat(count, count)
    weights = np.zeros(len(start) + 1)
    weights[:-1] = np.where(new, np.where(of_word == 1, 0.5, 0.25), 0.5 * of_word / np.maximum(of_word - 1, 1))
    if of_word[0] == 1:
        weights[1] += 0.5
    weights[[0, -1]] = 0.0
    return weights


def heads_of(members: Words, chance: Floats, most: int) -> Floats:
    """Return Pr[at least r heads], r up to ``most``, of the coins of each term: float64, shape ``(T, most + 1)``."""
    result = np.empty((len(members), most + 1))
    chances_of_heads(members, chance, result)
    return result


def tilted(sine_square: Floats, rotations: Indices) -> Floats:
    """Return chances of heads that serve the derivatives by some rotations, shape ``(n,)``.

    Paths of derivative k flip at k with the weight E[cos²]; among K derivatives each is one in K.
    """
    chance = sine_square.copy()
    if len(rotations):
        chance[rotations] += (1.0 - 2.0 * sine_square[rotations]) / len(rotations)
    return chance


def _many_flips(paths: PathSample, classes: TermClasses, start: Indices, order: int) -> FlipSets:
    """Return the paths that flip as often as the coins fell at least; the others were enumerated."""
    kept = np.flatnonzero(np.diff(paths.begin) >= order)
    sizes = np.diff(paths.begin)[kept]
    begin = np.append(0, np.cumsum(sizes))
    flips: npt.NDArray[np.int32] = paths.flips[np.repeat(paths.begin[kept] - begin[:-1], sizes) + np.arange(begin[-1])]
    word = paths.sample[kept] // WORD
    kind = np.searchsorted(classes.tables.begin, start[word], side="right") - 1
    return FlipSets(begin, flips, kind, word)
