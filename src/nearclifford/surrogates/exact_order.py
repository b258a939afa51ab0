"""Up to how many flips an error curve is summed exactly, and what these sets of flips add to the errors.

Sets of fewer than M flips are enumerated, and only chains whose coins show M heads or more are sampled: a sample then stands
for Pr[M heads or more] alone, and what is sampled is about that much smaller too. So M is the one of the least (seconds) ·
Pr[M heads]², the time to one accuracy. The seconds are those of constants: M follows from the problem, not from the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Words
from nearclifford.chains.classes import RotationMoments, TermClasses
from nearclifford.chains.drawn_tails import DrawnTail, heads_of
from nearclifford.chains.few_flips import Question, flip_sets, part_kept, unflipped
from nearclifford.chains.sampler import ChainSampler
from nearclifford.errors import ResourceError
from nearclifford.kernels.chain.coins import RARE
from nearclifford.kernels.chain.rows import XOR
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.patches import Patch
from nearclifford.surrogates.walks import sets_of_flips

# Seconds of one core: of a choice of all flips but the last; of a move of 1024 samples; of a coin that shows and of a row of
# frequent coins in free chains; of a head, and of an entry of the table of heads, in chains that must show some.
SET_SECONDS, MOVE_SECONDS, COIN_SECONDS, ROW_SECONDS, HEAD_SECONDS, TABLE_SECONDS = 1e-7, 3.5e-9, 4e-8, 1e-7, 1.5e-7, 2.5e-8
# An enumeration that would take longer, and longer than the sampling, is not begun.
SHORT_SECONDS = 0.3
LARGEST_ORDER = 8


@dataclass(frozen=True, eq=False)
class FewFlips:
    """The sets of fewer than ``order`` flips: what they add, and the chains that find the others.

    Attributes
    ----------
    order : M.
    parts : float64, shape ``(order,)``: what sets of 0, 1, ... flips are to E[L²].
    alike : what terms of one class make of what they are apart, in sets of the most flips that were found.
    kept : what noise leaves of what the terms are apart, the most of the sums over sets of one size; 1 without noise.
    tail : the chains of M heads or more.
    probability : of as many heads, over the terms by their c²; 0 where no set has so many flips.
    """

    order: int
    parts: Floats
    alike: float
    kept: float
    tail: DrawnTail
    probability: float


def few_flips(sampler: ChainSampler, patch: Patch, samples: int, most_flips: int) -> FewFlips | None:
    """Return the sets of few flips, as many as save more time than they take.

    None where free chains are as good, and where the tables of the sets do not fit the memory. With noise several terms are
    always taken set by set, which alone tells what each path keeps: there `ResourceError`. ``samples`` : chains of the tail;
    ``most_flips`` : what a set can have.
    """
    problem, chance = sampler.land.problem, sampler.sine_square
    members = reach_of_terms(problem.generators.strings, problem.images.strings)
    heads = heads_of(members, chance, min(LARGEST_ORDER, most_flips + 1))
    weight = problem.coefficients**2 / (problem.coefficients**2).sum()
    needed = sampler.noisy and not sampler.one_term
    order = max(best_order(sampler, members, weight @ heads, samples, most_flips), int(needed))
    if order == 0:
        return None
    moments = RotationMoments.of(problem.angle_map, patch)
    try:
        classes = TermClasses.of(problem, moments)
        question = Question(classes, moments, np.zeros(0, dtype=np.int64), np.zeros(problem.n_rotations))
        parts, alike, kept = _parts(question, order, sampler.loss_mean())
    except ResourceError:
        if needed:
            raise
        return None
    terms = classes.terms
    chains = DrawnTail(
        question, sampler.rows, sampler.starts[terms], members[terms], chance, heads[terms], order, sampler.seed
    )
    return FewFlips(order, parts, alike, kept, chains, chains.probability if order <= most_flips else 0.0)


def _parts(question: Question, order: int, mean: float) -> tuple[Floats, float, float]:
    loss = len(question.factor_square)
    parts, alike, kept = [float(unflipped(question)[loss]) + mean**2], 1.0, part_kept(question.classes)
    for size in range(1, order):
        added = question.weigh(flip_sets(question.classes, size), question.moments.logs, 0.0)[0]
        parts.append(float(added[loss]))
        # behind the sum of the derivatives come the terms apart, with noise and without
        apart, clean = float(added[loss + 2]), float(added[loss + 3])
        alike = float(added[loss]) / apart if apart > 0 else alike
        kept = max(kept, apart / clean) if clean > 0 else kept
    return np.array(parts), alike, kept


def best_order(sampler: ChainSampler, members: Words, chance: Floats, samples: int, most_flips: int) -> int:
    """Return M, 0 for free chains; ``chance[m]`` is Pr[m heads or more]."""
    blocks, probability = -(-samples // BITS), sampler.sine_square
    coins = np.unpackbits(members.view(np.uint8), axis=1, count=len(probability), bitorder="little")
    mean_heads, n_coins = float((coins @ probability).mean()), float(coins.sum(axis=1).mean())
    met = probability[coins.any(axis=0)]
    moves = MOVE_SECONDS * float((sampler.rows.kind == XOR).sum())
    free = moves + COIN_SECONDS * BITS * met[met < RARE].sum() + ROW_SECONDS * (met >= RARE).sum()
    n_kinds = 1 if len(members) == 1 else WIDTH
    best, least, enumerated = 0, blocks * free, 0.0
    for order in range(1, len(chance)):
        if order > 1:
            enumerated += SET_SECONDS * sum(sets_of_flips(int(size), order - 2) for size in coins.sum(axis=1))
        heads = HEAD_SECONDS * BITS * (order + mean_heads + 1) + TABLE_SECONDS * n_kinds * n_coins * (order + 1)
        sampled = blocks * (moves + heads)
        if enumerated > max(sampled, SHORT_SECONDS):
            break
        left = 0.0 if order > most_flips else chance[order]
        cost = (enumerated + sampled) * left**2
        if cost < least:
            best, least = order, cost
    return best
