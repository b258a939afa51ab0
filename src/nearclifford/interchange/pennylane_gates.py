"""The table of PennyLane's gates: how each is written on a circuit of Qiskit, up to a global phase."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate, UnitaryGate
from qiskit.quantum_info import SparsePauliOp

# Name of the operation -> method of QuantumCircuit that takes no angle, and the qubits in PennyLane's order.
FIXED = {
    "PauliX": "x", "PauliY": "y", "PauliZ": "z", "Hadamard": "h", "S": "s", "T": "t", "SX": "sx",
    "Adjoint(S)": "sdg", "Adjoint(T)": "tdg", "Adjoint(SX)": "sxdg", "CNOT": "cx", "CY": "cy", "CZ": "cz", "CH": "ch",
    "SWAP": "swap", "ISWAP": "iswap", "ECR": "ecr", "Toffoli": "ccx", "CSWAP": "cswap", "CCZ": "ccz",
}  # fmt: skip
# Name -> methods in time order, each with the index of the angle that it takes.
TURNING: dict[str, tuple[tuple[str, int], ...]] = {
    "RX": (("rx", 0),), "RY": (("ry", 0),), "RZ": (("rz", 0),), "PhaseShift": (("p", 0),), "U1": (("p", 0),),
    "Rot": (("rz", 0), ("ry", 1), ("rz", 2)), "U3": (("rz", 2), ("ry", 0), ("rz", 1)),
    "CRX": (("crx", 0),), "CRY": (("cry", 0),), "CRZ": (("crz", 0),), "ControlledPhaseShift": (("cp", 0),),
    "IsingXX": (("rxx", 0),), "IsingYY": (("ryy", 0),), "IsingZZ": (("rzz", 0),),
}  # fmt: skip
# What says nothing about the state.
SKIPPED = ("Barrier", "Snapshot", "WireCut", "GlobalPhase", "Identity")


def _multi_rz(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    _string(circuit, "Z" * len(qubits), angles[0], qubits)


def _pauli_rot(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    _string(circuit, operation.hyperparameters["pauli_word"], angles[0], qubits)


def _ising_xy(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    """``exp(i φ (XX + YY) / 4)``."""
    circuit.rxx(-angles[0] / 2, *qubits)
    circuit.ryy(-angles[0] / 2, *qubits)


def _single_excitation(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    """``exp(-i φ (YX - XY) / 4)``, the generator that PennyLane gives, its letters in the order of the wires."""
    _string(circuit, "YX", angles[0] / 2, qubits)
    _string(circuit, "XY", -angles[0] / 2, qubits)


def _matrix(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    """The first wire is the first factor of a matrix of PennyLane, and the last one of Qiskit's."""
    circuit.append(UnitaryGate(operation.matrix()), qubits[::-1])


WRITTEN: dict[str, Callable[[QuantumCircuit, Any, Sequence[Any], list[int]], None]] = {
    "MultiRZ": _multi_rz,
    "PauliRot": _pauli_rot,
    "IsingXY": _ising_xy,
    "SingleExcitation": _single_excitation,
    "QubitUnitary": _matrix,
}
# The number of angles of those that have any.
ANGLES = {name: 1 for name in ("MultiRZ", "PauliRot", "IsingXY", "SingleExcitation")} | {
    name: 1 + max(index for _, index in methods) for name, methods in TURNING.items()
}
KNOWN = (*FIXED, *TURNING, *WRITTEN, *SKIPPED)


def append(circuit: QuantumCircuit, operation: Any, angles: Sequence[Any], qubits: list[int]) -> None:
    """Append an operation of a name in `KNOWN`, with its angles, numbers or expressions of Qiskit."""
    name = operation.name
    if name in FIXED:
        getattr(circuit, FIXED[name])(*qubits)
    elif name in TURNING:
        for method, index in TURNING[name]:
            getattr(circuit, method)(angles[index], *qubits)
    elif name in WRITTEN:
        WRITTEN[name](circuit, operation, angles, qubits)
    elif name == "Barrier":
        circuit.barrier(qubits)


def _string(circuit: QuantumCircuit, letters: str, angle: Any, qubits: list[int]) -> None:
    """Append ``exp(-i angle P / 2)``, the first letter on the first qubit."""
    support = [(letter, qubit) for letter, qubit in zip(letters, qubits, strict=True) if letter != "I"]
    if len(support) == 1:
        letter, qubit = support[0]
        getattr(circuit, f"r{letter.lower()}")(angle, qubit)
    elif support:
        word = "".join(letter for letter, _ in reversed(support))
        circuit.append(PauliEvolutionGate(SparsePauliOp(word), angle / 2), [qubit for _, qubit in support])
