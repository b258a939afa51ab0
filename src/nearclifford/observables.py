"""Observables of the published studies.

Labels follow Qiskit: the rightmost letter is qubit 0. A function with `_studied` above it is all that a new observable
takes: studies find it in `OBSERVABLES` by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TypeVar

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import Seed, finite, generator, instance, integer
from nearclifford.errors import ObservableError

# Imaginary parts up to this share of the largest coefficient are rounding of the arithmetic that made the observable.
IMAGINARY_TOLERANCE = 1e-12
LARGEST_SIZE = 1e150
Builder = TypeVar("Builder", bound=Callable[..., SparsePauliOp])


@dataclass(frozen=True)
class Family:
    """An observable of any size.

    Attributes
    ----------
    build : (N, rng) to an observable; only random ones use the generator.
    least_qubits : the smallest N.
    """

    build: Callable[[int, np.random.Generator], SparsePauliOp]
    least_qubits: int


# By the name of the function.
OBSERVABLES: dict[str, Family] = {}


def _studied(least_qubits: int = 1) -> Callable[[Builder], Builder]:
    """Enter a builder into `OBSERVABLES`; the random ones are those that take ``rng``."""

    def entered(builder: Builder) -> Builder:
        is_random = "rng" in signature(builder).parameters

        def build(n_qubits: int, rng: np.random.Generator) -> SparsePauliOp:
            return builder(n_qubits, rng=rng) if is_random else builder(n_qubits)

        OBSERVABLES[builder.__name__] = Family(build, least_qubits)
        return builder

    return entered


@_studied()
def global_z(n_qubits: int) -> SparsePauliOp:
    """Return Z on every qubit.

    >>> global_z(3).to_list()
    [('ZZZ', (1+0j))]
    """
    return SparsePauliOp("Z" * _size(n_qubits))


@_studied()
def global_xyz(n_qubits: int) -> SparsePauliOp:
    """Return X^N - Y^N / 2 + Z^N / 3, each letter on every qubit.

    >>> global_xyz(2).to_list()
    [('XX', (1+0j)), ('YY', (-0.5+0j)), ('ZZ', (0.3333333333333333+0j))]
    """
    return SparsePauliOp([letter * _size(n_qubits) for letter in "XYZ"], [1.0, -1 / 2, 1 / 3])


@_studied(least_qubits=2)
def heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the open Heisenberg chain, XX + YY + ZZ on each of the N - 1 bonds; N >= 2.

    >>> heisenberg(2).to_list()
    [('XX', (1+0j)), ('YY', (1+0j)), ('ZZ', (1+0j))]
    """
    return SparsePauliOp.from_sparse_list(_bonds(n_qubits, 1.0), _size(n_qubits))


@_studied(least_qubits=2)
def biased_heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the average over the 3N - 3 bond terms of the Heisenberg chain, plus X^N + Y^N + Z^N; N >= 2.

    >>> len(biased_heisenberg(4))
    12
    """
    size = _size(n_qubits, least=2)
    terms = _bonds(size, 1 / (3 * size - 3))
    return SparsePauliOp.from_sparse_list(terms + [(c * size, list(range(size)), 1.0) for c in "XYZ"], size)


@_studied(least_qubits=2)
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


@_studied()
def random_pauli(n_qubits: int, *, rng: Seed = None) -> SparsePauliOp:
    """Return one Pauli string, every string but the identity equally likely.

    >>> random_pauli(4, rng=1) == random_pauli(4, rng=1)
    True
    """
    return SparsePauliOp(_random_label(_size(n_qubits), generator(rng)))


def random_hamiltonian(n_qubits: int, n_terms: int, weighted: bool = True, *, rng: Seed = None) -> SparsePauliOp:
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
