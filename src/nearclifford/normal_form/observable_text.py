"""Observables as text: ``ZZII``, ``ZZII + 0.5*XXII``, ``Z0 Z3 + 0.5 X1``."""

from __future__ import annotations

import math
import re

from nearclifford.arguments import shown
from nearclifford.errors import ObservableError

# A Pauli string as its letters, the qubit of each, and its factor.
Term = tuple[str, list[int], float]

EXPECTED = (
    "expected Pauli strings, each with a factor or without, such as 'ZZII + 0.5*XXII', one letter for each qubit and "
    "the rightmost for qubit 0, or 'Z0 Z3 + 0.5 X1', each letter with the number of its qubit"
)
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PLACED = r"[IXYZ]\d+"
_STRING = rf"(?:{_PLACED}(?:\s*\*?\s*{_PLACED})*|[IXYZ]+(?!\d))"
_TERM = re.compile(rf"\s*(?P<sign>[+-]?)\s*(?:(?P<size>{_NUMBER})\s*\*?\s*)?(?P<string>{_STRING})\s*")


def read_text(text: str) -> tuple[int | None, list[Term]]:
    """Return (number of qubits, terms) of an observable's text; None for the number where every letter names its qubit.

    Raises `ObservableError`, which points at what cannot be read, for strings of different lengths, a qubit that is named
    twice in one string, and a factor beyond floats.

    >>> read_text("0.5*ZZ - XI")
    (2, [('ZZ', [1, 0], 0.5), ('XI', [1, 0], -1.0)])
    >>> read_text("Z0 Z3 + 0.5 X1")
    (None, [('ZZ', [0, 3], 1.0), ('X', [1], 0.5)])
    """
    terms: list[Term] = []
    lengths: set[int] = set()
    position = 0
    while position < len(text) or not terms:
        found = _TERM.match(text, position)
        if not found or (terms and not found["sign"]):
            raise ObservableError(f"The observable is {shown(text)}, unreadable at {shown(text[position:])}; {EXPECTED}.")
        letters, qubits, length = _string(found["string"], text)
        lengths |= set() if length is None else {length}
        terms.append((letters, qubits, _factor(f"{found['sign']}{found['size'] or 1}", text)))
        position = found.end()
    if len(lengths) > 1:
        raise ObservableError(
            f"The observable is {shown(text)}, whose strings differ in length; expected one letter for each qubit."
        )
    return (lengths.pop() if lengths else None), terms


def _string(string: str, text: str) -> tuple[str, list[int], int | None]:
    if not re.search(r"\d", string):
        return string, list(range(len(string) - 1, -1, -1)), len(string)
    placed = re.findall(r"([IXYZ])(\d+)", string)
    qubits = [int(qubit[:18]) for _, qubit in placed]
    for qubit in qubits:
        if qubits.count(qubit) > 1:
            raise ObservableError(
                f"The observable is {shown(text)}, whose string {string!r} has two letters on qubit {qubit}; expected one "
                "letter a qubit: multiply them out."
            )
    return "".join(letter for letter, _ in placed), qubits, None


def _factor(text: str, whole: str) -> float:
    factor = float(text)
    if not math.isfinite(factor):
        raise ObservableError(f"The observable is {shown(whole)}, with the factor {text}; expected factors below 1e308.")
    return factor
