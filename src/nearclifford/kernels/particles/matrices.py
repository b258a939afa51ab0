"""Small dense matrices: products, orthonormal bases and the leading subspace of columns, each on one thread.

Libraries share such products out among threads, which takes longer than the products where other work keeps the cores busy.

Cost: a product of m × k and k × n about m n k / 4 ns; the leading subspace of a 64 × 64 matrix, 16 of it, 0.2 ms.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, uint64

from nearclifford.kernels.chain.words import mix

# Columns beside those wanted that the search for the leading ones takes along.
SPARE = 8
# A column of which less is left, once the others are taken out, lies in their span.
ROUNDING = 1e-14
MOST_SWEEPS = 12


@njit(cache=True, fastmath=True, nogil=True)
def product(one, other):
    """Return the matrix product."""
    n_rows, n_inner = one.shape
    result = np.zeros((n_rows, other.shape[1]))
    for i in range(n_rows):
        for k in range(n_inner):
            factor = one[i, k]
            for j in range(other.shape[1]):
                result[i, j] += factor * other[k, j]
    return result


@njit(cache=True, nogil=True)
def basis(matrix):
    """Return (q, r): rows of q an orthonormal basis of the span of the rows of ``matrix``, ``matrix = r @ q``.

    Gram-Schmidt, twice for each row; rows that lie in the span of those before add nothing.
    """
    n_rows, n_columns = matrix.shape
    q = np.empty((min(n_rows, n_columns), n_columns))
    r = np.zeros((n_rows, min(n_rows, n_columns)))
    count = 0
    row = np.empty(n_columns)
    for i in range(n_rows):
        row[:] = matrix[i]
        before = math.sqrt(_inner(row, row))
        for _ in range(2):
            for k in range(count):
                part = _inner(q[k], row)
                r[i, k] += part
                _take_out(row, part, q[k])
        size = math.sqrt(_inner(row, row))
        if size > ROUNDING * before and count < len(q):
            for j in range(n_columns):
                q[count, j] = row[j] / size
            r[i, count] = size
            count += 1
    if count == 0:  # of nothing but zeros any row is a basis
        q[0], count = 0.0, 1
        q[0, 0] = 1.0
    return q[:count].copy(), r[:, :count].copy()


@njit(cache=True, fastmath=True, nogil=True)
def _inner(one, other):
    total = 0.0
    for j in range(len(one)):
        total += one[j] * other[j]
    return total


@njit(cache=True, fastmath=True, nogil=True)
def _take_out(row, part, other):
    for j in range(len(row)):
        row[j] -= part * other[j]


@njit(cache=True, nogil=True)
def leading_rows(square, count):
    """Return the leading eigenvectors of a symmetric matrix without negative eigenvalues, as rows, at most ``count``.

    Subspace iteration from a few more rows of random numbers, always the same, then the eigenvectors within that subspace.
    Where the matrix has no more rows than these, the subspace is everything.
    """
    n = len(square)
    if n <= count + SPARE:
        q = np.eye(n)
    else:
        starts = np.empty((count + SPARE, n))
        for k in range(starts.size):
            starts.flat[k] = np.float64(mix(uint64(k)) >> uint64(11)) * 2.0**-53 - 0.5
        q = basis(product(starts, square))[0]
        q = basis(product(q, square))[0]
    inside = product(product(q, square), q.T.copy())
    values, vectors = eigenvectors(inside)
    order = np.argsort(-values)
    kept = 0
    while kept < min(count, len(order)) and values[order[kept]] > ROUNDING * values[order[0]]:
        kept += 1
    chosen = np.empty((max(kept, 1), len(inside)))
    for k in range(len(chosen)):
        chosen[k] = vectors[:, order[k]]
    return product(chosen, q)


@njit(cache=True, nogil=True)
def eigenvectors(symmetric):
    """Return (values, vectors in columns) by Jacobi's rotations."""
    a = symmetric.copy()
    n = len(a)
    v = np.eye(n)
    for _ in range(MOST_SWEEPS):
        off, diagonal = 0.0, 0.0
        for p in range(n):
            diagonal += a[p, p] ** 2
            for q in range(p + 1, n):
                off += a[p, q] ** 2
        if off <= 1e-30 * diagonal:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p, q]) > 1e-18 * math.sqrt(abs(a[p, p] * a[q, q])):
                    _rotate(a, v, p, q)
    return np.diag(a).copy(), v


@njit(cache=True, nogil=True)
def _rotate(a, v, p, q):
    slope = (a[q, q] - a[p, p]) / (2.0 * a[p, q])
    t = math.copysign(1.0, slope) / (abs(slope) + math.hypot(1.0, slope))
    c = 1.0 / math.hypot(1.0, t)
    s = t * c
    for k in range(len(a)):
        x, y = a[k, p], a[k, q]
        a[k, p], a[k, q] = c * x - s * y, s * x + c * y
        x, y = v[k, p], v[k, q]
        v[k, p], v[k, q] = c * x - s * y, s * x + c * y
    for k in range(len(a)):
        x, y = a[p, k], a[q, k]
        a[p, k], a[q, k] = c * x - s * y, s * x + c * y
