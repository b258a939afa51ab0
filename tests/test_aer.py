"""Aer against the exact landscape, against Qiskit's density matrices, and against the shot noise that theory predicts."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import DensityMatrix, Pauli, SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error, pauli_error

import nearclifford as nc
from nearclifford.devices.rounds import FIRST_ROUND
from random_circuits import oracle_gradient, random_center, random_circuit, random_observable


def random_landscape(seed, max_qubits=6, max_gates=20):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, max_qubits + 1))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(1, max_gates)))
    observable = random_observable(rng, n_qubits, int(rng.integers(1, 6)))
    land = nc.Landscape(circuit, observable, random_center(rng, len(circuit.parameters)))
    return land, land.center + rng.normal(scale=rng.choice([0.3, 3.0]), size=land.n_parameters)


@pytest.mark.parametrize("block", range(8))
def test_exact_values_and_gradients_of_two_hundred_random_circuits(block):
    backend = nc.Aer(device="CPU")
    for seed in range(25 * block, 25 * (block + 1)):
        land, theta = random_landscape(seed)
        value, gradient = backend.value_and_gradient(land, theta)
        assert abs(value - land.value(theta)) < 1e-9, f"seed {seed}"
        assert np.abs(gradient - land.gradient(theta)).max() < 1e-9, f"seed {seed}"


def test_leading_axes_and_the_order_of_a_batch():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
    theta = np.random.default_rng(1).normal(size=(2, 3, land.n_parameters))
    value, gradient = nc.Aer(device="CPU").value_and_gradient(land, theta)
    assert np.abs(value - land.value(theta)).max() < 1e-12
    assert np.abs(gradient - land.gradient(theta)).max() < 1e-12
    assert nc.Aer(device="CPU").value(land, np.empty((0, land.n_parameters))).shape == (0,)


def test_statistics_without_shots_are_those_of_the_exact_sampler():
    """The same thetas for one seed, so the same numbers."""
    land, patch = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)), nc.Gaussian(0.3)
    exact = nc.gradient_statistics(land, patch, nc.Statevector(), samples=20, rng=5)
    found = nc.gradient_statistics(land, patch, nc.Aer(device="CPU"), samples=20, rng=5)
    for name in ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error", "bound"):
        assert np.abs(getattr(found, name) - getattr(exact, name)).max() < 1e-12, name
        assert np.array_equal(getattr(found, name), getattr(found.measured, name)), name
    for name in ("norm", "norm_error", "norm_squared", "norm_squared_error"):
        assert abs(getattr(found, name) - getattr(exact, name)) < 1e-12, name
    assert not found.shot_noise.any()
    assert (found.run.devices, found.run.methods, found.run.shots) == (("CPU",), ("statevector",), None)
    assert found.run.circuits == 20 * 2 * land.n_parameters
    assert found.run.seconds_per_circuit == found.run.seconds / found.run.circuits > 0
    loss = nc.loss_statistics(land, patch, nc.Aer(device="CPU"), samples=20, rng=5)
    exact_loss = nc.loss_statistics(land, patch, nc.Statevector(), samples=20, rng=5)
    for name in ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error"):
        assert abs(getattr(loss, name) - getattr(exact_loss, name)) < 1e-12, name
    assert loss.run.circuits == 20


def test_chosen_parameters_run_only_their_own_circuits():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    found = nc.gradient_statistics(land, nc.Gaussian(0.3), nc.Aer(device="CPU"), samples=4, parameters=[7, 2], rng=5)
    exact = nc.gradient_statistics(land, nc.Gaussian(0.3), nc.Statevector(), samples=4, parameters=[7, 2], rng=5)
    assert np.abs(found.second_moment - exact.second_moment).max() < 1e-12
    assert found.norm is None
    assert found.norm_squared is None
    assert found.run.circuits == 4 * 4


def predicted_shot_variance(circuit, observable_groups, theta, shots):
    """Return the variance of each measured derivative, by Qiskit's Statevector: Σ ± Var of the groups / (4 shots)."""
    variance = []
    for k in range(len(theta)):
        total = 0.0
        for sign in (1, -1):
            point = np.array(theta)
            point[k] += sign * np.pi / 2
            state = Statevector(circuit.assign_parameters(point))
            for group in observable_groups:
                square = (group @ group).simplify()
                total += state.expectation_value(square).real - state.expectation_value(group).real ** 2
        variance.append(total / (4 * shots))
    return np.array(variance)


def test_measured_gradients_have_the_right_mean_and_the_predicted_spread():
    """400 repetitions at one theta, 12 components, fixed seed: |z| < 4 for the means (4 standard errors; false alarm
    8e-4), and a sample variance within 4.5 standard errors of the predicted one (false alarm below 1e-3 with the kurtosis of
    a sum of 64 shots, which is near normal)."""
    circuit, shots, repetitions = nc.ansatz.mhea(3, 1), 64, 400
    groups = [SparsePauliOp(["ZZI", "IZZ", "IIZ"], [0.7, -0.4, 0.3]), SparsePauliOp(["XXI", "IXX"], [0.5, 0.2])]
    land = nc.Landscape(circuit, SparsePauliOp.sum(groups))
    theta = np.random.default_rng(2).normal(size=land.n_parameters)
    backend = nc.Aer(device="CPU", shots=shots)
    found = backend.gradient(land, np.tile(theta, (repetitions, 1)), rng=3)
    predicted = predicted_shot_variance(circuit, groups, theta, shots)
    z = (found.mean(0) - oracle_gradient(circuit, land.observable, theta)) / np.sqrt(predicted / repetitions)
    assert np.abs(z).max() < 4
    ratio = found.var(axis=0, ddof=1) / predicted
    assert np.abs(ratio - 1).max() < 4.5 * np.sqrt(2 / repetitions)


def test_shot_noise_is_taken_out_without_bias():
    """E[g²] with 8 shots against 20,000 exact thetas: 4 standard errors, fixed seed; the measured one is far above."""
    land, patch = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)), nc.Gaussian(0.2)
    exact = nc.gradient_statistics(land, patch, nc.Statevector(), samples=20_000, rng=6)
    found = nc.gradient_statistics(land, patch, nc.Aer(device="CPU", shots=8), samples=300, rng=7)
    for name in ("mean", "second_moment", "variance"):
        error = np.hypot(getattr(found, f"{name}_error"), getattr(exact, f"{name}_error"))
        assert (np.abs(getattr(found, name) - getattr(exact, name)) < 4 * error).all(), name
    assert abs(found.norm_squared - exact.norm_squared) < 4 * np.hypot(found.norm_squared_error, exact.norm_squared_error)
    removed = found.measured.second_moment - found.unbiased.second_moment
    assert np.allclose(removed, found.shot_noise, rtol=1e-9)
    assert np.array_equal(found.second_moment, np.maximum(found.unbiased.second_moment, 0.0))
    assert found.measured.norm_squared > 2 * found.norm_squared
    assert found.norm is None
    assert found.run.shots == 8
    assert found.run.circuits == 300 * 2 * 8 * 3  # XX, YY and ZZ do not commute qubit by qubit
    loss = nc.loss_statistics(land, patch, nc.Aer(device="CPU", shots=8), samples=300, rng=8)
    exact_loss = nc.loss_statistics(land, patch, nc.Statevector(), samples=20_000, rng=9)
    assert abs(loss.second_moment - exact_loss.second_moment) < 4 * loss.second_moment_error
    assert abs(loss.measured.second_moment - loss.second_moment - loss.shot_noise) < 1e-12


def test_identity_terms_are_exact_with_shots():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a"), 0)
    land = nc.Landscape(circuit, SparsePauliOp(["I", "Z"], [2.5, 1.0]))
    assert nc.Aer(device="CPU", shots=2).value(land, [0.0], rng=1) == 3.5
    constant = nc.Landscape(circuit, SparsePauliOp("I"))
    assert nc.Aer(device="CPU", shots=2).gradient(constant, [0.4], rng=1).tolist() == [0.0]


def test_one_seed_one_result_on_any_number_of_threads():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
    runs = [
        nc.gradient_statistics(
            land, nc.Gaussian(0.3), nc.Aer("CPU", shots=16, max_parallel_threads=threads), samples=3, rng=4
        ).measured.second_moment
        for threads in (1, 2)
    ]
    assert np.array_equal(*runs)
    other = nc.gradient_statistics(land, nc.Gaussian(0.3), nc.Aer("CPU", shots=16), samples=3, rng=5)
    assert not np.array_equal(other.measured.second_moment, runs[0])


@pytest.mark.parametrize(("n_qubits", "shots"), [(200, None), (70, 20)])
def test_gradient_at_the_centre_beyond_any_statevector(n_qubits, shots):
    """The stabilizer simulator, from the circuit as the user wrote it; the components of ±1 are so in every shot, and the
    others within 5 standard errors of 0 (false alarm 4e-5)."""
    circuit, observable = nc.ansatz.random_pqc(n_qubits, 1, rng=3), nc.observables.random_pauli(n_qubits, rng=4)
    encoding = nc.encode(circuit, observable, parameter=17)
    land = nc.Landscape(encoding.circuit, observable)
    found = nc.Aer(shots=shots).gradient(land, land.center, rng=5)
    assert abs(found[17]) == 1.0
    settled = np.abs(encoding.gradient) > 0.5
    assert np.array_equal(found[settled], encoding.gradient[settled])
    assert np.abs(found - encoding.gradient).max() < (1e-12 if shots is None else 5 * np.sqrt(1 / 2 / shots))


def test_clifford_points_with_fixed_and_shifted_angles():
    """Angles of π/2 multiples reach the stabilizer simulator with rounding errors of 1e-13, which it would refuse."""
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.rzz(3 * a + np.pi / 2, 0, 1)
    circuit.rxx(b, 1, 2)
    circuit.u(np.pi / 2, a, 0.1 - 0.1 + np.pi, 2)
    circuit.rx(7 * np.pi / 2 + 1e-13, 0)
    land = nc.Landscape(circuit, SparsePauliOp(["ZZX", "XIY", "IYI"], [0.5, -1.0, 2.0]))
    for theta in ([0.0, 0.0], [np.pi / 2, -np.pi], [-3 * np.pi / 2, 5 * np.pi / 2]):
        device = nc.Aer().prepare(land).device_at(np.array([theta]))
        assert device.method == "stabilizer"
        assert np.abs(nc.Aer().gradient(land, theta) - land.gradient(theta)).max() < 1e-12


def depolarizing(probability, names):
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(probability, 1), [name for name in names if name != "cx"])
    model.add_all_qubit_quantum_error(depolarizing_error(probability, 2), ["cx"])
    return model


def test_depolarizing_noise_acts_on_the_gates_as_written():
    """By Qiskit's DensityMatrix and Kraus maps, without Aer: RY, CX, RZZ (noiseless: the model does not name it), RX."""
    circuit, p = QuantumCircuit(2), 0.07
    a, b, c = (Parameter(name) for name in "abc")
    circuit.ry(a, 0)
    circuit.cx(0, 1)
    circuit.rzz(2 * b, 0, 1)
    circuit.rx(c - a, 1)
    observable = SparsePauliOp(["ZZ", "XY", "IY"], [1.0, 0.5, -0.7])
    model = depolarizing(p, ["ry", "rx", "cx"])
    model.add_basis_gates(["rzz"])
    land = nc.Landscape(circuit, observable)

    def value(theta):
        state = DensityMatrix.from_label("00")
        for gate in circuit.assign_parameters(theta).data:
            qubits = [circuit.find_bit(qubit).index for qubit in gate.qubits]
            state = state.evolve(gate.operation, qubits)
            if gate.operation.name != "rzz":
                state = state.evolve(depolarizing_error(p, len(qubits)).to_quantumchannel(), qubits)
        return state.expectation_value(observable).real

    theta = np.array([0.4, -0.8, 1.1])
    backend = nc.Aer(device="CPU", noise_model=model)
    assert dict(backend.circuit(land).count_ops()) == {"ry": 1, "cx": 1, "rzz": 1, "rx": 1}
    assert abs(backend.value(land, theta) - value(theta)) < 1e-10
    step = 1e-5 * np.eye(3)
    difference = [(value(theta + h) - value(theta - h)) / 2e-5 for h in step]
    assert np.abs(backend.gradient(land, theta) - difference).max() < 1e-8
    stats = nc.gradient_statistics(land, nc.Gaussian(0.2), backend, samples=2, rng=1)
    assert stats.run.methods == ("density_matrix",)


def test_gates_unknown_to_the_noise_model_become_its_gates():
    model = NoiseModel.from_backend(GenericBackendV2(3, seed=1), readout_error=False)
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    backend = nc.Aer(device="CPU", noise_model=model)
    assert set(backend.circuit(land).count_ops()) == {"rz", "sx", "cx"}
    theta = np.full(12, 0.3)
    noisy, exact = backend.gradient(land, theta), land.gradient(theta)
    assert 0 < np.abs(noisy - exact).max() < 0.1
    step = 1e-4 * np.eye(12)
    difference = (backend.value(land, theta + step) - backend.value(land, theta - step)) / 2e-4
    assert np.abs(noisy - difference).max() < 1e-6


def test_noise_and_shots_at_a_clifford_point_of_forty_qubits():
    """A bit flip of probability p on the measured qubit, in the CX or in its reading, scales <Z> by 1 - 2 p; 4 standard
    errors, fixed seed. Forty qubits have no statevector here."""
    circuit = QuantumCircuit(40)
    for qubit in range(40):
        circuit.rz(Parameter(f"p{qubit:02}"), qubit)
    circuit.cx(0, 1)
    flips = NoiseModel(basis_gates=["rz", "sx", "cx"])
    flips.add_quantum_error(pauli_error([("XX", 0.1), ("II", 0.9)]), "cx", [0, 1])
    readout = NoiseModel(basis_gates=["rz", "sx", "cx"])
    readout.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.1, 0.9]]))
    land = nc.Landscape(circuit, Pauli("I" * 38 + "ZI"))
    for model in (flips, readout):
        seen = nc.Aer(shots=4000, noise_model=model).value(land, np.zeros(40), rng=4)
        assert abs(seen - 0.8) < 4 * np.sqrt((1 - 0.64) / 4000)


def test_auto_samples_stop_at_the_error():
    land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    found = nc.gradient_statistics(
        land, nc.Gaussian(0.3), nc.Aer("CPU"), samples="auto", rel_error=0.2, max_seconds=60.0, rng=1
    )
    assert found.samples % FIRST_ROUND == 0
    assert found.norm_squared_error < 0.2 * found.norm_squared


def test_repr_rebuilds():
    for backend in (nc.Aer(), nc.Aer("CPU", 64, max_parallel_threads=1), nc.Aer(method="matrix_product_state")):
        assert eval(repr(backend), {"Aer": nc.Aer}) == backend


def test_options_reach_aer():
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    theta = np.random.default_rng(1).normal(size=land.n_parameters)
    single = np.abs(nc.Aer("CPU", precision="single").gradient(land, theta) - land.gradient(theta)).max()
    assert 1e-12 < single < 1e-5
    states = nc.Aer("CPU", method="matrix_product_state").gradient(land, theta)
    assert np.abs(states - land.gradient(theta)).max() < 1e-9


ONE_QUBIT = depolarizing(0.1, ["ry", "rz"])
READOUT = NoiseModel.from_backend(GenericBackendV2(2, seed=1))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"shots": 0}, "shots is 0; expected an integer of at least 2, or None"),
        ({"shots": -5}, "shots is -5"),
        ({"shots": 1}, "shots is 1"),
        ({"shots": 10.5}, r"shots is 10\.5"),
        ({"device": "TPU"}, "device is 'TPU'; expected one of 'auto', 'CPU', 'GPU'"),
        ({"method": "exact"}, "method is 'exact'; expected one of 'automatic'"),
        ({"fusion_enabel": True}, "options are .*fusion_enabel"),
        ({"seed_simulator": 4}, "option 'seed_simulator' is not Aer's to choose"),
        ({"noise_model": 0.1}, "noise_model is a float; expected a qiskit_aer.noise.NoiseModel"),
        ({"noise_model": ONE_QUBIT, "method": "statevector"}, "method='statevector' with a noise model and no shots"),
        ({"noise_model": ONE_QUBIT, "method": "stabilizer"}, "method='stabilizer' with a noise model and no shots"),
        ({"noise_model": READOUT}, "readout errors, which act on shots alone"),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.Aer(**arguments)


def test_no_gpu_says_what_to_install():
    from qiskit_aer import AerSimulator

    if "GPU" in AerSimulator().available_devices():
        pytest.skip("this machine's Aer has a GPU")
    with pytest.raises(nc.NearCliffordError, match=r"Aer reports CPU only\. .*pip install qiskit-aer-gpu"):
        nc.Aer(device="GPU")


def test_too_many_qubits_say_the_memory_first():
    land = nc.Landscape(nc.ansatz.mhea(40, 1), nc.observables.global_z(40))
    theta = np.full(land.n_parameters, 0.1)
    with pytest.raises(nc.ResourceError, match=r"A statevector of 40 qubits needs 16 TiB; .* are free"):
        nc.Aer("CPU").gradient(land, theta)
    with pytest.raises(nc.ResourceError, match=r"A density matrix of 40 qubits needs 16 YiB"):
        nc.Aer("CPU", noise_model=ONE_QUBIT).gradient(land, theta)
    with pytest.raises(nc.ResourceError, match="40 qubits"):
        nc.gradient_statistics(land, nc.Gaussian(0.1), nc.Aer("CPU", shots=10), samples=2)


def test_stabilizer_away_from_clifford_points():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    with pytest.raises(nc.NearCliffordError, match="method='stabilizer' runs Clifford circuits alone"):
        nc.Aer(method="stabilizer").gradient(land, np.full(8, 0.1))
    assert np.abs(nc.Aer(method="stabilizer").gradient(land, land.center) - land.gradient(land.center)).max() < 1e-12


def test_noise_on_a_gate_without_a_shift_rule():
    circuit = QuantumCircuit(2)
    circuit.crz(Parameter("a"), 0, 1)
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["crz"])
    land = nc.Landscape(circuit, Pauli("XX"))
    with pytest.raises(nc.CircuitError, match=r"'crz' on qubits \[0, 1\]\) has a parameter but no two-term shift rule"):
        nc.Aer(noise_model=model).gradient(land, [0.2])


@pytest.mark.parametrize("theta", [np.zeros(3), np.full(8, np.nan), ["a"] * 8])
def test_bad_theta(theta):
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    with pytest.raises(nc.NearCliffordError, match="theta"):
        nc.Aer().gradient(land, theta)
