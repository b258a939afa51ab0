"""Sums of Taylor polynomials of paths, eight thetas at a time, with gradients; Hessians one theta at a time.

A path is Π_S sin t Π_K cos t. Scaled by ε its logarithm is even in ε up to the factor ε^|S| Π_S t, so the polynomial of
total degree below m is

    Π_S t · Σ_{n <= r} e_n,     r = ⌊(m - 1 - |S|) / 2⌋,     n e_n = Σ_{q=1}^{n} q U_q e_{n-q},     e_0 = 1,
    U_q = Σ_K c_q t^{2q} + Σ_S s_q t^{2q},     ln cos t = Σ c_q t^{2q},     ln (sin t / t) = Σ s_q t^{2q}.

Stays only add to the U_q: their sums over neighbouring rotations come from a table as the products in `path_sums` do. A
level holds Π t and U_1 ... U_r, the r of its own flips; the last two orders need no stays at all.

Cost: r additions of eight numbers a row of stays, 5 ns a step; gradients take about four times as long.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.lanes import WIDTH, load, multiply, multiply_add, splat, store
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.path_sums import BLOCK
from nearclifford.kernels.path_tree import END, START


@njit(cache=True)
def _add(left, right):
    return multiply_add(left, splat(1.0), right)


@njit(cache=True)
def _load_powers(angle, first, cos_series, sin_series, width, t, sines, table):
    """Write t, shape ``(n, 8)``, s_q t^{2q}, shape ``(n * r, 8)``, and the sums of c_q t^{2q} over neighbours."""
    n, r = angle.shape[1], len(cos_series)
    for lane in range(WIDTH):
        row = min(first + lane, len(angle) - 1)
        for j in range(n):
            t[j, lane] = angle[row, j]
            for q in range(r):
                sines[j * r + q, lane] = sin_series[q] * angle[row, j] ** (2 * q + 2)
    for row in range(len(table) // r if r else 0):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        for q in range(r):
            if mask == 0 or j >= n:
                store(table, row * r + q, splat(0.0))
            else:
                power = multiply(load(sines, j * r + q), splat(cos_series[q] / sin_series[q]))
                store(table, row * r + q, _add(load(table, (row ^ (1 << bit)) * r + q), power))


@njit(cache=True)
def _exponential(sums, row, r, e):
    """Write e_0 ... e_r for U_1 ... U_r, rows from ``row + 1`` of ``sums``; return their sum."""
    store(e, 0, splat(1.0))
    total = splat(1.0)
    for n in range(1, r + 1):
        part = splat(0.0)
        for q in range(1, n + 1):
            part = multiply_add(multiply(load(sums, row + q), splat(q / n)), load(e, n - q), part)
        store(e, n, part)
        total = _add(total, part)
    return total


@njit(cache=True)
def _forwards(first, last, order, level, rotation, weight, stay_start, stays, t, sines, table, levels, began, e):
    """Take the steps ``first`` to ``last``; return the sum of the paths that end, eight numbers.

    Where ``began`` has rows, those of step s - first receive what its level holds after its stays.
    """
    r_most = (order - 1) >> 1
    total = splat(0.0)
    for s in range(first, last):
        d, j = np.int64(level[s]), rotation[s]
        if j == START:
            store(levels, 0, splat(1.0))
            for q in range(r_most):
                store(levels, q + 1, splat(0.0))
            continue
        above = d if j == END else d - 1
        r, base = (order - 1 - above) >> 1, above * (r_most + 1)
        for q in range(r):
            part = load(levels, base + q + 1)
            for i in range(stay_start[s], stay_start[s + 1]):
                part = _add(part, load(table, stays[i] * r_most + q))
            store(levels, base + q + 1, part)
        if len(began):
            for q in range(r + 1):
                store(began, (s - first) * (r_most + 1) + q, load(levels, base + q))
        if j == END:
            value = multiply(load(levels, base), _exponential(levels, base, r, e))
            total = multiply_add(value, splat(weight[s]), total)
        else:
            child = base + r_most + 1
            store(levels, child, multiply(load(levels, base), load(t, j)))
            for q in range((order - 1 - d) >> 1):
                store(levels, child + q + 1, _add(load(levels, base + q + 1), load(sines, j * r_most + q)))
    return total


@njit(cache=True)
def _backwards(
    first, last, order, level, rotation, weight, stay_start, stays, t, began, adjoints, by_t, by_sines, by_table, e
):  # fmt: skip
    """Take the steps back from ``last`` to ``first``, adding to the derivatives by t, by the sines' series and the table."""
    r_most = (order - 1) >> 1
    for s in range(last - 1, first - 1, -1):
        d, j = np.int64(level[s]), rotation[s]
        if j == START:
            for q in range(r_most + 1):
                store(adjoints, q, splat(0.0))
            continue
        above = d if j == END else d - 1
        r, base, row = (order - 1 - above) >> 1, above * (r_most + 1), (s - first) * (r_most + 1)
        if j == END:
            total = _exponential(began, row, r, e)
            store(adjoints, base, _add(load(adjoints, base), multiply(total, splat(weight[s]))))
            product, part = multiply(load(began, row), splat(weight[s])), splat(0.0)
            # dE/dU_q is e_0 + ... + e_(r - q)
            for q in range(r, 0, -1):
                part = _add(part, load(e, r - q))
                store(adjoints, base + q, multiply_add(product, part, load(adjoints, base + q)))
        else:
            child = base + r_most + 1
            adjoint = load(adjoints, child)
            store(by_t, j, multiply_add(adjoint, load(began, row), load(by_t, j)))
            store(adjoints, base, multiply_add(adjoint, load(t, j), load(adjoints, base)))
            for q in range(1, ((order - 1 - d) >> 1) + 1):
                adjoint = load(adjoints, child + q)
                store(by_sines, j * r_most + q - 1, _add(load(by_sines, j * r_most + q - 1), adjoint))
                store(adjoints, base + q, _add(load(adjoints, base + q), adjoint))
            for q in range(r_most + 1):
                store(adjoints, child + q, splat(0.0))
        for q in range(r):
            adjoint = load(adjoints, base + q + 1)
            for i in range(stay_start[s], stay_start[s + 1]):
                h = stays[i] * r_most + q
                store(by_table, h, _add(load(by_table, h), adjoint))


@njit(cache=True)
def _table_back(by_table, r, width, n, by_cosines):
    """Turn derivatives by the rows of the table into derivatives by c_q t^{2q}, shape ``(n * r, 8)``."""
    for row in range((len(by_table) // r if r else 0) - 1, -1, -1):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        if mask == 0 or j >= n:
            continue
        for q in range(r):
            adjoint, rest = load(by_table, row * r + q), (row ^ (1 << bit)) * r + q
            store(by_cosines, j * r + q, _add(load(by_cosines, j * r + q), adjoint))
            store(by_table, rest, _add(load(by_table, rest), adjoint))


@parallel_kernel
def taylor_values(
    level, rotation, weight, stay_start, stays, n_levels, width, order, cos_series, sin_series, angle, value
):  # fmt: skip
    """Write the polynomial at each row of ``angle``, float64, shape ``(batch, n_rotations)``, to ``value``.

    ``order`` is m; ``cos_series``, ``sin_series`` hold c_q and s_q for q = 1 ... ⌊(m - 1) / 2⌋.
    """
    n, r = angle.shape[1], len(cos_series)
    n_table = (((n + width - 1) // width) << width) * r
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        t, sines, table = np.empty((n, WIDTH)), np.empty((n * r, WIDTH)), np.empty((n_table, WIDTH))
        levels, e, began = np.zeros((n_levels * (r + 1), WIDTH)), np.empty((r + 1, WIDTH)), np.empty((0, WIDTH))
        _load_powers(angle, WIDTH * group, cos_series, sin_series, width, t, sines, table)
        found = _forwards(
            0, len(level), order, level, rotation, weight, stay_start, stays, t, sines, table, levels, began, e
        )
        store(e, 0, found)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = e[0, lane]


@parallel_kernel
def taylor_gradients(
    level, rotation, weight, stay_start, stays, n_levels, width, order, cos_series, sin_series, angle, value, gradient
):  # fmt: skip
    """Write values as `taylor_values` does, and derivatives by the angles to ``gradient``, of the shape of ``angle``."""
    n, r = angle.shape[1], len(cos_series)
    n_table = (((n + width - 1) // width) << width) * r
    n_steps, n_blocks = len(level), (len(level) + BLOCK - 1) // BLOCK
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        t, sines, table = np.empty((n, WIDTH)), np.empty((n * r, WIDTH)), np.empty((n_table, WIDTH))
        by_t, by_sines, by_table = np.zeros((n, WIDTH)), np.zeros((n * r, WIDTH)), np.zeros((n_table, WIDTH))
        by_cosines = np.zeros((n * r, WIDTH))
        levels, adjoints = np.zeros((n_levels * (r + 1), WIDTH)), np.zeros((n_levels * (r + 1), WIDTH))
        kept, began = np.empty((n_blocks, n_levels * (r + 1), WIDTH)), np.empty((BLOCK * (r + 1), WIDTH))
        e = np.empty((r + 1, WIDTH))
        _load_powers(angle, WIDTH * group, cos_series, sin_series, width, t, sines, table)
        found = splat(0.0)
        for block in range(n_blocks):
            kept[block] = levels
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            part = _forwards(
                first, last, order, level, rotation, weight, stay_start, stays, t, sines, table, levels, began, e
            )
            found = _add(found, part)
        for block in range(n_blocks - 1, -1, -1):
            levels[:] = kept[block]
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            _forwards(first, last, order, level, rotation, weight, stay_start, stays, t, sines, table, levels, began, e)
            _backwards(
                first, last, order, level, rotation, weight, stay_start, stays, t, began, adjoints, by_t, by_sines,
                by_table, e,
            )  # fmt: skip
        _table_back(by_table, r, width, n, by_cosines)
        store(e, 0, found)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = e[0, lane]
            for j in range(n):
                slope = by_t[j, lane]
                for q in range(r):
                    power = 2 * (q + 1) * t[j, lane] ** (2 * q + 1)
                    slope += power * cos_series[q] * by_cosines[j * r + q, lane]
                    slope += power * sin_series[q] * by_sines[j * r + q, lane]
                gradient[WIDTH * group + lane, j] = slope


@njit(cache=True)
def _product_without(t, flips, count, one, other):
    """Return the product of t over the flips, but for those at two places (-1 for none)."""
    product = 1.0
    for place in range(count):
        if place not in (one, other):
            product *= t[flips[place]]
    return product


@njit(cache=True)
def _add_path(t, flips, d, stayed, n_stayed, order, weight, cos_series, sin_series, hessian):
    """Add the second derivatives of one path: of Π t by Π t, of Π t by U, and of U by U and twice by one angle."""
    r = (order - 1 - d) >> 1
    count = d + (n_stayed if r else 0)
    e, sums = np.zeros(r + 1), np.zeros(r + 1)
    first, second, name = np.zeros((count, r + 1)), np.zeros((count, r + 1)), np.empty(count, np.int64)
    for i in range(count):
        name[i] = flips[i] if i < d else stayed[i - d]
        angle = t[name[i]]
        for q in range(1, r + 1):
            c = sin_series[q - 1] if i < d else cos_series[q - 1]
            sums[q] += c * angle ** (2 * q)
            first[i, q] = c * 2 * q * angle ** (2 * q - 1)
            second[i, q] = c * 2 * q * (2 * q - 1) * angle ** (2 * q - 2)
    e[0] = 1.0
    for n in range(1, r + 1):
        for q in range(1, n + 1):
            e[n] += q / n * sums[q] * e[n - q]
    partial = np.cumsum(e)  # partial[r - q] is dE/dU_q, partial[r - q - p] is d²E/dU_q dU_p
    product = weight * _product_without(t, flips, d, -1, -1)
    for i in range(count):
        slope_i, bend = 0.0, 0.0
        for q in range(1, r + 1):
            slope_i += partial[r - q] * first[i, q]
            bend += partial[r - q] * second[i, q]
        hessian[name[i], name[i]] += product * bend
        for k in range(count if r > 1 or i < d else d):
            term, slope_k = 0.0, 0.0
            for q in range(1, r + 1):
                slope_k += partial[r - q] * first[k, q]
                for p in range(1, r - q + 1):
                    term += partial[r - q - p] * first[i, q] * first[k, p]
            term *= product
            if i < d:
                term += weight * _product_without(t, flips, d, i, -1) * slope_k
            if k < d:
                term += weight * _product_without(t, flips, d, k, -1) * slope_i
            if i < d and k < d and i != k:
                term += weight * _product_without(t, flips, d, i, k) * partial[r]
            hessian[name[i], name[k]] += term


@parallel_kernel
def taylor_hessians(
    level, rotation, weight, stay_start, stays, n_levels, width, order, cos_series, sin_series, angle, hessian
):  # fmt: skip
    """Add the second derivatives by the angles at each row of ``angle`` to ``hessian``, shape ``(batch, n, n)``.

    Cost: |S|² entries a path, and another |K| (2 |S| + |K|) for the few of fewer than m - 4 flips.
    """
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
            _add_path(angle[row], flips, d, stayed, count, order, weight[s], cos_series, sin_series, hessian[row])
