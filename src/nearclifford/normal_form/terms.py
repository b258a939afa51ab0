"""The terms of an observable: its distinct Pauli strings and real coefficients.

Labels follow Qiskit: the rightmost letter is qubit 0.
"""

from __future__ import annotations

import numpy as np
import stim
from qiskit.quantum_info import PauliList, SparsePauliOp

from nearclifford.arrays import Floats
from nearclifford.errors import ObservableError
from nearclifford.normal_form.operators import ObservableLike, operator_of

# Imaginary parts up to this share of the largest coefficient are rounding of the arithmetic that made the observable.
IMAGINARY_TOLERANCE = 1e-12
LARGEST_SIZE = 1e150


def terms_of(observable: ObservableLike, n_qubits: int) -> tuple[list[stim.PauliString], Floats]:
    """Return the distinct Pauli strings of an observable, unsigned, and their coefficients, float64.

    Equal strings are merged and those of weight zero dropped, in the order of first appearance. Forms as for `operator_of`.

    Raises
    ------
    ObservableError : not an operator of Pauli strings, the wrong number of qubits, a coefficient that is not finite or
        not real, coefficients so large that (Σ|c|)² is not finite, or no term left.

    Examples
    --------
    >>> terms_of(SparsePauliOp(["XI", "ZZ", "XI"], [1.0, 2.0, 0.5]), 2)
    ([stim.PauliString("+_X"), stim.PauliString("+ZZ")], array([1.5, 2. ]))
    """
    # Two Y or a phase may hide in the Paulis: SparsePauliOp moves all phases into the coefficients.
    given = SparsePauliOp(operator_of(observable, n_qubits))
    coefficients = np.asarray(given.coeffs)
    if coefficients.dtype.kind not in "fiuc":
        raise ObservableError("The observable has symbolic coefficients; expected numbers: assign its parameters first.")
    _refuse(given.paulis, coefficients, ~np.isfinite(coefficients), "a finite one")
    with np.errstate(over="ignore", invalid="ignore"):
        unique = given.simplify(atol=0.0)
    _refuse(unique.paulis, unique.coeffs, ~np.isfinite(unique.coeffs), "a finite one after equal strings are added up")
    skew = np.abs(unique.coeffs.imag) > IMAGINARY_TOLERANCE * np.abs(unique.coeffs).max(initial=0.0)
    _refuse(unique.paulis, unique.coeffs, skew, "a real one, for a Hermitian observable")
    if not np.any(unique.coeffs):
        raise ObservableError("The observable is zero: no term is left after equal strings are added up.")
    _refuse_size(unique)
    strings = [stim.PauliString.from_numpy(xs=x, zs=z) for x, z in zip(unique.paulis.x, unique.paulis.z, strict=True)]
    return strings, unique.coeffs.real.astype(np.float64)


def _refuse(paulis: PauliList, coefficients: np.ndarray, bad: np.ndarray, expected: str) -> None:
    where = np.flatnonzero(bad)
    if len(where):
        label = paulis[int(where[0])].to_label()
        raise ObservableError(
            f"Term {where[0]} of the observable, {label}, has the coefficient {coefficients[where[0]]}; expected {expected}."
        )


def _refuse_size(observable: SparsePauliOp) -> None:
    """Second moments are of the size of (Σ|c|)²."""
    with np.errstate(over="ignore"):
        size = np.abs(observable.coeffs).sum()
    if size > LARGEST_SIZE:
        label = observable.paulis[int(np.argmax(np.abs(observable.coeffs)))].to_label()
        raise ObservableError(
            f"The sizes of the observable's coefficients add up to {size:.3g}, most of it on {label}; expected at most "
            f"{LARGEST_SIZE:g}, so that second moments are finite. Choose a larger unit."
        )
