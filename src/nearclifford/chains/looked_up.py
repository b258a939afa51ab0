"""What sets of many flips add to second moments where chains are hardly ever hit: all flips but the last are drawn.

The last is looked up, so that every sample sees all rotations that could end its path Z-type (docs/theory.md, "Averages over
a patch"). Of all sets of at least ``order`` flips none is left out, and none is favoured: the sums are unbiased.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.chains.drawn_tails import TailSums, systematic, weights_of_pairs, words_of
from nearclifford.chains.few_flips import NONE, Question
from nearclifford.kernels.chain.bit_rows import rows_of_generators
from nearclifford.kernels.chain.flip_sets import FlipSets
from nearclifford.kernels.chain.last_flips import Drawing, Found, chances_to_draw, find_last_flips, sums_of_rows
from nearclifford.kernels.chain.words import WIDTH
from nearclifford.memory import require_memory


@dataclass(frozen=True, eq=False)
class LookedUpTail:
    """Paths of ``order`` flips or more of a question, whose last flip is looked up.

    Attributes
    ----------
    question : the second moments that are wanted.
    size : float64, shape ``(T,)``: what sets of as many flips may be for each term; half of the samples are drawn in
        proportion to it, and the others alike for all terms where it is not 0.
    order, seed : how many flips there are at least, 1 or more, and the seed of the random streams.
    """

    question: Question
    size: Floats
    order: int
    seed: np.uint64
    name = "last flips looked up"

    @cached_property
    def rows(self) -> Words:
        """The earlier rotations that anticommute with each."""
        n, n_words = len(self.chance), self.question.classes.tables.meets.shape[1]
        require_memory(8 * n * n_words, "Anticommutation of all pairs of rotations", "Take fewer parameters.")
        rows = np.zeros((n, n_words), np.uint64)
        rows_of_generators(self.question.classes.columns, rows)
        return rows

    @cached_property
    def chance(self) -> Floats:
        """What flips are drawn in proportion to, shape ``(n,)``; any chances above 0 give unbiased sums.

        They are E[sin²], and as much as all that a term meets at first for the rotations of derivatives together, whose sets
        count by E[cos²] there. More would leave nothing to the others.
        """
        chance = self.question.moments.sine_square.copy()
        chosen = self.question.rotations
        if len(chosen):
            chance[chosen] += self._sums_of(chance).max(initial=0.0) / len(chosen)
        return chance

    @cached_property
    def first_chances(self) -> Floats:
        """The sum of the chances of the rotations that each term meets at first."""
        return self._sums_of(self.chance)

    def _sums_of(self, chance: Floats) -> Floats:
        meets = self.question.classes.tables.meets
        sums = np.zeros(len(meets))
        sums_of_rows(meets, chance, sums)
        return sums

    @property
    def share(self) -> Floats:
        """With what chance each term is drawn; ``size`` is not all zero. Small terms may have sets where large have none."""
        possible = self.size > 0.0
        return (self.size / self.size.sum() + possible / possible.sum()) / 2

    def run(self, samples: int, first_block: int) -> TailSums:
        """Return the sums of so many more samples, or 256 words at least; blocks begin with ``first_block``."""
        n_words = words_of(samples)
        if not self.size.any():
            nothing = np.zeros(len(self.chance) + 2)
            return TailSums(n_words, nothing, nothing, nothing, nothing, 0)
        starts = systematic(self.share, n_words, self.seed, first_block)
        sets = self.sets(starts, first_block)
        sums, squares, largest, apart = self._weighed(sets, self.order, weights_of_pairs(starts))[:, :-2]
        return TailSums(n_words, sums, squares, largest, apart, len(sets.kind))

    def sets(self, starts: Indices, first_block: int) -> FlipSets:
        """Return the sets that words of samples find, of the terms ``starts``."""
        classes, n_words = self.question.classes, len(starts)
        searched = classes.tables, classes.x_table, self._drawing(self.order), starts, WIDTH * first_block
        begin, counts = np.zeros((n_words + 1, 2), np.int64), np.zeros((n_words, 2), np.int64)
        found = Found(np.empty(0, np.int64), np.empty(0, np.int32))
        find_last_flips(*searched, begin, found, counts)
        begin[1:] = np.cumsum(counts, axis=0)
        n_sets, n_flips = begin[-1].tolist()
        require_memory(24 * n_sets + 4 * n_flips, "The sets of flips that samples found", "Take fewer samples.")
        found = Found(np.empty(n_sets, np.int64), np.empty(n_flips, np.int32))
        if n_sets:
            find_last_flips(*searched, begin, found, counts)
        word = np.repeat(np.arange(n_words), counts[:, 0])
        kind = np.searchsorted(classes.tables.begin, starts[word], side="right") - 1
        return FlipSets(np.append(0, np.cumsum(found.sizes)), found.flips, kind, word)

    def largest_hit(self, sets: FlipSets) -> Floats:
        """Return what the largest hit would be if a few sets, which are all of ``order - 1`` flips, had one flip more.

        Shape ``(n + 2,)``, in the columns of the sums. A hit is what one sample finds: all sets of a class that differ in
        the last flip. One flip more is one choice more, which divides the chance of a hit by what there is to choose from.
        """
        if not len(sets.kind) or self.order < 2 or not self.size.any():
            return np.zeros(len(self.chance) + 2)
        flips = sets.flips.reshape(-1, self.order - 1)
        before = np.column_stack([sets.kind, flips[:, :-1]])
        _, hit = np.unique(before, axis=0, return_inverse=True)
        by_hit = np.argsort(hit.reshape(-1), kind="stable")
        some = FlipSets(sets.begin, flips[by_hit].reshape(-1), sets.kind[by_hit], hit.reshape(-1)[by_hit])
        largest: Floats = self._weighed(some, self.order - 1)[2, :-2] * self.first_chances.max(initial=0.0)
        return largest

    def _weighed(self, sets: FlipSets, least: int, pairs: Floats = NONE) -> Floats:
        chances = np.empty(len(sets.kind))
        chances_to_draw(self.question.classes.tables, self._drawing(least), self.share, sets, chances)
        return self.question.weigh(sets, self.question.moments.logs, 1.0, chances, pairs)

    def _drawing(self, least: int) -> Drawing:
        return Drawing(least, self.chance, self.first_chances, self.rows, self.seed)
