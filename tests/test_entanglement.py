"""The entangling capability against reduced density matrices of Qiskit, two averaged copies, and closed forms."""

import numba
import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2, real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector, partial_trace

import nearclifford as nc
from chain_twin import frequent_bits
from nearclifford.chains.mixed_qubits import mixed_at_center
from nearclifford.chains.rows import row_list
from nearclifford.intervals import stratified_interval
from nearclifford.kernels.chain.coins import RARE, Coins, hazards
from nearclifford.kernels.chain.mixed import count_mixed, draw_heads, hazards_of_qubits
from nearclifford.kernels.chain.prune import prune, split
from nearclifford.kernels.chain.walk import Job
from nearclifford.kernels.chain.words import BITS, WIDTH, stream
from nearclifford.normal_form.compiler import compile_circuit
from random_circuits import random_circuit
from two_copies import exact_moments, gaussian, uniform

CENTER = np.pi / 2


def ghz(n_qubits):
    """A GHZ state at the centre, then RX and RZ on every qubit, CX between neighbours, and RX again."""
    theta, circuit = iter(ParameterVector("theta", 3 * n_qubits)), QuantumCircuit(n_qubits)
    circuit.h(0)
    for qubit in range(n_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    for qubit in range(n_qubits):
        circuit.rx(next(theta), qubit)
        circuit.rz(next(theta), qubit)
    for qubit in range(n_qubits - 1):
        circuit.cx(qubit + 1, qubit)
    for qubit in range(n_qubits):
        circuit.rx(next(theta), qubit)
    return circuit


def factors():
    """Angles with factors and fixed parts, gates of two qubits that turn."""
    a, b, c, d = (Parameter(name) for name in "abcd")
    circuit = QuantumCircuit(3)
    circuit.rx(2 * a, 0)
    circuit.rzz(b + np.pi / 2, 0, 1)
    circuit.iswap(1, 2)
    circuit.rzx(-c, 2, 0)
    circuit.ry(0.5 * d, 1)
    circuit.ecr(0, 1)
    return circuit


CIRCUITS = {
    "mhea": nc.ansatz.mhea(3, 2),
    "random_pqc": nc.ansatz.random_pqc(3, 4, rng=5),
    "efficient_su2": efficient_su2(3, reps=1),
    "real_amplitudes": real_amplitudes(3, reps=1, entanglement="reverse_linear"),
    "ghz": ghz(3),
    "factors": factors(),
}


def exact_per_qubit(circuit, fourier, center=None):
    """1 - Σ_P E[<P_k>²] of each qubit, from the averaged density matrix of two copies."""
    n, found = circuit.num_qubits, []
    for k in range(n):
        squares = 0.0
        for letter in "XYZ":
            label = "I" * (n - 1 - k) + letter + "I" * k
            squares += exact_moments(circuit, SparsePauliOp(label), fourier, center).second
        found.append(1.0 - squares)
    return np.array(found)


def meyer_wallach(state):
    """Return 2 (1 - Tr ρ_k²), averaged over the qubits."""
    n = state.num_qubits
    return np.mean([2 * (1 - partial_trace(state, [q for q in range(n) if q != k]).purity().real) for k in range(n)])


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("width", [0.02, 0.4, 1.3])
def test_every_qubit_equals_two_averaged_copies(name, width):
    """Within 4.5 standard errors: false alarm below 1e-3 over about 60 numbers, and half as many means."""
    circuit = CIRCUITS[name]
    gaussian_patch = width != 0.4
    patch = nc.Gaussian(width) if gaussian_patch else nc.Uniform(width)
    exact = exact_per_qubit(circuit, (gaussian if gaussian_patch else uniform)(width))
    found = nc.entangling_capability(circuit, patch, samples=2**15, rng=3)
    assert (np.abs(found.per_qubit - exact) <= 4.5 * found.per_qubit_error + 1e-13).all()
    assert abs(found.value - exact.mean()) <= 4.5 * found.error + 1e-13
    low, high = found.per_qubit_interval(0.9999).T
    assert (low <= exact + 1e-13).all() and (exact <= high + 1e-13).all()


def test_a_centre_that_is_not_zero():
    circuit = efficient_su2(3, reps=1)
    center = np.random.default_rng(4).integers(4, size=circuit.num_parameters) * CENTER
    found = nc.entangling_capability(circuit, nc.Gaussian(0.3), center, samples=2**15, rng=5)
    exact = exact_per_qubit(circuit, gaussian(0.3), center.tolist())
    assert (np.abs(found.per_qubit - exact) <= 4.5 * found.per_qubit_error).all()
    assert abs(found.center - meyer_wallach(Statevector(circuit.assign_parameters(center)))) < 1e-12


def test_agrees_with_reduced_density_matrices_at_sampled_thetas():
    """Five qubits, 400 thetas: within 4.5 standard errors of both together."""
    circuit, patch = efficient_su2(5, reps=2), nc.Gaussian(0.5)
    thetas = patch.sample((400, circuit.num_parameters), rng=1)
    values = [meyer_wallach(Statevector(circuit.assign_parameters(theta))) for theta in thetas]
    found = nc.entangling_capability(circuit, patch, samples=2**14, rng=2)
    assert abs(found.value - np.mean(values)) < 4.5 * np.hypot(found.error, np.std(values, ddof=1) / 20)


@pytest.mark.parametrize("sigma", [1e-8, 1e-3, 0.5])
def test_a_small_value_has_a_small_relative_error(sigma):
    """A chain of CX behind one RY: Q = sin² t, at a thousand qubits; every circuit that is drawn is a hit."""
    circuit = QuantumCircuit(1000)
    circuit.ry(Parameter("t"), 0)
    for qubit in range(999):
        circuit.cx(qubit, qubit + 1)
    patch = nc.Gaussian(sigma)
    found = nc.entangling_capability(circuit, patch, samples=1000, rng=1)
    exact = float(patch.sine_square_mean())
    assert np.isclose(found.value, exact, rtol=1e-12) and found.center == 0.0
    low, high = found.interval()
    assert 0.99 * exact < low <= exact * (1 + 1e-12) and high >= exact * (1 - 1e-12)


def test_what_is_certain_has_no_error():
    product = nc.entangling_capability(nc.ansatz.mhea(5, 0), nc.Gaussian(0.7), rng=1)
    assert (product.value, product.error, product.interval().tolist()) == (0.0, 0.0, [0.0, 0.0])
    turned, t = QuantumCircuit(3), Parameter("t")
    turned.h(0)
    turned.cx(0, 1)
    turned.ry(t, 2)
    for circuit, value in ((turned, 2 / 3), (nc.ansatz.mhea(1, 4), 0.0)):
        found = nc.entangling_capability(circuit, nc.Gaussian(0.1), rng=1)
        assert found.value == pytest.approx(value) and found.error == 0.0 and found.center == found.value


def test_product_states_are_products_in_every_sample():
    """Two CX that cancel: the three Paulis of a qubit meet the same coins, so no sample is mixed, and nothing cancels."""
    circuit = nc.ansatz.mhea(2, 0)
    circuit.cx(0, 1)
    circuit.cx(0, 1)
    found = nc.entangling_capability(circuit, nc.Gaussian(0.5), samples=10_000, rng=1)
    assert found.value == 0.0 and not found.hits.any() and 0.0 < found.error < 2e-4
    assert found.interval()[0] == 0.0 < found.interval()[1]


@pytest.mark.parametrize("n_qubits", [3, 6, 10])
def test_deep_circuits_of_wide_angles_are_random_states(n_qubits):
    """Haar-random states have Q = (2^N - 2) / (2^N + 1); mHEA of 30 layers is that to less than the error."""
    found = nc.entangling_capability(nc.ansatz.mhea(n_qubits, 30), nc.Gaussian(2.0), samples=20_000, rng=1)
    exact = (2**n_qubits - 2) / (2**n_qubits + 1)
    assert abs(found.value - exact) < 4.5 * found.error
    assert found.interval()[1] <= 1.0


def test_intervals_cover():
    """300 runs each of 40 samples a qubit, of 95 % intervals: at least 91 %, which 95 % passes but once in 500 times."""
    cases = [
        (nc.ansatz.mhea(2, 1), 0.02),  # hits are frequent among the circuits that are drawn
        (ghz(3), 0.01),  # 1 - Q is small
        (nc.ansatz.mhea(3, 4), 1.0),  # nothing is in closed form
        (real_amplitudes(3, reps=1, entanglement="linear"), 0.3),
    ]
    for circuit, sigma in cases:
        exact = exact_per_qubit(circuit, gaussian(sigma)).mean()
        rng, covered = np.random.default_rng(8), 0
        for _ in range(300):
            low, high = nc.entangling_capability(circuit, nc.Gaussian(sigma), samples=40, rng=rng).interval()
            covered += low <= exact <= high
        assert covered >= 0.91 * 300


@pytest.mark.parametrize(
    ("rates", "trials"),
    [([0.001] * 4, 1000), ([0.001, 0.999, 0.998], 1000), ([1e-6] * 500, 1000), ([0.5, 0.875], 60), ([0.0, 1.0, 0.4], 100)],
)
def test_sums_of_strata_are_covered(rates, trials):
    """2,000 runs, weights equal and not: at least 93 %; 95 % passes but once in 10,000 times."""
    rng = np.random.default_rng(1)
    for weights in (np.full(len(rates), 1 / len(rates)), rng.uniform(0.2, 1.0, len(rates))):
        exact, covered = weights @ np.array(rates), 0
        for hits in rng.binomial(trials, rates, size=(2000, len(rates))):
            low, high = stratified_interval(hits, trials, weights, 0.95)
            covered += low <= exact <= high
        assert covered >= 0.93 * 2000


def test_seeds_threads_and_rounds():
    circuit, patch = nc.ansatz.mhea(3, 3), nc.Gaussian(0.5)
    whole = nc.entangling_capability(circuit, patch, samples=8192, rng=4)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        again = nc.entangling_capability(circuit, patch, samples=8192, rng=4)
    finally:
        numba.set_num_threads(before)
    assert whole.hits.tolist() == again.hits.tolist()
    auto = nc.entangling_capability(circuit, patch, rng=4, rel_error=whole.error / whole.value)
    assert auto.samples == 8192 and auto.hits.tolist() == whole.hits.tolist()
    assert auto.error <= 0.01 * auto.value


def test_arguments_that_do_not_fit():
    with pytest.raises(nc.CircuitError, match="has no parameters"):
        nc.entangling_capability(QuantumCircuit(2), nc.Gaussian(0.1))
    tied, t = QuantumCircuit(2), Parameter("t")
    tied.rx(t, 0)
    tied.rx(t, 1)
    with pytest.raises(nc.NearCliffordError, match=r"turns 2 rotations.*parameter\. nearclifford\.untie\(circuit\)"):
        nc.entangling_capability(tied, nc.Gaussian(0.1))
    off_grid = QuantumCircuit(1)
    off_grid.t(0)
    off_grid.rx(t, 0)
    with pytest.raises(nc.NearCliffordError, match="beyond a multiple of π/2"):
        nc.entangling_capability(off_grid, nc.Gaussian(0.1))
    circuit = nc.ansatz.mhea(2, 1)
    with pytest.raises(nc.NearCliffordError, match=r"patch is 0\.1"):
        nc.entangling_capability(circuit, 0.1)
    with pytest.raises(nc.NearCliffordError, match="2 widths; expected 8"):
        nc.entangling_capability(circuit, nc.Gaussian([0.1, 0.2]))
    with pytest.raises(nc.NearCliffordError, match="samples is 1"):
        nc.entangling_capability(circuit, nc.Gaussian(0.1), samples=1)
    with pytest.raises(nc.CircuitError, match=r"expected a qiskit\.QuantumCircuit"):
        nc.entangling_capability("h q[0];", nc.Gaussian(0.1))
    with pytest.raises(nc.NearCliffordError, match="level is 2"):
        nc.entangling_capability(circuit, nc.Gaussian(0.1), samples=10, rng=1).interval(2)


# the kernel


@pytest.mark.parametrize("number", range(12))
def test_coins_that_always_or_never_show_make_the_states_of_stim(number):
    """Angles of 0 and π/2: a qubit is mixed where stim finds no Pauli of definite value."""
    rng = np.random.default_rng([number, 31])
    program = compile_circuit(random_circuit(rng, int(rng.integers(2, 6)), 40))
    turned = rng.random(program.angle_map.n_rotations) < 0.5
    hits = np.empty((program.n_qubits, 1), np.int64)
    coins = Coins(turned.astype(float), hazards(turned.astype(float)))
    with np.errstate(divide="ignore"):
        hazard = -np.log1p(-coins.probability)
    job = Job(0, 100, 1, np.uint64(1))
    count_mixed(row_list(program), coins, hazard, np.ones(program.n_qubits), job, hits)
    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(program.n_qubits)
    for j in np.flatnonzero(turned):
        generator = program.generators.to_stim(int(j))
        simulator.do_tableau(quarter_turn(generator), range(program.n_qubits))
    simulator.do_tableau(program.pull_back.inverse(), range(program.n_qubits))
    mixed = [simulator.peek_bloch(k) == stim.PauliString("_") for k in range(program.n_qubits)]
    assert (hits[:, 0] == 100 * np.array(mixed)).all()
    if not turned.any():
        assert mixed_at_center(program).tolist() == mixed


def quarter_turn(generator):
    """Return the tableau of exp(-iπG/4): P -> iGP, up to a sign, where P and G anticommute."""
    images = []
    for letter in "XZ":
        for k in range(len(generator)):
            string = stim.PauliString(len(generator))
            string[k] = letter
            images.append(string if string.commutes(generator) else 1j * generator * string)
    half = len(generator)
    return stim.Tableau.from_conjugated_generators(xs=images[:half], zs=images[half:])


@pytest.mark.parametrize("number", range(12))
def test_equals_two_plain_strings_on_the_same_coins(number):
    """Rare coins as they were drawn, frequent ones as the plain twin draws them; in odd cases every sample has a head."""
    rng = np.random.default_rng([number, 32])
    n_qubits = int(rng.integers(1, 5))
    program = compile_circuit(random_circuit(rng, n_qubits, 30))
    rows = row_list(program)
    few = [1e-3, 0.003, 0.02] if number % 2 else [0.0, 1e-3, 0.003, 0.03, 0.5, 0.9]
    probability = rng.choice(few, size=program.angle_map.n_rotations)
    coins, hazard = Coins(probability, hazards(probability)), -np.log1p(-probability)
    total, reached = np.empty(n_qubits), np.empty(n_qubits, np.int64)
    hazards_of_qubits(rows, hazard, total, reached)
    share = -np.expm1(-total) if number % 2 else np.ones(n_qubits)
    hits = np.empty((n_qubits, 1), np.int64)
    count_mixed(rows, coins, hazard, share, Job(3, 1000, 1, np.uint64(7)), hits)
    for k in range(n_qubits):
        assert hits[k, 0] == plain_count(rows, coins, hazard if number % 2 else coins.hazard, share[k], k)


def plain_count(rows, coins, hazard, share, qubit):
    """Return in how many of 1000 samples no product of the two strings of a qubit ends Z-type."""
    if share == 0.0:
        return 0
    n_rows, kept = 2 * len(rows.x_rows), np.empty(len(rows.kind), np.int64)
    start = np.zeros(n_rows, np.bool_)
    start[2 * qubit : 2 * qubit + 2] = True
    route = split(rows, kept[: prune(rows, start, -1, kept)], hazard, -1)
    random = stream(np.uint64(7), np.uint64(qubit), np.uint64(3))
    heads, _ = draw_heads(route.clock, share, random, np.empty(8, np.int64))
    shown, counter = np.zeros((len(route.stops), BITS), np.bool_), 0
    shown.reshape(-1)[heads] = True
    if share < 1.0:
        assert shown.any(axis=0).all()
    for f in route.fixed[:-1]:
        words, counter = frequent_bits(coins.probability[route.stops[f, 3]], int(random[0]), int(random[1]), counter, WIDTH)
        shown[f] = [words[b // 64] >> b % 64 & 1 for b in range(BITS)]
    mixed = 0
    for sample in range(1000):
        ends = []
        for row in (2 * qubit, 2 * qubit + 1):
            bits, done = np.zeros(n_rows, np.bool_), 0
            bits[row] = True
            for stop, (kind, target, source, _, until) in enumerate(route.stops):
                for t, s in route.moves[done:until]:
                    bits[t] ^= bits[s]
                done = until
                met = shown[stop, sample] & (bits[source] ^ (bits[target] & (kind == 2)))
                bits[target] ^= met
                bits[source] ^= met & (kind == 2)
            for t, s in route.moves[done:]:
                bits[t] ^= bits[s]
            ends.append(bits[rows.x_rows])
        mixed += ends[0].any() and ends[1].any() and (ends[0] != ends[1]).any()
    return mixed


@pytest.mark.parametrize("conditional", [False, True])
def test_heads_have_their_probabilities(conditional):
    """400 blocks, coins of many sizes and one that never shows: rates and joint rates within 4.5 standard errors."""
    probability = np.array([1e-4, 2e-3, 0.0, 1e-3, 3e-3, RARE / 2])
    hazard = -np.log1p(-probability)
    clock = np.column_stack([np.concatenate([[0.0], np.cumsum(hazard)]), np.append(hazard, 0.0)])
    any_head = 1.0 - np.prod(1.0 - probability)
    share = any_head if conditional else 1.0
    n, seen, both, buffer = 400 * BITS, np.zeros(6), 0, np.empty(1, np.int64)
    for block in range(400):
        heads, buffer = draw_heads(clock, share, stream(np.uint64(1), np.uint64(2), np.uint64(block)), buffer)
        assert (np.diff(heads) > 0).all()
        seen += np.bincount(heads // BITS, minlength=6)
        both += len(np.intersect1d(heads[heads // BITS == 4] % BITS, heads[heads // BITS == 5] % BITS))
        if conditional:
            assert len(np.unique(heads % BITS)) == BITS
    rate = probability / share
    assert (np.abs(seen - n * rate) <= 4.5 * np.sqrt(n * rate * (1 - rate))).all()
    joint = n * probability[4] * probability[5] / share
    assert abs(both - joint) <= 4.5 * np.sqrt(joint)
