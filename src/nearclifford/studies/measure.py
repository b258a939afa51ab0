"""One point in, its numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.backends import Stabilizer
from nearclifford.center import center_gradient
from nearclifford.encoder import Style, encode
from nearclifford.landscape import Landscape
from nearclifford.observables import terms_of
from nearclifford.patches import Gaussian
from nearclifford.rotations import Floats, Indices
from nearclifford.statistics import gradient_statistics
from nearclifford.studies.catalogue import ANSATZE, OBSERVABLES
from nearclifford.studies.points import Point
from nearclifford.studies.rules import sigma_value

# Gradients below this share of what the observable allows are rounding, and count as zero.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Draws:
    """The numbers of n draws, each averaged over the thetas of its draw.

    Attributes
    ----------
    draw : int64, shape ``(n,)``: index of the draw within its cell.
    norm : float64, shape ``(n,)``: ‖∇L‖, the Euclidean norm over all D components; NaN with the stabilizer, which knows
        its square alone.
    squared_norm : float64, shape ``(n,)``: ‖∇L‖².
    component : float64, shape ``(n,)``: |∂_k L| of the encoded parameter k, of the same k for plain circuits; NaN with
        the stabilizer.
    bound : float64, shape ``(n,)``: what ‖∇L‖ cannot exceed, √D Σ_a |c_a|; with the stabilizer √(3 D / n) Σ_a |c_a|, n the
        number of samples: a larger root mean square would have shown in them with probability 0.95.
    """

    draw: Indices
    norm: Floats
    squared_norm: Floats
    component: Floats
    bound: Floats


@dataclass(frozen=True, eq=False)
class Problem:
    """What one draw asks: a plain circuit, an observable, and the (term, parameter) to encode."""

    circuit: QuantumCircuit
    observable: SparsePauliOp
    term: int
    parameter: int


def draw_problem(point: Point, draw: int) -> Problem:
    """Return the problem of one draw: circuit, observable, term and parameter, all drawn afresh.

    >>> how = dict(backend="statevector", samples=1, components=0, seed=7, first_draw=0, n_draws=2)
    >>> point = Point("random_pqc", 4, 4, "1", "none", "random_pauli", **how)
    >>> gates = [[gate.name for gate in draw_problem(point, draw).circuit.data] for draw in (0, 1, 0)]
    >>> gates[0] == gates[1], gates[0] == gates[2]
    (False, True)
    """
    rng = point.problem_stream(draw)
    circuit = ANSATZE[point.ansatz].build(point.n_qubits, point.n_layers, rng)
    observable = OBSERVABLES[point.observable](point.n_qubits, rng)
    term = int(rng.integers(len(terms_of(observable, point.n_qubits)[1])))
    return Problem(circuit, observable, term, int(rng.integers(circuit.num_parameters)))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem compiled, with its encoder if it has one: all that points of other widths share."""

    land: Landscape
    parameter: int


def prepare(point: Point, draw: int) -> Prepared:
    """Draw the problem of a point, encode it and compile it; σ plays no part."""
    problem = draw_problem(point, draw)
    circuit = problem.circuit
    if point.encoder != "none":
        style: Style = "paper" if point.encoder == "paper" else "compact"
        circuit = encode(circuit, problem.observable, problem.parameter, problem.term, style=style).circuit
    return Prepared(Landscape(circuit, problem.observable), problem.parameter)


def measure(point: Point) -> Draws:
    """Return the gradients of every draw of a point, as norms and as the encoded component.

    Raises `ResourceError` where 2^N amplitudes do not fit the memory.
    """
    return measure_together([point])[0]


def measure_together(points: Sequence[Point]) -> list[Draws]:
    """Return the draws of points that differ in σ alone: each problem is built, encoded and compiled once."""
    first = points[0]
    draws = range(first.first_draw, first.first_draw + first.n_draws)
    rows: list[list[tuple[float, ...]]] = [[] for _ in points]
    for draw in draws:
        prepared = prepare(first, draw)
        for point, found in zip(points, rows, strict=True):
            found.append(_measure_draw(point, draw, prepared.land, prepared.parameter))
    return [Draws(np.array(draws), *np.array(found).T) for found in rows]


def _measure_draw(point: Point, draw: int, land: Landscape, parameter: int) -> tuple[float, float, float, float]:
    """Return norm, squared norm, component and bound of one draw."""
    patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
    scale = float(np.abs(land.coefficients).sum())
    bound = float(np.sqrt(land.n_parameters) * scale)
    if point.backend == "stabilizer":
        squared = _squared_norm(point, land, patch, parameter, point.theta_stream(draw))
        return np.nan, squared, np.nan, bound * np.sqrt(-np.log(0.05) / (point.components * point.samples))
    theta = land.center + patch.sample((point.samples, land.n_parameters), point.theta_stream(draw))
    gradient = land.gradient(theta)
    gradient[np.abs(gradient) < ROUNDING * scale] = 0.0
    norm = np.linalg.norm(gradient, axis=1)
    component = np.abs(gradient[:, parameter])
    return float(norm.mean()), float(np.square(norm).mean()), float(component.mean()), bound


def _squared_norm(point: Point, land: Landscape, patch: Gaussian, parameter: int, rng: np.random.Generator) -> float:
    """Return an unbiased estimate of E‖∇L‖².

    Components that are not zero at the centre carry most of it in a small patch, so they and the encoded one are all taken;
    of the others some are drawn, and their sum is scaled up.
    """
    _, at_center = center_gradient(land.program, land.images, land.coefficients)
    certain = np.union1d(np.flatnonzero(at_center), [parameter])
    others = np.setdiff1d(np.arange(land.n_parameters), certain)
    drawn = rng.choice(others, size=min(point.components, len(others)), replace=False)
    chosen = np.concatenate([certain, drawn])
    found = gradient_statistics(land, patch, Stabilizer(), samples=point.samples, parameters=chosen.tolist(), rng=rng)
    second = found.second_moment
    rest = second[len(certain) :].sum() * (len(others) / max(len(drawn), 1))
    return float(second[: len(certain)].sum() + rest)
