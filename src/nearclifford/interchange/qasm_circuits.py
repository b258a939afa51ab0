"""Circuits in OpenQASM 2 and 3 with a rule which of their angles are free: OpenQASM 2 has numbers alone."""

from __future__ import annotations

import re
from math import pi
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit, qasm2
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector
from qiskit.circuit import library as qiskit_gates

from nearclifford.arguments import one_of
from nearclifford.errors import CircuitError
from nearclifford.files import path_of, read_bytes
from nearclifford.interchange.circuit_files import (
    EXPECTED,
    LARGEST_FILE,
    MOST_BITS,
    MOST_GATES,
    QPY_MAGIC,
    check_nesting,
    circuit_of_bytes,
    of_qiskit,
    text_of,
)
from nearclifford.interchange.imported import ImportedCircuit
from nearclifford.normal_form.compiler import GRID_TOLERANCE
from nearclifford.normal_form.definitions import taken_apart
from nearclifford.normal_form.final_measurements import without_final_measurements
from nearclifford.normal_form.gates import ROTATION_GATES
from nearclifford.normal_form.operators import ObservableLike, operator_of

FREE = ("none", "non-clifford", "all")
# Each angle of these is one of a rotation, and Clifford at multiples of π/2; of the controlled ones at multiples of π.
ROTATIONS = {gate: pi / 2 for gate, parts in ROTATION_GATES.items() if any(isinstance(part[2], int) for part in parts)}
CONTROLLED = {getattr(qiskit_gates, f"{name}Gate"): pi for name in ("CRX", "CRY", "CRZ", "CPhase", "CU1", "CU3", "CU")}


def from_qasm(source: str | Path, observable: ObservableLike | None = None, free: str = "none") -> ImportedCircuit:
    """Return a circuit in OpenQASM 2 or 3, from a file or as text, and which of its angles are free.

    Parameters
    ----------
    source : the path of a file, OpenQASM or QPY, or the text itself: text has a line break or a semicolon.
    observable : as for `Landscape`; None for none.
    free : which numeric angles become parameters, in the order of the file. "none": none, so only the ``input`` parameters
        of OpenQASM 3 are free; "non-clifford": those at which the gate is no Clifford gate, nearer than 1e-9 to a multiple
        of π/2 (of π for a controlled rotation); "all": all of them, zeros too. Angles of RX, RY, RZ, P, U, U1, U2, U3, RXX,
        RYY, RZZ, RZX and of controlled rotations count; each is a parameter of its own, and ``theta`` has the numbers.

    Returns
    -------
    ImportedCircuit : ``input`` parameters come first, in the order of their declaration and with the value 0, and then the
        freed angles, named ``free[0]``, ``free[1]``, ... A gate that the file defines is opened where it holds such angles.

    Raises `CircuitError` for what is no circuit, another ``free`` and an expression of parameters that is not affine when it
    is compiled; `ObservableError` for an observable that does not fit.

    >>> text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; rx(pi/2) q[0]; rz(0.3) q[0]; ry(0) q[0];'
    >>> from_qasm(text, "Z", free="non-clifford").theta, from_qasm(text, "Z", free="all").parameters
    (array([0.3]), ('free[0]', 'free[1]', 'free[2]'))
    """
    rule = one_of(free, "free", FREE, CircuitError)
    circuit = without_final_measurements(_circuit(source))
    freed, values = (circuit, []) if rule == "none" else _freed(circuit, all_angles=rule == "all")
    named = [parameter.name for parameter in circuit.parameters]
    return ImportedCircuit(
        circuit=freed,
        observable=None if observable is None else operator_of(observable, freed.num_qubits, freed.layout),
        theta=np.array([0.0] * len(named) + values),
        parameters=(*named, *(f"free[{k}]" for k in range(len(values)))),
        qubits=tuple(_label(circuit, k) for k in range(circuit.num_qubits)),
    )


def _circuit(source: str | Path) -> QuantumCircuit:
    if isinstance(source, str) and ("\n" in source or ";" in source):
        name, data = Path("The text"), source.encode()
    else:
        name = path_of(source, "source")
        data = read_bytes(name, EXPECTED, CircuitError, most=LARGEST_FILE)
    if data.startswith(QPY_MAGIC):
        return circuit_of_bytes(data, name)
    text = text_of(data, name)
    return _qasm2(text, name) if re.search(r"^\s*OPENQASM\s+2", text, re.MULTILINE) else circuit_of_bytes(data, name)


def _qasm2(text: str, name: Path) -> QuantumCircuit:
    check_nesting(text, name)
    sizes = [int(size[:18]) for size in re.findall(r"\b[qc]reg\s+\w+\s*\[\s*(\d+)", text)]
    if sum(sizes) > MOST_BITS:
        raise CircuitError(f"{name} declares more than {MOST_BITS} bits; expected fewer.")
    with of_qiskit(f"{name} is no circuit that Qiskit can read"):
        return qasm2.loads(text, include_path=(), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)


def _freed(circuit: QuantumCircuit, all_angles: bool) -> tuple[QuantumCircuit, list[float]]:
    """Return the circuit with its numeric angles as parameters, and their values.

    One vector holds all parameters, those of the file first, since Qiskit sorts by name.
    """
    opened = _opened(circuit)
    values = [
        value
        for instruction in opened.data
        for value in _angles(instruction.operation)
        if all_angles or not _is_clifford(value, instruction.operation)
    ]
    symbols = ParameterVector("theta", circuit.num_parameters + len(values))
    first, used = circuit.num_parameters, 0
    result = opened.copy_empty_like()
    for instruction in opened.data:
        operation = instruction.operation
        numbers = _angles(operation)
        if numbers:
            chosen = [all_angles or not _is_clifford(value, operation) for value in numbers]
            operation, fresh = _with_symbols(operation, chosen, list(symbols[first + used : first + used + sum(chosen)]))
            used += fresh
        result.append(operation, instruction.qubits, instruction.clbits)
    named: dict[Parameter, Parameter] = dict(zip(circuit.parameters, symbols, strict=False))
    return result.assign_parameters(named) if named else result, values


def _opened(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with the gates that a file defines as what they hold."""
    opened = taken_apart(circuit)
    if len(opened.data) > MOST_GATES:
        raise CircuitError(f"The circuit has more than {MOST_GATES} gates once its definitions are put in; expected fewer.")
    return opened


def _kind(operation: object) -> type:
    return getattr(operation, "base_class", type(operation))


def _angles(operation: object) -> list[float]:
    """Return the numeric angles of a rotation, in order; none for other gates."""
    if _kind(operation) not in ROTATIONS and _kind(operation) not in CONTROLLED:
        return []
    return [float(angle) for angle in operation.params if not _is_symbol(angle)]  # type: ignore[attr-defined]


def _is_symbol(angle: object) -> bool:
    return isinstance(angle, ParameterExpression) and bool(angle.parameters)


def _is_clifford(value: float, operation: object) -> bool:
    step = ROTATIONS.get(_kind(operation)) or CONTROLLED[_kind(operation)]
    return abs(value - round(value / step) * step) < GRID_TOLERANCE


def _with_symbols(operation: object, chosen: list[bool], symbols: list[Parameter]) -> tuple[object, int]:
    """Return the operation with its chosen numeric angles replaced in order, and how many there were."""
    changed = operation.to_mutable()  # type: ignore[attr-defined]
    fresh, which = iter(symbols), iter(chosen)
    changed.params = [angle if _is_symbol(angle) or not next(which) else next(fresh) for angle in changed.params]
    return changed, sum(chosen)


def _label(circuit: QuantumCircuit, k: int) -> str:
    found = circuit.find_bit(circuit.qubits[k]).registers
    return f"{found[0][0].name}[{found[0][1]}]" if found else str(k)
