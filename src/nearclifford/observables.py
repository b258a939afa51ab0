"""Observables of the published studies, local and global ones, and the cut of a graph.

Labels follow Qiskit: the rightmost letter is qubit 0. A function with `_studied` above it is all that a new observable
takes: studies find it in `OBSERVABLES` by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import Seed, finite, generator, instance, integer
from nearclifford.errors import ObservableError
from nearclifford.graphs import random_regular_edges, read_graph

if TYPE_CHECKING:
    import rustworkx

# A list of edges, a graph of rustworkx, or one of NetworkX, which need not be installed.
GraphLike: TypeAlias = "Sequence[tuple[int, int]] | Sequence[tuple[int, int, float]] | rustworkx.PyGraph[Any, Any] | Any"
Builder = TypeVar("Builder", bound=Callable[..., SparsePauliOp])


@dataclass(frozen=True)
class Family:
    """An observable of any size.

    Attributes
    ----------
    build : (N, rng) to an observable; only random ones use the generator.
    least_qubits : the smallest N.
    even : whether N has to be even.
    is_random : whether it uses the generator.
    """

    build: Callable[[int, np.random.Generator], SparsePauliOp]
    least_qubits: int
    even: bool = False
    is_random: bool = False

    def missing(self, n_qubits: int) -> str | None:
        """Return what a number of qubits lacks, in words; None where the observable exists.

        >>> OBSERVABLES["ising"].missing(1), OBSERVABLES["maxcut_3_regular"].missing(5), OBSERVABLES["ising"].missing(5)
        ('at least 2', 'an even number', None)
        """
        if n_qubits < self.least_qubits:
            return f"at least {self.least_qubits}"
        return "an even number" if self.even and n_qubits % 2 else None


# By the name of the function.
OBSERVABLES: dict[str, Family] = {}


def _studied(least_qubits: int = 1, even: bool = False) -> Callable[[Builder], Builder]:
    """Enter a builder into `OBSERVABLES`; the random ones are those that take ``rng``."""

    def entered(builder: Builder) -> Builder:
        is_random = "rng" in signature(builder).parameters

        def build(n_qubits: int, rng: np.random.Generator) -> SparsePauliOp:
            return builder(n_qubits, rng=rng) if is_random else builder(n_qubits)

        OBSERVABLES[builder.__name__] = Family(build, least_qubits, even, is_random)
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
def local_z(n_qubits: int, qubit: int = 0) -> SparsePauliOp:
    """Return Z on one qubit; raises `ObservableError` for a qubit that is not there.

    >>> local_z(3).to_list(), local_z(3, 2).to_list()
    ([('IIZ', (1+0j))], [('ZII', (1+0j))])
    """
    size = _size(n_qubits)
    return SparsePauliOp.from_sparse_list([("Z", [integer(qubit, "qubit", 0, ObservableError, most=size - 1)], 1.0)], size)


@_studied()
def sum_z(n_qubits: int) -> SparsePauliOp:
    """Return the sum of Z on each qubit, each with coefficient 1.

    >>> sum_z(2).to_list()
    [('IZ', (1+0j)), ('ZI', (1+0j))]
    """
    size = _size(n_qubits)
    return SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0) for qubit in range(size)], size)


@_studied()
def mean_z(n_qubits: int) -> SparsePauliOp:
    """Return the mean of Z over the qubits, `sum_z` / N.

    The local cost 1 - (1/N) Σ |0⟩⟨0| of Cerezo et al. (Nature Communications 12, 1791, 2021) is (1 - mean_z) / 2: its
    gradient is that of this observable times -1/2.

    >>> mean_z(2).to_list()
    [('IZ', (0.5+0j)), ('ZI', (0.5+0j))]
    """
    size = _size(n_qubits)
    return SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0 / size) for qubit in range(size)], size)


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


def maxcut(graph: GraphLike, n_qubits: int | None = None) -> SparsePauliOp:
    """Return minus the weight of a cut, Σ w (Z_i Z_j - 1) / 2 over the edges: the least loss is minus the largest cut.

    A bitstring cuts the edges whose ends differ. This is the Ising form of ``qiskit_optimization``'s Maxcut with its offset;
    the identity is the last term.

    Parameters
    ----------
    graph : edges ``(i, j)`` or ``(i, j, weight)``, a ``rustworkx.PyGraph``, or a ``networkx.Graph``, with nodes 0 to N - 1;
        an edge without a weight has the weight 1.
    n_qubits : by default the number of nodes; of a list of edges, the largest node and one.

    Raises `ObservableError` for a graph that is directed, has no edges or other nodes than these, and, by its name, for an
    edge that is no pair, joins a node to itself, is there twice, or has a weight that is no finite number.

    >>> maxcut([(0, 1), (1, 2, 0.5)]).to_list()
    [('IZZ', (0.5+0j)), ('ZZI', (0.25+0j)), ('III', (-0.75+0j))]
    """
    read = read_graph(graph)
    size = read.n_nodes if n_qubits is None else _size(n_qubits, read.n_nodes)
    terms = [("ZZ", list(edge), weight / 2) for edge, weight in zip(read.edges, read.weights, strict=True)]
    return SparsePauliOp.from_sparse_list([*terms, ("", [], -sum(read.weights) / 2)], size)


@_studied(least_qubits=4, even=True)
def maxcut_3_regular(n_qubits: int, *, rng: Seed = None) -> SparsePauliOp:
    """Return `maxcut` of a random graph whose N nodes have three edges each, all such graphs equally likely; N even, N >= 4.

    It need not be connected. Raises `ObservableError` for an odd N.

    >>> len(maxcut_3_regular(10, rng=1)), maxcut_3_regular(10, rng=1) == maxcut_3_regular(10, rng=1)
    (16, True)
    """
    size = _size(n_qubits, least=4)
    if size % 2:
        raise ObservableError(f"n_qubits is {size}; expected an even number: three edges at each node are 3N / 2 edges.")
    return maxcut(random_regular_edges(size, 3, generator(rng)), size)


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
