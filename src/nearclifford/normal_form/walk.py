"""How instructions are followed down to Clifford gates and Pauli rotations, whatever is then done with these."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, BoxOp, ControlFlowOp, Delay, Measure, Reset, Store
from qiskit.circuit.library import Initialize, PauliEvolutionGate

from nearclifford.errors import CircuitError
from nearclifford.normal_form.affine import Angle
from nearclifford.normal_form.definitions import evolved, parts_of
from nearclifford.normal_form.gates import CLIFFORD_GATES, ROTATION_GATES, STRING_ROTATIONS
from nearclifford.normal_form.unitaries import clifford_of, rotations

IGNORED = (Barrier, Delay)
NOT_UNITARY = (Measure, Reset, Initialize, Store)
REMEDIES = {
    Measure: "circuit.remove_final_measurements() drops measurements, but only at the end.",
    Initialize: "StatePreparation of qiskit.circuit.library makes the same state by gates.",
}


def _is_control_flow(operation: Any) -> bool:
    return isinstance(operation, ControlFlowOp) and not isinstance(operation, BoxOp)


def _is_closed(operation: Any) -> bool:
    """Whether every control of a gate acts on 1, as those of the table do; a gate without controls has none on 0."""
    n_controls = getattr(operation, "num_ctrl_qubits", 0)
    return bool(getattr(operation, "ctrl_state", 2**n_controls - 1) == 2**n_controls - 1)


class GateWalk(ABC):
    """The way through a circuit: what each operation is made of, given to `clifford` and `rotate` in time order.

    ``where`` is what an error calls the instruction that is read.
    """

    where: str = ""

    def follow(self, circuit: QuantumCircuit) -> None:
        """Append all instructions of a circuit, on its own qubits."""
        index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
        for position, instruction in enumerate(circuit.data):
            self.where = f"Instruction {position}"
            qubits = [index[qubit] for qubit in instruction.qubits]
            self.apply(instruction.operation, qubits, len(instruction.clbits))
            self.after(instruction.operation.name, tuple(qubits))

    @abstractmethod
    def clifford(self, name: str, *qubits: int) -> None:
        """Append a Clifford primitive, by its name in `nearclifford.normal_form.gates.PRIMITIVES`."""

    @abstractmethod
    def rotate(self, axis: str, qubits: Sequence[int], angle: Angle) -> None:
        """Append exp(-i angle P / 2), P the letters of ``axis`` on ``qubits``."""

    def after(self, name: str, qubits: tuple[int, ...]) -> None:
        """Hear that an instruction of the circuit is over, by its name; what follows from it follows here."""
        del name, qubits

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
