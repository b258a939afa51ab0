"""What the path of a term keeps at the Pauli channels of a noisy circuit, for any set of its flips, by rows of bits.

A channel reads a string by its probes (`nearclifford.kernels.damping`). Bit c of row p says whether a string anticommutes
with probe p of channel c; the rows of a term without flips are known beforehand, and a flip exchanges the bits of its own
string at the channels that are met after it. So the product of the dampings of any path is one pass over 4 C / 64 words.

Cost: 4 C / 64 words for each letter of a flip, once for a set; 4 C / 64 words, and 2 ns for each channel where the string
has a letter, for each term.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.damping import PROBES
from nearclifford.kernels.parallel import parallel_kernel


class ChannelRows(NamedTuple):
    """The channels of a circuit in time order, by qubit of their probes, and what the terms meet there.

    Attributes
    ----------
    x, z : uint64, shape ``(4, N, ceil(C / 64))``: bit c the x (z) bit of probe p of channel c on a qubit.
    before : int64, shape ``(n,)``: how many channels come before each rotation: those that a flip there changes.
    met : uint64, shape ``(T, 4, ceil(C / 64))``: the rows of the terms without flips; T as in `Classes`.
    kind : int64, shape ``(C,)``: the row of the next two.
    logarithm : float64, shape ``(n_kinds, 16)``: ln |λ| by the bits of the letters; -infinity where λ is 0.
    negative : bool, shape ``(n_kinds, 16)``: where λ is below 0.
    """

    x: npt.NDArray[np.uint64]
    z: npt.NDArray[np.uint64]
    before: npt.NDArray[np.int64]
    met: npt.NDArray[np.uint64]
    kind: npt.NDArray[np.int64]
    logarithm: npt.NDArray[np.float64]
    negative: npt.NDArray[np.bool_]


@njit(cache=True)
def _add_letters(channels, x, z, below, rows):
    """XOR to ``rows`` the bits of the channels before ``below`` whose probes anticommute with a string of words x, z."""
    last = (below + 63) >> 6
    rest = ~uint64(0) if below & 63 == 0 else (uint64(1) << uint64(below & 63)) - uint64(1)
    for w in range(len(x)):
        for side in range(2):
            left = x[w] if side == 0 else z[w]
            table = channels.z if side == 0 else channels.x
            while left:
                q = 64 * w + trailing_zeros(left)
                left &= left - uint64(1)
                for p in range(PROBES):
                    for i in range(last - 1):
                        rows[p, i] ^= table[p, q, i]
                    if last:
                        rows[p, last - 1] ^= table[p, q, last - 1] & rest


@njit(cache=True)
def add_flip(channels, string, f, change):
    """XOR to ``change``, shape ``(4, ceil(C / 64))``, what a flip at rotation f does; ``string`` : its words x, then z."""
    half = len(string) >> 1
    _add_letters(channels, string[:half], string[half:], channels.before[f], change)


@njit(cache=True)
def kept(channels, a, change):
    """Return the product of the dampings along the path of term a whose flips do ``change``."""
    total, negative, met = 0.0, False, channels.met[a]
    for i in range(met.shape[1]):
        x1, z1, x2, z2 = (
            met[0, i] ^ change[0, i],
            met[1, i] ^ change[1, i],
            met[2, i] ^ change[2, i],
            met[3, i] ^ change[3, i],
        )
        left = x1 | z1 | x2 | z2
        while left:
            bit = uint64(trailing_zeros(left))
            left &= left - uint64(1)
            one = uint64(1)
            letters = (x1 >> bit & one) | (z1 >> bit & one) << one
            letters |= (x2 >> bit & one) << uint64(2) | (z2 >> bit & one) << uint64(3)
            kind = channels.kind[64 * i + np.int64(bit)]
            total += channels.logarithm[kind, np.int64(letters)]
            negative ^= channels.negative[kind, np.int64(letters)]
    size = math.exp(total)
    return -size if negative else size


@parallel_kernel
def met_by_terms(channels, x, z):
    """Write ``channels.met``, all zero before, for the strings of words x, z, shape ``(T, W)``."""
    for a in prange(len(x)):
        _add_letters(channels, x[a], z[a], len(channels.kind), channels.met[a])


@parallel_kernel
def kept_without_flips(channels, terms, result):
    """Write the product of the dampings of some terms that flip nowhere: float64, shape ``(n_terms,)``."""
    for i in prange(len(terms)):
        result[i] = kept(channels, terms[i], np.zeros_like(channels.met[terms[i]]))
