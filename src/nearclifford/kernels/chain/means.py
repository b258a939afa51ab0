"""Means over a patch in closed form, and what two terms of an observable have in common: kernels over the normal form.

Strings are rows of W = ceil(N / 64) words, x and z apart. ``cosine`` is E[cos] of the angle of each of n rotations.

Cost: W words a rotation for one string; the derivative costs another walk of n W for each rotation whose x-part is that of
the string (the only ones of non-zero mean), which is seldom more than a few.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange, uint64

from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.pauli import anticommute, commutator_sign


@njit(cache=True)
def _cosines(generators, x, z, cosine, stop):
    """Return the product of the cosines of the rotations below ``stop`` that anticommute with a string."""
    product = 1.0
    for j in range(stop):
        if anticommute(generators.x[j], generators.z[j], x, z):
            product *= cosine[j]
    return product


@parallel_kernel
def loss_means(generators, strings, cosine):
    """Return E[L] of each signed string, float64, shape ``(T,)``: zero unless it is Z-type."""
    px, pz, p_sign = strings
    result = np.zeros(len(px))
    for a in prange(len(px)):
        if not px[a].any():
            result[a] = p_sign[a] * _cosines(generators, px[a], pz[a], cosine, len(generators.x))
    return result


@parallel_kernel
def derivative_means(generators, strings, weight, cosine):
    """Return E[∂L/∂φ_k] by rotation, float64, shape ``(n,)``, of Σ_a weight[a] P_a: the path that flips at k alone."""
    gx, gz, g_sign = generators
    px, pz, p_sign = strings
    n = len(gx)
    result = np.zeros(n)
    after = np.empty(n)
    for a in range(len(px)):
        product, matches = 1.0, 0
        for j in range(n - 1, -1, -1):
            after[j] = 0.0
            if anticommute(gx[j], gz[j], px[a], pz[a]):
                product *= cosine[j]
                if np.array_equal(gx[j], px[a]):
                    after[j] = product
                    matches += 1
        if not matches:
            continue
        for k in prange(n):
            if after[k] != 0.0:
                before = _cosines(generators, gx[k] ^ px[a], gz[k] ^ pz[a], cosine, k)
                sign = p_sign[a] * g_sign[k] * commutator_sign(gx, gz, k, px, pz, a)
                result[k] += weight[a] * sign * after[k] * before
    return result


@parallel_kernel
def join_terms(generators, strings, first, second, cosine, members):
    """Return s Π_{j in J} E[cos] of pairs of terms, float64, shape ``(pairs,)``; set J in ``members``.

    s = <0| P_a P_b |0>, and J holds the rotations that anticommute with exactly one of the two. The terms of a pair must
    have equal x-parts.

    Parameters
    ----------
    first, second : int64, shape ``(pairs,)``; members : uint64, shape ``(pairs, ceil(n / 64))``, all zero.
    """
    gx, gz, _ = generators
    px, pz, p_sign = strings
    result = np.zeros(len(first))
    for pair in prange(len(first)):
        a, b = first[pair], second[pair]
        if a == b:
            result[pair] = 1.0
            continue
        x, z = px[a] ^ px[b], pz[a] ^ pz[b]
        # (i^|x za| X^x Z^za)(i^|x zb| X^x Z^zb) = i^(|x za| + |x zb| + 2 |x za|) Z^(za + zb); odd where they anticommute.
        power = 0
        for w in range(px.shape[1]):
            for bit in range(64):
                shift = uint64(bit)
                if (px[a, w] >> shift) & uint64(1):
                    power += 3 * np.int64((pz[a, w] >> shift) & uint64(1)) + np.int64((pz[b, w] >> shift) & uint64(1))
        if power & 1:
            continue
        product = float(p_sign[a] * p_sign[b]) * (1.0 - (power & 2))
        for j in range(len(gx)):
            if anticommute(gx[j], gz[j], x, z):
                product *= cosine[j]
                members[pair, j >> 6] |= uint64(1) << uint64(j & 63)
        result[pair] = product
    return result
