"""A function of Pauli strings as a matrix product: letters on qubits in a row, bonds between neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.kernels.particles.matrices import basis, leading_rows, product
from nearclifford.particles.letters import LETTERS

# Singular values of a permutation that are below are rounding.
RANK = 1e-9


class MatrixProduct:
    """``exp(log_scale) * A_1[p_1] ··· A_n[p_n]`` of letters p, truncated to a bond; all but one tensor are isometries.

    The tensors left of ``center`` are isometries from the left, those right of it from the right, so that a truncation next
    to the centre is the best in the 2-norm over all strings.

    Attributes
    ----------
    tensors : float64, shapes ``(left bond, 4, right bond)``.
    bond : the largest bond that a truncation leaves.
    """

    def __init__(self, tensors: list[Floats], bond: int, log_scale: float, center: int) -> None:
        self.tensors, self.bond, self.log_scale, self.center = tensors, bond, log_scale, center

    @classmethod
    def of(cls, tensors: list[Floats], bond: int, log_scale: float = 0.0) -> MatrixProduct:
        """Return any product of matrices, truncated.

        >>> uniform = MatrixProduct.of(block_diagonal(np.ones((2, 3, 4)), np.ones(2)), bond=8)
        >>> [tensor.shape for tensor in uniform.tensors], round(math.exp(uniform.log_scale), 6) == 16.0
        ([(1, 4, 1), (1, 4, 1), (1, 4, 1)], True)
        """
        made = cls(tensors, bond, log_scale, center=0)
        made._move_center(len(tensors) - 1)
        made._normalize()
        made._compress()
        return made

    def copy(self) -> MatrixProduct:
        """Return one that goes on by itself; tensors are replaced, never changed."""
        return MatrixProduct(list(self.tensors), self.bond, self.log_scale, self.center)

    def map(self, maps: Floats) -> None:
        """Replace the function f of p by ``Σ maps[q, p, p'] f(... p' ...)`` on every qubit."""
        pairs = zip(self.tensors, maps, strict=True)
        self.tensors = [np.einsum("lqr,pq->lpr", tensor, kept) for tensor, kept in pairs]
        self.center = len(self.tensors) - 1
        self._move_center(0)
        self._normalize()

    def permute(self, table: Indices, first: int, second: int) -> None:
        """Replace f by f of the letters on two qubits after ``table``, 4 * first + second."""
        if first > second:
            images = table.reshape(LETTERS, LETTERS).T
            table = (images // LETTERS + LETTERS * (images % LETTERS)).reshape(-1)
            first, second = second, first
        if second == first + 1:
            self._act_on_neighbours(lambda both: both[:, table], first)
        else:
            self._act_apart(np.eye(LETTERS**2)[table], first, second)

    def relabel(self, table: Indices, qubit: int) -> None:
        """Replace f by f of the letter on one qubit after ``table``."""
        self.tensors[qubit] = self.tensors[qubit][:, table]

    def damp(self, factors: Floats, first: int, second: int) -> None:
        """Multiply f by ``factors`` of the letters on two qubits, 4 * first + second."""
        if first > second:
            first, second, factors = second, first, factors.reshape(LETTERS, LETTERS).T.reshape(-1)
        if second == first + 1:
            self._act_on_neighbours(lambda both: both * factors[:, None], first)
        else:
            self._act_apart(np.diag(factors), first, second)

    def damp_one(self, factors: Floats, qubit: int) -> None:
        """Multiply f by ``factors`` of the letter on one qubit."""
        self._move_center(qubit)
        self.tensors[qubit] = self.tensors[qubit] * factors[:, None]

    def total(self) -> tuple[float, float]:
        """Return (m, e): the sum over all strings is ``m * exp(e)``."""
        vector, log_scale = np.ones(1), self.log_scale
        for tensor in self.tensors:
            vector = vector @ tensor.sum(axis=1)
            size = float(np.abs(vector).max())
            if size == 0.0:
                return 0.0, 0.0
            vector, log_scale = vector / size, log_scale + math.log(size)
        return float(vector[0]), log_scale

    def _act_on_neighbours(self, act: Callable[[Floats], Floats], first: int) -> None:
        rightward = self.center <= first
        self._move_center(first if rightward else first + 1)
        left, right = self.tensors[first], self.tensors[first + 1]
        both = product(left.reshape(-1, len(right)), right.reshape(len(right), -1))
        both = act(both.reshape(len(left), LETTERS**2, -1)).reshape(len(left) * LETTERS, -1)
        if rightward:
            kept = leading_rows(product(both, transposed(both)), self.bond)
            self.tensors[first] = transposed(kept).reshape(len(left), LETTERS, -1)
            self.tensors[first + 1] = product(kept, both).reshape(len(kept), LETTERS, -1)
            self.center = first + 1
        else:
            kept = leading_rows(product(transposed(both), both), self.bond)
            self.tensors[first + 1] = kept.reshape(len(kept), LETTERS, -1)
            self.tensors[first] = product(both, transposed(kept)).reshape(len(left), LETTERS, -1)
            self.center = first

    def _act_apart(self, gate: Floats, first: int, second: int) -> None:
        """The gate is a sum of products (`_split`); which product it is travels along the bonds between."""
        self._move_center(first)
        near, far = _split(gate)
        start = np.einsum("lqr,pqc->lprc", self.tensors[first], near)
        end = np.einsum("lqr,pqc->lcpr", self.tensors[second], far)
        end = end.reshape(-1, LETTERS, end.shape[3])
        environments = self._environments(first, second, near.shape[2], end)
        theta = start.reshape(len(start) * LETTERS, -1)
        for qubit in range(first, second):
            seen = product(theta, environments[qubit])
            kept = leading_rows(product(seen, transposed(theta)), self.bond)
            self.tensors[qubit] = transposed(kept).reshape(-1, LETTERS, len(kept))
            theta = product(kept, theta)
            if qubit + 1 < second:
                theta = _joined(theta, self.tensors[qubit + 1], near.shape[2])
        self.tensors[second] = product(theta, end.reshape(len(end), -1)).reshape(-1, LETTERS, end.shape[2])
        self.center = second

    def _environments(self, first: int, second: int, n_carried: int, end: Floats) -> dict[int, Floats]:
        """Return what is right of a qubit, from the first to the one before the second, contracted with itself."""
        flat = end.reshape(len(end), -1)
        found = {second - 1: product(flat, transposed(flat))}
        for qubit in range(second - 1, first, -1):
            found[qubit - 1] = _one_further(self.tensors[qubit], found[qubit], n_carried)
        return found

    def _move_center(self, qubit: int) -> None:
        while self.center < qubit:
            self._step_right()
        while self.center > qubit:
            self._step_left()

    def _step_right(self) -> None:
        tensor, following = self.tensors[self.center], self.tensors[self.center + 1]
        q, r = basis(transposed(tensor.reshape(-1, tensor.shape[2])))
        self.tensors[self.center] = transposed(q).reshape(len(tensor), LETTERS, -1)
        self.center += 1
        self.tensors[self.center] = product(transposed(r), following.reshape(len(following), -1)).reshape(
            -1, LETTERS, following.shape[2]
        )

    def _step_left(self) -> None:
        tensor, previous = self.tensors[self.center], self.tensors[self.center - 1]
        q, r = basis(np.ascontiguousarray(tensor.reshape(len(tensor), -1)))
        self.tensors[self.center] = q.reshape(-1, LETTERS, tensor.shape[2])
        self.center -= 1
        self.tensors[self.center] = product(np.ascontiguousarray(previous.reshape(-1, len(tensor))), r).reshape(
            len(previous), LETTERS, -1
        )

    def _normalize(self) -> None:
        size = float(np.linalg.norm(self.tensors[self.center]))
        if size > 0.0:
            self.tensors[self.center] = self.tensors[self.center] / size
            self.log_scale += math.log(size)

    def _compress(self) -> None:
        """Truncate every bond, from the right to the left."""
        while self.center > 0:
            tensor = self.tensors[self.center]
            matrix = np.ascontiguousarray(tensor.reshape(len(tensor), -1))
            kept = leading_rows(product(transposed(matrix), matrix), self.bond)
            carried = product(matrix, transposed(kept))
            self.tensors[self.center] = kept.reshape(len(kept), LETTERS, -1)
            self.center -= 1
            previous = self.tensors[self.center]
            joined = product(np.ascontiguousarray(previous.reshape(-1, len(matrix))), carried)
            self.tensors[self.center] = joined.reshape(len(previous), LETTERS, -1)


def transposed(matrix: Floats) -> Floats:
    """Return the transpose, contiguous as the kernels want it."""
    return np.ascontiguousarray(matrix.T)


def block_diagonal(factors: Floats, coefficients: Floats) -> list[Floats]:
    """Return the tensors of ``Σ_k coefficients[k] Π_q factors[k, q, p_q]``.

    >>> [tensor.shape for tensor in block_diagonal(np.ones((2, 3, 4)), np.ones(2))]
    [(1, 4, 2), (2, 4, 2), (2, 4, 1)]
    """
    n_products, n_qubits, _ = factors.shape
    tensors = [np.zeros((n_products, LETTERS, n_products)) for _ in range(n_qubits)]
    for k in range(n_products):
        for q in range(n_qubits):
            tensors[q][k, :, k] = factors[k, q]
    tensors[0] = np.tensordot(coefficients[None], tensors[0], axes=(1, 0))
    tensors[-1] = tensors[-1].sum(axis=2, keepdims=True)
    return tensors


def _split(gate: Floats) -> tuple[Floats, Floats]:
    """Return the factors of a gate, a sum of products: shapes ``(4, 4, k)``, [letter after, letter before, which].

    ``gate`` : float64, shape ``(16, 16)``, letters 4 * first + second after it, then before it.
    """
    apart = gate.reshape((LETTERS,) * 4).transpose(0, 2, 1, 3)
    u, s, v = np.linalg.svd(apart.reshape(LETTERS**2, -1))
    kept = int((s > RANK).sum())
    root = np.sqrt(s[:kept])
    near, far = u[:, :kept] * root, v[:kept].T * root
    return near.reshape(LETTERS, LETTERS, kept), far.reshape(LETTERS, LETTERS, kept)


def _joined(theta: Floats, tensor: Floats, n_carried: int) -> Floats:
    """Return the matrix of the next qubit, rows (bond, letter), columns (bond, what is carried)."""
    left, _, right = tensor.shape
    apart = transposed(theta.reshape(len(theta), left, n_carried).transpose(1, 0, 2).reshape(left, -1))
    whole = product(apart, np.ascontiguousarray(tensor.reshape(left, -1)))
    whole = whole.reshape(len(theta), n_carried, LETTERS, right).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(whole).reshape(len(theta) * LETTERS, -1)


def _one_further(tensor: Floats, environment: Floats, n_carried: int) -> Floats:
    """Return what the tensors right of a bond contract to with themselves, one tensor further to the left."""
    left, _, right = tensor.shape
    rows = np.ascontiguousarray(tensor.reshape(-1, right))
    half = product(rows, np.ascontiguousarray(environment.reshape(right, -1)))
    half = half.reshape(left, LETTERS, n_carried, right, n_carried).transpose(0, 2, 4, 1, 3)
    columns = np.ascontiguousarray(tensor.transpose(1, 2, 0).reshape(-1, left))
    whole = product(np.ascontiguousarray(half).reshape(left * n_carried**2, -1), columns)
    whole = whole.reshape(left, n_carried, n_carried, left).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(whole).reshape(left * n_carried, -1)
