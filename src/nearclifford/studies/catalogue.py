"""What a study can draw from, by name: ansätze, observables and encoders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford import observables
from nearclifford.ansatz import ANSATZE

__all__ = ["ANSATZE", "ENCODERS", "OBSERVABLES"]

# Each takes (N, rng); only random observables use the generator.
OBSERVABLES: dict[str, Callable[[int, np.random.Generator], SparsePauliOp]] = {
    "random_pauli": observables.random_pauli,
    "global_z": lambda n, _: observables.global_z(n),
    "global_xyz": lambda n, _: observables.global_xyz(n),
    "heisenberg": lambda n, _: observables.heisenberg(n),
    "biased_heisenberg": lambda n, _: observables.biased_heisenberg(n),
    "ising": lambda n, _: observables.ising(n),
}

# "none" leaves the circuit plain; the others are the styles of `nearclifford.encode`.
ENCODERS: tuple[str, ...] = ("compact", "paper", "none")
