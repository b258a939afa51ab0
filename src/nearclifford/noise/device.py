"""A noise model of Qiskit Aer, read as Pauli channels: which channel follows which gate, and what was twirled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import PTM

from nearclifford.arguments import boolean
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.noise.dampings import place_of, uniform_damping
from nearclifford.normal_form.channels import N_LETTERS
from nearclifford.normal_form.definitions import taken_apart

if TYPE_CHECKING:
    from qiskit_aer.noise import NoiseModel

# Entries of a transfer matrix beside its diagonal that are rounding.
ROUNDING = 1e-10
# Dampings that differ beyond are one: a chain counts equal ones together.
ROUNDED_DIGITS = 14
NOT_GATES = ("measure", "reset")
SKIPPED = ("barrier", "delay")
TWIRL = "PauliNoise.of(noise_model, twirl=True) takes its Pauli twirl instead."


@dataclass(frozen=True, eq=False)
class DeviceNoise:
    """The Pauli channels of a noise model of Qiskit Aer.

    As in `nearclifford.Aer`, a circuit is first rewritten in the gates of the model, without merging or dropping any, and
    qubit i has the errors of qubit i of the model. A channel acts after its gate; an error of a reset plays no part, since
    no circuit here has one. An error of readout damps each measured letter, whatever its basis; what a device does to turn
    the basis is not counted.

    Attributes
    ----------
    basis : the gates of the model.
    twirled : the gates, and "measure" for the readout, whose errors are no Pauli channels and were replaced by their twirls.
    """

    basis: tuple[str, ...]
    twirled: tuple[str, ...]
    by_gate: dict[tuple[str, tuple[int, ...] | None], Floats] = field(repr=False)
    readout: dict[int | None, float] = field(repr=False)

    @classmethod
    def of(cls, noise_model: NoiseModel, twirl: bool) -> DeviceNoise:
        """Return what a noise model does to Pauli strings.

        Raises `NearCliffordError` for anything but a noise model; without ``twirl``, for an error that is no mixture of
        Pauli strings, or a readout whose two errors differ; and for errors of three qubits, of measurements, correlated
        readout and noise that is added by passes of a transpiler.
        """
        _require_model(noise_model)
        allowed, twirled = boolean(twirl, "twirl"), []
        by_gate: dict[tuple[str, tuple[int, ...] | None], Floats] = {}
        for name, qubits, error in _quantum_errors(noise_model):
            table, exact = _table_of(error, name)
            if not (exact or allowed):
                raise NearCliffordError(f"The error of {_where(name, qubits)} is no mixture of Pauli strings. {TWIRL}")
            by_gate[name, qubits] = table
            twirled += [] if exact else [name]
        readout: dict[int | None, float] = {}
        for qubit, error in _readout_errors(noise_model):
            wrong = [float(error.probabilities[0][1]), float(error.probabilities[1][0])]
            readout[qubit] = 1.0 - sum(wrong)
            if abs(wrong[0] - wrong[1]) > ROUNDING:
                if not allowed:
                    where = "every qubit" if qubit is None else f"qubit {qubit}"
                    raise NearCliffordError(
                        f"The readout of {where} reads 0 as 1 with probability {wrong[0]:g} and 1 as 0 with {wrong[1]:g}, "
                        f"which is no Pauli channel. {TWIRL}"
                    )
                twirled.append("measure")
        basis = sorted({*noise_model.basis_gates, *noise_model.noise_instructions} - set(NOT_GATES))
        return cls(tuple(basis), tuple(sorted(set(twirled))), by_gate, readout)

    def written(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the circuit in the gates of the model, behind which the channels act.

        Raises `NearCliffordError` for a gate with a label, by which Aer would look its noise up.
        """
        parts = taken_apart(circuit)
        for number, instruction in enumerate(parts.data):
            label = getattr(instruction.operation, "label", None)
            if label is not None and label != instruction.operation.name:
                raise NearCliffordError(
                    f"Instruction {number} ({instruction.operation.name!r}) has the label {label!r}, by which Aer would "
                    "look its noise up. Remove the label."
                )
        if {instruction.operation.name for instruction in parts.data} <= {*self.basis, *SKIPPED}:
            return parts
        return transpile(parts, basis_gates=list(self.basis), optimization_level=0)

    def after(self, name: str, qubits: tuple[int, ...]) -> Floats | None:
        """Return the dampings of the channel that follows a gate: that of its qubits, else that of all."""
        table = self.by_gate.get((name, qubits))
        return self.by_gate.get((name, None)) if table is None else table

    def at_end(self, qubit: int) -> Floats | None:
        """Return the dampings by the readout: observables are measured letter by letter, so all letters are damped alike."""
        factor = self.readout.get(qubit, self.readout.get(None))
        return None if factor is None else uniform_damping(factor, 1)


def _require_model(noise_model: object) -> None:
    from qiskit_aer.noise import NoiseModel

    if not isinstance(noise_model, NoiseModel):
        raise NearCliffordError(
            f"The noise model is a {type(noise_model).__name__}; expected a qiskit_aer.noise.NoiseModel, or "
            "PauliNoise(two_qubit=1e-3, one_qubit=1e-4, readout=0.01)."
        )
    if noise_model._custom_noise_passes:
        raise NearCliffordError(
            "The noise model adds noise by passes of the transpiler, which depends on a schedule. Make one with errors of "
            "gates alone."
        )


def _quantum_errors(noise_model: Any) -> list[tuple[str, tuple[int, ...] | None, Any]]:
    """Return (gate, qubits or None for all, error) of a model, resets left out."""
    everywhere = [(name, None, error) for name, error in noise_model._default_quantum_errors.items()]
    somewhere = [
        (name, tuple(qubits), error)
        for name, errors in noise_model._local_quantum_errors.items()
        for qubits, error in errors.items()
    ]
    found = [*everywhere, *somewhere]
    if any(name == "measure" for name, _, _ in found):
        raise NearCliffordError(
            "The noise model has a quantum error of the measurement. Make it an error of readout (add_readout_error), or of "
            "a gate before it."
        )
    return [entry for entry in found if entry[0] != "reset"]


def _readout_errors(noise_model: Any) -> list[tuple[int | None, Any]]:
    everywhere = noise_model._default_readout_error
    found: list[tuple[int | None, Any]] = [] if everywhere is None else [(None, everywhere)]
    for qubits, error in noise_model._local_readout_errors.items():
        if len(qubits) != 1:
            raise NearCliffordError(
                f"The readout of qubits {list(qubits)} has one error together; expected errors of one qubit each."
            )
        found.append((int(qubits[0]), error))
    for qubit, error in found:
        if error.number_of_qubits != 1:
            where = "every measurement" if qubit is None else f"qubit {qubit}"
            raise NearCliffordError(f"The readout of {where} has an error of several qubits; expected errors of one each.")
    return found


def _table_of(error: Any, name: str) -> tuple[Floats, bool]:
    """Return the dampings of an error, and whether it is a mixture of Pauli strings: its transfer matrix is diagonal."""
    if error.num_qubits > 2:
        raise NearCliffordError(
            f"The error of {name!r} acts on {error.num_qubits} qubits; expected one or two. Leave the gate out of the "
            "model: it is then written in smaller ones."
        )
    matrix = PTM(error.to_quantumchannel()).data.real
    labels = ["I", "X", "Y", "Z"] if error.num_qubits == 1 else [a + b for a in "IXYZ" for b in "IXYZ"]
    table = np.ones(N_LETTERS)
    table[[place_of(label) for label in labels]] = np.round(np.diag(matrix), ROUNDED_DIGITS)
    table[0] = 1.0
    return table, bool(np.abs(matrix - np.diag(np.diag(matrix))).max() < ROUNDING)


def _where(name: str, qubits: tuple[int, ...] | None) -> str:
    return f"{name!r}" if qubits is None else f"{name!r} on qubits {list(qubits)}"
