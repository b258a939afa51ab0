"""Chains whose equal strings are merged: what a walk over them needs, made ready once for bounds and for exact tails.

For terms a and b of the observable, the product R of the two strings never changes; rotations that anticommute with R flip
neither, and R must be Z-type. Pairs of one R are one chain with several starts. Of the rotations that are left, those that a
start can meet are taken, in the space that they span.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices, Words
from nearclifford.chains.term_pairs import TermProduct
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.merging.propagate import propagate, time_order
from nearclifford.normal_form.compression import compress
from nearclifford.normal_form.program import PauliTable


@dataclass(frozen=True, eq=False)
class MergedChain:
    """Starts of one product R that share their rotations.

    Attributes
    ----------
    rotations : int64, shape ``(n,)``: which rotations these are, in the order of the walk.
    turns, starts : uint64, shapes ``(n, words)`` and ``(n_starts, words)``: strings in coordinates of the space they span.
    rank : of the x-parts of the rotations.
    n_coordinates : of the space.
    weight : float64, shape ``(n_starts,)``.
    """

    rotations: Indices
    turns: Words
    starts: Words
    rank: int
    n_coordinates: int
    weight: Floats

    def place_of(self, rotation: int) -> int:
        """Return where in the walk a rotation comes; -1 if it does not."""
        return int(next(iter(np.flatnonzero(self.rotations == rotation)), -1))


def frozen_by(product: TermProduct, generators: PauliTable) -> Flags:
    """Return which rotations anticommute with the product R, and so flip neither of the two strings."""
    return generators.anticommute_with(np.zeros_like(product.z), product.z)


def merged_chains(product: TermProduct, generators: PauliTable, images: PauliTable, frozen: Flags) -> Iterator[MergedChain]:
    """Yield the chains of a product, which do not flip at ``frozen`` rotations."""
    free, starts = np.flatnonzero(~frozen), images.take(product.starts)
    for group in compress(generators.take(free), starts):
        rotations = free[group.rotations]
        turns = generators.take(rotations)
        by_time = time_order(turns.strings)
        turns, strings = turns.take(by_time), starts.take(group.terms)
        basis, pivot, rank = adapted_basis(turns.x)
        yield MergedChain(
            rotations[by_time],
            adapted_coordinates(turns.strings, basis, pivot),
            adapted_coordinates(strings.strings, basis, pivot),
            rank,
            len(pivot),
            product.weight[group.terms],
        )


def chains_end(generators: PauliTable, starts: PauliTable, chosen: int, limit: int) -> bool:
    """Return whether some branch of a chain may end Z-type, having met the rotation ``chosen`` (-1 for none) before.

    False is certain; True may also mean that more than ``limit`` strings were needed at once.

    >>> import stim
    >>> turn = PauliTable.from_stim(1, [stim.PauliString("Z")])
    >>> [chains_end(turn, PauliTable.from_stim(1, [stim.PauliString(letter)]), -1, 16) for letter in "XZ"]
    [False, True]
    """
    everything = TermProduct(np.zeros(starts.z.shape[1], np.uint64), np.arange(len(starts)), np.ones(len(starts)))
    for chain in merged_chains(everything, generators, starts, np.zeros(len(generators), np.bool_)):
        place = chain.place_of(chosen)
        if chosen >= 0 and place < 0:
            continue
        half, masses = np.full(len(chain.rotations), 0.5), np.stack([chain.weight, np.zeros(len(chain.weight))], axis=1)
        _, dropped, ended, _ = propagate(chain.turns, chain.rank, half, half, place, chain.starts, masses, limit)
        if ended + dropped[3] > 0:
            return True
    return False
