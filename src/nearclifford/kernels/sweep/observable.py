"""The observable in the compressed space: λ = H ψ and <ψ|H|ψ>, all terms in one pass over the amplitudes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.lanes import WALSH, exchange, multiply_add, multiply_subtract
from nearclifford.kernels.vectors import load, splat, store


class Terms(NamedTuple):
    """The observable, grouped by x-part: Σ weight * i^odd ... X^x Z^z with the phase folded into the weight.

    ``x`` (groups,), ``start`` (groups + 1,) into the terms; ``z``, ``weight``, ``imaginary`` (terms,).
    """

    x: npt.NDArray[np.uint64]
    start: npt.NDArray[np.int64]
    z: npt.NDArray[np.uint64]
    weight: npt.NDArray[np.float64]
    imaginary: npt.NDArray[np.bool_]


@njit(cache=True)
def apply_observable(terms, low, high, state, value):
    """Write λ = H ψ for rows ``low`` to ``high`` of eight amplitudes and add Re(ψ* λ), lane by lane, to ``value`` (1, 8).

    ``state`` : (4, rows, 8), real and imaginary parts of ψ, then of λ.

    Cost: 2 loads and 4 multiply-adds per row and x-part, one parity and one multiply-add per row and term.
    """
    re, im, lre, lim = state[0], state[1], state[2], state[3]
    total = load(value, 0)
    three, seven = np.uint64(3), np.uint64(7)
    for b in range(low, high):
        p, q = splat(0.0), splat(0.0)
        for g in range(len(terms.x)):
            other = np.uint64(b) ^ (terms.x[g] >> three)
            h, k = splat(0.0), splat(0.0)
            # The sign of a term is that of the amplitude it reads, before its bits are flipped.
            for a in range(terms.start[g], terms.start[g + 1]):
                z = terms.z[a]
                odd = parity((z >> three) & other) ^ parity(z & terms.x[g] & seven)
                signs = load(WALSH, (z & seven) + (odd << three))
                if terms.imaginary[a]:
                    k = multiply_add(splat(terms.weight[a]), signs, k)
                else:
                    h = multiply_add(splat(terms.weight[a]), signs, h)
            lanes = terms.x[g] & seven
            c, d = exchange(load(re, other), lanes), exchange(load(im, other), lanes)
            p = multiply_subtract(k, d, multiply_add(h, c, p))
            q = multiply_add(k, c, multiply_add(h, d, q))
        store(lre, b, p)
        store(lim, b, q)
        total = multiply_add(q, load(im, b), multiply_add(p, load(re, b), total))
    store(value, 0, total)
