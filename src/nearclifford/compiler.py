"""From a Qiskit circuit to its normal form: the only place that reads what a gate does.

Every Clifford is pushed to the end: the tableau of P -> W† P W, W the Clifford gates so far, turns the axis of the next
rotation into its generator. Appending a gate g to the circuit prepends g⁻¹ to the tableau.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import pi
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression
from qiskit.circuit.library import PauliEvolutionGate, PermutationGate
from qiskit.quantum_info import Clifford, SparsePauliOp
from qiskit.synthesis import synth_permutation_basic

from nearclifford.errors import CircuitError
from nearclifford.gates import (
    CLIFFORD_GATES,
    INVERSE_NAME,
    INVERSE_TABLEAU,
    OPCODE,
    QUARTER_TURNS,
    ROTATION_GATES,
    TO_Z,
)
from nearclifford.rotations import Floats, GateTape, PauliTable, RotationProgram

IGNORED = ("barrier", "delay")
NOT_UNITARY = ("measure", "reset", "initialize", "store")
# Angles closer to a quarter turn than this are one; below it lies the rounding of an angle written as k * pi / 2.
GRID_TOLERANCE = 1e-9
RESIDUAL_TOLERANCE = 1e-12

Angle: TypeAlias = "float | ParameterExpression"


def compile_circuit(circuit: QuantumCircuit, center: npt.ArrayLike | None = None) -> RotationProgram:
    """Return the normal form of a circuit of Clifford gates and Pauli rotations around a Clifford centre.

    Parameters
    ----------
    circuit : gates of `nearclifford.gates`, `PauliEvolutionGate` of one Pauli, and gates that Qiskit's definitions lead
        to these; angles affine in the parameters. Barriers and delays are skipped, global phases dropped.
    center : multiples of π/2, shape ``(D,)``, radians, in the order of ``circuit.parameters``; 0 by default.

    Raises
    ------
    CircuitError : an instruction that is not unitary, has no definition or is controlled by classical bits, an angle that
        is not affine, or a centre off the grid; the text names the instruction or the parameter.

    Examples
    --------
    >>> from qiskit.circuit import Parameter, QuantumCircuit
    >>> circuit = QuantumCircuit(2)
    >>> circuit.cx(0, 1); circuit.rz(2 * Parameter("a"), 1)  # doctest: +ELLIPSIS
    <qiskit...>
    <qiskit...>
    >>> program = compile_circuit(circuit)
    >>> program.generators.to_stim(0), program.factor
    (stim.PauliString("+ZZ"), array([2.]))
    """
    require_circuit(circuit)
    if circuit.num_qubits == 0:
        raise CircuitError("The circuit has no qubits; expected at least one.")
    parameters = list(circuit.parameters)
    point = _center(center, parameters)
    walk = _Walk(circuit.num_qubits, {parameter: k for k, parameter in enumerate(parameters)}, point)
    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    for position, instruction in enumerate(circuit.data):
        walk.where = f"Instruction {position}"
        qubits = [index[qubit] for qubit in instruction.qubits]
        walk.apply(instruction.operation, qubits, len(instruction.clbits))
    return walk.program(tuple(parameter.name for parameter in parameters))


def affine(angle: Angle, index: Mapping[Parameter, int], where: str) -> tuple[float, list[tuple[int, float]]]:
    """Return (constant, [(parameter index, factor)]) of an angle, radians.

    Raises `CircuitError`, naming the instruction ``where``, for an angle that is not affine, or not finite and real.

    >>> a, b = Parameter("a"), Parameter("b")
    >>> affine(b / 2 - 3 * a + 1, {a: 0, b: 1}, "Instruction 0")
    (1.0, [(0, -3.0), (1, 0.5)])
    """
    if isinstance(angle, Parameter):
        return 0.0, [(index[angle], 1.0)]
    if not isinstance(angle, ParameterExpression):
        return _finite(complex(angle), angle, where), []
    entries = []
    for parameter in sorted(angle.parameters, key=index.__getitem__):
        slope = _slope(angle, parameter)
        if slope is None:
            raise CircuitError(
                f"{where} has the angle {angle}, which is not affine in {parameter.name!r}; expected "
                "constant + factor * parameter + ... Give the nonlinear part a parameter of its own."
            )
        factor = _finite(slope, angle, where)
        if factor:
            entries.append((index[parameter], factor))
    constant = angle.bind(dict.fromkeys(angle.parameters, 0.0)).numeric()
    return _finite(complex(constant), angle, where), entries


def _slope(angle: ParameterExpression, parameter: Parameter) -> complex | None:
    """Return the derivative of an angle, None unless it is a constant."""
    try:
        slope = angle.gradient(parameter)
    except RuntimeError:  # Qiskit differentiates no sign
        return None
    if isinstance(slope, ParameterExpression):
        return None if slope.parameters else complex(slope.numeric())
    return complex(slope)


def _finite(number: complex, angle: Angle, where: str) -> float:
    if number.imag or not np.isfinite(number.real):
        raise CircuitError(f"{where} has the angle {angle}; expected a finite real number of radians.")
    return number.real


def require_circuit(circuit: object) -> None:
    """Raise `CircuitError` for anything but a circuit of Qiskit.

    >>> require_circuit("h q[0];")
    Traceback (most recent call last):
    ...
    nearclifford.errors.CircuitError: The circuit is a str; expected a qiskit.QuantumCircuit.
    """
    if not isinstance(circuit, QuantumCircuit):
        raise CircuitError(f"The circuit is a {type(circuit).__name__}; expected a qiskit.QuantumCircuit.")


def _center(center: npt.ArrayLike | None, parameters: Sequence[Parameter]) -> Floats:
    if center is None:
        return np.zeros(len(parameters))
    try:
        point = np.asarray(center)
    except ValueError as error:
        raise CircuitError(
            f"center holds rows of different lengths; expected {len(parameters)} real angles, one for each of "
            "circuit.parameters."
        ) from error
    except TypeError as error:  # a circuit, for one, has entries that are no numbers
        raise CircuitError(
            f"center is a {type(center).__name__}; expected {len(parameters)} real angles, one for each of "
            "circuit.parameters."
        ) from error
    if point.dtype.kind not in "fiu" or point.shape != (len(parameters),):
        raise CircuitError(
            f"center has shape {point.shape} and dtype {point.dtype}; expected ({len(parameters)},) real angles, one for "
            "each of circuit.parameters."
        )
    for parameter, angle in zip(parameters, point, strict=True):
        nearest = round(angle / (pi / 2)) if np.isfinite(angle) else 0
        if not abs(angle - nearest * pi / 2) < GRID_TOLERANCE:
            raise CircuitError(
                f"The centre of parameter {parameter.name!r} is {angle!s}; expected a multiple of π/2 (radians), so that "
                f"every gate is Clifford there. The nearest is {nearest} * π/2."
            )
    return point.astype(np.float64)


def _definition(operation: Any) -> QuantumCircuit | None:
    """Return the circuit of a composite operation, None where Qiskit has none."""
    if isinstance(operation, Clifford):
        return operation.to_circuit()
    if isinstance(operation, PermutationGate):
        return synth_permutation_basic(operation.pattern)
    return getattr(operation, "definition", None)


@dataclass
class _Walk:
    """The state of one compilation: the tableau so far, and what has been written."""

    n_qubits: int
    index: dict[Parameter, int]
    center: Floats
    where: str = ""
    generators: list[stim.PauliString] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    offset: list[float] = field(default_factory=list)
    tape: list[tuple[int, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tableau = stim.Tableau(self.n_qubits)
        self.axis_image = {"X": self.tableau.x_output, "Y": self.tableau.y_output, "Z": self.tableau.z_output}

    def apply(self, operation: Any, qubits: Sequence[int], n_classical: int) -> None:
        """Append one Qiskit operation."""
        kind = getattr(operation, "base_class", type(operation))
        if kind in ROTATION_GATES:
            angles = operation.params
            for axis, positions, angle in ROTATION_GATES[kind]:
                value = angles[angle] if isinstance(angle, int) else angle
                self.rotate(axis, [qubits[position] for position in positions], value)
        elif kind in CLIFFORD_GATES:
            for name, positions in CLIFFORD_GATES[kind]:
                self.clifford(name, *(qubits[position] for position in positions))
        else:
            self._composite(operation, qubits, n_classical)

    def _composite(self, operation: Any, qubits: Sequence[int], n_classical: int) -> None:
        name = getattr(operation, "name", type(operation).__name__)
        if name in IGNORED:
            return
        if name in NOT_UNITARY or n_classical or getattr(operation, "blocks", None) is not None:
            raise CircuitError(
                f"{self.where} ({name!r} on qubits {list(qubits)}) is not unitary or depends on classical bits; expected "
                "Clifford gates and Pauli rotations. Remove it: circuit.remove_final_measurements() drops measurements."
            )
        if isinstance(operation, PauliEvolutionGate) and self._evolve(operation, qubits):
            return
        definition = _definition(operation)
        if definition is None:
            raise CircuitError(
                f"{self.where} ({name!r} on qubits {list(qubits)}) is neither a Clifford gate nor a Pauli rotation and "
                "has no definition. Rewrite it, for instance with qiskit.transpile(circuit, basis_gates=['rz', 'sx', 'cx'])."
            )
        local = {qubit: qubits[position] for position, qubit in enumerate(definition.qubits)}
        for instruction in definition.data:
            inner = [local[qubit] for qubit in instruction.qubits]
            self.apply(instruction.operation, inner, len(instruction.clbits))

    def _evolve(self, gate: PauliEvolutionGate, qubits: Sequence[int]) -> bool:
        """Append exp(-i time c P) as one rotation by 2 c time; return False if the gate holds several Paulis."""
        if not isinstance(gate.operator, SparsePauliOp) or len(gate.operator) != 1:
            return False
        label = gate.operator.paulis[0].to_label()[::-1]
        support = [position for position, letter in enumerate(label) if letter != "I"]
        coefficient = complex(gate.operator.coeffs[0])
        if coefficient.imag:
            raise CircuitError(f"{self.where} (PauliEvolution) has the coefficient {coefficient}; expected a real one.")
        if support:
            axis = "".join(label[position] for position in support)
            self.rotate(axis, [qubits[position] for position in support], 2 * coefficient.real * gate.time)
        return True

    def clifford(self, name: str, *qubits: int) -> None:
        """Append a Clifford primitive."""
        self.tableau.prepend(INVERSE_TABLEAU[name], qubits)
        self.tape.append((OPCODE[name], qubits[0], qubits[1] if len(qubits) > 1 else -1, -1))

    def rotate(self, axis: str, qubits: Sequence[int], angle: Angle) -> None:
        """Append exp(-i angle P / 2), P the letters of ``axis`` on ``qubits``."""
        if len(qubits) == 1:
            self._rotate_one(axis, qubits[0], angle)
            return
        frame: list[tuple[str, tuple[int, ...]]]
        frame = [(name, (qubit,)) for letter, qubit in zip(axis, qubits, strict=True) for name in TO_Z[letter]]
        frame += [("CX", (qubit, following)) for qubit, following in itertools.pairwise(qubits)]
        for name, targets in frame:
            self.clifford(name, *targets)
        self._rotate_one("Z", qubits[-1], angle)
        for name, targets in reversed(frame):
            self.clifford(INVERSE_NAME[name], *targets)

    def _rotate_one(self, letter: str, qubit: int, angle: Angle) -> None:
        constant, entries = affine(angle, self.index, self.where)
        at_center = constant + sum(factor * self.center[k] for k, factor in entries)
        turns = round(at_center / (pi / 2))
        residual = at_center - turns * (pi / 2)
        if abs(residual) < RESIDUAL_TOLERANCE:
            residual = 0.0
        if entries or residual:
            number = len(self.offset)
            self.generators.append(self.axis_image[letter](qubit))
            self.offset.append(residual)
            self.entries.extend((number, k, factor) for k, factor in entries)
            self.tape.append((OPCODE["R" + letter], qubit, -1, number))
        if turns % 4:
            self.clifford(QUARTER_TURNS[letter][turns % 4 - 1], qubit)

    def program(self, names: tuple[str, ...]) -> RotationProgram:
        """Return what has been written."""
        entries = np.array(self.entries, dtype=np.float64).reshape(-1, 3)
        tape = np.array(self.tape, dtype=np.int32).reshape(-1, 4)
        return RotationProgram(
            n_qubits=self.n_qubits,
            parameters=names,
            center=self.center,
            generators=PauliTable.from_stim(self.n_qubits, self.generators),
            entry_rotation=entries[:, 0].astype(np.int64),
            entry_parameter=entries[:, 1].astype(np.int64),
            factor=entries[:, 2].copy(),
            offset=np.array(self.offset, dtype=np.float64),
            pull_back=self.tableau,
            tape=GateTape(tape[:, 0].astype(np.int16), *(tape[:, column].copy() for column in (1, 2, 3))),
        )
