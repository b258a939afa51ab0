"""Values and gradients against Qiskit's Statevector and the parameter-shift rule, which share no code with the package."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.costs.contest import Contest
from nearclifford.costs.peers import matrix_product_state
from random_circuits import brickwork, oracle_gradient, oracle_value, random_center, random_circuit, random_observable


def check_case(seed, max_qubits=8):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, max_qubits + 1))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(1, 25)))
    observable = random_observable(rng, n_qubits, int(rng.integers(1, 6)))
    n_parameters = len(circuit.parameters)
    center = random_center(rng, n_parameters)
    theta = center + rng.normal(scale=rng.choice([1e-3, 0.3, 3.0]), size=n_parameters)
    value, gradient = nc.Landscape(circuit, observable, center).value_and_gradient(theta)
    assert abs(value - oracle_value(circuit, observable, theta)) < 1e-10, f"seed {seed}"
    assert np.abs(gradient - oracle_gradient(circuit, observable, theta)).max() < 1e-9, f"seed {seed}"


@pytest.mark.parametrize("block", range(20))
def test_a_thousand_random_circuits(block):
    for seed in range(50 * block, 50 * (block + 1)):
        check_case(seed)


@given(st.integers(1000, 2**32))
def test_any_random_circuit(seed):
    check_case(seed, max_qubits=4)


@given(st.integers(0, 2**32))
def test_center_does_not_change_the_landscape(seed):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, 4, 12)
    observable = random_observable(rng, 4, 3)
    theta = rng.normal(size=len(circuit.parameters))
    plain = nc.Landscape(circuit, observable).value_and_gradient(theta)
    moved = nc.Landscape(circuit, observable, random_center(rng, len(theta))).value_and_gradient(theta)
    assert abs(plain[0] - moved[0]) < 1e-12
    assert np.abs(plain[1] - moved[1]).max() < 1e-12


@given(st.integers(0, 2**32), st.floats(-10, 10, allow_nan=False))
def test_linear_in_the_observable(seed, factor):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, 3, 10)
    first, second = random_observable(rng, 3, 2), random_observable(rng, 3, 2)
    both = first + factor * second
    theta = rng.normal(size=len(circuit.parameters))
    gradients = [nc.Landscape(circuit, h).gradient(theta) for h in (first, second, both)]
    assert np.abs(gradients[0] + factor * gradients[1] - gradients[2]).max() < 1e-10


def test_two_pi_periodic_and_shift_rule_holds():
    rng = np.random.default_rng(1)
    circuit = nc.ansatz.mhea(6, 3)
    land = nc.Landscape(circuit, nc.observables.heisenberg(6))
    theta = rng.normal(size=land.n_parameters)
    shifts = np.pi / 2 * np.eye(land.n_parameters)
    by_shift = (land.value(theta + shifts) - land.value(theta - shifts)) / 2
    assert np.abs(by_shift - land.gradient(theta)).max() < 1e-12
    assert abs(land.value(theta + 2 * np.pi) - land.value(theta)) < 1e-12


def test_circuit_then_inverse_is_flat_at_any_size():
    """U followed by its inverse is the identity: value and gradient are known at 300 qubits."""
    rng = np.random.default_rng(2)
    circuit = brickwork(300, 2)
    angles = rng.normal(size=len(circuit.parameters))
    echo = circuit.compose(circuit.assign_parameters(angles).inverse())
    observable = SparsePauliOp.from_sparse_list([("Z", [0], 0.5), ("ZZ", [7, 8], 0.25)], 300)
    land = nc.Landscape(echo, observable)
    assert land.active_qubits < 25
    value, gradient = land.value_and_gradient(angles)
    assert abs(value - 0.75) < 1e-9
    assert np.abs(gradient).max() < 1e-9


def test_leading_axes_batches_and_threads_give_the_same_bits():
    rng = np.random.default_rng(3)
    land = nc.Landscape(nc.ansatz.mhea(15, 1), nc.observables.heisenberg(15))
    theta = rng.normal(size=(2, 3, land.n_parameters))
    values, gradients = land.value_and_gradient(theta)
    assert values.shape == (2, 3)
    assert gradients.shape == theta.shape
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    for index in np.ndindex(2, 3):
        value, gradient = land.value_and_gradient(theta[index])
        assert value == values[index]
        assert np.array_equal(gradient, gradients[index])
    numba.set_num_threads(threads)
    assert np.array_equal(land.value(theta), values)
    assert land.value(np.empty((0, land.n_parameters))).shape == (0,)


def test_shared_parameters_factors_and_fixed_angles():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.rx(2 * a - b / 3 + 0.4, 0)
    circuit.t(0)
    circuit.ry(a, 1)
    circuit.rzz(-3 * b, 0, 1)
    circuit.rx(a + b, 0)
    observable = SparsePauliOp(["ZX", "YI"], [0.3, -0.8])
    theta = np.array([0.7, -0.4])
    land = nc.Landscape(circuit, observable, center=[np.pi / 2, -np.pi])
    assert abs(land.value(theta) - oracle_value(circuit, observable, theta)) < 1e-12
    assert np.abs(land.gradient(theta) - oracle_gradient(circuit, observable, theta)).max() < 1e-12


def test_parameter_in_the_global_phase_alone_has_no_gradient():
    circuit = QuantumCircuit(1, global_phase=Parameter("phase"))
    circuit.rx(Parameter("x"), 0)
    gradient = nc.Landscape(circuit, Pauli("Z")).gradient([0.3, 0.5])
    assert gradient[[p.name for p in circuit.parameters].index("phase")] == 0
    assert np.count_nonzero(gradient) == 1


@pytest.mark.parametrize(
    ("theta", "text"),
    [
        (np.zeros(11), r"theta has shape \(11,\); expected \(\.\.\., 12\)"),
        (np.zeros((4, 13)), r"theta has shape \(4, 13\)"),
        (0.5, r"theta has shape \(\)"),
        (np.zeros(12, complex), "theta has dtype complex128; expected real"),
        (["0.1"] * 12, "theta has dtype <U3; expected real"),
        (np.zeros(12, bool), "theta has dtype bool"),
        ([0.0] * 5 + [np.nan] + [0.0] * 6, r"theta\[5\] is nan; expected finite"),
        ([[0.0] * 12, [np.inf] * 12], r"theta\[1, 0\] is inf"),
    ],
)
@pytest.mark.parametrize("verb", ["value", "gradient", "value_and_gradient"])
def test_bad_theta(verb, theta, text):
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    with pytest.raises(nc.NearCliffordError, match=text):
        getattr(land, verb)(theta)


def test_bad_circuits():
    with pytest.raises(nc.CircuitError, match="circuit is empty"):
        nc.Landscape(QuantumCircuit(2), Pauli("ZZ"))
    fixed = QuantumCircuit(2)
    fixed.rx(0.3, 0)
    with pytest.raises(nc.CircuitError, match=r"no parameters \(1 fixed instructions\)"):
        nc.Landscape(fixed, Pauli("ZZ"))


def test_bad_observables():
    circuit = nc.ansatz.mhea(3, 1)
    for observable in (Pauli("ZZ"), SparsePauliOp("ZZZ", 1j), SparsePauliOp("ZZZ", 0.0)):
        with pytest.raises(nc.ObservableError):
            nc.Landscape(circuit, observable)


def test_forty_qubits_says_how_much_memory():
    land = nc.Landscape(nc.ansatz.mhea(40, 40), nc.observables.global_z(40))
    assert land.active_qubits == 40
    with pytest.raises(nc.ResourceError, match=r"2\*\*40 amplitudes and needs 32 TiB; .* are free"):
        land.gradient(np.full(land.n_parameters, 0.1))


def test_more_than_64_active_qubits_is_an_error_too():
    land = nc.Landscape(nc.ansatz.mhea(100, 100), nc.observables.global_z(100))
    with pytest.raises(nc.ResourceError, match=r"2\*\*100 amplitudes"):
        land.value(np.full(land.n_parameters, 0.1))


def test_identity_observable_is_constant():
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    land = nc.Landscape(circuit, SparsePauliOp(["II", "ZZ"], [2.0, 1.0]))
    assert abs(land.value([0.3]) - 2.0 - np.cos(0.3)) < 1e-14
    assert np.abs(nc.Landscape(circuit, SparsePauliOp("II")).gradient([0.3])).max() == 0


def test_parameter_order_is_that_of_the_circuit():
    vector = ParameterVector("p", 12)
    circuit = QuantumCircuit(1)
    for k in (11, 2, 7):
        circuit.rx(vector[k], 0)
    circuit.ry(vector[10], 0)
    land = nc.Landscape(circuit, Pauli("Z"))
    assert land.problem.angle_map.parameters == ("p[2]", "p[7]", "p[10]", "p[11]")
    assert np.abs(land.gradient([0, 0, 0.5, 0]) - [0, 0, -np.sin(0.5), 0]).max() < 1e-12


def test_slices_and_height_maps_are_the_values_there():
    rng = np.random.default_rng(21)
    circuit, observable = nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)
    land = nc.Landscape(circuit, observable)
    theta, points = rng.normal(size=12), np.array([-1.0, 0.2, 2.0])
    surface = land.height_map(theta, (4, 7), points)
    for i, first in enumerate(points):
        for j, second in enumerate(points):
            point = theta.copy()
            point[[4, 7]] = first, second
            assert abs(surface[i, j] - oracle_value(circuit, observable, point)) < 1e-12
    at = theta.copy()
    at[7] = points[2]
    assert np.abs(land.slice(at, 4, points) - surface[:, 2]).max() < 1e-14
    for bad in (-1, 12):
        with pytest.raises(nc.NearCliffordError, match=f"parameter {bad} is out of range"):
            land.slice(theta, bad, points)
    with pytest.raises(nc.NearCliffordError, match=r"points has shape \(1, 3\)"):
        land.slice(theta, 0, [points])


def readings(land, theta):
    """What every reader of a landscape makes of it."""
    patch = nc.Gaussian(0.2)
    contest = Contest(land, patch, 1e-9, theta[None], 60.0, 2**30)
    peer = matrix_product_state(contest, np.atleast_1d(land.value(theta)))
    assert peer.rms_error is not None, peer.note
    statistics = [
        nc.gradient_statistics(land, patch, backend, samples=50, rng=1)
        for backend in (nc.Stabilizer(), nc.Statevector(), nc.Aer())
    ]
    return [
        land.value(theta), land.gradient(theta), land.hessian(theta), land.value(land.center), land.gradient(land.center),
        land.hessian(land.center), land.slice(theta, 0, [0.1, 0.2]), land.at_center([land.observable]).value,
        nc.Aer().value(land, theta), nc.Aer().gradient(land, theta), nc.surrogate(land, 2, kind="taylor").value(theta),
        *(moments.second_moment for moments in statistics), land.with_observable(land.observable).value(theta),
    ]  # fmt: skip


def test_what_the_user_does_to_what_he_gave_changes_nothing_for_any_reader():
    circuit, observable, center = nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3), np.zeros(12)
    inner = QuantumCircuit(1)
    inner.h(0)
    circuit.append(inner.to_gate(), [1])
    circuit.append(PauliEvolutionGate(SparsePauliOp("XYZ"), 0.25 * np.pi), range(3))
    theta = np.random.default_rng(31).normal(size=12)
    expected = oracle_value(circuit, observable, theta)
    early, land = (nc.Landscape(circuit, observable, center) for _ in range(2))
    encoding = nc.encode(circuit, observable, 3, center=center)
    encoded = oracle_value(encoding.circuit, observable, theta)
    before = readings(early, theta)
    circuit.x(0)
    circuit.h(range(3))
    inner.x(0)
    circuit.data[len(circuit.data) // 2].operation.params[:] = [9.9]
    circuit.assign_parameters({circuit.parameters[0]: 1.0}, inplace=True)
    del circuit.data[3:6]
    observable.coeffs[:] = 5.0
    observable.paulis.x[:] = True
    center += 1.0
    for first, second in zip(before, readings(land, theta), strict=True):
        assert np.array_equal(first, second)
    assert land.value(theta) == pytest.approx(expected, abs=1e-12)
    assert nc.Aer().value(land, theta) == pytest.approx(expected, abs=1e-12)
    assert encoding.landscape().value(theta) == pytest.approx(encoded, abs=1e-12)
    assert oracle_value(encoding.circuit, nc.observables.heisenberg(3), theta) == pytest.approx(encoded, abs=1e-12)
