"""The circuits of the phase diagrams of Hamiltonians: mHEA, plain and encoded, and QAOA with two angles a layer."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from nearclifford.ansatz import mhea
from nearclifford.encoder.encode import encode
from nearclifford.graphs import random_regular_edges
from nearclifford.observables import OBSERVABLES, maxcut

# Of what is drawn once for each size: the graph, the encoded parameter and term.
SEED = 7


def mhea_for(hamiltonian: str, n_qubits: int, layers: int, wrapped: str) -> QuantumCircuit:
    """Return mHEA, "none" around it or the encoder "compact" for a (parameter, term) of a Hamiltonian drawn once for each N.

    >>> mhea_for("ising", 4, 2, "none").num_parameters, mhea_for("ising", 4, 2, "compact").num_parameters
    (24, 24)
    """
    return _encoded(mhea(n_qubits, layers), OBSERVABLES[hamiltonian].build(n_qubits, _stream(n_qubits)), wrapped)


def qaoa(n_qubits: int, layers: int, wrapped: str) -> QuantumCircuit:
    """Return the QAOA of MaxCut on `graph`: H, then a layer of RZZ(γ) on the edges and RX(β) on the nodes; D = 2L.

    >>> circuit = qaoa(8, 2, "none")
    >>> circuit.num_parameters, dict(circuit.count_ops())
    (4, {'rzz': 24, 'rx': 16, 'h': 8})
    """
    circuit, angles = QuantumCircuit(n_qubits, name="QAOA"), ParameterVector("x", 2 * layers)
    circuit.h(range(n_qubits))
    for layer in range(layers):
        for first, second in graph(n_qubits):
            circuit.rzz(angles[2 * layer], first, second)
        circuit.rx(angles[2 * layer + 1], range(n_qubits))
    return _encoded(circuit, cut(n_qubits), wrapped)


def cut(n_qubits: int) -> SparsePauliOp:
    """Return MaxCut on `graph`.

    >>> len(cut(8))
    13
    """
    return maxcut(graph(n_qubits), n_qubits)


def graph(n_qubits: int) -> list[tuple[int, int]]:
    """Return the edges of a random graph with three edges at each of an even number of nodes, drawn once for each N.

    >>> len(graph(8)), graph(8) == graph(8)
    (12, True)
    """
    return random_regular_edges(n_qubits, 3, _stream(n_qubits))


def _encoded(circuit: QuantumCircuit, observable: SparsePauliOp, wrapped: str) -> QuantumCircuit:
    if wrapped == "none":
        return circuit
    stream = _stream(circuit.num_qubits + 1)
    varying = np.flatnonzero((observable.paulis.x | observable.paulis.z).any(axis=1))
    parameter, term = int(stream.integers(circuit.num_parameters)), int(stream.choice(varying))
    return encode(circuit, observable, parameter, term).circuit


def _stream(n_qubits: int) -> np.random.Generator:
    return np.random.default_rng([SEED, n_qubits])
