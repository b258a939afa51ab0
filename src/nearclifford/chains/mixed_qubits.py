"""How often each qubit is mixed in the random Clifford circuits of a patch: what the entangling capability is made of.

Source: docs/theory.md, "Entangling capability".
"""

from __future__ import annotations

import numba
import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.rows import row_list
from nearclifford.kernels.chain.coins import Coins, hazards
from nearclifford.kernels.chain.mixed import count_mixed, hazards_of_qubits
from nearclifford.kernels.chain.walk import Job
from nearclifford.kernels.chain.words import BITS
from nearclifford.normal_form.angles import angle_moments
from nearclifford.normal_form.program import RotationProgram
from nearclifford.patches import Patch

# Up to so many expected heads every sample is given one; beyond, nearly every sample has some.
MOST_HEADS = 2.0
TASKS_PER_THREAD = 8


class MixedQubits:
    """A circuit and a patch, ready to be sampled.

    Attributes
    ----------
    at_center : bool, shape ``(N,)``: which qubits are mixed at the centre, where no angle turns.
    share : float64, shape ``(N,)``: the part of the circuits that is sampled. The others, those in which no rotation that
        can matter to the qubit turns, leave it as at the centre; 0 where that, or that it stays pure, is certain.

    Raises `NearCliffordError` where angles are not independent (`nearclifford.normal_form.angles`).
    """

    def __init__(self, program: RotationProgram, patch: Patch, rng: np.random.Generator) -> None:
        _, probability = angle_moments(program.angle_map, patch)
        self.seed = np.uint64(rng.integers(2**64, dtype=np.uint64))
        self.rows, self.coins = row_list(program), Coins(probability, hazards(probability))
        with np.errstate(divide="ignore"):
            self.hazard: Floats = -np.log1p(-probability)
        total, reached = np.empty(program.n_qubits), np.empty(program.n_qubits, dtype=np.int64)
        hazards_of_qubits(self.rows, self.hazard, total, reached)
        self.at_center = mixed_at_center(program)
        share = np.where(total > MOST_HEADS, 1.0, -np.expm1(-total))
        self.share: Floats = np.where(reached > 1, share, 0.0)

    @property
    def known(self) -> Floats:
        """What the circuits that are not sampled add to the chance of each qubit to be mixed, shape ``(N,)``."""
        return (1.0 - self.share) * self.at_center

    def count(self, samples: int, block: int) -> Indices:
        """Return in how many of so many samples, from a block of the random streams on, each qubit was mixed."""
        n_blocks, n_qubits = -(-samples // BITS), len(self.share)
        per_task = max(1, n_blocks * n_qubits // (TASKS_PER_THREAD * numba.get_num_threads()))
        per_task = min(per_task, n_blocks)
        hits = np.empty((n_qubits, -(-n_blocks // per_task)), dtype=np.int64)
        count_mixed(self.rows, self.coins, self.hazard, self.share, Job(block, samples, per_task, self.seed), hits)
        return hits.sum(axis=1)


def mixed_at_center(program: RotationProgram) -> Flags:
    """Return which qubits are mixed where no angle turns: bool, shape ``(N,)``.

    A stabilizer state leaves qubit k pure if one of X, Y, Z there has a definite value: pulled back, it is Z-type.

    >>> from qiskit import QuantumCircuit
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> circuit = QuantumCircuit(3)
    >>> _ = circuit.h(0), circuit.cx(0, 1)
    >>> mixed_at_center(compile_circuit(circuit)).tolist()
    [True, True, False]
    """
    x_of_x, _, x_of_z, _, _, _ = program.pull_back.to_numpy()
    dependent = ~x_of_x.any(axis=1) | ~x_of_z.any(axis=1) | (x_of_x == x_of_z).all(axis=1)
    return np.asarray(~dependent)
