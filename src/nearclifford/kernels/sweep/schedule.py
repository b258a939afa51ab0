"""The tables of a sweep: passes that fit the first-level cache, operations that fit registers.

A *pass* is a run of rotations whose x-parts span few dimensions: the state falls into cosets of that span, and eight
cosets at a time, one per lane, are carried through all rotations of the pass while they sit in the first-level cache.
Within a pass an *operation* is either a few diagonal rotations, applied as one table of phases, or rotations whose
x-parts span at most two dimensions, applied to four amplitudes that stay in registers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import highest_bit, parity
from nearclifford.kernels.gf2 import insert, reduce
from nearclifford.kernels.sweep.ordering import LANE_BITS, SPAN_LIMIT, order_rotations


class Schedule(NamedTuple):
    """Rotations in the order of the sweep, with everything the inner loops look up.

    Rotations (n): ``order`` original index; ``z`` mask; ``sign`` of the generator; ``code``, four facts in one byte:
    bits 0-1, which two of the four amplitudes of an operation pair up (0: diagonal, 1: X1, 2: X2, 3: X1 ^ X2); bit 2,
    whether i^|x & z| is real, so that the turn mixes real with imaginary parts; bit 3, sign change from the first pair
    to the second; bits 4-6, row of `lanes.WALSH` with the signs on the lanes.
    Operations (m): ``operation_start`` (m + 1) into the rotations; ``member`` (m, 2) local X1, X2;
    ``table_start`` (m,) first row of the phase table, -1 if not diagonal; ``representative`` and ``local_sign``
    (m, 2^span): first amplitude of each four and one sign bit per rotation; ``lane_pattern`` (m, 8) sign bits by lane.
    Passes (p): ``pass_start`` (p + 1) into the operations; ``offset`` (p, 2^span) of the coset's members;
    ``lane_offset`` (p, 8) of the eight cosets; ``mask`` (p,) bits fixed within the eight; ``aligned`` (p,) whether
    lane l is amplitude ``row * 8 + (l ^ constant)``, so that a row of the state holds one member of all eight cosets.
    """

    n_bits: int
    span: int
    table_rows: int
    order: npt.NDArray[np.int64]
    z: npt.NDArray[np.uint64]
    code: npt.NDArray[np.uint8]
    sign: npt.NDArray[np.float64]
    operation_start: npt.NDArray[np.int64]
    member: npt.NDArray[np.uint64]
    table_start: npt.NDArray[np.int64]
    representative: npt.NDArray[np.uint16]
    local_sign: npt.NDArray[np.uint8]
    lane_pattern: npt.NDArray[np.uint8]
    pass_start: npt.NDArray[np.int64]
    offset: npt.NDArray[np.uint64]
    lane_offset: npt.NDArray[np.uint64]
    mask: npt.NDArray[np.uint64]
    aligned: npt.NDArray[np.bool_]


@njit(cache=True)
def _local(vector, basis, span):
    """Return the coordinates of a vector of the span: its bits at the pivots."""
    code = np.uint64(0)
    for i in range(span):
        code |= ((vector >> highest_bit(basis[i])) & np.uint64(1)) << np.uint64(i)
    return code


@njit(cache=True)
def _coset(basis, span, n_bits, offset, lane_offset):
    """Fill the offsets of members and lanes; return the mask of pivots and lane bits."""
    mask = np.uint64(0)
    for i in range(span):
        mask |= np.uint64(1) << highest_bit(basis[i])
    for v in range(1 << span):
        word = np.uint64(0)
        for i in range(span):
            if (v >> i) & 1:
                word ^= basis[i]
        offset[v] = word
    lanes = 0
    for bit in range(n_bits):
        unit = np.uint64(1) << np.uint64(bit)
        if lanes < LANE_BITS and not mask & unit:
            for lane in range(8):
                if (lane >> lanes) & 1:
                    lane_offset[lane] |= unit
            mask |= unit
            lanes += 1
    return mask


@njit(cache=True)
def _operation_members(x, order, start, stop, basis, span):
    """Return local (X1, X2) that span the x-parts of an operation, completed to two dimensions."""
    first, second = np.uint64(0), np.uint64(0)
    for i in range(start, stop):
        local = _local(x[order[i]], basis, span)
        if first == 0:
            first = local
        elif local != first and second == 0:
            second = local
    unit = np.uint64(1)
    while second == 0:
        if unit != first:
            second = unit
        unit <<= np.uint64(1)
    return first, second


@njit(cache=True)
def _fill_signs(z, order, start, stop, offset, vectors, local_sign):
    for i in range(len(vectors)):
        word = np.uint64(0)
        for j in range(start, stop):
            word |= parity(z[order[j]] & offset[vectors[i]]) << np.uint64(j - start)
        local_sign[i] = word


@njit(cache=True)
def _representatives(first, second, span):
    """Return one member of every coset of {0, X1, X2, X1 ^ X2} in the local space."""
    pair = np.zeros(2, np.uint64)
    pair[0] = first
    insert(reduce(second, pair, 1), pair, 1)
    mask = (np.uint64(1) << highest_bit(pair[0])) | (np.uint64(1) << highest_bit(pair[1]))
    result = np.empty(1 << (span - 2), np.uint16)
    count = 0
    for v in range(1 << span):
        if not np.uint64(v) & mask:
            result[count] = v
            count += 1
    return result


@njit(cache=True)
def _lane_patterns(z, order, start, stop, lane_offset, code, lane_pattern):
    """Write, for each rotation, its row of `WALSH` into ``code``, and for each lane one sign bit per rotation."""
    for i in range(start, stop):
        row = np.uint64(0)
        for bit in range(LANE_BITS):
            row |= parity(z[order[i]] & lane_offset[1 << bit]) << np.uint64(bit)
        code[i] |= row << np.uint64(4)
        for lane in range(8):
            lane_pattern[lane] |= parity(np.uint64(lane) & row) << np.uint64(i - start)


@njit(cache=True)
def _pairing(x, z, power, basis, span, offset, first, second):
    """Return bits 0 to 3 of the code of one rotation in the operation spanned by ``first`` and ``second``."""
    local = _local(x, basis, span)
    pair = np.uint64(1) if local == first else (np.uint64(2) if local == second else np.uint64(3))
    flip = parity(z & offset[second if pair == 1 else first])
    # i^power is i^0 or i^2 (real) when z.x is even, i^1 or i^3 (i times a sign) when it is odd.
    return pair | np.uint64(1 - power % 2) << np.uint64(2) | flip << np.uint64(3)


@njit(cache=True)
def make_schedule(n_bits, x, z, sign, power):
    """Return the `Schedule` of rotations ``sign * i^power X^x Z^z`` on ``n_bits >= 5`` bits (uint64 masks, int64)."""
    span = min(SPAN_LIMIT, n_bits - LANE_BITS)
    order, operation_start, pass_start, bases = order_rotations(n_bits, span, x, z)
    n, m, p = len(order), len(operation_start) - 1, len(pass_start) - 1
    code = np.zeros(n, np.uint8)
    member = np.zeros((m, 2), np.uint64)
    table_start = np.full(m, -1, np.int64)
    representative = np.zeros((m, 1 << span), np.uint16)
    local_sign, lane_pattern = np.zeros((m, 1 << span), np.uint8), np.zeros((m, 8), np.uint8)
    offset, lane_offset = np.zeros((p, 1 << span), np.uint64), np.zeros((p, 8), np.uint64)
    mask, aligned = np.zeros(p, np.uint64), np.zeros(p, np.bool_)
    everything = np.arange(1 << span).astype(np.uint16)
    table_rows = 0
    for k in range(p):
        basis = bases[k]
        mask[k] = _coset(basis, span, n_bits, offset[k], lane_offset[k])
        aligned[k] = lane_offset[k, 7] == 7
        for o in range(pass_start[k], pass_start[k + 1]):
            start, stop = operation_start[o], operation_start[o + 1]
            _lane_patterns(z, order, start, stop, lane_offset[k], code, lane_pattern[o])
            if x[order[start]] == 0:
                table_start[o] = table_rows
                table_rows += 1 << (stop - start)
                _fill_signs(z, order, start, stop, offset[k], everything, local_sign[o])
                continue
            first, second = _operation_members(x, order, start, stop, basis, span)
            member[o, 0], member[o, 1] = first, second
            vectors = _representatives(first, second, span)
            representative[o, : len(vectors)] = vectors
            _fill_signs(z, order, start, stop, offset[k], vectors, local_sign[o])
            for i in range(start, stop):
                j = order[i]
                code[i] |= _pairing(x[j], z[j], power[j], basis, span, offset[k], first, second)
    # The sign takes up i^2, so that the phase of what remains is 1 or i.
    signs = sign[order] * (1.0 - 2.0 * (power[order] // 2))
    return Schedule(
        n_bits,
        span,
        table_rows,
        order,
        z[order],
        code,
        signs,
        operation_start,
        member,
        table_start,
        representative,
        local_sign,
        lane_pattern,
        pass_start,
        offset,
        lane_offset,
        mask,
        aligned,
    )
