"""Ordering rotations so that a sweep reads the state rarely: passes that fit a cache, operations that fit registers.

A *pass* is a run of rotations whose x-parts span few dimensions: the state falls into cosets of that span, and each
coset is carried through all rotations of the pass while it sits in the first-level cache. Within a pass an *operation*
is either up to `DIAGONAL_LIMIT` diagonal rotations, applied as one table of phases, or rotations whose x-parts span at
most two dimensions, applied to four amplitudes that stay in registers. Rotations change places only if they commute.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import parity

SPAN_LIMIT = 6
DIAGONAL_LIMIT = 6
# A rotation is applied as 1 - i tan(φ/2) G and its cosine restored at the end of the pass. At φ = π the tangent is
# 1.6e16 in float64, and the square of a product of nine of them still fits the exponent.
TURN_LIMIT = 9
OPERATION_LIMIT = 8
LOOK_AHEAD = 128


class Schedule(NamedTuple):
    """Rotations in the order of the sweep, with everything the inner loops look up.

    Rotations (n): ``order`` original index; ``z`` mask; ``code`` 0 diagonal, else which two of the four amplitudes of
    an operation pair up (1: X1, 2: X2, 3: X1 ^ X2); ``imaginary`` whether i^|x & z| is real, so that the turn mixes
    real with imaginary parts; ``flip`` sign change from the first pair to the second; ``sign`` of the generator.
    Operations (m): ``operation_start`` (m + 1) into the rotations; ``member`` (m, 2) local X1, X2;
    ``table_start`` (m,) first row of the phase table, -1 if not diagonal; ``representative`` and ``local_sign``
    (m, 2^span): first amplitude of each four and one sign bit per rotation.
    Passes (p): ``pass_start`` (p + 1) into the operations; ``offset`` (p, 2^span) of the coset's members;
    ``pivot_mask`` (p,) bits fixed within a coset; ``lane_offset`` (p, 8) of eight neighbouring cosets, ``lane_mask``.
    """

    n_bits: int
    span: int
    table_rows: int
    order: npt.NDArray[np.int64]
    z: npt.NDArray[np.uint64]
    code: npt.NDArray[np.uint8]
    imaginary: npt.NDArray[np.uint8]
    flip: npt.NDArray[np.uint64]
    sign: npt.NDArray[np.float64]
    operation_start: npt.NDArray[np.int64]
    member: npt.NDArray[np.uint64]
    table_start: npt.NDArray[np.int64]
    representative: npt.NDArray[np.uint16]
    local_sign: npt.NDArray[np.uint8]
    pass_start: npt.NDArray[np.int64]
    offset: npt.NDArray[np.uint64]
    pivot_mask: npt.NDArray[np.uint64]
    lane_offset: npt.NDArray[np.uint64]
    lane_mask: npt.NDArray[np.uint64]


@njit(cache=True)
def _highest_bit(word):
    bit = np.uint64(0)
    while word >> np.uint64(1):
        word >>= np.uint64(1)
        bit += np.uint64(1)
    return bit


@njit(cache=True)
def _reduce(vector, basis, size):
    """Return ``vector`` with the pivots (highest bits) of the echelon ``basis`` cleared."""
    for i in range(size):
        pivot = _highest_bit(basis[i])
        if (vector >> pivot) & np.uint64(1):
            vector ^= basis[i]
    return vector


@njit(cache=True)
def _insert(vector, basis, size):
    """Add a reduced non-zero vector and keep the basis fully reduced."""
    pivot = _highest_bit(vector)
    for i in range(size):
        if (basis[i] >> pivot) & np.uint64(1):
            basis[i] ^= vector
    basis[size] = vector


@njit(cache=True)
def _commutes_with_all(j, x, z, skipped, n_skipped):
    for i in range(n_skipped):
        k = skipped[i]
        if parity((x[j] & z[k]) ^ (z[j] & x[k])):
            return False
    return True


@njit(cache=True)
def _select(x, z, remaining, n_remaining, limit, diagonal, count_limit, turn_limit, basis, taken, skipped):
    """Take rotations, in order, that can move to the front and whose x-parts span at most ``limit`` dimensions.

    ``diagonal`` is 0 to take rotations with x != 0 only, 1 for diagonal ones only, 2 for both.
    Returns (number taken, number skipped, dimension); the unread tail of ``remaining`` is left where it is.
    """
    n_taken, n_skipped, dimension, turns = 0, 0, 0, 0
    read = 0
    while read < n_remaining and n_taken < count_limit and n_skipped < LOOK_AHEAD:
        j = remaining[read]
        read += 1
        is_diagonal = x[j] == 0
        fits = diagonal == 2 or (diagonal == 1) == is_diagonal
        residue = np.uint64(0)
        if fits and not is_diagonal:
            residue = _reduce(x[j], basis, dimension)
            fits = turns < turn_limit and (residue == 0 or dimension < limit)
        if fits and _commutes_with_all(j, x, z, skipped, n_skipped):
            taken[n_taken] = j
            n_taken += 1
            if not is_diagonal:
                turns += 1
            if residue != 0:
                _insert(residue, basis, dimension)
                dimension += 1
        else:
            skipped[n_skipped] = j
            n_skipped += 1
    for i in range(n_skipped):
        remaining[i] = skipped[i]
    for i in range(read, n_remaining):
        remaining[n_skipped + i - read] = remaining[i]
    return n_taken, n_remaining - n_taken, dimension


@njit(cache=True)
def _pad(basis, size, target, n_bits):
    """Complete the basis with unit vectors to ``target`` dimensions, the highest free bits first."""
    bit = n_bits
    while size < target:
        bit -= 1
        residue = _reduce(np.uint64(1) << np.uint64(bit), basis, size)
        if residue != 0:
            _insert(residue, basis, size)
            size += 1


@njit(cache=True)
def _order(n_bits, span, x, z):
    """Return (order, operation_start, pass_start, pass bases) of the greedy schedule."""
    n = len(x)
    order = np.empty(n, np.int64)
    operation_start = np.zeros(n + 1, np.int64)
    pass_start = np.zeros(n + 1, np.int64)
    bases = np.zeros((n, span), np.uint64)
    remaining = np.arange(n)
    taken, skipped = np.empty(n, np.int64), np.empty(n, np.int64)
    inner_taken = np.empty(n, np.int64)
    pair_basis = np.zeros(2, np.uint64)
    left, done, n_operations, n_passes = n, 0, 0, 0
    while left > 0:
        basis = bases[n_passes]
        inside, left, dimension = _select(
            x, z, remaining, left, span, 2, 64, TURN_LIMIT, basis, taken, skipped
        )
        _pad(basis, dimension, span, n_bits)
        while inside > 0:
            count, inside, _ = _select(
                x, z, taken, inside, 2, 0, OPERATION_LIMIT, OPERATION_LIMIT, pair_basis, inner_taken, skipped
            )
            if count == 0:
                count, inside, _ = _select(x, z, taken, inside, 0, 1, DIAGONAL_LIMIT, 0, pair_basis, inner_taken, skipped)
            for i in range(count):
                order[done + i] = inner_taken[i]
            done += count
            n_operations += 1
            operation_start[n_operations] = done
        n_passes += 1
        pass_start[n_passes] = n_operations
    return order, operation_start[: n_operations + 1], pass_start[: n_passes + 1], bases[:n_passes]


@njit(cache=True)
def _local(vector, basis, span):
    """Return the coordinates of a vector of the span: its bits at the pivots."""
    code = np.uint64(0)
    for i in range(span):
        code |= ((vector >> _highest_bit(basis[i])) & np.uint64(1)) << np.uint64(i)
    return code


@njit(cache=True)
def _coset(basis, span, n_bits, offset, lane_offset):
    """Fill the members' offsets; return (pivot mask, mask with the three lane bits)."""
    mask = np.uint64(0)
    for i in range(span):
        mask |= np.uint64(1) << _highest_bit(basis[i])
    for v in range(1 << span):
        word = np.uint64(0)
        for i in range(span):
            if (v >> i) & 1:
                word ^= basis[i]
        offset[v] = word
    lane_mask, lanes = mask, 0
    for bit in range(n_bits):
        unit = np.uint64(1) << np.uint64(bit)
        if lanes < 3 and not mask & unit:
            for lane in range(8):
                if (lane >> lanes) & 1:
                    lane_offset[lane] |= unit
            lane_mask |= unit
            lanes += 1
    return mask, lane_mask


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
    _insert(_reduce(second, pair, 1), pair, 1)
    mask = (np.uint64(1) << _highest_bit(pair[0])) | (np.uint64(1) << _highest_bit(pair[1]))
    result = np.empty(1 << (span - 2), np.uint16)
    count = 0
    for v in range(1 << span):
        if not np.uint64(v) & mask:
            result[count] = v
            count += 1
    return result


@njit(cache=True)
def make_schedule(n_bits, x, z, sign, power):
    """Return the `Schedule` of rotations ``sign * i^power X^x Z^z`` on ``n_bits >= 2`` bits (uint64 masks, int64)."""
    span = min(SPAN_LIMIT, n_bits)
    order, operation_start, pass_start, bases = _order(n_bits, span, x, z)
    n, m, p = len(order), len(operation_start) - 1, len(pass_start) - 1
    code, imaginary = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    flip, signs = np.zeros(n, np.uint64), np.empty(n, np.float64)
    member = np.zeros((m, 2), np.uint64)
    table_start = np.full(m, -1, np.int64)
    representative = np.zeros((m, 1 << span), np.uint16)
    local_sign = np.zeros((m, 1 << span), np.uint8)
    offset = np.zeros((p, 1 << span), np.uint64)
    pivot_mask, lane_mask = np.zeros(p, np.uint64), np.zeros(p, np.uint64)
    lane_offset = np.zeros((p, 8), np.uint64)
    everything = np.arange(1 << span).astype(np.uint16)
    table_rows = 0
    for k in range(p):
        basis = bases[k]
        pivot_mask[k], lane_mask[k] = _coset(basis, span, n_bits, offset[k], lane_offset[k])
        for o in range(pass_start[k], pass_start[k + 1]):
            start, stop = operation_start[o], operation_start[o + 1]
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
                local = _local(x[order[i]], basis, span)
                code[i] = 1 if local == first else (2 if local == second else 3)
                flip[i] = parity(z[order[i]] & offset[k, second if code[i] == 1 else first])
    for i in range(n):
        j = order[i]
        # i^power is i^0 or i^2 (real) when z.x is even, i^1 or i^3 (i times a sign) when it is odd.
        imaginary[i] = 1 - power[j] % 2
        signs[i] = sign[j] * (1.0 - 2.0 * (power[j] // 2))
    return Schedule(
        n_bits, span, table_rows, order, z[order], code, imaginary, flip, signs, operation_start, member, table_start,
        representative, local_sign, pass_start, offset, pivot_mask, lane_offset, lane_mask,
    )
