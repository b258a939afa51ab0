"""Training: loss, gradient norm and distance travelled along the steps of an optimizer, from patches of several widths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import positive, shown
from nearclifford.devices.sampled import ShotSampler
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text, with_error
from nearclifford.studies.problem import TERMS, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, each, named, setting
from nearclifford.studies.unit import PROCESS_BYTES
from nearclifford.training.optimizers import Optimizer, optimizer_of
from nearclifford.training.record import TrainingStep
from nearclifford.training.rules import RandomWalk
from nearclifford.training.verb import train

if TYPE_CHECKING:
    import pandas as pd

# What is recorded, and what tables and figures call it.
QUANTITIES = {"loss": "L", "gradient_norm": "‖∇L‖", "distance": "‖θ - θ0‖"}
# Larger Hamiltonians are not diagonalised.
MOST_DIAGONALISED = 14


def optimizer_rule(given: object, name: str = "optimizer") -> str:
    """Return the one spelling of an optimizer and its learning rate, or of a method of SciPy; an error names it.

    >>> optimizer_rule("Adam 5e-2"), optimizer_rule("L-BFGS-B")
    ('adam 0.05', 'l-bfgs-b')
    """
    words = given.lower().split() if isinstance(given, str) else []
    try:
        made = made_optimizer(" ".join(words))
    except (ValueError, IndexError) as error:
        reason = f" ({error})" if isinstance(error, NearCliffordError) else ""
        raise NearCliffordError(
            f'{name} is {shown(given)}; expected a rule with its learning rate, such as "gd 0.01", or a method of SciPy'
            f"{reason}."
        ) from error
    return f"{words[0]} {made.learning_rate:g}" if hasattr(made, "learning_rate") else words[0]


def made_optimizer(rule: str) -> Optimizer:
    """Return the optimizer of a rule in its one spelling."""
    name, *rate = rule.split()
    if len(rate) > 1:
        raise NearCliffordError(f"there are {len(rate)} numbers behind {name!r}")
    return optimizer_of(name, positive(float(rate[0]), "learning_rate", 0.01) if rate else None)


@dataclass(frozen=True)
class TrainingPoint(Point):
    """Draws of where training stands after so many steps.

    Attributes
    ----------
    optimizer : its rule. shots : of each circuit, 0 for exact values. step : the number of steps.
    encoded_terms : that of `Training`.
    """

    experiment: ClassVar[str] = "training"

    optimizer: str
    shots: int
    step: int
    encoded_terms: str

    @property
    def predicted_bytes(self) -> float:
        """Three states of 2^N amplitudes, more than circuits of few active qubits need."""
        return PROCESS_BYTES + 48.0 * 2.0**self.n_qubits

    @property
    def predicted_seconds(self) -> float:
        """A run goes by gradients, and with shots by shifted values; each record stands for ten steps of it."""
        size = ANSATZE[self.ansatz].n_parameters(self.n_qubits, self.n_layers)
        sweep = size * 2.0**self.n_qubits * 7e-10
        return self.n_draws * (preparing_seconds(self) / 10 + 10 * sweep * (size / 2 if self.shots else 1))


@dataclass(frozen=True)
class Training(Experiment[TrainingPoint]):
    """Loss, gradient norm and distance from the start along the steps of optimizers; all of exact values.

    Every draw of a circuit is trained from all patches at once. With shots the optimizer sees what `ShotSampler` measures,
    and the table what is true there.

    Attributes
    ----------
    optimizers : rules with their learning rates, "gd 0.01", or methods of SciPy.
    steps, every : the number of steps, and how often they are recorded; the last one always is.
    shots : of each circuit; 0 for exact values and gradients.
    encoded_terms : the terms of the observable out of which each draw encodes one, "any", or "global": those that act on
        every qubit, as the article does for the biased Heisenberg chain.
    """

    name: ClassVar[str] = TrainingPoint.experiment
    point_type: ClassVar[type[Point]] = TrainingPoint
    columns: ClassVar[dict[str, str]] = {
        key: meaning
        for name, words in QUANTITIES.items()
        for key, meaning in (
            (name, f"mean of {words} over the draws"),
            (f"{name}_error", "its standard error"),
            (f"{name}_spread", "the standard deviation over the draws"),
        )
    } | {"ground": f"mean of the ground energies, what a loss can reach; empty beyond {MOST_DIAGONALISED} qubits"}

    optimizers: tuple[str, ...] = setting(each(optimizer_rule), ("gd 0.01",))
    steps: int = setting(at_least(1), 300)
    every: int = setting(at_least(1), 10)
    shots: tuple[int, ...] = setting(each(at_least(0)), (0,))
    encoded_terms: str = setting(named(TERMS), "any")

    def __post_init__(self) -> None:
        super().__post_init__()
        if 1 in self.shots:
            raise NearCliffordError("shots holds 1; expected 0 for exact values, or at least 2.")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Optimizers, shots and the steps that are recorded."""
        steps = tuple(dict.fromkeys([*range(0, self.steps, self.every), self.steps]))
        return (
            Axis("optimizer", "optimizer and its learning rate", self.optimizers),
            Axis("shots", "shots of each circuit; 0 for exact values", self.shots),
            Axis("step", "number of steps taken", steps),
        )

    @staticmethod
    def measure_draw(points: Sequence[TrainingPoint], draw: int) -> list[dict[str, float]]:
        """Return for each point where a draw stands; points of one optimizer and number of shots share their runs."""
        land = prepare(points[0], draw, points[0].encoded_terms).land
        ground = ground_energy(land.observable)
        found: dict[TrainingPoint, dict[str, float]] = {}
        for optimizer, shots in dict.fromkeys((point.optimizer, point.shots) for point in points):
            own = [point for point in points if (point.optimizer, point.shots) == (optimizer, shots)]
            for group in _together(own):
                found |= _trained(group, draw, land)
        return [found[point] | {"ground": ground} for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means with their errors and spreads.

        >>> names = (*QUANTITIES, "ground")
        >>> found = Training.summary(Draws.of(range(2), [dict.fromkeys(names, size) for size in (1.0, 3.0)]))
        >>> found["loss"], found["loss_error"], round(found["loss_spread"], 6)
        (2.0, 1.0, 1.414214)
        """
        columns = means(draws, tuple(QUANTITIES))
        for name in QUANTITIES:
            columns[f"{name}_spread"] = columns[f"{name}_error"] * math.sqrt(len(draws))
        return columns | {"ground": float(draws["ground"].mean())}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return the losses after the last step, one small table for each circuit, number of shots and encoder."""
        last, texts = frame[frame["step"] == frame["step"].max()], []
        keys = ["ansatz", "layers", "n_qubits", "shots", "encoder"]
        for (ansatz, layers, size, shots, encoder), part in last.groupby(keys, sort=False):
            numbers = part[["loss", "loss_error"]].to_numpy(float).tolist()
            by = f"{shots} shots" if shots else "exact gradients"
            head = (
                f"{circuit_title(str(ansatz), layers)}, N = {size}, {encoder_title(str(encoder))}, {by}: L after "
                f"{part['step'].iloc[0]} steps, mean over {part['draws'].min()} draws (standard error of the last digits); "
                f"ground energy {part['ground'].mean():.6g}"
            )
            cells = [with_error(*row) for row in numbers]
            texts.append(f"{head}\n{table_text(part, cells, 'optimizer', 'sigma', 'σ = ', 'optimizer')}")
        return "\n\n".join(texts)


def ground_energy(observable: SparsePauliOp) -> float:
    """Return the least eigenvalue: of one string in closed form, of others by Lanczos; NaN beyond 14 qubits.

    >>> ground_energy(SparsePauliOp("ZZ", 2.0)), round(ground_energy(SparsePauliOp(["XX", "YY", "ZZ"])), 12)
    (-2.0, -3.0)
    """
    from scipy.sparse.linalg import eigsh

    if len(observable) == 1:
        return -abs(float(observable.coeffs[0].real))
    if observable.num_qubits > MOST_DIAGONALISED:
        return math.nan
    if observable.num_qubits < 4:  # Lanczos wants more dimensions than it finds vectors
        return float(np.linalg.eigvalsh(observable.to_matrix())[0])
    start = np.random.default_rng(0).standard_normal(2**observable.num_qubits)
    found = eigsh(observable.to_matrix(sparse=True), k=1, which="SA", return_eigenvectors=False, v0=start)
    return float(found[0])


def _together(points: Sequence[TrainingPoint]) -> Iterator[list[TrainingPoint]]:
    """Yield points whose runs go side by side: all of them, but each σ by itself where an optimizer or a shot draws."""
    if not points[0].shots and not isinstance(made_optimizer(points[0].optimizer), RandomWalk):
        yield list(points)
        return
    for sigma in dict.fromkeys(point.sigma for point in points):
        yield [point for point in points if point.sigma == sigma]


def _trained(points: Sequence[TrainingPoint], draw: int, land: Landscape) -> dict[TrainingPoint, dict[str, float]]:
    """Return where the runs of points of one optimizer and number of shots stand; a run that ended earlier stays there."""
    first, size = points[0], land.n_parameters
    by_sigma = {point.sigma: point for point in points}
    streams = [point.theta_stream(draw) for point in by_sigma.values()]
    patches = [Gaussian(sigma_value(sigma, size)) for sigma in by_sigma]
    moved = [patch.sample((size,), rng=stream) for patch, stream in zip(patches, streams, strict=True)]
    evaluator = ShotSampler(land, first.shots, rng=streams[0]) if first.shots else land
    seen: dict[int, list[np.ndarray[Any, Any]]] = {}
    wanted = {point.step for point in points}
    run = train(
        evaluator, land.center + np.array(moved), made_optimizer(first.optimizer), steps=max(wanted), rng=streams[0],
        callback=partial(_note, seen, land if first.shots else None), progress=False,
    )  # fmt: skip
    rows = {sigma: number for number, sigma in enumerate(by_sigma)}
    return {
        point: {
            name: float(part[rows[point.sigma]])
            for name, part in zip(QUANTITIES, seen[min(point.step, run.steps)], strict=True)
        }
        for point in points
    }


def _note(seen: dict[int, list[np.ndarray[Any, Any]]], exact: Landscape | None, step: TrainingStep) -> None:
    """Keep loss, gradient norm and distance of a step, those of an exact landscape if there is one."""
    loss, norm = np.asarray(step.loss), np.asarray(step.gradient_norm)
    if exact is not None and step.theta is not None:
        value, gradient = exact.value_and_gradient(step.theta)
        loss, norm = np.asarray(value), np.linalg.norm(gradient, axis=-1)
    seen[step.step] = [loss, norm, np.asarray(step.distance)]
