"""What a study can draw from: ansätze and observables by name, with the sizes that follow from the name alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford import ansatz, observables


@dataclass(frozen=True)
class Family:
    """An ansatz of any size.

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


ANSATZE: dict[str, Family] = {
    "mhea": Family(
        "mHEA", lambda n, layers, _: ansatz.mhea(n, layers), lambda n, m: 2 * n * (m + 1), lambda n, m: n * (3 * m + 2)
    ),
    "fhea": Family(
        "fHEA",
        lambda n, layers, _: ansatz.fhea(n, layers),
        lambda n, m: 3 * n * (m + 1),
        lambda n, m: 3 * n * (m + 1) + m * n * (n - 1) // 2,
    ),
    "random_pqc": Family(
        "rPQC",
        lambda n, layers, rng: ansatz.random_pqc(n, layers, rng=rng),
        lambda n, m: n * m,
        lambda n, m: 3 * n * m,
    ),
}

# Each takes (N, rng); only random observables use the generator.
OBSERVABLES: dict[str, Callable[[int, np.random.Generator], SparsePauliOp]] = {
    "random_pauli": lambda n, rng: observables.random_pauli(n, rng=rng),
    "global_z": lambda n, _: observables.global_z(n),
    "global_xyz": lambda n, _: observables.global_xyz(n),
    "heisenberg": lambda n, _: observables.heisenberg(n),
    "biased_heisenberg": lambda n, _: observables.biased_heisenberg(n),
    "ising": lambda n, _: observables.ising(n),
}

# "none" leaves the circuit plain; the others are the styles of `nearclifford.encode`.
ENCODERS: tuple[str, ...] = ("compact", "paper", "none")
