"""What is zero everywhere: against gradients at random angles, and what "auto" does with it."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.chains.zeros import mattering_rotations, vanishes
from nearclifford.devices.rounds import FIRST_ROUND
from random_circuits import random_circuit, random_observable

# Of any backend, and of several terms whose chains serve all components.
ONE_ROUND = (1024, 16384)


def out_of_reach():
    """ZZ through CX is Z on qubit 1 alone: RY on qubit 0 plays no part, and RZ commutes."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.rz(2 * Parameter("b"), 1)
    return nc.Landscape(circuit, Pauli("ZZ"))


def phases_first():
    """RZ on |0> is a phase: the derivative by b alone is not zero, so b is left out of what is asked for."""
    circuit = QuantumCircuit(1)
    circuit.rz(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 0)
    return nc.Landscape(circuit, Pauli("Z"))


def never_diagonal():
    """X under RZ stays in the plane of X and Y."""
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    return nc.Landscape(circuit, Pauli("ZX"))


def cancelling():
    """On cos|00> + sin|11> both Z are equal."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    return nc.Landscape(circuit, SparsePauliOp(["ZI", "IZ"], [0.3, -0.3]))


ZEROS = [(out_of_reach, [0, 1]), (phases_first, [0]), (never_diagonal, [0, 1]), (cancelling, [0])]
BACKENDS = [nc.Stabilizer(), nc.Statevector(), nc.Aer("CPU"), nc.Aer("CPU", shots=20)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("make", "parameters"), ZEROS)
def test_auto_ends_after_one_round_on_a_zero(make, parameters, backend):
    land = make()
    found = nc.gradient_statistics(
        land, nc.Gaussian(0.4), backend, "auto", parameters, rng=1, rel_error=1e-3, max_seconds=20.0
    )
    assert found.samples in ((FIRST_ROUND,) if isinstance(backend, nc.Aer) else ONE_ROUND)
    assert np.abs(found.second_moment - found.second_moment_error).max() < 1.0
    if isinstance(backend, nc.Stabilizer):
        assert found.second_moment.tolist() == found.second_moment_error.tolist() == [0.0] * len(parameters)
        assert found.interval().tolist() == [[0.0, 0.0]] * len(parameters) and found.resolved.all()


def test_a_phase_at_the_beginning_of_a_deep_circuit():
    """12 qubits and 4 layers: no walk over branches would end."""
    circuit = QuantumCircuit(12)
    circuit.rz(Parameter("a"), 0)
    land = nc.Landscape(circuit.compose(nc.ansatz.fhea(12, 4)), nc.observables.global_z(12))
    found = nc.gradient_statistics(land, nc.Gaussian(0.4), nc.Stabilizer(), "auto", [0], rng=1, max_seconds=20.0)
    assert (found.samples, found.second_moment_error[0], found.bound[0]) == (1024, 0.0, 0.0)


def constant():
    """X X stays X X under RX, and its mean on |00> is 0."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    return nc.Landscape(circuit, Pauli("XX"))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("make", [constant, never_diagonal, cancelling])
def test_auto_ends_after_one_round_on_a_loss_that_is_zero(make, backend):
    found = nc.loss_statistics(make(), nc.Gaussian(0.4), backend, "auto", rng=1, rel_error=1e-3, max_seconds=20.0)
    assert found.samples in ((FIRST_ROUND,) if isinstance(backend, nc.Aer) else ONE_ROUND)
    if backend in BACKENDS[:3]:
        assert found.second_moment < 1e-25 and found.second_moment_error < 1e-25


@pytest.mark.parametrize("backend", BACKENDS)
def test_auto_ends_where_the_loss_is_one_number(backend):
    """Z on a qubit that no rotation turns, and a constant: 1.5 everywhere."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    land = nc.Landscape(circuit, SparsePauliOp(["II", "ZI"], [0.5, 1.0]))
    found = nc.loss_statistics(land, nc.Gaussian(0.4), backend, "auto", rng=1, max_seconds=20.0)
    assert found.samples <= max(ONE_ROUND) and found.mean == pytest.approx(1.5, abs=1e-12)
    gradient = nc.gradient_statistics(land, nc.Gaussian(0.4), backend, "auto", rng=1, max_seconds=20.0)
    assert gradient.samples <= max(ONE_ROUND) and gradient.bound.tolist() == [0.0] and gradient.second_moment[0] < 1e-25


def test_what_is_called_zero_is_zero():
    """300 random circuits with shared, scaled and fixed angles, at 20 random points each."""
    found = derivatives = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, 77])
        n_qubits = int(rng.integers(1, 4))
        circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 12)))
        land = nc.Landscape(circuit, random_observable(rng, n_qubits, int(rng.integers(1, 4))))
        value, gradient = land.value_and_gradient(rng.normal(scale=3, size=(20, land.n_parameters)))
        matters = mattering_rotations(land.problem)
        zero = np.array([vanishes(land.problem, j, matters) for j in range(land.problem.n_rotations)], dtype=bool)
        for k in range(land.n_parameters):
            if zero[land.problem.angle_map.rotations_of(k)].all():
                found += 1
                assert np.abs(gradient[:, k]).max() < 1e-12, seed
        derivatives += np.count_nonzero(np.abs(gradient).max(axis=0) < 1e-12)
        if vanishes(land.problem, -1, matters):
            assert np.abs(value).max() < 1e-12, seed
    # A parameter on several rotations may vanish by their sum, which these rules do not look for.
    assert 0.8 * derivatives < found <= derivatives


def test_a_small_gradient_is_not_called_zero():
    """At σ = 1e-6 no sample of the first round hits, but one will: the time ends it."""
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    found = nc.gradient_statistics(land, nc.Gaussian(1e-6), nc.Stabilizer(), "auto", rng=1, max_seconds=0.3)
    assert found.samples > 1024 and found.norm_squared == 0 < found.norm_squared_error
