"""What is zero at every theta: found from commutation alone, exactly, without an angle.

Three rules, each sound and none complete. A rotation whose generator is Z-type and commutes with all earlier ones that stir
|0...0> is a phase. A rotation in no term's reach cancels between U and U†. Terms of equal x-part that anticommute with the
same rotations are one up to a sign, and their coefficients add up. Where these leave a doubt, every branch of the chain is
walked while they are few (docs/theory.md, "Averages over a patch").
"""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.merged import chains_end
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable

# Branches, and words of generators times terms, up to which a walk takes milliseconds.
MOST_BRANCHES = 1024
MOST_WORDS = 2**22
# Measured where every rotation is compared with every other one.
SECONDS_PER_WORD = 1.3e-9
# Coefficients that cancel to this part of what they are made of have cancelled.
ROUNDING = 1e-15


def seconds_to_tell(problem: PauliProblem) -> float:
    """Return how long `mattering_rotations` may take, in seconds; where most strings anticommute it is far less.

    >>> import nearclifford as nc
    >>> seconds_to_tell(nc.Landscape(nc.ansatz.mhea(12, 12), nc.observables.global_z(12)).problem) < 1e-3
    True
    """
    return float(problem.n_rotations) * problem.generators.x.size * len(problem.images) * SECONDS_PER_WORD


def mattering_rotations(problem: PauliProblem) -> Flags:
    """Return which rotations may change the loss: bool, shape ``(n_rotations,)``; ∂L/∂φ of the others is zero everywhere.

    >>> import nearclifford as nc
    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(2)
    >>> for gate, name, qubit in ((circuit.rz, "a", 0), (circuit.rx, "b", 0), (circuit.rx, "c", 1)):
    ...     _ = gate(Parameter(name), qubit)
    >>> land = nc.Landscape(circuit, nc.observables.global_z(2))
    >>> mattering_rotations(land.problem).tolist()
    [False, True, True]
    """
    generators, images = problem.generators, problem.images
    stirs = np.flatnonzero(_stirring(generators))
    turns = generators.take(stirs)
    members = reach_of_terms(turns.strings, images.strings).view(np.uint8)
    matters = np.zeros(len(generators), dtype=np.bool_)
    matters[stirs] = np.unpackbits(members, axis=1, count=len(stirs), bitorder="little").any(axis=0)
    return matters


def vanishes(problem: PauliProblem, rotation: int, matters: Flags) -> bool:
    """Return whether ∂L/∂φ of a rotation, or L itself for -1, is known to be zero at every theta.

    ``matters`` is that of `mattering_rotations`. False where it is not zero, or where finding out would cost too much.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)).problem
    >>> vanishes(problem, 0, mattering_rotations(problem)), vanishes(problem, 7, mattering_rotations(problem))
    (False, True)
    """
    if rotation >= 0 and not matters[rotation]:
        return True
    if problem.generators.x.size * len(problem.images) > MOST_WORDS:
        return False
    rotations = np.flatnonzero(matters)
    if problem.channels is None:
        starts = _distinct_terms(problem.generators.take(rotations), problem.images, problem.coefficients)
    else:  # terms that meet the same rotations may meet other channels
        starts = np.arange(len(problem.images))
    if not len(starts):
        return True
    chosen = int(np.searchsorted(rotations, rotation)) if rotation >= 0 else -1
    return not chains_end(problem.generators.take(rotations), problem.images.take(starts), chosen, MOST_BRANCHES)


def gradient_bound(problem: PauliProblem, matters: Flags | None = None) -> Floats:
    """Return the largest |∂_k L| that is possible, shape ``(D,)``: a rotation's derivative is half a difference of losses.

    Rotations that do not matter (`mattering_rotations`) add nothing; without ``matters`` all do.

    >>> import nearclifford as nc
    >>> gradient_bound(nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1)).problem)
    array([1., 1.])
    """
    matrix = abs(problem.angle_map.matrix)
    weights = np.ones(matrix.shape[0]) if matters is None else matters.astype(np.float64)
    return np.asarray(matrix.T @ weights) * problem.varying_size


def _stirring(generators: PauliTable) -> Flags:
    """Return which rotations can change |0...0>; Z-type ones are tested against the earlier that can."""
    stirs: Flags = np.asarray(generators.x.any(axis=1))
    for j in np.flatnonzero(~stirs):
        before = np.flatnonzero(stirs[:j])
        # A Z-type generator anticommutes through the x-parts of the others alone.
        overlap = np.bitwise_count(generators.x[before] & generators.z[j]).sum(axis=1)
        stirs[j] = bool((overlap & 1).any())
    return stirs


def _distinct_terms(turns: PauliTable, images: PauliTable, coefficients: Floats) -> Indices:
    """Return one term of each set that is one term up to a sign; sets whose coefficients cancel are left out."""
    odd = np.bitwise_count(turns.x[None] & images.z[:, None]) ^ np.bitwise_count(turns.z[None] & images.x[:, None])
    meets = np.packbits((odd.sum(axis=2) & 1).astype(np.bool_), axis=1)
    signature = np.concatenate([images.x.view(np.uint8).reshape(len(images), -1), meets], axis=1)
    _, first, which = np.unique(signature, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    # X^x Z^z and X^x Z^z' act alike on |0...0>; what is left are the factors i of the letters Y, even in number here.
    power = images.y_letters
    quarter = (power - power[first][which]) % 4
    signed = coefficients * images.sign * images.sign[first][which] * np.where(quarter == 2, -1.0, 1.0)
    left = np.abs(np.bincount(which, weights=signed)) > ROUNDING * np.bincount(which, weights=np.abs(coefficients))
    # Odd quarters are strings that anticommute: they are no one term, and all of their set stay.
    apart = np.bincount(which, weights=quarter % 2) > 0
    kept = np.union1d(first[left & ~apart], np.flatnonzero(apart[which]))
    return kept.astype(np.int64)
