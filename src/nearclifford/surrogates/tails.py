"""How much of E[L²] is carried by paths of m flips or more: the error of a Pauli-path surrogate, without sampling."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.chains.term_pairs import TermProduct, products_of_terms
from nearclifford.errors import ResourceError
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.merging.by_flips import propagate_by_flips
from nearclifford.kernels.merging.propagate import time_order
from nearclifford.normal_form.angles import angle_moments
from nearclifford.normal_form.compression import compress
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch

# Pauli strings held at once; each takes a few hundred bytes.
MOST_STRINGS = 10**6


def tail_moments(problem: PauliProblem, patch: Patch, order: int) -> Floats:
    """Return E[(L - L_m)²] over a patch for m = 0 ... order, float64, L_m the paths with fewer than m flips.

    Orders above the number of rotations, whose error is zero, are answered by that of one rotation more alone.

    Two paths that differ in a flip average to zero, so for one term this is the probability that the chain of stays and
    flips ends Z-type after at least m flips; pairs of terms flip together (theory of `nearclifford.statistics.certified`).

    Raises `NearCliffordError` where angles are not independent, `ResourceError` beyond `MOST_STRINGS` strings.
    """
    cosine, flip = angle_moments(problem.angle_map, patch)
    last = min(order, problem.n_rotations + 1)
    moments = np.zeros(last + 1)
    for product in products_of_terms(problem):
        moments += _moments_of_product(product, problem, cosine, flip, last)
    return np.cumsum(moments[::-1])[::-1]


def _moments_of_product(product: TermProduct, problem: PauliProblem, cosine: Floats, flip: Floats, order: int) -> Floats:
    generators, images = problem.generators, problem.images
    frozen = np.bitwise_count(generators.x & product.z).sum(axis=1) % 2 == 1
    free, starts = np.flatnonzero(~frozen), images.take(product.starts)
    moments = np.zeros(order + 1)
    for group in compress(generators.take(free), starts):
        rotations = free[group.rotations]
        turns = generators.take(rotations)
        by_time = time_order(turns.strings)
        turns, chance = turns.take(by_time), flip[rotations[by_time]]
        basis, pivot, rank = adapted_basis(turns.x)
        strings = starts.take(group.terms)
        found = propagate_by_flips(
            adapted_coordinates(turns.strings, basis, pivot),
            rank,
            1.0 - chance,
            chance,
            adapted_coordinates(strings.strings, basis, pivot),
            product.weight[group.terms],
            order + 1,
            MOST_STRINGS,
        )
        if not len(found):
            raise ResourceError(
                f"The exact error of this surrogate runs over more than {MOST_STRINGS:,} Pauli strings at once. Sample it "
                "instead: nearclifford.surrogate_error_curve(land, patch) works at any size."
            )
        moments += found
    return moments * np.prod(cosine[frozen])
