"""Second derivatives of Taylor polynomials of paths, one theta at a time: products of series as in `taylor_sums`.

Along a path with factors f_1 ... f_c the derivative by two of them is a product of all others with the slopes of these two.
What comes before the first is carried along, what follows the second is formed once from the end, and only the sum of the
coefficients up to ε^{2r} is wanted, which partial sums of the second part give in r + 1 multiplications.

Cost: |S|² entries a path; where r > 0 another |S| |K|, where r > 1 another |K|², each r² / 2 multiplications.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.paths.tree import END, START


@njit(cache=True)
def _load_factor(t, is_flip, value, slope, bend):
    """Write the series of a sine over ε, or of a cosine, and their first two derivatives by the angle."""
    lowest = 1 if is_flip else 0
    power = t if is_flip else 1.0
    value[0] = power
    slope[0], bend[0] = float(lowest), 0.0
    # of q: t^degree / degree! and those of the two degrees below
    below = 1.0 if is_flip else 0.0
    twice_below = 0.0
    for q in range(1, len(value)):
        degree = 2 * q + lowest
        twice_below = -power
        below = -power * t / (degree - 1)
        power = below * t / degree
        value[q], slope[q], bend[q] = power, below, twice_below


@njit(cache=True)
def _product(left, right, found):
    """Write the product of two series."""
    for n in range(len(found)):
        part = 0.0
        for q in range(n + 1):
            part += left[q] * right[n - q]
        found[n] = part


@njit(cache=True)
def _sum_of_product(left, sums):
    """Return the sum of the coefficients of a product, from one factor and the partial sums of the other."""
    total = 0.0
    for q in range(len(left)):
        total += left[q] * sums[len(left) - 1 - q]
    return total


@njit(cache=True)
def _add_path(t, flips, d, stayed, n_stayed, order, weight, hessian):
    """Add the second derivatives of one path."""
    r = (order - 1 - d) >> 1
    count = d + (n_stayed if r else 0)
    name = np.empty(count, np.int64)
    value, slope, bend = np.empty((count, r + 1)), np.empty((count, r + 1)), np.empty((count, r + 1))
    for i in range(count):
        name[i] = flips[i] if i < d else stayed[i - d]
        _load_factor(t[name[i]], i < d, value[i], slope[i], bend[i])
    # after[i] = Π_{k >= i} f_k, sums[i] the partial sums of f_i' Π_{k > i} f_k
    after, sums = np.zeros((count + 1, r + 1)), np.empty((count, r + 1))
    after[count, 0] = 1.0
    for i in range(count - 1, -1, -1):
        _product(value[i], after[i + 1], after[i])
        _product(slope[i], after[i + 1], sums[i])
        sums[i] = np.cumsum(sums[i])
    before, passed, spare = np.zeros(r + 1), np.empty(r + 1), np.empty(r + 1)
    before[0] = weight
    for i in range(count):
        _product(before, bend[i], spare)
        hessian[name[i], name[i]] += _sum_of_product(spare, np.cumsum(after[i + 1]))
        _product(before, slope[i], passed)
        # two stays give away ε² each
        for k in range(i + 1, count if r > 1 or i < d else 0):
            term = _sum_of_product(passed, sums[k])
            hessian[name[i], name[k]] += term
            hessian[name[k], name[i]] += term
            _product(passed, value[k], spare)
            passed[:] = spare
        _product(before, value[i], spare)
        before[:] = spare


@parallel_kernel
def taylor_hessians(tree, order, angle, hessian):
    """Add the second derivatives by the angles at each row of ``angle`` to ``hessian``, shape ``(batch, n, n)``."""
    n_levels, width, level, rotation, weight, stay_start, stays = tree
    for row in prange(len(angle)):
        flips, n_passed = np.empty(n_levels, np.int64), np.zeros(n_levels, np.int64)
        passed, stayed = np.empty((n_levels, angle.shape[1]), np.int64), np.empty(angle.shape[1], np.int64)
        for s in range(len(level)):
            d, j = np.int64(level[s]), rotation[s]
            above = d if j < 0 else d - 1
            if j == START:
                n_passed[0] = 0
                continue
            for i in range(stay_start[s], stay_start[s + 1]):
                mask = np.uint64(stays[i] & ((1 << width) - 1))
                while mask:
                    passed[above, n_passed[above]] = (stays[i] >> width) * width + trailing_zeros(mask)
                    n_passed[above] += 1
                    mask &= mask - np.uint64(1)
            if j != END:
                flips[d - 1], n_passed[d] = j, 0
                continue
            count = 0
            for above in range(d + 1):
                for i in range(n_passed[above]):
                    stayed[count] = passed[above, i]
                    count += 1
            _add_path(angle[row], flips, d, stayed, count, order, weight[s], hessian[row])
