"""Shots of Hamiltonians: every outcome decoded against Qiskit's diagonals, and means against Qiskit's expectation values."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, Statevector
from qiskit_aer.noise import NoiseModel, ReadoutError

import nearclifford as nc
from nearclifford.devices import grouping
from nearclifford.devices.grouping import term_groups


def diagonalized(group, n_qubits):
    """The operators that a group stands for after its turns: Z on the measured qubits of each mask."""
    measured = [instruction for instruction in group.measurement.data if instruction.operation.name == "measure"]
    bit_of = {
        group.measurement.find_bit(one.clbits[0]).index: group.measurement.find_bit(one.qubits[0]).index for one in measured
    }
    for mask in group.masks:
        bits = [bit for bit in bit_of if int(mask[bit // 64]) >> (bit % 64) & 1]
        yield "".join("Z" if qubit in {bit_of[bit] for bit in bits} else "I" for qubit in reversed(range(n_qubits)))


@pytest.mark.parametrize(
    "observable",
    [
        nc.observables.heisenberg(9),
        nc.observables.ising(9),
        nc.observables.biased_heisenberg(10),
        nc.observables.random_hamiltonian(9, 60, rng=1),
    ],
)
def test_groups_are_the_observable(observable):
    """Each group, its turns undone by Qiskit's Operator, gives back its terms; together they are all terms."""
    n_qubits, total = observable.num_qubits, None
    constant, groups = term_groups(observable)
    assert constant == 0
    for group in groups:
        turns = Operator(group.measurement.remove_final_measurements(inplace=False))
        labels = list(diagonalized(group, n_qubits))
        local = SparsePauliOp(labels, group.coefficients)
        part = turns.adjoint().data @ (local.to_matrix(sparse=True) @ turns.data)
        total = part if total is None else total + part
    assert np.abs(total - observable.to_matrix()).max() < 1e-12


@pytest.mark.parametrize("n_qubits", [1, 8, 9, 12])
def test_all_outcomes_equal_a_dense_diagonal(n_qubits, monkeypatch):
    """Every one of 2^N outcomes, looked at in pieces, against the diagonal of Qiskit's sparse matrix."""
    rng = np.random.default_rng(n_qubits)
    labels = {"".join(rng.choice(["I", "Z"], n_qubits)) for _ in range(200)} - {"I" * n_qubits} | {"Z" * n_qubits}
    observable = SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))
    diagonal = observable.to_matrix(sparse=True).diagonal().real
    [group] = term_groups(observable)[1]
    outcomes = np.arange(2**n_qubits, dtype=np.uint64)[:, None]
    assert np.abs(group.values(outcomes) - diagonal).max() < 1e-12
    monkeypatch.setattr(grouping, "MOST_WORDS", 7 * len(labels))
    assert np.abs(group.values(outcomes) - diagonal).max() < 1e-12
    mean, square_error = group.mean({hex(outcome): 1 for outcome in range(2**n_qubits)})
    assert abs(mean - diagonal.mean()) < 1e-12
    assert np.isclose(square_error, diagonal.var(ddof=1) / 2**n_qubits)


@pytest.mark.parametrize(
    "observable", [nc.observables.heisenberg(9), nc.observables.ising(9), nc.observables.heisenberg(14)]
)
def test_values_agree_with_qiskit(observable):
    """Three points of 2,000 shots within 4.5 standard errors, by Qiskit's Statevector: false alarm 2e-5."""
    n_qubits = observable.num_qubits
    circuit = nc.ansatz.mhea(n_qubits, 1)
    land = nc.Landscape(circuit, observable)
    theta = np.random.default_rng(3).normal(size=(3, land.n_parameters))
    found = nc.Aer("CPU", shots=2000).value(land, theta, rng=4)
    for value, point in zip(found, theta, strict=True):
        state = Statevector(circuit.assign_parameters(point))
        exact = state.expectation_value(observable).real
        # Groups are measured apart, so the variance is at most the sum of theirs, each at most (Σ|c|)².
        spread = sum(np.abs(group.coefficients).sum() ** 2 for group in term_groups(observable)[1])
        assert abs(value - exact) < 4.5 * np.sqrt(spread / 2000)
        assert abs(value - exact) > 0


def test_many_terms_on_ten_qubits():
    """150 terms, 12 repetitions of 200 shots: Student's t of 11 degrees of freedom below 6, false alarm 1e-4."""
    observable = nc.observables.random_hamiltonian(10, 150, rng=5)
    circuit = nc.ansatz.mhea(10, 1)
    land, theta = nc.Landscape(circuit, observable), np.random.default_rng(6).normal(size=40)
    groups = term_groups(observable)[1]
    assert sum(len(group.coefficients) for group in groups) == 150
    found = nc.Aer("CPU", shots=200).value(land, np.tile(theta, (12, 1)), rng=7)
    exact = Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real
    error = found.std(ddof=1) / np.sqrt(12)
    assert abs(found.mean() - exact) < 6 * error
    most = np.sqrt(sum(np.abs(group.coefficients).sum() ** 2 for group in groups) / 200)
    assert 0.1 * most < found.std(ddof=1) < 1.6 * most


@pytest.mark.parametrize("n_qubits", [63, 64, 65, 130])
def test_clifford_points_across_the_words(n_qubits):
    """Random signs of Z on each qubit: every shot is the same, and right to the last qubit."""
    rng = np.random.default_rng(n_qubits)
    flipped = rng.random(n_qubits) < 0.5
    circuit = QuantumCircuit(n_qubits)
    for qubit in range(n_qubits):
        circuit.rx(Parameter(f"a{qubit:03}"), qubit)
    strings = [rng.random(n_qubits) < 0.5 for _ in range(12)] + list(np.eye(n_qubits, dtype=bool))
    weights = rng.normal(size=len(strings))
    observable = SparsePauliOp([Pauli((string, np.zeros_like(string))) for string in strings], weights)
    land = nc.Landscape(circuit, observable)
    signs = np.array([(-1.0) ** np.count_nonzero(string & flipped) for string in strings])
    value = nc.Aer(shots=5).value(land, np.where(flipped, np.pi, 0.0), rng=1)
    assert abs(value - weights @ signs) < 1e-9


def test_twenty_qubits_of_a_heisenberg_chain():
    """Exact at the Clifford centre |0...0>: ZZ of each bond is 1 in every shot, XX and YY have mean 0 (4.5 errors)."""
    land = nc.Landscape(nc.ansatz.mhea(20, 1), nc.observables.heisenberg(20))
    value = nc.Aer(shots=400).value(land, land.center, rng=2)
    assert abs(value - 19) < 4.5 * np.sqrt(2 * 19 / 400)


@pytest.mark.parametrize("n_qubits", [9, 11])
def test_exact_values_and_noisy_shots_of_nine_qubits_and_more(n_qubits):
    """Exact values by Qiskit's Statevector; a bit flip of probability p at every reading scales ZZ by (1 - 2p)²."""
    circuit, observable = nc.ansatz.mhea(n_qubits, 1), nc.observables.heisenberg(n_qubits)
    land = nc.Landscape(circuit, observable)
    theta = np.random.default_rng(1).normal(size=land.n_parameters)
    exact = Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real
    assert abs(nc.Aer("CPU").value(land, theta) - exact) < 1e-9
    states = nc.Aer("CPU", shots=1000, method="matrix_product_state").value(land, theta, rng=1)
    assert abs(states - exact) < 4.5 * np.sqrt(3 * (n_qubits - 1) ** 2 / 1000)
    model = NoiseModel(basis_gates=["ry", "rz", "cx", "rx", "h", "sdg"])
    model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.1, 0.9]]))
    noisy = nc.Aer("CPU", shots=2000, noise_model=model, method="statevector").value(land, land.center, rng=2)
    assert abs(noisy - 0.64 * (n_qubits - 1)) < 4.5 * np.sqrt(3 * (n_qubits - 1) ** 2 / 2000)
