"""Second derivatives at the Clifford centre, at any number of qubits.

For i before j in time, ∂²L/∂φ_i∂φ_j = Σ_a c_a <(i/2) [G_i, (i/2) [G_j, P'_a]]>, and ∂²L/∂φ_j² = -Σ_a c_a <P'_a> over the
terms that anticommute with G_j. An entry is not zero only where the product of the three strings is Z-type, so for each
(term, j) the partners i are those of one x-part: they are looked up, not searched (docs/theory.md, "The Clifford centre").
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy import sparse

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable


def center_hessian(problem: PauliProblem) -> sparse.csr_array:
    """Return ∂²L/∂θ² at the centre, shape ``(D, D)``; every angle must be zero there.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))      # L = cos a
    >>> center_hessian(land.problem).toarray().tolist()
    [[-1.0, 0.0], [0.0, 0.0]]
    """
    generators, images = problem.generators, problem.images
    rows_of = _rows_by_x_part(generators)
    n_rotations = problem.n_rotations
    total = sparse.csr_array((n_rotations, n_rotations))
    entries: list[tuple[Indices, Indices, Floats]] = []
    for a, coefficient in enumerate(problem.coefficients.tolist()):
        entries.append(_diagonal(generators, images, a, coefficient))
        earlier, later, sign = _pairs(generators, images, a, rows_of)
        value = coefficient * sign
        entries += [(earlier, later, value), (later, earlier, value)]
        if sum(len(part[0]) for part in entries) > MOST_ENTRIES:
            total, entries = total + _matrix(entries, n_rotations), []
    matrix = problem.angle_map.matrix
    return sparse.csr_array(matrix.T @ (total + _matrix(entries, n_rotations)) @ matrix)


# Entries that wait to be added up: some hundred MB.
MOST_ENTRIES = 2**22


def _matrix(entries: list[tuple[Indices, Indices, Floats]], size: int) -> sparse.csr_array:
    if not entries:
        return sparse.csr_array((size, size))
    row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sparse.csr_array((value, (row, column)), shape=(size, size))


def _rows_by_x_part(table: PauliTable) -> dict[bytes, Indices]:
    """Return the rows of each x-part, ascending."""
    rows: dict[bytes, list[int]] = defaultdict(list)
    for row, part in enumerate(table.x):
        rows[part.tobytes()].append(row)
    return {part: np.array(found) for part, found in rows.items()}


def _diagonal(generators: PauliTable, images: PauliTable, a: int, coefficient: float) -> tuple[Indices, Indices, Floats]:
    if images.x[a].any():
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    met = np.flatnonzero(generators.anticommute_with(images.x[a], images.z[a]))
    return met, met, np.full(len(met), -coefficient * float(images.sign[a]))


def _pairs(
    generators: PauliTable, images: PauliTable, a: int, rows_of: dict[bytes, Indices]
) -> tuple[Indices, Indices, Floats]:
    """Return (i, j, expectation) of the double commutators of a term that are not zero, i before j."""
    later = np.flatnonzero(generators.anticommute_with(images.x[a], images.z[a]))
    once = _commutator(generators.take(later), images.x[a], images.z[a], images.sign[a])
    partners = [rows_of.get(part.tobytes(), NONE) for part in once.x]
    partners = [found[: np.searchsorted(found, j)] for found, j in zip(partners, later, strict=True)]
    earlier = np.concatenate([NONE, *partners])
    which = np.repeat(np.arange(len(later)), [len(found) for found in partners])
    first, second = generators.take(earlier), once.take(which)
    meets = _odd(first.x & second.z) ^ _odd(first.z & second.x)
    earlier, which, first, second = earlier[meets], which[meets], first.take(meets), second.take(meets)
    return earlier, later[which], _commutator(first, second.x, second.z, second.sign).sign.astype(np.float64)


NONE = np.empty(0, dtype=np.int64)


def _commutator(table: PauliTable, x: Words, z: Words, sign: np.ndarray) -> PauliTable:
    """Return (i/2) [G, P] of rows that anticommute with P: i times their product, a signed string."""
    product_x, product_z = table.x ^ x, table.z ^ z
    power = 1 + _count(table.x & table.z) + _count(x & z) + 2 * _count(table.z & x) - _count(product_x & product_z)
    signs = table.sign * sign * (1 - (power & 2))
    return PauliTable(table.n_qubits, product_x, product_z, signs.astype(np.int8))


def _count(words: Words) -> Indices:
    return np.bitwise_count(words).sum(axis=-1, dtype=np.int64)


def _odd(words: Words) -> np.ndarray:
    return (_count(words) & 1).astype(np.bool_)
