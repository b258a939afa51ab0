"""What happens to a coset while it sits in the cache: turns of four amplitudes, phases of all, and their inverses.

Buffers have shape (2^span, 8), real and imaginary parts apart, one coset per lane. Cost of one rotation, per amplitude of
eight lanes: 4 fused multiply-adds forwards, 12 backwards (state, adjoint and their overlap); a diagonal operation of up
to six rotations costs 4 and 12 together. Rotations of one operation share one load and one store of the amplitudes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.lanes import WALSH, multiply, multiply_add, multiply_subtract
from nearclifford.kernels.vectors import load, splat, store


class Amplitudes(NamedTuple):
    """Real and imaginary parts, rows of eight: of a state, of a buffer, or of a table of phases."""

    re: npt.NDArray[np.float64]
    im: npt.NDArray[np.float64]


class Operation(NamedTuple):
    """Rotations ``start`` to ``stop`` of a schedule that turn the four amplitudes i, i ^ x1, i ^ x2, i ^ x1 ^ x2 at once.

    ``code`` of all rotations; ``representative``, ``local_sign`` : the first amplitude of each four, and its signs.
    """

    start: int
    stop: int
    code: npt.NDArray[np.uint8]
    x1: np.uint64
    x2: np.uint64
    representative: npt.NDArray[np.uint16]
    local_sign: npt.NDArray[np.uint8]


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
def _overlap_x(lar, lai, lbr, lbi, ar, ai, br, bi):
    """Return a pair's share of ``Im <λ|G|ψ>`` for G = [[0, 1], [1, 0]]."""
    share = multiply(lar, bi)
    share = multiply_subtract(lai, br, share)
    share = multiply_add(lbr, ai, share)
    return multiply_subtract(lbi, ar, share)


@njit(cache=True, inline="always")
def _overlap_y(lar, lai, lbr, lbi, ar, ai, br, bi):
    """Return the same for G = [[0, -i], [i, 0]]."""
    share = multiply(lbr, ar)
    share = multiply_add(lbi, ai, share)
    share = multiply_subtract(lar, br, share)
    return multiply_subtract(lai, bi, share)


@njit(cache=True)
def turn_fours(operation, coset_sign, tangent, buffer):
    """Apply an operation to all fours of a coset."""
    start, stop, code, x1, x2, representative, local_sign = operation
    re, im = buffer
    for q in range(re.shape[0] >> 2):
        i0 = np.uint64(representative[q])
        i1, i2 = i0 ^ x1, i0 ^ x2
        i3 = i1 ^ x2
        signs = np.uint64(local_sign[q]) ^ coset_sign
        r0, r1, r2, r3 = load(re, i0), load(re, i1), load(re, i2), load(re, i3)
        m0, m1, m2, m3 = load(im, i0), load(im, i1), load(im, i2), load(im, i3)
        for j in range(start, stop):
            bit = signs & np.uint64(1)
            signs >>= np.uint64(1)
            fact = np.uint64(code[j])
            row = (fact >> np.uint64(4)) + (bit << np.uint64(3))
            t = multiply(splat(tangent[j]), load(WALSH, row))
            u = multiply(splat(tangent[j]), load(WALSH, row ^ (fact & np.uint64(8))))
            mixing, pair = fact & np.uint64(4) != 0, fact & np.uint64(3)
            if pair == 1:
                r0, m0, r1, m1 = _turn(mixing, t, r0, m0, r1, m1)
                r2, m2, r3, m3 = _turn(mixing, u, r2, m2, r3, m3)
            elif pair == 2:
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
def unturn_fours(operation, coset_sign, tangent, buffer, adjoint, overlap):
    """Undo an operation on the state and the adjoint, adding up the overlaps on the way."""
    start, stop, code, x1, x2, representative, local_sign = operation
    re, im = buffer
    lre, lim = adjoint
    one = np.uint64(1)
    for q in range(re.shape[0] >> 2):
        i0 = np.uint64(representative[q])
        i1, i2 = i0 ^ x1, i0 ^ x2
        i3 = i1 ^ x2
        signs = np.uint64(local_sign[q]) ^ coset_sign
        r0, r1, r2, r3 = load(re, i0), load(re, i1), load(re, i2), load(re, i3)
        m0, m1, m2, m3 = load(im, i0), load(im, i1), load(im, i2), load(im, i3)
        s0, s1, s2, s3 = load(lre, i0), load(lre, i1), load(lre, i2), load(lre, i3)
        n0, n1, n2, n3 = load(lim, i0), load(lim, i1), load(lim, i2), load(lim, i3)
        for j in range(stop - 1, start - 1, -1):
            bit = (signs >> np.uint64(j - start)) & one
            fact = np.uint64(code[j])
            row = (fact >> np.uint64(4)) + (bit << np.uint64(3))
            v, w = load(WALSH, row), load(WALSH, row ^ (fact & np.uint64(8)))
            t, u = multiply(splat(-tangent[j]), v), multiply(splat(-tangent[j]), w)
            total = load(overlap, j)
            mixing, pair = fact & np.uint64(4) != 0, fact & np.uint64(3)
            if pair == 1:
                if mixing:
                    total = multiply_add(v, _overlap_x(s0, n0, s1, n1, r0, m0, r1, m1), total)
                    total = multiply_add(w, _overlap_x(s2, n2, s3, n3, r2, m2, r3, m3), total)
                else:
                    total = multiply_add(v, _overlap_y(s0, n0, s1, n1, r0, m0, r1, m1), total)
                    total = multiply_add(w, _overlap_y(s2, n2, s3, n3, r2, m2, r3, m3), total)
                r0, m0, r1, m1 = _turn(mixing, t, r0, m0, r1, m1)
                r2, m2, r3, m3 = _turn(mixing, u, r2, m2, r3, m3)
                s0, n0, s1, n1 = _turn(mixing, t, s0, n0, s1, n1)
                s2, n2, s3, n3 = _turn(mixing, u, s2, n2, s3, n3)
            elif pair == 2:
                if mixing:
                    total = multiply_add(v, _overlap_x(s0, n0, s2, n2, r0, m0, r2, m2), total)
                    total = multiply_add(w, _overlap_x(s1, n1, s3, n3, r1, m1, r3, m3), total)
                else:
                    total = multiply_add(v, _overlap_y(s0, n0, s2, n2, r0, m0, r2, m2), total)
                    total = multiply_add(w, _overlap_y(s1, n1, s3, n3, r1, m1, r3, m3), total)
                r0, m0, r2, m2 = _turn(mixing, t, r0, m0, r2, m2)
                r1, m1, r3, m3 = _turn(mixing, u, r1, m1, r3, m3)
                s0, n0, s2, n2 = _turn(mixing, t, s0, n0, s2, n2)
                s1, n1, s3, n3 = _turn(mixing, u, s1, n1, s3, n3)
            else:
                if mixing:
                    total = multiply_add(v, _overlap_x(s0, n0, s3, n3, r0, m0, r3, m3), total)
                    total = multiply_add(w, _overlap_x(s1, n1, s2, n2, r1, m1, r2, m2), total)
                else:
                    total = multiply_add(v, _overlap_y(s0, n0, s3, n3, r0, m0, r3, m3), total)
                    total = multiply_add(w, _overlap_y(s1, n1, s2, n2, r1, m1, r2, m2), total)
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
def multiply_phases(local_sign, coset_sign, first_row, phases, buffer):
    re, im = buffer
    for v in range(re.shape[0]):
        row = np.uint64(local_sign[v]) ^ coset_sign
        c, s = load(phases.re, first_row + row), load(phases.im, first_row + row)
        a, b = load(re, v), load(im, v)
        store(re, v, multiply_subtract(s, b, multiply(c, a)))
        store(im, v, multiply_add(s, a, multiply(c, b)))


@njit(cache=True)
def divide_phases(local_sign, coset_sign, first_row, phases, buffer, adjoint, pattern_overlap):
    """Undo a diagonal operation, adding Im(λ* ψ) to the row of each amplitude's sign pattern."""
    re, im = buffer
    lre, lim = adjoint
    for v in range(re.shape[0]):
        row = np.uint64(local_sign[v]) ^ coset_sign
        c, s = load(phases.re, first_row + row), load(phases.im, first_row + row)
        a, b, p, q = load(re, v), load(im, v), load(lre, v), load(lim, v)
        total = multiply_add(p, b, load(pattern_overlap, first_row + row))
        store(pattern_overlap, first_row + row, multiply_subtract(q, a, total))
        store(re, v, multiply_add(s, b, multiply(c, a)))
        store(im, v, multiply_subtract(s, a, multiply(c, b)))
        store(lre, v, multiply_add(s, q, multiply(c, p)))
        store(lim, v, multiply_subtract(s, p, multiply(c, q)))
