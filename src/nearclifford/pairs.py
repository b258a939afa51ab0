"""Which pairs of terms a second moment is made of, and how samples are shared out among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.kernels.means import join_terms
from nearclifford.rotations import Floats, Indices, PauliTable, Words

MOST_PAIRS = 256
WORD = 64


@dataclass(frozen=True, eq=False)
class PairPlan:
    """One pair of terms for each word of 64 samples: E[L²] is the sum of ``weight * (part of the word that is hit)``.

    Attributes
    ----------
    term : int64, shape ``(n_words,)``: the term whose chain the word runs.
    weight : float64, shape ``(n_words,)``: sums to what E[L²] cannot exceed, signs aside; includes s_ab Π_J E[cos].
    pair : int64, shape ``(n_words,)``: words of one pair are of one kind.
    frozen : uint64, shape ``(n_pairs, ceil(n_rotations / 64))``: J of each pair, the rotations that the chain must not flip.
    drawn : whether the pairs were drawn at random (each word an independent estimate), or are all there are.
    """

    term: Indices
    weight: Floats
    pair: Indices
    frozen: Words
    drawn: bool


def plan_pairs(
    generators: PauliTable, images: PauliTable, coefficients: Floats, cosine: Floats, n_words: int, rng: np.random.Generator
) -> PairPlan:
    """Return all pairs that do not vanish, where they are few, or pairs drawn in proportion to ``|c_a c_b|``.

    A pair vanishes unless its x-parts are equal. Few pairs share ``n_words`` in proportion to their weights, one at least.
    """
    _, kind = np.unique(images.x, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    sizes = np.bincount(kind)
    if (sizes * (sizes + 1) // 2).sum() <= MOST_PAIRS:
        return _all_pairs(generators, images, coefficients, cosine, n_words, kind)
    return _drawn_pairs(generators, images, coefficients, cosine, n_words, kind, rng)


def _join(
    generators: PauliTable, images: PauliTable, cosine: Floats, first: Indices, second: Indices
) -> tuple[Floats, Words]:
    frozen = np.zeros((len(first), (len(generators) + 63) // 64), dtype=np.uint64)
    arguments = (generators.x, generators.z, images.x, images.z, images.sign, first, second, cosine, frozen)
    return join_terms(*arguments), frozen


def _all_pairs(
    generators: PauliTable, images: PauliTable, coefficients: Floats, cosine: Floats, n_words: int, kind: Indices
) -> PairPlan:
    first, second = np.triu_indices(len(kind))
    same = kind[first] == kind[second]
    first, second = first[same], second[same]
    joined, frozen = _join(generators, images, cosine, first, second)
    weight = np.where(first == second, 1.0, 2.0) * coefficients[first] * coefficients[second] * joined
    alive = weight != 0.0
    first, weight, frozen = first[alive], weight[alive], frozen[alive]
    share = np.maximum(1, np.round(np.abs(weight) / np.abs(weight).sum() * n_words)).astype(np.int64)
    pair = np.repeat(np.arange(len(first)), share)
    return PairPlan(first[pair], (weight / share)[pair], pair, frozen, drawn=False)


def _drawn_pairs(
    generators: PauliTable,
    images: PauliTable,
    coefficients: Floats,
    cosine: Floats,
    n_words: int,
    kind: Indices,
    rng: np.random.Generator,
) -> PairPlan:
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

    first, second = draw(), draw()
    pairs, pair = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)
    pair = pair.reshape(-1)
    joined, frozen = _join(generators, images, cosine, pairs[:, 0].copy(), pairs[:, 1].copy())
    weight = joined[pair] * np.sign(coefficients[first] * coefficients[second]) * (total**2).sum() / n_words
    return PairPlan(first, weight, pair, frozen, drawn=True)
