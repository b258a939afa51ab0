"""A compiled circuit as a dense matrix, by two ways that share no code: its normal form, and its tape gate by gate."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.quantum_info import Operator

from nearclifford.normal_form.gates import PRIMITIVES

QISKIT_OF = {
    "H": library.HGate, "S": library.SGate, "S_DAG": library.SdgGate, "SQRT_X": library.SXGate,
    "SQRT_X_DAG": library.SXdgGate, "SQRT_Y": lambda: library.RYGate(np.pi / 2),
    "SQRT_Y_DAG": lambda: library.RYGate(-np.pi / 2), "X": library.XGate, "Y": library.YGate, "Z": library.ZGate,
    "CX": library.CXGate, "CY": library.CYGate, "CZ": library.CZGate, "SWAP": library.SwapGate,
    "RX": library.RXGate, "RY": library.RYGate, "RZ": library.RZGate,
}  # fmt: skip


def matrix(pauli):
    return pauli.to_unitary_matrix(endian="little").astype(complex)


def clifford_matrix(tableau):
    """The unitary of a tableau in double precision: stim gives single, but an entry is 0 or 2^(-k/2) times e^(iπm/4)."""
    rough = tableau.to_unitary_matrix(endian="little").astype(complex)
    size = np.where(abs(rough) > 1e-3, np.exp2(np.round(2 * np.log2(np.maximum(abs(rough), 1e-3))) / 2), 0.0)
    return size * np.exp(1j * np.pi / 4 * np.round(np.angle(rough) / (np.pi / 4)))


def equal_up_to_phase(first, second):
    overlap = np.vdot(first, second)
    return abs(abs(overlap) - len(first)) < 1e-9 * len(first)


def from_normal_form(program, theta):
    """C · R_n ··· R_1 as a dense matrix, from the generators and the tableau alone."""
    unitary = np.eye(2**program.n_qubits, dtype=complex)
    for row, angle in enumerate(program.angle_map.angles(theta[None])[0]):
        generator = matrix(program.generators.to_stim(row))
        unitary = np.cos(angle / 2) * unitary - 1j * np.sin(angle / 2) * generator @ unitary
    return clifford_matrix(program.pull_back.inverse()) @ unitary


def from_tape(program, theta):
    """The tape, gate by gate, as a Qiskit circuit."""
    angles, circuit, tape = program.angle_map.angles(theta[None])[0], QuantumCircuit(program.n_qubits), program.tape
    for opcode, first, second, rotation in zip(tape.opcode, tape.first, tape.second, tape.rotation, strict=True):
        make = QISKIT_OF[PRIMITIVES[opcode]]
        gate = make(angles[rotation]) if rotation >= 0 else make()
        circuit.append(gate, [int(first)] if second < 0 else [int(first), int(second)])
    return Operator(circuit).data


def expected(circuit, theta):
    return Operator(circuit.assign_parameters(theta)).data
