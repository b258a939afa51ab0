"""Means over a patch of a noisy landscape: those without noise, times the dampings along the one path that has a mean."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.kernels.chain.means import derivative_means, loss_means
from nearclifford.kernels.damping import flip_dampings, path_dampings
from nearclifford.normal_form.problem import PauliProblem


def damped_loss_means(problem: PauliProblem, cosine: Floats) -> Floats:
    """Return E[L] of each term without its coefficient, shape ``(T,)``; ``cosine`` is E[cos] of each rotation's angle."""
    assert problem.channels is not None
    strings = problem.images.strings
    return loss_means(problem.generators.strings, strings, cosine) * path_dampings(problem.channels.arrays, strings)


def damped_derivative_means(problem: PauliProblem, cosine: Floats) -> Floats:
    """Return E[∂L/∂φ] of each rotation, shape ``(n_rotations,)``: the path that flips there alone."""
    assert problem.channels is not None
    generators, total = problem.generators.strings, np.zeros(problem.n_rotations)
    for a, coefficient in enumerate(problem.coefficients):
        string = problem.images.take([a]).strings
        means = derivative_means(generators, string, np.array([coefficient]), cosine)
        met = np.flatnonzero(means)
        total[met] += means[met] * flip_dampings(problem.channels.arrays, generators, string, met)
    return total
