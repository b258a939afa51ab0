"""How often a path that ends Z-type can flip at most: beyond that order a Pauli-path surrogate is the landscape itself.

The x-parts of the flips add up to that of the term. Solved over GF(2), some rotations may be in no solution of the
homogeneous equations: they flip in every path of the term, or in none. All others are counted as if they might flip.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.landscape import Landscape

Bits = npt.NDArray[np.bool_]


def most_flips(land: Landscape, chance: Floats) -> int:
    """Return an upper bound of the number of flips of paths that end Z-type and count on average.

    ``chance`` : float64, shape ``(n_rotations,)``: of a flip at each rotation; where it is 0, none counts.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> most_flips(land, np.ones(4))    # RY on each qubit: one flip, and the string is no longer Z-type
    0
    """
    most = 0
    for group in land.problem.groups:
        turning = group.rotations[chance[group.rotations] > 0.0]
        turns = land.problem.generators.x[turning]
        strings = land.problem.images.x[group.terms]
        most = max(most, _most(_columns(turns, land.n_qubits), _columns(strings, land.n_qubits)))
    return most


def _columns(words: npt.NDArray[np.uint64], n_qubits: int) -> Bits:
    """Return the x-parts as columns, one row a qubit."""
    bits = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, count=n_qubits, bitorder="little")
    return np.ascontiguousarray(bits.T.astype(np.bool_))


def _most(turns: Bits, strings: Bits) -> int:
    n = turns.shape[1]
    reduced, pivots = _reduced(np.concatenate([turns, strings], axis=1), n)
    solved, parts = reduced[: len(pivots), :n], reduced[: len(pivots), n:]
    fixed = solved.sum(axis=1) == 1  # a pivot alone in its row flips if the string's part is set there
    possible = ~reduced[len(pivots) :, n:].any(axis=0)
    if not possible.any():
        return 0
    return n - int(fixed.sum()) + int(parts[fixed][:, possible].sum(axis=0).max(initial=0))


def _reduced(matrix: Bits, n_columns: int) -> tuple[Bits, list[int]]:
    """Return the reduced echelon form by the first columns, and these columns; rows without one come last."""
    words = np.packbits(matrix, axis=1)
    pivots: list[int] = []
    for column in range(n_columns):
        here = (words[:, column // 8] >> (7 - column % 8)) & 1 == 1
        below = np.flatnonzero(here[len(pivots) :])
        if not len(below):
            continue
        row, first = len(pivots), len(pivots) + int(below[0])
        words[[row, first]] = words[[first, row]]
        here[first], here[row] = here[row], False
        words[here] ^= words[row]
        pivots.append(column)
        if len(pivots) == len(words):
            break
    return np.unpackbits(words, axis=1, count=matrix.shape[1]).astype(np.bool_), pivots
