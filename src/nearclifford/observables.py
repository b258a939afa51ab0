"""Observables of the published studies, and the one place where an observable is read.

Labels follow Qiskit: the rightmost letter is qubit 0.
"""

from __future__ import annotations

import numpy as np
import stim
from qiskit.quantum_info import Pauli, PauliList, SparsePauliOp

from nearclifford.arguments import Seed, finite, generator, instance, integer
from nearclifford.arrays import Floats
from nearclifford.errors import ObservableError

# Imaginary parts up to this share of the largest coefficient are rounding of the arithmetic that made the observable.
IMAGINARY_TOLERANCE = 1e-12
LARGEST_SIZE = 1e150


def global_z(n_qubits: int) -> SparsePauliOp:
    """Return Z on every qubit.

    >>> global_z(3).to_list()
    [('ZZZ', (1+0j))]
    """
    return SparsePauliOp("Z" * _size(n_qubits))


def global_xyz(n_qubits: int) -> SparsePauliOp:
    """Return X^N - Y^N / 2 + Z^N / 3, each letter on every qubit.

    >>> global_xyz(2).to_list()
    [('XX', (1+0j)), ('YY', (-0.5+0j)), ('ZZ', (0.3333333333333333+0j))]
    """
    return SparsePauliOp([letter * _size(n_qubits) for letter in "XYZ"], [1.0, -1 / 2, 1 / 3])


def heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the open Heisenberg chain, XX + YY + ZZ on each of the N - 1 bonds; N >= 2.

    >>> heisenberg(2).to_list()
    [('XX', (1+0j)), ('YY', (1+0j)), ('ZZ', (1+0j))]
    """
    return SparsePauliOp.from_sparse_list(_bonds(n_qubits, 1.0), _size(n_qubits))


def biased_heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the average over the 3N - 3 bond terms of the Heisenberg chain, plus X^N + Y^N + Z^N; N >= 2.

    >>> len(biased_heisenberg(4))
    12
    """
    size = _size(n_qubits, least=2)
    terms = _bonds(size, 1 / (3 * size - 3))
    return SparsePauliOp.from_sparse_list(terms + [(c * size, list(range(size)), 1.0) for c in "XYZ"], size)


def ising(n_qubits: int, j: float = 1.0, h: float = 1.0) -> SparsePauliOp:
    """Return the transverse-field Ising ring, -j ZZ on each bond of the closed chain and -h X on each qubit; N >= 2.

    Two qubits are joined by one bond.

    >>> ising(3, j=1.0, h=0.5).to_list()[0], len(ising(3))
    (('IZZ', (-1+0j)), 6)
    """
    size, bond, field = _size(n_qubits, least=2), finite(j, "j", 1.0), finite(h, "h", 1.0)
    bonds = [(qubit, (qubit + 1) % size) for qubit in range(size if size > 2 else 1)]
    terms = [("ZZ", list(pair), -bond) for pair in bonds] + [("X", [qubit], -field) for qubit in range(size)]
    return SparsePauliOp.from_sparse_list(terms, size)


def random_pauli(n_qubits: int, rng: Seed = None) -> SparsePauliOp:
    """Return one Pauli string, every string but the identity equally likely.

    >>> random_pauli(4, rng=1) == random_pauli(4, rng=1)
    True
    """
    return SparsePauliOp(_random_label(_size(n_qubits), generator(rng)))


def random_hamiltonian(n_qubits: int, n_terms: int, weighted: bool = True, rng: Seed = None) -> SparsePauliOp:
    """Return distinct random Pauli strings, none the identity, with normal weights or, if not ``weighted``, of weight 1.

    Raises `ObservableError` if there are fewer than ``n_terms`` such strings.

    >>> len(random_hamiltonian(5, 7, rng=2))
    7
    """
    size = _size(n_qubits)
    if integer(n_terms, "n_terms", 1, ObservableError) >= 4**size:
        raise ObservableError(f"n_terms is {n_terms}; expected 1 to {4**size - 1} on {size} qubits.")
    instance(weighted, bool, "weighted", "False", ObservableError)
    stream = generator(rng)
    labels: dict[str, None] = {}
    while len(labels) < n_terms:
        labels.setdefault(_random_label(size, stream))
    weights = stream.standard_normal(n_terms) if weighted else np.ones(n_terms)
    return SparsePauliOp(list(labels), weights)


def terms_of(observable: SparsePauliOp | Pauli, n_qubits: int) -> tuple[list[stim.PauliString], Floats]:
    """Return the distinct Pauli strings of an observable, unsigned, and their coefficients, float64.

    Equal strings are merged and those of weight zero dropped, in the order of first appearance.

    Raises
    ------
    ObservableError : not an operator of Pauli strings, the wrong number of qubits, a coefficient that is not finite or
        not real, coefficients so large that (Σ|c|)² is not finite, or no term left.

    Examples
    --------
    >>> terms_of(SparsePauliOp(["XI", "ZZ", "XI"], [1.0, 2.0, 0.5]), 2)
    ([stim.PauliString("+_X"), stim.PauliString("+ZZ")], array([1.5, 2. ]))
    """
    if not isinstance(observable, SparsePauliOp | Pauli):
        raise ObservableError(
            f"The observable is a {type(observable).__name__}; expected a qiskit.quantum_info.SparsePauliOp or Pauli, such "
            'as SparsePauliOp(["XX", "ZI"], [1.0, 0.5]) or SparsePauliOp("ZZ"); the rightmost letter is qubit 0.'
        )
    # Two Y or a phase may hide in the Paulis: SparsePauliOp moves all phases into the coefficients.
    given = SparsePauliOp(observable)
    if given.num_qubits != n_qubits:
        raise ObservableError(
            f"The observable acts on {given.num_qubits} qubits; expected {n_qubits}, the number of the circuit."
        )
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


def _random_label(n_qubits: int, rng: np.random.Generator) -> str:
    letters = np.zeros(n_qubits, dtype=np.int64)
    while not letters.any():
        letters = rng.integers(4, size=n_qubits)
    return "".join("IXYZ"[letter] for letter in letters)


def _bonds(n_qubits: int, weight: float) -> list[tuple[str, list[int], float]]:
    size = _size(n_qubits, least=2)
    return [(letters, [qubit, qubit + 1], weight) for qubit in range(size - 1) for letters in ("XX", "YY", "ZZ")]


def _size(n_qubits: int, least: int = 1) -> int:
    return integer(n_qubits, "n_qubits", least, ObservableError)
