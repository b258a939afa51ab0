"""Second moments in two parts: sets of few flips exactly, the others sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.chains.classes import RotationMoments, TermClasses
from nearclifford.chains.drawn_tails import DrawnTail, TailSums, heads_of, tilted
from nearclifford.chains.few_flips import Question, exact_part
from nearclifford.chains.sampler import ChainSampler
from nearclifford.kernels.chain.words import BITS
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.patches import Patch

# Look-ups of last flips that are spent on enumeration, a second or two, where no order is given.
MOST_LOOKUPS = 5e7
# Sets of more flips are sampled, however few they are.
LARGEST_ORDER = 6


@dataclass(frozen=True, eq=False)
class SplitMoments:
    """The variances of a loss, or of derivatives, from sets of few flips and from chains.

    Attributes
    ----------
    chain : the landscape, its circuit as rows, and the seed.
    patch : the distribution of the angles.
    rotations, factor_square : the derivatives that are wanted, and their weights in the sum; none for the loss.
    given_order : sets of fewer flips are enumerated; None for as many as are cheap.
    """

    chain: ChainSampler
    patch: Patch
    rotations: Indices
    factor_square: Floats
    given_order: int | None

    @cached_property
    def question(self) -> Question:
        """The classes of the terms, and what is asked of them."""
        problem = self.chain.land.problem
        moments = RotationMoments.of(problem.angle_map, self.patch)
        weights = np.zeros(problem.n_rotations)
        weights[self.rotations] = self.factor_square
        return Question(TermClasses.of(problem, moments), moments, np.unique(self.rotations), weights)

    @cached_property
    def members(self) -> Words:
        """The rotations that each term can meet, terms as in the classes."""
        problem = self.chain.land.problem
        members: Words = reach_of_terms(problem.generators.strings, problem.images.take(self.question.classes.terms).strings)
        return members

    @cached_property
    def order(self) -> int:
        """Sets of fewer flips than this are exact."""
        return cheap_order(self.question.classes) if self.given_order is None else self.given_order

    @cached_property
    def exact(self) -> Floats:
        """Their part, shape ``(n + 2,)``; see `exact_part`."""
        return exact_part(self.question, self.order)

    @cached_property
    def tail(self) -> DrawnTail:
        """The chains that find the others."""
        chance = tilted(self.question.moments.sine_square, self.question.rotations)
        starts = self.chain.starts[self.question.classes.terms]
        heads = heads_of(self.members, chance, self.order)
        return DrawnTail(self.question, self.chain.rows, starts, self.members, chance, heads, self.order, self.chain.seed)

    def run(self, samples: int, block: int) -> tuple[TailSums, int]:
        """Return the sums of about so many samples, and the block that the next run begins with."""
        found = self.tail.run(samples, block)
        return found, block + -(-found.samples // BITS)

    @cached_property
    def unseen(self) -> Floats:
        """What one hit may add to each second moment, shape ``(n + 2,)``."""
        n, chance = len(self.factor_square_by_rotation), self.tail.chance
        logs = self.question.moments.logs
        most = np.zeros(n + 2)
        whole = self.tail.mass * self.question.classes.most_alike
        chosen = self.question.rotations
        # A set that flips at k is drawn with the tilted chance there, and counts by E[cos²].
        gain = np.exp(logs.stay[chosen]) / np.maximum(chance[chosen], np.finfo(float).tiny)
        most[chosen] = whole * np.maximum(gain, 1.0)
        most[n] = whole
        most[n + 1] = (self.factor_square_by_rotation * most[:n]).max(initial=0.0)
        return most

    @property
    def factor_square_by_rotation(self) -> Floats:
        """The weights of the derivatives by rotation."""
        return self.question.factor_square


def cheap_order(classes: TermClasses) -> int:
    """Return the order up to which `MOST_LOOKUPS` reach.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)).problem
    >>> cheap_order(TermClasses.of(problem, RotationMoments.of(problem.angle_map, nc.Gaussian(0.1))))
    6
    """
    sizes = np.bitwise_count(classes.tables.meets).sum(axis=1)
    order, needed = 1, 0.0
    while order < LARGEST_ORDER:
        needed += float(sum(comb(int(size), order - 1) for size in sizes))
        if needed > MOST_LOOKUPS:
            break
        order += 1
    return order
