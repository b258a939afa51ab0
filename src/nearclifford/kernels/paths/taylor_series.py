"""Sums of Taylor polynomials of paths by products of series, at any angle, eight thetas at a time, with gradients.

A path is Π_S sin t Π_K cos t. With every angle scaled by ε it is ε^|S| times a series in ε², the product of

    cos εt = Σ (-1)^q t^{2q} ε^{2q} / (2q)!,     sin εt / ε = Σ (-1)^q t^{2q+1} ε^{2q} / (2q+1)!,

and the polynomial of total degree below m is its sum up to ε^{2r}, r = ⌊(m - 1 - |S|) / 2⌋. Only products and sums of such
series are formed, none is divided or inverted, so that a coefficient is never larger on the way than the sum of the sizes of
its monomials: what is lost to rounding is a share of that sum, at any angle.

Products of neighbouring cosines come from a table as in `sums`. A level holds the r + 1 coefficients of its own flips;
the last two orders need no stays at all. The coefficient of ε^0 of a cosine is 1 and takes no multiplication.

Cost: r (r + 1) / 2 multiplications of eight numbers a row of stays, up to twice what `taylor_sums` takes at orders below 12;
gradients take about four times as long.
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


class _Series(NamedTuple):
    """What the steps multiply by, or the derivatives by it: the sines' series, and the products of neighbouring cosines'."""

    sines: Lanes
    table: Lanes


class _Levels(NamedTuple):
    """What the steps write: the levels, what each step found there, its products, the derivatives by the levels."""

    here: Lanes
    began: Lanes
    products: Lanes
    adjoints: Lanes


@njit(cache=True)
def _add(left, right):
    return multiply_add(left, splat(1.0), right)


@njit(cache=True)
def _load_series(angle, first, r, cosines, sines):
    """Write coefficients 1 ... r of cos εt in ε², shape ``(n * r, 8)``, and 0 ... r of sin εt / ε, ``(n * (r + 1), 8)``."""
    for lane in range(WIDTH):
        row = min(first + lane, len(angle) - 1)
        for j in range(angle.shape[1]):
            t = angle[row, j]
            even, odd = 1.0, t
            sines[j * (r + 1), lane] = odd
            for q in range(1, r + 1):
                even *= -t * t / (2 * q * (2 * q - 1))
                odd *= -t * t / (2 * q * (2 * q + 1))
                cosines[j * r + q - 1, lane] = even
                sines[j * (r + 1) + q, lane] = odd


@njit(cache=True)
def _multiply_by_row(series, base, r, table, row):
    """Multiply coefficients 0 ... r, rows from ``base`` of ``series``, by a row of the table, whose first is 1."""
    for n in range(r, 0, -1):
        part = load(series, base + n)
        for q in range(1, n + 1):
            part = multiply_add(load(table, row + q - 1), load(series, base + n - q), part)
        store(series, base + n, part)


@njit(cache=True)
def _multiply_neighbours(cosines, r, width, n, table):
    """Write the product of the cosines of the rotations ``h * width + b``, b in the mask, to row ``h << width | mask``."""
    for row in range(len(table) // r if r else 0):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        if mask == 0 or j >= n:
            for q in range(r):
                store(table, row * r + q, splat(0.0))
            continue
        rest = (row ^ (1 << bit)) * r
        for q in range(r):
            part = _add(load(table, rest + q), load(cosines, j * r + q))
            for p in range(q):
                part = multiply_add(load(table, rest + p), load(cosines, j * r + q - 1 - p), part)
            store(table, row * r + q, part)


@njit(cache=True)
def _flip(levels, base, child, r, sines, row):
    """Write the product of a level and of a sine's series to its child, coefficients 0 ... r."""
    for n in range(r + 1):
        part = multiply(load(sines, row), load(levels, base + n))
        for q in range(1, n + 1):
            part = multiply_add(load(sines, row + q), load(levels, base + n - q), part)
        store(levels, child + n, part)


@njit(cache=True)
def _forwards(first, last, order, tree, series, room):
    """Take the steps ``first`` to ``last``; return the sum of the paths that end, eight numbers.

    Where ``began`` has rows, those of step s - first receive what its level held before its stays.
    """
    _, _, level, rotation, weight, stay_start, stays = tree
    sines, table = series
    levels, began, _, _ = room
    r_most = (order - 1) >> 1
    total = splat(0.0)
    for s in range(first, last):
        d, j = np.int64(level[s]), rotation[s]
        if j == START:
            store(levels, 0, splat(1.0))
            for q in range(1, r_most + 1):
                store(levels, q, splat(0.0))
            continue
        above = d if j == END else d - 1
        r, base = (order - 1 - above) >> 1, above * (r_most + 1)
        if len(began):
            for q in range(r + 1):
                store(began, (s - first) * (r_most + 1) + q, load(levels, base + q))
        for i in range(stay_start[s], stay_start[s + 1] if r else 0):
            _multiply_by_row(levels, base, r, table, stays[i] * r_most)
        if j == END:
            value = load(levels, base)
            for q in range(1, r + 1):
                value = _add(value, load(levels, base + q))
            total = multiply_add(value, splat(weight[s]), total)
        else:
            _flip(levels, base, base + r_most + 1, (order - 1 - d) >> 1, sines, np.int64(j) * (r_most + 1))
    return total


@njit(cache=True)
def _flip_back(room, place, base, child, r, sines, row, by_sines):
    """Turn the derivatives by a child into those by its level and by the sine's series, and forget them."""
    products, adjoints = room.products, room.adjoints
    for n in range(r + 1):
        adjoint = load(adjoints, child + n)
        for q in range(n + 1):
            store(by_sines, row + q, multiply_add(adjoint, load(products, place + n - q), load(by_sines, row + q)))
            here = base + n - q
            store(adjoints, here, multiply_add(adjoint, load(sines, row + q), load(adjoints, here)))
        store(adjoints, child + n, splat(0.0))


@njit(cache=True)
def _stay_back(room, place, base, r, table, by_table, row):
    """Turn the derivatives by a product with a row of the table into those by its two factors."""
    products, adjoints = room.products, room.adjoints
    for n in range(1, r + 1):
        adjoint = load(adjoints, base + n)
        for q in range(1, n + 1):
            k = row + q - 1
            store(by_table, k, multiply_add(adjoint, load(products, place + n - q), load(by_table, k)))
            here = base + n - q
            store(adjoints, here, multiply_add(adjoint, load(table, k), load(adjoints, here)))


@njit(cache=True)
def _products(room, row, r, r_most, table, stays, begin, end):
    """Write what a level holds before each of the stays of a step, and after the last; return where that is."""
    began, products = room.began, room.products
    place = 0
    for q in range(r + 1):
        store(products, q, load(began, row + q))
    for i in range(begin, end):
        for q in range(r + 1):
            store(products, place + r + 1 + q, load(products, place + q))
        place += r + 1
        _multiply_by_row(products, place, r, table, stays[i] * r_most)
    return place


@njit(cache=True)
def _backwards(first, last, order, tree, series, room, slopes):
    """Take the steps back from ``last`` to ``first``, adding to ``slopes``, the derivatives by the series."""
    _, _, level, rotation, weight, stay_start, stays = tree
    sines, table = series
    by_sines, by_table = slopes
    adjoints, r_most = room.adjoints, (order - 1) >> 1
    for s in range(last - 1, first - 1, -1):
        d, j = np.int64(level[s]), rotation[s]
        if j == START:
            for q in range(r_most + 1):
                store(adjoints, q, splat(0.0))
            continue
        above = d if j == END else d - 1
        r, base, row = (order - 1 - above) >> 1, above * (r_most + 1), (s - first) * (r_most + 1)
        begin = stay_start[s]
        end = stay_start[s + 1] if r else begin
        place = _products(room, row, r, r_most, table, stays, begin, end)
        if j == END:
            for q in range(r + 1):
                store(adjoints, base + q, _add(load(adjoints, base + q), splat(weight[s])))
        else:
            odd = np.int64(j) * (r_most + 1)
            _flip_back(room, place, base, base + r_most + 1, (order - 1 - d) >> 1, sines, odd, by_sines)
        for i in range(end - 1, begin - 1, -1):
            place -= r + 1
            _stay_back(room, place, base, r, table, by_table, stays[i] * r_most)


@njit(cache=True)
def _neighbours_back(cosines, r, width, n, table, by_table, by_cosines):
    """Turn derivatives by the rows of the table into derivatives by the cosines' series."""
    for row in range((len(by_table) // r if r else 0) - 1, -1, -1):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        if mask == 0 or j >= n:
            continue
        rest = (row ^ (1 << bit)) * r
        for q in range(r):
            adjoint, k = load(by_table, row * r + q), j * r + q
            store(by_cosines, k, _add(load(by_cosines, k), adjoint))
            store(by_table, rest + q, _add(load(by_table, rest + q), adjoint))
            for p in range(q):
                k = j * r + q - 1 - p
                store(by_cosines, k, multiply_add(adjoint, load(table, rest + p), load(by_cosines, k)))
                store(by_table, rest + p, multiply_add(adjoint, load(cosines, k), load(by_table, rest + p)))


@parallel_kernel
def series_values(tree, order, angle, value):
    """Write the polynomial at each row of ``angle``, float64, shape ``(batch, n_rotations)``, to ``value``.

    ``order`` is m, at least ``n_levels``.
    """
    n_levels, width = tree.n_levels, tree.width
    n, r = angle.shape[1], (order - 1) >> 1
    n_table = (((n + width - 1) // width) << width) * r
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        cosines, sines, table = np.empty((n * r, WIDTH)), np.empty((n * (r + 1), WIDTH)), np.empty((n_table, WIDTH))
        levels, total, none = np.zeros((n_levels * (r + 1), WIDTH)), np.empty((1, WIDTH)), np.empty((0, WIDTH))
        _load_series(angle, WIDTH * group, r, cosines, sines)
        _multiply_neighbours(cosines, r, width, n, table)
        found = _forwards(0, len(tree.level), order, tree, _Series(sines, table), _Levels(levels, none, none, none))
        store(total, 0, found)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = total[0, lane]


@njit(cache=True)
def _slope(t, r, by_cosines, by_sines, j, lane):
    """Return Σ_q of the derivatives by the series' coefficients times theirs by the angle."""
    even, odd = -t, 1.0
    slope = odd * by_sines[j * (r + 1), lane]
    for q in range(1, r + 1):
        odd *= -t * t / (2 * q * (2 * q - 1))
        slope += even * by_cosines[j * r + q - 1, lane] + odd * by_sines[j * (r + 1) + q, lane]
        even *= -t * t / (2 * q * (2 * q + 1))
    return slope


@parallel_kernel
def series_gradients(tree, order, angle, value, gradient):
    """Write values as `series_values` does, and derivatives by the angles to ``gradient``, of the shape of ``angle``."""
    n_levels, width = tree.n_levels, tree.width
    n, r = angle.shape[1], (order - 1) >> 1
    n_table = (((n + width - 1) // width) << width) * r
    n_steps = len(tree.level)
    n_blocks = (n_steps + BLOCK - 1) // BLOCK
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        cosines, sines, table = np.empty((n * r, WIDTH)), np.empty((n * (r + 1), WIDTH)), np.empty((n_table, WIDTH))
        by_cosines, by_sines = np.zeros((n * r, WIDTH)), np.zeros((n * (r + 1), WIDTH))
        by_table, products = np.zeros((n_table, WIDTH)), np.empty(((n + 1) * (r + 1), WIDTH))
        levels, adjoints = np.zeros((n_levels * (r + 1), WIDTH)), np.zeros((n_levels * (r + 1), WIDTH))
        kept, began = np.empty((n_blocks, n_levels * (r + 1), WIDTH)), np.empty((BLOCK * (r + 1), WIDTH))
        total = np.empty((1, WIDTH))
        _load_series(angle, WIDTH * group, r, cosines, sines)
        _multiply_neighbours(cosines, r, width, n, table)
        series, room = _Series(sines, table), _Levels(levels, began, products, adjoints)
        found = splat(0.0)
        for block in range(n_blocks):
            kept[block] = levels
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            found = _add(found, _forwards(first, last, order, tree, series, room))
        store(total, 0, found)
        for block in range(n_blocks - 1, -1, -1):
            levels[:] = kept[block]
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            _forwards(first, last, order, tree, series, room)
            _backwards(first, last, order, tree, series, room, _Series(by_sines, by_table))
        _neighbours_back(cosines, r, width, n, table, by_table, by_cosines)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = total[0, lane]
            for j in range(n):
                slope = _slope(angle[WIDTH * group + lane, j], r, by_cosines, by_sines, j, lane)
                gradient[WIDTH * group + lane, j] = slope
