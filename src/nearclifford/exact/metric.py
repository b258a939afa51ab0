"""The Fubini-Study metric of a circuit's states, whole and in layers, exact.

With G̃_j the generator of rotation j pulled back through the rotations before it, F_jk = (Re <G̃_j G̃_k> - <G̃_j><G̃_k>) / 4
by angle, and A^T F A by parameter (docs/theory.md, "The metric and the Hessian at the centre").
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from nearclifford.arrays import Floats, Indices
from nearclifford.errors import NearCliffordError
from nearclifford.exact.layers import layers_of
from nearclifford.kernels.gf2 import coordinates, span
from nearclifford.kernels.sweep.metric import COLUMNS, Blocks, Turns, gram_matrices
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem

REMEDY = "At the centre itself any size is exact: Landscape.center_metric()."


@dataclass(frozen=True, eq=False)
class BlockMetric:
    """A metric without the entries between blocks of parameters: what a natural gradient solves with block by block.

    Attributes
    ----------
    parameters : for each block int64, shape ``(b,)``: its parameters, ascending; each parameter is in one block.
    matrices : for each block float64, shape ``(..., b, b)``, symmetric.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> blocks = land.metric_blocks([0.3, 0.1, 0.2, 0.4])           # RY on both qubits, then RZ on both
    >>> [block.tolist() for block in blocks.parameters], blocks.toarray().round(3).diagonal().tolist()
    ([[0, 1], [2, 3]], [0.25, 0.25, 0.022, 0.002])
    """

    parameters: tuple[Indices, ...]
    matrices: tuple[Floats, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return sum(map(len, self.parameters))

    def toarray(self) -> Floats:
        """Return the whole matrix, shape ``(..., D, D)``, zero between blocks."""
        size = self.n_parameters
        result = np.zeros((*self.matrices[0].shape[:-2], size, size))
        for rows, matrix in zip(self.parameters, self.matrices, strict=True):
            result[..., rows[:, None], rows] = matrix
        return result

    def solve(self, gradient: Floats, regularization: float) -> Floats:
        """Return ``(F + regularization · 1)^-1 gradient``, shape ``(..., D)``, block by block; regularization > 0.

        >>> metric = BlockMetric((np.array([0]), np.array([1])), (np.full((1, 1), 0.25), np.zeros((1, 1))))
        >>> metric.solve(np.array([1.0, 1.0]), 0.5).round(3).tolist()
        [1.333, 2.0]
        """
        if not regularization > 0:
            raise NearCliffordError(f"regularization is {regularization}; expected a positive number, such as 0.01.")
        result = np.empty_like(gradient)
        for rows, matrix in zip(self.parameters, self.matrices, strict=True):
            shifted = matrix + regularization * np.eye(len(rows))
            result[..., rows] = np.linalg.solve(shifted, gradient[..., rows, None])[..., 0]
        return result


def metric(problem: PauliProblem, points: Floats) -> Floats:
    """Return the metric by parameter at ``points``, shape ``(..., D)`` to ``(..., D, D)``.

    Raises `NearCliffordError` for a circuit with noise, and `ResourceError` where states or result do not fit the memory.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))       # RZ after RY
    >>> metric(land.problem, np.array([0.3, 0.1])).round(6).tolist() == [[0.25, 0.0], [0.0, round(np.sin(0.3) ** 2 / 4, 6)]]
    True
    """
    size, flat = problem.n_parameters, points.reshape(-1, problem.n_parameters)
    _require(problem, 8 * size**2 * len(flat) + 24 * problem.n_rotations**2)
    order, result = np.arange(problem.n_rotations), np.empty((len(flat), size, size))
    for rows in _batches(len(flat), problem.n_rotations**2):
        [by_angle] = _layered(problem, flat[rows], [order], order)
        result[rows] = [by_parameter(problem.angle_map.matrix, matrix) for matrix in by_angle]
    return result.reshape(*points.shape, size)


def metric_blocks(problem: PauliProblem, points: Floats) -> BlockMetric:
    """Return the metric within layers of rotations that commute, shape ``(..., D)`` of points; errors as for `metric`."""
    _require(problem, 0)
    layers, matrix = layers_of(problem.generators), problem.angle_map.matrix
    flat = points.reshape(-1, problem.n_parameters)
    by_angle = _layered(problem, flat, layers, np.concatenate(layers))
    blocks = _merged(layers, matrix)
    matrices = []
    for parameters, members in blocks:
        total = np.zeros((len(flat), len(parameters), len(parameters)))
        for layer in members:
            factors = sparse.csr_array(matrix[layers[layer]][:, parameters])
            total += [by_parameter(factors, one) for one in by_angle[layer]]
        matrices.append(total.reshape(*points.shape[:-1], len(parameters), len(parameters)))
    return BlockMetric(tuple(parameters for parameters, _ in blocks), tuple(matrices))


def by_parameter(factors: sparse.csr_array, by_angle: Floats) -> Floats:
    """Return A^T F A, symmetric to the last bit."""
    product = factors.T @ (factors.T @ by_angle).T
    return np.asarray((product + product.T) / 2)


def _batches(count: int, numbers: int) -> list[slice]:
    """Return slices of points whose matrices take 2^25 numbers at once, 256 MiB; at least one point each."""
    step = max(1, 2**25 // max(numbers, 1))
    return [slice(start, start + step) for start in range(0, count, step)]


def _merged(layers: list[Indices], matrix: sparse.csr_array) -> list[tuple[Indices, list[int]]]:
    """Return (parameters, layers) of each block: parameters that share a layer, or a layer that shares a parameter."""
    layer_of = np.repeat(np.arange(len(layers)), [len(layer) for layer in layers])
    rows = matrix[np.concatenate(layers)].tocoo()
    n, size = len(layers), matrix.shape[1]
    edges = sparse.coo_array((np.ones(rows.nnz), (layer_of[rows.coords[0]], n + rows.coords[1])), shape=(n + size, n + size))
    label = connected_components(edges, directed=False)[1]
    found = []
    for block in dict.fromkeys(label[n:].tolist()):
        found.append((np.flatnonzero(label[n:] == block), np.flatnonzero(label[:n] == block).tolist()))
    return found


def _require(problem: PauliProblem, result: int) -> None:
    problem.require_noiseless("A Fubini-Study metric", KNOW_NOISE)
    states = 16 * (COLUMNS + 3) * numba.get_num_threads() * 2 ** space_of(problem)[1].shape[0]
    require_memory(states + result, f"A metric of {problem.n_parameters} parameters", REMEDY)


def space_of(problem: PauliProblem) -> tuple[np.ndarray, Indices]:
    """Return (basis, pivot) of the span of all x-parts: the states live in 2^rank dimensions."""
    everything = np.full((problem.n_rotations + 63) // 64, ~np.uint64(0))
    basis, pivot = span(problem.generators.x, everything)
    return basis, pivot


def _layered(problem: PauliProblem, flat: Floats, layers: list[Indices], order: Indices) -> list[Floats]:
    """Return the metric by angle within each layer, shape ``(batch, b, b)``; ``order`` is the layers, joined."""
    turns, n_bits = turns_of(problem, order)
    sizes = np.array([len(layer) for layer in layers])
    angle = np.ascontiguousarray(problem.angle_map.angles(flat)[:, order])
    expectation, overlap = np.empty(angle.shape), np.zeros((*angle.shape, sizes.max(initial=0)))
    gram_matrices(turns, angle, column_blocks(sizes), n_bits, expectation, overlap)
    found, start = [], 0
    for size in sizes:
        rows = slice(start, start + size)
        lower = overlap[:, rows, :size]
        gram = lower + np.tril(lower, -1).swapaxes(1, 2)
        found.append((gram - expectation[:, rows, None] * expectation[:, None, rows]) / 4)
        start += size
    return found


def turns_of(problem: PauliProblem, order: Indices) -> tuple[Turns, int]:
    """Return the rotations in an order, in coordinates of the space that all of them span, and its dimension."""
    basis, pivot = space_of(problem)
    table = problem.generators.take(order)
    x, z = coordinates(table.strings, basis, pivot)
    power = table.y_letters % 4
    sign = table.sign * (1.0 - 2.0 * (power // 2))
    return Turns(x, z, sign, power % 2 == 1), len(pivot)


def column_blocks(sizes: Indices) -> Blocks:
    """Return blocks of columns of each layer: one layer has a task for each block, many layers share a task."""
    rows = []
    for origin, last in zip(np.cumsum(sizes) - sizes, np.cumsum(sizes), strict=True):
        rows += [(first, min(first + COLUMNS, last), last, origin) for first in range(origin, last, COLUMNS)]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T.copy()
    start = np.arange(len(rows) + 1) if len(sizes) == 1 else np.array([0, len(rows)])
    return Blocks(columns[0], columns[1], columns[2], columns[3], start.astype(np.int64))
