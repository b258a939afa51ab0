"""Statistics by drawing thetas from the patch and evaluating the landscape exactly at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import one_of
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.zeros import mattering_rotations
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.exact.gpu import REAL, Cuda, GpuSweeps, Precision
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.moments import GradientStatistics, LossStatistics, MomentSums, UnbiasedMoments
from nearclifford.version import __version__

CHUNK_ANGLES = 2**18
# Roundings of one value, in units of the precision: those of some thousand rotations add up like a walk.
ROUNDING = 100.0


@dataclass(frozen=True)
class Statevector:
    """Exact values and gradients at sampled thetas: standard errors fall as 1/√samples, whatever the noise-free spread.

    Parameters
    ----------
    device : "CPU", or "GPU": an NVIDIA one, with the extra ``cuda12`` or ``cuda13`` installed.
    precision : "double" for complex128, or "single" for complex64 on a GPU.

    Raises `NearCliffordError` for another device or precision, and, once it is used, where no GPU is found.

    >>> Statevector()
    Statevector(device='CPU', precision='double')
    """

    device: str = "CPU"
    precision: Precision = "double"

    def __post_init__(self) -> None:
        one_of(self.device, "device", ("CPU", "GPU"))
        one_of(self.precision, "precision", tuple(REAL))
        if self.device == "CPU" and self.precision == "single":
            raise NearCliffordError("precision is 'single', but the CPU computes in 'double'. Use it with device='GPU'.")

    @property
    def _rounding(self) -> float:
        """What a value of zero may differ from zero by, beside the largest."""
        return ROUNDING * float(np.finfo(REAL[self.precision][1]).eps)

    def _on_device(self, land: Landscape) -> Evaluator:
        return land.exact if self.device == "CPU" else GpuSweeps(land.problem, Cuda(self.precision), self.precision)

    def gradient_statistics(
        self, land: Landscape, patch: Patch, budget: Budget, parameters: Indices, rng: np.random.Generator
    ) -> GradientStatistics:
        """Return the moments of the gradient over thetas drawn from the patch around the centre."""
        exact = self._on_device(land)
        shift = exact.value_and_gradient(land.center[None])[1][0]
        origins = shift[parameters], np.linalg.norm(shift[None], axis=1), np.linalg.norm(shift[None, parameters], axis=1)
        sums = tuple(MomentSums(0, origin, np.zeros((4, len(origin)))) for origin in origins)
        made, total, error = 0, 0.0, 0.0
        least = float(np.square(self._rounding * gradient_bound(land)[parameters]).sum())
        while (more := budget.next_round(made, total, error, least)) > 0:
            for theta in _thetas(land, patch, more, rng):
                gradient = exact.value_and_gradient(theta)[1]
                norm = np.linalg.norm(gradient, axis=1, keepdims=True)
                chosen = gradient[:, parameters]
                values = chosen, norm, np.linalg.norm(chosen, axis=1, keepdims=True)
                sums = tuple(so_far + MomentSums.of(x, so_far.shift) for so_far, x in zip(sums, values, strict=True))
            made += more
            total, error = float(sums[2].second_moment[0]), float(sums[2].second_moment_error[0])
        components, norms, _ = sums
        return GradientStatistics(
            parameters=parameters,
            mean=components.mean,
            mean_error=components.mean_error,
            second_moment=components.second_moment,
            second_moment_error=components.second_moment_error,
            variance=components.variance,
            variance_error=components.variance_error,
            norm=float(norms.mean[0]),
            norm_error=float(norms.mean_error[0]),
            norm_squared=float(norms.second_moment[0]),
            norm_squared_error=float(norms.second_moment_error[0]),
            bound=gradient_bound(land, mattering_rotations(land))[parameters],
            unbiased=UnbiasedMoments(components.second_moment, components.variance, float(norms.second_moment[0])),
            samples=made,
            method="statevector",
            version=__version__,
        )

    def loss_statistics(self, land: Landscape, patch: Patch, budget: Budget, rng: np.random.Generator) -> LossStatistics:
        """Return the moments of the loss over thetas drawn from the patch around the centre."""
        exact = self._on_device(land)
        sums = MomentSums(0, np.reshape(exact.value(land.center[None]), 1), np.zeros((4, 1)))
        made, total, error = 0, 0.0, 0.0
        least = float(self._rounding * np.abs(land.problem.coefficients).sum()) ** 2
        while (more := budget.next_round(made, total, error, least)) > 0:
            for theta in _thetas(land, patch, more, rng):
                sums += MomentSums.of(np.reshape(exact.value(theta), (-1, 1)), sums.shift)
            made += more
            total, error = float(sums.second_moment[0]), float(sums.second_moment_error[0])
        return LossStatistics(
            mean=float(sums.mean[0]),
            mean_error=float(sums.mean_error[0]),
            second_moment=float(sums.second_moment[0]),
            second_moment_error=float(sums.second_moment_error[0]),
            variance=float(sums.variance[0]),
            variance_error=float(sums.variance_error[0]),
            unbiased=UnbiasedMoments(float(sums.second_moment[0]), float(sums.variance[0])),
            samples=made,
            method="statevector",
            version=__version__,
        )


def _thetas(land: Landscape, patch: Patch, samples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Yield the thetas in chunks whose size depends on D alone, so that sums are always taken in the same order."""
    chunk = max(16, CHUNK_ANGLES // land.n_parameters)
    for start in range(0, samples, chunk):
        shape = (min(chunk, samples - start), land.n_parameters)
        yield land.center + patch.sample(shape, rng=rng)


def gradient_bound(land: Landscape, matters: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Return the largest |∂_k L| that is possible: each rotation's derivative is half a difference of two losses.

    Rotations that do not matter (`nearclifford.chains.zeros`) add nothing; without ``matters`` all do.
    """
    matrix = abs(land.problem.angle_map.matrix)
    weights = np.ones(matrix.shape[0]) if matters is None else matters.astype(np.float64)
    return np.asarray(matrix.T @ weights) * land.problem.varying_size
