"""How an encoded derivative survives depolarizing noise: by density matrices, or by the stabilizer at any size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import fraction
from nearclifford.devices.aer import Aer
from nearclifford.noise.description import PauliNoise
from nearclifford.patches import Gaussian
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector
from nearclifford.statistics.verbs import gradient_statistics
from nearclifford.studies.draws import Draws, means, root
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import encoder_title, table_text, with_error
from nearclifford.studies.problem import Prepared, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, each, named, setting

if TYPE_CHECKING:
    import pandas as pd
    from qiskit_aer.noise import NoiseModel

# One-qubit gates err this much less than two-qubit gates, which is the order of magnitude on superconducting devices.
ONE_QUBIT_SHARE = 0.1
ONE_QUBIT_GATES = ("rx", "ry", "rz", "h", "s", "sdg", "sx", "x", "y", "z")

BACKENDS = ("auto", "density_matrix", "stabilizer")
# Beyond, chains are cheaper than density matrices.
DENSE_QUBITS = 6


def depolarizing_model(probability: float) -> NoiseModel:
    """Return depolarizing noise of a probability after every CX, and of a tenth of it after every one-qubit gate.

    >>> sorted(depolarizing_model(0.01).noise_instructions)[:3]
    ['cx', 'h', 'rx']
    """
    from qiskit_aer.noise import NoiseModel, depolarizing_error

    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(probability, 2), ["cx"])
    model.add_all_qubit_quantum_error(depolarizing_error(ONE_QUBIT_SHARE * probability, 1), list(ONE_QUBIT_GATES))
    return model


@dataclass(frozen=True)
class NoisePoint(Point):
    """Draws of one derivative with noise and without.

    Attributes
    ----------
    probability : of the depolarizing noise after each CX.
    backend : "density_matrix" or "stabilizer".
    samples : thetas of each draw, or chains of its derivative.
    """

    experiment: ClassVar[str] = "noise"
    # 1: the noiseless square by `gradient_statistics`, which adds in another order; 2: says its backend
    revision: ClassVar[int] = 2

    probability: float
    backend: str
    samples: int

    @property
    def predicted_seconds(self) -> float:
        """Density matrices go by gates times 4^N, chains by gates."""
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        if self.backend == "stabilizer":
            return self.n_draws * (preparing_seconds(self) + gates * (6e-5 + 1e-10 * self.samples))
        running = 2 * self.samples * gates * (4e-6 + 4.0**self.n_qubits * 2e-9)
        return self.n_draws * (preparing_seconds(self) + 4e-5 * gates + running)


@dataclass(frozen=True)
class Noise(Experiment[NoisePoint]):
    """The encoded component of the gradient with depolarizing noise, beside the same without.

    Attributes
    ----------
    probabilities : of the depolarizing noise after each CX; a tenth of it follows each one-qubit gate.
    samples : number of thetas for each draw where density matrices are used, at least 2.
    backend : "density_matrix" for exact values at sampled thetas, "stabilizer" for random Clifford circuits, or "auto":
        density matrices up to `DENSE_QUBITS`, the stabilizer beyond.
    chains : with the stabilizer, samples for each draw, at least 2.
    """

    name: ClassVar[str] = NoisePoint.experiment
    point_type: ClassVar[type[Point]] = NoisePoint
    columns: ClassVar[dict[str, str]] = {
        "square": "mean of (∂_k L)² of the encoded parameter, with noise",
        "square_error": "its standard error",
        "exact_square": "the same without noise, at the same θ",
        "exact_square_error": "its standard error",
        "survival": "root of the ratio of both: the factor by which noise shrinks the rms derivative",
        "survival_error": "its standard error, over paired draws",
    }

    probabilities: tuple[float, ...] = setting(each(fraction), (0.001, 0.003, 0.01))
    samples: int = setting(at_least(2), 4)
    backend: str = setting(named(BACKENDS), "auto")
    chains: int = setting(at_least(2), 4096)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The probabilities."""
        return (Axis("probability", "probability of depolarizing noise after each CX", self.probabilities),)

    def point(self, **given: Any) -> NoisePoint:
        """Return a point that says how its derivative is found, once its size is known."""
        dense = self.backend == "density_matrix" or (self.backend == "auto" and given["n_qubits"] <= DENSE_QUBITS)
        if dense:
            return NoisePoint(**given, backend="density_matrix", samples=self.samples)
        return NoisePoint(**given, backend="stabilizer", samples=self.chains)

    @staticmethod
    def measure_draw(points: Sequence[NoisePoint], draw: int) -> list[dict[str, float]]:
        """Return the mean square of the derivative, with noise and without, at the same thetas where these are drawn."""
        prepared = prepare(points[0], draw)
        measure = {"density_matrix": _by_density_matrices, "stabilizer": _by_chains}
        return [measure[point.backend](point, draw, prepared) for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means, and the survival with the error of a ratio of paired means.

        >>> draws = Draws.of(range(2), [{"square": 0.25, "exact_square": 1.0}, {"square": 0.5, "exact_square": 2.0}])
        >>> found = Noise.summary(draws)
        >>> found["survival"], found["survival_error"]
        (0.5, 0.0)
        """
        columns = means(draws, ("square", "exact_square"))
        if not columns["exact_square"] > 0:
            return columns | {"survival": math.nan, "survival_error": math.nan}
        ratio = columns["square"] / columns["exact_square"]
        spread = (draws["square"] - ratio * draws["exact_square"]) / columns["exact_square"]
        error = float(np.std(spread, ddof=1)) / math.sqrt(len(draws)) if len(draws) > 1 else math.nan
        columns["survival"], columns["survival_error"] = root(ratio, error)
        return columns

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return the survival for each probability, a table for each ansatz, σ and encoder: N down, or L for one N."""
        over_qubits = frame["n_qubits"].nunique() > 1
        rows, corner, other, name = ("n_qubits", "N", "layers", "L") if over_qubits else ("n_layers", "L", "n_qubits", "N")
        texts = []
        for key, part in frame.groupby(["ansatz", other, "sigma", "encoder"], sort=False):
            ansatz, fixed, sigma, encoder = map(str, key)
            title = f"{ANSATZE[ansatz].title}, {name} = {fixed}, σ = {sigma}, {encoder_title(encoder)}"
            head = f"{title}: rms derivative / noiseless"
            cells = [with_error(*row) for row in part[["survival", "survival_error"]].to_numpy(float).tolist()]
            texts.append(f"{head}\n{table_text(part, cells, rows, 'probability', 'p = ', corner)}")
        return "\n\n".join(texts)


def _patch(point: NoisePoint, prepared: Prepared) -> Gaussian:
    return Gaussian(sigma_value(point.sigma, prepared.land.n_parameters))


def _by_density_matrices(point: NoisePoint, draw: int, prepared: Prepared) -> dict[str, float]:
    def square(backend: Aer | Statevector) -> float:
        chosen, rng = [prepared.parameter], point.theta_stream(draw)
        found = gradient_statistics(
            prepared.land, _patch(point, prepared), backend, samples=point.samples, parameters=chosen, rng=rng
        )
        return float(found.second_moment[0])

    noisy = Aer("CPU", noise_model=depolarizing_model(point.probability))
    return {"square": square(noisy), "exact_square": square(Statevector())}


def _by_chains(point: NoisePoint, draw: int, prepared: Prepared) -> dict[str, float]:
    """Return the unbiased estimates: their errors have no preferred sign over the draws."""

    def square(noise: PauliNoise | None) -> float:
        chosen, rng = [prepared.parameter], point.theta_stream(draw)
        found = gradient_statistics(
            prepared.land,
            _patch(point, prepared),
            Stabilizer(),
            samples=point.samples,
            parameters=chosen,
            noise=noise,
            rng=rng,
        )
        return float(np.asarray(found.unbiased.second_moment)[0])

    noise = PauliNoise(two_qubit=point.probability, one_qubit=ONE_QUBIT_SHARE * point.probability)
    return {"square": square(noise), "exact_square": square(None)}
