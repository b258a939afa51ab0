"""From a Qiskit circuit to its normal form: the only place that reads what a gate does.

Every Clifford is pushed to the end: the tableau of P -> W† P W, W the Clifford gates so far, turns the axis of the next
rotation into its generator. Appending a gate g to the circuit prepends g⁻¹ to the tableau (docs/theory.md, "Normal form").
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, BoxOp, ControlFlowOp, Delay, Measure, Parameter, Reset, Store
from qiskit.circuit.library import Initialize, PauliEvolutionGate

from nearclifford.arguments import real_array
from nearclifford.arrays import Indices
from nearclifford.errors import CircuitError
from nearclifford.normal_form.affine import Angle, affine, quarter_turns
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.channels import ChannelWriter, GateNoise
from nearclifford.normal_form.definitions import evolved, parts_of
from nearclifford.normal_form.gates import (
    CLIFFORD_GATES,
    INVERSE_NAME,
    INVERSE_TABLEAU,
    OPCODE,
    QUARTER_TURNS,
    ROTATION_GATES,
    STRING_ROTATIONS,
    TO_Z,
)
from nearclifford.normal_form.program import GateTape, PauliTable, RotationProgram
from nearclifford.normal_form.unitaries import clifford_of, rotations

IGNORED = (Barrier, Delay)
NOT_UNITARY = (Measure, Reset, Initialize, Store)
REMEDIES = {
    Measure: "circuit.remove_final_measurements() drops measurements, but only at the end.",
    Initialize: "StatePreparation of qiskit.circuit.library makes the same state by gates.",
}
# A centre that is closer to a multiple of π/2 is that multiple: digits of a file, as in 1.570796327, are no displacement.
GRID_TOLERANCE = 1e-9
# Beyond, the floats are too far apart to tell the multiples by nine digits.
LARGEST_CENTER = 1e6
# Fixed angles closer to one are it; below lies the rounding of an angle written as k * pi / 2.
RESIDUAL_TOLERANCE = 1e-12


def compile_circuit(
    circuit: QuantumCircuit, center: npt.ArrayLike | None = None, noise: GateNoise | None = None
) -> RotationProgram:
    """Return the normal form of a circuit of Clifford gates and Pauli rotations around a Clifford centre.

    Parameters
    ----------
    circuit : gates of `nearclifford.normal_form.gates`, `PauliEvolutionGate` of terms that commute, and operations whose
        definitions (`nearclifford.normal_form.definitions`) lead to these; angles affine in the parameters. Barriers and
        delays are skipped, global phases dropped.
    center : multiples of π/2, shape ``(D,)``, radians, in the order of ``circuit.parameters``; 0 by default. Digits beyond
        the ninth are rounded to the grid.
    noise : the Pauli channels that follow the circuit's instructions, and those at its end; none by default.

    Raises
    ------
    CircuitError : an instruction that is not unitary, has no definition or is controlled by classical bits, an evolution of
        terms that do not commute, an angle that is not affine, or a centre off the grid; the text names the instruction or
        the parameter.

    Examples
    --------
    >>> from qiskit.circuit import Parameter, QuantumCircuit
    >>> circuit = QuantumCircuit(2)
    >>> circuit.cx(0, 1); circuit.rz(2 * Parameter("a"), 1)  # doctest: +ELLIPSIS
    <qiskit...>
    <qiskit...>
    >>> program = compile_circuit(circuit)
    >>> program.generators.to_stim(0), program.angle_map.factor
    (stim.PauliString("+ZZ"), array([2.]))
    """
    require_circuit(circuit)
    if circuit.num_qubits == 0:
        raise CircuitError("The circuit has no qubits; expected at least one.")
    parameters = list(circuit.parameters)
    quarters = _quarters(center, parameters)
    walk = _Walk(circuit.num_qubits, {parameter: k for k, parameter in enumerate(parameters)}, quarters)
    walk.writer = None if noise is None else ChannelWriter(circuit.num_qubits, noise)
    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    for position, instruction in enumerate(circuit.data):
        walk.where = f"Instruction {position}"
        qubits = [index[qubit] for qubit in instruction.qubits]
        walk.apply(instruction.operation, qubits, len(instruction.clbits))
        walk.damp_after(instruction.operation.name, tuple(qubits))
    walk.damp_at_end()
    return walk.program(tuple(parameter.name for parameter in parameters))


def require_circuit(circuit: object) -> None:
    """Raise `CircuitError` for anything but a circuit of Qiskit.

    >>> require_circuit("h q[0];")
    Traceback (most recent call last):
    ...
    nearclifford.errors.CircuitError: The circuit is a str; expected a qiskit.QuantumCircuit.
    """
    if not isinstance(circuit, QuantumCircuit):
        raise CircuitError(f"The circuit is a {type(circuit).__name__}; expected a qiskit.QuantumCircuit.")


def _quarters(center: npt.ArrayLike | None, parameters: Sequence[Parameter]) -> Indices:
    """Return the centre in quarter turns, shape ``(D,)``."""
    if center is None:
        return np.zeros(len(parameters), dtype=np.int64)
    point = real_array(center, "center", CircuitError)
    if point.shape != (len(parameters),):
        raise CircuitError(
            f"center has shape {point.shape}; expected ({len(parameters)},): an angle for each of circuit.parameters."
        )
    angles = point.astype(np.float64)
    nearest = np.round(np.where(np.isfinite(angles), angles, 0.0) / (pi / 2))
    on_grid = (np.abs(angles - nearest * (pi / 2)) < GRID_TOLERANCE) & (np.abs(angles) < LARGEST_CENTER)
    for k in np.flatnonzero(~on_grid)[:1]:
        raise CircuitError(
            f"The centre of parameter {parameters[k].name!r} is {angles[k]!s}; expected a multiple of π/2 (radians) below "
            f"{LARGEST_CENTER:.0e}, so that every gate is Clifford there. The nearest is {nearest[k]:.0f} * π/2."
        )
    return nearest.astype(np.int64)


def _is_control_flow(operation: Any) -> bool:
    return isinstance(operation, ControlFlowOp) and not isinstance(operation, BoxOp)


def _is_closed(operation: Any) -> bool:
    """Whether every control of a gate acts on 1, as those of the table do; a gate without controls has none on 0."""
    n_controls = getattr(operation, "num_ctrl_qubits", 0)
    return bool(getattr(operation, "ctrl_state", 2**n_controls - 1) == 2**n_controls - 1)


@dataclass
class _Walk:
    """The state of one compilation: the tableau so far, and what has been written."""

    n_qubits: int
    index: dict[Parameter, int]
    quarters: Indices
    where: str = ""
    generators: list[stim.PauliString] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    offset: list[float] = field(default_factory=list)
    tape: list[tuple[int, int, int, int]] = field(default_factory=list)
    writer: ChannelWriter | None = None

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
        elif kind in CLIFFORD_GATES and _is_closed(operation):
            for name, positions in CLIFFORD_GATES[kind]:
                self.clifford(name, *(qubits[position] for position in positions))
        elif kind in STRING_ROTATIONS:
            self._string(operation.pauli().to_label()[::-1], qubits, operation.params[0])
        elif not isinstance(operation, IGNORED):
            self._composite(operation, qubits, n_classical)

    def _composite(self, operation: Any, qubits: Sequence[int], n_classical: int) -> None:
        name = getattr(operation, "name", type(operation).__name__)
        where = f"{self.where} ({name!r} on qubits {list(qubits)})"
        if isinstance(operation, NOT_UNITARY) or n_classical or _is_control_flow(operation):
            remedy = next((text for kind, text in REMEDIES.items() if isinstance(operation, kind)), "Remove it.")
            raise CircuitError(
                f"{where} is not unitary or depends on classical bits; expected Clifford gates and Pauli rotations. {remedy}"
            )
        if isinstance(operation, PauliEvolutionGate):
            self._evolve(operation, qubits, where)
            return
        parts = parts_of(operation, where)
        if isinstance(parts, QuantumCircuit):
            self._follow(parts, qubits)
        elif (clifford := clifford_of(parts)) is not None:
            self._follow(clifford.to_circuit(), qubits)
        else:
            for letters, angle in rotations(parts, len(qubits)):
                self._string(letters, qubits, angle)

    def _follow(self, circuit: QuantumCircuit, qubits: Sequence[int]) -> None:
        local = {qubit: qubits[position] for position, qubit in enumerate(circuit.qubits)}
        for instruction in circuit.data:
            inner = [local[qubit] for qubit in instruction.qubits]
            self.apply(instruction.operation, inner, len(instruction.clbits))

    def _evolve(self, gate: PauliEvolutionGate, qubits: Sequence[int], where: str) -> None:
        """Append exp(-i time Σ c P) as one rotation by 2 c time for each of its commuting terms."""
        for label, coefficient in evolved(gate, where).to_list():
            self._string(label[::-1], qubits, 2 * coefficient.real * gate.time)

    def _string(self, letters: str, qubits: Sequence[int], angle: Angle) -> None:
        """Append a rotation about a Pauli string, its first letter on the first qubit."""
        support = [position for position, letter in enumerate(letters) if letter != "I"]
        if support:
            axis = "".join(letters[position] for position in support)
            self.rotate(axis, [qubits[position] for position in support], angle)

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
        turns, residual = quarter_turns(constant, sum(factor * float(self.quarters[k]) for k, factor in entries))
        if abs(residual) < RESIDUAL_TOLERANCE:
            residual = 0.0
        if entries or residual:
            number = len(self.offset)
            self.generators.append(self.axis_image[letter](qubit))
            self.offset.append(residual)
            self.entries.extend((number, k, factor) for k, factor in entries)
            self.tape.append((OPCODE["R" + letter], qubit, -1, number))
        if turns:
            self.clifford(QUARTER_TURNS[letter][turns - 1], qubit)

    def damp_after(self, name: str, qubits: tuple[int, ...]) -> None:
        """Append the channel that follows a gate, if there is one."""
        if self.writer is not None:
            times = len(self.offset), len(self.tape)
            self.writer.write(self.writer.noise.after(name, qubits), qubits, times, self.tableau)

    def damp_at_end(self) -> None:
        """Append the channels of what is measured."""
        if self.writer is not None:
            times = len(self.offset), len(self.tape)
            for qubit in range(self.n_qubits):
                self.writer.write(self.writer.noise.at_end(qubit), (qubit,), times, self.tableau)

    def program(self, names: tuple[str, ...]) -> RotationProgram:
        """Return what has been written."""
        center = (self.quarters * (pi / 2)).astype(np.float64)
        center.setflags(write=False)  # users start from it, and may step in place
        entries = np.array(self.entries, dtype=np.float64).reshape(-1, 3)
        tape = np.array(self.tape, dtype=np.int32).reshape(-1, 4)
        steps = GateTape(tape[:, 0].astype(np.int16), *(tape[:, column].copy() for column in (1, 2, 3)))
        angle_map = AngleMap(
            parameters=names,
            center=center,
            entry_rotation=entries[:, 0].astype(np.int64),
            entry_parameter=entries[:, 1].astype(np.int64),
            factor=entries[:, 2].copy(),
            offset=np.array(self.offset, dtype=np.float64),
            describe=steps.describe,
        )
        generators = PauliTable.from_stim(self.n_qubits, self.generators)
        channels = None if self.writer is None else self.writer.channels()
        return RotationProgram(angle_map, generators, self.tableau, steps, channels)
