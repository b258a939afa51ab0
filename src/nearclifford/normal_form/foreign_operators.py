"""Observables of PennyLane and Cirq, read by what they offer: neither library is imported here."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from importlib import import_module
from typing import Any

from nearclifford.errors import ObservableError
from nearclifford.normal_form.observable_text import Term


def library_of(operator: object) -> str:
    """Return the name of the package that an object's class comes from.

    >>> library_of(1.0), library_of(Term)
    ('builtins', 'types')
    """
    return str(type(operator).__module__).partition(".")[0]


def pennylane_terms(operator: Any, qubit_of: Callable[[Hashable], int]) -> list[Term]:
    """Return the Pauli strings of an operator of PennyLane; ``qubit_of`` turns a wire into a qubit.

    Raises `ObservableError` for an operator that is no sum of Pauli strings and has no matrix.
    """
    sentence = operator if type(operator).__name__ == "PauliSentence" else getattr(operator, "pauli_rep", None)
    if type(operator).__name__ == "PauliWord":
        sentence = {operator: 1.0}
    if sentence is None:
        sentence = _decomposed(operator)
    return [
        ("".join(word.values()), [qubit_of(wire) for wire in word], _real(coefficient, operator))
        for word, coefficient in sentence.items()
    ]


def _decomposed(operator: Any) -> Any:
    """Return the Pauli strings of an operator that is known by its matrix, such as ``Hermitian``."""
    qml = import_module("pennylane")
    try:
        return qml.pauli_decompose(qml.matrix(operator), wire_order=operator.wires, pauli=True, hide_identity=True)
    except Exception as error:  # whatever PennyLane raises for an operator without a matrix
        raise ObservableError(
            f"The observable is PennyLane's {type(operator).__name__}, which is no sum of Pauli strings and has no matrix; "
            "expected products and sums of X, Y, Z, as in qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(2)."
        ) from error


def cirq_terms(operator: Any, qubit_of: Callable[[Hashable], int]) -> list[Term]:
    """Return the Pauli strings of a ``PauliSum``, ``PauliString`` or single Pauli of Cirq.

    Raises `ObservableError` for anything else of Cirq.
    """
    strings = list(operator) if type(operator).__name__ == "PauliSum" else [operator]
    if not all(hasattr(string, "coefficient") and hasattr(string, "items") for string in strings):
        raise ObservableError(
            f"The observable is Cirq's {type(operator).__name__}; expected a cirq.PauliSum or PauliString, such as "
            "cirq.Z(a) * cirq.Z(b) + 0.5 * cirq.X(a)."
        )
    terms = []
    for string in strings:
        letters = [(str(pauli), qubit_of(qubit)) for qubit, pauli in string.items()]
        text, qubits = "".join(letter for letter, _ in letters), [qubit for _, qubit in letters]
        terms.append((text, qubits, _real(string.coefficient, operator)))
    return terms


def numbered_qubit(label: Hashable) -> int:
    """Return the number of a qubit whose label is a number, or one of Cirq's ``LineQubit``.

    Raises `ObservableError` for another label: only the circuit that it came with knows which qubit is meant.

    >>> numbered_qubit(3)
    3
    """
    number = getattr(label, "x", label) if type(label).__name__ == "LineQubit" else label
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ObservableError(
            f"The observable acts on {label!r}; expected wires 0, 1, ... (in Cirq, LineQubits), which are the circuit's "
            "qubits. from_pennylane and from_cirq know the labels of their circuits: pass the observable there."
        )
    return number


def _real(coefficient: Any, operator: Any) -> float:
    number = complex(coefficient)
    if abs(number.imag) > 1e-12 * abs(number):
        raise ObservableError(
            f"The observable ({type(operator).__name__}) has the coefficient {number}; expected real ones, for a Hermitian "
            "observable."
        )
    return number.real
