"""Statistics from the paths of few flips, where angles are shared or fixed and chains of Clifford circuits say nothing.

The surrogates of growing order are averaged over the patch; what they still leave out follows from how their moments
change with the order (docs/theory.md, "Shared and bound angles").
"""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nearclifford.arguments import integer, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.zeros import gradient_bound, mattering_rotations
from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.grid_moments import GridMoments, grid_moments
from nearclifford.statistics.orders import LEAST_ORDERS, truncation_error
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms, UnbiasedMoments
from nearclifford.statistics.sampled import SampledGradients, SampledLosses, Thetas
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.surrogates.paths import find_path_tree
from nearclifford.surrogates.pauli_path import PauliPathSurrogate
from nearclifford.surrogates.polynomial import AngleKinds, PathPolynomial

# Thetas at which the orders are compared where there is no grid.
PILOT_THETAS, PILOT_SEED = 128, 12
# Beyond so many parameters the smallest grid does not fit.
MOST_GRID_PARAMETERS = 12
# The next order takes so much longer than the last, if it is unlucky.
GROWTH = 8.0


@dataclass(frozen=True)
class Paths:
    """Moments of the Pauli paths of few flips: for shared parameters, and for fixed angles that are not Clifford.

    The surrogate of order m, the sum of all paths with fewer than m flips (`nearclifford.surrogate`), is averaged over the
    patch: for few parameters, as in a QAOA, by Gauss quadrature on a grid of thetas, exact to rounding; for more of them,
    and where an angle has several parameters, at sampled thetas. What the paths that are left out would change is estimated
    from the moments of lower orders: the errors of the result hold it, and ``choice`` tells the orders. It is an estimate,
    no bound: the last change of two orders, or more if the changes fall slowly. Where they do not fall the error is as large
    as the moment can be. Noise is taken along.

    Parameters
    ----------
    order : m, at least 5; by default the lowest that is good to ``rel_error``, within ``max_bytes`` and the time.
    rel_error : part of E‖∇L‖² of the chosen components, or of E[L²], that the truncation may take.
    max_bytes : memory of the paths.

    Raises `NearCliffordError` for numbers that are none, and `ResourceError`, once it is used, where not even paths of few
    flips fit.

    >>> import nearclifford as nc
    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(2)
    >>> _ = circuit.ry(Parameter("a"), [0, 1])
    >>> land = nc.Landscape(circuit, nc.observables.global_z(2))                # L = cos² a
    >>> found = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Paths())
    >>> bool(abs(found.mean - nc.Gaussian(0.5).cosine_square_mean()) < 1e-6), found.method
    (True, 'paths')
    """

    order: int | None = None
    rel_error: float = 0.01
    max_bytes: int = 2**30

    def __post_init__(self) -> None:
        if self.order is not None:
            integer(self.order, "order", LEAST_ORDERS)
        positive(self.rel_error, "rel_error", 0.01)
        integer(self.max_bytes, "max_bytes", 1)

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> PathGradients:
        """Return the rounds of the moments of the chosen components of the gradient."""
        return PathGradients(land, patch, parameters, self, rng)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> PathLoss:
        """Return the rounds of the moments of the loss."""
        return PathLoss(land, patch, self, rng)


@dataclass(frozen=True, eq=False)
class Truncated:
    """What surrogates of growing order tell, up to the last one.

    Attributes
    ----------
    surrogate : the last one.
    numbers : mean, second moment and variance of it by quadrature, shape ``(3, P)``; None where thetas are to be sampled.
    error : what they may be off by, shape ``(3, P)``.
    total, total_error : the sum of second moments that the order was chosen by.
    nodes : of the quadrature, for each parameter.
    """

    surrogate: PauliPathSurrogate
    numbers: Floats | None
    error: Floats
    total: float
    total_error: float
    nodes: int | None

    @property
    def text(self) -> str:
        """What a result says of the choice."""
        order, paths = self.surrogate.order, self.surrogate.n_paths
        made = f"{self.nodes} nodes a parameter" if self.nodes else "thetas sampled"
        part = self.total_error / self.total if self.total > 0.0 else self.total_error
        if part == 0.0:
            return f"Paths(order={order}): all {paths:,} paths are summed, {made}."
        orders = f"orders {max(order - 4, 1)} to {order}"
        if not math.isfinite(part):
            agreed = f"the moments of {orders} do not settle, and the errors are what is possible"
        else:
            agreed = f"by {orders} the truncation takes {part:.1g} of the second moment"
        return f"Paths(order={order}): {paths:,} paths, {made}; {agreed}."


@dataclass(frozen=True, eq=False)
class PathSums:
    """What was found without samples; more of them change nothing."""

    samples: int
    found: Truncated

    def __add__(self, other: PathSums) -> PathSums:
        return PathSums(self.samples + other.samples, self.found)

    @property
    def total(self) -> float:
        """The sum of the second moments."""
        return self.found.total

    @property
    def total_error(self) -> float:
        """Zero: more samples would not improve it."""
        return 0.0


class _PathRounds(Rounds[Any, Any]):
    """Surrogates of growing order first; then the grid's moments, or sampled thetas at the last order."""

    method = "paths"

    def __init__(
        self, land: Landscape, patch: Patch, wanted: list[int | None], how: Paths, rng: np.random.Generator
    ) -> None:
        self.land, self.patch, self.wanted, self.how, self.rng = land, patch, wanted, how, rng
        self.ends, self.found, self.sampled = math.inf, None, None
        slopes = gradient_bound(land.problem, mattering_rotations(land.problem))
        loss = float(np.abs(land.problem.coefficients).sum())
        self.bound = np.array([loss if k is None else slopes[k] for k in wanted])

    found: Truncated | None
    sampled: Any

    def begin(self, ends: float) -> None:
        """Hear when the time is over: half of it may go into finding paths."""
        self.ends = ends

    def settles(self, rel_error: float, seconds: float) -> bool:
        """Return whether the truncation takes no more than a part of the total; it is found out once, in so many seconds.

        An infinite ``rel_error`` asks whether anything is known of it.
        """
        if self.found is None:
            self.ends = time.monotonic() + 2 * seconds
            self._find()
        assert self.found is not None
        return self.found.total_error <= rel_error * self.found.total and math.isfinite(self.found.total_error)

    def _find(self) -> None:
        self.found = self._truncated()
        if self.found.numbers is None:
            self.sampled = self._sampled(self.found.surrogate)
            self.chunk = self.sampled.chunk

    def run(self, samples: int) -> Any:
        """Return the sums; the first call finds the order, if it was not found yet."""
        if self.found is None:
            self._find()
        assert self.found is not None
        return PathSums(samples, self.found) if self.sampled is None else self.sampled.run(min(samples, self.chunk))

    @abstractmethod
    def _sampled(self, surrogate: PauliPathSurrogate) -> Any:
        """Return the rounds of thetas at a surrogate."""

    def _truncated(self) -> Truncated:
        """Go through the orders until one is good enough, the time is over or paths no longer fit."""
        most, built = most_flips(self.land, np.ones(self.land.problem.n_rotations)), list[PauliPathSurrogate]()
        last, seen, on_grid = None, list[Floats](), True
        for surrogate in self._surrogates(most + 1):
            built.append(surrogate)
            found = self._on_grid(surrogate) if on_grid else None
            if found is None:  # orders are compared by one rule
                seen = [self._of_pilot(one) for one in built] if on_grid else [*seen, self._of_pilot(surrogate)]
                on_grid = False
            else:
                seen.append(found.numbers)
            error = np.zeros_like(seen[-1]) if surrogate.order > most else truncation_error(seen)
            last = self._summary(surrogate, found, seen[-1], error)
            if self.how.order is None and last.total_error <= self.how.rel_error * last.total:
                break
        assert last is not None
        return last

    def _summary(
        self, surrogate: PauliPathSurrogate, found: GridMoments | None, numbers: Floats, error: Floats
    ) -> Truncated:
        total, total_error = float(numbers[1].sum()), float(error[1].sum())
        change = 0.0 if found is None else found.change
        error = np.minimum(error + change, np.stack([2 * self.bound, self.bound**2, self.bound**2]))
        if found is None:
            return Truncated(surrogate, None, error, total, total_error, None)
        return Truncated(surrogate, numbers, error, total, total_error, found.nodes)

    def _of_pilot(self, surrogate: PauliPathSurrogate) -> Floats:
        """Return mean, second moment and variance over the same thetas for every order."""
        pilot = Thetas(self.land, self.patch, np.random.default_rng(PILOT_SEED)).draw(PILOT_THETAS)
        values = self._at(surrogate, pilot)
        return np.stack([values.mean(axis=0), np.mean(values**2, axis=0), values.var(axis=0)])

    def _surrogates(self, highest: int) -> Iterator[PauliPathSurrogate]:
        """Yield the surrogates of orders 1, 2, ... that can be made; `ResourceError` where there is none of order 1."""
        until = math.inf if math.isinf(self.ends) else (time.monotonic() + self.ends) / 2
        spent = 0.0
        for order in range(1, min(highest, self.how.order or highest) + 1):
            start = time.monotonic()
            if order > LEAST_ORDERS and start + GROWTH * spent > until and self.how.order is None:
                return
            try:
                left = max(until - start, 1.0) if math.isfinite(until) else 600.0
                tree = find_path_tree(self.land, order, self.how.max_bytes, left, progress=False)
            except ResourceError:
                if order == 1 or self.how.order is not None:
                    raise
                return
            yield PauliPathSurrogate(order, self.land.problem, tree)
            spent = time.monotonic() - start

    def _on_grid(self, surrogate: PauliPathSurrogate) -> GridMoments | None:
        kinds = AngleKinds.of(self.land.problem.angle_map)
        if kinds is None or len(np.unique(kinds.parameter)) > MOST_GRID_PARAMETERS:
            return None
        try:
            widths = self.patch.for_parameters(self.land.n_parameters)
            return grid_moments(PathPolynomial.of(surrogate.tree, kinds), self.patch, widths, self.wanted)
        except NearCliffordError:  # the patch has no Gauss rule
            return None

    def _at(self, surrogate: PauliPathSurrogate, theta: Floats) -> Floats:
        """Return the wanted numbers at thetas, shape ``(n, P)``."""
        if self.wanted == [None]:
            return np.reshape(surrogate.value(theta), (-1, 1))
        return surrogate.gradient(theta)[:, np.array(self.wanted, dtype=np.int64)]

    def _grid_result(self, found: Truncated) -> Moments:
        assert found.numbers is not None
        mean, second, variance = found.numbers
        mean_error, second_error, variance_error = found.error
        return Moments(
            mean=mean,
            mean_error=mean_error,
            second_moment=second,
            second_moment_error=second_error,
            variance=variance,
            variance_error=variance_error,
            bound=self.bound,
            unbiased=UnbiasedMoments(second, variance),
        )


def _widened(result: Any, error: Floats) -> Any:
    """Return sampled statistics whose errors hold the truncation too."""
    mean, second, variance = error if isinstance(result, GradientStatistics) else error[:, 0].tolist()
    return replace(
        result,
        mean_error=result.mean_error + mean,
        second_moment_error=result.second_moment_error + second,
        variance_error=result.variance_error + variance,
    )


class PathGradients(_PathRounds):
    """The chosen components of the gradient."""

    def __init__(self, land: Landscape, patch: Patch, parameters: Indices, how: Paths, rng: np.random.Generator) -> None:
        super().__init__(land, patch, parameters.tolist(), how, rng)
        self.parameters = parameters

    def _sampled(self, surrogate: PauliPathSurrogate) -> SampledGradients:
        return SampledGradients(surrogate, Thetas(self.land, self.patch, self.rng), self.parameters, "paths, sampled")

    def result(self, sums: Any) -> GradientStatistics:
        """Return the statistics."""
        assert self.found is not None
        if self.sampled is not None:
            found = self.sampled.result(sums)
            share = 0.0 if self.found.total == 0.0 else self.found.total_error / self.found.total
            more = min(share, 1.0) * found.norm_squared
            found = replace(found, norm=None, norm_error=None, norm_squared_error=found.norm_squared_error + more)
            return replace(_widened(found, self.found.error), choice=self.found.text)
        complete = sorted(self.parameters.tolist()) == list(range(self.land.n_parameters))
        total = float(self.found.numbers[1].sum()) if self.found.numbers is not None else 0.0
        norms = Norms(None, None, total, float(self.found.error[1].sum()), total) if complete else Norms()
        found = GradientStatistics.of(self._grid_result(self.found), norms, self.parameters, 0, self.method)
        return replace(found, choice=self.found.text)


class PathLoss(_PathRounds):
    """The loss itself."""

    def __init__(self, land: Landscape, patch: Patch, how: Paths, rng: np.random.Generator) -> None:
        super().__init__(land, patch, [None], how, rng)

    def _sampled(self, surrogate: PauliPathSurrogate) -> SampledLosses:
        return SampledLosses(surrogate, Thetas(self.land, self.patch, self.rng), "paths, sampled")

    def result(self, sums: Any) -> LossStatistics:
        """Return the statistics."""
        assert self.found is not None
        if self.sampled is not None:
            return replace(_widened(self.sampled.result(sums), self.found.error), choice=self.found.text)
        found = LossStatistics.of(self._grid_result(self.found), 0, self.method)
        return replace(found, choice=self.found.text)
