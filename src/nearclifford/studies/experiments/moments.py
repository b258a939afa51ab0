"""Second moments of the loss and of its gradient over a patch: plateaus and Hamiltonians at any number of qubits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nearclifford.ansatz import ANSATZE
from nearclifford.patches import Gaussian
from nearclifford.statistics.backend import Backend
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.verbs import gradient_statistics, loss_statistics
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text, with_error
from nearclifford.studies.problem import prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, named, setting

if TYPE_CHECKING:
    import pandas as pd

BACKENDS: dict[str, Backend] = {"stabilizer": Stabilizer()}
GRADIENTS = ("norm", "component", "none")
QUANTITIES = ("second_moment", "variance", "squared_gradient")


@dataclass(frozen=True)
class MomentsPoint(Point):
    """Draws of second moments.

    Attributes
    ----------
    backend, samples, gradient, gradient_samples : those of `SecondMoments`.
    """

    experiment: ClassVar[str] = "moments"

    backend: str
    samples: int
    gradient: str
    gradient_samples: int

    @property
    def predicted_seconds(self) -> float:
        """Samples go by gates."""
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        samples = self.samples + (self.gradient_samples if self.gradient != "none" else 0)
        return self.n_draws * (preparing_seconds(self) + samples * gates * (1e-8 if self.backend == "particles" else 1e-11))


@dataclass(frozen=True)
class SecondMoments(Experiment[MomentsPoint]):
    """E[L²] and Var L, and E‖∇L‖² or the second moment of the encoded component, at any number of qubits.

    Attributes
    ----------
    backend : "stabilizer", or "particles" for moments that are exponentially small.
    samples : of each draw's loss.
    gradient : "norm" for E‖∇L‖², "component" for E[(∂_k L)²] of the encoded parameter (of the same parameter for plain
        circuits), or "none".
    gradient_samples : of each draw's gradient.
    """

    name: ClassVar[str] = MomentsPoint.experiment
    point_type: ClassVar[type[Point]] = MomentsPoint
    columns: ClassVar[dict[str, str]] = {
        "second_moment": "mean of E[L²] over the draws",
        "second_moment_error": "its standard error, by the spread over the draws",
        "second_moment_sampling": "its standard error by sampling alone, as each draw reports it",
        "variance": "mean of Var L over the draws",
        "variance_error": "its standard error, by the spread over the draws",
        "variance_sampling": "its standard error by sampling alone, as each draw reports it",
        "squared_gradient": "mean over the draws of E‖∇L‖² or E[(∂_k L)²]; empty where it was not asked for",
        "squared_gradient_error": "its standard error, by the spread over the draws",
        "squared_gradient_sampling": "its standard error by sampling alone, as each draw reports it",
        "resolved": "share of the draws whose E[L²] stands out of its error",
    }
    draws_per_point: ClassVar[int] = 1

    backend: str = setting(named(BACKENDS), "stabilizer")
    samples: int = setting(at_least(2), 2**20)
    gradient: str = setting(named(GRADIENTS), "norm")
    gradient_samples: int = setting(at_least(2), 2**20)

    @staticmethod
    def measure_draw(points: Sequence[MomentsPoint], draw: int) -> list[dict[str, float]]:
        """Return for each point the moments of a draw with their errors."""
        prepared = prepare(points[0], draw)
        found = []
        for point in points:
            patch, stream = Gaussian(sigma_value(point.sigma, prepared.land.n_parameters)), point.theta_stream(draw)
            backend = BACKENDS[point.backend]
            loss = loss_statistics(prepared.land, patch, backend, samples=point.samples, rng=stream)
            numbers = {
                "second_moment": float(loss.unbiased.second_moment),
                "second_moment_sampling": loss.second_moment_error,
                "variance": float(loss.unbiased.variance),
                "variance_sampling": loss.variance_error,
                "resolved": float(loss.resolved),
                "squared_gradient": math.nan,
                "squared_gradient_sampling": math.nan,
            }
            if point.gradient != "none":
                chosen = None if point.gradient == "norm" else [prepared.parameter]
                slope = gradient_statistics(
                    prepared.land, patch, backend, samples=point.gradient_samples, parameters=chosen, rng=stream
                )
                if point.gradient == "norm":
                    square, error = slope.unbiased.norm_squared, slope.norm_squared_error
                else:
                    square, error = slope.unbiased.second_moment[0], slope.second_moment_error[0]  # type: ignore[index]
                numbers |= {"squared_gradient": float(square or 0.0), "squared_gradient_sampling": float(error or 0.0)}
            found.append(numbers)
        return found

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means with both kinds of errors.

        >>> names = [f"{name}{end}" for name in QUANTITIES for end in ("", "_sampling")]
        >>> rows = [dict.fromkeys(names, size) | {"resolved": 1.0} for size in (1.0, 3.0)]
        >>> found = SecondMoments.summary(Draws.of(range(2), rows))
        >>> found["variance"], found["variance_error"], found["resolved"]
        (2.0, 1.0, 1.0)
        """
        columns = means(draws, QUANTITIES)
        for name in QUANTITIES:
            columns[f"{name}_sampling"] = math.sqrt(float((draws[f"{name}_sampling"] ** 2).sum())) / len(draws)
        return columns | {"resolved": float(draws["resolved"].mean())}

    def report(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return a small table for each quantity, ansatz, rule for L and encoder: N down, σ across."""
        words = {"second_moment": "E[L²]", "variance": "Var L", "squared_gradient": gradient_words(self.gradient)}
        texts = []
        for (ansatz, layers, encoder), part in frame.groupby(["ansatz", "layers", "encoder"], sort=False):
            for name, what in words.items():
                if name == "squared_gradient" and self.gradient == "none":
                    continue
                cells = [with_error(*row) for row in part[[name, f"{name}_error"]].to_numpy(float).tolist()]
                head = (
                    f"{circuit_title(str(ansatz), layers)}, {encoder_title(str(encoder))}: {what}, mean over "
                    f"{part['draws'].min()} draws (standard error of the last digits)"
                )
                texts.append(f"{head}\n{table_text(part, cells, 'n_qubits', 'sigma', 'σ = ', 'N')}")
        return "\n\n".join(texts)


def gradient_words(gradient: str) -> str:
    """Return what tables and figures call the gradient's moment.

    >>> gradient_words("component")
    'E[(∂_k L)²]'
    """
    return "E‖∇L‖²" if gradient == "norm" else "E[(∂_k L)²]"
