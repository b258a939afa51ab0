"""The circuit that a device runs: the landscape's own, every angle of a rotation with a parameter of its own.

Noise belongs to gates, so a device runs the gates that the user wrote, neither merged nor dropped nor moved, and not the
package's list of rotations, which is free to rewrite them. Only the angles are named anew; what the gates do plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import CircuitInstruction, Parameter, ParameterExpression, ParameterVector

from nearclifford.errors import CircuitError
from nearclifford.normal_form.affine import affine
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.definitions import taken_apart
from nearclifford.normal_form.gates import ROTATION_GATES

# What every simulator of Aer runs, of the gates that Qiskit may rewrite a circuit in: the fixed ones, and rotations.
FIXED_NAMES = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "ecr", "delay")
GENERAL_BASIS = (*FIXED_NAMES, "t", "tdg", "ccx", "cswap", "rx", "ry", "rz", "p", "u", "rxx", "ryy", "rzz", "rzx")
# Of the rotations, Aer's stabilizer simulator knows "rz" alone.
CLIFFORD_BASIS = (*FIXED_NAMES, "rz")


@dataclass(frozen=True, eq=False)
class DeviceCircuit:
    """A circuit without measurements whose n rotations have the n parameters ``angle[0] ... angle[n - 1]``.

    Attributes
    ----------
    circuit : gates and rotations, on the qubits of the landscape's circuit.
    symbols : its parameters, in order.
    angle_map : how these angles follow from the landscape's parameters; the centre is 0.
    basis : the gates that it was rewritten in; None if they are the user's own.
    """

    circuit: QuantumCircuit
    symbols: tuple[Parameter, ...]
    angle_map: AngleMap
    basis: tuple[str, ...] | None


def rewritten(circuit: QuantumCircuit, basis: Sequence[str]) -> DeviceCircuit:
    """Return the circuit in the gates of a basis, gate by gate (Qiskit's optimization level 0).

    Raises `CircuitError` for a parametrised gate that the two-term shift rule does not differentiate.

    >>> from nearclifford import ansatz
    >>> found = rewritten(ansatz.mhea(2, 0), ["rz", "sx", "cx"])
    >>> sorted(found.circuit.count_ops()), found.angle_map.n_parameters
    (['rz', 'sx'], 4)
    """
    names = list(basis)
    written = transpile(taken_apart(circuit), basis_gates=names, optimization_level=0)
    return _separated(written, list(circuit.parameters), tuple(names))


def unchanged(circuit: QuantumCircuit) -> DeviceCircuit:
    """Return the circuit in its own gates; parametrised gates without a two-term shift rule become what defines them.

    Raises `CircuitError` for one that nothing defines.

    >>> circuit = QuantumCircuit(2)
    >>> _ = circuit.crz(Parameter("a"), 0, 1)
    >>> sorted(unchanged(circuit).circuit.count_ops())
    ['cx', 'rz']
    """
    expanded = taken_apart(circuit)
    while composite := {gate.operation.name for gate in expanded.data if _is_free(gate) and not _shifts(gate)}:
        inner = expanded.decompose(list(composite))
        if inner == expanded:
            break
        expanded = inner
    return _separated(expanded, list(circuit.parameters), None)


def _shifts(gate: CircuitInstruction) -> bool:
    """Return whether each angle of a gate turns one rotation by itself, so that two shifts by π/2 differentiate it."""
    rotations = ROTATION_GATES.get(getattr(gate.operation, "base_class", type(gate.operation)), ())
    own = [angle for _, _, angle in rotations if isinstance(angle, int)]
    return sorted(own) == list(range(len(gate.operation.params))) and bool(own)


def _is_free(gate: CircuitInstruction) -> bool:
    return any(isinstance(angle, ParameterExpression) and angle.parameters for angle in gate.operation.params)


def _separated(circuit: QuantumCircuit, parameters: list[Parameter], basis: tuple[str, ...] | None) -> DeviceCircuit:
    index = {parameter: k for k, parameter in enumerate(parameters)}
    position = {qubit: q for q, qubit in enumerate(circuit.qubits)}
    turning = [_shifts(gate) for gate in circuit.data]
    count = sum(len(gate.operation.params) for gate, turns in zip(circuit.data, turning, strict=True) if turns)
    symbols = ParameterVector("angle", count)
    result = QuantumCircuit(circuit.num_qubits)
    offset: list[float] = []
    entries: list[tuple[int, int, float]] = []
    for number, (gate, turns) in enumerate(zip(circuit.data, turning, strict=True)):
        operation, qubits = gate.operation, [position[qubit] for qubit in gate.qubits]
        if not turns and _is_free(gate):
            raise CircuitError(
                f"Instruction {number} ({operation.name!r} on qubits {qubits}) has a parameter but no two-term shift rule: "
                "its angle turns several rotations at once. Give the landscape a circuit of Pauli rotations, for instance "
                "circuit.decompose(), or leave this gate out of the noise model."
            )
        if turns:
            operation = operation.to_mutable()
            first = len(offset)
            for angle in operation.params:
                constant, factors = affine(angle, index, f"Instruction {number}")
                entries.extend((len(offset), k, factor) for k, factor in factors)
                offset.append(constant)
            operation.params = list(symbols[first : len(offset)])
        result.append(operation, qubits)
    table = np.array(entries, dtype=np.float64).reshape(-1, 3)
    angle_map = AngleMap(
        parameters=tuple(parameter.name for parameter in parameters),
        center=np.zeros(len(parameters)),
        entry_rotation=table[:, 0].astype(np.int64),
        entry_parameter=table[:, 1].astype(np.int64),
        factor=table[:, 2].copy(),
        offset=np.array(offset, dtype=np.float64),
    )
    return DeviceCircuit(result, tuple(symbols), angle_map, basis)
