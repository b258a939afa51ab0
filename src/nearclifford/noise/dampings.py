"""Dampings of Pauli strings by channels of one and two qubits.

A table has 16 numbers, by the bits x and z of the first qubit's letter, then those of the second's, the first the lowest:
I, X, Z, Y are 0, 1, 2, 3. Labels follow Qiskit: the rightmost letter is the first qubit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.normal_form.channels import N_LETTERS

BITS = {"I": 0, "X": 1, "Z": 2, "Y": 3}
# Probabilities that add up to more than 1 by this are rounded.
ROUNDING = 1e-9


def place_of(label: str) -> int:
    """Return where a table has a string.

    >>> place_of("IX"), place_of("XI"), place_of("YZ")
    (1, 4, 14)
    """
    return sum(BITS[letter] << 2 * qubit for qubit, letter in enumerate(reversed(label)))


def uniform_damping(factor: float, n_qubits: int) -> Floats:
    """Return the table of a channel that damps every string but the identity alike: depolarizing noise.

    >>> uniform_damping(0.9, 1)[:4].tolist()
    [1.0, 0.9, 0.9, 0.9]
    """
    table = np.ones(N_LETTERS)
    table[1 : 4**n_qubits] = factor
    return table


def pauli_damping(probabilities: Mapping[str, float], n_qubits: int, name: str) -> Floats:
    """Return the table of a mixture of Pauli strings: Σ_Q p_Q (±1, as Q commutes with P or not), the rest the identity.

    Raises `NearCliffordError`, which calls them ``name``, for labels of another length or letters, and for numbers that are
    no probabilities.

    >>> pauli_damping({"X": 0.1}, 1, "one_qubit")[:4].round(9).tolist()    # I, X, Z, Y
    [1.0, 1.0, 0.8, 0.8]
    """
    table = np.ones(N_LETTERS)
    for label, probability in probabilities.items():
        if not isinstance(label, str) or len(label) != n_qubits or set(label) - set(BITS):
            expected = "a letter of I, X, Y, Z" if n_qubits == 1 else f"{n_qubits} letters of I, X, Y, Z"
            raise NearCliffordError(f"{name} holds the key {label!r}; expected {expected}.")
        table[: 4**n_qubits] -= (
            2.0 * probability_of(probability, f"{name}[{label!r}]") * _anticommuting(place_of(label), n_qubits)
        )
    total = sum(float(probability) for probability in probabilities.values())
    if total > 1.0 + ROUNDING:
        raise NearCliffordError(f"The probabilities of {name} add up to {total:.9g}; expected at most 1.")
    return table


def probability_of(value: object, name: str, most: float = 1.0) -> float:
    """Return a probability as a float; `NearCliffordError` for anything but a number from 0 to ``most``.

    >>> probability_of(0, "readout")
    0.0
    """
    numeric = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not numeric or not 0.0 <= float(value) <= most:  # type: ignore[arg-type]
        raise NearCliffordError(f"{name} is {value!r}; expected a probability from 0 to {most:g}.")
    return float(value)  # type: ignore[arg-type]


def _anticommuting(place: int, n_qubits: int) -> Floats:
    """Return 1 for each string of n qubits that anticommutes with one, else 0."""
    others = np.arange(4**n_qubits)
    exchanged = (others & 5) << 1 | (others & 10) >> 1  # x and z of each letter
    return (np.bitwise_count(exchanged & place) & 1).astype(np.float64)
