"""Second derivatives at the Clifford centre, at any number of qubits.

For i before j in time, ∂²L/∂φ_i∂φ_j = Σ_a c_a <(i/2) [G_i, (i/2) [G_j, P'_a]]>, and ∂²L/∂φ_j² = -Σ_a c_a <P'_a> over the
terms that anticommute with G_j (docs/theory.md, "The Clifford centre"); the chain rule through the angle factors follows.
"""

from __future__ import annotations

from scipy import sparse

from nearclifford.kernels.center import keys_of, second_derivatives
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem


def center_hessian(problem: PauliProblem) -> sparse.csr_array:
    """Return ∂²L/∂θ² at the centre, shape ``(D, D)``; every angle must be zero there.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))      # L = cos a
    >>> center_hessian(land.problem).toarray().tolist()
    [[-1.0, 0.0], [0.0, 0.0]]
    """
    problem.require_noiseless("An expansion at the centre", KNOW_NOISE)
    generators, terms = problem.generators.strings, problem.images.strings
    keys = keys_of(generators, terms)
    earlier, later, value = second_derivatives(generators, terms, problem.coefficients, keys)
    size = (problem.n_rotations, problem.n_rotations)
    upper = sparse.csr_array((value, (earlier, later)), shape=size)
    matrix = problem.angle_map.matrix
    by_angle = upper + upper.T - sparse.diags_array(upper.diagonal(), shape=size)
    return sparse.csr_array(matrix.T @ by_angle @ matrix)
