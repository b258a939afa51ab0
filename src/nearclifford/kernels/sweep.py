"""Carrying a state, and on the way back its adjoint, through the passes of a schedule.

Cost of one rotation, per amplitude of eight lanes: 4 fused multiply-adds forwards (2 real, 2 imaginary parts), 12
backwards (state, adjoint and their overlap). A diagonal operation of up to six rotations costs 4 and 12 together. Bytes
moved per amplitude and pass: 128 read and 128 written forwards, twice that backwards, against 64 in the cache per
rotation; a pass holds about ten rotations.

A state of eight lanes has shape (2^r, 8): one column per theta. A single state has shape (2^r / 8, 8), amplitude b at
(b // 8, b % 8), and its lanes are eight cosets of the pass.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.lanes import load, multiply, multiply_add, multiply_subtract, splat, store


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


@njit(cache=True)
def _gather(state, base, offset, lane_offset, single, buffer):
    if single:
        flat = state.reshape(-1)
        for v in range(len(offset)):
            word = base ^ offset[v]
            for lane in range(8):
                buffer[v, lane] = flat[word ^ lane_offset[lane]]
    else:
        for v in range(len(offset)):
            store(buffer, v, load(state, base ^ offset[v]))


@njit(cache=True)
def _scatter(buffer, base, offset, lane_offset, single, scale, state):
    if single:
        flat = state.reshape(-1)
        for v in range(len(offset)):
            word = base ^ offset[v]
            for lane in range(8):
                flat[word ^ lane_offset[lane]] = buffer[v, lane] * scale[lane]
    else:
        factor = load(scale.reshape(1, 8), 0)
        for v in range(len(offset)):
            store(state, base ^ offset[v], multiply(factor, load(buffer, v)))


@njit(cache=True, inline="always")
def _turn(imaginary, t, ar, ai, br, bi):
    """Return the pair (a, b) after 1 - i t G, with G = [[0, 1], [1, 0]] or [[0, -i], [i, 0]]."""
    if imaginary:
        return (
            multiply_add(t, bi, ar),
            multiply_subtract(t, br, ai),
            multiply_add(t, ai, br),
            multiply_subtract(t, ar, bi),
        )
    return (
        multiply_subtract(t, br, ar),
        multiply_subtract(t, bi, ai),
        multiply_add(t, ar, br),
        multiply_add(t, ai, bi),
    )


@njit(cache=True, inline="always")
def _overlap(imaginary, sign, lar, lai, lbr, lbi, ar, ai, br, bi, total):
    """Return ``total`` plus the pair's share of ``sign * Im <λ|G|ψ>``."""
    if imaginary:
        share = multiply(lar, bi)
        share = multiply_subtract(lai, br, share)
        share = multiply_add(lbr, ai, share)
        share = multiply_subtract(lbi, ar, share)
    else:
        share = multiply(lbr, ar)
        share = multiply_add(lbi, ai, share)
        share = multiply_subtract(lar, br, share)
        share = multiply_subtract(lai, bi, share)
    return multiply_add(sign, share, total)


@njit(cache=True)
def _turn_fours(schedule, operation, coset_sign, tangent, re, im):
    start, stop = schedule.operation_start[operation], schedule.operation_start[operation + 1]
    x1, x2 = schedule.member[operation, 0], schedule.member[operation, 1]
    code, imaginary, flip = schedule.code, schedule.imaginary, schedule.flip
    for q in range(re.shape[0] >> 2):
        i0 = np.uint64(schedule.representative[operation, q])
        i1, i2 = i0 ^ x1, i0 ^ x2
        i3 = i1 ^ x2
        signs = np.uint64(schedule.local_sign[operation, q]) ^ coset_sign
        r0, r1, r2, r3 = load(re, i0), load(re, i1), load(re, i2), load(re, i3)
        m0, m1, m2, m3 = load(im, i0), load(im, i1), load(im, i2), load(im, i3)
        for j in range(start, stop):
            bit = signs & np.uint64(1)
            signs >>= np.uint64(1)
            t, u = load(tangent, 2 * j + bit), load(tangent, 2 * j + (bit ^ flip[j]))
            mixing = imaginary[j] == 1
            if code[j] == 1:
                r0, m0, r1, m1 = _turn(mixing, t, r0, m0, r1, m1)
                r2, m2, r3, m3 = _turn(mixing, u, r2, m2, r3, m3)
            elif code[j] == 2:
                r0, m0, r2, m2 = _turn(mixing, t, r0, m0, r2, m2)
                r1, m1, r3, m3 = _turn(mixing, u, r1, m1, r3, m3)
            else:
                r0, m0, r3, m3 = _turn(mixing, t, r0, m0, r3, m3)
                r1, m1, r2, m2 = _turn(mixing, u, r1, m1, r2, m2)
        store(re, i0, r0)
        store(re, i1, r1)
        store(re, i2, r2)
        store(re, i3, r3)
        store(im, i0, m0)
        store(im, i1, m1)
        store(im, i2, m2)
        store(im, i3, m3)


@njit(cache=True)
def _unturn_fours(schedule, operation, coset_sign, tangent, re, im, lre, lim, plus_minus, overlap):
    """Undo an operation on the state and the adjoint, adding up the overlaps on the way."""
    start, stop = schedule.operation_start[operation], schedule.operation_start[operation + 1]
    x1, x2 = schedule.member[operation, 0], schedule.member[operation, 1]
    code, imaginary, flip = schedule.code, schedule.imaginary, schedule.flip
    one = np.uint64(1)
    for q in range(re.shape[0] >> 2):
        i0 = np.uint64(schedule.representative[operation, q])
        i1, i2 = i0 ^ x1, i0 ^ x2
        i3 = i1 ^ x2
        signs = np.uint64(schedule.local_sign[operation, q]) ^ coset_sign
        r0, r1, r2, r3 = load(re, i0), load(re, i1), load(re, i2), load(re, i3)
        m0, m1, m2, m3 = load(im, i0), load(im, i1), load(im, i2), load(im, i3)
        s0, s1, s2, s3 = load(lre, i0), load(lre, i1), load(lre, i2), load(lre, i3)
        n0, n1, n2, n3 = load(lim, i0), load(lim, i1), load(lim, i2), load(lim, i3)
        for j in range(stop - 1, start - 1, -1):
            bit = (signs >> np.uint64(j - start)) & one
            other = bit ^ flip[j]
            t, u = load(tangent, 2 * j + (bit ^ one)), load(tangent, 2 * j + (other ^ one))
            v, w = load(plus_minus, bit), load(plus_minus, other)
            total = load(overlap, j)
            mixing = imaginary[j] == 1
            if code[j] == 1:
                total = _overlap(mixing, v, s0, n0, s1, n1, r0, m0, r1, m1, total)
                total = _overlap(mixing, w, s2, n2, s3, n3, r2, m2, r3, m3, total)
                r0, m0, r1, m1 = _turn(mixing, t, r0, m0, r1, m1)
                r2, m2, r3, m3 = _turn(mixing, u, r2, m2, r3, m3)
                s0, n0, s1, n1 = _turn(mixing, t, s0, n0, s1, n1)
                s2, n2, s3, n3 = _turn(mixing, u, s2, n2, s3, n3)
            elif code[j] == 2:
                total = _overlap(mixing, v, s0, n0, s2, n2, r0, m0, r2, m2, total)
                total = _overlap(mixing, w, s1, n1, s3, n3, r1, m1, r3, m3, total)
                r0, m0, r2, m2 = _turn(mixing, t, r0, m0, r2, m2)
                r1, m1, r3, m3 = _turn(mixing, u, r1, m1, r3, m3)
                s0, n0, s2, n2 = _turn(mixing, t, s0, n0, s2, n2)
                s1, n1, s3, n3 = _turn(mixing, u, s1, n1, s3, n3)
            else:
                total = _overlap(mixing, v, s0, n0, s3, n3, r0, m0, r3, m3, total)
                total = _overlap(mixing, w, s1, n1, s2, n2, r1, m1, r2, m2, total)
                r0, m0, r3, m3 = _turn(mixing, t, r0, m0, r3, m3)
                r1, m1, r2, m2 = _turn(mixing, u, r1, m1, r2, m2)
                s0, n0, s3, n3 = _turn(mixing, t, s0, n0, s3, n3)
                s1, n1, s2, n2 = _turn(mixing, u, s1, n1, s2, n2)
            store(overlap, j, total)
        store(re, i0, r0)
        store(re, i1, r1)
        store(re, i2, r2)
        store(re, i3, r3)
        store(im, i0, m0)
        store(im, i1, m1)
        store(im, i2, m2)
        store(im, i3, m3)
        store(lre, i0, s0)
        store(lre, i1, s1)
        store(lre, i2, s2)
        store(lre, i3, s3)
        store(lim, i0, n0)
        store(lim, i1, n1)
        store(lim, i2, n2)
        store(lim, i3, n3)


@njit(cache=True)
def _multiply_phases(local_sign, coset_sign, first_row, table_real, table_imaginary, re, im):
    for v in range(re.shape[0]):
        row = np.uint64(local_sign[v]) ^ coset_sign
        c, s = load(table_real, first_row + row), load(table_imaginary, first_row + row)
        a, b = load(re, v), load(im, v)
        store(re, v, multiply_subtract(s, b, multiply(c, a)))
        store(im, v, multiply_add(s, a, multiply(c, b)))


@njit(cache=True)
def _divide_phases(
    local_sign, coset_sign, first_row, table_real, table_imaginary, re, im, lre, lim, pattern_overlap
):
    """Undo a diagonal operation, adding Im(λ* ψ) to the row of each amplitude's sign pattern."""
    for v in range(re.shape[0]):
        row = np.uint64(local_sign[v]) ^ coset_sign
        c, s = load(table_real, first_row + row), load(table_imaginary, first_row + row)
        a, b, p, q = load(re, v), load(im, v), load(lre, v), load(lim, v)
        total = multiply_add(p, b, load(pattern_overlap, first_row + row))
        store(pattern_overlap, first_row + row, multiply_subtract(q, a, total))
        store(re, v, multiply_add(s, b, multiply(c, a)))
        store(im, v, multiply_subtract(s, a, multiply(c, b)))
        store(lre, v, multiply_add(s, q, multiply(c, p)))
        store(lim, v, multiply_subtract(s, p, multiply(c, q)))


@njit(cache=True)
def _coset_sign(schedule, operation, base):
    """Return one sign bit per rotation of the operation, common to all members of the coset."""
    start = schedule.operation_start[operation]
    word = np.uint64(0)
    for j in range(start, schedule.operation_start[operation + 1]):
        word |= parity(schedule.z[j] & base) << np.uint64(j - start)
    return word


@njit(cache=True)
def forward_pass(schedule, k, low, high, turns, re, im, single):
    """Apply pass ``k`` to the cosets number ``low`` to ``high``."""
    fixed = schedule.lane_mask[k] if single else schedule.pivot_mask[k]
    base = deposit(np.uint64(low), ~fixed)
    bre, bim = np.empty((1 << schedule.span, 8)), np.empty((1 << schedule.span, 8))
    offset, lanes = schedule.offset[k], schedule.lane_offset[k]
    for _ in range(low, high):
        _gather(re, base, offset, lanes, single, bre)
        _gather(im, base, offset, lanes, single, bim)
        for o in range(schedule.pass_start[k], schedule.pass_start[k + 1]):
            sign = _coset_sign(schedule, o, base)
            row = schedule.table_start[o]
            if row >= 0:
                _multiply_phases(
                    schedule.local_sign[o], sign, row, turns.table_real, turns.table_imaginary, bre, bim
                )
            else:
                _turn_fours(schedule, o, sign, turns.tangent, bre, bim)
        _scatter(bre, base, offset, lanes, single, turns.scale[k], re)
        _scatter(bim, base, offset, lanes, single, turns.scale[k], im)
        base = ((base | fixed) + np.uint64(1)) & ~fixed


@njit(cache=True)
def backward_pass(schedule, k, low, high, turns, re, im, lre, lim, single, overlap, pattern_overlap):
    """Undo pass ``k`` on state and adjoint, cosets ``low`` to ``high``, and add up the overlaps."""
    fixed = schedule.lane_mask[k] if single else schedule.pivot_mask[k]
    base = deposit(np.uint64(low), ~fixed)
    size = 1 << schedule.span
    bre, bim, cre, cim = np.empty((size, 8)), np.empty((size, 8)), np.empty((size, 8)), np.empty((size, 8))
    plus_minus = np.ones((2, 8))
    plus_minus[1] = -1.0
    offset, lanes, scale = schedule.offset[k], schedule.lane_offset[k], turns.scale[k]
    for _ in range(low, high):
        _gather(re, base, offset, lanes, single, bre)
        _gather(im, base, offset, lanes, single, bim)
        _gather(lre, base, offset, lanes, single, cre)
        _gather(lim, base, offset, lanes, single, cim)
        for o in range(schedule.pass_start[k + 1] - 1, schedule.pass_start[k] - 1, -1):
            sign = _coset_sign(schedule, o, base)
            row = schedule.table_start[o]
            if row >= 0:
                _divide_phases(
                    schedule.local_sign[o], sign, row, turns.table_real, turns.table_imaginary,
                    bre, bim, cre, cim, pattern_overlap,
                )
            else:
                _unturn_fours(schedule, o, sign, turns.tangent, bre, bim, cre, cim, plus_minus, overlap)
        _scatter(bre, base, offset, lanes, single, scale, re)
        _scatter(bim, base, offset, lanes, single, scale, im)
        _scatter(cre, base, offset, lanes, single, scale, lre)
        _scatter(cim, base, offset, lanes, single, scale, lim)
        base = ((base | fixed) + np.uint64(1)) & ~fixed


@njit(cache=True)
def _local_field(terms, g, base):
    """Return (real, imaginary) of the weight with which x-part ``g`` of the observable enters amplitude ``base``."""
    real, imaginary = 0.0, 0.0
    for a in range(terms.start[g], terms.start[g + 1]):
        weight = -terms.weight[a] if parity(terms.z[a] & base) else terms.weight[a]
        if terms.imaginary[a]:
            imaginary -= weight
        else:
            real += weight
    return real, imaginary


@njit(cache=True)
def apply_observable(terms, low, high, re, im, lre, lim, single, value):
    """Write λ = H ψ for amplitudes ``low`` to ``high`` and add Re(ψ* λ) to ``value`` (8,).

    ``terms`` has ``x`` (groups,), ``start`` (groups + 1,), and per term ``z``, ``weight`` and ``imaginary``.
    """
    if single:
        fre, fim, fl, fm = re.reshape(-1), im.reshape(-1), lre.reshape(-1), lim.reshape(-1)
        for b in range(low, high):
            p, q = 0.0, 0.0
            for g in range(len(terms.x)):
                h, k = _local_field(terms, g, np.uint64(b))
                other = np.uint64(b) ^ terms.x[g]
                p += h * fre[other] - k * fim[other]
                q += h * fim[other] + k * fre[other]
            fl[b], fm[b] = p, q
            value[0] += p * fre[b] + q * fim[b]
        return
    totals = value.reshape(1, 8)
    for b in range(low, high):
        p, q = splat(0.0), splat(0.0)
        for g in range(len(terms.x)):
            h, k = _local_field(terms, g, np.uint64(b))
            other = np.uint64(b) ^ terms.x[g]
            a, c = load(re, other), load(im, other)
            p = multiply_subtract(splat(k), c, multiply_add(splat(h), a, p))
            q = multiply_add(splat(k), a, multiply_add(splat(h), c, q))
        store(lre, b, p)
        store(lim, b, q)
        store(totals, 0, multiply_add(q, load(im, b), multiply_add(p, load(re, b), load(totals, 0))))


@njit(cache=True)
def derivatives(schedule, turns, overlap, pattern_overlap, signs, gradient):
    """Write ∂L/∂φ, (n, 8) by original index, from the overlaps; ``signs`` (n, 8) are those of the lanes."""
    for o in range(len(schedule.operation_start) - 1):
        start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
        row = schedule.table_start[o]
        for i in range(start, stop):
            j = schedule.order[i]
            for lane in range(8):
                total = overlap[i, lane]
                if row >= 0:
                    total = 0.0
                    for u in range(1 << (stop - start)):
                        share = pattern_overlap[row + u, lane]
                        total += -share if (u >> (i - start)) & 1 else share
                gradient[j, lane] = total * turns.weight[i, lane] * signs[j, lane]
