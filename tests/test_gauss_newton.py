"""The matrix and the rule of Gauss and Newton against residuals of Qiskit's states, and SciPy's least squares."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector
from scipy.optimize import least_squares

import nearclifford as nc
from nearclifford.exact.metric import turns_of
from nearclifford.kernels.sweep.tangents import write_tangents
from nearclifford.noise.landscapes import with_noise
from random_circuits import brickwork, random_center, random_circuit


def state(circuit, theta):
    return Statevector(circuit.assign_parameters(np.asarray(theta, dtype=float))).data


def residual_of(circuit, observable, bound, around):
    """√(H - E) ψ, real and imaginary parts, with the phase that makes <ψ(around)|ψ> positive: a phase changes no energy."""
    energies, vectors = np.linalg.eigh(observable.to_matrix())
    root = (vectors * np.sqrt(np.maximum(energies - bound, 0.0))) @ vectors.conj().T
    origin = state(circuit, around)

    def residual(theta):
        psi = state(circuit, theta)
        overlap = np.vdot(origin, psi)
        vector = root @ psi * (abs(overlap) / overlap)
        return np.concatenate([vector.real, vector.imag])

    return residual


def jacobian(residual, theta, step=2e-3):
    """Differences of fourth order."""
    columns = []
    for move in step * np.eye(len(theta)):
        near, far = (residual(theta + m * move) - residual(theta - m * move) for m in (1, 2))
        columns.append((8 * near - far) / (12 * step))
    return np.array(columns).T


def random_hamiltonian(rng, n_qubits):
    """Some strings of any letters, the identity often among them."""
    labels = {"".join(rng.choice(list("IXYZ"), n_qubits)) for _ in range(6)} | {"I" * n_qubits}
    return SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))


@pytest.mark.parametrize("seed", range(25))
def test_matrix_is_that_of_the_residual_of_random_circuits(seed):
    """Shared angles with factors, fixed angles off the grid, any gate; strings that leave the space of the states."""
    rng = np.random.default_rng([seed, 77])
    n_qubits = int(rng.integers(1, 5))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 20)))
    theta, observable = rng.normal(size=len(circuit.parameters)), random_hamiltonian(rng, n_qubits)
    land = nc.Landscape(circuit, observable, random_center(rng, len(theta)))
    bound = np.linalg.eigvalsh(observable.to_matrix())[0] - rng.uniform(0.1, 1)
    slopes = jacobian(residual_of(circuit, observable, bound, theta), theta)
    found = land.gauss_newton(theta, bound)
    assert found == pytest.approx(slopes.T @ slopes, abs=1e-6)
    assert np.array_equal(found, found.T)


def test_more_rotations_than_one_block_of_columns():
    circuit, observable = brickwork(3, 24), nc.observables.heisenberg(3)
    theta = np.random.default_rng(5).normal(size=150)
    slopes = jacobian(residual_of(circuit, observable, -6.5, theta), theta)
    assert nc.Landscape(circuit, observable).gauss_newton(theta, -6.5) == pytest.approx(slopes.T @ slopes, abs=1e-6)


def test_tangents_are_those_of_dense_vectors():
    """∂ψ/∂φ_k by differences: Qiskit's states know angles shifted by π, -i G times the state where the rotation stands."""
    circuit = brickwork(3, 12)  # 78 rotations, more than one block of columns
    land = nc.Landscape(circuit, nc.observables.global_z(3))
    theta = np.random.default_rng(8).normal(size=78)
    turns, n_bits = turns_of(land.problem, np.arange(78))
    psi, tangents = np.empty(8, complex), np.empty((78, 8), complex)
    write_tangents(turns, land.problem.angle_map.angles(theta[None])[0], n_bits, psi, tangents)
    shifted = np.array([state(circuit, theta + np.pi * e) for e in np.eye(78)])  # -i T_k, in Qiskit's frame
    both = np.vstack([psi, -1j * tangents]), np.vstack([state(circuit, theta), shifted])
    # the frames differ by one Clifford gate behind the rotations, so all overlaps are the same
    assert both[0].conj() @ both[0].T == pytest.approx(both[1].conj() @ both[1].T, abs=1e-12)


def test_bound_by_default_is_what_the_coefficients_allow():
    """A constant is no residual that could vanish, and moves the bound along."""
    circuit, theta = nc.ansatz.mhea(2, 1), np.random.default_rng(3).normal(size=(2, 8))
    observable = SparsePauliOp(["II", "ZZ", "XI"], [3.0, -1.0, 0.5])
    land = nc.Landscape(circuit, observable)
    assert land.gauss_newton(theta) == pytest.approx(land.gauss_newton(theta, 3.0 - 1.5), abs=1e-15)
    assert np.linalg.eigvalsh(land.gauss_newton(theta)).min() > -1e-14
    assert land.gauss_newton(theta).shape == (2, 8, 8)


def test_lower_bounds_add_the_metric():
    """E → E - 2 adds twice the Fubini-Study metric: far below, the step is that of a natural gradient."""
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    theta = np.random.default_rng(4).normal(size=land.n_parameters)
    added = land.gauss_newton(theta, -12.0) - land.gauss_newton(theta, -10.0)
    assert added == pytest.approx(2 * land.metric(theta), abs=1e-12)


def test_step_solves_the_least_squares_problem_of_the_residual():
    """Levenberg and Marquardt's step by NumPy's lstsq, from Qiskit's states alone."""
    circuit, observable = nc.ansatz.mhea(3, 1), nc.observables.ising(3)
    theta, bound = np.random.default_rng(6).normal(size=12) / 2, -5.0
    residual = residual_of(circuit, observable, bound, theta)
    slopes = jacobian(residual, theta)
    stacked = np.vstack([slopes, np.sqrt(0.2 / 2) * np.eye(12)])
    move = np.linalg.lstsq(stacked, -np.concatenate([residual(theta), np.zeros(12)]), rcond=None)[0]
    run = nc.train(nc.Landscape(circuit, observable), theta, nc.GaussNewton(0.5, 0.2, bound), steps=1)
    assert run.theta == pytest.approx(theta + 0.5 * move, abs=1e-6)


def test_ends_where_least_squares_of_scipy_end():
    """Encoded Z on every qubit has a residual that vanishes: both find that, ours within twelve steps."""
    observable = nc.observables.global_z(4)
    circuit = nc.encode(nc.ansatz.mhea(4, 2), observable, parameter=3).circuit
    theta = nc.Gaussian(24**-0.5).sample((24,), rng=3)
    run = nc.train(nc.Landscape(circuit, observable), theta, nc.GaussNewton(regularization=0.02), steps=12)
    residual = residual_of(circuit, observable, -1.0, theta)
    assert (residual(run.theta) ** 2).sum() == pytest.approx(run.losses[-1] + 1, abs=1e-12)
    foreign = least_squares(residual, theta, method="lm", max_nfev=2000)
    assert 2 * foreign.cost == pytest.approx(0.0, abs=1e-9)
    assert run.losses[-1] + 1 < 1e-4


def test_points_beside_each_other_are_as_alone():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.ising(3))
    theta0 = np.random.default_rng(7).normal(size=(3, 12)) / 2
    together = nc.train(land, theta0, nc.GaussNewton(0.7, bound=-6.0), steps=4)
    for row, theta in enumerate(theta0):
        alone = nc.train(land, theta, nc.GaussNewton(0.7, bound=-6.0), steps=4)
        assert together.losses[:, row] == pytest.approx(alone.losses, abs=1e-10)


def test_circuits_without_rotations_of_the_state_have_a_matrix_of_zeros():
    circuit, angle = QuantumCircuit(1), ParameterVector("t", 1)
    circuit.rz(angle[0], 0)
    assert nc.Landscape(circuit, SparsePauliOp("X")).gauss_newton([0.4]).tolist() == [[0.0]]


def test_what_cannot_be_had_is_refused():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
    with pytest.raises(nc.NearCliffordError, match="bound is 2, and a loss is 1; expected at most"):
        land.gauss_newton(np.zeros(8), 2.0)
    for wrong in (np.nan, "low"):
        with pytest.raises(nc.NearCliffordError, match="bound is"):
            nc.GaussNewton(bound=wrong)
    with pytest.raises(nc.NearCliffordError, match="regularization is 0"):
        nc.GaussNewton(regularization=0)
    with pytest.raises(nc.NearCliffordError, match="GaussNewton needs gauss_newton at every point, and a Pauli"):
        nc.train(nc.surrogate(land, 2), np.zeros(8), "gauss-newton")
    with pytest.raises(nc.ResourceError, match="Gauss and Newton of 4080 rotations"):
        nc.Landscape(nc.ansatz.mhea(40, 50), nc.observables.global_z(40)).gauss_newton(np.full(4080, 0.1))
    with pytest.raises(nc.NearCliffordError, match="noise"):
        with_noise(land, nc.PauliNoise(one_qubit=0.01)).gauss_newton(np.zeros(8))
