"""OpenQASM 2 and 3 with a rule which angles are free, against Qiskit's own reader."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Operator, Statevector

import nearclifford as nc
from nearclifford.interchange.affine_tracing import affine_angles
from nearclifford.interchange.circuit_files import write_circuit

GATES = """OPENQASM 2.0;
include "qelib1.inc";
gate mine(t, s) a, b { rx(t) a; cx a, b; rz(s / 2) b; }
qreg q[3];
creg c[3];
h q[0];
rx(0.3) q[0];
ry(pi/2) q[1];
rz(-0.7) q[2];
u3(0.1, pi, -0.2) q[1];
u2(0.4, 0.5) q[0];
u1(pi/4) q[2];
p(0) q[1];
rzz(1.1) q[0], q[2];
rxx(0.6) q[1], q[2];
crz(pi/2) q[0], q[1];
cp(pi) q[1], q[2];
cu1(0.9) q[2], q[0];
cu3(0.2, 0.3, 0.4) q[0], q[1];
cu(0.5, 0.25, pi, 0.35) q[2], q[1];
mine(0.8, pi) q[1], q[2];
ccx q[0], q[1], q[2];
t q[0];
"""
OBSERVABLE = "ZXI + 0.5*IYZ - 0.25*XXX"
ALL = [0.3, np.pi / 2, -0.7, 0.1, np.pi, -0.2, 0.4, 0.5, np.pi / 4, 0, 1.1, 0.6, np.pi / 2, np.pi, 0.9]
ALL += [0.2, 0.3, 0.4, 0.5, 0.25, np.pi, 0.35]
ALL += [0.8, np.pi / 2]  # of the gate that the file defines
NOT_CLIFFORD = [0.3, -0.7, 0.1, -0.2, 0.4, 0.5, np.pi / 4, 1.1, 0.6, np.pi / 2, 0.9, 0.2, 0.3, 0.4, 0.5, 0.25, 0.35, 0.8]


def expectation(circuit):
    observable = nc.Landscape(nc.ansatz.mhea(3, 0), OBSERVABLE).observable
    return Statevector(circuit).expectation_value(observable).real


@pytest.mark.parametrize(("free", "angles"), [("all", ALL), ("non-clifford", NOT_CLIFFORD), ("none", [])])
def test_which_angles_become_free(free, angles, tmp_path):
    (tmp_path / "gates.qasm").write_text(GATES)
    found = nc.from_qasm(tmp_path / "gates.qasm", OBSERVABLE, free=free)
    np.testing.assert_allclose(found.theta, angles, atol=1e-15)
    assert found.parameters == tuple(f"free[{k}]" for k in range(len(angles))) and found.qubits == ("q[0]", "q[1]", "q[2]")
    whole = QuantumCircuit.from_qasm_str(GATES)
    bound = found.circuit.assign_parameters(found.theta)
    assert Operator(bound).equiv(Operator(whole))
    if angles:
        land = found.landscape()
        assert abs(land.value(found.theta) - expectation(whole)) < 1e-12
        for k in (0, len(angles) - 1):
            step = 1e-5 * np.eye(len(angles))[k]
            values = [expectation(found.circuit.assign_parameters(found.theta + sign * step)) for sign in (1, -1)]
            assert abs((values[0] - values[1]) / 2e-5 - land.gradient(found.theta)[k]) < 1e-8


def test_text_and_file_are_the_same_and_large_circuits_keep_the_order(tmp_path):
    circuit = efficient_su2(4, reps=3)
    theta = np.random.default_rng(2).uniform(-3, 3, circuit.num_parameters)
    text = qasm2.dumps(circuit.assign_parameters(theta))
    (tmp_path / "bound.qasm").write_text(text)
    for source in (text, tmp_path / "bound.qasm", str(tmp_path / "bound.qasm")):
        found = nc.from_qasm(source, nc.observables.heisenberg(4), free="all")
        np.testing.assert_allclose(found.theta, theta, atol=1e-14)
        expected = nc.Landscape(circuit, nc.observables.heisenberg(4)).gradient(theta)
        np.testing.assert_allclose(found.landscape().gradient(found.theta), expected, atol=1e-12)


def test_named_parameters_come_first_and_keep_their_order(tmp_path):
    circuit = nc.ansatz.mhea(3, 1)
    circuit.rx(0.7, 0)
    circuit.ry(np.pi / 2, 1)
    write_circuit(circuit, tmp_path / "mixed.qasm")
    write_circuit(circuit, tmp_path / "mixed.qpy")
    for source in (tmp_path / "mixed.qasm", tmp_path / "mixed.qpy"):
        named = tuple(f"theta[{k}]" for k in range(12))
        assert nc.from_qasm(source).parameters == named
        found = nc.from_qasm(source, OBSERVABLE, free="non-clifford")
        assert found.parameters == (*named, "free[0]") and found.theta.tolist() == [0.0] * 12 + [0.7]
        theta = np.linspace(-1, 1, 12)
        expected = nc.Landscape(circuit, OBSERVABLE).gradient(theta)
        np.testing.assert_allclose(found.landscape().gradient([*theta, 0.7])[:12], expected, atol=1e-13)


def test_expressions_of_named_parameters_stay():
    circuit = QuantumCircuit(2)
    circuit.rx(2 * Parameter("b") - 0.3, 0)
    circuit.ry(0.4, 1)
    circuit.rzz(Parameter("a"), 0, 1)
    found = nc.from_qasm(qasm3.dumps(circuit), "ZZ", free="all")
    assert len(found.theta) == 3 and found.theta[2] == 0.4
    point = dict(zip(found.parameters, [0.2, 0.5, 0.4], strict=True))
    bound = circuit.assign_parameters({p: point[p.name] for p in circuit.parameters})
    expected = Statevector(bound).expectation_value(found.observable).real
    assert found.landscape().value([0.2, 0.5, 0.4]) == pytest.approx(expected, abs=1e-14)


def test_measurements_of_a_file_are_dropped():
    with pytest.warns(nc.DroppedMeasurementsWarning, match="3 measurements"):
        found = nc.from_qasm(GATES + "barrier q;\nmeasure q -> c;\n", OBSERVABLE, free="all")
    assert abs(found.landscape().value(found.theta) - expectation(QuantumCircuit.from_qasm_str(GATES))) < 1e-12


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("OPENQASM 2.0; qreg q[99999999999];", "declares more than 1000000 bits"),
        ("OPENQASM 2.0;\nqreg q[2", "is no circuit that Qiskit can read"),
        (f"OPENQASM 2.0; qreg q[1]; U({'(' * 300}1{')' * 300},0,0) q[0];", "nests 301 brackets"),
        ('OPENQASM 2.0; include "/etc/passwd"; qreg q[1];', "is no circuit that Qiskit can read"),
        ("no circuit;", "is no circuit"),
        ("absent.qasm", "No such file"),
    ],
)
def test_what_is_no_circuit(source, text):
    with pytest.raises(nc.CircuitError, match=text) as told:
        nc.from_qasm(source)
    assert str(told.value).isprintable()


def test_mistaken_rules():
    with pytest.raises(nc.CircuitError, match="free is 'some'; expected one of 'none', 'non-clifford', 'all'"):
        nc.from_qasm(GATES, free="some")


@pytest.mark.parametrize(
    ("door", "library"), [("from_pennylane", "pennylane"), ("from_cirq", "cirq"), ("to_jax", "jax"), ("to_torch", "torch")]
)
def test_a_missing_library_is_named(door, library, monkeypatch):
    import nearclifford.interchange.imported as imported

    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(imported, "import_module", absent)
    with pytest.raises(nc.NearCliffordError, match=rf"{library} is not installed; pip install 'nearclifford\[{library}\]'"):
        getattr(nc, door)(None)


# tracing


def test_tracing_finds_random_affine_maps():
    rng = np.random.default_rng(4)
    for _ in range(20):
        matrix = rng.integers(-3, 4, (12, 5)) / rng.integers(1, 5, (12, 1)) * (rng.random((12, 5)) < 0.3)
        constant = rng.normal(size=12)
        calls = []

        def angles(x, matrix=matrix, constant=constant, calls=calls):
            calls.append(x)
            return matrix @ x + constant

        found = affine_angles(angles, 5)
        dense = np.zeros((12, 5))
        for j, entry in enumerate(found.entries):
            for k, factor in entry:
                dense[j, k] = factor
        np.testing.assert_allclose(dense, matrix, atol=1e-15)
        np.testing.assert_allclose(found.constant, constant, atol=1e-14)
        assert len(calls) == 4 + 5 * bool((np.count_nonzero(matrix, axis=1) > 1).any())


def test_tracing_with_large_constants():
    found = affine_angles(lambda x: np.array([5000.0 + x[0], 5000.0 + x[0] - x[2] / 3]), 4)
    assert [[k for k, _ in entry] for entry in found.entries] == [[0], [0, 2]]
    np.testing.assert_allclose(found.at(np.array([0.1, 5, 0.3, 7])), [5000.1, 5000.0], atol=1e-10)


@pytest.mark.parametrize("bent", [np.sin, np.square, np.abs, lambda x: x[[0, 0]] * x[[1, 1]], lambda x: x % 0.7])
def test_tracing_refuses_what_is_not_affine(bent):
    with pytest.raises(nc.CircuitError, match="not affine"):
        affine_angles(lambda x: bent(x - 0.5) if bent is np.abs else bent(x), 2)
