"""What Qiskit's operations are made of: the one place that asks them, and that holds their answers against their matrices.

Qiskit's `Operator` and `Statevector` take an operation's matrix where it has one and its definition otherwise. The two need
not agree: a synthesis rounds, a product formula approximates, a user's gate may hold anything. Here the matrix decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import (
    AnnotatedOperation,
    BoxOp,
    ControlledGate,
    ControlModifier,
    Gate,
    Instruction,
    InverseModifier,
    PowerModifier,
)
from qiskit.circuit.library import PauliEvolutionGate, PermutationGate, UnitaryGate
from qiskit.quantum_info import Clifford, Operator, SparseObservable, SparsePauliOp
from qiskit.synthesis import synth_permutation_basic

from nearclifford.errors import CircuitError
from nearclifford.normal_form.gates import STRING_ROTATIONS
from nearclifford.normal_form.unitaries import Matrix, clifford_of, equal_up_to_phase, rotations

# Matrices of more qubits are not asked for: they take longer to multiply than the gate is worth.
MOST_MATRIX_QUBITS = 6
# An annotated power is written out so often at most.
MOST_REPETITIONS = 64
MOST_PROJECTED_TERMS = 2**12
# Their definitions hold exactly, and the tests of this package compare each with its matrix.
EXACT_DEFINITIONS = "qiskit.circuit.library.standard_gates."
LIBRARY = "qiskit.circuit.library."


def parts_of(operation: Any, where: str) -> QuantumCircuit | Matrix:
    """Return the circuit that an operation is made of, or its matrix where no circuit is known to be exact.

    Raises `CircuitError`, which names the instruction ``where``, for an operation with neither, and where Qiskit fails.

    >>> from qiskit.circuit.library import SXGate, UnitaryGate
    >>> parts_of(SXGate(), "Instruction 0").count_ops()
    OrderedDict([('sdg', 2), ('h', 1)])
    >>> parts_of(UnitaryGate([[1, 0], [0, 1]]), "Instruction 0").shape
    (2, 2)
    """
    matrix = _matrix(operation)
    if matrix is not None and isinstance(operation, UnitaryGate):
        return matrix
    try:
        definition = _definition(operation)
    except Exception as error:  # any code may stand behind a definition, Qiskit's or the user's
        if matrix is not None:
            return matrix
        raise CircuitError(
            f"{where} cannot be written as simpler gates: {_line(error)}. Give its parameters numbers, or rewrite it."
        ) from error
    if definition is not None and definition.num_qubits > operation.num_qubits:  # it wants qubits that there are not
        definition = None
    if matrix is not None and (definition is None or not _is(definition, matrix)):
        return matrix
    if definition is None:
        raise CircuitError(
            f"{where} is neither a Clifford gate nor a Pauli rotation and has no definition. Remove it, or rewrite it, for "
            "instance with qiskit.transpile(circuit, basis_gates=['rz', 'sx', 'cx'])."
        )
    if matrix is None and _contradicts(operation, definition):
        raise CircuitError(
            f"{where} has a definition that is not its matrix ({type(operation).__name__}.__array__). Correct the gate."
        )
    return definition


def taken_apart(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with gates of Qiskit's library alone, which stay as they are; users' gates become what they hold.

    Qiskit's transpiler and Aer know gates by their names, and a user's gate may bear any. Matrices become evolutions by one
    Pauli string each, since the transpiler rounds matrices.

    >>> inner = QuantumCircuit(1, name="barrier")
    >>> _ = inner.h(0)
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.append(inner.to_gate(), [0])
    >>> circuit.count_ops(), taken_apart(circuit).count_ops()
    (OrderedDict([('barrier', 1)]), OrderedDict([('h', 1)]))
    """
    if all(_is_of_qiskit(instruction.operation) for instruction in circuit.data):
        return circuit
    result = circuit.copy_empty_like()
    for number, instruction in enumerate(circuit.data):
        operation = instruction.operation
        if _is_of_qiskit(operation):
            result.append(instruction)
            continue
        parts = parts_of(operation, f"Instruction {number} ({operation.name!r})")
        inner = taken_apart(parts) if isinstance(parts, QuantumCircuit) else circuit_of_matrix(parts)
        result.compose(inner, instruction.qubits, instruction.clbits, inplace=True)
    return result


def circuit_of_matrix(matrix: Matrix) -> QuantumCircuit:
    """Return a circuit of a unitary matrix, exact up to a global phase: of Clifford gates, or of Pauli rotations.

    >>> circuit_of_matrix(np.diag([1, 1, 1, -1])).count_ops()
    OrderedDict([('h', 2), ('sdg', 1), ('cx', 1), ('s', 1)])
    """
    clifford = clifford_of(matrix)
    if clifford is not None:
        return clifford.to_circuit()
    circuit = QuantumCircuit((len(matrix) - 1).bit_length())
    for letters, angle in rotations(matrix, circuit.num_qubits):
        if letters.strip("I"):
            circuit.append(PauliEvolutionGate(SparsePauliOp(letters[::-1]), angle / 2), circuit.qubits)
    return circuit


def _is_of_qiskit(operation: Any) -> bool:
    """Return whether a class of Qiskit's says what an operation does, not the operation itself."""
    kind = getattr(operation, "base_class", type(operation))
    composite = (Gate, Instruction, ControlledGate, AnnotatedOperation, BoxOp, UnitaryGate)
    # gates that a file in OpenQASM defines are the user's, though a reader of Qiskit's makes their classes
    module = str(kind.__module__)
    library = module.startswith(("qiskit.", "qiskit_aer.")) and not module.startswith("qiskit.qasm2.")
    return library and kind not in composite


def evolved(gate: PauliEvolutionGate, where: str) -> SparsePauliOp:
    """Return the operator H of exp(-i time H), of terms that commute; projectors become Pauli strings.

    Raises `CircuitError`, which names the instruction ``where``, for terms that do not commute, since the circuit of a
    product formula is another operator than the one that Qiskit's `Statevector` computes; and for too many projectors.

    >>> evolved(PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.5, 2.0])), "Instruction 0").to_list()
    [('XX', (0.5+0j)), ('ZZ', (2+0j))]
    """
    given = gate.operator if isinstance(gate.operator, list) else [gate.operator]
    operator = SparsePauliOp.sum([_paulis(part, where) for part in given]).simplify(atol=0.0, rtol=0.0)
    x, z = operator.paulis.x.astype(np.float32), operator.paulis.z.astype(np.float32)
    if not ((x @ z.T + z @ x.T) % 2).any():
        return operator
    synthesis = type(gate.synthesis).__name__
    raise CircuitError(
        f"{where} evolves {len(operator)} terms that do not all commute, and the circuit of its synthesis ({synthesis}) is "
        "not exp(-itH). To study that circuit, ask for it by name: circuit.decompose('PauliEvolution'), after "
        "circuit.decompose() where the gate lies inside another."
    )


def _paulis(operator: SparsePauliOp | SparseObservable, where: str) -> SparsePauliOp:
    if isinstance(operator, SparsePauliOp):
        return operator
    n_terms = sum(2 ** sum(label not in "XYZ" for label in term.bit_labels()) for term in operator)
    if n_terms > MOST_PROJECTED_TERMS:
        raise CircuitError(
            f"{where} evolves projectors that are {n_terms} Pauli strings; expected {MOST_PROJECTED_TERMS} at most. Write "
            "it as simpler gates."
        )
    return SparsePauliOp.from_sparse_observable(operator)


def _matrix(operation: Any) -> Matrix | None:
    """Return what Qiskit's `Operator` takes for the operation; None where it has no matrix, or an exact definition."""
    small = getattr(operation, "num_qubits", 0) <= MOST_MATRIX_QUBITS or isinstance(operation, UnitaryGate)
    kind = getattr(operation, "base_class", type(operation))
    exact = kind in (Clifford, PermutationGate) or str(kind.__module__).startswith(EXACT_DEFINITIONS)
    return _numbers(operation) if small and not exact else None


def _numbers(operation: Any) -> Matrix | None:
    if not hasattr(operation, "to_matrix"):
        return None
    try:
        return np.asarray(operation.to_matrix(), dtype=np.complex128)
    except Exception:  # free parameters, no matrix, or a fault of a user's gate, of which the definition may know more
        return None


def _is(definition: QuantumCircuit, matrix: Matrix) -> bool:
    try:
        found = Operator(definition).data
    except Exception:  # the definition resets or measures, for instance
        return False
    return found.shape == matrix.shape and equal_up_to_phase(found, matrix)


def _contradicts(operation: Any, definition: QuantumCircuit) -> bool:
    """Return whether a user's gate with free parameters has another matrix than its definition, at angles that tell."""
    if str(type(operation).__module__).startswith("qiskit.") or not hasattr(operation, "__array__"):
        return False
    circuit = _circuit_of(operation)
    values = {parameter: 0.7368 + 0.4142 * k for k, parameter in enumerate(circuit.parameters)}
    matrix = _numbers(circuit.assign_parameters(values).data[0].operation)
    own = {parameter: value for parameter, value in values.items() if parameter in definition.parameters}
    return matrix is not None and not _is(definition.assign_parameters(own), matrix)


def _definition(operation: Any) -> QuantumCircuit | None:
    """Return the circuit of a composite operation, None where Qiskit has none."""
    if isinstance(operation, Clifford):
        return operation.to_circuit()
    if isinstance(operation, PermutationGate):
        return synth_permutation_basic(operation.pattern)
    if isinstance(operation, BoxOp):
        return operation.body
    if isinstance(operation, AnnotatedOperation):
        return _unfolded(operation)
    return getattr(operation, "definition", None)


def _unfolded(operation: AnnotatedOperation) -> QuantumCircuit:
    """Return a circuit of the base operation with its modifiers carried out: powers first, then all controls at once.

    They commute, and Qiskit's inverse of some controlled gates loses a phase.
    """
    exponent, n_controls, state = 1, 0, 0
    for modifier in operation.modifiers:
        if isinstance(modifier, InverseModifier):
            exponent = -exponent
        elif isinstance(modifier, PowerModifier):
            if modifier.power != round(modifier.power):
                raise CircuitError(f"its power is {modifier.power:g}; expected an integer, or numbers for its parameters")
            exponent *= round(modifier.power)
        elif isinstance(modifier, ControlModifier):
            state = state << modifier.num_ctrl_qubits | modifier.ctrl_state
            n_controls += modifier.num_ctrl_qubits
        else:
            raise CircuitError(f"{type(modifier).__name__} is no modifier that is known here")
    circuit = _power(_of_library(operation.base_op), exponent)
    if not n_controls:
        return circuit
    return _circuit_of(_one_or_all(circuit).control(n_controls, ctrl_state=state, annotated=False))


def _of_library(operation: Any) -> QuantumCircuit:
    """Return an operation as a circuit of gates of Qiskit's library alone, and evolutions of one term.

    What Qiskit controls it takes apart, and there it knows gates by their names, which a user's gate may bear as well,
    evolutions by their product formulas, and matrices by its rounding synthesis.
    """
    circuit = QuantumCircuit(operation.num_qubits)
    if type(operation) in STRING_ROTATIONS:  # Qiskit 2.4 loses their angle where it controls them
        operation = PauliEvolutionGate(SparsePauliOp(operation.pauli()), operation.params[0] / 2)
    if isinstance(operation, PauliEvolutionGate):
        for label, coefficient in evolved(operation, "it").to_list():
            gate = PauliEvolutionGate(SparsePauliOp(label, coefficient.real), operation.time)
            circuit.append(gate, range(operation.num_qubits))
        return circuit
    definition, matrix = _definition(operation), _matrix(operation)
    if matrix is not None and (isinstance(operation, UnitaryGate) or definition is None or not _is(definition, matrix)):
        return _with_phase(matrix)
    if str(getattr(operation, "base_class", type(operation)).__module__).startswith(LIBRARY):
        return _circuit_of(operation)
    if definition is None:
        raise CircuitError(f"{operation.name!r} has no definition")
    circuit.global_phase = definition.global_phase
    index = {qubit: position for position, qubit in enumerate(definition.qubits)}
    for instruction in definition.data:
        circuit.compose(_of_library(instruction.operation), [index[qubit] for qubit in instruction.qubits], inplace=True)
    return circuit


def _with_phase(matrix: Matrix) -> QuantumCircuit:
    """Return the circuit of a matrix with its global phase, which tells once the circuit is controlled."""
    circuit = circuit_of_matrix(matrix)
    circuit.global_phase += float(np.angle(np.vdot(Operator(circuit).data, matrix)))
    return circuit


def _one_or_all(circuit: QuantumCircuit) -> Any:
    """Return the one gate that a circuit holds, in the circuit's order of qubits, or the circuit as a gate."""
    if len(circuit.data) == 1 and not circuit.global_phase and list(circuit.data[0].qubits) == circuit.qubits:
        return circuit.data[0].operation
    return circuit.to_gate()


def _power(circuit: QuantumCircuit, exponent: int) -> QuantumCircuit:
    if abs(exponent) > MOST_REPETITIONS:
        raise CircuitError(f"its power is {exponent}; expected {MOST_REPETITIONS} at most, or numbers for its parameters")
    once = circuit.inverse() if exponent < 0 else circuit
    return once if abs(exponent) == 1 else once.repeat(abs(exponent)).decompose()


def _circuit_of(gate: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    return circuit


def _line(error: Exception) -> str:
    """Return how an exception begins, as one line without a full stop."""
    said = " ".join(str(error).split()).partition(" {")[0].strip("'\". ")
    return said[:120] or type(error).__name__
