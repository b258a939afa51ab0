"""The published near-Clifford ansätze, gate for gate.

A function with `_ansatz` above it is all that a new one takes: studies find it in `ANSATZE` by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TypeVar

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import CXGate, HGate, RXGate, RYGate, RZGate, SGate

from nearclifford.arguments import Seed, generator, integer
from nearclifford.errors import CircuitError

AXES = (RXGate, RYGate, RZGate)
Builder = TypeVar("Builder", bound=Callable[..., QuantumCircuit])


@dataclass(frozen=True)
class Family:
    """An ansatz of any size, with what follows from its size alone.

    Attributes
    ----------
    title : what a figure calls it.
    build : (N, L, rng) to a circuit; only random families use the generator.
    n_parameters : (N, L) to D.
    n_gates : (N, L) to the number of gates, on average over random circuits; the cost of building follows from it.
    """

    title: str
    build: Callable[[int, int, np.random.Generator], QuantumCircuit]
    n_parameters: Callable[[int, int], int]
    n_gates: Callable[[int, int], int]


# By the name of the function.
ANSATZE: dict[str, Family] = {}


def _ansatz(
    title: str, n_parameters: Callable[[int, int], int], n_gates: Callable[[int, int], int]
) -> Callable[[Builder], Builder]:
    """Enter a builder into `ANSATZE`; the random ones are those that take ``rng``."""

    def entered(builder: Builder) -> Builder:
        is_random = "rng" in signature(builder).parameters

        def build(n_qubits: int, layers: int, rng: np.random.Generator) -> QuantumCircuit:
            return builder(n_qubits, layers, rng=rng) if is_random else builder(n_qubits, layers)

        ANSATZE[builder.__name__] = Family(title, build, n_parameters, n_gates)
        return builder

    return entered


@_ansatz("mHEA", n_parameters=lambda n, m: 2 * n * (m + 1), n_gates=lambda n, m: n * (3 * m + 2))
def mhea(n_qubits: int, layers: int) -> QuantumCircuit:
    """Return the modified hardware-efficient ansatz: RY, RZ on every qubit and a ring of CX, D = 2N(L + 1).

    Each of the L layers is RY and RZ on every qubit, then CX(N-1→0), CX(0→1), ..., CX(N-2→N-1); one more layer of
    rotations ends the circuit (arXiv:2507.06344). Equal to Qiskit's ``efficient_su2`` with circular
    entanglement; like there, two qubits have one CX(0→1) a layer and one qubit none.

    Raises `CircuitError` unless N >= 1 and L >= 0.

    >>> circuit = mhea(4, 2)
    >>> circuit.num_parameters, dict(circuit.count_ops())
    (24, {'ry': 12, 'rz': 12, 'cx': 8})
    """
    _check(n_qubits, layers)
    ring = [(qubit - 1, qubit) for qubit in range(1, n_qubits)]
    if n_qubits > 2:
        ring = [(n_qubits - 1, 0), *ring]
    return _rotations_and_pairs(n_qubits, layers, (RYGate, RZGate), ring, "mHEA")


@_ansatz(
    "fHEA",
    n_parameters=lambda n, m: 3 * n * (m + 1),
    n_gates=lambda n, m: 3 * n * (m + 1) + m * n * (n - 1) // 2,
)
def fhea(n_qubits: int, layers: int) -> QuantumCircuit:
    """Return the full hardware-efficient ansatz: RX, RY, RZ on every qubit, CX on every pair, D = 3N(L + 1).

    The CX of a layer run over pairs (i, j), i < j, in lexicographic order, control i; one more layer of rotations ends the
    circuit (arXiv:2507.06344). Equal to Qiskit's ``efficient_su2`` with gates RX, RY, RZ and full entanglement.

    Raises `CircuitError` unless N >= 1 and L >= 0.

    >>> circuit = fhea(4, 1)
    >>> circuit.num_parameters, circuit.count_ops()["cx"]
    (24, 6)
    """
    _check(n_qubits, layers)
    pairs = [(first, second) for first in range(n_qubits) for second in range(first + 1, n_qubits)]
    return _rotations_and_pairs(n_qubits, layers, AXES, pairs, "fHEA")


@_ansatz("rPQC", n_parameters=lambda n, m: n * m, n_gates=lambda n, m: 3 * n * m)
def random_pqc(n_qubits: int, layers: int, *, rng: Seed = None) -> QuantumCircuit:
    """Return a random circuit: per layer one rotation on each qubit, random H and S, and N random CX, D = NL.

    Per layer: for each qubit a rotation about X, Y or Z, equally likely; then for each qubit H with probability 1/2 and S
    with probability 1/2; then N times CX on an ordered pair of distinct qubits, all pairs equally likely
    (arXiv:2507.06344). A single qubit has no CX.

    Raises `CircuitError` unless N >= 1 and L >= 0.

    >>> circuit = random_pqc(5, 3, rng=7)
    >>> circuit.num_parameters, circuit.count_ops()["cx"]
    (15, 15)
    >>> [gate.name for gate in circuit.data] == [gate.name for gate in random_pqc(5, 3, rng=7).data]
    True
    """
    _check(n_qubits, layers)
    stream = generator(rng)
    circuit = QuantumCircuit(n_qubits, name="rPQC")
    theta = iter(ParameterVector("theta", n_qubits * layers))
    for _ in range(layers):
        for qubit, axis in enumerate(stream.integers(3, size=n_qubits)):
            circuit.append(AXES[axis](next(theta)), [qubit], copy=False)
        hadamard, phase = stream.random((2, n_qubits)) < 0.5
        for qubit in range(n_qubits):
            if hadamard[qubit]:
                circuit.append(HGate(), [qubit], copy=False)
            if phase[qubit]:
                circuit.append(SGate(), [qubit], copy=False)
        if n_qubits > 1:
            for _ in range(n_qubits):
                circuit.append(CXGate(), stream.choice(n_qubits, size=2, replace=False).tolist(), copy=False)
    return circuit


def _rotations_and_pairs(
    n_qubits: int, layers: int, axes: tuple[type, ...], pairs: list[tuple[int, int]], name: str
) -> QuantumCircuit:
    circuit = QuantumCircuit(n_qubits, name=name)
    theta = iter(ParameterVector("theta", len(axes) * n_qubits * (layers + 1)))
    for layer in range(layers + 1):
        for axis in axes:
            for qubit in range(n_qubits):
                circuit.append(axis(next(theta)), [qubit], copy=False)
        if layer < layers:
            for control, target in pairs:
                circuit.cx(control, target)
    return circuit


def _check(n_qubits: int, layers: int) -> None:
    integer(n_qubits, "n_qubits", 1, CircuitError)
    integer(layers, "layers", 0, CircuitError)
