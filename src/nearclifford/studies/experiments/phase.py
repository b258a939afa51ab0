"""Where training is possible and where classical simulation stops: gradient norm beside the order a surrogate needs.

Near an encoded centre the loss itself is small, about sin t_k, so an error of the loss says little. What training needs is
the encoded derivative ∂_k L = (L(θ + π/2 e_k) - L(θ - π/2 e_k)) / 2, by the parameter-shift rule. Both losses on the right
have the same rms error, that of the loss around the Clifford centre θ* + π/2 e_k, and it bounds the derivative's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import fraction
from nearclifford.costs.model import CostModel, sampled_norm_seconds
from nearclifford.costs.worst_case import mean_displacement, worst_case_order
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.some_components import sampled_squared_norm
from nearclifford.studies.draws import Draws, means, root
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text
from nearclifford.studies.problem import Prepared, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, each, setting
from nearclifford.surrogates.error import ErrorCurve, surrogate_error_curve

if TYPE_CHECKING:
    import pandas as pd

LARGEST_ORDER = 512


@dataclass(frozen=True)
class PhasePoint(Point):
    """Draws of a gradient norm and of the order that a surrogate needs.

    Attributes
    ----------
    tolerance : rms error of the encoded derivative over the patch, as a part of Σ|c_a|.
    samples, components, chains : those of `Phase`.
    """

    experiment: ClassVar[str] = "phase"
    # 1: the active rank in the predicted seconds, not the number of qubits, and those of a statevector
    revision: ClassVar[int] = 1

    tolerance: float
    samples: int
    components: int
    chains: int

    @property
    def predicted_seconds(self) -> float:
        """Chains go by gates; so do the flips that are counted, of which every tolerance makes use."""
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        chains = sampled_norm_seconds(self.components, self.chains, gates)
        return self.n_draws * (preparing_seconds(self) + chains + self.samples * gates * 8e-11)


@dataclass(frozen=True)
class Phase(Experiment[PhasePoint]):
    """The norm of the gradient, and the truncation order and cost of a classical surrogate, over widths and sizes.

    Attributes
    ----------
    tolerances : rms errors of the encoded derivative over the patch that the surrogate is to reach, as parts of Σ|c_a|.
    samples : of the Monte Carlo run that counts flips; it sees errors down to about √(3 / samples).
    components, chains : how the norm is found with the stabilizer, as for the experiment "gradient".
    """

    name: ClassVar[str] = PhasePoint.experiment
    point_type: ClassVar[type[Point]] = PhasePoint
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
        "statevector_log10_seconds": "mean of log10 of the predicted seconds of one exact value on one core",
    }

    draws_per_point: ClassVar[int] = 2

    tolerances: tuple[float, ...] = setting(each(fraction), (0.1, 0.01))
    samples: int = setting(at_least(2), 200_000)
    components: int = setting(at_least(2), 256)
    chains: int = setting(at_least(2), 512)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The tolerances."""
        return (
            Axis("tolerance", "rms error of the encoded derivative over the patch, as a part of Σ|c_a|", self.tolerances),
        )

    @staticmethod
    def measure_draw(points: Sequence[PhasePoint], draw: int) -> list[dict[str, float]]:
        """Return for each point norm and order of a draw; points of one σ share their chains."""
        prepared = prepare(points[0], draw)
        shifted, model = _shifted(prepared), CostModel.of(prepared.land)
        first = {point.sigma: point for point in reversed(points)}
        seen = {sigma: _look(point, draw, prepared, shifted) for sigma, point in first.items()}
        return [_conclude(point, model, seen[point.sigma]) for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means and standard errors over the draws."""
        columns = means(draws, ("squared_norm", "order", "build_log10_seconds"))
        columns["rms_norm"], columns["rms_norm_error"] = root(columns["squared_norm"], columns["squared_norm_error"])
        alone = ("worst_case_order", "published_log10_seconds", "statevector_log10_seconds")
        return columns | {name: float(draws[name].mean()) for name in alone}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return for each tolerance a table of norm and order: N down, σ across."""
        texts = []
        keys = ["ansatz", "layers", "encoder", "tolerance"]
        for (ansatz, layers, encoder, tolerance), part in frame.groupby(keys, sort=False):
            head = (
                f"{circuit_title(str(ansatz), layers)}, {encoder_title(str(encoder))}: root mean square ‖∇L‖ / order "
                f"for an rms error of {tolerance:g} of the encoded derivative / by the worst case"
            )
            numbers = part[["rms_norm", "order", "worst_case_order"]].to_numpy(float).tolist()
            cells = [f"{norm:.2g} / {order:.3g} / {worst:.3g}" for norm, order, worst in numbers]
            texts.append(f"{head}\n{table_text(part, cells, 'n_qubits', 'sigma', 'σ = ', 'N')}")
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
    patch, rng = Gaussian(sigma_value(point.sigma, land.n_parameters)), point.theta_stream(draw)
    scale = float(np.abs(land.problem.coefficients).sum())
    squared = sampled_squared_norm(land, patch, point.components, point.chains, always=[parameter], rng=rng).norm_squared
    curve = surrogate_error_curve(shifted, patch, orders=range(1, LARGEST_ORDER + 1), samples=point.samples, rng=rng)
    return _Seen(squared, scale, curve, mean_displacement(patch, land.n_parameters))


def _conclude(point: PhasePoint, model: CostModel, seen: _Seen) -> dict[str, float]:
    order = seen.curve.order_for(point.tolerance * seen.scale) or LARGEST_ORDER + 1
    worst = worst_case_order(seen.displacement, point.tolerance)
    return {
        "squared_norm": seen.squared_norm,
        "order": float(order),
        "build_log10_seconds": model.path_surrogate(order),
        "worst_case_order": float(worst),
        "published_log10_seconds": model.published_taylor(worst),
        "statevector_log10_seconds": model.statevector(),
    }
