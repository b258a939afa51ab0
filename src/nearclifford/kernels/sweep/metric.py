"""Overlaps of the derivatives of a state: the Gram matrix behind the Fubini-Study metric.

A walk forward applies one rotation after another to the state ψ and to the columns: the vectors G_k ψ, made where rotation k
stands and turned by all that follow. At rotation j the overlaps Re <G_j ψ|column k> are read off while the columns turn; no
later rotation changes them. So no pair needs more memory than its columns (the scheme of arXiv:2011.02991, with columns in
groups of eight, one to a lane of a vector).

Cost: a pair of rotations takes 6 multiplications and additions an amplitude, eight columns at once, 1 ns; the state of a
task takes some 4 ns a rotation and amplitude. Memory of a thread: 16 bytes an amplitude, times `COLUMNS` + 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.arrays import Flags, Floats, Indices, Words
from nearclifford.kernels.bits import highest_bit
from nearclifford.kernels.lanes import multiply, multiply_add, multiply_subtract
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.vectors import load, splat, store

LANES = 8
# Columns that a task turns at once: enough to make the state that each task makes for itself cheap.
COLUMNS = 64


class Turns(NamedTuple):
    """Rotations in time order: generators ``sign * (i if imaginary else 1) * X^x Z^z``, one word a string."""

    x: Words
    z: Words
    sign: Floats
    imaginary: Flags


class Blocks(NamedTuple):
    """Columns ``first`` to ``stop`` meet the rotations ``first`` to ``last``; a task is a run of blocks, in time order.

    Overlaps with column k stand at ``k - origin``. Task t has the blocks ``start[t]`` to ``start[t + 1]``.
    """

    first: Indices
    stop: Indices
    last: Indices
    origin: Indices
    start: Indices


class Walk(NamedTuple):
    """What a task writes over: state and generator times state, signs of a generator, columns in groups of lanes, sums."""

    re: npt.NDArray[np.float64]
    im: npt.NDArray[np.float64]
    image_re: npt.NDArray[np.float64]
    image_im: npt.NDArray[np.float64]
    signs: npt.NDArray[np.float64]
    column_re: npt.NDArray[np.float64]
    column_im: npt.NDArray[np.float64]
    overlap: npt.NDArray[np.float64]


@njit(cache=True)
def room(n_bits):
    size, groups = 1 << n_bits, COLUMNS // LANES
    return Walk(
        np.zeros(size),
        np.zeros(size),
        np.empty(size),
        np.empty(size),
        np.empty(size),
        np.zeros((groups, size, LANES)),
        np.zeros((groups, size, LANES)),
        np.zeros((groups, LANES)),
    )


@njit(cache=True)
def restart(walk):
    walk.re[:] = 0.0
    walk.im[:] = 0.0
    walk.re[0] = 1.0


@njit(cache=True)
def _write_signs(z, sign, signs):
    """Write ``sign * (-1)^(z·b)`` for every b."""
    signs[0] = sign
    size, bit = 1, uint64(0)
    while size < len(signs):
        turn = -1.0 if (z >> bit) & uint64(1) else 1.0
        for b in range(size):
            signs[size + b] = turn * signs[b]
        size <<= 1
        bit += uint64(1)


@njit(cache=True)
def _partner(b, x):
    return np.int64(uint64(b) ^ x)


@njit(cache=True)
def _write_image(x, imaginary, walk):
    """Write G ψ."""
    for b in range(len(walk.re)):
        to, s = _partner(b, x), walk.signs[b]
        if imaginary:
            walk.image_re[to], walk.image_im[to] = -s * walk.im[b], s * walk.re[b]
        else:
            walk.image_re[to], walk.image_im[to] = s * walk.re[b], s * walk.im[b]


@njit(cache=True)
def turn_state(cosine, sine, walk):
    """Turn the state: cos ψ - i sin G ψ, of which the image holds G ψ."""
    for b in range(len(walk.re)):
        re, im = walk.re[b], walk.im[b]
        walk.re[b] = cosine * re + sine * walk.image_im[b]
        walk.im[b] = cosine * im - sine * walk.image_re[b]


@njit(cache=True, inline="always")
def _share(total, re, im, image_re, image_im):
    return multiply_add(image_im, im, multiply_add(image_re, re, total))


@njit(cache=True)
def _turn_pairs(x, imaginary, turn, walk, g):
    """Turn group g about a generator with x != 0, adding up the overlaps of its columns with the image."""
    re, im, signs = walk.column_re[g], walk.column_im[g], walk.signs
    cosine, sine = turn
    c, total = splat(cosine), splat(0.0)
    top = uint64(1) << highest_bit(x)
    for b in range(len(signs)):
        if uint64(b) & top:
            continue
        to = _partner(b, x)
        t = splat(sine * signs[b])
        ar, ai, br, bi = load(re, b), load(im, b), load(re, to), load(im, to)
        total = _share(total, ar, ai, splat(walk.image_re[b]), splat(walk.image_im[b]))
        total = _share(total, br, bi, splat(walk.image_re[to]), splat(walk.image_im[to]))
        if imaginary:
            store(re, b, multiply_subtract(t, br, multiply(c, ar)))
            store(im, b, multiply_subtract(t, bi, multiply(c, ai)))
            store(re, to, multiply_add(t, ar, multiply(c, br)))
            store(im, to, multiply_add(t, ai, multiply(c, bi)))
        else:
            store(re, b, multiply_add(t, bi, multiply(c, ar)))
            store(im, b, multiply_subtract(t, br, multiply(c, ai)))
            store(re, to, multiply_add(t, ai, multiply(c, br)))
            store(im, to, multiply_subtract(t, ar, multiply(c, bi)))
    store(walk.overlap, g, total)


@njit(cache=True)
def _turn_phases(turn, walk, g):
    """Turn group g about a generator with x = 0, adding up the overlaps of its columns with the image."""
    re, im, signs = walk.column_re[g], walk.column_im[g], walk.signs
    cosine, sine = turn
    c, total = splat(cosine), splat(0.0)
    for b in range(len(signs)):
        t, ar, ai = splat(sine * signs[b]), load(re, b), load(im, b)
        total = _share(total, ar, ai, splat(walk.image_re[b]), splat(walk.image_im[b]))
        store(re, b, multiply_add(t, ai, multiply(c, ar)))
        store(im, b, multiply_subtract(t, ar, multiply(c, ai)))
    store(walk.overlap, g, total)


@njit(cache=True)
def _expectation(walk):
    total = 0.0
    for b in range(len(walk.re)):
        total += walk.re[b] * walk.image_re[b] + walk.im[b] * walk.image_im[b]
    return total


@njit(cache=True)
def make_image(turns, j, walk):
    _write_signs(turns.z[j], turns.sign[j], walk.signs)
    _write_image(turns.x[j], turns.imaginary[j], walk)


@njit(cache=True)
def walk_block(turns, cosine, sine, block, walk, expectation, overlap):
    """Write the overlaps of one block, and the expectations of its columns, with the state at its first rotation."""
    first, stop, last, origin = block
    for j in range(first, last):
        make_image(turns, j, walk)
        made = min(j, stop) - first
        for g in range((made + LANES - 1) // LANES):
            if turns.x[j]:
                _turn_pairs(turns.x[j], turns.imaginary[j], (cosine[j], sine[j]), walk, g)
            else:
                _turn_phases((cosine[j], sine[j]), walk, g)
            for lane in range(min(LANES, made - LANES * g)):
                overlap[j, first + LANES * g + lane - origin] = walk.overlap[g, lane]
        if j < stop:
            expectation[j] = _expectation(walk)
            overlap[j, j - origin] = 1.0
        turn_state(cosine[j], sine[j], walk)
        if j < stop:
            # The image commutes with its own rotation as the state does: both turn alike.
            _add_column(j - first, cosine[j], sine[j], turns, j, walk)


@njit(cache=True)
def _add_column(place, cosine, sine, turns, j, walk):
    """Write G ψ of the turned state into a column."""
    _write_image(turns.x[j], turns.imaginary[j], walk)
    g, lane = place // LANES, place % LANES
    for b in range(len(walk.re)):
        walk.column_re[g, b, lane] = walk.image_re[b]
        walk.column_im[g, b, lane] = walk.image_im[b]


@njit(cache=True)
def _run_task(turns, angle, blocks, task, n_bits, expectation, overlap):
    """Walk through the blocks of a task; the state starts again where a block does not follow the last."""
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    walk, position = room(n_bits), 0
    restart(walk)
    for i in range(blocks.start[task], blocks.start[task + 1]):
        if blocks.first[i] < position:
            restart(walk)
            position = 0
        for j in range(position, blocks.first[i]):
            make_image(turns, j, walk)
            turn_state(cosine[j], sine[j], walk)
        block = (blocks.first[i], blocks.stop[i], blocks.last[i], blocks.origin[i])
        walk_block(turns, cosine, sine, block, walk, expectation, overlap)
        position = blocks.last[i]


@parallel_kernel
def gram_matrices(turns, angle, blocks, n_bits, expectation, overlap):
    """Write <G_j> and Re <G_j G_k> for k <= j, each G pulled back through the rotations before it.

    Parameters
    ----------
    turns : `Turns`, n rotations on ``n_bits`` qubits, from |0…0>.
    angle : float64, shape ``(batch, n)``, radians.
    blocks : `Blocks`; every rotation is a column of one of them.
    expectation : float64, shape ``(batch, n)``, written.
    overlap : float64, shape ``(batch, n, width)``, written where blocks say.
    """
    n_tasks = len(blocks.start) - 1
    for task in prange(len(angle) * n_tasks):
        row = task // n_tasks
        _run_task(turns, angle[row], blocks, task % n_tasks, n_bits, expectation[row], overlap[row])
