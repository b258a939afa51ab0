"""Arguments of the command line that become Python's: observables, parameters, seeds."""

from __future__ import annotations

import argparse

from qiskit import QuantumCircuit

from nearclifford.arguments import integer
from nearclifford.errors import CircuitError, ObservableError
from nearclifford.interchange.parameter_names import identifier
from nearclifford.normal_form.observable_text import read_text


def read_observable(text: str) -> str:
    """Return the text of an observable once it is known to be readable, as `nearclifford.Landscape` takes it.

    >>> read_observable("0.5*ZZ - X0")
    '0.5*ZZ - X0'
    """
    try:
        read_text(text)
    except ObservableError as error:
        raise ObservableError(str(error).replace("The observable is", "--observable is", 1)) from error
    return text


def parameter_index(circuit: QuantumCircuit, given: str) -> int:
    """Return the index in ``circuit.parameters`` of a parameter given by index, name, or spelling in OpenQASM 3.

    >>> from nearclifford import ansatz
    >>> parameter_index(ansatz.mhea(2, 0), "theta[3]"), parameter_index(ansatz.mhea(2, 0), "3")
    (3, 3)
    """
    names = [parameter.name for parameter in circuit.parameters]
    for spelled in (names, [identifier(name) for name in names]):
        if spelled.count(given) == 1:
            return spelled.index(given)
    if not names:
        raise CircuitError(
            f"--parameter is {given!r}, but the circuit has no parameters; expected 'input float theta;' in it."
        )
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) < len(names)):
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise CircuitError(f"--parameter is {given!r}; expected an index from 0 to {len(names) - 1}, or one of {shown}.")
    return int(given)


def seed_of(options: argparse.Namespace) -> int:
    """Return the seed that was given; `NearCliffordError` for one below zero."""
    return integer(options.seed, "--seed", 0, most=2**256)
