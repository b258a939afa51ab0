"""Second moments in two parts: sets of few flips exactly, the others sampled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import comb

import numpy as np

from nearclifford.arrays import Floats, Words
from nearclifford.chains.classes import RotationMoments, TermClasses
from nearclifford.chains.drawn_tails import DrawnTail, TailSums, Unseen, heads_of, tilted
from nearclifford.chains.few_flips import ExactPart, Question, exact_part, sums_over
from nearclifford.chains.found import SplitFound
from nearclifford.chains.looked_up import LookedUpTail
from nearclifford.chains.sampler import ChainSampler, WeightedTargets
from nearclifford.kernels.chain.words import BITS

# Look-ups of last flips that are spent on enumeration, seconds, where no order is given.
MOST_LOOKUPS = 3e7
# Two flips weigh as much in narrow patches as what varies without any; more than five are sampled, however few they are.
LEAST_ORDER, LARGEST_ORDER = 3, 6
# Of so rare a tail samples tell enough; of so frequent a one enumeration leaves nearly all.
RARE, FREQUENT = 2e-3, 0.5
LEAST_CHANCE = 1e-300
# Where heads are so rare, and one chain in so many ends Z-type, the last flip is looked up.
FEW_HEADS, HARDLY = 0.5, 1e-4


@dataclass(frozen=True, eq=False)
class SplitMoments:
    """The variances of a loss, or of derivatives, from sets of few flips and from chains.

    Attributes
    ----------
    chain : the landscape, the patch, the circuit as rows, and the seed.
    targets : the loss alone, or derivatives.
    given_order : sets of fewer flips are enumerated; None for as many as are cheap.
    """

    chain: ChainSampler
    targets: WeightedTargets
    given_order: int | None

    @cached_property
    def question(self) -> Question:
        """The classes of the terms, and what is asked of them."""
        problem = self.chain.land.problem
        moments = RotationMoments.of(problem.angle_map, self.chain.patch)
        weights, derivatives = np.zeros(problem.n_rotations), self.targets.rotations >= 0
        np.add.at(weights, self.targets.rotations[derivatives], self.targets.weights[derivatives])
        rotations = np.unique(self.targets.rotations[derivatives])
        return Question(TermClasses.of(problem, moments), moments, rotations, weights)

    @cached_property
    def members(self) -> Words:
        """The rotations that each term can meet, terms as in the classes."""
        return self.question.classes.reach()

    @cached_property
    def order(self) -> int:
        """Sets of fewer flips than this are exact."""
        if self.given_order is not None:
            return self.given_order
        square = self.question.classes.tables.amplitude**2
        tails = square @ heads_of(self.members, self.chance, LARGEST_ORDER) / square.sum()
        return cheap_order(self.question.classes, tails)

    @cached_property
    def chance(self) -> Floats:
        """Of a head at each rotation."""
        return tilted(self.question.moments.sine_square, self.question.rotations)

    @cached_property
    def exact(self) -> ExactPart:
        """Their part."""
        return exact_part(self.question, self.order)

    @cached_property
    def chains(self) -> DrawnTail:
        """The chains of as many heads."""
        starts = self.chain.starts[self.question.classes.terms]
        heads = heads_of(self.members, self.chance, self.order)
        return DrawnTail(
            self.question, self.chain.rows, starts, self.members, self.chance, heads, self.order, self.chain.seed
        )

    @property
    def tail_probability(self) -> float:
        """The chance of as many heads, over the terms by their c²."""
        return self.chains.probability

    @cached_property
    def tail(self) -> DrawnTail | LookedUpTail:
        """What finds the others: chains, or where these are hardly ever hit paths whose last flip is looked up."""
        if not self.is_hardly_hit:
            return self.chains
        return LookedUpTail(self.question, self.chains.size, self.order, self.chain.seed)

    @property
    def is_hardly_hit(self) -> bool:
        """Whether few heads are rare, and chains of one less than these hardly ever end Z-type."""
        square = self.question.classes.tables.amplitude**2
        as_many = float(square @ self.chains.heads[:, self.order - 1])
        return self.order > 1 and self.tail_probability < FEW_HEADS and self.exact.last_apart < HARDLY * as_many

    @cached_property
    def nothing(self) -> SplitFound:
        """What is known before any sample."""
        rotations, n = self.targets.rotations, self.chain.land.problem.n_rotations
        places = np.where(rotations < 0, n, rotations)
        loss = rotations < 0
        mean = np.where(loss, self.chain.loss_mean() if loss.any() else 0.0, self.chain.derivative_means(rotations))
        size = np.abs(self.question.classes.tables.amplitude)
        bound = np.append(sums_over(self.members, size, n), size.sum())[places]
        nothing = np.zeros(n + 2)
        tail = TailSums(0, nothing, nothing, nothing, nothing, 0)
        weights, zero = self.targets.weights, np.zeros(len(places), dtype=np.bool_)
        return SplitFound(tail, self.exact.value, self.unseen, places, mean**2, bound, weights, zero)

    def round(self, samples: int, block: int) -> tuple[SplitFound, int]:
        """Return what about so many samples tell, and the block that the next round begins with."""
        tail = self.tail.run(samples, block)
        return replace(self.nothing, tail=tail), block + -(-tail.samples // BITS)

    @cached_property
    def alike(self) -> float:
        """What terms that flip together may add to what they are apart: twice what few flips show, or the most possible.

        Of that noise leaves a part, about what it leaves of few flips.
        """
        most, seen = self.question.classes.most_alike, self.exact.alike
        return (most if seen is None else min(2 * max(seen, 1.0), most)) * self.exact.kept

    @cached_property
    def unseen(self) -> Unseen:
        """What may hide where there was no hit."""
        n, chosen, chance = len(self.chance), self.question.rotations, self.chance
        stay = np.exp(self.question.moments.logs.stay)
        one_hit, cap = np.zeros(n + 2), np.zeros(n + 2)
        one_hit[n] = self.chains.mass * self.alike
        # A set that flips at k is drawn with the tilted chance there, and counts by E[cos²].
        one_hit[chosen] = one_hit[n] * np.maximum(stay[chosen] / np.maximum(chance[chosen], LEAST_CHANCE), 1.0)
        square = self.question.classes.tables.amplitude**2
        heads = heads_of(self.members, self.question.moments.sine_square, self.order)
        cap[n] = self.alike * float(square @ heads[:, self.order])
        cap[chosen] = self.alike * sums_over(self.members, square * heads[:, max(self.order - 1, 0)], n)[chosen]
        weights = self.question.factor_square
        one_hit[n + 1], cap[n + 1] = (weights * one_hit[:n]).max(initial=0.0), weights @ cap[:n]
        if not isinstance(self.tail, LookedUpTail):
            return Unseen(one_hit, cap, np.zeros(n + 2))
        one_hit = as_the_largest(one_hit, self.tail.largest_hit(self.exact.last))
        return Unseen(one_hit, cap, one_hit)


def as_the_largest(one_hit: Floats, known: Floats) -> Floats:
    """Return what one hit may add, scaled to the largest that is known of the loss, of any derivative, and of their sum.

    >>> as_the_largest(np.array([2.0, 4.0, 8.0, 8.0]), np.array([0.0, 1.0, 1.0, 16.0])).tolist()
    [0.5, 1.0, 1.0, 8.0]
    """
    share = np.divide(known, one_hit, out=np.zeros_like(known), where=one_hit > 0)
    share = np.append(np.full(len(share) - 2, share[:-2].max(initial=0.0)), share[-2:])
    return one_hit * np.where(share > 0, np.minimum(share, 1.0), 1.0)


def cheap_order(classes: TermClasses, tails: Floats) -> int:
    """Return up to which order enumeration pays; ``tails[m]`` is the chance of m heads or more.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)).problem
    >>> classes = TermClasses.of(problem, RotationMoments.of(problem.angle_map, nc.Gaussian(0.1)))
    >>> cheap_order(classes, np.array([1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6]))
    3
    """
    sizes = np.bitwise_count(classes.tables.meets).sum(axis=1)
    most = LEAST_ORDER if tails[LARGEST_ORDER] > FREQUENT else LARGEST_ORDER
    order, needed = 1, 0.0
    while order < most and (order < LEAST_ORDER or tails[order] > RARE):
        needed += float(sum(comb(int(size), order - 1) for size in sizes))
        if needed > MOST_LOOKUPS:
            break
        order += 1
    return order
