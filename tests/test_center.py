"""Value, gradient and Hessian at the Clifford centre, against Qiskit's states, stim's simulator and plain Pauli algebra.

The derivatives of Qiskit's values are exact to rounding: along any direction of integer slopes the loss is a trigonometric
polynomial, so equally spaced values determine it.
"""

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector, library
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.kernels.center import Keys, Strings, keys_of, second_derivatives
from nearclifford.normal_form.program import PauliTable
from random_circuits import oracle_gradient, oracle_value, random_center, random_circuit, random_observable

CLIFFORD = [
    library.HGate(), library.SGate(), library.SXGate(), library.CXGate(), library.CZGate(), library.ECRGate(),
    library.SwapGate(), library.RYGate(np.pi / 2), library.RZZGate(-np.pi / 2),
]  # fmt: skip
TURNS = [library.RXGate, library.RYGate, library.RZGate, library.RXXGate, library.RZXGate, library.PhaseGate]


def clifford_circuit(rng, n_qubits, n_gates, n_parameters=3):
    """Clifford wherever the parameters are multiples of π/2: parameters with integer factors; and their sum."""
    pool, circuit, slope = [Parameter(f"p{k}") for k in range(n_parameters)], QuantumCircuit(n_qubits), 1
    circuit.ry(pool[0], 0)
    while len(circuit.data) < n_gates:
        gate = CLIFFORD[rng.integers(len(CLIFFORD))]
        if rng.random() < 0.5:
            first, second = (pool[k] for k in rng.integers(n_parameters, size=2))
            angle = [first, -first, 2 * first, 3 * first + np.pi / 2, first - second][rng.integers(5)]
            gate = TURNS[rng.integers(len(TURNS))](angle)
        if gate.num_qubits <= n_qubits:
            slope += 3
            circuit.append(gate, rng.permutation(n_qubits)[: gate.num_qubits].tolist())
    return circuit, slope


def along(circuit, observable, theta, direction, most):
    """First and second derivative of Qiskit's values along an integer direction, of frequencies up to ``most``."""
    count = 2 * most + 1
    points = 2 * np.pi * np.arange(count) / count
    values = [oracle_value(circuit, observable, theta + point * direction) for point in points]
    wave, frequency = np.fft.fft(values) / count, np.fft.fftfreq(count, 1 / count)
    return (1j * frequency * wave).sum().real, -(frequency**2 * wave).sum().real


def oracle_hessian(circuit, observable, theta, slope):
    size = len(theta)
    unit, hessian = np.eye(size), np.empty((size, size))
    for k in range(size):
        hessian[k, k] = along(circuit, observable, theta, unit[k], slope)[1]
    for k in range(size):
        for other in range(k):
            both = along(circuit, observable, theta, unit[k] + unit[other], 2 * slope)[1]
            hessian[k, other] = hessian[other, k] = (both - hessian[k, k] - hessian[other, other]) / 2
    return hessian


@pytest.mark.parametrize("seed", range(25))
def test_value_gradient_and_hessian_at_the_centre_and_elsewhere(seed):
    rng = np.random.default_rng([seed, 5])
    n_qubits = int(rng.integers(1, 6))
    circuit, slope = clifford_circuit(rng, n_qubits, int(rng.integers(2, 12)))
    observable = random_observable(rng, n_qubits, int(rng.integers(1, 8)))
    center = random_center(rng, len(circuit.parameters))
    land = nc.Landscape(circuit, observable, center)
    assert not land.problem.angle_map.offset.any()
    for theta in (center, rng.normal(size=len(center))):
        assert land.value(theta) == pytest.approx(oracle_value(circuit, observable, theta), abs=1e-11)
        assert land.gradient(theta) == pytest.approx(oracle_gradient(circuit, observable, theta), abs=1e-11)
        assert land.hessian(theta) == pytest.approx(oracle_hessian(circuit, observable, theta, slope), abs=1e-8)
    expansion = land.at_center([observable])
    assert expansion.value[0] == land.value(center)
    assert np.array_equal(expansion.gradient[0], land.gradient(center))
    assert np.array_equal(expansion.hessian(0).toarray(), land.hessian(center))


@pytest.mark.parametrize("seed", range(20))
def test_the_centre_is_the_limit_of_the_sweep(seed):
    """A theta a billionth away is not the centre: the two ways meet."""
    rng = np.random.default_rng([seed, 6])
    circuit, _ = clifford_circuit(rng, 5, 30, n_parameters=6)
    center = random_center(rng, len(circuit.parameters))
    land = nc.Landscape(circuit, random_observable(rng, 5, 6), center)
    beside = center + 1e-9
    assert land.value(center) == pytest.approx(land.value(beside), abs=1e-6)
    assert land.gradient(center) == pytest.approx(land.gradient(beside), abs=1e-6)
    assert land.hessian(center) == pytest.approx(land.hessian(beside), abs=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_fixed_angles_off_the_grid_are_swept(seed):
    rng = np.random.default_rng([seed, 7])
    circuit = random_circuit(rng, 3, 12)
    circuit.t(0)
    circuit.ry(Parameter("last"), 0)
    observable = random_observable(rng, 3, 4)
    center = random_center(rng, len(circuit.parameters))
    land = nc.Landscape(circuit, observable, center)
    assert land.problem.angle_map.offset.any()
    assert land.value(center) == pytest.approx(oracle_value(circuit, observable, center), abs=1e-11)
    assert land.gradient(center) == pytest.approx(oracle_gradient(circuit, observable, center), abs=1e-10)
    step = 1e-4
    moves = step * np.eye(len(center))
    slopes = [(oracle_gradient(circuit, observable, center + move) - oracle_gradient(circuit, observable, center - move)) / 2
              for move in moves]  # fmt: skip
    assert land.hessian(center) == pytest.approx(np.array(slopes) / step, abs=1e-5)
    with pytest.raises(nc.CircuitError, match=r"needs a Clifford centre. At the centre rotation .* Landscape.gradient"):
        land.at_center([observable])


def in_stim(circuit, angles):
    """A bound circuit of RX, RY, RZ by multiples of π/2, H, S, CX as gates of stim."""
    turns = {f"r{axis.lower()}": ("I", f"SQRT_{axis}", axis, f"SQRT_{axis}_DAG") for axis in "XYZ"}
    lines, index = [f"I {circuit.num_qubits - 1}"], {qubit: k for k, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.assign_parameters(angles).data:
        name = instruction.operation.name
        if name in turns:
            name = turns[name][round(float(instruction.operation.params[0]) / (np.pi / 2)) % 4]
        lines.append(f"{name.upper()} {' '.join(str(index[qubit]) for qubit in instruction.qubits)}")
    return stim.Circuit("\n".join(lines))


def stim_value(circuit, observable, angles):
    simulator = stim.TableauSimulator()
    simulator.do(in_stim(circuit, angles))
    return sum(
        coefficient.real * simulator.peek_observable_expectation(stim.PauliString(label[::-1]))
        for label, coefficient in observable.to_list()
    )


@pytest.mark.parametrize(
    ("circuit", "share"),
    [(nc.ansatz.mhea(200, 2), 0.1), (nc.ansatz.random_pqc(200, 5, rng=3), 0.5), (nc.ansatz.random_pqc(200, 1, rng=3), 0.0)],
    ids=["mhea", "rpqc", "rpqc at 0"],
)
def test_two_hundred_qubits_against_stim(circuit, share):
    """Each parameter turns one rotation: derivatives are differences of values at Clifford points."""
    rng = np.random.default_rng(8)
    size = len(circuit.parameters)
    center = random_center(rng, size) * (rng.random(size) < share)
    observable = nc.observables.heisenberg(200) + SparsePauliOp.from_sparse_list(
        [("Z", [q], rng.normal()) for q in range(0, 200, 3)], 200
    )
    land = nc.Landscape(circuit, observable, center)
    value, gradient = land.value_and_gradient(center)
    hessian, shift = land.at_center([observable]).hessian(0), np.pi / 2 * np.eye(size)
    assert value == pytest.approx(stim_value(circuit, observable, center), abs=1e-9)
    chosen = [*rng.permutation(np.flatnonzero(gradient))[:8], *rng.integers(size, size=4)]
    for k in chosen:
        found = [stim_value(circuit, observable, center + sign * shift[k]) for sign in (1, -1)]
        assert gradient[k] == pytest.approx((found[0] - found[1]) / 2, abs=1e-9)
    entries = hessian.tocoo()
    some = rng.permutation(entries.nnz)[:10]
    pairs = [*zip(entries.coords[0][some], entries.coords[1][some], strict=True), *rng.integers(size, size=(5, 2))]
    for k, other in pairs:
        found = [
            first * second * stim_value(circuit, observable, center + first * shift[k] + second * shift[other])
            for first in (1, -1)
            for second in (1, -1)
        ]
        assert hessian[k, other] == pytest.approx(sum(found) / 4, abs=1e-9), (k, other)
    assert np.abs(entries.data).max() > 0.1


def commutator(first, second):
    """(i/2) [F, S] of two strings of stim: i F S where they anticommute, None elsewhere."""
    return None if first.commutes(second) else 1j * (first * second)


def plain_second_derivatives(generators, terms, weights):
    hessian = np.zeros((len(generators), len(generators)))
    for term, weight in zip(terms, weights, strict=True):
        for j, later in enumerate(generators):
            once = commutator(later, term)
            if once is None:
                continue
            for i, earlier in enumerate(generators[: j + 1]):
                twice = commutator(earlier, once)
                if twice is not None and not twice.pauli_indices("XY"):
                    hessian[i, j] += weight * twice.sign.real
    return hessian


def busy_strings(rng, n_qubits, count):
    """Letters on a few qubits alone, some of them beyond the first word, so that many products are Z-type."""
    found = [stim.PauliString(n_qubits) * int(rng.choice([-1, 1])) for _ in range(count)]
    for string in found:
        for qubit in np.unique([0, n_qubits // 2, n_qubits - 1]):
            string[qubit] = "_XYZ"[rng.integers(4)]
    return found


def packed(strings):
    table = PauliTable.from_stim(len(strings[0]), strings)
    return Strings(table.x, table.z, table.sign)


@pytest.mark.parametrize("n_qubits", [1, 2, 5, 63, 64, 65, 130])
@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_is_its_plain_twin(n_qubits, seed):
    rng = np.random.default_rng([n_qubits, seed])
    generators, terms, weights = busy_strings(rng, n_qubits, 40), busy_strings(rng, n_qubits, 12), rng.normal(size=12)
    first, second = packed(generators), packed(terms)
    earlier, later, value = second_derivatives(first, second, weights, keys_of(first, second))
    found = np.zeros((40, 40))
    np.add.at(found, (earlier, later), value)
    assert len(value) == len(set(zip(earlier.tolist(), later.tolist(), strict=True)))
    assert found == pytest.approx(plain_second_derivatives(generators, terms, weights), abs=1e-12)
    assert np.count_nonzero(found) > 10


@pytest.mark.parametrize("bits", [0, 1, 3])
def test_keys_that_agree_by_chance_change_nothing(bits):
    """Keys of so few bits add up as before, and nearly all agree."""
    rng = np.random.default_rng(bits)
    generators, terms = packed(busy_strings(rng, 70, 60)), packed(busy_strings(rng, 70, 9))
    weights, keys = rng.normal(size=9), keys_of(generators, terms)
    wanted = second_derivatives(generators, terms, weights, keys)
    kept = np.uint64((2**bits - 1) << 61)
    short = keys.generators & kept
    rows = np.argsort(short, kind="stable")
    buckets = np.searchsorted(short[rows] >> np.uint64(61), np.arange(9, dtype=np.uint64))
    coarse = Keys(short, keys.terms & kept, short[rows], rows, buckets, np.uint64(61))
    for first, second in zip(wanted, second_derivatives(generators, terms, weights, coarse), strict=True):
        assert np.array_equal(first, second)


def test_many_observables_of_a_thousand_qubits():
    """Without layers <Z_q> is cos of its own RY, turned by one centre in four."""
    circuit, center = nc.ansatz.mhea(1000, 0), np.zeros(2000)
    center[1:1000:4] = np.pi / 2
    chosen = np.arange(0, 1000, 7)
    observables = (SparsePauliOp.from_sparse_list([("Z", [qubit], 2.0)], 1000) for qubit in chosen)
    expansion = nc.Landscape(circuit, nc.observables.global_z(1000), center).at_center(observables)
    assert len(expansion) == len(chosen)
    assert expansion.value == pytest.approx(2 * np.cos(center[chosen]), abs=1e-12)
    expected = np.zeros((len(chosen), 2000))
    expected[np.arange(len(chosen)), chosen] = -2 * np.sin(center[chosen])
    assert expansion.gradient == pytest.approx(expected, abs=1e-12)
    for m in (0, 3, len(chosen) - 1):
        hessian = expansion.hessian(m)
        assert hessian[chosen[m], chosen[m]] == pytest.approx(-2 * np.cos(center[chosen[m]]), abs=1e-12)
        assert np.count_nonzero(hessian.data) == (chosen[m] % 4 != 1)


def test_each_observable_of_a_list_is_that_of_a_landscape_of_its_own():
    rng = np.random.default_rng(9)
    circuit, _ = clifford_circuit(rng, 4, 20, n_parameters=5)
    center = random_center(rng, len(circuit.parameters))
    observables = [Pauli("XYZI"), *(random_observable(rng, 4, count) for count in (1, 3, 6))]
    expansion = nc.Landscape(circuit, Pauli("ZZZZ"), center).at_center(observables)
    for m, observable in enumerate(observables):
        land = nc.Landscape(circuit, observable, center)
        assert expansion.value[m] == land.value(center)
        assert np.array_equal(expansion.gradient[m], land.gradient(center))
        assert np.array_equal(expansion.hessian(m).toarray(), land.hessian(center))


def test_lists_of_observables_that_are_none():
    land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    for nothing in ([], Pauli("ZZ"), SparsePauliOp("ZZ"), "ZZ", None):
        with pytest.raises(nc.ObservableError, match="expected a sequence of at least one SparsePauliOp or Pauli"):
            land.at_center(nothing)
    with pytest.raises(nc.ObservableError, match="acts on 3 qubits; expected 2"):
        land.at_center([Pauli("ZZ"), Pauli("ZZZ")])
    for bad in (1, -1, 0.5):
        with pytest.raises(nc.NearCliffordError, match=f"m is {bad}; expected an integer"):
            land.at_center([Pauli("ZZ")]).hessian(bad)


def test_batches_of_centres_and_a_theta_beside_one():
    land = nc.Landscape(nc.ansatz.mhea(100, 30), nc.observables.heisenberg(100))
    batch = np.zeros((2, 3, land.n_parameters))
    assert land.value(batch).tolist() == [[99.0] * 3] * 2
    value, gradient = land.value_and_gradient(batch)
    assert value.shape == (2, 3) and gradient.shape == batch.shape
    gradient[0, 0, 0] = 7.0
    assert land.gradient(batch)[0, 0, 0] == 0.0
    batch[1, 2, 0] = 1e-3
    with pytest.raises(nc.ResourceError, match="at the centre itself any size is exact"):
        land.value(batch)


def test_a_hessian_beyond_the_memory_says_that_a_sparse_one_is_there(monkeypatch):
    circuit = QuantumCircuit(1)
    for parameter in ParameterVector("p", 10):
        circuit.rx(parameter, 0)
    land = nc.Landscape(circuit, Pauli("Z"))
    monkeypatch.setattr("nearclifford.memory.free_bytes", lambda: 799)
    with pytest.raises(nc.ResourceError, match=r"needs 800 B; 799 B are.*at_center\(\[land.observable\]\).hessian\(0\)"):
        land.hessian(np.zeros(10))
    assert land.at_center([land.observable]).hessian(0).toarray().tolist() == [[-1.0] * 10] * 10
    with pytest.raises(nc.ResourceError, match="A gradient of 10 parameters for each of 10 observables needs 800 B"):
        land.at_center([land.observable] * 10)
