"""What the package takes for granted about Qiskit and stim, each pinned by matrices written out here."""

from __future__ import annotations

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector

ID, X, Y, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
H, S = np.array([[1, 1], [1, -1]]) / np.sqrt(2), np.diag([1, 1j])
MATRICES = {"I": ID, "X": X, "Y": Y, "Z": Z}
THETA = 0.731


def rotation(pauli: np.ndarray, angle: float) -> np.ndarray:
    """Return exp(-i angle P / 2) for P² = 1."""
    return np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli


def same_up_to_phase(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.isclose(abs(np.vdot(a, b)), np.linalg.norm(a) * np.linalg.norm(b), rtol=1e-12))


def test_qiskit_rightmost_letter_is_qubit_0() -> None:
    np.testing.assert_array_equal(Pauli("XZ").to_matrix(), np.kron(X, Z))
    assert Pauli("XZ").z.tolist() == [True, False]
    assert Pauli("XZ").x.tolist() == [False, True]


def test_qiskit_sparse_list_names_qubits() -> None:
    found = SparsePauliOp.from_sparse_list([("XZ", [2, 0], 0.5)], num_qubits=3)
    np.testing.assert_array_equal(found.to_matrix(), 0.5 * np.kron(X, np.kron(ID, Z)))


def test_qiskit_moves_the_phase_of_a_pauli_into_the_coefficient() -> None:
    np.testing.assert_array_equal(SparsePauliOp(Pauli("-iXY")).coeffs, [-1j])


def test_qiskit_statevector_qubit_0_is_the_lowest_bit() -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    assert np.flatnonzero(Statevector(circuit).data).tolist() == [1]


def test_qiskit_parameters_of_a_vector_are_ordered_by_index() -> None:
    theta = ParameterVector("theta", 12)
    circuit = QuantumCircuit(1)
    for element in reversed(theta):
        circuit.rx(element, 0)
    assert list(circuit.parameters) == list(theta)


@pytest.mark.parametrize(
    ("gate", "axis"),
    [("rx", X), ("ry", Y), ("rz", Z), ("rxx", np.kron(X, X)), ("ryy", np.kron(Y, Y)), ("rzz", np.kron(Z, Z))],
)
def test_qiskit_rotations_have_half_the_angle(gate: str, axis: np.ndarray) -> None:
    circuit = QuantumCircuit(int(np.log2(len(axis))))
    getattr(circuit, gate)(THETA, *circuit.qubits)
    np.testing.assert_allclose(Operator(circuit).data, rotation(axis, THETA), atol=1e-14)


def test_qiskit_rzx_has_z_on_its_first_qubit() -> None:
    circuit = QuantumCircuit(2)
    circuit.rzx(THETA, 0, 1)
    np.testing.assert_allclose(Operator(circuit).data, rotation(np.kron(X, Z), THETA), atol=1e-14)


def test_qiskit_phase_gate_is_rz_up_to_a_phase() -> None:
    circuit = QuantumCircuit(1)
    circuit.p(THETA, 0)
    np.testing.assert_allclose(Operator(circuit).data, np.exp(0.5j * THETA) * rotation(Z, THETA), atol=1e-14)


def test_qiskit_pauli_evolution_has_twice_the_angle() -> None:
    circuit = QuantumCircuit(2)
    circuit.append(PauliEvolutionGate(Pauli("XZ"), time=THETA), [0, 1])
    np.testing.assert_allclose(Operator(circuit).data, rotation(np.kron(X, Z), 2 * THETA), atol=1e-14)


def test_stim_index_is_the_qubit() -> None:
    # little-endian: qubit 0 is the last factor
    matrix = stim.PauliString("XZ").to_unitary_matrix(endian="little")
    np.testing.assert_allclose(matrix, np.kron(Z, X), atol=1e-7)
    assert [stim.PauliString("_XYZ")[q] for q in range(4)] == [0, 1, 2, 3]


def test_stim_packs_qubit_q_into_bit_q() -> None:
    string = stim.PauliString("X" + "_" * 7 + "YZ")
    x, z = string.to_numpy(bit_packed=True)
    assert (x.tolist(), z.tolist()) == ([1, 1], [0, 3])
    xs, zs = string.to_numpy()
    assert np.flatnonzero(xs).tolist() == [0, 8]
    assert np.flatnonzero(zs).tolist() == [8, 9]
    assert stim.PauliString.from_numpy(xs=xs, zs=zs) == string


def test_stim_y_is_i_x_z() -> None:
    assert stim.PauliString("X") * stim.PauliString("Z") == stim.PauliString("-iY")
    np.testing.assert_allclose(X @ Z, -1j * Y)


def test_stim_tableau_maps_p_to_u_p_u_dagger() -> None:
    tableau = stim.Tableau.from_named_gate("S")
    assert tableau(stim.PauliString("X")) == stim.PauliString("+Y")
    np.testing.assert_allclose(S @ X @ S.conj().T, Y, atol=1e-15)


def test_stim_prepend_acts_before_and_append_after() -> None:
    s, h = stim.Tableau.from_named_gate("S"), stim.Tableau.from_named_gate("H")
    before, after = s.copy(), s.copy()
    before.prepend(h, [0])
    after.append(h, [0])
    # time order: prepend gives H then S, the matrix S H
    assert same_up_to_phase(before.to_unitary_matrix(endian="little"), S @ H)
    assert same_up_to_phase(after.to_unitary_matrix(endian="little"), H @ S)
    assert not same_up_to_phase(S @ H, H @ S)


def test_stim_cx_is_control_then_target() -> None:
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    cx = stim.Tableau.from_named_gate("CX")
    expected = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]])
    np.testing.assert_allclose(cx.to_unitary_matrix(endian="little"), expected, atol=1e-7)
    np.testing.assert_array_equal(Operator(circuit).data, expected)


@pytest.mark.parametrize(("axis", "name"), [("X", "SQRT_X"), ("Y", "SQRT_Y"), ("Z", "S")])
def test_stim_roots_are_rotations_by_a_quarter_turn(axis: str, name: str) -> None:
    tableau = stim.Tableau.from_named_gate(name)
    turn = rotation(MATRICES[axis], np.pi / 2)
    for letter in "XYZ":
        image = tableau(stim.PauliString(letter)).to_unitary_matrix(endian="little")
        np.testing.assert_allclose(image, turn @ MATRICES[letter] @ turn.conj().T, atol=1e-7)
