"""The start state for the whole gradient: its numbers against Qiskit, its search against all states."""

import itertools

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2, qaoa_ansatz
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from encodable_circuits import random_case, random_label
from nearclifford.encoder.start_state import LETTERS, STEP, StartSearch
from nearclifford.errors import EncodingError, IncompleteSearchWarning

PREPARATIONS = {1: ["h"], 2: [], 3: ["h", "s"]}


def started(circuit, letter, minus):
    """Return the circuit behind the gates that prepare a product of eigenstates, by Qiskit alone."""
    first = QuantumCircuit(circuit.num_qubits)
    for qubit, (kind, flipped) in enumerate(zip(letter, minus, strict=True)):
        if flipped:
            first.x(qubit)
        for name in PREPARATIONS[int(kind)]:
            getattr(first, name)(qubit)
    return first.compose(circuit)


def loss_at(circuit, observable, theta):
    return Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real


def case(seed):
    rng = np.random.default_rng([21, seed])
    n_qubits = int(rng.integers(1, 4))
    circuit, center, _ = random_case(n_qubits, int(rng.integers(1, 5)), rng)
    labels = [random_label(n_qubits, rng) for _ in range(4)] + ["I" * n_qubits]
    return rng, circuit, SparsePauliOp(labels, rng.normal(size=5)).simplify(), center


@pytest.mark.parametrize("seed", range(8))
def test_a_state_and_each_change_of_it_are_worth_what_qiskit_says(seed):
    rng, circuit, observable, center = case(seed)
    n_qubits = circuit.num_qubits
    letter, minus = rng.integers(1, 4, size=n_qubits), rng.random(n_qubits) < 0.5
    start, after = StartSearch(nc.Landscape(circuit, observable, center).problem).judged(letter, minus)
    behind = started(circuit, letter, minus)
    assert start.loss == pytest.approx(loss_at(behind, observable, center), abs=1e-10)
    assert start.gradient_norm == pytest.approx(np.linalg.norm(slopes(behind, observable, center)), abs=1e-6)
    for qubit, (row, kind), sign in itertools.product(range(n_qubits), enumerate(LETTERS), (0, 1)):
        changed, flipped = letter.copy(), minus.copy()
        changed[qubit], flipped[qubit] = kind, bool(sign)
        other = started(circuit, changed, flipped)
        norm = np.linalg.norm(slopes(other, observable, center))
        assert after[qubit, row, sign] == pytest.approx(loss_at(other, observable, center) - STEP * norm, abs=1e-6)


def slopes(circuit, observable, center):
    """Return central differences: right for shared parameters and factors too, to 1e-8."""
    shifts = 1e-4 * np.eye(len(center))
    return np.array(
        [(loss_at(circuit, observable, center + s) - loss_at(circuit, observable, center - s)) / 2e-4 for s in shifts]
    )


def test_words_beyond_the_first_and_signs_far_apart():
    """130 qubits, against the centre's own expectations in the circuit with the gates in front."""
    rng = np.random.default_rng(22)
    circuit = nc.ansatz.mhea(130, 1)
    strings = [("ZZ", [0, 129], 1.0), ("XYX", [1, 64, 65], -0.5), ("Z", [128], 0.3), ("YY", [63, 64], 2.0)]
    observable = SparsePauliOp.from_sparse_list(strings, 130)
    land = nc.Landscape(circuit, observable)
    search = StartSearch(land.problem)
    for _ in range(3):
        letter, minus = rng.integers(1, 4, size=130), rng.random(130) < 0.5
        letter = search.descend(letter, minus, lambda: True).letter
        found, _ = search.judged(letter, minus)
        behind = nc.Landscape(started(circuit, letter, minus), observable)
        assert found.loss == pytest.approx(behind.value(behind.center), abs=1e-12)
        assert found.gradient_norm == pytest.approx(np.linalg.norm(behind.gradient(behind.center)), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_end_of_a_search_is_no_worse_than_any_neighbour_nor_the_plain_start(seed):
    _, circuit, observable, center = case(seed)
    found = nc.search_encoder(circuit, observable, center=center)
    value = found.loss - STEP * found.gradient_norm
    land = nc.Landscape(circuit, observable, center)
    loss, gradient = land.value_and_gradient(center)
    assert value <= loss - STEP * np.linalg.norm(gradient) + 1e-9
    if not found.added_two_qubit_gates and not found.phase_inducer.data:
        search = StartSearch(found.landscape().problem)
        n_qubits = circuit.num_qubits
        _, after = search.judged(np.full(n_qubits, 2), np.zeros(n_qubits, dtype=bool))
        assert value <= after.min() + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_small_searches_find_the_least_of_all_product_states(seed):
    """No theorem: true for these, of which a descent from |0…0> alone misses some."""
    rng = np.random.default_rng([23, seed])
    circuit = nc.ansatz.mhea(3, 1)
    observable = SparsePauliOp([random_label(3, rng) for _ in range(5)], rng.normal(size=5)).simplify()
    search = StartSearch(nc.Landscape(circuit, observable).problem)
    states = itertools.product(itertools.product(LETTERS, repeat=3), itertools.product((False, True), repeat=3))
    least = min(search.judged(np.array(letter), np.array(minus))[0].after_step for letter, minus in states)
    found = nc.search_encoder(circuit, observable)
    assert found.loss - STEP * found.gradient_norm == pytest.approx(least, abs=1e-9)


def test_gates_make_the_state():
    """stim: the layer turns Z on each qubit into the signed letter."""
    rng = np.random.default_rng(24)
    problem = nc.Landscape(nc.ansatz.mhea(9, 0), nc.observables.global_z(9)).problem
    letter, minus = rng.integers(1, 4, size=9), rng.random(9) < 0.5
    start, _ = StartSearch(problem).judged(letter, minus)
    simulator = stim.TableauSimulator()
    simulator.do(start.gates())
    for qubit in range(9):
        string = stim.PauliString(9)
        string[qubit] = "_XZY"[letter[qubit]]
        assert simulator.peek_observable_expectation(string) == (-1 if minus[qubit] else 1)


@pytest.mark.parametrize("name", ["efficient_su2", "qaoa"])
def test_circuits_of_qiskit_and_shared_angles(name):
    if name == "qaoa":
        cost = SparsePauliOp.from_sparse_list([("ZZ", [q, (q + 1) % 5], 1.0) for q in range(5)], 5)
        circuit, observable = qaoa_ansatz(cost, reps=2), cost
        center = np.zeros(4)
    else:
        circuit, observable = efficient_su2(5, reps=2), nc.observables.heisenberg(5)
        center = np.zeros(circuit.num_parameters)
    found = nc.search_encoder(circuit, observable)
    assert found.loss == pytest.approx(loss_at(found.circuit, observable, center), abs=1e-10)
    np.testing.assert_allclose(found.gradient, slopes(found.circuit, observable, center), atol=1e-6)
    assert found.added_two_qubit_gates == 0 and not found.phase_inducer.data
    assert abs(found.gradient[found.parameter]) == pytest.approx(abs(found.gradient).max())


def test_the_named_term_has_the_largest_part_in_the_named_component():
    circuit, observable = nc.ansatz.mhea(6, 2), nc.observables.heisenberg(6).simplify()
    found = nc.search_encoder(circuit, observable)
    parts = [found.landscape(observable[term]).gradient(found.center)[found.parameter] for term in range(len(observable))]
    assert found.gradient[found.parameter] == pytest.approx(sum(parts))
    assert found.term == int(np.argmax(np.abs(parts)))


def test_filters_name_what_is_encoded():
    circuit, observable = efficient_su2(4, reps=2), nc.observables.ising(4, j=1, h=1)
    found = nc.search_encoder(circuit, observable, parameters=[circuit.parameters[5], 7], terms=[2, 3])
    assert found.parameter in (5, 7) and found.term in (2, 3)
    with pytest.raises(EncodingError, match="an entry of parameters is 99"):
        nc.search_encoder(circuit, observable, parameters=[99])


def test_where_no_start_has_a_gradient_a_phase_inducer_makes_one():
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("a"), 0)
    found = nc.search_encoder(circuit, SparsePauliOp("ZI"))
    assert abs(found.gradient[0]) == 1.0 and found.phase_inducer.data


def test_one_pauli_string_may_start_at_its_minimum():
    found = nc.search_encoder(nc.ansatz.mhea(5, 2), nc.observables.global_z(5))
    assert found.loss - STEP * found.gradient_norm <= -1.0


def test_a_search_out_of_time_says_how_many_starts_it_took():
    with pytest.warns(IncompleteSearchWarning, match="judged 1 of 17 start states in max_seconds = 1e-09") as caught:
        nc.search_encoder(nc.ansatz.mhea(6, 3), nc.observables.heisenberg(6), max_seconds=1e-9)
    assert caught[0].filename == __file__


def test_gradient_descent_goes_lower_from_it_on_the_heisenberg_chain():
    circuit, observable = nc.ansatz.mhea(8, 4), nc.observables.heisenberg(8)
    theta = np.random.default_rng(25).normal(size=(6, 80)) * 80**-0.5
    reached = []
    for land in (nc.Landscape(circuit, observable), nc.search_encoder(circuit, observable).landscape()):
        point = theta
        for _ in range(100):
            point = point - 0.01 * land.gradient(point)
        reached.append(land.value(point))
    plain, encoded = reached
    assert (encoded < plain - 1.0).all()
