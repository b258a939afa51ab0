"""A circuit in gates of one and two qubits: where noise of so many qubits can act."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import Barrier

from nearclifford.normal_form.definitions import circuit_of_matrix, parts_of, taken_apart

MOST_QUBITS = 2


def of_small_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with gates of more than two qubits, and those that a user put together, taken apart.

    >>> circuit = QuantumCircuit(3)
    >>> _ = circuit.ccx(0, 1, 2)
    >>> max(gate.operation.num_qubits for gate in of_small_gates(circuit).data)
    2
    """
    parts = taken_apart(circuit)
    if all(_is_small(instruction.operation) for instruction in parts.data):
        return parts
    result = parts.copy_empty_like()
    for number, instruction in enumerate(parts.data):
        operation = instruction.operation
        if _is_small(operation):
            result.append(instruction)
            continue
        inner = parts_of(operation, f"Instruction {number} ({operation.name!r})")
        small = of_small_gates(inner if isinstance(inner, QuantumCircuit) else circuit_of_matrix(inner))
        result.compose(small, instruction.qubits, instruction.clbits, inplace=True)
    return result


def _is_small(operation: object) -> bool:
    return isinstance(operation, Barrier) or getattr(operation, "num_qubits", 0) <= MOST_QUBITS
