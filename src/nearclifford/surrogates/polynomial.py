"""The paths of a circuit whose angles are shared, merged: a polynomial in the sines and cosines of a few parameters.

Millions of paths of a QAOA are a few thousand monomials, since what counts is how often a path flips and stays at each
parameter. Such a polynomial is evaluated on a whole tensor grid of thetas at once, parameter by parameter (docs/theory.md,
"Shared and bound angles").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from nearclifford.arrays import Floats, Indices
from nearclifford.kernels.paths.powers import path_powers
from nearclifford.kernels.paths.tree import PathTree
from nearclifford.normal_form.angles import AngleMap

# Offsets and factors that agree to so many digits are equal.
DIGITS = 12


@dataclass(frozen=True, eq=False)
class AngleKinds:
    """Which rotations turn by one angle ``offset + factor t``, t the displacement of one parameter, up to a sign.

    Attributes
    ----------
    parameter, factor, offset : of each kind, shapes ``(n_kinds,)``; the factors are positive.
    kind : int64, shape ``(n_rotations,)``: -1 where no parameter turns the rotation.
    on_flip, on_stay : float64, shape ``(n_rotations,)``: the sign of its angle against that of its kind, and 1; the sine
        and the cosine of a fixed angle.
    """

    parameter: Indices
    factor: Floats
    offset: Floats
    kind: Indices
    on_flip: Floats
    on_stay: Floats

    @classmethod
    def of(cls, angles: AngleMap) -> AngleKinds | None:
        """Return the kinds; None where an angle has several parameters.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> AngleKinds.of(land.problem.angle_map).kind.tolist()
        [0, 1, 2, 3]
        """
        if len(np.unique(angles.entry_rotation)) < len(angles.entry_rotation):
            return None
        sign, shift = np.sign(angles.factor), angles.offset[angles.entry_rotation]
        rows = np.stack([angles.entry_parameter, np.abs(angles.factor), sign * shift], axis=1).round(DIGITS)
        kinds, which = np.unique(rows, axis=0, return_inverse=True)
        kind, on_flip, on_stay = np.full(angles.n_rotations, -1), np.sin(angles.offset), np.cos(angles.offset)
        kind[angles.entry_rotation] = which.reshape(-1)
        on_flip[angles.entry_rotation], on_stay[angles.entry_rotation] = sign, 1.0
        return cls(kinds[:, 0].astype(np.int64), kinds[:, 1], kinds[:, 2], kind, on_flip, on_stay)


@dataclass(frozen=True, eq=False)
class OneParameter:
    """The functions ``Π_g sin^a cos^b`` of one parameter that occur, g its kinds of angles.

    Attributes
    ----------
    parameter : its index.
    factor, offset : of its kinds.
    powers : int64, shape ``(n_functions, 2 * n_kinds)``, as `path_powers` has them.
    """

    parameter: int
    factor: Floats
    offset: Floats
    powers: Indices

    def __len__(self) -> int:
        return len(self.powers)

    def values(self, displacement: Floats) -> Floats:
        """Return the functions, shape ``(n_functions, n)``, at displacements of shape ``(n,)``."""
        return np.asarray(np.prod(self._factors(displacement), axis=1))

    def derivatives(self, displacement: Floats) -> Floats:
        """Return their derivatives by the parameter, likewise."""
        factors, total = self._factors(displacement), np.zeros((len(self), len(displacement)))
        for g, (factor, offset) in enumerate(zip(self.factor, self.offset, strict=True)):
            sine, cosine = np.sin(offset + factor * displacement), np.cos(offset + factor * displacement)
            a, b = self.powers[:, 2 * g, None], self.powers[:, 2 * g + 1, None]
            slope = a * sine ** np.maximum(a - 1, 0) * cosine ** (b + 1) - b * sine ** (a + 1) * cosine ** np.maximum(
                b - 1, 0
            )
            total += factor * slope * np.prod(np.delete(factors, g, axis=1), axis=1)
        return total

    def _factors(self, displacement: Floats) -> Floats:
        """Return the part of each kind, shape ``(n_functions, n_kinds, n)``."""
        angle = self.offset[:, None] + self.factor[:, None] * displacement
        return np.sin(angle) ** self.powers[:, 0::2, None] * np.cos(angle) ** self.powers[:, 1::2, None]


@dataclass(frozen=True, eq=False)
class PathPolynomial:
    """``Σ_i w_i Π_k f_k(t_k)``: monomials as a tree of prefixes, one level for each parameter that turns something.

    Attributes
    ----------
    functions : those of each parameter, in the order of the levels.
    parent, function : of the nodes of each level: the node above, and which of the level's functions it adds.
    weight : float64, of the nodes of the last level.
    """

    functions: tuple[OneParameter, ...]
    parent: tuple[Indices, ...]
    function: tuple[Indices, ...]
    weight: Floats

    @classmethod
    def of(cls, tree: PathTree, kinds: AngleKinds) -> PathPolynomial:
        """Return the merged paths of a tree.

        >>> import nearclifford as nc
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.ry(Parameter("a"), [0, 1])
        >>> land = nc.Landscape(circuit, nc.observables.global_z(2))       # cos² a
        >>> polynomial = PathPolynomial.of(nc.surrogate(land, 3).tree, AngleKinds.of(land.problem.angle_map))
        >>> polynomial.n_monomials, polynomial.functions[0].powers.tolist()
        (1, [[0, 2]])
        """
        n_kinds = len(kinds.factor)
        powers, weight = path_powers(tree, kinds.kind, kinds.on_flip, kinds.on_stay, n_kinds)
        distinct, which = _unique_rows(powers)
        total = np.bincount(which, weights=weight, minlength=len(distinct))
        functions, index = [], []
        for parameter in np.unique(kinds.parameter).tolist():
            own = np.flatnonzero(kinds.parameter == parameter)
            rows, of_monomial = _unique_rows(distinct[:, np.stack([2 * own, 2 * own + 1], axis=1).reshape(-1)])
            functions.append(OneParameter(parameter, kinds.factor[own], kinds.offset[own], rows.astype(np.int64)))
            index.append(of_monomial)
        # the parameter of the most functions is summed first
        order = sorted(range(len(functions)), key=lambda k: len(functions[k]))
        parent, function, leaf = _prefixes([index[k] for k in order], [len(functions[k]) for k in order], len(distinct))
        return cls(tuple(functions[k] for k in order), parent, function, np.bincount(leaf, weights=total).astype(np.float64))

    @property
    def n_monomials(self) -> int:
        """How many there are."""
        return len(self.weight)

    def cells(self, count: int) -> int:
        """Return the largest number of floats that are held at once on a grid of so many nodes for each parameter."""
        sizes = [len(parent) for parent in self.parent] or [1]
        return max([size * count ** (len(sizes) - level) for level, size in enumerate(sizes)])

    def on_grid(self, tables: Sequence[Floats]) -> Floats:
        """Return ``Σ_i w_i Π_k tables[k][f_k]``, shape ``(n_0, n_1, ...)``: values, where these are values of functions.

        ``tables[k]`` : of shape ``(len(functions[k]), n_k)``, by level.
        """
        if not len(self.weight):
            return np.zeros([table.shape[1] for table in tables])
        block = self.weight[:, None]
        for level in reversed(range(len(self.functions))):
            parent, columns = self.parent[level], tables[level].shape[1]
            above = len(self.parent[level - 1]) if level else 1
            rows = (parent[:, None] * columns + np.arange(columns)).reshape(-1)
            nodes = np.repeat(np.arange(len(parent)), columns)
            entries = tables[level][self.function[level]].reshape(-1)
            sums = sparse.csr_array((entries, (rows, nodes)), shape=(above * columns, len(parent)))
            block = (sums @ block).reshape(above, -1)
        return block.reshape([table.shape[1] for table in tables])


def _unique_rows(rows: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.uint16], Indices]:
    """Return the distinct rows, and which of them each row is."""
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), dtype=np.int64)
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(-1)
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    return rows[first], which.reshape(-1).astype(np.int64)


def _prefixes(
    index: Sequence[Indices], sizes: Sequence[int], count: int
) -> tuple[tuple[Indices, ...], tuple[Indices, ...], Indices]:
    """Return (parent, function) of the nodes of each level, and the leaf of each monomial."""
    above, parent, function = np.zeros(count, dtype=np.int64), [], []
    for own, size in zip(index, sizes, strict=True):
        nodes, above = np.unique(above * size + own, return_inverse=True)
        above = above.reshape(-1)
        parent.append(nodes // size)
        function.append(nodes % size)
    return tuple(parent), tuple(function), above
