"""One point in, its numbers out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.encoder import Style, encode
from nearclifford.landscape import Landscape
from nearclifford.observables import terms_of
from nearclifford.patches import Gaussian
from nearclifford.rotations import Floats, Indices
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
    norm : float64, shape ``(n,)``: ‖∇L‖, the Euclidean norm over all D components.
    squared_norm : float64, shape ``(n,)``: ‖∇L‖².
    component : float64, shape ``(n,)``: |∂_k L| of the encoded parameter k; of the same k for plain circuits.
    bound : float64, shape ``(n,)``: what ‖∇L‖ cannot exceed, √D Σ_a |c_a|.
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

    >>> spec = dict(sigma="1", encoder="none", observable="random_pauli", samples=1, seed=7, first_draw=0, n_draws=2)
    >>> point = Point("random_pqc", 4, 4, **spec)
    >>> gates = [[gate.name for gate in draw_problem(point, draw).circuit.data] for draw in (0, 1, 0)]
    >>> gates[0] == gates[1], gates[0] == gates[2]
    (False, True)
    """
    rng = point.problem_stream(draw)
    circuit = ANSATZE[point.ansatz].build(point.n_qubits, point.n_layers, rng)
    observable = OBSERVABLES[point.observable](point.n_qubits, rng)
    term = int(rng.integers(len(terms_of(observable, point.n_qubits)[1])))
    return Problem(circuit, observable, term, int(rng.integers(circuit.num_parameters)))


def measure(point: Point) -> Draws:
    """Return the exact gradients of every draw of a point, as norms and as the encoded component.

    Raises `ResourceError` where 2^N amplitudes do not fit the memory.
    """
    draws = range(point.first_draw, point.first_draw + point.n_draws)
    columns = np.array([_measure_draw(point, draw) for draw in draws]).T
    return Draws(np.array(draws), *columns)


def _measure_draw(point: Point, draw: int) -> tuple[float, float, float, float]:
    """Return norm, squared norm, component and bound of one draw."""
    problem = draw_problem(point, draw)
    circuit = problem.circuit
    if point.encoder != "none":
        style: Style = "paper" if point.encoder == "paper" else "compact"
        circuit = encode(circuit, problem.observable, problem.parameter, problem.term, style=style).circuit
    land = Landscape(circuit, problem.observable)
    patch = Gaussian(sigma_value(point.sigma, land.n_parameters))
    theta = land.center + patch.sample((point.samples, land.n_parameters), point.theta_stream(draw))
    gradient = land.gradient(theta)
    scale = float(np.abs(land.coefficients).sum())
    gradient[np.abs(gradient) < ROUNDING * scale] = 0.0
    norm = np.linalg.norm(gradient, axis=1)
    component = np.abs(gradient[:, problem.parameter])
    bound = np.sqrt(land.n_parameters) * scale
    return float(norm.mean()), float(np.square(norm).mean()), float(component.mean()), float(bound)
