"""Pauli channels on the strings of a normal form: a string is damped by a number that its letters at the channel decide.

A channel sees letters of the circuit, a walk over the list of rotations strings that are pulled back. The letters are read
off by *probes*, the strings Z and X of the channel's qubits pulled back like generators: a string has an x bit where it
anticommutes with that Z, and a z bit where it anticommutes with that X.

Cost: 8 W word operations for a string at a channel of two qubits, W = ceil(N / 64).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.pauli import anticommute

PROBES = 4


class Channels(NamedTuple):
    """Pauli channels in time order.

    Attributes
    ----------
    after : int64, shape ``(n_channels,)``: how many rotations come before each, ascending.
    kind : int64, shape ``(n_channels,)``: the row of ``damping`` of each.
    damping : float64, shape ``(n_kinds, 16)``: by x bit, z bit of the first qubit, then of the second, the first bit lowest.
    x, z : uint64, shape ``(n_channels, 4, W)``: the probes of these bits; zero where there is no second qubit.
    """

    after: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    damping: npt.NDArray[np.float64]
    x: npt.NDArray[np.uint64]
    z: npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def letters_at(channels, c, x, z):
    """Return the bits of a string's letters at channel ``c``, 0 to 15; ``x, z`` : uint64, shape ``(W,)``."""
    found = 0
    for bit in range(PROBES):
        if anticommute(channels.x[c, bit], channels.z[c, bit], x, z):
            found |= 1 << bit
    return found


@njit(cache=True, nogil=True)
def damped(channels, x, z, end, least):
    """Return (product of the dampings, channels left) of a string that passes backwards what comes before channel ``end``.

    It stops at the first channel with fewer than ``least`` rotations before it.
    """
    product = 1.0
    while end > 0 and channels.after[end - 1] >= least:
        end -= 1
        product *= channels.damping[channels.kind[end], letters_at(channels, end, x, z)]
    return product, end


@njit(cache=True, nogil=True)
def path_dampings(channels, strings):
    """Return the product of all dampings of each string, which flips nowhere: float64, shape ``(T,)``."""
    result = np.empty(len(strings.x))
    for a in range(len(result)):
        result[a] = damped(channels, strings.x[a], strings.z[a], len(channels.after), 0)[0]
    return result


@njit(cache=True, nogil=True)
def flip_dampings(channels, generators, string, flips):
    """Return the product of all dampings of one string that flips at one rotation alone, for each of ``flips``: float64."""
    x, z = string.x[0], string.z[0]
    result = np.empty(len(flips))
    for i in range(len(flips)):
        k = flips[i]
        behind, end = damped(channels, x, z, len(channels.after), k + 1)
        result[i] = behind * damped(channels, x ^ generators.x[k], z ^ generators.z[k], end, 0)[0]
    return result
