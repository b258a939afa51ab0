"""Compression: only the rotations that an observable can meet, in the space that they span.

Going back from the last rotation, a rotation is kept if it fails to commute with the observable or with a rotation kept
already; all others cancel between U and U†. This finds the light cone, and more. From |0...0> the rotations that remain
reach only the computational states that are sums over GF(2) of their x-parts: 2^r of them, r = the rank of that span
(docs/theory.md, "Exact sweeps").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Indices, Words
from nearclifford.kernels.gf2 import span
from nearclifford.kernels.reach import group_terms
from nearclifford.normal_form.program import PauliTable


@dataclass(frozen=True, eq=False)
class TermGroup:
    """Terms of the observable that share one sweep.

    Attributes
    ----------
    terms : int64, shape ``(n_terms,)``: rows of the observable's images.
    rotations : int64, shape ``(n_kept,)``: the rotations that these terms can meet, in time order.
    basis : uint64, shape ``(r, words)``: reduced echelon basis of their x-parts over GF(2).
    pivot : int64, shape ``(r,)``: the qubit where each basis vector alone is set.
    """

    terms: Indices
    rotations: Indices
    basis: Words
    pivot: Indices

    @property
    def active_qubits(self) -> int:
        """The rank r: a sweep of the group runs over 2^r amplitudes."""
        return len(self.pivot)


def compress(generators: PauliTable, images: PauliTable) -> tuple[TermGroup, ...]:
    """Return the groups of observable terms with what each needs; terms whose mean is zero everywhere are in none.

    >>> import stim
    >>> turns = PauliTable.from_stim(3, [stim.PauliString(p) for p in ("X__", "_X_", "__X")])
    >>> [group] = compress(turns, PauliTable.from_stim(3, [stim.PauliString("Z_Z")]))
    >>> group.rotations, group.active_qubits
    (array([0, 2]), 2)
    """
    group, members = group_terms(generators.strings, images.strings)
    bits = np.unpackbits(members.view(np.uint8), axis=1, bitorder="little")[:, : len(generators)]
    return tuple(
        TermGroup(np.flatnonzero(group == g), np.flatnonzero(bits[g]), *span(generators.x, members[g]))
        for g in range(len(members))
    )
