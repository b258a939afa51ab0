"""The encoder for parameters of several gates and for fixed angles that are not Clifford, against Qiskit's states."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import QAOAAnsatz
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.errors import EncodingError


def slopes(circuit, observable, center):
    """Loss and central differences of all parameters, by Qiskit."""

    def loss(theta):
        return Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real

    step = 1e-4
    shifts = step * np.eye(len(center))
    return loss(center), [(loss(center + shift) - loss(center - shift)) / (2 * step) for shift in shifts]


def shared_circuit(rng):
    circuit, pool = QuantumCircuit(3), ParameterVector("t", 2)
    for number in range(7):
        getattr(circuit, ("rx", "ry", "rz")[rng.integers(3)])(
            (1, -1, 2)[rng.integers(3)] * pool[number % 2], rng.integers(3)
        )
        circuit.cx(*rng.choice(3, size=2, replace=False).tolist())
    return circuit


@pytest.mark.parametrize("style", ["compact", "paper"])
@pytest.mark.parametrize("seed", range(12))
def test_the_whole_derivative_is_the_largest_that_one_gate_can_carry(seed, style):
    rng = np.random.default_rng(seed)
    circuit, observable = shared_circuit(rng), SparsePauliOp(["ZXY", "IZZ"], rng.normal(size=2))
    center, k = rng.integers(0, 4, size=2) * np.pi / 2, int(rng.integers(2))
    untied = nc.untie(circuit)
    gates = [row for row, origin in enumerate(untied.origin) if origin == (k,)]
    largest = 0.0
    for gate in gates:
        alone = nc.encode(untied.circuit, observable, gate, center=untied.theta(center), style=style)
        largest = max(largest, abs(untied.gradient(alone.gradient)[k]))
    if largest == 0.0:
        with pytest.raises(EncodingError, match="cancel"):
            nc.encode(circuit, observable, k, center=center, style=style)
        return
    found = nc.encode(circuit, observable, k, center=center, style=style)
    assert abs(found.gradient[k]) == pytest.approx(largest, abs=1e-12)
    loss, gradient = slopes(found.circuit, observable, center)
    assert found.loss == pytest.approx(loss, abs=1e-10)
    np.testing.assert_allclose(found.gradient, gradient, atol=1e-6)
    assert found.gate.startswith(f"rotation {found.rotation} (R")


def test_a_qaoa_has_a_carrier():
    cost = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "ZIIZ"])
    circuit = QAOAAnsatz(cost, reps=2)
    for k in range(4):
        found = nc.encode(circuit, cost, k)
        np.testing.assert_allclose(found.gradient, slopes(found.circuit, cost, np.zeros(4))[1], atol=1e-6)
        assert abs(found.gradient[k]) >= 2.0
    best = nc.search_encoder(circuit, cost, "gradient")
    brute = max(abs(nc.encode(circuit, cost, k, term=a).gradient[k]) for k in range(4) for a in range(4))
    assert abs(best.gradient[best.parameter]) == pytest.approx(brute)


def test_gates_that_cancel_are_named():
    a, circuit = Parameter("a"), QuantumCircuit(1)
    circuit.rx(a, 0)
    circuit.rx(-a, 0)
    with pytest.raises(EncodingError, match=r"2 gates of parameter 0 \('a'\) cancel.*untie"):
        nc.encode(circuit, SparsePauliOp("Z"), 0)


@pytest.mark.parametrize("objective", ["step", "loss", "gradient", "norm"])
def test_data_in_fixed_angles(objective):
    """The encoding is that of the nearest Clifford angles; loss and gradient are those of the circuit as it is."""
    circuit, pool = QuantumCircuit(3), ParameterVector("t", 3)
    for qubit, number in enumerate((0.3, 1.9, -0.7)):
        circuit.rz(number, qubit)
        circuit.ry(number + 0.2, qubit)
        circuit.rx(pool[qubit], qubit)
    circuit.cx(0, 1)
    circuit.t(1)
    circuit.cx(1, 2)
    observable = SparsePauliOp(["ZZZ", "XIY"], [1.0, 0.4])
    for found in (nc.encode(circuit, observable, 1), nc.search_encoder(circuit, observable, objective)):
        loss, gradient = slopes(found.circuit, observable, np.zeros(3))
        assert found.loss == pytest.approx(loss, abs=1e-10)
        np.testing.assert_allclose(found.gradient, gradient, atol=1e-6)
        np.testing.assert_allclose(found.landscape().gradient(found.center), found.gradient, atol=1e-12)
