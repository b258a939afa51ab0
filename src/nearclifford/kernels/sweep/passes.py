"""Carrying a state, and on the way back its adjoint, through the passes of a schedule.

The state of r qubits has shape (2^r / 8, 8), amplitude b at (b // 8, b % 8). Bytes moved per amplitude and pass: 16 read
and 16 written forwards, twice that backwards; a pass holds about ten rotations. Where the lanes of a pass are not the
three lowest bits, rows are gathered number by number, at three times the cost.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.lanes import exchange, load, multiply, splat, store
from nearclifford.kernels.sweep.operations import divide_phases, multiply_phases, turn_fours, unturn_fours


@njit(cache=True)
def deposit(index, free):
    """Spread the low bits of ``index`` over the set bits of ``free``, lowest first."""
    word, bit = np.uint64(0), np.uint64(0)
    while index:
        while not (free >> bit) & np.uint64(1):
            bit += np.uint64(1)
        word |= (index & np.uint64(1)) << bit
        index >>= np.uint64(1)
        bit += np.uint64(1)
    return word


@njit(cache=True, inline="always")
def _gather(aligned, offset, lane_offset, re, im, base, bre, bim):
    """Copy eight cosets into the buffers; real and imaginary parts share the work of finding and swapping lanes."""
    if aligned:
        for v in range(len(offset)):
            word = base ^ offset[v]
            row, lanes = word >> np.uint64(3), word & np.uint64(7)
            store(bre, v, exchange(load(re, row), lanes))
            store(bim, v, exchange(load(im, row), lanes))
        return
    real, imaginary = re.reshape(-1), im.reshape(-1)
    for v in range(len(offset)):
        word = base ^ offset[v]
        for lane in range(8):
            bre[v, lane] = real[word ^ lane_offset[lane]]
            bim[v, lane] = imaginary[word ^ lane_offset[lane]]


@njit(cache=True, inline="always")
def _scatter(aligned, offset, lane_offset, bre, bim, base, scale, re, im):
    """Copy the buffers back, times the cosines that the turns left out."""
    if aligned:
        factor = splat(scale)
        for v in range(len(offset)):
            word = base ^ offset[v]
            row, lanes = word >> np.uint64(3), word & np.uint64(7)
            store(re, row, exchange(multiply(factor, load(bre, v)), lanes))
            store(im, row, exchange(multiply(factor, load(bim, v)), lanes))
        return
    real, imaginary = re.reshape(-1), im.reshape(-1)
    for v in range(len(offset)):
        word = base ^ offset[v]
        for lane in range(8):
            real[word ^ lane_offset[lane]] = scale * bre[v, lane]
            imaginary[word ^ lane_offset[lane]] = scale * bim[v, lane]


@njit(cache=True)
def _coset_sign(z, start, stop, base):
    """Return one sign bit per rotation of the operation, common to all members of the coset."""
    word = np.uint64(0)
    for j in range(start, stop):
        word |= parity(z[j] & base) << np.uint64(j - start)
    return word


@njit(cache=True)
def n_cosets(schedule):
    """Return the number of groups of eight cosets."""
    return 1 << (schedule.n_bits - schedule.span - 3)


@njit(cache=True)
def forward_pass(schedule, k, low, high, turns, re, im):
    """Apply pass ``k`` to the groups of cosets number ``low`` to ``high``."""
    fixed, aligned, scale = schedule.mask[k], schedule.aligned[k], turns.scale[k]
    offset, lanes = schedule.offset[k], schedule.lane_offset[k]
    base = deposit(np.uint64(low), ~fixed)
    bre, bim = np.empty((1 << schedule.span, 8)), np.empty((1 << schedule.span, 8))
    for _ in range(low, high):
        _gather(aligned, offset, lanes, re, im, base, bre, bim)
        for o in range(schedule.pass_start[k], schedule.pass_start[k + 1]):
            start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
            sign = _coset_sign(schedule.z, start, stop, base)
            row = schedule.table_start[o]
            if row >= 0:
                multiply_phases(schedule.local_sign[o], sign, row, turns.table_real, turns.table_imaginary, bre, bim)
            else:
                turn_fours(
                    start,
                    stop,
                    schedule.code,
                    schedule.member[o, 0],
                    schedule.member[o, 1],
                    schedule.representative[o],
                    schedule.local_sign[o],
                    sign,
                    turns.tangent,
                    bre,
                    bim,
                )
        _scatter(aligned, offset, lanes, bre, bim, base, scale, re, im)
        base = ((base | fixed) + np.uint64(1)) & ~fixed


@njit(cache=True)
def backward_pass(schedule, k, low, high, turns, re, im, lre, lim, overlap, pattern_overlap):
    """Undo pass ``k`` on state and adjoint, groups ``low`` to ``high``, and add up the overlaps."""
    fixed, aligned, scale = schedule.mask[k], schedule.aligned[k], turns.scale[k]
    offset, lanes, size = schedule.offset[k], schedule.lane_offset[k], 1 << schedule.span
    base = deposit(np.uint64(low), ~fixed)
    bre, bim, cre, cim = np.empty((size, 8)), np.empty((size, 8)), np.empty((size, 8)), np.empty((size, 8))
    for _ in range(low, high):
        _gather(aligned, offset, lanes, re, im, base, bre, bim)
        _gather(aligned, offset, lanes, lre, lim, base, cre, cim)
        for o in range(schedule.pass_start[k + 1] - 1, schedule.pass_start[k] - 1, -1):
            start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
            sign = _coset_sign(schedule.z, start, stop, base)
            row = schedule.table_start[o]
            if row >= 0:
                divide_phases(
                    schedule.local_sign[o],
                    sign,
                    row,
                    turns.table_real,
                    turns.table_imaginary,
                    bre,
                    bim,
                    cre,
                    cim,
                    pattern_overlap,
                )
            else:
                unturn_fours(
                    start,
                    stop,
                    schedule.code,
                    schedule.member[o, 0],
                    schedule.member[o, 1],
                    schedule.representative[o],
                    schedule.local_sign[o],
                    sign,
                    turns.tangent,
                    bre,
                    bim,
                    cre,
                    cim,
                    overlap,
                )
        _scatter(aligned, offset, lanes, bre, bim, base, scale, re, im)
        _scatter(aligned, offset, lanes, cre, cim, base, scale, lre, lim)
        base = ((base | fixed) + np.uint64(1)) & ~fixed
