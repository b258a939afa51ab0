"""The Fubini-Study metric against differences of Qiskit's states, and at the centre at any number of qubits."""

import numba
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2, qaoa_ansatz, real_amplitudes
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.noise.landscapes import with_noise
from random_circuits import brickwork, random_center, random_circuit
from test_center import clifford_circuit


def states(circuit, theta):
    return Statevector(circuit.assign_parameters(np.asarray(theta, dtype=float))).data


def derivatives(circuit, theta, step=2e-3):
    """Differences of fourth order, by parameter."""
    found = []
    for k in range(len(theta)):
        move = step * np.eye(len(theta))[k]
        near, far = (states(circuit, theta + m * move) - states(circuit, theta - m * move) for m in (1, 2))
        found.append((8 * near - far) / (12 * step))
    return np.array(found)


def oracle_metric(circuit, theta):
    slopes, state = derivatives(circuit, theta), states(circuit, theta)
    along = slopes.conj() @ state
    return (slopes.conj() @ slopes.T - np.outer(along, along.conj())).real


def landscape(circuit, center=None):
    return nc.Landscape(circuit, Pauli("Z" * circuit.num_qubits), center)


@pytest.mark.parametrize("seed", range(50))
def test_fifty_random_circuits(seed):
    """Shared angles with factors, fixed angles off the grid, any gate."""
    rng = np.random.default_rng([seed, 9])
    n_qubits = int(rng.integers(1, 6))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 25)))
    theta = rng.normal(size=len(circuit.parameters))
    found = landscape(circuit, random_center(rng, len(theta))).metric(theta)
    assert found == pytest.approx(oracle_metric(circuit, theta), abs=1e-6)
    assert np.array_equal(found, found.T)


@pytest.mark.parametrize(
    "circuit",
    [
        efficient_su2(4, reps=2),
        real_amplitudes(5, reps=2),
        qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ", "ZIZ"]), reps=2),
        nc.ansatz.fhea(4, 1),
    ],
    ids=["efficient_su2", "real_amplitudes", "qaoa", "fhea"],
)
def test_circuits_of_a_library(circuit):
    theta = np.random.default_rng(4).normal(size=len(circuit.parameters))
    assert landscape(circuit).metric(theta) == pytest.approx(oracle_metric(circuit, theta), abs=1e-6)


def test_more_rotations_than_one_block_of_columns():
    """150 rotations on 3 qubits: three blocks of columns, among them one with rotations of x-part zero."""
    circuit = brickwork(3, 24)
    theta = np.random.default_rng(5).normal(size=150)
    assert landscape(circuit).metric(theta) == pytest.approx(oracle_metric(circuit, theta), abs=1e-6)


def test_batches_and_threads_give_the_same_bits():
    rng = np.random.default_rng(6)
    land = landscape(nc.ansatz.mhea(5, 2))
    theta = rng.normal(size=(2, 3, land.n_parameters))
    together = land.metric(theta)
    assert together.shape == (2, 3, land.n_parameters, land.n_parameters)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    alone = np.array([[land.metric(point) for point in row] for row in theta])
    numba.set_num_threads(threads)
    assert np.array_equal(together, alone)
    assert land.metric(np.empty((0, land.n_parameters))).shape == (0, land.n_parameters, land.n_parameters)


def test_it_is_positive_and_bounded_by_a_quarter():
    rng = np.random.default_rng(7)
    land = landscape(nc.ansatz.mhea(6, 3))
    found = land.metric(rng.normal(size=land.n_parameters))
    assert np.linalg.eigvalsh(found).min() > -1e-14
    assert found.diagonal().max() <= 0.25 + 1e-14


# layers


def test_blocks_are_the_metric_within_layers():
    """The layers of mHEA: RY on every qubit, then RZ on every qubit, again and again."""
    rng = np.random.default_rng(8)
    land = landscape(brickwork(4, 2))
    theta = rng.normal(size=(3, land.n_parameters))
    blocks, whole = land.metric_blocks(theta), land.metric(theta)
    within = np.zeros(whole.shape[1:], bool)
    for rows in blocks.parameters:
        within[np.ix_(rows, rows)] = True
    assert sorted(np.concatenate(blocks.parameters).tolist()) == list(range(land.n_parameters))
    assert len(blocks.parameters) == 6
    assert blocks.toarray() == pytest.approx(np.where(within, whole, 0.0), abs=1e-14)


def test_blocks_of_shared_parameters_are_sums_over_layers():
    """RX(2a), RZ(b), RX(a): layers {1}, {2}, {3}; a stands in two of them, so that a and b share no layer."""
    a, b = ParameterVector("p", 2)
    circuit = QuantumCircuit(1)
    circuit.rx(2 * a, 0)
    circuit.rz(b, 0)
    circuit.rx(a, 0)
    theta = np.array([0.4, 0.9])
    blocks = landscape(circuit).metric_blocks(theta)
    singles = QuantumCircuit(1)
    x, y, z = ParameterVector("q", 3)
    singles.rx(x, 0)
    singles.rz(y, 0)
    singles.rx(z, 0)
    by_angle = oracle_metric(singles, [0.8, 0.9, 0.4]).diagonal()
    assert [rows.tolist() for rows in blocks.parameters] == [[0], [1]]
    assert blocks.toarray() == pytest.approx(np.diag([4 * by_angle[0] + by_angle[2], by_angle[1]]), abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_blocks_of_random_circuits_keep_the_diagonal_of_their_layers(seed):
    """Of angles that are not shared the blocks hold the diagonal of the whole; with shared ones they stay positive."""
    rng = np.random.default_rng([seed, 10])
    circuit = random_circuit(rng, 3, 15)
    land = landscape(circuit)
    blocks = land.metric_blocks(rng.normal(size=land.n_parameters))
    assert blocks.n_parameters == land.n_parameters
    assert all(np.linalg.eigvalsh(matrix).min() > -1e-12 for matrix in blocks.matrices)


def test_solving_block_by_block_is_solving_the_whole():
    rng = np.random.default_rng(11)
    land = landscape(nc.ansatz.mhea(4, 2))
    theta = rng.normal(size=(2, land.n_parameters))
    blocks, gradient = land.metric_blocks(theta), land.gradient(theta)
    whole = blocks.toarray() + 0.1 * np.eye(land.n_parameters)
    assert blocks.solve(gradient, 0.1) == pytest.approx(np.linalg.solve(whole, gradient[..., None])[..., 0], abs=1e-12)
    with pytest.raises(nc.NearCliffordError, match=r"regularization is 0; expected a positive number"):
        blocks.solve(gradient, 0)


# the centre


@pytest.mark.parametrize("seed", range(25))
def test_the_centre(seed):
    rng = np.random.default_rng([seed, 12])
    circuit, _ = clifford_circuit(rng, int(rng.integers(1, 6)), int(rng.integers(2, 20)), n_parameters=5)
    center = random_center(rng, len(circuit.parameters))
    land = landscape(circuit, center)
    found = land.center_metric()
    assert np.array_equal(found.toarray(), land.metric(center))
    assert found.toarray() == pytest.approx(oracle_metric(circuit, center), abs=1e-6)
    assert found.eigenvalues == pytest.approx(np.linalg.eigvalsh(found.toarray()), abs=1e-12)
    assert found.rank == np.linalg.matrix_rank(found.toarray(), tol=1e-9)
    assert land.metric(np.stack([center, center])).shape == (2, len(center), len(center))


def test_the_centre_is_the_limit_of_the_sweep():
    rng = np.random.default_rng(13)
    land = landscape(nc.ansatz.random_pqc(6, 5, rng=3), random_center(rng, 30))
    assert land.metric(land.center) == pytest.approx(land.metric(land.center + 1e-9), abs=1e-8)


def test_a_thousand_qubits_by_copies():
    """125 copies of a circuit of 8 qubits: the spectrum is that of one, 125 times over."""
    one = nc.ansatz.random_pqc(8, 6, rng=5)
    many = QuantumCircuit(1000)
    for copy in range(125):
        names = ParameterVector(f"c{copy:03}", len(one.parameters))
        many.compose(one.assign_parameters(names), range(8 * copy, 8 * copy + 8), inplace=True)
    found = landscape(many).center_metric().eigenvalues
    expected = np.sort(np.tile(np.linalg.eigvalsh(landscape(one).metric(np.zeros(48))), 125))
    assert found == pytest.approx(expected, abs=1e-12)


# what is refused


def test_too_large_says_what_fits():
    land = landscape(nc.ansatz.mhea(60, 2))
    with pytest.raises(nc.ResourceError, match=r"metric of 360 parameters .* Landscape.center_metric"):
        land.metric(np.full(360, 0.1))
    wide = landscape(nc.ansatz.mhea(100, 100))
    with pytest.raises(nc.ResourceError, match="metric of 20200 parameters"):
        wide.metric_blocks(np.full(20200, 0.1))


def test_a_fixed_angle_off_the_grid_has_no_centre():
    circuit = QuantumCircuit(1)
    circuit.t(0)
    circuit.h(0)
    circuit.rz(ParameterVector("p", 1)[0], 0)
    with pytest.raises(nc.CircuitError, match=r"needs a Clifford centre. .* Landscape.metric takes any angles"):
        landscape(circuit).center_metric()
    assert landscape(circuit).metric([0.0]) == pytest.approx(oracle_metric(circuit, np.zeros(1)), abs=1e-9)


def test_noise_has_no_state():
    noisy = with_noise(landscape(nc.ansatz.mhea(2, 1)), nc.PauliNoise(one_qubit=0.01))
    for ask in (lambda: noisy.metric(np.ones(8)), lambda: noisy.metric_blocks(np.ones(8)), noisy.center_metric):
        with pytest.raises(nc.NearCliffordError, match="A Fubini-Study metric knows no noise"):
            ask()
