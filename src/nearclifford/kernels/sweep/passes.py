"""Carrying a state, and on the way back its adjoint, through the passes of a schedule.

The state of r qubits has shape (2^r / 8, 8), amplitude b at (b // 8, b % 8). Bytes moved per amplitude and pass: 16 read
and 16 written forwards, twice that backwards; a pass holds about ten rotations. Where the lanes of a pass are not the
three lowest bits, rows are gathered number by number, at three times the cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.lanes import exchange, multiply
from nearclifford.kernels.sweep.operations import (
    Amplitudes,
    Operation,
    divide_phases,
    multiply_phases,
    turn_fours,
    unturn_fours,
)
from nearclifford.kernels.vectors import load, splat, store


class Cosets(NamedTuple):
    """Where the members of a pass's cosets lie: see ``aligned``, ``offset`` and ``lane_offset`` of a `Schedule`."""

    aligned: bool
    offset: npt.NDArray[np.uint64]
    lane_offset: npt.NDArray[np.uint64]


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
def _gather(cosets, base, state, buffer):
    """Copy eight cosets into a buffer; real and imaginary parts share the work of finding and swapping lanes."""
    aligned, offset, lane_offset = cosets
    re, im = state
    bre, bim = buffer
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
def _scatter(cosets, base, scale, buffer, state):
    """Copy a buffer back, times the cosines that the turns left out."""
    aligned, offset, lane_offset = cosets
    re, im = state
    bre, bim = buffer
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


@njit(cache=True, inline="always")
def _operation(schedule, o):
    return Operation(
        schedule.operation_start[o],
        schedule.operation_start[o + 1],
        schedule.code,
        schedule.member[o, 0],
        schedule.member[o, 1],
        schedule.representative[o],
        schedule.local_sign[o],
    )


@njit(cache=True)
def forward_pass(schedule, k, low, high, turns, state):
    """Apply pass ``k`` to the groups of cosets number ``low`` to ``high``; ``state`` begins with re and im of ψ."""
    fixed, scale, psi = schedule.mask[k], turns.scale[k], Amplitudes(state[0], state[1])
    cosets = Cosets(schedule.aligned[k], schedule.offset[k], schedule.lane_offset[k])
    size, phases = 1 << schedule.span, Amplitudes(turns.table_real, turns.table_imaginary)
    buffer = Amplitudes(np.empty((size, 8)), np.empty((size, 8)))
    base = deposit(np.uint64(low), ~fixed)
    for _ in range(low, high):
        _gather(cosets, base, psi, buffer)
        for o in range(schedule.pass_start[k], schedule.pass_start[k + 1]):
            sign = _coset_sign(schedule.z, schedule.operation_start[o], schedule.operation_start[o + 1], base)
            row = schedule.table_start[o]
            if row >= 0:
                multiply_phases(schedule.local_sign[o], sign, row, phases, buffer)
            else:
                turn_fours(_operation(schedule, o), sign, turns.tangent, buffer)
        _scatter(cosets, base, scale, buffer, psi)
        base = ((base | fixed) + np.uint64(1)) & ~fixed


@njit(cache=True)
def backward_pass(schedule, k, low, high, turns, state, overlap, pattern_overlap):
    """Undo pass ``k`` on ψ and λ, the (re, im) of ``state``, groups ``low`` to ``high``, and add up the overlaps."""
    fixed, scale = schedule.mask[k], turns.scale[k]
    psi, adjoint = Amplitudes(state[0], state[1]), Amplitudes(state[2], state[3])
    cosets = Cosets(schedule.aligned[k], schedule.offset[k], schedule.lane_offset[k])
    size, phases = 1 << schedule.span, Amplitudes(turns.table_real, turns.table_imaginary)
    # Made here, not by a function: LLVM must see that they overlap nothing (a tenth of the time).
    buffer = Amplitudes(np.empty((size, 8)), np.empty((size, 8)))
    other = Amplitudes(np.empty((size, 8)), np.empty((size, 8)))
    base = deposit(np.uint64(low), ~fixed)
    for _ in range(low, high):
        _gather(cosets, base, psi, buffer)
        _gather(cosets, base, adjoint, other)
        for o in range(schedule.pass_start[k + 1] - 1, schedule.pass_start[k] - 1, -1):
            sign = _coset_sign(schedule.z, schedule.operation_start[o], schedule.operation_start[o + 1], base)
            row = schedule.table_start[o]
            if row >= 0:
                divide_phases(schedule.local_sign[o], sign, row, phases, buffer, other, pattern_overlap)
            else:
                unturn_fours(_operation(schedule, o), sign, turns.tangent, buffer, other, overlap)
        _scatter(cosets, base, scale, buffer, psi)
        _scatter(cosets, base, scale, other, adjoint)
        base = ((base | fixed) + np.uint64(1)) & ~fixed
