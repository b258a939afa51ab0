"""Whether a circuit and an observable are the ones that something was made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.errors import CircuitError, ObservableError
from nearclifford.evaluator import Evaluator
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.compiler import compile_circuit
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable
from nearclifford.normal_form.terms import terms_of


@dataclass(frozen=True, eq=False)
class OwnCircuit:
    """What evaluates one problem and no other: circuits are compared by their normal forms.

    Attributes
    ----------
    evaluator : of the problem.
    problem : what a circuit and its observable have to be, in normal form around the same centre.
    what : how an error calls the evaluator.
    """

    evaluator: Evaluator
    problem: PauliProblem
    what: str

    def __call__(self, circuit: QuantumCircuit, observable: SparsePauliOp) -> Evaluator:
        """Return the evaluator; `CircuitError` for another circuit and `ObservableError` for another observable."""
        own = self.problem.angle_map
        if circuit.num_qubits != self.problem.n_qubits or circuit.num_parameters != own.n_parameters:
            raise self._other(f"{circuit.num_qubits} qubits and {circuit.num_parameters} parameters")
        program = compile_circuit(circuit, own.center)
        if not (_same_rows(program.generators, self.problem.generators) and _same_angles(program.angle_map, own)):
            raise self._other("other gates or angles")
        strings, coefficients = terms_of(observable, program.n_qubits)
        images = PauliTable.from_stim(program.n_qubits, [program.pull_back(string) for string in strings])
        if not _same_terms(_terms(images, coefficients), _terms(self.problem.images, self.problem.coefficients)):
            raise ObservableError(
                f"The observable is not the one that {self.what} was made with, or the circuit ends with other Clifford "
                "gates. Make one of your own: surrogate(Landscape(circuit, observable, center), order).estimator()."
            )
        return self.evaluator

    def _other(self, how: str) -> CircuitError:
        return CircuitError(
            f"The circuit has {how}; expected the one that {self.what} was made from ({self.problem.n_qubits} qubits, "
            f"{self.problem.n_parameters} parameters). Make one of your own: surrogate(Landscape(circuit, observable, "
            "center), order).estimator()."
        )


def _same_rows(one: PauliTable, other: PauliTable) -> bool:
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in ("x", "z", "sign"))


def _same_angles(one: AngleMap, other: AngleMap) -> bool:
    numbers = ("entry_rotation", "entry_parameter", "factor", "offset")
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in numbers)


def _terms(images: PauliTable, coefficients: np.ndarray) -> dict[bytes, float]:
    rows = zip(images.x, images.z, images.sign * coefficients, strict=True)
    return {x.tobytes() + z.tobytes(): float(factor) for x, z, factor in rows}


def _same_terms(one: dict[bytes, float], other: dict[bytes, float]) -> bool:
    tolerance = 1e-12 * max(map(abs, other.values()))
    return one.keys() == other.keys() and all(abs(one[row] - other[row]) <= tolerance for row in one)
