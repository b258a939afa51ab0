"""What comes in from another library: a circuit of Qiskit, its observable, and a point."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError, NearCliffordError, ObservableError
from nearclifford.landscape import Landscape
from nearclifford.normal_form.observable_text import Term
from nearclifford.normal_form.operators import operator_of


@dataclass(frozen=True, eq=False)
class ImportedCircuit:
    """A circuit that another library or a file described, in Qiskit's terms.

    Attributes
    ----------
    circuit : its D free parameters in order are ``circuit.parameters``.
    observable : on the circuit's qubits; None where none was given.
    theta : float64, shape ``(D,)``, radians: the values that the parameters had; 0 where they had none.
    parameters : what the other side calls each parameter, D names.
    qubits : what it calls each qubit, in order: its wires, or its qubits.

    Examples
    --------
    >>> import nearclifford as nc
    >>> import numpy as np
    >>> found = nc.from_qasm('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; rx(0.3) q[0]; cx q[0],q[1];', "ZI", free="all")
    >>> found
    ImportedCircuit(2 qubits, 1 parameter, 1 term)
    >>> bool(abs(found.landscape().value(found.theta) - np.cos(0.3)) < 1e-15)
    True
    """

    circuit: QuantumCircuit
    observable: SparsePauliOp | None
    theta: Floats
    parameters: tuple[str, ...]
    qubits: tuple[Hashable, ...]

    def __repr__(self) -> str:
        terms = 0 if self.observable is None else len(self.observable)
        counts = (len(self.qubits), "qubit"), (len(self.theta), "parameter"), (terms, "term")
        return f"ImportedCircuit({', '.join(f'{n} {what}' + 's' * (n != 1) for n, what in counts)})"

    def landscape(self, center: npt.ArrayLike | None = None) -> Landscape:
        """Return the landscape of circuit and observable; the centre is as for `Landscape`, 0 by default.

        Raises `ObservableError` where no observable was given, and what `Landscape` raises.
        """
        if self.observable is None:
            raise ObservableError("The circuit came without an observable; give one where it is imported, observable=...")
        return Landscape(self.circuit, self.observable, center)


def foreign(library: str, extra: str) -> ModuleType:
    """Return a library that only some doors need; `NearCliffordError`, which says how to install it, where it is missing.

    >>> foreign("no_such_library", "cirq")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: no_such_library is not installed; pip install 'nearclifford[cirq]' installs it.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise NearCliffordError(f"{library} is not installed; pip install 'nearclifford[{extra}]' installs it.") from error


def observable_on(terms: list[Term], n_qubits: int) -> SparsePauliOp:
    """Return an observable from its strings; `ObservableError` for none at all.

    >>> observable_on([("ZZ", [0, 2], 1.0)], 3).to_list()
    [('ZIZ', (1+0j))]
    """
    if not terms:
        raise ObservableError("The observable is zero: it has no Pauli string.")
    return operator_of([tuple(term) for term in terms], n_qubits)


def positions(labels: Any, what: str) -> dict[Hashable, int]:
    """Return the qubit of each label, in order; `CircuitError` for none and for a label that is there twice.

    >>> positions(["a", "b"], "wire_order")
    {'a': 0, 'b': 1}
    """
    listed = list(labels)
    if not listed or len(set(listed)) != len(listed):
        raise CircuitError(f"{what} is {listed}; expected at least one qubit, and each once.")
    return {label: qubit for qubit, label in enumerate(listed)}
