"""All eigenvalues of a sparse symmetric matrix whose parts that hang together are small."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from nearclifford.arrays import Floats
from nearclifford.memory import require_memory


def sparse_eigenvalues(matrix: sparse.csr_array) -> Floats:
    """Return all eigenvalues of a symmetric matrix, ascending, shape ``(n,)``: each connected part as a dense matrix.

    Raises `ResourceError` where a part does not fit the memory. Cost: the cubes of the sizes of the parts.

    >>> sparse_eigenvalues(sparse.csr_array([[0.0, 0.0, 2.0], [0.0, 1.0, 0.0], [2.0, 0.0, 0.0]])).tolist()
    [-2.0, 1.0, 2.0]
    """
    held = sparse.csr_array(matrix)
    held.eliminate_zeros()
    count, label = connected_components(held, directed=False)
    sizes, order = np.bincount(label, minlength=count), np.argsort(label, kind="stable")
    found = [held.diagonal()[sizes[label] == 1]]
    start = np.cumsum(sizes) - sizes
    for part in np.flatnonzero(sizes > 1):
        rows = order[start[part] : start[part] + sizes[part]]
        require_memory(
            24 * len(rows) ** 2,
            f"A spectrum with a part of {len(rows)} rows that hang together",
            "Take fewer terms or qubits, or scipy.sparse.linalg.eigsh for its ends.",
        )
        found.append(np.linalg.eigvalsh(held[rows][:, rows].toarray()))
    return np.sort(np.concatenate(found))
