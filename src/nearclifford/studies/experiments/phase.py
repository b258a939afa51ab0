"""Where training is possible and where classical simulation stops: gradient norm beside the order a surrogate needs.

Near an encoded centre the loss itself is small, about sin t_k, so an error of the loss says little. What training needs is
the encoded derivative ∂_k L = (L(θ + π/2 e_k) - L(θ - π/2 e_k)) / 2, by the parameter-shift rule. Both losses on the right
have the same rms error, that of the loss around the Clifford centre θ* + π/2 e_k, and it bounds the derivative's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from nearclifford.costs.cardinality import log10_stabilizer_calls
from nearclifford.costs.contest import GATE_SECONDS, build_log10_seconds
from nearclifford.costs.worst_case import worst_case_order
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.checks import entries, fraction, integer
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import encoder_title
from nearclifford.studies.problem import Prepared, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.sampled_norm import sampled_squared_norm
from nearclifford.surrogates.error import ErrorCurve, surrogate_error_curve

LARGEST_ORDER = 512


@dataclass(frozen=True)
class PhasePoint(Point):
    """Draws of a gradient norm and of the order that a surrogate needs.

    Attributes
    ----------
    tolerance : rms error of the encoded derivative over the patch, as a part of Σ|c_a|.
    samples : of the run that counts flips.
    components, chains : how the norm is found, as for the experiment "gradient".
    """

    experiment: ClassVar[str] = "phase"

    tolerance: float
    samples: int
    components: int
    chains: int

    @property
    def predicted_seconds(self) -> float:
        """Chains go by gates; so do the flips that are counted, of which every tolerance makes use."""
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        chains = self.components * (1 + self.chains / 512) * gates * 2e-9
        return self.n_draws * (preparing_seconds(self) + chains + self.samples * gates * 8e-11)


@dataclass(frozen=True)
class Phase(Experiment):
    """The norm of the gradient, and the truncation order and cost of a classical surrogate, over widths and sizes.

    Attributes
    ----------
    tolerances : rms errors of the encoded derivative over the patch that the surrogate is to reach, as parts of Σ|c_a|.
    samples : of the Monte Carlo run that counts flips; it sees errors down to about √(3 / samples).
    components, chains : how the norm is found with the stabilizer, as for the experiment "gradient".
    """

    name: ClassVar[str] = PhasePoint.experiment
    columns: ClassVar[dict[str, str]] = {
        "squared_norm": "mean of ‖∇L‖² over draws and patch",
        "squared_norm_error": "its standard error",
        "rms_norm": "its root",
        "rms_norm_error": "its standard error",
        "order": "mean order of the Pauli-path surrogate that reaches the tolerance; "
        f"{LARGEST_ORDER + 1} counts for any beyond",
        "order_error": "its standard error",
        "build_log10_seconds": "mean of log10 of the predicted seconds of its construction on one core",
        "build_log10_seconds_error": "its standard error",
        "worst_case_order": "order by the worst-case bound ‖t‖₁^m / m! at the mean ‖t‖₁",
        "published_log10_seconds": "log10 of the predicted seconds of the published enumeration at that order, on one core",
    }

    draws_per_point: ClassVar[int] = 2

    tolerances: tuple[float, ...] = (0.1, 0.01)
    samples: int = 200_000
    components: int = 256
    chains: int = 512

    def __post_init__(self) -> None:
        settled = entries("tolerances", self.tolerances, lambda value: fraction("tolerances", value))
        object.__setattr__(self, "tolerances", settled)
        integer("samples", self.samples, 2)
        integer("components", self.components, 2)
        integer("chains", self.chains, 2)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The tolerances."""
        return (
            Axis("tolerance", "rms error of the encoded derivative over the patch, as a part of Σ|c_a|", self.tolerances),
        )

    def point(self, **fields: Any) -> PhasePoint:
        """Return a point with the numbers of samples."""
        return PhasePoint(**fields, samples=self.samples, components=self.components, chains=self.chains)

    @staticmethod
    def measure(points: Sequence[Point]) -> list[Draws]:
        """Return for each point the norms and orders of its draws; points of one σ share their chains."""
        found: dict[Point, list[dict[str, float]]] = {point: [] for point in points}
        for draw in points[0].draws:
            prepared = prepare(points[0], draw)
            shifted = _shifted(prepared)
            by_sigma: dict[str, _Seen] = {}
            for point in points:
                assert isinstance(point, PhasePoint)
                if point.sigma not in by_sigma:
                    by_sigma[point.sigma] = _look(point, draw, prepared, shifted)
                found[point].append(_conclude(point, prepared.land, by_sigma[point.sigma]))
        return [Draws.of(points[0].draws, found[point]) for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means and standard errors over the draws."""
        columns = means(draws, ("squared_norm", "order", "build_log10_seconds"))
        root = math.sqrt(columns["squared_norm"])
        return columns | {
            "rms_norm": root,
            "rms_norm_error": columns["squared_norm_error"] / (2 * root) if root else math.nan,
            "worst_case_order": float(draws["worst_case_order"].mean()),
            "published_log10_seconds": float(draws["published_log10_seconds"].mean()),
        }

    def report(self, frame: pd.DataFrame) -> str:
        """Return for each tolerance a table of norm and order: N down, σ across."""
        texts = []
        keys = ["ansatz", "layers", "encoder", "tolerance"]
        for (ansatz, layers, encoder, tolerance), part in frame.groupby(keys, sort=False):
            head = (
                f"{ANSATZE[str(ansatz)].title}, L = {layers}, {encoder_title(str(encoder))}: root mean square ‖∇L‖ / order "
                f"for an rms error of {tolerance:g} of the encoded derivative / by the worst case"
            )
            numbers = part[["rms_norm", "order", "worst_case_order"]].to_numpy(float).tolist()
            cells = [f"{norm:.2g} / {order:.3g} / {worst:.3g}" for norm, order, worst in numbers]
            table = part.assign(cell=cells).pivot(index="n_qubits", columns="sigma", values="cell")
            table = table.reindex(columns=part["sigma"].unique()).fillna("")
            columns = [f"σ = {sigma}" for sigma in table.columns]
            text = table.set_axis(columns, axis=1).reset_index(names="N").to_string(index=False)
            texts.append(f"{head}\n{text}")
        return "\n\n".join(texts)


@dataclass(frozen=True)
class _Seen:
    """What the chains of one draw at one σ have seen."""

    squared_norm: float
    scale: float
    curve: ErrorCurve
    displacement: float


def _shifted(prepared: Prepared) -> Landscape:
    """Return the landscape around the centre that the parameter-shift rule of the encoded parameter looks at."""
    land = prepared.land
    center = land.center.copy()
    center[prepared.parameter] += np.pi / 2
    return Landscape(land.circuit, land.observable, center)


def _look(point: PhasePoint, draw: int, prepared: Prepared, shifted: Landscape) -> _Seen:
    land, parameter = prepared.land, prepared.parameter
    width = sigma_value(point.sigma, land.n_parameters)
    patch, rng = Gaussian(width), point.theta_stream(draw)
    scale = float(np.abs(land.problem.coefficients).sum())
    squared = sampled_squared_norm(land, patch, parameter, point.components, point.chains, rng)
    curve = surrogate_error_curve(shifted, patch, orders=range(1, LARGEST_ORDER + 1), samples=point.samples, rng=rng)
    displacement = land.n_parameters * width * math.sqrt(2 / math.pi)
    return _Seen(squared, scale, curve, displacement)


def _conclude(point: PhasePoint, land: Landscape, seen: _Seen) -> dict[str, float]:
    order = seen.curve.order_for(point.tolerance * seen.scale) or LARGEST_ORDER + 1
    worst = worst_case_order(seen.displacement, point.tolerance)
    return {
        "squared_norm": seen.squared_norm,
        "order": float(order),
        "build_log10_seconds": build_log10_seconds(land.n_parameters, land.n_qubits, order, len(land.problem.coefficients)),
        "worst_case_order": float(worst),
        "published_log10_seconds": log10_stabilizer_calls(land.n_parameters, worst)
        + math.log10(GATE_SECONDS * len(land.program.tape)),
    }
