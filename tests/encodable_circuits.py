"""Random circuits of which every parameter can be encoded, and what Qiskit's state vector says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp, Statevector

ONE_QUBIT = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg")
TWO_QUBIT = ("cx", "cy", "cz", "swap", "iswap", "ecr")
ROTATIONS = ("rx", "ry", "rz", "p", "rxx", "ryy", "rzz", "rzx")


def append_rotation(circuit: QuantumCircuit, angle: ParameterExpression, rng: np.random.Generator) -> None:
    """A rotation of a random kind on random qubits, by the angle."""
    n_qubits = circuit.num_qubits
    kind = str(rng.choice(ROTATIONS if n_qubits > 1 else ROTATIONS[:4]))
    qubits = rng.permutation(n_qubits).tolist()
    if rng.random() < 0.15:
        label = SparsePauliOp(random_label(n_qubits, rng))
        circuit.append(PauliEvolutionGate(label, time=angle / 2), range(n_qubits))
    elif kind in ("rx", "ry", "rz", "p"):
        getattr(circuit, kind)(angle, qubits[0])
    else:
        getattr(circuit, kind)(angle, qubits[0], qubits[1])


def random_label(n_qubits: int, rng: np.random.Generator) -> str:
    """A Pauli label that is not the identity, with a random share of I."""
    share = rng.random()
    while True:
        letters = np.where(rng.random(n_qubits) < share, "I", rng.choice(list("XYZ"), n_qubits))
        if set(letters) != {"I"}:
            return "".join(letters)


def random_case(
    n_qubits: int, n_parameters: int, rng: np.random.Generator
) -> tuple[QuantumCircuit, NDArray[np.float64], NDArray[np.float64]]:
    """A circuit with one rotation a parameter; its Clifford centre and factors, in the order of its parameters."""
    circuit = QuantumCircuit(n_qubits)
    factor_of: dict[str, float] = {}
    for index in rng.permutation(n_parameters):
        for _ in range(rng.integers(0, 4)):
            if n_qubits > 1 and rng.random() < 0.5:
                getattr(circuit, str(rng.choice(TWO_QUBIT)))(*rng.permutation(n_qubits)[:2].tolist())
            else:
                getattr(circuit, str(rng.choice(ONE_QUBIT)))(int(rng.integers(n_qubits)))
        parameter, factor = Parameter(f"p{index}"), float(rng.choice([1.0, 1.0, -1.0, 2.0, -3.0]))
        factor_of[parameter.name] = factor
        append_rotation(circuit, factor * parameter + float(rng.integers(-1, 2)) * np.pi / 2, rng)
    if n_qubits > 1:
        circuit.cx(0, n_qubits - 1)
    center = rng.integers(-4, 5, n_parameters) * np.pi / 2
    return circuit, center, np.array([factor_of[parameter.name] for parameter in circuit.parameters])


def bound(circuit: QuantumCircuit, theta: NDArray[np.float64]) -> QuantumCircuit:
    """The circuit at theta, evolutions synthesized: the state vector would take them as dense matrices."""
    return circuit.assign_parameters(theta).decompose("PauliEvolution")


def oracle_loss(circuit: QuantumCircuit, observable: SparsePauliOp, theta: NDArray[np.float64]) -> float:
    """The expectation by Qiskit's state vector."""
    return float(Statevector(bound(circuit, theta)).expectation_value(observable).real)


def oracle_derivative(
    circuit: QuantumCircuit, observable: SparsePauliOp, theta: NDArray[np.float64], parameter: int, factor: float
) -> float:
    """The parameter-shift rule for one parameter on one rotation, ``angle = factor · parameter + constant``."""
    shift = np.zeros(len(theta))
    shift[parameter] = np.pi / 2 / factor
    plus, minus = (oracle_loss(circuit, observable, theta + sign * shift) for sign in (1, -1))
    return factor / 2 * (plus - minus)
