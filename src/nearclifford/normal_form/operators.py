"""The one place where an observable is read, in whatever form it is given.

Labels follow Qiskit: the rightmost letter is qubit 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp
from qiskit.transpiler import TranspileLayout

from nearclifford.arguments import shown
from nearclifford.errors import ObservableError
from nearclifford.normal_form.foreign_operators import cirq_terms, library_of, numbered_qubit, pennylane_terms
from nearclifford.normal_form.observable_text import Term, read_text

# What every door takes for an observable; the operators of PennyLane and Cirq beside these.
ObservableLike: TypeAlias = (
    SparsePauliOp | Pauli | SparseObservable | str | Sequence[tuple[str, float]] | Sequence[tuple[str, Sequence[int], float]]
)

FOREIGN = {"pennylane": pennylane_terms, "cirq": cirq_terms}
MOST_PROJECTED_TERMS = 2**16


def operator_of(observable: ObservableLike, size: int, layout: TranspileLayout | None = None) -> SparsePauliOp:
    """Return an observable, in whatever form, on the ``size`` qubits of a circuit with a layout or without one.

    Forms: `SparsePauliOp`, `Pauli`, `SparseObservable`; text as in ``ZZII + 0.5*XXII`` or ``Z0 Z3 + 0.5 X1``; a list of
    pairs ``(label, factor)`` or of triples ``(letters, qubits, factor)``; an operator of PennyLane or Cirq on wires 0, 1.

    A transpiled circuit has a layout, and an observable with the number of qubits that the circuit had before is laid out as
    the circuit is (``SparsePauliOp.apply_layout``). An observable of the circuit's own number of qubits is taken as it
    stands, as Qiskit's primitives do.

    Raises `ObservableError` as `terms_of` does, for text that cannot be read, and for numbered qubits on a circuit whose
    layout moves them, where either numbering might be meant.

    >>> operator_of("Z0 Z2 + 0.5 X1", 3).to_list()
    [('ZIZ', (1+0j)), ('IXI', (0.5+0j))]
    >>> operator_of([("XX", [0, 2], 2.0)], 3).to_list()
    [('XIX', (2+0j))]
    """
    before = _logical_size(layout, size)
    known = _known(observable)
    if known is None:
        fixed, terms = _read(observable)
        if fixed is None and before is not None:
            raise ObservableError(
                f"The observable numbers its qubits, and the circuit's layout moved {before} qubits among {size}: "
                "either numbering might be meant. Write one letter for each qubit: as many letters as before the layout, or "
                "as the circuit has now."
            )
        known = _assembled(terms, size if fixed is None else fixed)
    if before is not None and known.num_qubits == before != size:
        return known.apply_layout(layout)
    if known.num_qubits != size:
        either = "" if before in (None, size) else f", or {before}, the number before its layout"
        raise ObservableError(
            f"The observable acts on {known.num_qubits} qubits; expected {size}, the number of the circuit{either}."
        )
    return known


def _logical_size(layout: TranspileLayout | None, size: int) -> int | None:
    """Return how many qubits a circuit had before its layout; None without one, and where it leaves all in their places."""
    if layout is None:
        return None
    places = layout.final_index_layout(filter_ancillas=True)
    return None if places == list(range(size)) else len(places)


def _known(observable: Any) -> SparsePauliOp | None:
    """Return an operator of Qiskit as a `SparsePauliOp`; None for other forms."""
    if isinstance(observable, SparsePauliOp):
        return observable
    if isinstance(observable, Pauli):
        return SparsePauliOp(observable)
    if not isinstance(observable, SparseObservable):
        return None
    n_terms = sum(2 ** sum(label not in "XYZ" for label in term.bit_labels()) for term in observable)
    if n_terms > MOST_PROJECTED_TERMS:
        raise ObservableError(
            f"The observable has projectors that are {n_terms} Pauli strings; expected {MOST_PROJECTED_TERMS} at most."
        )
    return SparsePauliOp.from_sparse_observable(observable)


def _read(observable: Any) -> tuple[int | None, list[Term]]:
    """Return (number of qubits, None where each letter names its qubit; terms) of a form that is none of Qiskit's."""
    if isinstance(observable, str):
        return read_text(observable)
    library = library_of(observable)
    if library in FOREIGN:
        return None, FOREIGN[library](observable, numbered_qubit)
    rows = list(observable) if isinstance(observable, list | tuple) else []
    if rows and all(isinstance(row, list | tuple) and len(row) == 3 for row in rows):
        return None, [_placed(row) for row in rows]
    if rows and all(isinstance(row, list | tuple) and len(row) == 2 for row in rows):
        labels = [_pair(row) for row in rows]
        if len({len(label) for label, _ in labels}) == 1:
            size = len(labels[0][0])
            return size, [(label, list(range(size - 1, -1, -1)), factor) for label, factor in labels]
    raise ObservableError(
        f"The observable is a {type(observable).__name__}; expected a qiskit.quantum_info.SparsePauliOp or Pauli, such as "
        'SparsePauliOp(["XX", "ZI"], [1.0, 0.5]), text such as "XX + 0.5*ZI" or "X0 X1 + 0.5 Z1", a list of pairs such as '
        '[("XX", 1.0), ("ZI", 0.5)] with labels of one length; the rightmost letter is qubit 0.'
    )


def _pair(row: Any) -> tuple[str, float]:
    label, factor = row
    if not isinstance(label, str) or not label or label.strip("IXYZ"):
        raise ObservableError(f"The observable has the pair {shown(row)}; expected a label of I, X, Y, Z and a factor.")
    return label, factor


def _placed(row: Any) -> Term:
    letters, qubits, factor = row
    places = [int(qubit) for qubit in qubits if isinstance(qubit, int | np.integer)] if hasattr(qubits, "__iter__") else []
    if not isinstance(letters, str) or letters.strip("IXYZ") or not len(letters) == len(places) == len(set(places)):
        raise ObservableError(
            f"The observable has the term {shown(row)}; expected letters of I, X, Y, Z, as many qubits, and a factor."
        )
    return letters, places, factor


def _assembled(terms: Sequence[Term], size: int) -> SparsePauliOp:
    for letters, qubits, _ in terms:
        for qubit in qubits:
            if not 0 <= qubit < size:
                raise ObservableError(
                    f"The observable has the term {letters} on the qubits {qubits}; expected qubits from 0 to {size - 1}."
                )
    try:
        return SparsePauliOp.from_sparse_list(terms, size)
    except (TypeError, ValueError) as error:
        factors = [factor for _, _, factor in terms]
        raise ObservableError(f"The observable has the factors {shown(factors)}; expected numbers.") from error
