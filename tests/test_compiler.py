"""The compiler against Qiskit's matrices: normal form, gate tape, table of gates, errors."""

import itertools

import numpy as np
import pytest
import stim
from hypothesis import given
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    AnnotatedOperation,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    library,
)
from qiskit.quantum_info import Clifford, Operator, Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.normal_form.compiler import compile_circuit
from nearclifford.normal_form.gates import CLIFFORD_GATES, INVERSE_NAME, PRIMITIVES, QUARTER_TURNS, ROTATION_GATES, TABLEAU
from normal_forms import QISKIT_OF, clifford_matrix, equal_up_to_phase, expected, from_normal_form, from_tape, matrix
from random_circuits import random_center, random_circuit


@given(st.integers(0, 2**32))
def test_normal_form_and_tape_are_the_circuit(seed):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, int(rng.integers(1, 5)), int(rng.integers(1, 15)))
    theta = rng.normal(size=len(circuit.parameters))
    program = compile_circuit(circuit, random_center(rng, len(theta)))
    assert equal_up_to_phase(from_normal_form(program, theta), expected(circuit, theta))
    assert equal_up_to_phase(from_tape(program, theta), expected(circuit, theta))
    assert np.abs(program.angle_map.offset).max(initial=0) <= np.pi / 4 + 1e-12


@pytest.mark.parametrize("kind", CLIFFORD_GATES, ids=lambda kind: kind.__name__)
def test_every_clifford_gate_of_the_table(kind):
    gate = kind(0.3) if kind is library.GlobalPhaseGate else kind()
    n_qubits = max(2, gate.num_qubits)
    for qubits in itertools.permutations(range(n_qubits), gate.num_qubits):
        circuit = QuantumCircuit(n_qubits)
        circuit.append(gate, qubits)
        program = compile_circuit(circuit)
        assert program.angle_map.n_rotations == 0
        unitary = Operator(circuit).data
        for text in ("XI", "ZI", "IX", "IZ", "YX"):
            pauli = stim.PauliString(text)
            assert np.allclose(matrix(program.pull_back(pauli)), unitary.conj().T @ matrix(pauli) @ unitary)
        assert equal_up_to_phase(from_tape(program, np.zeros(0)), unitary)


@pytest.mark.parametrize("kind", ROTATION_GATES, ids=lambda kind: kind.__name__)
def test_every_rotation_gate_of_the_table(kind):
    rng = np.random.default_rng(0)
    n_angles = {library.UGate: 3, library.U3Gate: 3, library.U2Gate: 2, library.TGate: 0, library.TdgGate: 0}.get(kind, 1)
    symbols = [Parameter(name) for name in "abc"[:n_angles]]
    gate = kind(*symbols)
    for qubits in itertools.permutations(range(2), gate.num_qubits):
        circuit = QuantumCircuit(2)
        circuit.append(gate, qubits)
        for center in (None, random_center(rng, n_angles)):
            theta = rng.normal(size=n_angles)
            program = compile_circuit(circuit, center)
            assert equal_up_to_phase(from_normal_form(program, theta), expected(circuit, theta))
            assert equal_up_to_phase(from_tape(program, theta), expected(circuit, theta))


def test_tables_of_primitives_are_consistent():
    for name, other in INVERSE_NAME.items():
        assert TABLEAU[name].then(TABLEAU[other]) == stim.Tableau(len(TABLEAU[name]))
        unitary = Operator(QISKIT_OF[name]()).data
        assert equal_up_to_phase(clifford_matrix(TABLEAU[name]), unitary)
    for letter, names in QUARTER_TURNS.items():
        for turns, name in enumerate(names, start=1):
            rotation = Operator(QISKIT_OF["R" + letter](turns * np.pi / 2)).data
            assert equal_up_to_phase(rotation, Operator(QISKIT_OF[name]()).data)


@pytest.mark.parametrize(
    "operation",
    [
        library.QFTGate(2),
        Clifford(library.ECRGate()),
        library.UnitaryGate(Operator(library.CU3Gate(0.3, 0.1, 0.7))),
        library.PermutationGate([2, 0, 1]),
    ],
    ids=["qft", "clifford", "unitary", "permutation"],
)
def test_composite_operations_follow_their_definition(operation):
    circuit = QuantumCircuit(3)
    circuit.ry(Parameter("a"), 2)
    circuit.rx(0.3, 1)
    circuit.append(operation, [2, 0, 1][: operation.num_qubits])
    theta = np.array([0.4])
    assert equal_up_to_phase(from_normal_form(compile_circuit(circuit), theta), expected(circuit, theta))


def test_a_gate_that_only_borrows_a_name_is_not_mistaken():
    """The table is keyed by class: a user's gate called 'x' follows its own definition."""
    inner = QuantumCircuit(1, name="x")
    inner.h(0)
    circuit = QuantumCircuit(1)
    circuit.append(inner.to_gate(), [0])
    assert compile_circuit(circuit).pull_back(stim.PauliString("Z")) == stim.PauliString("X")


def test_pauli_evolution_of_several_terms_and_of_one():
    operator = SparsePauliOp(["XY", "ZZ"], [0.5, -1.0])
    circuit = QuantumCircuit(2)
    circuit.append(library.PauliEvolutionGate(operator, time=Parameter("t")), [0, 1])
    theta = np.array([0.7])
    program = compile_circuit(circuit)
    assert equal_up_to_phase(from_normal_form(program, theta), Operator(circuit.decompose().assign_parameters(theta)).data)
    assert program.angle_map.factor.tolist() == [1.0, -2.0]


HAS_STRING_ROTATIONS = pytest.mark.skipif(
    not hasattr(library, "PauliProductRotationGate"), reason="Qiskit has the gate from 2.4 on"
)


@HAS_STRING_ROTATIONS
@pytest.mark.parametrize("label", ["X", "-Y", "XYZ", "-XIZ", "IZY", "-III", "ZZZ"])
@pytest.mark.parametrize("angle", [Parameter("a"), -2 * Parameter("a") + 0.3, 0.7, np.pi / 2, -np.pi, 1e5])
def test_a_pauli_product_rotation_is_one_rotation_about_its_string(label, angle):
    gate = library.PauliProductRotationGate(Pauli(label), angle)
    circuit = QuantumCircuit(4)
    circuit.ry(Parameter("first"), 2)
    circuit.append(gate, [2, 3, 0][: gate.num_qubits])
    circuit.append(gate.inverse(), [1, 2, 0][: gate.num_qubits])
    rng = np.random.default_rng(0)
    theta = rng.normal(size=len(circuit.parameters))
    for center in (None, random_center(rng, len(theta))):
        program = compile_circuit(circuit, center)
        assert equal_up_to_phase(from_normal_form(program, theta), expected(circuit, theta))
        assert equal_up_to_phase(from_tape(program, theta), expected(circuit, theta))
        turning = not label.endswith("III") and angle not in (np.pi / 2, -np.pi)
        assert program.angle_map.n_rotations == 1 + 2 * turning


@HAS_STRING_ROTATIONS
@pytest.mark.parametrize("state", [0, 1, None])
@pytest.mark.parametrize("annotated", [True, False])
@pytest.mark.parametrize("angle", [Parameter("a"), 0.7])
def test_controlled_pauli_product_rotations(state, annotated, angle):
    gate = library.PauliProductRotationGate(Pauli("-XY"), angle).control(1, ctrl_state=state, annotated=annotated)
    circuit = QuantumCircuit(3)
    circuit.ry(Parameter("first"), 2)
    circuit.append(gate, [2, 0, 1])
    theta = np.random.default_rng(0).normal(size=len(circuit.parameters))
    assert equal_up_to_phase(from_normal_form(compile_circuit(circuit), theta), expected(circuit, theta))


@HAS_STRING_ROTATIONS
@pytest.mark.parametrize("angle", [Parameter("a"), 0.7])
def test_annotated_pauli_product_rotations(angle):
    gate = library.PauliProductRotationGate(Pauli("-XY"), angle)
    annotated = AnnotatedOperation(gate, [InverseModifier(), PowerModifier(3), ControlModifier(2, 1)])
    circuit = QuantumCircuit(4)
    circuit.ry(Parameter("first"), 2)
    circuit.append(annotated, [2, 0, 1, 3])
    theta = np.random.default_rng(0).normal(size=len(circuit.parameters))
    assert equal_up_to_phase(from_normal_form(compile_circuit(circuit), theta), expected(circuit, theta))


@HAS_STRING_ROTATIONS
def test_a_subclass_of_a_pauli_product_rotation_follows_its_own_definition():
    class Own(library.PauliProductRotationGate):
        def _define(self):
            self.definition = QuantumCircuit(2)
            self.definition.x(0)

        def to_matrix(self):
            return Operator(self.definition).data

    circuit = QuantumCircuit(2)
    circuit.append(Own(Pauli("XY"), 0.3), [0, 1])
    assert compile_circuit(circuit).pull_back(stim.PauliString("ZI")) == stim.PauliString("-ZI")


@HAS_STRING_ROTATIONS
def test_a_pauli_product_rotation_of_a_thousand_qubits():
    """Qiskit's synthesis is not asked: the string of the gate is the generator, in the order of its qubits."""
    rng = np.random.default_rng(3)
    label, qubits = "".join(rng.choice(list("IXYZ"), size=1000)), rng.permutation(1000).tolist()
    circuit = QuantumCircuit(1000)
    circuit.append(library.PauliProductRotationGate(Pauli("-" + label), Parameter("a")), qubits)
    program = compile_circuit(circuit)
    wanted = stim.PauliString(1000)
    for letter, qubit in zip(reversed(label), qubits, strict=True):
        wanted[qubit] = letter
    assert program.generators.to_stim(0) == wanted
    assert program.angle_map.factor.tolist() == [-1.0]
    assert program.pull_back == stim.Tableau(1000)


@HAS_STRING_ROTATIONS
def test_pauli_product_measurements_are_refused_like_measurements():
    circuit = QuantumCircuit(2, 1)
    circuit.rx(Parameter("a"), 0)
    circuit.append(library.PauliProductMeasurement(Pauli("-XZ")), [1, 0], [0])
    with pytest.raises(
        nc.CircuitError, match=r"Instruction 1 \('pauli_product_measurement' on qubits \[1, 0\]\) is not unit"
    ):
        compile_circuit(circuit)


def test_registers_need_not_be_in_order():
    first, second = QuantumRegister(1, "b"), QuantumRegister(2, "a")
    circuit = QuantumCircuit(first, second)
    circuit.cx(second[1], first[0])
    circuit.rx(Parameter("x"), first[0])
    theta = np.array([1.1])
    assert equal_up_to_phase(from_normal_form(compile_circuit(circuit), theta), expected(circuit, theta))


def test_parameters_factors_and_offsets():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1)
    circuit.rz(2 * a - b / 4 + np.pi / 2 + 0.1, 0)
    circuit.rx(b - b, 0)
    circuit.rz(np.pi / 2, 0)
    program = compile_circuit(circuit, [np.pi / 2, 2 * np.pi])
    assert program.angle_map.parameters == ("a", "b")
    assert program.angle_map.entry_rotation.tolist() == [0, 0]
    assert program.angle_map.factor.tolist() == [2.0, -0.25]
    assert np.allclose(program.angle_map.offset, [0.1])
    assert program.angle_map.rotations_of(0).tolist() == program.angle_map.rotations_of(1).tolist() == [0]
    assert np.allclose(program.angle_map.to_parameters(np.array([[3.0]])), [[6.0, -0.75]])


def test_a_thousand_qubits_agree_with_stim():
    """Without rotations the pulled-back observable is what stim's simulator measures."""
    circuit = nc.ansatz.mhea(1000, 2)
    center = random_center(np.random.default_rng(1), len(circuit.parameters))
    program = compile_circuit(circuit, center)
    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(1000)
    for opcode, first, second, rotation in zip(
        program.tape.opcode, program.tape.first, program.tape.second, program.tape.rotation, strict=True
    ):
        if rotation < 0:
            targets = [int(first)] if second < 0 else [int(first), int(second)]
            simulator.do(stim.CircuitInstruction(PRIMITIVES[opcode], targets))
    for seed in range(5):
        pauli = stim.PauliString.random(1000)
        image = program.pull_back(pauli)
        value = 0 if image.pauli_indices("XY") else int(image.sign.real)
        assert simulator.peek_observable_expectation(pauli) == value, seed


def circuit_with(build):
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    build(circuit)
    return circuit


def classically_controlled(circuit):
    with circuit.if_test((circuit.cregs[0], 1)):
        circuit.x(0)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda c: c.measure(0, 1),
            r"Instruction 1 \('measure' on qubits \[0\]\) is not unitary.*remove_final_measurements",
        ),
        (lambda c: c.reset(1), r"Instruction 1 \('reset' on qubits \[1\]\)"),
        (lambda c: c.initialize([1, 0, 0, 0], [0, 1]), r"Instruction 1 \('initialize' on qubits \[0, 1\]\)"),
        (classically_controlled, r"Instruction 1 \('if_else' on qubits \[0\]\)"),
        (lambda c: c.append(Gate("mine", 1, []), [1]), r"Instruction 1 \('mine' on qubits \[1\]\) .* has no definition"),
        (lambda c: c.rx(Parameter("a") ** 2, 0), r"Instruction 1 has the angle a\*\*2, which is not affine in 'a'"),
        (lambda c: c.rx(Parameter("a") * Parameter("b"), 0), "not affine in 'a'"),
        (lambda c: c.rx(Parameter("a").sin(), 0), "not affine in 'a'"),
        (lambda c: c.rx(Parameter("a").sign(), 0), "not affine in 'a'"),
        (lambda c: c.rz(1j * Parameter("a"), 0), "Instruction 1 has the angle .* expected a finite real number"),
        (lambda c: c.rz(float("nan"), 0), "Instruction 1 has the angle nan"),
    ],
)
def test_unsupported_instructions_are_named(build, text):
    with pytest.raises(nc.CircuitError, match=text):
        compile_circuit(circuit_with(build))


@pytest.mark.parametrize(
    ("center", "text"),
    [
        ([0.0, 0.3, 0.0], r"centre of parameter 'p\[1\]' is 0.3; expected a multiple of π/2 .* nearest is 0 \* π/2"),
        ([0.0, 0.0, 1.6], r"'p\[2\]' is 1.6; .* nearest is 1 \* π/2"),
        ([0.0, np.nan, 0.0], r"'p\[1\]' is nan"),
        ([0.0, 0.0], r"center has shape \(2,\)"),
        ([0.0, 0.0, 0j], "dtype complex128"),
    ],
)
def test_center_off_the_grid(center, text):
    circuit = QuantumCircuit(1)
    for parameter in ParameterVector("p", 3):
        circuit.rx(parameter, 0)
    with pytest.raises(nc.CircuitError, match=text):
        compile_circuit(circuit, center)


def test_no_qubits_and_no_gates():
    with pytest.raises(nc.CircuitError, match="no qubits"):
        compile_circuit(QuantumCircuit(ClassicalRegister(1)))
    empty = compile_circuit(QuantumCircuit(2))
    assert (empty.angle_map.n_rotations, empty.angle_map.n_parameters, len(empty.tape)) == (0, 0, 0)
