"""Second moments without samples: all branches of the chain at once, equal strings merged, for as long as they fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import integer
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.sampler import ChainSampler
from nearclifford.errors import ResourceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.certified import certified_loss_second_moment, certified_second_moment
from nearclifford.statistics.request import Request
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms

# Bounds that lie closer, as a share of the upper one, differ by rounding.
ROUNDING = 1e-6
# What is below, where channels leave nothing, is the rounding of zero.
NOTHING = 1e-280


@dataclass(frozen=True)
class Exact:
    """Exact moments: the chances of all Pauli strings that a term may become, equal strings merged.

    Means and second moments are exact to rounding, of which their errors are rigorous bounds
    (`nearclifford.certified_second_moment`), so that an exponentially small one is as exact as any. Time and memory grow
    with the strings that are needed at once, not with 2^N: at most 4^r of them, r = ``land.active_qubits``. It takes one run
    for the loss and one for each component, for each distinct product of two terms with equal x-parts. ``norm`` is not
    computed. No samples are drawn, and ``samples`` of the result is 0.

    Parameters
    ----------
    max_terms : Pauli strings held at once, at least 1; one takes about 100 bytes up to 64 qubits.

    Raises `ResourceError` where more strings are needed, and `NearCliffordError` where angles are not independent.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> found = nc.loss_statistics(land, nc.Gaussian(1e-3), nc.Exact())      # L = cos t
    >>> bool(abs(found.second_moment - nc.Gaussian(1e-3).cosine_square_mean()) <= found.second_moment_error), found.samples
    (True, 0)
    """

    max_terms: int = 2**20

    def __post_init__(self) -> None:
        integer(self.max_terms, "max_terms", 1)

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> ExactGradients:
        """Return the moments of the chosen components of the gradient, as rounds that need no samples."""
        return ExactGradients(land, patch, parameters, self, rng)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> ExactLoss:
        """Return the moments of the loss, as rounds that need no samples."""
        return ExactLoss(land, patch, self, rng)

    def loss_second_moment(self, land: Landscape, patch: Patch) -> tuple[float, float]:
        """Return E[L²] and what it may be off by; `ResourceError` where more strings are needed than may be held."""
        return self._closed(certified_loss_second_moment(land, patch, self.max_terms))

    def second_moment(self, land: Landscape, patch: Patch, parameter: int) -> tuple[float, float]:
        """Return E[(∂_k L)²] and what it may be off by; errors as for `loss_second_moment`."""
        return self._closed(certified_second_moment(land, patch, parameter, self.max_terms))

    def _closed(self, bounds: tuple[float, float]) -> tuple[float, float]:
        lower, upper = bounds
        if upper - lower > max(ROUNDING * upper, NOTHING):
            raise ResourceError(
                f"More than {self.max_terms} Pauli strings are needed at once. Raise max_terms, or take "
                "backend=Stabilizer(), which samples them."
            )
        return (lower + upper) / 2, (upper - lower) / 2


@dataclass(frozen=True, eq=False)
class ExactSums:
    """Second moments and their bounds, shapes ``(P,)``, and their sum; more samples change nothing."""

    samples: int
    second: Floats
    error: Floats

    def __add__(self, other: ExactSums) -> ExactSums:
        return ExactSums(self.samples + other.samples, self.second, self.error)

    @property
    def total(self) -> float:
        """The sum of the second moments."""
        return float(self.second.sum())

    @property
    def total_error(self) -> float:
        """Zero: more samples would not improve it."""
        return 0.0


class ExactGradients(Rounds[ExactSums, GradientStatistics]):
    """The chosen components of the gradient."""

    def __init__(self, land: Landscape, patch: Patch, parameters: Indices, exact: Exact, rng: np.random.Generator) -> None:
        self.land, self.parameters, self.chain = land, parameters, ChainSampler(land, patch, rng)
        alive = Request(land, patch, parameters).alive.tolist()
        each = {k: exact.second_moment(land, patch, k) for k in alive}
        found = np.array([each.get(k, (0.0, 0.0)) for k in parameters.tolist()]).reshape(-1, 2)
        self.second, self.error = found.T

    def run(self, samples: int) -> ExactSums:
        """Return what is known without them."""
        return ExactSums(samples, self.second, self.error)

    def result(self, sums: ExactSums) -> GradientStatistics:
        """Return the statistics."""
        rotation, factor = self.land.problem.angle_map.rotation_of
        mean = (factor * self.chain.derivative_means(rotation))[self.parameters]
        bound = np.where(sums.second > 0.0, np.abs(factor[self.parameters]) * self.land.problem.varying_size, 0.0)
        moments = Moments.of_second_moments(mean, sums.second, sums.error, bound)
        n_parameters = self.land.n_parameters
        complete = len(self.parameters) == n_parameters == len(np.unique(self.parameters))
        total = sums.total
        norms = Norms(None, None, total, float(sums.error.sum()), total) if complete else Norms()
        return GradientStatistics.of(moments, norms, self.parameters, 0, "exact")


class ExactLoss(Rounds[ExactSums, LossStatistics]):
    """The loss itself."""

    def __init__(self, land: Landscape, patch: Patch, exact: Exact, rng: np.random.Generator) -> None:
        self.land, self.chain = land, ChainSampler(land, patch, rng)
        self.second, self.error = np.array(exact.loss_second_moment(land, patch)).reshape(2, 1)

    def run(self, samples: int) -> ExactSums:
        """Return what is known without them."""
        return ExactSums(samples, self.second, self.error)

    def result(self, sums: ExactSums) -> LossStatistics:
        """Return the statistics."""
        bound = np.where(sums.second > 0.0, np.abs(self.land.problem.coefficients).sum(), 0.0)
        moments = Moments.of_second_moments(np.full(1, self.chain.loss_mean()), sums.second, sums.error, bound)
        return LossStatistics.of(moments, 0, "exact")
