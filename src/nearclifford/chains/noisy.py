"""Chains of a noisy circuit whose equal strings are merged: what their walks need, made ready for bounds and exact tails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Flags, Floats, Words
from nearclifford.chains.term_pairs import TermProduct
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.merging.damped import NoisyWalk
from nearclifford.kernels.pauli import Strings
from nearclifford.normal_form.compression import compress
from nearclifford.normal_form.program import PauliTable


@dataclass(frozen=True, eq=False)
class NoisyChain:
    """Starts of one product R that share their rotations: where they walk, and their weights, shape ``(n_starts,)``."""

    walk: NoisyWalk
    weight: Floats

    def place_of(self, rotation: int) -> int:
        """Return where in the walk a rotation comes; -1 if it does not."""
        return int(next(iter(np.flatnonzero(self.walk.rotations == rotation)), -1))


def noisy_chains(product: TermProduct, generators: PauliTable, images: PauliTable, frozen: Flags) -> Iterator[NoisyChain]:
    """Yield the chains of a product, which do not flip at ``frozen`` rotations, in the order of the circuit."""
    free, starts = np.flatnonzero(~frozen), images.take(product.starts)
    for group in compress(generators.take(free), starts):
        rotations = free[group.rotations]
        turns, strings = generators.take(rotations), starts.take(group.terms)
        basis, pivot, rank = adapted_basis(turns.x)
        tests = _tests(basis, pivot, generators.n_qubits)
        yield NoisyChain(
            NoisyWalk(rotations, _rows(turns), _rows(strings), rank, tests, product.z.copy()), product.weight[group.terms]
        )


def _rows(table: PauliTable) -> Words:
    return np.concatenate([table.x, table.z], axis=1)


def _tests(basis: Words, pivot: Words, n_qubits: int) -> Words:
    """Return for each coordinate of an adapted basis the word whose overlap with an x-part has the parity of it."""
    n_words = basis.shape[1]
    units = np.unpackbits(np.zeros((1, 8 * n_words), np.uint8))[None, :].repeat(n_qubits, axis=0)
    units[np.arange(n_qubits), np.arange(n_qubits)] = 1
    x = np.packbits(units, axis=1, bitorder="little").view(np.uint64)
    rows = adapted_coordinates(Strings(x, np.zeros_like(x), np.ones(n_qubits, np.int8)), basis, pivot)
    bits = np.unpackbits(rows[:, : rows.shape[1] // 2].copy().view(np.uint8), axis=1, bitorder="little")[:, : len(pivot)]
    columns = np.zeros((len(pivot), 64 * n_words), np.uint8)
    columns[:, :n_qubits] = bits.T
    return np.packbits(columns, axis=1, bitorder="little").view(np.uint64)
