"""How an encoded derivative survives depolarizing noise: exact, by density matrices, against the depth of the circuit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from qiskit_aer.noise import NoiseModel, depolarizing_error

from nearclifford.arguments import generator
from nearclifford.devices.aer import Aer
from nearclifford.patches import Gaussian
from nearclifford.statistics.budget import Budget
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.checks import entries, fraction, integer
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import encoder_title, with_error
from nearclifford.studies.problem import prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value

# One-qubit gates err this much less than two-qubit gates, which is the order of magnitude on superconducting devices.
ONE_QUBIT_SHARE = 0.1
ONE_QUBIT_GATES = ("rx", "ry", "rz", "h", "s", "sdg", "sx", "x", "y", "z")


def depolarizing_model(probability: float) -> NoiseModel:
    """Return depolarizing noise of a probability after every CX, and of a tenth of it after every one-qubit gate.

    >>> sorted(depolarizing_model(0.01).noise_instructions)[:3]
    ['cx', 'h', 'rx']
    """
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
    samples : thetas of each draw.
    """

    experiment: ClassVar[str] = "noise"

    probability: float
    samples: int

    @property
    def predicted_seconds(self) -> float:
        """Density matrices go by gates times 4^N."""
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        running = 2 * self.samples * gates * (4e-6 + 4.0**self.n_qubits * 2e-9)
        return self.n_draws * (preparing_seconds(self) + 4e-5 * gates + running)


@dataclass(frozen=True)
class Noise(Experiment):
    """The encoded component of the gradient with depolarizing noise, beside the same without.

    Attributes
    ----------
    probabilities : of the depolarizing noise after each CX; a tenth of it follows each one-qubit gate.
    samples : number of thetas for each draw, at least 2.
    """

    name: ClassVar[str] = NoisePoint.experiment
    columns: ClassVar[dict[str, str]] = {
        "square": "mean of (∂_k L)² of the encoded parameter, with noise",
        "square_error": "its standard error",
        "exact_square": "the same without noise, at the same θ",
        "exact_square_error": "its standard error",
        "survival": "root of the ratio of both: the factor by which noise shrinks the rms derivative",
        "survival_error": "its standard error, over paired draws",
    }

    probabilities: tuple[float, ...] = (0.001, 0.003, 0.01)
    samples: int = 4

    def __post_init__(self) -> None:
        given = entries("probabilities", self.probabilities, lambda value: fraction("probabilities", value))
        object.__setattr__(self, "probabilities", given)
        integer("samples", self.samples, 2)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The probabilities."""
        return (Axis("probability", "probability of depolarizing noise after each CX", self.probabilities),)

    def point(self, **fields: Any) -> NoisePoint:
        """Return a point with the number of thetas."""
        return NoisePoint(**fields, samples=self.samples)

    @staticmethod
    def measure(points: Sequence[Point]) -> list[Draws]:
        """Return for each draw the mean square of the derivative, with noise and without, at the same thetas."""
        found: list[list[dict[str, float]]] = [[] for _ in points]
        for draw in points[0].draws:
            prepared = prepare(points[0], draw)
            land, index = prepared.land, np.array([prepared.parameter])
            for point, rows in zip(points, found, strict=True):
                assert isinstance(point, NoisePoint)
                patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
                backend = Aer("CPU", noise_model=depolarizing_model(point.probability))
                budget = Budget.of(point.samples, 0.05, 60.0)
                noisy = backend.gradient_statistics(land, patch, budget, index, generator(point.theta_stream(draw)))
                shape = (point.samples, land.n_parameters)
                exact = land.gradient(land.center + patch.sample(shape, rng=point.theta_stream(draw)))[:, index[0]]
                rows.append({"square": float(noisy.second_moment[0]), "exact_square": float(np.mean(exact**2))})
        return [Draws.of(points[0].draws, rows) for rows in found]

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
        root = math.sqrt(ratio)
        return columns | {"survival": root, "survival_error": error / (2 * root) if root else math.nan}

    def report(self, frame: pd.DataFrame) -> str:
        """Return the survival for each probability, L down, one table for each ansatz, N, σ and encoder."""
        texts = []
        for key, part in frame.groupby(["ansatz", "n_qubits", "sigma", "encoder"], sort=False):
            ansatz, n_qubits, sigma, encoder = map(str, key)
            head = (
                f"{ANSATZE[ansatz].title}, N = {n_qubits}, σ = {sigma}, {encoder_title(encoder)}: rms derivative / noiseless"
            )
            cells = [with_error(*row) for row in part[["survival", "survival_error"]].to_numpy(float).tolist()]
            table = part.assign(cell=cells).pivot(index="n_layers", columns="probability", values="cell")
            shown = table.set_axis([f"p = {p:g}" for p in table.columns], axis=1).reset_index(names="L")
            texts.append(f"{head}\n{shown.to_string(index=False)}")
        return "\n\n".join(texts)
