"""Statistics by drawing thetas from the patch and evaluating the landscape exactly at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from nearclifford.landscape import Landscape
from nearclifford.moments import GradientStatistics, LossStatistics, MomentSums
from nearclifford.patches import Patch
from nearclifford.rotations import Floats, Indices
from nearclifford.version import __version__

CHUNK_ANGLES = 2**18


@dataclass(frozen=True)
class Statevector:
    """Exact values and gradients at sampled thetas: standard errors fall as 1/√samples, whatever the noise-free spread.

    >>> Statevector()
    Statevector()
    """

    def gradient_statistics(
        self, land: Landscape, patch: Patch, samples: int, parameters: Indices, rng: np.random.Generator
    ) -> GradientStatistics:
        """Return the moments of the gradient over ``samples`` thetas drawn from the patch around the centre."""
        shift = land.gradient(land.center)
        components, norms = [], []
        for theta in _thetas(land, patch, samples, rng):
            gradient = land.gradient(theta)
            components.append(MomentSums.of(gradient[:, parameters], shift[parameters]))
            norm = np.linalg.norm(gradient, axis=1, keepdims=True)
            norms.append(MomentSums.of(norm, np.array([np.linalg.norm(shift)])))
        sums, norm_sums = reduce(add, components), reduce(add, norms)
        return GradientStatistics(
            parameters=parameters,
            mean=sums.mean,
            mean_error=sums.mean_error,
            second_moment=sums.second_moment,
            second_moment_error=sums.second_moment_error,
            variance=sums.variance,
            variance_error=sums.variance_error,
            norm=float(norm_sums.mean[0]),
            norm_error=float(norm_sums.mean_error[0]),
            norm_squared=float(norm_sums.second_moment[0]),
            norm_squared_error=float(norm_sums.second_moment_error[0]),
            bound=_bound(land)[parameters],
            samples=samples,
            method="statevector",
            version=__version__,
        )

    def loss_statistics(self, land: Landscape, patch: Patch, samples: int, rng: np.random.Generator) -> LossStatistics:
        """Return the moments of the loss over ``samples`` thetas drawn from the patch around the centre."""
        shift = np.atleast_1d(land.value(land.center))
        thetas = _thetas(land, patch, samples, rng)
        sums = reduce(add, (MomentSums.of(np.reshape(land.value(theta), (-1, 1)), shift) for theta in thetas))
        return LossStatistics(
            mean=float(sums.mean[0]),
            mean_error=float(sums.mean_error[0]),
            second_moment=float(sums.second_moment[0]),
            second_moment_error=float(sums.second_moment_error[0]),
            variance=float(sums.variance[0]),
            variance_error=float(sums.variance_error[0]),
            samples=samples,
            method="statevector",
            version=__version__,
        )


def _thetas(land: Landscape, patch: Patch, samples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield the thetas in chunks whose size depends on D alone, so that sums are always taken in the same order."""
    chunk = max(16, CHUNK_ANGLES // land.n_parameters)
    for start in range(0, samples, chunk):
        shape = (min(chunk, samples - start), land.n_parameters)
        yield land.center + patch.sample(shape, rng)


def _bound(land: Landscape) -> Floats:
    """Return the largest |∂_k L| that is possible: each rotation's derivative is half a difference of two losses."""
    return np.asarray(abs(land.program.matrix).sum(axis=0)) * np.abs(land.coefficients).sum()
