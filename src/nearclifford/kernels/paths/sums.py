"""Sums of paths, eight thetas at a time: Σ weight Π sin Π cos over the steps of a path tree, and its gradient.

Values go through the steps once. Gradients run in reverse: a first pass forwards keeps the levels at the beginning of each
block of steps; then the blocks are taken from the last to the first, forwards again with what each step began with, and
backwards. No pass divides, so angles of zero and of π/2 are as good as any other.

Stays come by neighbourhoods, rows of a table of all products of neighbouring cosines (see `tree`).

Cost: one load and one multiplication of eight numbers a row, 0.5 ns where the table fits the cache (2^width / width rows of
64 bytes a rotation), and 5 ns a step; gradients take five times as long. The steps are read once for eight thetas.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.lanes import WIDTH, multiply, multiply_add
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.paths.tree import END, START
from nearclifford.kernels.vectors import load, splat, store

BLOCK = 2048

Lanes = npt.NDArray[np.float64]


class _Factors(NamedTuple):
    """What the steps multiply by, or the derivatives by it: products of neighbouring cosines, and sines; rows of eight."""

    table: Lanes
    sine: Lanes


@njit(cache=True)
def _load_angles(angle, first, cosine, sine):
    """Write cosines and sines, shape ``(n_rotations, 8)``, of eight rows of angles; rows beyond the last repeat it."""
    for lane in range(WIDTH):
        row = min(first + lane, len(angle) - 1)
        for j in range(angle.shape[1]):
            cosine[j, lane] = np.cos(angle[row, j])
            sine[j, lane] = np.sin(angle[row, j])


@njit(cache=True)
def _multiply_neighbours(cosine, width, table):
    """Write to row ``h << width | mask`` the product of the cosines of the rotations ``h * width + b``, b in the mask."""
    for row in range(len(table)):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        if mask == 0 or j >= len(cosine):
            store(table, row, splat(1.0))
        else:
            store(table, row, multiply(load(table, row ^ (1 << bit)), load(cosine, j)))


@njit(cache=True)
def _neighbours_back(cosine, width, table, by_table, by_cosine):
    """Turn derivatives by the rows of the table into derivatives by the cosines."""
    for row in range(len(table) - 1, -1, -1):
        mask = row & ((1 << width) - 1)
        bit = trailing_zeros(np.uint64(mask))
        j = (row >> width) * width + bit
        if mask == 0 or j >= len(cosine):
            continue
        adjoint, rest = load(by_table, row), row ^ (1 << bit)
        store(by_cosine, j, multiply_add(adjoint, load(table, rest), load(by_cosine, j)))
        store(by_table, rest, multiply_add(adjoint, load(cosine, j), load(by_table, rest)))


@njit(cache=True)
def _forwards(first, last, tree, factors, levels, began):
    """Take the steps ``first`` to ``last``; return the sum of the paths that end, eight numbers.

    Where ``began`` has rows, row s - first receives what the level that passes the stays of step s began with.
    """
    _, _, level, rotation, weight, stay_start, stays = tree
    table, sine = factors
    total = splat(0.0)
    for s in range(first, last):
        d, j = level[s], rotation[s]
        if j == START:
            store(levels, 0, splat(1.0))
            continue
        row = d if j == END else d - 1
        product, other = load(levels, row), splat(1.0)
        if len(began):
            store(began, s - first, product)
        i, end = stay_start[s], stay_start[s + 1]
        # two chains of multiplications side by side
        while i + 1 < end:
            product = multiply(product, load(table, stays[i]))
            other = multiply(other, load(table, stays[i + 1]))
            i += 2
        if i < end:
            product = multiply(product, load(table, stays[i]))
        product = multiply(product, other)
        if j == END:
            total = multiply_add(product, splat(weight[s]), total)
        else:
            store(levels, row, product)
            store(levels, d, multiply(product, load(sine, j)))
    return total


@njit(cache=True)
def _backwards(first, last, tree, factors, began, products, adjoints, slopes):
    """Take the steps back from ``last`` to ``first``, adding to ``slopes``, the derivatives by the factors."""
    _, _, level, rotation, weight, stay_start, stays = tree
    table, sine = factors
    by_table, by_sine = slopes
    for s in range(last - 1, first - 1, -1):
        d, j = level[s], rotation[s]
        if j == START:
            store(adjoints, 0, splat(0.0))
            continue
        begin, end = stay_start[s], stay_start[s + 1]
        product = load(began, s - first)
        for i in range(begin, end):
            store(products, i - begin, product)
            product = multiply(product, load(table, stays[i]))
        if j == END:
            adjoint = splat(weight[s])
        else:
            child = load(adjoints, d)
            store(adjoints, d, splat(0.0))
            store(by_sine, j, multiply_add(child, product, load(by_sine, j)))
            d -= 1
            adjoint = multiply_add(child, load(sine, j), load(adjoints, d))
        for i in range(end - 1, begin - 1, -1):
            h = stays[i]
            store(by_table, h, multiply_add(adjoint, load(products, i - begin), load(by_table, h)))
            adjoint = multiply(adjoint, load(table, h))
        store(adjoints, d, adjoint)


@parallel_kernel
def path_values(tree, angle, value):
    """Write the sum of all paths at each row of ``angle``, float64, shape ``(batch, n_rotations)``, to ``value``."""
    n_levels, width = tree.n_levels, tree.width
    n, n_table = angle.shape[1], ((angle.shape[1] + width - 1) // width) << width
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        cosine, sine, table = np.empty((n, WIDTH)), np.empty((n, WIDTH)), np.empty((n_table, WIDTH))
        levels, total, began = np.zeros((n_levels, WIDTH)), np.empty((1, WIDTH)), np.empty((0, WIDTH))
        _load_angles(angle, WIDTH * group, cosine, sine)
        _multiply_neighbours(cosine, width, table)
        found = _forwards(0, len(tree.level), tree, _Factors(table, sine), levels, began)
        store(total, 0, found)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = total[0, lane]


@parallel_kernel
def path_gradients(tree, angle, value, gradient):
    """Write values as `path_values` does, and their derivatives by the angles to ``gradient``, of the shape of ``angle``."""
    n_levels, width = tree.n_levels, tree.width
    n, n_table = angle.shape[1], ((angle.shape[1] + width - 1) // width) << width
    n_steps = len(tree.level)
    n_blocks = (n_steps + BLOCK - 1) // BLOCK
    for group in prange((len(angle) + WIDTH - 1) // WIDTH):
        cosine, sine, table = np.empty((n, WIDTH)), np.empty((n, WIDTH)), np.empty((n_table, WIDTH))
        by_cosine, by_sine, by_table = np.zeros((n, WIDTH)), np.zeros((n, WIDTH)), np.zeros((n_table, WIDTH))
        levels, adjoints, total = np.zeros((n_levels, WIDTH)), np.zeros((n_levels, WIDTH)), np.empty((1, WIDTH))
        kept, began, products = np.empty((n_blocks, n_levels, WIDTH)), np.empty((BLOCK, WIDTH)), np.empty((n + 1, WIDTH))
        _load_angles(angle, WIDTH * group, cosine, sine)
        _multiply_neighbours(cosine, width, table)
        found = splat(0.0)
        for block in range(n_blocks):
            kept[block] = levels
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            part = _forwards(first, last, tree, _Factors(table, sine), levels, began)
            found = multiply_add(part, splat(1.0), found)
        store(total, 0, found)
        for block in range(n_blocks - 1, -1, -1):
            levels[:] = kept[block]
            first, last = block * BLOCK, min(n_steps, (block + 1) * BLOCK)
            _forwards(first, last, tree, _Factors(table, sine), levels, began)
            slopes = _Factors(by_table, by_sine)
            _backwards(first, last, tree, _Factors(table, sine), began, products, adjoints, slopes)
        _neighbours_back(cosine, width, table, by_table, by_cosine)
        for lane in range(min(WIDTH, len(angle) - WIDTH * group)):
            value[WIDTH * group + lane] = total[0, lane]
            for j in range(n):
                gradient[WIDTH * group + lane, j] = cosine[j, lane] * by_sine[j, lane] - sine[j, lane] * by_cosine[j, lane]
