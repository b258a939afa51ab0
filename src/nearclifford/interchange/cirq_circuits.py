"""Circuits of Cirq, with their sympy symbols as free parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from math import pi
from types import ModuleType
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import UnitaryGate

from nearclifford.errors import CircuitError, ObservableError
from nearclifford.interchange.imported import ImportedCircuit, foreign, observable_on, positions
from nearclifford.normal_form.final_measurements import warn_of_dropped
from nearclifford.normal_form.foreign_operators import cirq_terms
from nearclifford.normal_form.operators import operator_of

# An angle of Cirq, number or expression of sympy, as one of Qiskit.
Read = Callable[[Any], Any]
# Gates beyond these are read by their matrix, if they have no symbols.
MOST_QUBITS = 6


def from_cirq(circuit: Any, observable: Any = None, qubit_order: Iterable[Any] | None = None) -> ImportedCircuit:
    """Return a circuit of Cirq as one of Qiskit with the same value and gradient at every theta.

    Parameters
    ----------
    circuit : a ``cirq.Circuit`` or ``FrozenCircuit``; its sympy symbols are the parameters, in natural order of their names
        (x2 before x10). Exponents that hold symbols are affine in them.
    observable : a ``cirq.PauliSum`` or ``PauliString`` on the circuit's qubits, or text and other forms as for `Landscape`
        on its qubits by number; None for none.
    qubit_order : Cirq's qubits in the order of Qiskit's: qubit_order[0] becomes qubit 0. By default ``sorted`` as Cirq
        sorts. Cirq writes the first qubit leftmost, Qiskit rightmost: labels are reversed, indices are not.

    Measurements at the end are dropped, with a warning.

    Raises
    ------
    CircuitError : an operation that Cirq cannot decompose into known gates, one with a symbol that is not affine, a
        measurement that something follows, or a classical control.
    ObservableError : an observable that is no real sum of Pauli strings on these qubits.
    NearCliffordError : Cirq is not installed.

    Examples
    --------
    >>> cirq = __import__("pytest").importorskip("cirq")
    >>> import sympy
    >>> a, b = cirq.LineQubit.range(2)
    >>> circuit = cirq.Circuit(cirq.rx(sympy.Symbol("t"))(a), cirq.CNOT(a, b))
    >>> found = from_cirq(circuit, cirq.Z(b) * 1.0)
    >>> found, found.parameters
    (ImportedCircuit(2 qubits, 1 parameter, 1 term), ('t',))
    """
    cirq = foreign("cirq", "cirq")
    if not isinstance(circuit, cirq.AbstractCircuit):
        raise CircuitError(f"The circuit is a {type(circuit).__name__}; expected a cirq.Circuit.")
    for qubit in circuit.all_qubits():
        if qubit.dimension != 2:
            raise CircuitError(f"{qubit!r} has {qubit.dimension} levels; expected qubits, of two.")
    qubit_of = positions(sorted(circuit.all_qubits()) if qubit_order is None else qubit_order, "qubit_order")
    names = sorted(cirq.parameter_names(circuit), key=_natural)
    symbols = dict(zip(names, ParameterVector("theta", len(names)), strict=True))
    result = _converted(cirq, _unmeasured(cirq, circuit), qubit_of, symbols)
    return ImportedCircuit(result, _observable(observable, qubit_of), np.zeros(len(names)), tuple(names), tuple(qubit_of))


def _unmeasured(cirq: ModuleType, circuit: Any) -> Any:
    count = sum(cirq.is_measurement(operation) for operation in circuit.all_operations())
    if not count:
        return circuit
    if not circuit.are_all_measurements_terminal():
        raise CircuitError("The circuit has a measurement that something follows; expected measurements at the end alone.")
    warn_of_dropped(count, 4)
    return cirq.drop_terminal_measurements(circuit)


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"(\d+)", name)]


def _observable(observable: Any, qubit_of: dict[Any, int]) -> Any:
    if observable is None:
        return None
    if not str(type(observable).__module__).startswith("cirq"):
        return operator_of(observable, len(qubit_of))

    def qubit(label: Any) -> int:
        if label not in qubit_of:
            raise ObservableError(f"The observable acts on {label}; expected qubits of the circuit.")
        return qubit_of[label]

    return observable_on(cirq_terms(observable, qubit), len(qubit_of))


def _converted(cirq: ModuleType, circuit: Any, qubit_of: dict[Any, int], symbols: dict[str, Parameter]) -> QuantumCircuit:
    result = QuantumCircuit(len(qubit_of))

    def read(angle: Any) -> Any:
        return _affine(angle, symbols)

    def known(operation: Any) -> bool:
        return _writer(operation) is not None

    for operation in cirq.decompose(circuit, keep=known, on_stuck_raise=None):
        writer = _writer(operation) or _writer_of_matrix(cirq, operation)
        if writer is None or operation.classical_controls:
            raise CircuitError(
                f"{operation} is no unitary gate that Cirq decomposes into known ones. Remove it: a landscape has neither "
                "measurements in the middle nor channels nor classical controls."
            )
        writer(result, operation.gate, [qubit_of[qubit] for qubit in operation.qubits], read)
    return result


def _affine(angle: Any, symbols: dict[str, Parameter]) -> Any:
    """Return a number or an expression of sympy, affine in its symbols, as Qiskit's."""
    free = getattr(angle, "free_symbols", ())
    if not free:
        return float(angle)
    expression: Any = float(angle.subs(dict.fromkeys(free, 0)))
    for symbol in sorted(free, key=str):
        slope = angle.diff(symbol)
        if slope.free_symbols:
            raise CircuitError(
                f"The angle {angle} is not affine in {symbol}; expected constant + factor * symbol + ... Give the nonlinear "
                "part a symbol of its own."
            )
        expression = expression + float(slope) * symbols[str(symbol)]
    return expression


# the gates

Writer = Callable[[QuantumCircuit, Any, Sequence[int], Read], None]


def _power(method: str) -> Writer:
    """Return the writer of a power of a gate, which is a rotation by π times the exponent up to a global phase."""

    def write(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
        getattr(circuit, method)(pi * read(gate.exponent), *qubits)

    return write


def _controlled_z(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
    exponent = read(gate.exponent)
    if isinstance(exponent, float) and exponent % 2 == 1:
        circuit.cz(*qubits)
    else:
        circuit.cp(pi * exponent, *qubits)


def _controlled_x(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
    exponent = read(gate.exponent)
    if isinstance(exponent, float) and exponent % 2 == 1:
        circuit.cx(*qubits)
        return
    circuit.h(qubits[1])
    circuit.cp(pi * exponent, *qubits)
    circuit.h(qubits[1])


def _controlled_rotation(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
    """The phase of a power, ``exp(iπ t (s + 1/2))`` beside the rotation, tells once it is controlled."""
    inner = gate.sub_gate
    method = next(method for name, method in CONTROLLED.items() if name in _bases(inner))
    angle = pi * read(inner.exponent)
    getattr(circuit, method)(angle, *qubits)
    circuit.p(angle * (inner.global_shift + 0.5), qubits[0])


def _once(method: str) -> Writer:
    """Return the writer of a gate without angles."""

    def write(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
        getattr(circuit, method)(*qubits)

    return write


def _nothing(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
    """A global phase, or an identity."""


def _matrix(circuit: QuantumCircuit, gate: Any, qubits: Sequence[int], read: Read) -> None:
    """The first qubit is the first factor of a matrix of Cirq, and the last one of Qiskit's."""
    circuit.append(UnitaryGate(foreign("cirq", "cirq").unitary(gate)), list(reversed(qubits)))


# Name of the gate's class, or of one that it derives from, as Rx does from XPowGate.
POWERS: dict[str, Writer] = {
    "XPowGate": _power("rx"),
    "YPowGate": _power("ry"),
    "ZPowGate": _power("rz"),
    "XXPowGate": _power("rxx"),
    "YYPowGate": _power("ryy"),
    "ZZPowGate": _power("rzz"),
    "CZPowGate": _controlled_z,
    "CXPowGate": _controlled_x,
    "IdentityGate": _nothing,
    "GlobalPhaseGate": _nothing,
    "MatrixGate": _matrix,
}
# Those that are Clifford at the exponent 1, and are decomposed at others.
FIRST_POWERS = {"HPowGate": _once("h"), "SwapPowGate": _once("swap"), "ISwapPowGate": _once("iswap")}
CONTROLLED = {"XPowGate": "crx", "YPowGate": "cry", "ZPowGate": "crz"}


def _bases(gate: Any) -> set[str]:
    return {kind.__name__ for kind in type(gate).__mro__}


def _writer(operation: Any) -> Writer | None:
    """Return what writes an operation; None for one that has to be decomposed."""
    gate, bases = operation.gate, _bases(operation.gate)
    if operation.classical_controls:
        return None
    for name in bases & set(POWERS):
        return POWERS[name]
    if getattr(gate, "exponent", None) == 1:
        return next((FIRST_POWERS[name] for name in bases & set(FIRST_POWERS)), None)
    if "ControlledGate" in bases and gate.num_controls() == 1 and tuple(gate.control_values) == ((1,),):
        return _controlled_rotation if _bases(gate.sub_gate) & set(CONTROLLED) else None
    return None


def _writer_of_matrix(cirq: ModuleType, operation: Any) -> Writer | None:
    small = operation.gate is not None and len(operation.qubits) <= MOST_QUBITS
    return _matrix if small and cirq.has_unitary(operation) and not operation.classical_controls else None
