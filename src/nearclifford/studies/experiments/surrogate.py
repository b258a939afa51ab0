"""What surrogates take: paths, coefficients, bytes, seconds and rms error for a few orders, beside the published curves."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.costs.model import CostModel, seconds_of
from nearclifford.errors import ResourceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.growth import growth_frame, growth_text
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text, with_error
from nearclifford.studies.problem import prepare, preparing_seconds
from nearclifford.studies.published_curves import published_curves
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, each, setting
from nearclifford.surrogates.build import surrogate
from nearclifford.surrogates.error import surrogate_error_curve
from nearclifford.surrogates.taylor import TaylorSurrogate

if TYPE_CHECKING:
    import pandas as pd

MEASURED = ("n_paths", "support", "coefficient_norm", "nbytes", "build_seconds", "theta_seconds", "rms_error")
LARGEST_SUPPORT = 10**5
# The quickest of some builds and evaluations: the first may compile, and any may be interrupted.
REPEATS = 3


@dataclass(frozen=True)
class SurrogatePoint(Point):
    """Draws of surrogates.

    Attributes
    ----------
    order : m, paths of fewer than m flips, coefficients of degree below m.
    thetas, samples, max_seconds, max_bytes : those of `SurrogateCost`.
    """

    experiment: ClassVar[str] = "surrogate"

    order: int
    thetas: int
    samples: int
    max_seconds: int
    max_bytes: int

    @property
    def predicted_seconds(self) -> float:
        """Building, as predicted without a circuit: each parameter turns one rotation, and all qubits are active."""
        family, size = ANSATZE[self.ansatz], (self.n_qubits, self.n_layers)
        count = family.n_parameters(*size)
        model = CostModel(n_parameters=count, n_rotations=count, active_qubits=self.n_qubits, n_gates=family.n_gates(*size))
        building = seconds_of(model.path_surrogate(self.order))
        measuring = 5 * building if building <= self.max_seconds else 0.0
        return self.n_draws * (preparing_seconds(self) + 1e-3 + measuring)


@dataclass(frozen=True)
class SurrogateCost(Experiment[SurrogatePoint]):
    """The size, seconds and error of surrogates of a few orders, beside the published curves for the same circuits.

    Attributes
    ----------
    orders : the orders m.
    thetas : number of thetas of each evaluation that is timed.
    samples : of the Monte Carlo run that finds the rms errors.
    max_seconds : a surrogate that is predicted to take longer on one core is not built, and its cells stay empty.
    max_bytes : nor is one that would hold more.
    """

    name: ClassVar[str] = SurrogatePoint.experiment
    point_type: ClassVar[type[Point]] = SurrogatePoint
    columns: ClassVar[dict[str, str]] = {
        "n_paths": "mean number of paths of fewer than m flips",
        "n_paths_error": "its standard error",
        "support": "mean number of Taylor coefficients of degree below m that are not zero",
        "support_error": "its standard error",
        "coefficient_norm": "mean Euclidean norm of these coefficients; empty where there are more than 100,000",
        "coefficient_norm_error": "its standard error",
        "nbytes": "mean bytes of the Pauli-path surrogate",
        "nbytes_error": "its standard error",
        "build_seconds": "mean seconds to build the Pauli-path surrogate, on the threads of the worker",
        "build_seconds_error": "its standard error",
        "theta_seconds": "mean seconds for the value at one theta of a batch, likewise",
        "theta_seconds_error": "its standard error",
        "rms_error": "mean rms error of the Pauli-path surrogate over the patch",
        "rms_error_error": "its standard error",
    }

    draws_per_point: ClassVar[int] = 5

    orders: tuple[int, ...] = setting(each(at_least(1)), (1, 2, 3, 4))
    thetas: int = setting(at_least(1), 64)
    samples: int = setting(at_least(2), 100_000)
    max_seconds: int = setting(at_least(1), 2)
    max_bytes: int = setting(at_least(1), 2**30)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The orders."""
        return (Axis("order", "order m of the surrogate", self.orders),)

    @staticmethod
    def measure_draw(points: Sequence[SurrogatePoint], draw: int) -> list[dict[str, float]]:
        """Return what surrogates of one draw take, NaN beyond the budget; points of one order share them."""
        land, orders = prepare(points[0], draw).land, sorted({point.order for point in points})
        of_order = {point.order: point for point in reversed(points)}
        of_sigma = {point.sigma: point for point in reversed(points)}
        built = {order: _build(point, draw, land) for order, point in of_order.items()}
        errors = {sigma: _errors(point, draw, land, orders) for sigma, point in of_sigma.items()}
        return [built[point.order] | {"rms_error": errors[point.sigma][point.order]} for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means and standard errors; NaN where a draw was beyond the budget."""
        return means(draws, MEASURED)

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the published curves of each ansatz and rule for L, and how paths and seconds grow with N."""
        import pandas as pd

        keys = list(dict.fromkeys(zip(frame["ansatz"], frame["layers"], strict=True)))
        sigmas = list(dict.fromkeys(frame["sigma"]))
        curves = [published_curves(ansatz, layers, sigmas, self.orders) for ansatz, layers in keys]
        return {"published": pd.concat(curves, ignore_index=True), "growth": growth_frame(frame)}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return paths and seconds for each order, N down, and how they grow."""
        texts = []
        first = frame[frame["sigma"] == frame["sigma"].iloc[0]]
        for (ansatz, layers, encoder), part in first.groupby(["ansatz", "layers", "encoder"], sort=False):
            head = f"{circuit_title(str(ansatz), layers)}, {encoder_title(str(encoder))}: paths / seconds to build"
            numbers = part[["n_paths", "n_paths_error", "build_seconds"]].to_numpy(float).tolist()
            cells = ["" if np.isnan(paths) else f"{with_error(paths, error)} / {s:.2g}" for paths, error, s in numbers]
            texts.append(f"{head}\n{table_text(part, cells, 'n_qubits', 'order', 'm = ', 'N')}")
        return "\n\n".join([*texts, growth_text(tables["growth"])])


def _errors(point: SurrogatePoint, draw: int, land: Landscape, orders: Sequence[int]) -> dict[int, float]:
    """Return the rms error over the patch of each order."""
    patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
    curve = surrogate_error_curve(land, patch, orders=orders, samples=point.samples, rng=point.theta_stream(draw))
    # a mean over the draws needs the zeros of those that saw nothing
    return dict(zip(orders, np.sqrt(np.maximum(curve.mean_square, 0.0)).tolist(), strict=True))


def _build(point: SurrogatePoint, draw: int, land: Landscape) -> dict[str, float]:
    """Return what the surrogates of one order take; NaN beyond the budget."""
    unknown = dict.fromkeys(MEASURED, math.nan)
    if CostModel.of(land).path_surrogate(point.order) > math.log10(point.max_seconds):
        return unknown
    theta = land.center + 0.1 * point.theta_stream(draw).standard_normal((point.thetas, land.n_parameters))
    building, evaluating = [], []
    try:
        for _ in range(REPEATS):
            start = time.perf_counter()
            paths = surrogate(land, point.order, kind="pauli-path", max_bytes=point.max_bytes, progress=False)
            built = time.perf_counter()
            paths.value(theta)
            building.append(built - start)
            evaluating.append(time.perf_counter() - built)
        taylor = surrogate(land, point.order, kind="taylor", max_bytes=point.max_bytes, progress=False)
    except ResourceError:
        return unknown
    norm = math.nan
    if isinstance(taylor, TaylorSurrogate) and taylor.support <= LARGEST_SUPPORT:
        norm = math.sqrt(sum(value**2 for _, value in taylor.coefficients()))
    return {
        "n_paths": float(paths.n_paths),
        "support": float(taylor.support),
        "coefficient_norm": norm,
        "nbytes": float(paths.nbytes),
        "build_seconds": min(building),
        "theta_seconds": min(evaluating) / point.thetas,
    }
