"""Circuits of PennyLane: QNodes, tapes and quantum scripts with their free parameters.

Nothing is read from formulas: PennyLane builds the tape, at points without pattern, and takes apart what the table of gates
does not know; how every angle depends on the parameters is found from the tapes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import shown
from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError, ObservableError
from nearclifford.interchange.affine_tracing import affine_angles
from nearclifford.interchange.imported import ImportedCircuit, foreign, observable_on, positions
from nearclifford.interchange.pennylane_gates import ANGLES, KNOWN, append
from nearclifford.normal_form.foreign_operators import library_of, pennylane_terms
from nearclifford.normal_form.operators import operator_of

# What makes a tape from the D parameters.
Build = Callable[[Floats], Any]


def from_pennylane(
    circuit: Any, *arguments: Any, observable: Any = None, wire_order: Iterable[Any] | None = None, **settings: Any
) -> ImportedCircuit:
    """Return a circuit of PennyLane as one of Qiskit with the same value and gradient at every theta.

    Parameters
    ----------
    circuit : a QNode, or a ``QuantumTape`` / ``QuantumScript``.
    arguments, settings : what the QNode is called with. Its parameters are the entries of its floating-point positional
        arguments, flattened in order, as `qml.grad` orders them; an argument with ``requires_grad=False``, integers, texts
        and keyword arguments stay fixed. A tape has no arguments: its parameters are those of ``tape.trainable_params``
        that belong to gates, flattened in order.
    observable : what to measure instead of the one ``qml.expval(...)`` that the circuit ends with: an operator of PennyLane
        on its wires, or text and other forms as for `Landscape` on Qiskit's qubits.
    wire_order : the wires in the order of Qiskit's qubits: wire_order[0] becomes qubit 0. By default the wires of the device
        where it has some, else those of the tape, numbers in ascending order. PennyLane prints wire 0 as the leftmost bit,
        Qiskit prints qubit 0 as the rightmost: in labels the order is reversed, in indices it is not.

    Raises
    ------
    CircuitError : an operation that PennyLane cannot take apart into known gates, a measurement in the middle, gates or
        angles that depend on the parameters otherwise than ``constant + factor * parameter + ...``, or a batch of angles.
    ObservableError : another measurement than one expectation value, and an observable that is no sum of Pauli strings.
    NearCliffordError : PennyLane is not installed.

    Examples
    --------
    >>> qml = __import__("pytest").importorskip("pennylane")
    >>> @qml.qnode(qml.device("default.qubit", wires=2))
    ... def loss(x):
    ...     qml.RX(x[0], wires=0)
    ...     qml.IsingZZ(2 * x[1], wires=[0, 1])
    ...     return qml.expval(qml.Z(0) @ qml.Z(1))
    >>> found = from_pennylane(loss, np.array([0.3, 0.2]))
    >>> found, found.parameters
    (ImportedCircuit(2 qubits, 2 parameters, 1 term), ('x[0]', 'x[1]'))
    >>> bool(abs(found.landscape().value(found.theta) - np.cos(0.3)) < 1e-12)
    True
    """
    qml = foreign("pennylane", "pennylane")
    if isinstance(circuit, qml.QNode):
        build, theta, names = _of_qnode(qml, circuit, arguments, settings)
        wires = circuit.device.wires
    elif isinstance(circuit, qml.tape.QuantumScript):
        if arguments or settings:
            raise CircuitError("A tape takes no arguments; expected from_pennylane(tape, observable=..., wire_order=...).")
        build, theta, names = _of_tape(circuit)
        wires = None
    else:
        raise CircuitError(f"The circuit is a {type(circuit).__name__}; expected a QNode or a QuantumScript of PennyLane.")
    tape = build(theta)
    qubit_of = positions(_ordered(wire_order, wires, tape), "wire_order")
    found = _converted(qml, build, len(theta), qubit_of)
    measured = _observable(qml, build, theta, observable, qubit_of)
    return ImportedCircuit(found, measured, theta, names, tuple(qubit_of))


# the two kinds of circuits


def _of_tape(tape: Any) -> tuple[Build, Floats, tuple[str, ...]]:
    gates = {index for index, info in enumerate(tape.par_info) if info["op_idx"] < len(tape.operations)}
    free = [index for index in tape.trainable_params if index in gates]
    values = tape.get_parameters(trainable_only=False)
    shapes = [np.shape(values[index]) for index in free]
    theta = _flat([values[index] for index in free])

    def build(point: Floats) -> Any:
        return tape.bind_new_parameters(_split(point, shapes), free)

    names = [f"{tape.par_info[index]['op'].name}_{index}" for index in free]
    return build, theta, _entry_names(names, shapes)


def _of_qnode(
    qml: Any, qnode: Any, arguments: Sequence[Any], settings: dict[str, Any]
) -> tuple[Build, Floats, tuple[str, ...]]:
    free = [index for index, argument in enumerate(arguments) if _is_free(argument)]
    shapes = [np.shape(_numbers(arguments[index])) for index in free]
    theta = _flat([_numbers(arguments[index]) for index in free])

    def build(point: Floats) -> Any:
        given = list(arguments)
        for index, part in zip(free, _split(point, shapes), strict=True):
            given[index] = _like(qml, arguments[index], part)
        return qml.workflow.construct_tape(qnode, level="user")(*given, **settings)

    names = list(inspect.signature(qnode.func).parameters)
    names += [f"argument_{index}" for index in range(len(names), len(arguments))]
    return build, theta, _entry_names([names[index] for index in free], shapes)


def _is_free(argument: Any) -> bool:
    if not getattr(argument, "requires_grad", True):
        return False
    try:
        return _numbers(argument).dtype.kind == "f"
    except (TypeError, ValueError):
        return False


def _numbers(argument: Any) -> np.ndarray:
    detached = argument.detach().cpu() if hasattr(argument, "detach") else argument
    return np.asarray(detached)


def _like(qml: Any, argument: Any, values: Any) -> Any:
    """Return values as the library of an argument has them, so that the function of a QNode can use it."""
    if type(argument).__module__.startswith("torch"):
        torch = foreign("torch", "torch")
        return torch.tensor(values, dtype=torch.float64)
    return float(values) if isinstance(argument, float) else qml.numpy.array(values)


def _flat(values: Sequence[Any]) -> Floats:
    parts = [np.ravel(_numbers(value)).astype(np.float64) for value in values]
    return np.concatenate([np.empty(0), *parts])


def _split(point: Floats, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return (
        [part.reshape(shape)[()] for part, shape in zip(np.split(point, ends[:-1]), shapes, strict=True)] if shapes else []
    )


def _entry_names(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    return tuple(
        name + (f"[{', '.join(map(str, index))}]" if shape else "")
        for name, shape in zip(names, shapes, strict=True)
        for index in np.ndindex(shape)
    )


# wires, gates and observable


def _ordered(wire_order: Iterable[Any] | None, device: Any, tape: Any) -> list[Any]:
    if wire_order is not None:
        return list(wire_order)
    if device is not None:
        return list(device)
    labels = list(tape.wires)
    return sorted(labels) if all(isinstance(label, int | np.integer) for label in labels) else labels


def _converted(qml: Any, build: Build, n_parameters: int, qubit_of: dict[Any, int]) -> QuantumCircuit:
    """Return the circuit with a `ParameterVector` for the parameters."""

    def gates(point: Floats) -> list[Any]:
        return _known_gates(qml, build(point), qubit_of)

    first = gates(np.random.default_rng(1).uniform(0.2, 1.3, n_parameters))
    kinds = [_kind(gate) for gate in first]

    def angles(point: Floats) -> Floats:
        found = gates(point)
        if [_kind(gate) for gate in found] != kinds:
            raise CircuitError(
                "The gates, or their matrices, depend on the values of the parameters; expected the same gates for all of "
                "them, with angles that depend on the parameters."
            )
        return _angles(found)

    affine = affine_angles(angles, n_parameters) if n_parameters else None
    symbols = ParameterVector("theta", n_parameters)
    constant = _angles(first) if affine is None else affine.constant
    expressions = [
        sum((factor * symbols[k] for k, factor in ([] if affine is None else affine.entries[j])), float(value))
        for j, value in enumerate(constant)
    ]
    circuit, used = QuantumCircuit(len(qubit_of)), 0
    for gate in first:
        count = ANGLES.get(gate.name, 0)
        append(circuit, gate, expressions[used : used + count], [qubit_of[wire] for wire in gate.wires])
        used += count
    unused = sorted(symbol.index for symbol in set(symbols) - set(circuit.parameters))
    if unused:
        raise CircuitError(
            f"Parameters {unused} turn no gate; expected each to turn at least one. "
            "Leave them out of the arguments, or of tape.trainable_params, or mark an argument with requires_grad=False."
        )
    return circuit


def _kind(gate: Any) -> tuple[Any, ...]:
    """Return all that a gate is but its angles."""
    matrix = (np.round(_numbers(gate.matrix()), 10) + 0.0).tobytes() if gate.name == "QubitUnitary" else b""
    return gate.name, gate.wires, gate.hyperparameters.get("pauli_word"), matrix


def _angles(gates: Sequence[Any]) -> Floats:
    turning = [gate for gate in gates if gate.name in ANGLES]
    for gate in turning:
        if gate.batch_size is not None:
            raise CircuitError(f"{gate.name} on wires {gate.wires.tolist()} has a batch of angles; expected one angle.")
    return np.array([float(_numbers(angle)) for gate in turning for angle in gate.data])


def _known_gates(qml: Any, tape: Any, qubit_of: dict[Any, int]) -> list[Any]:
    """Return the gates of a tape, taken apart into those of the table."""
    try:
        [expanded], _ = qml.transforms.decompose(tape, gate_set=set(KNOWN), max_expansion=None)
    except Exception as error:  # whatever PennyLane raises for what it cannot take apart
        raise CircuitError(f"PennyLane cannot take the circuit apart: {shown(str(error))}.") from error
    for gate in expanded.operations:
        if gate.name not in KNOWN:
            raise CircuitError(
                f"{gate.name} on wires {gate.wires.tolist()} is no unitary gate that can be taken apart into known ones. "
                "Remove it: a landscape has neither measurements in the middle nor channels."
            )
        for wire in gate.wires:
            if wire not in qubit_of:
                raise CircuitError(f"{gate.name} acts on the wire {wire!r}; expected one of {list(qubit_of)}.")
    return list(expanded.operations)


def _observable(qml: Any, build: Build, theta: Floats, given: Any, qubit_of: dict[Any, int]) -> SparsePauliOp | None:
    def qubit(wire: Any) -> int:
        if wire not in qubit_of:
            raise ObservableError(f"The observable acts on the wire {wire!r}; expected one of {list(qubit_of)}.")
        return qubit_of[wire]

    if given is not None:
        of_pennylane = library_of(given) == "pennylane"
        size = len(qubit_of)
        return observable_on(pennylane_terms(given, qubit), size) if of_pennylane else operator_of(given, size)
    measured = build(theta).measurements
    if not measured:
        return None
    if len(measured) != 1 or not isinstance(measured[0], qml.measurements.ExpectationMP) or measured[0].obs is None:
        raise ObservableError(
            f"The circuit measures {shown(measured)}; expected one qml.expval(observable). Pass observable=... for another."
        )
    found = observable_on(pennylane_terms(measured[0].obs, qubit), len(qubit_of))
    elsewhere = observable_on(pennylane_terms(build(theta + 0.5).measurements[0].obs, qubit), len(qubit_of))
    if found != elsewhere:
        raise ObservableError("The observable depends on the parameters; expected one that stays the same.")
    return found
