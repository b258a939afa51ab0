"""Sums of Taylor polynomials of paths by logarithms, eight thetas at a time, with gradients.

A path is Π_S sin t Π_K cos t. Scaled by ε its logarithm is even in ε up to the factor ε^|S| Π_S t, so the polynomial of
total degree below m is

    Π_S t · Σ_{n <= r} e_n,     r = ⌊(m - 1 - |S|) / 2⌋,     n e_n = Σ_{q=1}^{n} q U_q e_{n-q},     e_0 = 1,
    U_q = Σ_K c_q t^{2q} + Σ_S s_q t^{2q},     ln cos t = Σ c_q t^{2q},     ln (sin t / t) = Σ s_q t^{2q}.

Stays only add to the U_q: their sums over neighbouring rotations come from a table as the products in `sums` do. A
level holds Π t and U_1 ... U_r, the r of its own flips; the last two orders need no stays at all.

The series of the logarithms end at |t| = π/2, those of the polynomial nowhere: beyond, and for many wide angles before,
large terms cancel. `nearclifford.surrogates.taylor` knows where, and takes `taylor_series` there.

Cost: r additions of eight numbers a row of stays, 5 ns a step; gradients take about four times as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.lanes import WIDTH, multiply, multiply_add
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.paths.sums import BLOCK, Lanes
from nearclifford.kernels.paths.tree import END, START
from nearclifford.kernels.vectors import load, splat, store


class _Powers(NamedTuple):
    """What the steps look up, or the derivatives by it: t, the s_q t^{2q}, the sums of c_q t^{2q} over neighbours."""

    t: Lanes
    sines: Lanes
    table: Lanes


class _Levels(NamedTuple):
    """What the steps write: the levels, what each step found there, the derivatives by the levels, e_0 ... e_r."""

    here: Lanes
    began: Lanes
    adjoints: Lanes
    e: Lanes


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
def _forwards(first, last, order, tree, powers, room):
    """Take the steps ``first`` to ``last``; return the sum of the paths that end, eight numbers.

    Where ``began`` has rows, those of step s - first receive what its level holds after its stays.
    """
    _, _, level, rotation, weight, stay_start, stays = tree
    t, sines, table = powers
    levels, began, _, e = room
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
def _backwards(first, last, order, tree, t, room, slopes):
    """Take the steps back from ``last`` to ``first``, adding to ``slopes``, the derivatives by the powers."""
    _, _, level, rotation, weight, stay_start, stays = tree
    _, began, adjoints, e = room
    by_t, by_sines, by_table = slopes
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
def taylor_values(tree, order, cos_series, sin_series, angle, value):
    """Write the polynomial at each row of ``angle``, float64, shape ``(batch, n_rotations)``, to ``value``.

    ``order`` is m; ``cos_series``, ``sin_series`` hold c_q and s_q for q = 1 ... ⌊(m - 1) / 2⌋.
    """
    n_levels, width = tree.n_levels, tree.width
    n, r = angle.shape[1], len(cos_series)
    n_table = (((n + width - 1) // width) << width) * r
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        t, sines, table = np.empty((n, WIDTH)), np.empty((n * r, WIDTH)), np.empty((n_table, WIDTH))
        levels, e, none = np.zeros((n_levels * (r + 1), WIDTH)), np.empty((r + 1, WIDTH)), np.empty((0, WIDTH))
        _load_powers(angle, WIDTH * group, cos_series, sin_series, width, t, sines, table)
        found = _forwards(0, len(tree.level), order, tree, _Powers(t, sines, table), _Levels(levels, none, none, e))
        store(e, 0, found)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = e[0, lane]


@parallel_kernel
def taylor_gradients(tree, order, cos_series, sin_series, angle, value, gradient):
    """Write values as `taylor_values` does, and derivatives by the angles to ``gradient``, of the shape of ``angle``."""
    n_levels, width = tree.n_levels, tree.width
    n, r = angle.shape[1], len(cos_series)
    n_table = (((n + width - 1) // width) << width) * r
    n_steps = len(tree.level)
    n_blocks = (n_steps + BLOCK - 1) // BLOCK
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        t, sines, table = np.empty((n, WIDTH)), np.empty((n * r, WIDTH)), np.empty((n_table, WIDTH))
        by_t, by_sines, by_table = np.zeros((n, WIDTH)), np.zeros((n * r, WIDTH)), np.zeros((n_table, WIDTH))
        by_cosines = np.zeros((n * r, WIDTH))
        levels, adjoints = np.zeros((n_levels * (r + 1), WIDTH)), np.zeros((n_levels * (r + 1), WIDTH))
        kept, began = np.empty((n_blocks, n_levels * (r + 1), WIDTH)), np.empty((BLOCK * (r + 1), WIDTH))
        e = np.empty((r + 1, WIDTH))
        _load_powers(angle, WIDTH * group, cos_series, sin_series, width, t, sines, table)
        powers, room = _Powers(t, sines, table), _Levels(levels, began, adjoints, e)
        found = splat(0.0)
        for block in range(n_blocks):
            kept[block] = levels
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            found = _add(found, _forwards(first, last, order, tree, powers, room))
        for block in range(n_blocks - 1, -1, -1):
            levels[:] = kept[block]
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            _forwards(first, last, order, tree, powers, room)
            _backwards(first, last, order, tree, t, room, _Powers(by_t, by_sines, by_table))
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
