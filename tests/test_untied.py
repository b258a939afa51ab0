"""Circuits with a parameter for each gate, against Qiskit's states of the tied ones."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, QAOAAnsatz, efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.errors import CircuitError, NearCliffordError
from random_circuits import random_circuit


def qaoa():
    cost = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "ZIIZ"], [1.0, 0.5, 1.0, -0.7])
    return QAOAAnsatz(cost, reps=2)


def evolutions():
    circuit, (a, b) = QuantumCircuit(3), ParameterVector("t", 2)
    circuit.h(range(3))
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XYZ", "ZZI", "YXZ"], [1.0, -0.5, 0.3]), a), range(3))
    circuit.u(a + 2 * b, b, 0.3, 1)
    circuit.t(0)
    circuit.ccx(0, 1, 2)
    circuit.rzz(b / 2 + 0.1, 0, 2)
    circuit.cry(b, 0, 2)
    return circuit


CIRCUITS = {"qaoa": qaoa, "efficient_su2": lambda: efficient_su2(4, reps=1), "evolutions": evolutions}


@pytest.mark.parametrize("fixed", ["keep", "free"])
@pytest.mark.parametrize("name", CIRCUITS)
def test_states_are_those_of_the_tied_circuit(name, fixed):
    circuit, rng = CIRCUITS[name](), np.random.default_rng(3)
    untied = nc.untie(circuit, fixed)
    theta = rng.normal(size=(3, circuit.num_parameters))
    for one, many in zip(theta, untied.theta(theta), strict=True):
        expected = Statevector(circuit.assign_parameters(one))
        assert abs(expected.inner(Statevector(untied.circuit.assign_parameters(many)))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", CIRCUITS)
def test_each_parameter_turns_one_rotation_and_the_chain_rule_holds(name):
    circuit = CIRCUITS[name]()
    untied = nc.untie(circuit, "free")
    observable = SparsePauliOp(["Z" * circuit.num_qubits, "X" + "I" * (circuit.num_qubits - 1)], [1.0, 0.4])
    tied, free = nc.Landscape(circuit, observable), nc.Landscape(untied.circuit, observable)
    rotation, _ = free.problem.angle_map.rotation_of
    assert len(set(rotation.tolist())) == free.n_parameters == free.problem.n_rotations
    theta = np.random.default_rng(5).normal(size=(2, circuit.num_parameters))
    np.testing.assert_allclose(untied.gradient(free.gradient(untied.theta(theta))), tied.gradient(theta), atol=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits(seed):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, 3, 14)
    untied = nc.untie(circuit, ("keep", "free")[seed % 2])
    theta = rng.normal(size=circuit.num_parameters)
    state = Statevector(untied.circuit.assign_parameters(untied.theta(theta)))
    assert abs(Statevector(circuit.assign_parameters(theta)).inner(state)) == pytest.approx(1, abs=1e-12)


def test_names_tell_the_origin_and_factors_stay():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rx(2 * b, 0)
    circuit.rz(a + b, 0)
    circuit.t(0)
    circuit.rx(b, 0)
    untied = nc.untie(circuit)
    assert [one.name for one in untied.circuit.parameters] == ["a+b_1", "b_0", "b_2"]
    assert untied.origin == ((0, 1), (1,), (1,))
    assert untied.matrix.toarray().tolist() == [[1, 1], [0, 1], [0, 1]]
    assert str(untied.circuit.data[0].operation.params[0]) == "2*b_0"


def test_what_has_no_parameter_is_refused():
    with pytest.raises(CircuitError, match="untie"):
        fixed = QuantumCircuit(1)
        fixed.h(0)
        nc.untie(fixed)
    with pytest.raises(CircuitError, match="fixed is 'all'"):
        nc.untie(qaoa(), "all")
    with pytest.raises(NearCliffordError, match="untied has shape"):
        nc.untie(qaoa()).gradient([1.0])


def test_a_centre_between_the_grid_where_gates_are_clifford():
    """rx(2 b) at b = π/4 is Clifford; ry(b) is not."""
    b = Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rx(2 * b, 0)
    land = nc.Landscape(circuit, SparsePauliOp("Y"), center=[np.pi / 4])
    assert not land.problem.angle_map.offset.any()
    assert land.value([np.pi / 4 + 0.1]) == pytest.approx(-np.cos(0.2), abs=1e-14)
    circuit.ry(b, 0)
    with pytest.raises(CircuitError, match="each of its gates"):
        nc.Landscape(circuit, SparsePauliOp("Y"), center=[np.pi / 4])


def test_measurements_at_the_end_are_dropped_as_a_landscape_drops_them():
    circuit = real_amplitudes(3, reps=1)
    circuit.measure_all()
    with pytest.warns(nc.DroppedMeasurementsWarning):
        found = nc.untie(circuit)
    assert found.circuit.num_parameters == 6 and "measure" not in found.circuit.count_ops()
