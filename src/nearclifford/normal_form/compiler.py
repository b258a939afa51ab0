"""From a Qiskit circuit to its normal form: the only place that reads what a gate does.

Every Clifford is pushed to the end: the tableau of P -> W† P W, W the Clifford gates so far, turns the axis of the next
rotation into its generator. Appending a gate g to the circuit prepends g⁻¹ to the tableau (docs/theory.md, "Normal form").
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi

import numpy as np
import numpy.typing as npt
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from nearclifford.arguments import real_array
from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError
from nearclifford.normal_form.affine import Angle, affine, quarter_turns
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.channels import ChannelWriter, GateNoise
from nearclifford.normal_form.gates import (
    INVERSE_NAME,
    INVERSE_TABLEAU,
    OPCODE,
    QUARTER_TURNS,
    TO_Z,
)
from nearclifford.normal_form.program import GateTape, PauliTable, RotationProgram
from nearclifford.normal_form.walk import GateWalk

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
        the ninth are rounded to the grid. A parameter may stand between, as π/4 in ``rx(2 * b)``, where each of its gates
        turns by a multiple of π/2.
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
    walk.follow(circuit)
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


def _quarters(center: npt.ArrayLike | None, parameters: Sequence[Parameter]) -> Floats:
    """Return the centre in quarter turns, shape ``(D,)``; whole numbers where it is on the grid to nine digits."""
    if center is None:
        return np.zeros(len(parameters))
    point = real_array(center, "center", CircuitError)
    if point.shape != (len(parameters),):
        raise CircuitError(
            f"center has shape {point.shape}; expected ({len(parameters)},): an angle for each of circuit.parameters."
        )
    angles = point.astype(np.float64)
    for k in np.flatnonzero(~(np.abs(angles) < LARGEST_CENTER))[:1]:
        raise _off_grid(parameters[k].name, float(angles[k]))
    nearest = np.round(angles / (pi / 2))
    return np.where(np.abs(angles - nearest * (pi / 2)) < GRID_TOLERANCE, nearest, angles / (pi / 2))


def _off_grid(name: str, angle: float) -> CircuitError:
    nearest = round(angle / (pi / 2)) if np.isfinite(angle) else 0
    return CircuitError(
        f"The centre of parameter {name!r} is {angle:.12g}; expected a multiple of π/2 (radians) below "
        f"{LARGEST_CENTER:.0e}, or an angle at which each of its gates turns by one, so that every gate is Clifford there. "
        f"The nearest is {nearest:.0f} * π/2."
    )


@dataclass
class _Walk(GateWalk):
    """The state of one compilation: the tableau so far, and what has been written."""

    n_qubits: int
    index: dict[Parameter, int]
    quarters: Floats
    generators: list[stim.PauliString] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    offset: list[float] = field(default_factory=list)
    tape: list[tuple[int, int, int, int]] = field(default_factory=list)
    writer: ChannelWriter | None = None

    def __post_init__(self) -> None:
        self.tableau = stim.Tableau(self.n_qubits)
        self.axis_image = {"X": self.tableau.x_output, "Y": self.tableau.y_output, "Z": self.tableau.z_output}

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
        turns, residual = quarter_turns(constant, self._quarters_of(entries))
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

    def _quarters_of(self, entries: Sequence[tuple[int, float]]) -> float:
        """Return the quarter turns of an angle at the centre; whole where a parameter stands between the grid's points."""
        turned = sum(factor * float(self.quarters[k]) for k, factor in entries)
        between = [k for k, _ in entries if self.quarters[k] % 1]
        if not between:
            return turned
        if abs(turned - round(turned)) * (pi / 2) > GRID_TOLERANCE * sum(max(1.0, abs(factor)) for _, factor in entries):
            raise _off_grid(self._name(between[0]), float(self.quarters[between[0]]) * (pi / 2))
        return float(round(turned))

    def _name(self, k: int) -> str:
        return next(parameter.name for parameter, index in self.index.items() if index == k)

    def after(self, name: str, qubits: tuple[int, ...]) -> None:
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
        turning = {k for _, k, _ in self.entries}
        for k in np.flatnonzero(self.quarters % 1).tolist():
            if k not in turning:
                raise _off_grid(names[k], float(self.quarters[k]) * (pi / 2))
        center = self.quarters * (pi / 2)
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
