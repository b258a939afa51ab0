"""What one shot adds: against dense averaged channels, Qiskit and closed forms, and each way against the other."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector, random_pauli_list

import nearclifford as nc
from nearclifford.chains.mean_squares import MeanSquares
from nearclifford.devices.exact_shots import ExactShots, exact_variances
from nearclifford.devices.grouping import commuting_parts
from nearclifford.devices.twirled_shots import twirled_variances

LETTER = {"rx": "X", "ry": "Y", "rz": "Z"}


def averaged_state(circuit, center, cosine, shifted=None):
    """The density matrix with every angle averaged: ρ to (1 + c) ρ / 2 + (1 - c) G ρ G / 2 behind each gate of the centre.

    A rotation that is shifted by π/2 and by -π/2, half of the time each, has c = 0.
    """
    n = circuit.num_qubits
    state, number = np.zeros((2**n, 2**n), complex), 0
    state[0, 0] = 1.0
    place = {parameter: k for k, parameter in enumerate(circuit.parameters)}
    for instruction in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        gate = instruction.operation
        keep = None
        if gate.params:
            (parameter,) = gate.params[0].parameters
            keep = 0.0 if number == shifted else cosine
            gate = gate.copy()
            gate.params = [float(center[place[parameter]])]
            number += 1
        single = QuantumCircuit(n)
        single.append(gate, qubits)
        unitary = Operator(single).data
        state = unitary @ state @ unitary.conj().T
        if keep is not None:
            label = ["I"] * n
            label[n - 1 - qubits[0]] = LETTER[gate.name]
            turn = Pauli("".join(label)).to_matrix()
            state = (1 + keep) / 2 * state + (1 - keep) / 2 * turn @ state @ turn
    return state


@pytest.mark.parametrize("case", range(6))
def test_means_of_squares_against_averaged_density_matrices(case):
    """E<H²>, E<H>, and both with each rotation shifted; observables of any terms, commuting or not; N = 3, 1e-12."""
    rng = np.random.default_rng(case)
    circuit = efficient_su2(3, reps=1) if case % 2 else nc.ansatz.fhea(3, 1)
    labels = random_pauli_list(3, 9, seed=case, phase=False)
    observable = SparsePauliOp(labels, rng.normal(size=9)).simplify()
    center = np.pi / 2 * rng.integers(0, 4, circuit.num_parameters)
    sigma = [0.2, 1.0, 4.0][case % 3]
    land = nc.Landscape(circuit, observable, center)
    found = MeanSquares.of(land.problem, nc.Gaussian(sigma))
    matrix, cosine = observable.to_matrix(), np.exp(-(sigma**2) / 2)
    state = averaged_state(circuit, center, cosine)
    assert abs(found.square - np.trace(matrix @ matrix @ state).real) < 1e-12
    assert abs(found.mean - np.trace(matrix @ state).real) < 1e-12
    for j in range(0, land.problem.n_rotations, 3):
        state = averaged_state(circuit, center, cosine, shifted=j)
        assert abs(found.shifted_square[j] - np.trace(matrix @ matrix @ state).real) < 1e-12
        assert abs(found.shifted_mean[j] - np.trace(matrix @ state).real) < 1e-12


def row_of_turns(n):
    """RY on every qubit, and Σ Z: everything in closed form, at any size."""
    circuit, angles = QuantumCircuit(n), ParameterVector("t", n)
    for qubit in range(n):
        circuit.ry(angles[qubit], qubit)
    letters = [("Z", [qubit], 1.0) for qubit in range(n)]
    return nc.Landscape(circuit, SparsePauliOp.from_sparse_list(letters, n))


@pytest.mark.parametrize("patch", [nc.Gaussian(0.4), nc.Uniform(2.0)])
def test_a_product_state_of_200_qubits(patch):
    """V = n E[sin²]; with one angle shifted E[cos²] in place of one E[sin²]. Sampling errors of 16,384 circuits: to 2 %."""
    land, sine = row_of_turns(200), float(patch.sine_square_mean())
    found = nc.shot_variance(land, patch, parameters=[0, 7], rng=1)
    assert found.method == "stabilizer" and found.terms.tolist() == [200] and found.n_shifted == 2
    assert abs(found.value[0] / (200 * sine) - 1) < 0.02
    assert np.abs(found.gradient[:, 0] / ((199 * sine + 1 - sine) / 2) - 1).max() < 0.02


def statevector_variances(circuit, groups, theta):
    """<O²> - <O>² of each group, at one theta."""
    state = Statevector(circuit.assign_parameters(theta))
    return [
        state.expectation_value((group @ group).simplify()).real - state.expectation_value(group).real ** 2
        for group in groups
    ]


def test_exact_variances_against_qiskit_at_the_same_thetas():
    circuit, observable = nc.ansatz.mhea(4, 1), nc.observables.heisenberg(4)
    land = nc.Landscape(circuit, observable)
    _, groups = commuting_parts(observable)
    rotations = np.array([0, 5, 11])
    theta = np.random.default_rng(2).normal(0, 0.7, (2, land.n_parameters))
    found = ExactShots.of(land, groups).at(land.problem.angle_map.angles(theta), rotations)
    for point, row in zip(theta, found, strict=True):
        assert np.abs(row[0] - statevector_variances(circuit, groups, point)).max() < 1e-12
        for k, shifted in zip(rotations, row[1:], strict=True):
            ends = [statevector_variances(circuit, groups, point + s * np.pi / 2 * np.eye(16)[k]) for s in (1, -1)]
            assert np.abs(shifted - np.mean(ends, axis=0)).max() < 1e-12


@pytest.mark.parametrize("case", range(4))
def test_both_ways_agree(case):
    """Statevector against stabilizer: 30 to 60 z-scores a case, none beyond 4.5, their mean square below 2; fixed seeds."""
    rng = np.random.default_rng(case)
    circuit = [nc.ansatz.mhea(3, 2), nc.ansatz.random_pqc(4, 4, rng=case)][case % 2]
    observable = [nc.observables.ising(circuit.num_qubits), nc.observables.heisenberg(circuit.num_qubits)][case // 2]
    land = nc.Landscape(circuit, observable, np.pi / 2 * rng.integers(0, 4, circuit.num_parameters))
    patch = [nc.Gaussian(0.3), nc.Uniform(1.5)][case % 2]
    _, parts = commuting_parts(observable)
    rotations = np.arange(land.problem.n_rotations)
    first = exact_variances(ExactShots.of(land, parts), land, patch, rotations, (0.01, 5.0), rng)
    second = twirled_variances(land, parts, patch, rotations, (1e-9, 60.0), rng)
    assert second.samples == len(rotations)
    error = np.hypot(first.shifted_error, second.shifted_error)
    z = ((first.shifted - second.shifted) / np.maximum(error, 1e-9))[error > 1e-9]
    assert np.abs(z).max() < 4.5 and np.mean(z**2) < 2
    assert np.abs((first.value - second.value) / np.hypot(first.value_error, second.value_error)).max() < 4.5


def test_rotations_that_were_not_looked_at_have_the_mean_of_those_that_were():
    """A wide patch: the spread over rotations is the error of each, and the sum is within 3 % of the exact one."""
    land, patch = nc.Landscape(nc.ansatz.mhea(5, 2), nc.observables.heisenberg(5)), nc.Gaussian(0.6)
    _, parts = commuting_parts(land.observable)
    rotations = np.arange(30)
    some = twirled_variances(land, parts, patch, rotations, (0.02, 60.0), np.random.default_rng(3))
    assert 4 <= some.samples < 30
    whole = exact_variances(ExactShots.of(land, parts), land, patch, rotations, (0.005, 10.0), np.random.default_rng(4))
    assert abs(some.shifted.sum() / whole.shifted.sum() - 1) < 0.03


def test_measured_shot_noise_agrees():
    """Qiskit's own EfficientSU2 of 6 qubits, and Aer with 100 shots: sums over 24 components agree to 10 %."""
    land, patch = nc.Landscape(efficient_su2(6, reps=1), nc.observables.heisenberg(6)), nc.Gaussian(0.3)
    measured = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=100), samples=10, rng=5)
    found = nc.shot_variance(land, patch, rng=6)
    assert abs(found.gradient.sum() / (measured.shot_noise.sum() * 100) - 1) < 0.1
    by_variance, by_shots = nc.shots_to_resolve(measured, variance=found), nc.shots_to_resolve(measured)
    assert (by_variance.method, by_shots.method) == ("variance", "measured")
    assert abs(by_variance.norm / by_shots.norm - 1) < 0.1


def test_shots_are_shared_out_best():
    """No other whole sharing of as many shots over two groups has less noise, and the noise is what was asked for."""
    land = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.ising(4))
    variance = nc.shot_variance(land, nc.Gaussian(0.2), rng=1)
    found = nc.shots_for_value(variance, error=0.1)
    noise = float((variance.value / found.by_group).sum())
    assert 0.99 * 0.1**2 < noise <= 0.1**2
    total = int(found.total)
    others = [variance.value[0] / n + variance.value[1] / (total - n) for n in range(1, total)]
    assert noise < min(others) * 1.01
    assert found.alike > found.total


def test_shared_angles_are_measured_where_states_fit():
    """A QAOA layer, whose angles are shared: variances by Qiskit at the centre, where the patch is a point."""
    circuit, (gamma, beta) = QuantumCircuit(3), ParameterVector("a", 2)
    circuit.h(range(3))
    for pair in ((0, 1), (1, 2)):
        circuit.rzz(gamma, *pair)
    circuit.rx(beta, range(3))
    observable = SparsePauliOp(["IZZ", "ZZI"])
    center = [np.pi / 2, np.pi / 2]
    land = nc.Landscape(circuit, observable, center)
    found = nc.shot_variance(land, nc.Gaussian(1e-9), rng=1)
    assert found.method == "statevector" and found.n_shifted == 5
    assert np.abs(found.value - statevector_variances(circuit, [observable], center)).max() < 1e-9


def test_what_it_refuses():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
    with pytest.raises(nc.NearCliffordError, match="land is"):
        nc.shot_variance("x", nc.Gaussian(0.1))
    with pytest.raises(nc.NearCliffordError, match="parameter 99 is out of range"):
        nc.shot_variance(land, nc.Gaussian(0.1), parameters=[99])
    with pytest.raises(nc.NearCliffordError, match="rel_error is 0"):
        nc.shot_variance(land, nc.Gaussian(0.1), rel_error=0)
    with pytest.raises(nc.ObservableError, match="multiple of the identity"):
        nc.shot_variance(nc.Landscape(nc.ansatz.mhea(2, 1), SparsePauliOp("II")), nc.Gaussian(0.1))
    variance = nc.shot_variance(land, nc.Gaussian(0.1), parameters=[1], rng=1)
    with pytest.raises(nc.NearCliffordError, match="variance has 1 components and stats have 8"):
        nc.shots_to_resolve(nc.gradient_statistics(land, nc.Gaussian(0.1), rng=1), variance=variance)
    with pytest.raises(nc.NearCliffordError, match="error is -1"):
        nc.shots_for_value(variance, error=-1)
