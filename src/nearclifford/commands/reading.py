"""Arguments of the command line that become Python's: observables, parameters, seeds."""

from __future__ import annotations

import argparse
import math
import re

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import integer
from nearclifford.errors import CircuitError, ObservableError
from nearclifford.interchange.parameter_names import identifier


def read_observable(text: str) -> SparsePauliOp:
    """Return a sum of Pauli strings, each with a factor if it has one.

    >>> read_observable("0.5*ZZ - XI").to_list()
    [('ZZ', (0.5+0j)), ('XI', (-1+0j))]
    """
    term = r"([+-]?)(?:(\d*\.?\d+(?:[eE][+-]?\d+)?)\*)?([IXYZ]+)"
    compact = "".join(text.split())
    if not re.fullmatch(f"{term}(?:(?=[+-]){term})*", compact):
        raise ObservableError(f"--observable is {text!r}; expected Pauli strings such as ZZII, or '0.5*ZZII - XIXI'.")
    found = re.findall(term, compact)
    if len({len(label) for _, _, label in found}) > 1:
        raise ObservableError(
            f"--observable is {text!r}, whose strings differ in length; expected one letter for each qubit."
        )
    factors = [float(f"{sign}{size or 1}") for sign, size, _ in found]
    if not all(map(math.isfinite, factors)):
        raise ObservableError(f"--observable is {text!r}; expected factors below 1e308.")
    return SparsePauliOp([label for _, _, label in found], factors)


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
