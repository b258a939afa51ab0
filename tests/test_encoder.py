"""The encoder against state vectors of Qiskit, and at a thousand qubits against stim."""

from __future__ import annotations

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap

from encodable_circuits import bound, oracle_derivative, oracle_loss, random_case, random_label
from nearclifford.encoder.encode import Encoding, encode
from nearclifford.encoder.inducer import QISKIT_METHODS, phase_inducer, to_qiskit
from nearclifford.encoder.search import search_encoder
from nearclifford.exact.center import center_gradient
from nearclifford.normal_form.compiler import compile_circuit
from nearclifford.normal_form.gates import TABLEAU
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable
from nearclifford.normal_form.terms import terms_of

STYLES = ("compact", "paper")


def fresh_gradient(encoding: Encoding, observable: SparsePauliOp) -> tuple[float, NDArray[np.float64]]:
    """Loss and gradient at the centre by compiling the encoded circuit from nothing."""
    program = compile_circuit(encoding.circuit, encoding.center)
    terms, coefficients = terms_of(observable, program.n_qubits)
    images = PauliTable.from_stim(program.n_qubits, [program.pull_back(term) for term in terms])
    return center_gradient(PauliProblem.of(program, images, coefficients))


@pytest.mark.parametrize("part", range(20))
def test_the_encoded_derivative_is_one_for_two_thousand_random_cases(part: int) -> None:
    rng = np.random.default_rng([7, part])
    for n_qubits in rng.choice(np.arange(1, 13), size=100, p=SHARE_OF_N):
        circuit, center, factor = random_case(int(n_qubits), int(rng.integers(1, 8)), rng)
        observable = SparsePauliOp(random_label(int(n_qubits), rng))
        parameter = int(rng.integers(circuit.num_parameters))
        for style in STYLES:
            encoding = encode(circuit, observable, parameter, center=center, style=style)
            assert encoding.circuit.parameters == circuit.parameters
            derivative = oracle_derivative(encoding.circuit, observable, center, parameter, factor[parameter])
            assert abs(derivative) == pytest.approx(abs(factor[parameter]), abs=1e-10)
            assert encoding.gradient[parameter] == pytest.approx(derivative, abs=1e-10)
            assert style == "paper" or encoding.added_two_qubit_gates <= 1


# Mostly small circuits, where bugs show as well: 2,000 cases in half a minute.
SHARE_OF_N = np.array([6, 10, 12, 14, 14, 12, 10, 8, 6, 4, 2, 2]) / 100


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_qubits=st.integers(1, 5), n_terms=st.integers(1, 5), style=st.sampled_from(STYLES))
def test_loss_and_gradient_of_several_terms_equal_the_state_vector(
    seed: int, n_qubits: int, n_terms: int, style: str
) -> None:
    rng = np.random.default_rng(seed)
    circuit, center, factor = random_case(n_qubits, int(rng.integers(1, 6)), rng)
    labels = [random_label(n_qubits, rng) for _ in range(n_terms)] + ["I" * n_qubits]
    observable = SparsePauliOp(labels, rng.normal(size=n_terms + 1)).simplify()
    term = next(a for a, label in enumerate(observable.paulis.to_labels()) if label.strip("I"))
    encoding = encode(circuit, observable, int(rng.integers(circuit.num_parameters)), term, center, style)
    expected = [
        oracle_derivative(encoding.circuit, observable, center, index, factor[index]) for index in range(len(center))
    ]
    assert encoding.loss == pytest.approx(oracle_loss(encoding.circuit, observable, center), abs=1e-10)
    np.testing.assert_allclose(encoding.gradient, expected, atol=1e-10)
    loss, gradient = fresh_gradient(encoding, observable)
    assert loss == pytest.approx(encoding.loss, abs=1e-12)
    np.testing.assert_allclose(gradient, encoding.gradient, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), style=st.sampled_from(STYLES))
def test_the_encoded_circuit_is_diagonalizer_circuit_phase_inducer(seed: int, style: str) -> None:
    rng = np.random.default_rng(seed)
    circuit, center, _ = random_case(4, 4, rng)
    observable = SparsePauliOp(random_label(4, rng))
    encoding = encode(circuit, observable, 2, center=center, style=style)
    theta = rng.normal(size=4)
    parts = (encoding.diagonalizer, bound(circuit, theta), encoding.phase_inducer)
    state = Statevector.from_label("0000")
    for part in parts:
        state = state.evolve(part)
    assert state.equiv(Statevector(bound(encoding.circuit, theta)))
    assert encoding.added_depth == encoding.circuit.depth() - circuit.depth()
    assert encoding.added_two_qubit_gates == encoding.circuit.num_nonlocal_gates() - circuit.num_nonlocal_gates()


def test_two_parameters_of_one_gate_are_both_encodable() -> None:
    a, b, circuit = Parameter("a"), Parameter("b"), QuantumCircuit(1)
    circuit.rx(a + 2 * b, 0)
    assert np.abs(encode(circuit, SparsePauliOp("X"), b).gradient).tolist() == [1.0, 2.0]
    assert search_encoder(circuit, SparsePauliOp("X"), "gradient").parameter == 1


def test_a_parameter_object_names_its_index() -> None:
    theta, circuit = ParameterVector("t", 12), QuantumCircuit(2)
    for angle in theta:
        circuit.ry(angle, 0)
    assert encode(circuit, SparsePauliOp("ZZ"), theta[10]).parameter == 10


@pytest.mark.parametrize("axis", ["__X", "__Y", "__Z"])
@pytest.mark.parametrize("observable", ["_X_", "_Y_", "_Z_", "XYZ", "ZZZ", "XXX", "YYY"])
def test_the_phase_inducer_makes_the_observable_anticommute(observable: str, axis: str) -> None:
    string, turned = stim.PauliString(observable), stim.PauliString(axis)
    gates = phase_inducer(string, turned)
    assert not string.before(gates).commutes(turned)
    assert sum(instruction.name == "CX" for instruction in gates) <= 1


def test_the_coupling_map_chooses_the_closest_pair() -> None:
    circuit = QuantumCircuit(6)
    circuit.rx(Parameter("a"), 4)
    circuit.rx(Parameter("b"), 5)
    observable = SparsePauliOp("IIZIIZ")  # Z on qubits 0 and 3, no axis there
    line = CouplingMap.from_line(6)
    encoding = encode(circuit, observable, 0, coupling_map=line)
    pairs = [
        {encoding.phase_inducer.find_bit(qubit).index for qubit in instruction.qubits}
        for instruction in encoding.phase_inducer.data
        if len(instruction.qubits) == 2
    ]
    assert pairs == [{3, 4}]
    assert encode(circuit, observable, 0, coupling_map=[(0, 4)]).added_two_qubit_gates == 1
    free = encode(circuit, observable, 0).phase_inducer
    assert {free.find_bit(qubit).index for qubit in free.data[-1].qubits} == {0, 4}
    apart = encode(circuit, observable, 0, coupling_map=[(1, 2)]).phase_inducer
    assert apart == free


def test_every_primitive_has_a_qiskit_twin() -> None:
    assert set(TABLEAU) == set(QISKIT_METHODS)
    for name, tableau in TABLEAU.items():
        gates = stim.Circuit()
        gates.append(name, range(len(tableau)))
        found = Statevector.from_int(0, 4 ** len(tableau))
        twin = to_qiskit(gates, 2 * len(tableau))
        bell = QuantumCircuit(2 * len(tableau))
        for qubit in range(len(tableau)):
            bell.h(qubit)
            bell.cx(qubit, qubit + len(tableau))
        found = found.evolve(bell).evolve(twin)
        reference = stim.TableauSimulator()
        for qubit in range(len(tableau)):
            reference.h(qubit)
            reference.cx(qubit, qubit + len(tableau))
        reference.do(gates)
        assert found.equiv(Statevector(reference.state_vector(endian="little").astype(complex)), atol=1e-6)


@pytest.mark.parametrize("style", STYLES)
def test_a_thousand_qubits_against_stim(style: str) -> None:
    circuit = efficient_su2(1000, su2_gates=["ry", "rz"], entanglement="circular", reps=2)
    rng = np.random.default_rng(3)
    label = random_label(1000, rng)
    parameter = int(rng.integers(circuit.num_parameters))
    encoding = encode(circuit, SparsePauliOp(label), parameter, style=style)
    string = stim.PauliString(label[::-1].replace("I", "_"))
    values = [clifford_value(encoding.circuit, string, parameter, turns) for turns in (1, -1, 0)]
    assert (values[0] - values[1]) / 2 == encoding.gradient[parameter]
    assert abs(encoding.gradient[parameter]) == 1
    assert values[2] == encoding.loss == 0
    assert style == "paper" or encoding.added_two_qubit_gates <= 1


def clifford_value(circuit: QuantumCircuit, string: stim.PauliString, parameter: int, turns: int) -> int:
    """The expectation by stim where one parameter is ``turns · π/2`` and the others are 0."""
    quarter = {("ry", 1): "SQRT_Y", ("ry", -1): "SQRT_Y_DAG", ("rz", 1): "S", ("rz", -1): "S_DAG"}
    names = {"h": "H", "s": "S", "sx": "SQRT_X", "cx": "CX"}
    turned, simulator = circuit.parameters[parameter], stim.TableauSimulator()
    gates = stim.Circuit()
    position = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        name = instruction.name
        if name in names:
            gates.append(names[name], [position[qubit] for qubit in instruction.qubits])
        elif turned in instruction.params[0].parameters and turns:
            gates.append(quarter[name, turns], [position[instruction.qubits[0]]])
    simulator.do(gates)
    simulator.set_num_qubits(len(string))
    return int(simulator.peek_observable_expectation(string))
