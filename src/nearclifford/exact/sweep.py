"""A group of terms made ready for the kernels: its rotations as a schedule of passes, or one after the other for a GPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.kernels.gf2 import coordinates
from nearclifford.kernels.sweep.observable import Terms
from nearclifford.kernels.sweep.ordering import LANE_BITS
from nearclifford.kernels.sweep.schedule import Schedule, make_schedule
from nearclifford.normal_form.compression import TermGroup
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable

LEAST_BITS = LANE_BITS + 2


@dataclass(frozen=True, eq=False)
class Sweep:
    """A group made ready for the kernels: its rotations (indices into the program), their schedule and its terms."""

    rotations: Indices
    schedule: Schedule
    terms: Terms


@dataclass(frozen=True, eq=False)
class RotationList:
    """A group made ready for a walk that applies one rotation after another, such as a GPU's.

    Attributes
    ----------
    rotations : int64, shape ``(n,)``: indices into the program.
    n_bits : the state has ``2**n_bits`` amplitudes.
    x, z : uint64, shape ``(n,)``; ``phase`` : complex128, shape ``(n,)``: the generators ``phase X^x Z^z``.
    terms : the observable.
    """

    rotations: Indices
    n_bits: int
    x: Words
    z: Words
    phase: npt.NDArray[np.complex128]
    terms: Terms


def make_sweep(group: TermGroup, problem: PauliProblem) -> Sweep:
    """Return the sweep of a group of at most 63 active qubits."""
    n_bits = max(group.active_qubits, LEAST_BITS)
    turns, terms = problem.generators.take(group.rotations), problem.images.take(group.terms)
    x, z = _coordinates(turns, group, n_bits)
    schedule = make_schedule(n_bits, x, z, turns.sign.astype(np.float64), turns.y_letters % 4)
    x, z = _coordinates(terms, group, n_bits)
    return Sweep(
        group.rotations, schedule, _by_x_part(x, z, terms.sign * problem.coefficients[group.terms], terms.y_letters % 4)
    )


def list_rotations(group: TermGroup, problem: PauliProblem) -> RotationList:
    """Return the rotations of a group of at most 63 active qubits, in time order."""
    n_bits = max(group.active_qubits, LEAST_BITS)
    turns, terms = problem.generators.take(group.rotations), problem.images.take(group.terms)
    x, z = _coordinates(turns, group, n_bits)
    phase = turns.sign * 1j ** (turns.y_letters % 4)
    term_x, term_z = _coordinates(terms, group, n_bits)
    weight = terms.sign * problem.coefficients[group.terms]
    return RotationList(group.rotations, n_bits, x, z, phase, _by_x_part(term_x, term_z, weight, terms.y_letters % 4))


def _coordinates(table: PauliTable, group: TermGroup, n_bits: int) -> tuple[Words, Words]:
    """Return (x, z), one word a row, in the space of the group, after a fixed random layer of CX from its lowest bits.

    A pass reads the state row by row only if no x-part in its span lives on the lowest bits alone; circuits are full of
    one-qubit rotations, and after this layer none of them does.
    """
    x, z = coordinates(table.strings, group.basis, group.pivot)
    rng, one = np.random.default_rng(0), np.uint64(1)
    for control in map(np.uint64, range(LANE_BITS)):
        for target in map(np.uint64, range(LANE_BITS, n_bits)):
            if rng.random() < 0.5:
                x ^= ((x >> control) & one) << target
                z ^= ((z >> target) & one) << control
    return x, z


def _by_x_part(x: Words, z: Words, weight: Floats, power: Indices) -> Terms:
    order = np.argsort(x, kind="stable")
    parts, start = np.unique(x[order], return_index=True)
    return Terms(
        x=parts,
        start=np.append(start, len(x)),
        z=z[order],
        weight=(weight * (1.0 - 2.0 * (power // 2)))[order],
        imaginary=(power % 2 == 1)[order],
    )
