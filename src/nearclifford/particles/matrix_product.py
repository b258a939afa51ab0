"""A function of Pauli strings as a matrix product: letters on qubits in a row, bonds between neighbours."""

from __future__ import annotations

import math

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.particles.letters import LETTERS

# Singular values below this part of the largest are rounding.
ROUNDING = 1e-15


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
        self.tensors = [np.tensordot(tensor, kept, axes=(1, 1)).transpose(0, 2, 1) for tensor, kept in pairs]
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
            self._permute_neighbours(table, first)
        else:
            self._permute_distant(table, first, second)

    def relabel(self, table: Indices, qubit: int) -> None:
        """Replace f by f of the letter on one qubit after ``table``."""
        self.tensors[qubit] = self.tensors[qubit][:, table]

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

    def _permute_neighbours(self, table: Indices, first: int) -> None:
        rightward = self.center <= first
        self._move_center(first if rightward else first + 1)
        left, right = self.tensors[first], self.tensors[first + 1]
        both = np.tensordot(left, right, axes=(2, 0))
        both = both.reshape(len(left), LETTERS**2, -1)[:, table]
        u, s, v = truncated(both.reshape(len(left) * LETTERS, -1), self.bond)
        if rightward:
            v = s[:, None] * v
        else:
            u = u * s
        self.tensors[first] = u.reshape(len(left), LETTERS, -1)
        self.tensors[first + 1] = v.reshape(-1, LETTERS, right.shape[2])
        self.center = first + 1 if rightward else first

    def _permute_distant(self, table: Indices, first: int, second: int) -> None:
        """The gate is a sum of products (`_split`); which product it is travels along the bonds between."""
        self._move_center(first)
        near, far = _split(table)
        n_carried = near.shape[2]
        start = np.einsum("lqr,pqc->lprc", self.tensors[first], near)
        end = np.einsum("lqr,pqc->lcpr", self.tensors[second], far)
        end = end.reshape(-1, LETTERS, end.shape[3])
        environments = [np.tensordot(end, end, axes=((1, 2), (1, 2)))]
        for qubit in range(second - 1, first, -1):
            environments.append(_one_further(self.tensors[qubit], environments[-1], n_carried))
        theta = start.reshape(len(start), LETTERS, -1)
        for qubit in range(first, second):
            matrix = theta.reshape(len(theta) * LETTERS, -1)
            isometry = _leading(matrix @ environments[second - 1 - qubit] @ matrix.T, self.bond)
            self.tensors[qubit] = isometry.reshape(len(theta), LETTERS, -1)
            rest = isometry.T @ matrix
            if qubit + 1 < second:
                following = self.tensors[qubit + 1]
                rest = rest.reshape(len(rest), len(following), n_carried)
                theta = np.tensordot(rest, following, axes=(1, 0)).transpose(0, 2, 3, 1)
                theta = theta.reshape(len(rest), LETTERS, -1)
        self.tensors[second] = np.tensordot(rest, end, axes=(1, 0))
        self.center = second

    def _move_center(self, qubit: int) -> None:
        while self.center < qubit:
            self._step_right()
        while self.center > qubit:
            self._step_left()

    def _step_right(self) -> None:
        tensor = self.tensors[self.center]
        q, r = np.linalg.qr(tensor.reshape(-1, tensor.shape[2]))
        self.tensors[self.center] = q.reshape(len(tensor), LETTERS, -1)
        self.center += 1
        self.tensors[self.center] = np.tensordot(r, self.tensors[self.center], axes=(1, 0))

    def _step_left(self) -> None:
        tensor = self.tensors[self.center]
        q, r = np.linalg.qr(tensor.reshape(len(tensor), -1).T)
        self.tensors[self.center] = q.T.reshape(-1, LETTERS, tensor.shape[2])
        self.center -= 1
        self.tensors[self.center] = np.tensordot(self.tensors[self.center], r, axes=(2, 1))

    def _normalize(self) -> None:
        size = float(np.linalg.norm(self.tensors[self.center]))
        if size > 0.0:
            self.tensors[self.center] = self.tensors[self.center] / size
            self.log_scale += math.log(size)

    def _compress(self) -> None:
        """Truncate every bond, from the right to the left."""
        for qubit in range(len(self.tensors) - 1, 0, -1):
            tensor = self.tensors[qubit]
            u, s, v = truncated(tensor.reshape(len(tensor), -1), self.bond)
            self.tensors[qubit] = v.reshape(-1, LETTERS, tensor.shape[2])
            self.tensors[qubit - 1] = np.tensordot(self.tensors[qubit - 1], u * s, axes=(2, 0))
        self.center = 0


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


def truncated(matrix: Floats, bond: int) -> tuple[Floats, Floats, Floats]:
    """Return the largest singular values and vectors, ``u @ diag(s) @ v``, no more than ``bond`` and at least one."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    kept = max(1, min(bond, int((s > ROUNDING * s[0]).sum())))
    return u[:, :kept], s[:kept], v[:kept]


def _leading(square: Floats, bond: int) -> Floats:
    """Return the eigenvectors of the largest eigenvalues, shape ``(n, kept)``."""
    values, vectors = np.linalg.eigh(square)
    kept = max(1, min(bond, int((values > ROUNDING * values[-1]).sum())))
    return vectors[:, -kept:]


def _split(table: Indices) -> tuple[Floats, Floats]:
    """Return the factors of a gate, a sum of products: shapes ``(4, 4, k)``, [letter after, letter before, which]."""
    gate = np.eye(LETTERS**2)[table].reshape((LETTERS,) * 4).transpose(0, 2, 1, 3)
    u, s, v = truncated(gate.reshape(LETTERS**2, -1), LETTERS**2)
    kept = int((s > 1e-9).sum())
    root = np.sqrt(s[:kept])
    near, far = u[:, :kept] * root, v[:kept].T * root
    return near.reshape(LETTERS, LETTERS, kept), far.reshape(LETTERS, LETTERS, kept)


def _one_further(tensor: Floats, environment: Floats, n_carried: int) -> Floats:
    """Return what the tensors right of a bond contract to with themselves, one tensor further to the left."""
    left, _, right = tensor.shape
    shape = right, n_carried, right, n_carried
    half = np.tensordot(tensor, environment.reshape(shape), axes=(2, 0))  # left, letter, carried, right', carried'
    whole = np.tensordot(half, tensor, axes=((1, 3), (1, 2)))  # left, carried, carried', left'
    return whole.transpose(0, 1, 3, 2).reshape(left * n_carried, -1)
