"""Rounds of thetas drawn from the patch, at each of which anything that can be evaluated is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.chains.zeros import gradient_bound, mattering_rotations
from nearclifford.evaluator import Evaluator
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms
from nearclifford.statistics.sums import MomentSums

CHUNK_ANGLES = 2**18
# Roundings of one value in double precision: those of some thousand rotations add up like a walk.
ROUNDING = 100.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class SampleSums:
    """Sums over thetas: of the numbers asked for, and of those whose mean square ``samples="auto"`` looks at.

    Attributes
    ----------
    numbers : of the components of the gradient, or of the loss.
    norms : of ‖∇L‖ over all parameters; of the loss again where that is the question.
    aim : of the norm over the chosen parameters; of the loss likewise.
    """

    numbers: MomentSums
    norms: MomentSums
    aim: MomentSums

    def __add__(self, other: SampleSums) -> SampleSums:
        return SampleSums(self.numbers + other.numbers, self.norms + other.norms, self.aim + other.aim)

    @property
    def samples(self) -> int:
        """Number of thetas."""
        return self.numbers.count

    @property
    def total(self) -> float:
        """The mean square."""
        return float(self.aim.second_moment[0])

    @property
    def total_error(self) -> float:
        """Its standard error."""
        return float(self.aim.second_moment_error[0])


@dataclass(frozen=True, eq=False)
class Thetas:
    """Where thetas come from: a patch around the centre of a landscape, and the generator that draws them.

    The chunks depend on D alone, so that sums are always taken in the same order.
    """

    land: Landscape
    patch: Patch
    rng: np.random.Generator

    def draw(self, samples: int) -> Floats:
        """Return so many thetas, shape ``(samples, D)``, radians."""
        return self.land.center + self.patch.sample((samples, self.land.n_parameters), rng=self.rng)

    @property
    def chunk(self) -> int:
        """How many are evaluated at once."""
        return max(16, CHUNK_ANGLES // self.land.n_parameters)


class SampledGradients(Rounds[SampleSums, GradientStatistics]):
    """The gradient of an evaluator at sampled thetas: a backend is one line away from it.

    ``rounding`` is what a value of zero may differ from zero by, beside the largest possible one.

    >>> import nearclifford as nc
    >>> from nearclifford.statistics.backend import collected
    >>> from nearclifford.statistics.budget import Budget
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> thetas = Thetas(land, nc.Gaussian(0.1), np.random.default_rng(1))
    >>> kept = nc.surrogate(land, order=3)                  # an evaluator like any other
    >>> found = collected(SampledGradients(kept, thetas, np.arange(8), "surrogate"), Budget.of(100, 0.05, 60.0))
    >>> found.method, found.samples
    ('surrogate', 100)
    """

    def __init__(
        self, evaluator: Evaluator, thetas: Thetas, parameters: Indices, method: str, rounding: float = ROUNDING
    ) -> None:
        self.evaluator, self.thetas, self.parameters, self.method = evaluator, thetas, parameters, method
        self.chunk = thetas.chunk
        self.least = float(np.square(rounding * gradient_bound(thetas.land.problem)[parameters]).sum())
        shift = evaluator.value_and_gradient(thetas.land.center[None])[1][0]
        self.shift = shift[parameters], np.linalg.norm(shift[None], axis=1), np.linalg.norm(shift[None, parameters], axis=1)

    def run(self, samples: int) -> SampleSums:
        """Return the sums at so many more thetas."""
        gradient = self.evaluator.value_and_gradient(self.thetas.draw(samples))[1]
        norm = np.linalg.norm(gradient, axis=1, keepdims=True)
        chosen = gradient[:, self.parameters]
        values = chosen, norm, np.linalg.norm(chosen, axis=1, keepdims=True)
        return SampleSums(*(MomentSums.of(x, origin) for x, origin in zip(values, self.shift, strict=True)))

    def result(self, sums: SampleSums) -> GradientStatistics:
        """Return the statistics."""
        problem, norms = self.thetas.land.problem, sums.norms
        bound = gradient_bound(problem, mattering_rotations(problem))[self.parameters]
        square, square_error = float(norms.second_moment[0]), float(norms.second_moment_error[0])
        about_all = Norms(float(norms.mean[0]), float(norms.mean_error[0]), square, square_error, square)
        return GradientStatistics.of(
            Moments.of_sums(sums.numbers, bound), about_all, self.parameters, sums.samples, self.method
        )


class SampledLosses(Rounds[SampleSums, LossStatistics]):
    """The value of an evaluator at sampled thetas; arguments as for `SampledGradients`."""

    def __init__(self, evaluator: Evaluator, thetas: Thetas, method: str, rounding: float = ROUNDING) -> None:
        self.evaluator, self.thetas, self.method, self.chunk = evaluator, thetas, method, thetas.chunk
        self.bound = float(np.abs(thetas.land.problem.coefficients).sum())
        self.least = (rounding * self.bound) ** 2
        self.shift = np.reshape(evaluator.value(thetas.land.center[None]), 1)

    def run(self, samples: int) -> SampleSums:
        """Return the sums at so many more thetas."""
        value = MomentSums.of(np.reshape(self.evaluator.value(self.thetas.draw(samples)), (-1, 1)), self.shift)
        return SampleSums(value, value, value)

    def result(self, sums: SampleSums) -> LossStatistics:
        """Return the statistics."""
        return LossStatistics.of(Moments.of_sums(sums.numbers, np.full(1, self.bound)), sums.samples, self.method)
