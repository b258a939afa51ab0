"""Clifford gates put around a normal form, and the landscapes of encodings, against the compiler and Qiskit."""

import numpy as np
import pytest
import stim
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.normal_form.compiler import compile_circuit
from nearclifford.normal_form.gates import TABLEAU
from nearclifford.normal_form.program import PauliTable
from normal_forms import QISKIT_OF, equal_up_to_phase, expected, from_normal_form, from_tape
from random_circuits import oracle_gradient, oracle_value, random_center, random_circuit, random_observable

COLUMNS = ("opcode", "first", "second", "rotation")


def random_gates(rng, n_qubits, count):
    """Clifford gates of one and two qubits as a circuit of stim, and as one of Qiskit."""
    gates, circuit = stim.Circuit(), QuantumCircuit(n_qubits)
    for name in rng.choice(list(TABLEAU), size=count):
        size = len(TABLEAU[name])
        if size > n_qubits:
            continue
        qubits = rng.choice(n_qubits, size=size, replace=False).tolist()
        gates.append(str(name), qubits)
        circuit.append(QISKIT_OF[name](), qubits)
    return gates, circuit


def same_table(first, second):
    return all(np.array_equal(getattr(first, part), getattr(second, part)) for part in ("x", "z", "sign"))


def same_form(first, second):
    """Generators with signs, pull-back, centre and angle map."""
    maps = (first.angle_map, second.angle_map)
    parts = ("center", "entry_rotation", "entry_parameter", "factor", "offset", "parameters")
    return (
        same_table(first.generators, second.generators)
        and first.pull_back == second.pull_back
        and all(np.array_equal(getattr(maps[0], part), getattr(maps[1], part)) for part in parts)
    )


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_normal_form_of_the_whole_circuit(seed):
    rng = np.random.default_rng([seed, 21])
    n_qubits = int(rng.integers(1, 5))
    circuit = random_circuit(rng, n_qubits, 10)
    (before, first), (after, last) = (random_gates(rng, n_qubits, int(rng.integers(0, 9))) for _ in range(2))
    center, theta = random_center(rng, len(circuit.parameters)), rng.normal(size=len(circuit.parameters))
    whole = circuit.compose(first, front=True).compose(last)
    found = compile_circuit(circuit, center).surrounded(before, after)
    assert same_form(found, compile_circuit(whole, center))
    assert equal_up_to_phase(from_normal_form(found, theta), expected(whole, theta))
    assert equal_up_to_phase(from_tape(found, theta), expected(whole, theta))
    for rotation in range(found.angle_map.n_rotations):
        assert found.angle_map.describe(rotation) == compile_circuit(circuit, center).angle_map.describe(rotation)


@pytest.mark.parametrize("n_qubits", [63, 64, 65, 130])
def test_strings_through_gates_of_one_and_two_qubits_beyond_a_word(n_qubits):
    rng = np.random.default_rng(n_qubits)
    strings = [stim.PauliString.random(n_qubits) * int(rng.choice([-1, 1])) for _ in range(50)]
    gates, _ = random_gates(rng, n_qubits, 60)
    gates += stim.Circuit(f"S {' '.join(map(str, range(n_qubits)))}\nH 0 0 {n_qubits - 1}\nSQRT_X 0 0 0\nCX 0 1 1 2")
    strings = [string * string.sign for string in strings]  # real signs
    found = PauliTable.from_stim(n_qubits, strings).pulled_back(gates)
    assert [found.to_stim(row) for row in range(50)] == [string.before(gates) for string in strings]


@pytest.mark.parametrize("style", ["compact", "paper"])
@pytest.mark.parametrize("seed", range(8))
def test_the_landscape_of_an_encoding_is_that_of_its_circuit(style, seed):
    rng = np.random.default_rng([seed, 22])
    n_qubits = int(rng.integers(2, 6))
    circuit = [nc.ansatz.mhea(n_qubits, 2), nc.ansatz.random_pqc(n_qubits, 3, rng=seed)][seed % 2]
    observable = random_observable(rng, n_qubits, 4) + SparsePauliOp("Z" * n_qubits)
    center = random_center(rng, len(circuit.parameters))
    encoding = nc.encode(circuit, observable, parameter=int(rng.integers(len(center))), style=style, center=center)
    others = [Pauli("X" * n_qubits), nc.observables.heisenberg(n_qubits)]
    for other in (None, *others):
        land, target = encoding.landscape(other), observable if other is None else other
        plain = nc.Landscape(encoding.circuit, target, center)
        assert same_form(land.program, plain.program)
        assert same_table(land.problem.images, plain.problem.images)
        for theta in (center, rng.normal(size=len(center))):
            assert land.value(theta) == pytest.approx(oracle_value(encoding.circuit, target, theta), abs=1e-11)
            assert land.gradient(theta) == pytest.approx(oracle_gradient(encoding.circuit, target, theta), abs=1e-11)
    assert encoding.landscape().gradient(center) == pytest.approx(encoding.gradient, abs=1e-12)
    assert encoding.landscape().value(center) == pytest.approx(encoding.loss, abs=1e-12)
    theta = rng.normal(size=len(center))
    assert equal_up_to_phase(from_tape(encoding.landscape().program, theta), expected(encoding.circuit, theta))


@pytest.mark.parametrize("style", ["compact", "paper"])
@pytest.mark.parametrize("share", [0.0, 1.0], ids=["at 0", "elsewhere"])
def test_a_hundred_and_fifty_qubits_and_the_walk_along_the_tape(style, share):
    """The stabilizer sampler walks the tape: from the same seed it finds the same numbers as on a compiled circuit."""
    rng = np.random.default_rng(23)
    circuit, observable = nc.ansatz.mhea(150, 3), nc.observables.heisenberg(150)
    center = random_center(rng, len(circuit.parameters)) * share
    encoding = nc.encode(circuit, observable, parameter=500, term=200, style=style, center=center)
    land, plain = encoding.landscape(), nc.Landscape(encoding.circuit, observable, center)
    assert same_form(land.program, plain.program)
    if style == "compact":
        assert all(np.array_equal(getattr(land.program.tape, part), getattr(plain.program.tape, part)) for part in COLUMNS)
    found = [
        nc.gradient_statistics(one, nc.Gaussian(0.02), nc.Stabilizer(), parameters=[3, 500], samples=400, rng=1)
        for one in (land, plain)
    ]
    assert np.array_equal(found[0].second_moment, found[1].second_moment)
    assert np.array_equal(found[0].mean, found[1].mean)


def test_what_is_done_to_an_encoding_changes_nothing_in_its_landscape():
    circuit, observable = nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)
    encoding = nc.encode(circuit, observable, parameter=4)
    theta = np.full(12, 0.3)
    before = oracle_value(encoding.circuit, observable, theta)
    encoding.circuit.x(0)
    circuit.h(1)
    observable.coeffs[:] = 7.0
    assert encoding.landscape().value(theta) == pytest.approx(before, abs=1e-12)
    assert encoding.landscape(Pauli("ZZZ")).circuit.size() == encoding.circuit.size() - 1


def test_an_observable_of_another_size_is_refused():
    encoding = nc.encode(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3), parameter=4)
    with pytest.raises(nc.ObservableError, match="acts on 2 qubits; expected 3"):
        encoding.landscape(Pauli("ZZ"))
