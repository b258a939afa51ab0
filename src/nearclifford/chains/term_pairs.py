"""Which pairs of terms a second moment is made of, and how samples are shared out among them.

Source: docs/theory.md, "Averages over a patch".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.kernels.chain.means import join_terms
from nearclifford.normal_form.problem import PauliProblem

# Up to here every pair gets a share of the samples.
MOST_PAIRS = 256
# Word operations that are spent on the exact weights of all pairs, before any is drawn: a fraction of a second.
MOST_JOINS = 2**28
WORD = 64


@dataclass(frozen=True, eq=False)
class PairPlan:
    """One pair of terms for each word of 64 samples: E[L²] is the sum of ``weight * (part of the word that is hit)``.

    Attributes
    ----------
    term : int64, shape ``(n_words,)``: the term whose chain the word runs.
    weight : float64, shape ``(n_words,)``: includes s_ab Π_J E[cos]; never zero.
    pair : int64, shape ``(n_words,)``, ascending: words of one pair are of one kind.
    frozen : uint64, shape ``(n_pairs, ceil(n_rotations / 64))``: J of each pair, the rotations that the chain must not flip.
    size : what a sum of one pair after the other, weighted without signs, cannot exceed.
    draws : how many pairs were drawn at random, each an independent estimate (those that vanish need no word); 0 where
        these are all the pairs there are.
    """

    term: Indices
    weight: Floats
    pair: Indices
    frozen: Words
    size: float
    draws: int


def plan_pairs(problem: PauliProblem, cosine: Floats, n_words: int, rng: np.random.Generator) -> PairPlan:
    """Share ``n_words`` out among the pairs that do not vanish: each gets one at least where they are few.

    A pair vanishes unless its x-parts are equal and its strings commute. Where pairs are many they are drawn, in
    proportion to ``|c_a c_b| Π_J E[cos]``, or to ``|c_a c_b|`` where the product would cost too much to know for all.
    """
    images, coefficients = problem.images, problem.coefficients
    _, kind = np.unique(images.x, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    sizes = np.bincount(kind)
    count = int((sizes * (sizes + 1) // 2).sum())
    if count > MOST_PAIRS and count * problem.generators.x.size > MOST_JOINS:
        return _draw_terms(problem, cosine, n_words, kind, rng)
    first, second = _pairs_of_a_kind(kind)
    joined, frozen = _join(problem, cosine, first, second)
    weight = np.where(first == second, 1.0, 2.0) * coefficients[first] * coefficients[second] * joined
    alive = np.flatnonzero(weight)
    pairs = first[alive], weight[alive], frozen[alive]
    return _share(*pairs, n_words) if len(alive) <= MOST_PAIRS else _draw(*pairs, n_words, rng)


def _pairs_of_a_kind(kind: Indices) -> tuple[Indices, Indices]:
    """Return all pairs (a, b), a <= b, of terms of one kind."""
    order = np.argsort(kind, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(kind[order])) + 1)
    corners = [np.triu_indices(len(terms)) for terms in members]
    first, second = (
        np.concatenate([terms[corner[side]] for terms, corner in zip(members, corners, strict=True)]) for side in (0, 1)
    )
    return first, second


def _join(problem: PauliProblem, cosine: Floats, first: Indices, second: Indices) -> tuple[Floats, Words]:
    """Return (s_ab Π_J E[cos], J) of each pair."""
    frozen = np.zeros((len(first), (problem.n_rotations + 63) // 64), dtype=np.uint64)
    joined = join_terms(problem.generators.strings, problem.images.strings, first, second, cosine, frozen)
    return joined, frozen


def _share(term: Indices, weight: Floats, frozen: Words, n_words: int) -> PairPlan:
    """Give every pair words in proportion to its weight, one at least."""
    size = np.abs(weight)
    share = np.maximum(1, np.round(size / size.sum() * n_words)).astype(np.int64)
    pair = np.repeat(np.arange(len(size)), share)
    return PairPlan(term[pair], (weight / share)[pair], pair, frozen, float(size.sum()), draws=0)


def _draw(term: Indices, weight: Floats, frozen: Words, n_words: int, rng: np.random.Generator) -> PairPlan:
    """Draw pairs in proportion to their weights."""
    size = np.abs(weight)
    drawn = np.sort(rng.choice(len(size), size=n_words, p=size / size.sum()))
    visited, pair = np.unique(drawn, return_inverse=True)
    total = float(size.sum())
    return PairPlan(term[drawn], np.sign(weight[drawn]) * total / n_words, pair, frozen[visited], total, draws=n_words)


def _draw_terms(problem: PauliProblem, cosine: Floats, n_words: int, kind: Indices, rng: np.random.Generator) -> PairPlan:
    """Draw kinds in proportion to (Σ|c|)², and in each two terms, each in proportion to |c|; drop pairs that vanish."""
    coefficients = problem.coefficients
    size = np.abs(coefficients)
    order = np.argsort(kind, kind="stable")
    total = np.bincount(kind, weights=size)
    ends = np.cumsum(size[order])
    begins = np.concatenate([[0.0], np.cumsum(total)])
    last_place = np.cumsum(np.bincount(kind)) - 1
    first_place = np.concatenate([[0], last_place[:-1] + 1])
    chosen = rng.choice(len(total), size=n_words, p=total**2 / (total**2).sum())

    def draw() -> Indices:
        """Return one term of each chosen kind, in proportion to |c|."""
        point = begins[chosen] + rng.random(n_words) * total[chosen]
        # Rounding must not lead into the next kind.
        return order[np.clip(np.searchsorted(ends, point, side="right"), first_place[chosen], last_place[chosen])]

    drawn = np.sort(np.stack([draw(), draw()], axis=1), axis=1)
    visited, times = np.unique(drawn, axis=0, return_counts=True)
    first, second = visited.T.copy()
    joined, frozen = _join(problem, cosine, first, second)
    most = float((total**2).sum())
    weight = joined * np.sign(coefficients[first] * coefficients[second]) * most / n_words
    alive = np.flatnonzero(weight)
    pair = np.repeat(np.arange(len(alive)), times[alive])
    return PairPlan(first[alive][pair], weight[alive][pair], pair, frozen[alive], most, draws=n_words)


@dataclass(frozen=True, eq=False)
class TermProduct:
    """Pairs of terms whose strings have one product R: its z-words, where their chains start, and Σ ± c_a c_b of each."""

    z: Words
    starts: Indices
    weight: Floats


def products_of_terms(problem: PauliProblem) -> list[TermProduct]:
    """Return the products R of pairs of terms that can contribute: Z-type, of commuting strings; R = 1 first."""
    images, coefficients = problem.images, problem.coefficients
    power = images.y_letters
    weight_of: dict[bytes, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    identity = bytes(images.z[:1].nbytes)
    weight_of[identity] = {a: float(coefficients[a]) ** 2 for a in range(len(images))}
    spread = np.bitwise_count(images.x | images.z).sum(axis=1, dtype=np.int64)
    classes: dict[bytes, list[int]] = defaultdict(list)
    for a in range(len(images)):
        classes[images.x[a].tobytes()].append(a)
    for members in classes.values():
        for i, a in enumerate(members):
            for b in members[:i]:
                quarter = int(power[b] - power[a])
                if quarter % 2:
                    continue
                sign = int(images.sign[a]) * int(images.sign[b]) * (1 - quarter % 4)
                start = a if spread[a] <= spread[b] else b
                weight = 2.0 * sign * float(coefficients[a]) * float(coefficients[b])
                weight_of[(images.z[a] ^ images.z[b]).tobytes()][start] += weight
    return [
        TermProduct(np.frombuffer(key, dtype=np.uint64), np.array(list(starts)), np.array(list(starts.values())))
        for key, starts in weight_of.items()
    ]
