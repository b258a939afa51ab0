"""The Fubini-Study metric at the Clifford centre, at any number of qubits.

There G_j |0> is a computational state times a phase, so (Re <G_j G_k> - <G_j><G_k>) / 4 is ±1/4 where G_j and G_k have equal
x-parts, not zero, and commute, and 0 elsewhere: F = B B^T with one column of ±1/2 for each such class
(docs/theory.md, "The metric and the Hessian at the centre").
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from nearclifford.arrays import Floats, Indices
from nearclifford.exact.sparse_spectrum import sparse_eigenvalues
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem


@dataclass(frozen=True, eq=False)
class CenterMetric:
    """The Fubini-Study metric F at a Clifford centre, as a sparse factor: ``F = K^T K``.

    Attributes
    ----------
    factor : K, float64, sparse, shape ``(n_classes, D)``: a row for each class of rotations that move the state alike.
    class_sizes : int64, shape ``(n_classes,)``: the number of rotations in each class.

    >>> import nearclifford as nc
    >>> metric = nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.global_z(1000)).center_metric()
    >>> metric
    CenterMetric(22000 parameters, 11000 classes)
    >>> metric.rank, metric.eigenvalues.shape, float(metric.eigenvalues[-1])
    (11000, (22000,), 0.25)
    """

    factor: sparse.csr_array
    class_sizes: Indices

    def __repr__(self) -> str:
        classes, size = self.factor.shape
        return f"CenterMetric({size} parameters, {classes} classes)"

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return int(self.factor.shape[1])

    def matrix(self) -> sparse.csr_array:
        """Return F: float64, sparse, shape ``(D, D)``; its entries are as many as the squares of the classes add up to."""
        return sparse.csr_array(self.factor.T @ self.factor)

    def toarray(self) -> Floats:
        """Return F, shape ``(D, D)``; `ResourceError` where it does not fit the memory."""
        size = self.n_parameters
        require_memory(16 * size**2, f"A metric of {size} parameters", "matrix() is the same, sparse.")
        return np.asarray(self.matrix().toarray())

    @cached_property
    def eigenvalues(self) -> Floats:
        """The eigenvalues of F, float64, shape ``(D,)``, ascending.

        Where every parameter turns one rotation, a class gives a quarter of its factors squared, summed: s/4 for s rotations
        of factor 1; the rest are zeros. Otherwise each set of classes that shares parameters takes a dense K K^T.
        """
        values = np.maximum(sparse_eigenvalues(sparse.csr_array(self.factor @ self.factor.T)), 0.0)
        size = self.n_parameters
        return np.concatenate([np.zeros(max(size - len(values), 0)), values[max(len(values) - size, 0) :]])

    @property
    def rank(self) -> int:
        """The number of eigenvalues that are not zero, to 1e-12 of the largest."""
        return int((self.eigenvalues > 1e-12 * max(self.eigenvalues.max(initial=0.0), 1e-300)).sum())


def center_metric(problem: PauliProblem) -> CenterMetric:
    """Return the metric at the centre; every angle must be zero there, and there must be no noise.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> center_metric(land.problem).toarray().tolist()
    [[0.25, 0.0], [0.0, 0.0]]
    """
    problem.require_noiseless("A Fubini-Study metric", KNOW_NOISE)
    table = problem.generators
    moving = np.flatnonzero(table.x.any(axis=1))
    odd = (table.y_letters & 1)[moving]
    # G |0> = sign i^(letters Y) |x>: equal x-parts and equal parities of Y give equal states up to ±1.
    keys = np.column_stack([table.x[moving], odd.astype(np.uint64)])
    _, label, sizes = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    half = table.sign[moving] * (1 - 2 * ((table.y_letters[moving] // 2) & 1)) / 2
    shape = (len(sizes), problem.n_rotations)
    classes = sparse.csr_array((half, (label.reshape(-1), moving)), shape=shape)
    return CenterMetric(sparse.csr_array(classes @ problem.angle_map.matrix), sizes.astype(np.int64))
