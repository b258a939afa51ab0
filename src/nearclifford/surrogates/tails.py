"""How much of E[L²] is carried by paths of m flips or more: the error of a Pauli-path surrogate, without sampling."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.chains.merged import frozen_by, merged_chains
from nearclifford.chains.noisy import noisy_chains
from nearclifford.chains.term_pairs import TermProduct, products_of_terms
from nearclifford.errors import ResourceError
from nearclifford.kernels.merging.by_flips import propagate_by_flips
from nearclifford.kernels.merging.damped import propagate_by_flips_damped
from nearclifford.normal_form.angles import angle_moments
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch

# Pauli strings held at once; each takes a few hundred bytes.
MOST_STRINGS = 10**6


def tail_moments(problem: PauliProblem, patch: Patch, order: int) -> Floats:
    """Return E[(L - L_m)²] over a patch for m = 0 ... order, float64, L_m the paths with fewer than m flips.

    Orders above the number of rotations, whose error is zero, are answered by that of one rotation more alone.

    Two paths that differ in a flip average to zero, so for one term this is the probability that the chain of stays and
    flips ends Z-type after at least m flips; pairs of terms flip together (docs/theory.md, "Surrogates").

    Raises `NearCliffordError` where angles are not independent, `ResourceError` beyond `MOST_STRINGS` strings.
    """
    cosine, flip = angle_moments(problem.angle_map, patch)
    last = min(order, problem.n_rotations + 1)
    moments = np.zeros(last + 1)
    for product in products_of_terms(problem):
        chains = _moments_of_product if problem.channels is None else _noisy_moments_of_product
        moments += chains(product, problem, cosine, flip, last)
    return np.cumsum(moments[::-1])[::-1]


def _moments_of_product(product: TermProduct, problem: PauliProblem, cosine: Floats, flip: Floats, order: int) -> Floats:
    frozen = frozen_by(product, problem.generators)
    moments = np.zeros(order + 1)
    for chain in merged_chains(product, problem.generators, problem.images, frozen):
        chance = flip[chain.rotations]
        found = propagate_by_flips(
            chain.turns,
            chain.rank,
            1.0 - chance,
            chance,
            chain.starts,
            chain.weight,
            order + 1,
            MOST_STRINGS,
        )
        moments += _held(found)
    return moments * np.prod(cosine[frozen])


def _noisy_moments_of_product(
    product: TermProduct, problem: PauliProblem, cosine: Floats, flip: Floats, order: int
) -> Floats:
    assert problem.channels is not None
    frozen = frozen_by(product, problem.generators)
    moments = np.zeros(order + 1)
    for chain in noisy_chains(product, problem.generators, problem.images, frozen):
        chance = flip[chain.walk.rotations]
        channels, columns = problem.channels.arrays, order + 1
        moments += _held(
            propagate_by_flips_damped(chain.walk, channels, 1.0 - chance, chance, chain.weight, columns, MOST_STRINGS)
        )
    return moments * np.prod(cosine[frozen])


def _held(found: Floats) -> Floats:
    """Return what a walk has found; `ResourceError` where it ran out of strings."""
    if not len(found):
        raise ResourceError(
            f"The exact error of this surrogate runs over more than {MOST_STRINGS:,} Pauli strings at once. Sample it "
            "instead: nearclifford.surrogate_error_curve(land, patch) works at any size."
        )
    return found
