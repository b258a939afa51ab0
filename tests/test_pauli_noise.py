"""Pauli noise against Qiskit Aer's density matrices and against averaged density matrices of two copies."""

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Kraus, SparsePauliOp, SuperOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    depolarizing_error,
    pauli_error,
)

import nearclifford as nc
import two_copies
from nearclifford.exact.center import center_gradient
from nearclifford.exact.center_hessian import center_hessian
from nearclifford.exact.gpu import GpuSweeps
from nearclifford.noise.landscapes import with_noise

LABELS = {1: list("IXYZ"), 2: [a + b for a in "IXYZ" for b in "IXYZ"]}


def random_error(rng, n_qubits):
    """A random mixture of Pauli strings, a tenth of which is not the identity."""
    weight = rng.dirichlet(np.full(4**n_qubits - 1, 0.5)) * 0.1
    return pauli_error(list(zip(LABELS[n_qubits], [0.9, *weight], strict=True)))


def random_model(rng, circuit):
    """Errors of each gate, some of them of certain qubits."""
    model = NoiseModel()
    for name in {gate.operation.name for gate in circuit.data}:
        size = next(gate.operation.num_qubits for gate in circuit.data if gate.operation.name == name)
        if size <= 2:
            model.add_all_qubit_quantum_error(random_error(rng, size), [name])
    for gate in circuit.data[::3]:
        qubits = [circuit.find_bit(qubit).index for qubit in gate.qubits]
        if len(qubits) <= 2:
            model.add_quantum_error(random_error(rng, len(qubits)), [gate.operation.name], qubits, warnings=False)
    return model


def aer_value(circuit, observable, theta, model):
    """The exact expectation value by Aer, of the circuit as it stands."""
    bound = circuit.assign_parameters(theta)
    bound.save_expectation_value(observable, range(circuit.num_qubits))
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    return simulator.run(bound, shots=1).result().data()["expectation_value"]


def observable(rng, n_qubits, n_terms=3):
    labels = {"".join(rng.choice(list("IXYZ"), size=n_qubits)) for _ in range(n_terms)} | {"Z" * n_qubits}
    return SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))


def kraus_of(noise_model):
    """The noise as the two-copies oracle takes it."""
    local = {
        (name, qubits): error for name, found in noise_model._local_quantum_errors.items() for qubits, error in found.items()
    }
    everywhere = noise_model._default_quantum_errors

    def after(name, qubits):
        error = local.get((name, qubits), everywhere.get(name))
        return None if error is None else Kraus(error.to_quantumchannel()).data

    return after


def mixed(seed, n_qubits=3):
    """Gates of one and two qubits with one parameter for each rotation."""
    rng = np.random.default_rng(seed)
    circuit, theta = QuantumCircuit(n_qubits), iter(ParameterVector("t", 8))
    for k in range(8):
        a, b = rng.choice(n_qubits, 2, replace=False).tolist()
        [circuit.rx, circuit.ry, circuit.rz][k % 3](next(theta), a) if k % 4 else circuit.rzz(next(theta), a, b)
        [circuit.cx, circuit.cz, circuit.swap, circuit.cy][k % 4](a, b)
        [circuit.h, circuit.s, circuit.sx, circuit.sdg][int(rng.integers(4))](b)
    return circuit


@pytest.mark.parametrize("seed", range(4))
def test_a_whole_surrogate_is_aer(seed):
    """Random Pauli channels on every gate, several terms: every theta to 1e-10, value and gradient."""
    rng = np.random.default_rng(seed)
    circuit = mixed(seed)
    model, operator = random_model(rng, circuit), observable(rng, 3)
    land = nc.Landscape(circuit, operator, center=rng.integers(-2, 3, size=8) * np.pi / 2)
    whole = nc.surrogate(land, order=9, noise=model)
    theta = rng.uniform(-3, 3, size=8)
    assert whole.value(theta) == pytest.approx(aer_value(circuit, operator, theta, model), abs=1e-10)
    shifted = [(np.eye(8)[k] * np.pi / 2) for k in range(8)]
    slopes = [
        (aer_value(circuit, operator, theta + s, model) - aer_value(circuit, operator, theta - s, model)) / 2
        for s in shifted
    ]
    assert whole.gradient(theta) == pytest.approx(np.array(slopes), abs=1e-10)


def test_foreign_circuits_are_written_in_the_gates_of_the_model():
    """Qiskit's own ansatz, transpiled and not: the package's Aer backend runs the same gates."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.05, 2), ["cx"])
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.02), ("Z", 0.03), ("I", 0.95)]), ["sx", "rz"])
    plain = efficient_su2(3, reps=1)
    routed = transpile(plain, basis_gates=["rz", "sx", "cx"], coupling_map=[[0, 1], [1, 2]], optimization_level=1)
    for circuit in (plain, plain.decompose(), routed):
        land = nc.Landscape(circuit, SparsePauliOp(["ZXI", "IZZ"], [0.7, 0.4]))
        theta = np.random.default_rng(1).uniform(-2, 2, size=land.n_parameters)
        whole = nc.surrogate(land, order=50, noise=model)
        assert whole.value(theta) == pytest.approx(float(nc.Aer("CPU", noise_model=model).value(land, theta)), abs=1e-10)


def test_a_twirl_is_that_of_aer():
    """Amplitude damping twirled, against Aer with the mean over Pauli conjugations as its channel."""
    damping = amplitude_damping_error(0.2)
    paulis = [SuperOp(SparsePauliOp(label).to_operator()) for label in "IXYZ"]
    twirled = (
        sum((p @ SuperOp(damping.to_quantumchannel()) @ p for p in paulis[1:]), paulis[0] @ SuperOp(damping) @ paulis[0]) / 4
    )
    given, reference = NoiseModel(), NoiseModel()
    given.add_all_qubit_quantum_error(damping, ["ry", "rz", "cx"][:2])
    reference.add_all_qubit_quantum_error(Kraus(twirled), ["ry", "rz"])
    circuit, theta = nc.ansatz.mhea(2, 1), np.random.default_rng(2).uniform(-2, 2, size=8)
    land = nc.Landscape(circuit, nc.observables.global_z(2))
    with pytest.raises(nc.NearCliffordError, match=r"no mixture of Pauli strings. PauliNoise.of"):
        nc.surrogate(land, order=9, noise=given)
    noise = nc.PauliNoise.of(given, twirl=True)
    assert noise.twirled == ("ry", "rz")
    value = nc.surrogate(land, order=9, noise=noise).value(theta)
    assert value == pytest.approx(aer_value(circuit, land.observable, theta, reference), abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_moments_are_those_of_two_copies(seed):
    """One term: means to rounding, z-scores of 9 second moments below 4.5, and certified bounds around all of them."""
    rng = np.random.default_rng(seed)
    circuit = mixed(seed)
    model, operator = (
        random_model(rng, circuit),
        SparsePauliOp("".join(rng.choice(list("XYZI"), size=3, p=[0.3, 0.3, 0.3, 0.1]))),
    )
    land, patch = nc.Landscape(circuit, operator), nc.Gaussian(0.6)
    exact = two_copies.exact_moments(circuit, operator, two_copies.gaussian(0.6), noise=kraus_of(model))
    loss = nc.loss_statistics(land, patch, nc.Stabilizer(), samples=10**5, noise=model, rng=seed)
    gradient = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=10**5, noise=model, rng=seed)
    assert loss.mean == pytest.approx(exact.mean, abs=1e-12)
    assert gradient.mean == pytest.approx(exact.mean_gradient, abs=1e-12)
    assert abs(loss.second_moment - exact.second) < 4.5 * loss.second_moment_error + 1e-15
    far = np.abs(gradient.second_moment - exact.second_gradient)
    assert (far < 4.5 * gradient.second_moment_error + 1e-15).all()
    for k in range(8):
        low, high = nc.certified_second_moment(land, patch, k, noise=model)
        assert low - 1e-14 <= exact.second_gradient[k] <= high + 1e-14 and high - low < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_bounds_and_errors_of_several_terms(seed):
    """Certified bounds of a Hamiltonian, also with few strings, and the error of surrogates by two exact ways."""
    rng = np.random.default_rng(seed)
    circuit = mixed(seed)
    model, operator = random_model(rng, circuit), observable(rng, 3)
    land, patch = nc.Landscape(circuit, operator), nc.Uniform(0.9)
    exact = two_copies.exact_moments(circuit, operator, two_copies.uniform(0.9), noise=kraus_of(model))
    low, high = nc.certified_loss_second_moment(land, patch, noise=model)
    assert low - 1e-13 <= exact.second <= high + 1e-13 and high - low < 1e-11
    low, high = nc.certified_loss_second_moment(land, patch, max_terms=3, noise=model)
    assert low - 1e-13 <= exact.second <= high + 1e-13
    for k in (0, 5):
        low, high = nc.certified_second_moment(land, patch, k, noise=model)
        assert low - 1e-13 <= exact.second_gradient[k] <= high + 1e-13
    whole = nc.gradient_statistics(land, patch, noise=model)
    assert whole.method == "exact" and whole.mean == pytest.approx(exact.mean_gradient, abs=1e-11)
    assert whole.second_moment == pytest.approx(exact.second_gradient, abs=1e-11)


def test_negative_dampings():
    """X with probability 0.8 turns the sign of Z and Y; products of two terms may be negative."""
    circuit, rng = mixed(7), np.random.default_rng(7)
    noise = nc.PauliNoise(one_qubit={"X": 0.8}, two_qubit={"XZ": 0.7})
    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.8), ("I", 0.2)]), ["rx", "ry", "rz", "h", "s", "sx", "sdg"])
    model.add_all_qubit_quantum_error(pauli_error([("XZ", 0.7), ("II", 0.3)]), ["rzz", "cx", "cz", "swap", "cy"])
    operator, patch = observable(rng, 3), nc.Gaussian(0.5)
    land = nc.Landscape(circuit, operator)
    exact = two_copies.exact_moments(circuit, operator, two_copies.gaussian(0.5), noise=kraus_of(model))
    for terms in (10**6, 2, 4):
        low, high = nc.certified_loss_second_moment(land, patch, max_terms=terms, noise=noise)
        assert low - 1e-13 <= exact.second <= high + 1e-13
    theta = rng.uniform(-2, 2, size=8)
    assert nc.surrogate(land, 9, noise=noise).value(theta) == pytest.approx(
        aer_value(circuit, operator, theta, model), abs=1e-10
    )


def test_errors_of_noisy_surrogates():
    """Σ of squares of the paths left out, by differences of whole and cut surrogates at 20,000 thetas; |z| < 4.5."""
    circuit, rng, patch = mixed(3), np.random.default_rng(3), nc.Gaussian(0.5)
    model = random_model(rng, circuit)
    for operator in (SparsePauliOp("ZXZ"), observable(rng, 3)):
        land = nc.Landscape(circuit, operator)
        whole = nc.surrogate(land, 9, noise=model)
        thetas = rng.normal(size=(20_000, 8)) * 0.5
        for kind in ("pauli-path", "taylor"):
            part = nc.surrogate(land, 2, kind, noise=model)
            squares = (whole.value(thetas) - part.value(thetas)) ** 2
            error = squares.std() / np.sqrt(len(squares))
            assert abs(squares.mean() - part.rms_error(patch) ** 2) < 4.5 * error + 1e-15
        if len(operator) == 1:
            curve = nc.surrogate_error_curve(land, patch, orders=[0, 1, 2, 3], samples=10**5, noise=model, rng=3)
            for order, mean, spread in zip(curve.orders, curve.mean_square, curve.mean_square_error, strict=True):
                exact = nc.surrogate(land, int(order), noise=model).rms_error(patch) ** 2 if order else None
                assert exact is None or abs(mean - exact) < 4.5 * spread + 1e-15


def test_readout_damps_each_letter():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), SparsePauliOp("XIY"))
    model = NoiseModel()
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.1, 0.9]]), [0])
    model.add_all_qubit_readout_error(ReadoutError([[0.95, 0.05], [0.05, 0.95]]))
    theta = np.random.default_rng(1).uniform(-2, 2, size=12)
    clean = nc.surrogate(land, 13).value(theta)
    assert nc.surrogate(land, 13, noise=model).value(theta) == pytest.approx(clean * 0.8 * 0.9, abs=1e-12)
    assert nc.surrogate(land, 13, noise=nc.PauliNoise(readout=0.05)).value(theta) == pytest.approx(clean * 0.81, abs=1e-12)
    uneven = NoiseModel()
    uneven.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]))
    with pytest.raises(nc.NearCliffordError, match=r"reads 0 as 1 with probability 0.1 and 1 as 0 with 0.3"):
        nc.surrogate(land, 3, noise=uneven)
    assert nc.PauliNoise.of(uneven, twirl=True).twirled == ("measure",)


def test_what_keeps_a_millionth_is_seen():
    """Depolarizing noise on one qubit shrinks every path alike: exact, where a chain that dies would hardly survive."""
    circuit = QuantumCircuit(1)
    for k in range(100):
        circuit.rx(Parameter(f"a{k:03}"), 0)
        circuit.rz(Parameter(f"b{k:03}"), 0)
    land, patch = nc.Landscape(circuit, SparsePauliOp("Z")), nc.Gaussian(0.05)
    clean = nc.loss_statistics(land, patch, nc.Stabilizer(), samples=4096, rng=1)
    noisy = nc.loss_statistics(land, patch, nc.Stabilizer(), samples=4096, noise=nc.PauliNoise(one_qubit=0.1), rng=1)
    assert noisy.second_moment == pytest.approx(clean.second_moment * 0.9**400, rel=1e-9)
    assert noisy.second_moment_error < 0.05 * noisy.second_moment


def test_threads_change_nothing():
    import numba

    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    found = []
    before = numba.get_num_threads()
    for threads in (1, before):
        numba.set_num_threads(threads)
        found.append(
            nc.gradient_statistics(
                land, nc.Gaussian(0.3), nc.Stabilizer(), samples=5000, noise=nc.PauliNoise(0.01, 0.002), rng=1
            )
        )
    numba.set_num_threads(before)
    assert found[0].second_moment.tolist() == found[1].second_moment.tolist()


# what is refused


def bad_models():
    measured, triple, correlated = NoiseModel(), NoiseModel(), NoiseModel()
    measured.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["measure"])
    triple.add_all_qubit_quantum_error(depolarizing_error(0.1, 3), ["ccx"])
    correlated.add_readout_error(ReadoutError(0.9 * np.eye(4) + 0.025), [0, 1])
    return {
        "quantum error of the measurement": measured,
        "acts on 3 qubits": triple,
        "has one error together": correlated,
        "is a str; expected a qiskit_aer.noise.NoiseModel": "noise",
    }


@pytest.mark.parametrize("text", list(bad_models()))
def test_models_that_cannot_be_read(text):
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.loss_statistics(land, nc.Gaussian(0.1), noise=bad_models()[text])


def test_labels_are_refused():
    from qiskit.circuit.library import CXGate

    circuit = nc.ansatz.mhea(2, 1)
    circuit.append(CXGate(label="mine"), [0, 1])
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), ["cx"])
    with pytest.raises(nc.NearCliffordError, match="has the label 'mine'"):
        nc.surrogate(nc.Landscape(circuit, nc.observables.global_z(2)), 2, noise=model)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"two_qubit": 1.5}, "two_qubit is 1.5; expected a probability from 0 to 1"),
        ({"readout": 0.6}, "readout is 0.6; expected a probability from 0 to 0.5"),
        ({"one_qubit": {"XX": 0.1}}, "one_qubit holds the key 'XX'; expected a letter"),
        ({"two_qubit": {"XX": 0.7, "ZZ": 0.7}}, "add up to 1.4; expected at most 1"),
    ],
)
def test_bad_descriptions(given, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.PauliNoise(**given)


NOISE = nc.PauliNoise(two_qubit=0.01)


def noisy_land():
    return with_noise(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)), NOISE)


@pytest.mark.parametrize(
    "door",
    [
        lambda land: land.value(np.full(8, 0.1)),
        lambda land: land.gradient(land.center),
        lambda land: land.hessian(land.center),
        lambda land: land.at_center([land.observable]),
        lambda land: center_gradient(land.problem),
        lambda land: center_hessian(land.problem),
        lambda land: GpuSweeps(land.problem, None),
        lambda land: nc.Aer("CPU").value(land, land.center),
        lambda land: nc.simulation_cost(land, nc.Gaussian(0.1), 0.1),
        lambda land: nc.loss_statistics(land, nc.Gaussian(0.1), nc.Statevector()),
        lambda land: nc.gradient_statistics(land, nc.Gaussian(0.1), nc.Aer("CPU")),
    ],
)
def test_doors_that_know_no_noise(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nc.NearCliffordError, match="knows no noise, and this circuit has"):
        door(noisy_land())
