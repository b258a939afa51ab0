"""The gradient of every draw: its norm and its encoded component, by exact gradients or by the stabilizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import boolean
from nearclifford.costs.model import sampled_norm_seconds
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.some_components import sampled_squared_norm
from nearclifford.studies.draws import Draws, means, root
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.fits import fits_frame, fits_text
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text, with_error
from nearclifford.studies.problem import prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, named, setting
from nearclifford.studies.unit import PROCESS_BYTES

if TYPE_CHECKING:
    import pandas as pd

BACKENDS = ("auto", "statevector", "stabilizer")

# From here on the chains are cheaper than the statevectors that give the same error of the mean over draws.
EXACT_QUBITS = 14

# Gradients below this share of what the observable allows are rounding, and count as zero.
ROUNDING = 1e-13


@dataclass(frozen=True)
class GradientPoint(Point):
    """Draws of gradients.

    Attributes
    ----------
    backend : "statevector" or "stabilizer".
    samples : thetas for each draw, or samples of each chain.
    components : gradient components drawn for each draw with the stabilizer; 0 with the statevector: all of them.

    Examples
    --------
    >>> how = dict(backend="statevector", samples=1, components=0, seed=7, first_draw=0, n_draws=25)
    >>> point = GradientPoint("mhea", 4, 4, "D^-1/2", "compact", "random_pauli", **how)
    >>> point.identity
    '59479950d08a1bb79388ae1d5856c9c22a88a338009ff79360fcbbd28cd3180c'
    """

    experiment: ClassVar[str] = "gradient"

    backend: str
    samples: int
    components: int

    @property
    def predicted_bytes(self) -> float:
        """Three states of 2^N amplitudes where gradients are exact, more than circuits of few active qubits need."""
        return PROCESS_BYTES + (48.0 * 2.0**self.n_qubits if self.backend == "statevector" else 0.0)

    @property
    def predicted_seconds(self) -> float:
        """Gradients go by rotations times 2^N, chains by gates."""
        family = ANSATZE[self.ansatz]
        if self.backend == "stabilizer":
            gates = family.n_gates(self.n_qubits, self.n_layers)
            measuring = sampled_norm_seconds(self.components, self.samples, gates)
        else:
            measuring = self.samples * family.n_parameters(self.n_qubits, self.n_layers) * 2.0**self.n_qubits * 1.2e-9
        return self.n_draws * (preparing_seconds(self) + measuring)


@dataclass(frozen=True)
class Gradient(Experiment[GradientPoint]):
    """The norm of the gradient, and the size of its encoded component.

    Attributes
    ----------
    samples : number of thetas for each draw, where gradients are exact.
    backend : "statevector" for exact gradients at sampled thetas, "stabilizer" for random Clifford circuits, or "auto":
        exact gradients up to `EXACT_QUBITS`, the stabilizer beyond.
    components : with the stabilizer, how many components of the gradient are drawn for each draw, besides those that are
        not zero at the centre and the encoded one; their sum estimates the squared norm without bias.
    chains : with the stabilizer, samples for each of these components.
    fits : whether the report compares a power law and a stretched exponential for each curve; it determines no number.
    """

    name: ClassVar[str] = GradientPoint.experiment
    point_type: ClassVar[type[Point]] = GradientPoint
    columns: ClassVar[dict[str, str]] = {
        "norm": "mean of ‖∇L‖ over the draws; empty where the stabilizer was used",
        "norm_error": "its standard error",
        "norm_upper": "95 % upper bound where no draw had a gradient: of the mean, by ‖∇L‖ <= √D Σ|c_a|, or with the "
        "stabilizer of the root mean square over these draws, by the number of samples; empty elsewhere",
        "squared_norm": "mean of ‖∇L‖²",
        "squared_norm_error": "its standard error",
        "rms_norm": "root mean square of ‖∇L‖ over draws and patch",
        "rms_norm_error": "its standard error",
        "component": "mean of |∂_k L| of the encoded parameter (of the same parameter for plain circuits)",
        "component_error": "its standard error",
    }

    samples: int = setting(at_least(1), 1)
    backend: str = setting(named(BACKENDS), "auto")
    components: int = setting(at_least(2), 256)
    chains: int = setting(at_least(2), 512)
    fits: bool = setting(boolean, False)

    def point(self, **given: Any) -> GradientPoint:
        """Return a point that says how its gradients are found, once its size is known."""
        exact = self.backend == "statevector" or (self.backend == "auto" and given["n_qubits"] <= EXACT_QUBITS)
        if exact:
            return GradientPoint(**given, backend="statevector", samples=self.samples, components=0)
        return GradientPoint(**given, backend="stabilizer", samples=self.chains, components=self.components)

    @staticmethod
    def measure_draw(points: Sequence[GradientPoint], draw: int) -> list[dict[str, float]]:
        """Return for each point norm, component and bound of a draw, averaged over its thetas.

        norm : ‖∇L‖, the Euclidean norm over all D components; NaN with the stabilizer, which knows its square alone.
        squared_norm : ‖∇L‖².
        component : |∂_k L| of the encoded parameter k, of the same k for plain circuits; NaN with the stabilizer.
        bound : what ‖∇L‖ cannot exceed, √D Σ_a |c_a|; with the stabilizer √(3 D / n) Σ_a |c_a|, n the number of samples: a
        larger root mean square would have shown in them with probability 0.95.

        Raises `ResourceError` where 2^N amplitudes do not fit the memory.
        """
        prepared = prepare(points[0], draw)
        measure = {"stabilizer": _by_chains, "statevector": _by_gradients}
        return [measure[point.backend](point, draw, prepared.land, prepared.parameter) for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means and standard errors, and upper bounds where no draw had a gradient.

        >>> names = ("norm", "squared_norm", "component", "bound")
        >>> draws = Draws.of(range(2), [dict.fromkeys(names, 1.0), dict.fromkeys(names, 3.0)])
        >>> found = Gradient.summary(draws)
        >>> found["norm"], found["norm_error"]
        (2.0, 1.0)
        """
        columns = means(draws, ("norm", "squared_norm", "component")) | {"norm_upper": math.nan}
        columns["rms_norm"], columns["rms_norm_error"] = root(columns["squared_norm"], columns["squared_norm_error"])
        if math.isnan(columns["norm"]) and columns["rms_norm"] == 0.0:
            columns["norm_upper"] = math.sqrt(float((draws["bound"] ** 2).sum())) / len(draws)
        if columns["norm"] == 0.0:
            columns["norm_upper"] = float(draws["bound"].max()) * (1.0 - 0.05 ** (1.0 / len(draws)))
        return columns

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the comparison of two laws of decay, if the study asks for it."""
        return {"fits": fits_frame(frame)} if self.fits else {}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return the norms as text, and the comparison of two laws of decay if the study asks for it."""
        return "\n\n".join([as_text(frame), *([fits_text(tables["fits"])] if self.fits else [])])


def _scale(land: Landscape) -> float:
    return float(np.abs(land.problem.coefficients).sum())


def _by_chains(point: GradientPoint, draw: int, land: Landscape, parameter: int) -> dict[str, float]:
    patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
    stream = point.theta_stream(draw)
    found = sampled_squared_norm(land, patch, point.components, point.samples, always=[parameter], rng=stream)
    bound = math.sqrt(land.n_parameters) * _scale(land)
    seen = bound * math.sqrt(-math.log(0.05) / (point.components * point.samples))
    return {"norm": math.nan, "squared_norm": found.norm_squared, "component": math.nan, "bound": seen}


def _by_gradients(point: GradientPoint, draw: int, land: Landscape, parameter: int) -> dict[str, float]:
    """Return what `nearclifford.gradient_statistics` says of the same stream, to rounding, for one theta and for more.

    It knows neither the mean of |∂_k L| nor one theta alone. Rounding counts as zero here: means over the draws, of which
    some have no gradient, and the bound where none has, need to know.
    """
    patch, scale = Gaussian(sigma_value(point.sigma, land.n_parameters)), _scale(land)
    theta = land.center + patch.sample((point.samples, land.n_parameters), rng=point.theta_stream(draw))
    gradient = land.gradient(theta)
    gradient[np.abs(gradient) < ROUNDING * scale] = 0.0
    norm = np.linalg.norm(gradient, axis=1)
    return {
        "norm": float(norm.mean()),
        "squared_norm": float(np.square(norm).mean()),
        "component": float(np.abs(gradient[:, parameter]).mean()),
        "bound": math.sqrt(land.n_parameters) * scale,
    }


def as_text(frame: pd.DataFrame) -> str:
    """Return the gradient norms as one small table for each ansatz, rule for L and encoder: N down, σ across.

    >>> import pandas as pd
    >>> row = dict(ansatz="mhea", layers="N", encoder="none", draws=9, sigma="1", n_qubits=2, norm=0.5, norm_error=0.02)
    >>> print(as_text(pd.DataFrame([row | {"norm_upper": np.nan}])))
    mHEA, L = N, without encoder: mean of ‖∇L‖ over 9 draws (standard error of the last digits)
     N   σ = 1
     2 0.50(2)
    """
    tables = []
    quantity, words = shown_quantity(frame)
    names = [quantity, f"{quantity}_error", "norm_upper"]
    for (ansatz, layers, encoder), part in frame.groupby(["ansatz", "layers", "encoder"], sort=False):
        cells = [_cell(*numbers) for numbers in part[names].to_numpy(float).tolist()]
        fewest, most = part["draws"].min(), part["draws"].max()
        draws = f"{fewest} to {most}" if most > fewest else str(most)
        title = f"{circuit_title(str(ansatz), layers)}, {encoder_title(str(encoder))}"
        head = f"{title}: {words} ‖∇L‖ over {draws} draws (standard error of the last digits)"
        tables.append(f"{head}\n{table_text(part, cells, 'n_qubits', 'sigma', 'σ = ', 'N')}")
    return "\n\n".join(tables)


def shown_quantity(frame: pd.DataFrame) -> tuple[str, str]:
    """Return the column that tables and figures show, and its words: the mean of the norm where all of it is known."""
    return ("norm", "mean of") if frame["norm"].notna().all() else ("rms_norm", "root mean square of")


def _cell(mean: float, error: float, upper: float) -> str:
    return f"< {upper:.2g}" if mean == 0.0 else with_error(mean, error)
