"""The shape of landscapes around their centre: losses over a plane, and the spectra of Hessian and metric, over N."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import integer, shown
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.geometry.directions import random_directions
from nearclifford.geometry.spectrum import center_spectrum
from nearclifford.geometry.surfaces import Plane, plane_values
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, table_text, with_error
from nearclifford.studies.problem import Prepared, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import setting

if TYPE_CHECKING:
    import pandas as pd

CONDITIONS = {"metric_condition": "the metric's condition number", "hessian_condition": "the Hessian's condition number"}
COUNTS = {
    "metric_rank": "the metric's rank",
    "hessian_rank": "the Hessian's rank",
    "hessian_negative": "how many curvatures are negative",
    "gradient_norm": "‖∇L‖",
}


def odd(value: object, name: str) -> int:
    """Return an odd number of positions, so that the centre is one of them; an error names any other.

    >>> odd(21, "points")
    21
    """
    number = integer(value, name, 1, most=999)
    if number % 2 == 0:
        raise NearCliffordError(f"{name} is {shown(value)}; expected an odd number, so that the centre is a position, or 1.")
    return number


@dataclass(frozen=True)
class GeometryPoint(Point):
    """Draws of the loss at one place of a plane, and of the spectra at the centre.

    Attributes
    ----------
    points : that of `Geometry`. first, second : the displacement along each direction, radians.
    """

    experiment: ClassVar[str] = "geometry"

    points: int
    first: float
    second: float

    @property
    def predicted_seconds(self) -> float:
        """Preparing and the spectra are shared by all places."""
        size = ANSATZE[self.ansatz].n_parameters(self.n_qubits, self.n_layers)
        value = 0.0 if self.points == 1 else size * 2.0**self.n_qubits * 5e-10
        return self.n_draws * ((preparing_seconds(self) + 1e-4 * size) / self.points**2 + value)


@dataclass(frozen=True)
class Geometry(Experiment[GeometryPoint]):
    """Losses over a plane around the centre, and the spectra of Hessian and metric at the centre.

    The plane is spanned by the parameter that is drawn to be encoded, toward smaller losses, and by a random direction of
    length 1 in all the others, which are displaced by a draw from the patch. It takes exact values. The spectra are those of
    the centre itself, at any N.

    Attributes
    ----------
    points : positions from -π to π along each direction, an odd number; 1 for the spectra alone, and no loss.
    """

    name: ClassVar[str] = GeometryPoint.experiment
    point_type: ClassVar[type[Point]] = GeometryPoint
    columns: ClassVar[dict[str, str]] = {
        "loss": "mean of L over the draws; empty where points is 1",
        "loss_error": "its standard error",
        "loss_spread": "the standard deviation over the draws",
    } | {
        key: text
        for name, meaning in CONDITIONS.items()
        for key, text in (
            (name, f"geometric mean of {meaning} on its range, over the draws that have one"),
            (f"{name}_factor", "by which factor that spreads: e to the standard deviation of its logarithm"),
        )
    }
    columns |= {
        key: text
        for name, meaning in COUNTS.items()
        for key, text in ((name, f"mean of {meaning} at the centre over the draws"), (f"{name}_error", "its standard error"))
    }
    draws_per_point: ClassVar[int] = 5

    points: int = setting(odd, 21)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The displacements along both directions."""
        places = tuple(np.linspace(-np.pi, np.pi, self.points).round(12).tolist()) if self.points > 1 else (0.0,)
        return (
            Axis("first", "displacement of the parameter that is drawn to be encoded, radians", places),
            Axis("second", "displacement along a random direction of the others, radians", places),
        )

    @staticmethod
    def measure_draw(points: Sequence[GeometryPoint], draw: int) -> list[dict[str, float]]:
        """Return the loss at each place and what the spectra are; places of one σ share their plane."""
        prepared = prepare(points[0], draw)
        spectra = _spectra(prepared.land)
        found: dict[GeometryPoint, float] = {}
        for sigma in dict.fromkeys(point.sigma for point in points):
            own = [point for point in points if point.sigma == sigma]
            found |= dict(zip(own, _losses(own, draw, prepared).tolist(), strict=True))
        return [{"loss": found[point]} | spectra for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means with their errors, and geometric means of condition numbers.

        >>> named = dict.fromkeys(("loss", *CONDITIONS, *COUNTS), 1.0)
        >>> found = Geometry.summary(Draws.of(range(2), [named, named | {"loss": 3.0, "metric_condition": 100.0}]))
        >>> found["loss"], found["loss_spread"].__round__(6), round(found["metric_condition"], 6)
        (2.0, 1.414214, 10.0)
        """
        columns = means(draws, ("loss", *COUNTS))
        columns["loss_spread"] = columns["loss_error"] * math.sqrt(len(draws))
        for name in CONDITIONS:
            logs = np.log(draws[name][np.isfinite(draws[name])])
            columns[name] = float(np.exp(logs.mean())) if len(logs) else math.nan
            columns[f"{name}_factor"] = float(np.exp(logs.std(ddof=1))) if len(logs) > 1 else math.nan
        return columns

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return what the spectra are, N down and the encoder across, a small table for each circuit and quantity."""
        center, texts = frame[(frame["first"] == 0) & (frame["second"] == 0)], []
        center = center[center["sigma"] == center["sigma"].iloc[0]]
        for (ansatz, layers), part in center.groupby(["ansatz", "layers"], sort=False):
            head = f"{circuit_title(str(ansatz), layers)}, {part['observable'].iloc[0]}, at the centre"
            for name, meaning in (CONDITIONS | COUNTS).items():
                numbers = part[[name, f"{name}_factor" if name in CONDITIONS else f"{name}_error"]].to_numpy(float).tolist()
                cells = [f"{mean:.3g}" if name in CONDITIONS else with_error(mean, error) for mean, error in numbers]
                kind = "geometric mean" if name in CONDITIONS else "mean (standard error of the last digits)"
                title = f"{head}: {meaning}, {kind} over {part['draws'].min()} draws"
                texts.append(f"{title}\n{table_text(part, cells, 'n_qubits', 'encoder', 'encoder ', 'N')}")
        return "\n\n".join(texts)


def _spectra(land: Landscape) -> dict[str, float]:
    """Return what is recorded of the spectra at the centre; a condition number is NaN where a matrix is zero."""
    found: dict[str, Any] = center_spectrum(land).to_dict()
    return {name: float(found[name]) for name in (*CONDITIONS, *COUNTS)}


def _losses(points: Sequence[GeometryPoint], draw: int, prepared: Prepared) -> Floats:
    """Return the losses at the places of points of one σ, shape ``(len(points),)``; NaN where no picture was asked for."""
    if points[0].points == 1:
        return np.full(len(points), np.nan)
    land, k, stream = prepared.land, prepared.parameter, points[0].theta_stream(draw)
    size = land.n_parameters
    moved = Gaussian(sigma_value(points[0].sigma, size)).sample((size,), rng=stream)
    directions = np.zeros((2, size))
    directions[0, k] = -1.0 if land.gradient(land.center)[k] > 0 else 1.0
    others = np.arange(size) != k
    directions[1, others] = random_directions(size - 1, 1, rng=stream)[0]
    places = np.array([(point.first, point.second) for point in points])
    return plane_values(land, Plane(land.center + moved * others, directions, places))
