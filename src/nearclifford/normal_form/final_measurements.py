"""Measurements at the end of a circuit: an expectation value asks for none of them."""

from __future__ import annotations

import warnings

from qiskit import QuantumCircuit
from qiskit.circuit import Barrier, Measure

from nearclifford.errors import DroppedMeasurementsWarning


def without_final_measurements(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit without the measurements that no other instruction follows on their qubits.

    Says so by a `DroppedMeasurementsWarning`. Barriers do not count as instructions. A measurement that something follows
    stays, and the compiler refuses it. Without any to drop the circuit itself is returned.

    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.h(0), circuit.measure(0, 0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     without_final_measurements(circuit).count_ops()
    OrderedDict([('h', 1)])
    """
    if not any(isinstance(instruction.operation, Measure) for instruction in circuit.data):
        return circuit
    kept, followed, dropped = [], set(), 0
    for instruction in reversed(circuit.data):
        if isinstance(instruction.operation, Measure) and instruction.qubits[0] not in followed:
            dropped += 1
            continue
        if not isinstance(instruction.operation, Barrier):
            followed.update(instruction.qubits)
        kept.append(instruction)
    if not dropped:
        return circuit
    warn_of_dropped(dropped, 4)
    result = circuit.copy_empty_like()
    for instruction in reversed(kept):
        result.append(instruction)
    return result


def warn_of_dropped(count: int, stacklevel: int) -> None:
    """Say by a `DroppedMeasurementsWarning` how many measurements a circuit has lost."""
    warnings.warn(
        f"{count} measurement{'s' if count > 1 else ''} at the end of the circuit dropped: values are expectation values of "
        "the observable, on the state before them.",
        DroppedMeasurementsWarning,
        stacklevel=stacklevel,
    )
