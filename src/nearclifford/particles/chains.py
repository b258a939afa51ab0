"""Which chains of strings a second moment is made of: one for each product of two terms that can contribute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices, Words
from nearclifford.chains.merged import frozen_by, merged_chains
from nearclifford.chains.term_pairs import TermProduct, products_of_terms
from nearclifford.kernels.merging.propagate import propagate
from nearclifford.landscape import Landscape
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.particles.course import Letters, Strings

# Strings that a walk over every branch may hold at once: milliseconds.
MOST_BRANCHES = 1024

# By the bits x + 2 z: I, X, Z, Y.
LETTER_OF_BITS = np.array([0, 1, 3, 2], dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Chain:
    """A part of E[L²], and of E[(∂L)²] unless it is frozen where that derives: ``weight`` times a chance.

    Attributes
    ----------
    weight : Σ c_a c_b s_ab Π_J E[cos] over pairs of one sign.
    strings : the terms that the chain starts from, on all qubits, with their shares of the weight.
    terms : int64: which terms these are.
    frozen : bool, shape ``(n_rotations,)``: J, the rotations that flip neither string of a pair.
    product : uint64, shape ``(W,)``: the z-words of the product of the two strings of a pair, Z-type, in the normal form.
    """

    weight: float
    strings: Strings
    terms: Indices
    frozen: Flags
    product: Words

    def may_count(self, problem: PauliProblem, rotation: int) -> bool:
        """Return whether a string may end Z-type, having met the rotation that derives (-1 for none); False is certain.

        Nothing is certain where more than `MOST_BRANCHES` strings are needed at once.
        """
        if rotation >= 0 and self.frozen[rotation]:
            return False
        everything = TermProduct(np.zeros(problem.images.z.shape[1], np.uint64), self.terms, self.strings.share)
        for chain in merged_chains(everything, problem.generators, problem.images, self.frozen):
            place = chain.place_of(rotation)
            if rotation >= 0 and place < 0:
                continue
            half, masses = np.full(len(chain.rotations), 0.5), np.stack([chain.weight, 0.0 * chain.weight], axis=1)
            _, dropped, ended, _ = propagate(
                chain.turns, chain.rank, half, half, place, chain.starts, masses, MOST_BRANCHES
            )  # fmt: skip
            if ended + dropped[3] > 0:
                return True
        return False


def letters_of_terms(land: Landscape) -> Letters:
    """Return the terms of an observable, letters as numbers, shape ``(T, N)``.

    >>> import nearclifford as nc
    >>> letters_of_terms(nc.Landscape(nc.ansatz.mhea(3, 0), nc.observables.global_z(3))).tolist()
    [[3, 3, 3]]
    """
    terms, n_qubits = land.terms, land.n_qubits
    x, z = (np.unpackbits(words.view(np.uint8), axis=1, count=n_qubits, bitorder="little") for words in (terms.x, terms.z))
    return LETTER_OF_BITS[x + 2 * z]


def chains_of(land: Landscape, cosine: Floats) -> list[Chain]:
    """Return the chains of a landscape, the heaviest first; those of squares of single terms are one.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
    >>> [int(chain.frozen.sum()) for chain in chains_of(land, np.ones(8))]
    [0, 3]
    """
    letters, problem = letters_of_terms(land), land.problem
    found = []
    for product in products_of_terms(problem):
        frozen = frozen_by(product, problem.generators)
        joined = float(np.prod(cosine[frozen]))
        for sign in (1.0, -1.0):
            size = np.maximum(sign * product.weight, 0.0)
            if size.any():
                some = np.flatnonzero(size)
                terms, share = product.starts[some], size[some] / size.sum()
                found.append(
                    Chain(sign * joined * float(size.sum()), Strings(letters[terms], share), terms, frozen, product.z)
                )
    return sorted(found, key=lambda chain: -abs(chain.weight))
