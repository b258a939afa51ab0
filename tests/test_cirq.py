"""Circuits of Cirq against Cirq's own simulator: values and gradients to 1e-12."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import nearclifford as nc

cirq = pytest.importorskip("cirq")
sympy = pytest.importorskip("sympy")

QUBITS = cirq.LineQubit.range(4)
A, B, C, D = QUBITS
S, T, U = sympy.symbols("x2 x10 y")
OBSERVABLE = cirq.Z(A) * cirq.X(B) + 0.5 * cirq.Y(C) * cirq.Z(D) - 0.3 * cirq.X(A) + 0.7 * cirq.PauliString()

CIRCUITS = {
    "rotations": [cirq.rx(S)(A), cirq.ry(2 * T)(B), cirq.rz(U - S / 2 + 0.3)(A), cirq.rz(0.7)(C), cirq.rx(-U)(D)],
    "powers": [(cirq.X**S)(A), (cirq.Y**T)(B), (cirq.Z**U)(A), (cirq.H**S)(C), (cirq.X**-T)(D),
        cirq.XPowGate(exponent=T, global_shift=0.2)(D)],
    "two qubits": [(cirq.CZ**S)(A, B), (cirq.CNOT**T)(B, C), (cirq.SWAP**U)(C, D), (cirq.ISWAP**S)(D, A)],
    "pairs": [(cirq.XX**S)(A, C), (cirq.YY**T)(B, D), (cirq.ZZ**U)(C, B), cirq.ms(0.3)(A, D), cirq.givens(S)(A, B)],
    "phased": [
        cirq.PhasedXPowGate(phase_exponent=S, exponent=T)(A),
        cirq.PhasedXZGate(x_exponent=S, z_exponent=T, axis_phase_exponent=U)(B),
        cirq.FSimGate(S, U)(C, B),
        cirq.PhasedISwapPowGate(phase_exponent=0.1, exponent=T)(D, A),
    ],
    "controlled": [
        cirq.rx(S)(B).controlled_by(A), (cirq.Y**T)(C).controlled_by(D), cirq.rz(U)(A).controlled_by(C),
        (cirq.X**0.3)(B).controlled_by(A, C), (cirq.Z**S)(D).controlled_by(B), (cirq.CCX**T)(A, B, D),
        (cirq.CCZ**U)(D, B, C),
    ],
    "fixed": [
        cirq.rx(S)(A), cirq.rx(T)(C), cirq.rx(U)(B), cirq.H(A), cirq.S(B), cirq.T(C) ** -1,
        cirq.CNOT(A, B), cirq.SWAP(B, D),
        cirq.ISWAP(A, D), cirq.CSWAP(A, C, D), cirq.CCX(D, A, B), cirq.I(A),
        cirq.MatrixGate(cirq.unitary(cirq.QuantumFourierTransformGate(3)))(D, A, B),
        cirq.QuantumFourierTransformGate(2)(C, A), cirq.QubitPermutationGate([2, 0, 1])(A, C, D),
        cirq.cphase(0.3)(B, C), cirq.Y(A) ** 0.5,
    ],
    "strings": [
        cirq.PauliStringPhasor(cirq.X(A) * cirq.Y(B) * cirq.Z(D), exponent_neg=S),
        cirq.PauliStringPhasor(-cirq.Z(C) * cirq.Y(B), exponent_neg=T, exponent_pos=0.2),
        cirq.rx(U)(A),
    ],
}  # fmt: skip


def mixed(operations):
    start = [cirq.rx(0.3 + k)(qubit) for k, qubit in enumerate(QUBITS)] + [cirq.rz(0.2 - k)(q) for k, q in enumerate(QUBITS)]
    ring = [cirq.CNOT(QUBITS[k], QUBITS[(k + 1) % 4]) for k in range(4)]
    end = [cirq.ry(0.5 + k)(qubit) for k, qubit in enumerate(QUBITS)]
    return cirq.Circuit(start, ring, operations, ring, end)


def value_of_cirq(circuit, names, point):
    resolver = cirq.ParamResolver(dict(zip(names, point, strict=True)))
    state = cirq.Simulator(dtype=np.complex128).simulate(circuit, resolver, qubit_order=QUBITS).final_state_vector
    return OBSERVABLE.expectation_from_state_vector(
        state, {q: k for k, q in enumerate(QUBITS)}, check_preconditions=False
    ).real


@pytest.mark.parametrize("name", CIRCUITS)
def test_values_and_gradients(name):
    circuit = mixed(CIRCUITS[name])
    found = nc.from_cirq(circuit, OBSERVABLE)
    assert found.qubits == tuple(QUBITS)
    land = found.landscape()
    point = np.array([0.37, -0.81, 1.13])[: len(found.parameters)]
    value, gradient = land.value_and_gradient(point)
    assert abs(value - value_of_cirq(circuit, found.parameters, point)) < 1e-12
    # L is a trigonometric polynomial, so a Richardson difference of Cirq's values is the derivative to 1e-7
    for k, step in enumerate(np.eye(len(point))):
        slopes = [
            (
                value_of_cirq(circuit, found.parameters, point + h * step)
                - value_of_cirq(circuit, found.parameters, point - h * step)
            )
            / (2 * h)
            for h in (1e-2, 5e-3, 2.5e-3)
        ]
        once = [(4 * fine - coarse) / 3 for coarse, fine in itertools.pairwise(slopes)]
        assert abs((16 * once[1] - once[0]) / 15 - gradient[k]) < 1e-7


def test_symbols_are_in_natural_order():
    assert nc.from_cirq(mixed(CIRCUITS["rotations"])).parameters == ("x2", "x10", "y")


def test_qubits_measurements_and_observables():
    named = cirq.NamedQubit("b"), cirq.GridQubit(0, 1)
    circuit = cirq.Circuit(cirq.rx(S)(named[0]), cirq.CNOT(*named), cirq.measure(*named, key="m"))
    with pytest.warns(nc.DroppedMeasurementsWarning, match="1 measurement at the end"):
        found = nc.from_cirq(circuit, cirq.Z(named[1]) * 1.0, qubit_order=named)
    assert found.observable.to_list() == [("ZI", 1)] and found.qubits == named
    assert abs(found.landscape().value([0.3]) - np.cos(0.3)) < 1e-15
    with pytest.warns(nc.DroppedMeasurementsWarning):
        assert nc.from_cirq(circuit, "Z0", qubit_order=named).observable.to_list() == [("IZ", 1)]
    with pytest.raises(nc.ObservableError, match="came without an observable"):
        nc.from_cirq(cirq.Circuit(cirq.rx(S)(A))).landscape()


def test_paulis_of_cirq_at_the_doors_of_a_landscape():
    circuit, theta = nc.ansatz.mhea(4, 1), np.linspace(0.1, 1.6, 16)
    expected = nc.Landscape(circuit, "Z0 X1 + 0.5 Y2 Z3 - 0.3 X0 + 0.7 I0").value(theta)
    assert nc.Landscape(circuit, OBSERVABLE).value(theta) == pytest.approx(expected, abs=1e-14)
    assert nc.Landscape(circuit, cirq.Z(B)).value(theta) == nc.Landscape(circuit, "Z1").value(theta)


@pytest.mark.parametrize(
    ("circuit", "observable", "text"),
    [
        (cirq.Circuit(cirq.rx(S)(A), cirq.depolarize(0.1)(A)), None, "is no unitary gate"),
        (cirq.Circuit(cirq.rx(S)(A), cirq.measure(A), cirq.X(A)), None, "that something follows"),
        (cirq.Circuit(cirq.rx(S * T)(A)), None, "not affine"),
        (cirq.Circuit(cirq.rx(S)(A)), cirq.Z(B) * 1.0, "expected qubits of the circuit"),
        (cirq.Circuit(cirq.rx(S)(A)), cirq.Z(A) * 1j, "expected real ones"),
        (cirq.Circuit(cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3))), None, "has 3 levels; expected qubits"),
        (cirq.Circuit(), None, "at least one qubit"),
        (3, None, r"is a int; expected a cirq\.Circuit"),
    ],
)
def test_what_cannot_come_in(circuit, observable, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.from_cirq(circuit, observable)
