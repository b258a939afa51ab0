"""What a draw asks: a circuit, an observable and what to encode, all drawn afresh."""

from __future__ import annotations

from dataclasses import dataclass

import stim
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.ansatz import ANSATZE
from nearclifford.encoder.encode import Style, encode
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.normal_form.terms import terms_of
from nearclifford.observables import OBSERVABLES
from nearclifford.studies.points import Point

# "none" leaves the circuit plain; the others are the styles of `nearclifford.encode`.
ENCODERS: tuple[str, ...] = ("compact", "paper", "none")
# The terms that an encoder is drawn for: any, or those alone that act on every qubit.
TERMS: tuple[str, ...] = ("any", "global")


@dataclass(frozen=True, eq=False)
class Problem:
    """What one draw asks: a plain circuit, an observable, and the (term, parameter) to encode."""

    circuit: QuantumCircuit
    observable: SparsePauliOp
    term: int
    parameter: int


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem compiled, with its encoder if it has one: all that points of other widths share."""

    land: Landscape
    parameter: int


def draw_problem(point: Point, draw: int, terms: str = "any") -> Problem:
    """Return the problem of one draw: circuit, observable, parameter, and a term out of `TERMS`, all drawn afresh.

    Raises `NearCliffordError` for "global" terms where there are none.

    >>> from nearclifford.studies.experiments.gradient import GradientPoint
    >>> how = dict(backend="statevector", samples=1, components=0)
    >>> point = GradientPoint("random_pqc", 4, 4, "1", "none", "random_pauli", seed=7, first_draw=0, n_draws=2, **how)
    >>> gates = [[gate.name for gate in draw_problem(point, draw).circuit.data] for draw in (0, 1, 0)]
    >>> gates[0] == gates[1], gates[0] == gates[2]
    (False, True)
    """
    rng = point.problem_stream(draw)
    circuit = ANSATZE[point.ansatz].build(point.n_qubits, point.n_layers, rng)
    observable = OBSERVABLES[point.observable].build(point.n_qubits, rng)
    drawn_from = _terms_among(terms_of(observable, point.n_qubits)[0], terms)
    term = drawn_from[int(rng.integers(len(drawn_from)))]
    return Problem(circuit, observable, term, int(rng.integers(circuit.num_parameters)))


def _terms_among(strings: list[stim.PauliString], terms: str) -> list[int]:
    """Return the indices of the terms that an encoder is drawn for; the identity has no gradient, and is none of them."""
    least = 1 if terms == "any" else len(strings[0])
    found = [row for row, string in enumerate(strings) if string.weight >= least]
    if not found:
        raise NearCliffordError(
            f"encoded_terms is {terms!r}, and no term of the observable acts on all {len(strings[0])} qubits; expected "
            '"any", or an observable that has such terms, as biased_heisenberg has.'
        )
    return found


def prepare(point: Point, draw: int, terms: str = "any") -> Prepared:
    """Draw the problem of a point, encode it and compile it; σ plays no part. ``terms`` is as for `draw_problem`."""
    problem = draw_problem(point, draw, terms)
    circuit = problem.circuit
    if point.encoder != "none":
        style: Style = "paper" if point.encoder == "paper" else "compact"
        circuit = encode(circuit, problem.observable, problem.parameter, problem.term, style=style).circuit
    return Prepared(Landscape(circuit, problem.observable), problem.parameter)


def preparing_seconds(point: Point) -> float:
    """Return roughly how long `prepare` takes for one draw on one core: building and compiling go by gates."""
    builds = 2 if point.encoder != "none" else 1
    return builds * (4e-3 + 4e-5 * ANSATZE[point.ansatz].n_gates(point.n_qubits, point.n_layers))
