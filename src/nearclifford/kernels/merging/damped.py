"""The chain of a Pauli string through a noisy circuit, all of its branches at once, equal strings merged.

As `propagate` and `propagate_by_flips`, but on whole strings, 2W words: a channel sees letters that decide nothing about the
end, so strings that differ there alone are not one. Strings that can no longer end Z-type are dropped.

For terms a and b the chain runs over the strings of a, those of b are the same times the product R of the two, and a channel
multiplies by λ(P) λ(P R).

Cost: as `propagate` with W = ceil(N / 64) in place of V, and 8 W word operations for each string at each channel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nearclifford.kernels.bits import parity
from nearclifford.kernels.damping import letters_at
from nearclifford.kernels.merging.by_flips import pass_by_flips
from nearclifford.kernels.merging.propagate import SLOTS, cut, gather, turn


class NoisyWalk(NamedTuple):
    """Where a chain runs.

    Attributes
    ----------
    rotations : int64, shape ``(n,)``: numbers of the rotations in the circuit, ascending, which channels count by.
    turns, starts : uint64, shapes ``(n, 2W)`` and ``(n_starts, 2W)``: x words, then z words.
    rank : int64, shape ``(n + 1,)``: of the x-parts of the beginnings of the circuit.
    tests : uint64, shape ``(rank[-1], W)``: an x-part within the first i + 1 dimensions lies in the first i where its
        overlap with row i is even.
    product : uint64, shape ``(W,)``: the z word of R.
    """

    rotations: npt.NDArray[np.int64]
    turns: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.uint64]
    rank: npt.NDArray[np.int64]
    tests: npt.NDArray[np.uint64]
    product: npt.NDArray[np.uint64]


@njit(cache=True)
def _pass_channels(channels, end, least, product, keys, mass, count, exchange):
    """Damp all strings at the channels before ``end`` with at least so many rotations before them; return the next end.

    Where ``exchange``, the two columns are mass for and against, which a negative factor exchanges.
    """
    half = keys.shape[1] >> 1
    nothing = np.zeros(half, np.uint64)
    while end > 0 and channels.after[end - 1] >= least:
        end -= 1
        table, other = channels.damping[channels.kind[end]], letters_at(channels, end, nothing, product)
        for row in range(count):
            own = letters_at(channels, end, keys[row, :half], keys[row, half:])
            factor = table[own] * table[own ^ other]
            if exchange and factor < 0.0:
                mass[row, 0], mass[row, 1] = mass[row, 1], mass[row, 0]
                factor = -factor
            mass[row] *= factor
    return end


@njit(cache=True)
def _may_end(keys, count, test):
    """Return which strings can still end Z-type, the overlap of their x-part with ``test`` even."""
    keep = np.empty(count, np.bool_)
    for row in range(count):
        word = np.uint64(0)
        for w in range(len(test)):
            word ^= keys[row, w] & test[w]
        keep[row] = parity(word) == np.uint64(0)
    return keep


@njit(cache=True)
def _with_room(keys, mass, count, table):
    """Return (keys, mass, table) with room for twice the strings."""
    if 2 * count > len(keys):
        wider, heavier = np.empty((4 * count, keys.shape[1]), np.uint64), np.zeros((4 * count, mass.shape[1]))
        wider[:count], heavier[:count] = keys[:count], mass[:count]
        keys, mass = wider, heavier
    if SLOTS * count > len(table):
        _, table = gather(keys, mass, 2 * count, -1, np.arange(2 * count) < count)
    return keys, mass, table


@njit(cache=True)
def _begin(walk, weight):
    n = len(walk.starts)
    capacity = 2 * max(n, 32)
    keys, mass = np.empty((capacity, walk.starts.shape[1]), np.uint64), np.zeros((capacity, weight.shape[1]))
    keys[:n], mass[:n] = walk.starts, weight
    count, table = gather(keys, mass, n, -1, np.ones(n, np.bool_))
    return keys, mass, count, table


@njit(cache=True)
def propagate_damped(walk, channels, stay, flip, derivative, weight, max_terms):
    """Return (mass that ends Z-type, shape ``(2,)``; dropped, shape ``(5,)``; strings at the end): see `propagate`.

    ``weight`` : float64, shape ``(n_starts, 2)``. Where λ(P) λ(P R) < 0 somewhere, what was dropped before may count with
    either sign.
    """
    dropped = np.zeros(5)
    keys, mass, count, table = _begin(walk, weight)
    end = len(channels.after)
    for j in range(len(walk.turns) - 1, -1, -1):
        end = _pass_channels(channels, end, walk.rotations[j] + 1, walk.product, keys, mass, count, True)
        keys, mass, table = _with_room(keys, mass, count, table)
        count = turn(keys, mass, count, table, walk.turns[j], stay[j], flip[j], j == derivative)
        if j == derivative:
            count, table = gather(keys, mass, count, -1, mass[:count, 0] >= 0.0)
        if walk.rank[j] < walk.rank[j + 1]:
            count, table = gather(keys, mass, count, -1, _may_end(keys, count, walk.tests[walk.rank[j]]))
        if count > max_terms:
            count, table = cut(keys, mass, count, max_terms, dropped)
    _pass_channels(channels, end, 0, walk.product, keys, mass, count, True)
    total = np.zeros(2)
    for row in range(count):
        total += mass[row]
    return total, dropped, count


@njit(cache=True)
def propagate_by_flips_damped(walk, channels, stay, flip, weight, n_columns, max_terms):
    """Return the mass that ends Z-type after 0, 1, ... flips, of any sign: see `propagate_by_flips`."""
    by_flips = np.zeros((len(weight), n_columns))
    by_flips[:, 0] = weight
    keys, mass, count, table = _begin(walk, by_flips)
    end = len(channels.after)
    for j in range(len(walk.turns) - 1, -1, -1):
        end = _pass_channels(channels, end, walk.rotations[j] + 1, walk.product, keys, mass, count, False)
        keys, mass, table = _with_room(keys, mass, count, table)
        count = pass_by_flips(keys, mass, count, table, walk.turns[j], stay[j], flip[j])
        if walk.rank[j] < walk.rank[j + 1]:
            count, table = gather(keys, mass, count, -1, _may_end(keys, count, walk.tests[walk.rank[j]]))
        if count > max_terms:
            return np.empty(0)
    _pass_channels(channels, end, 0, walk.product, keys, mass, count, False)
    total = np.zeros(n_columns)
    for row in range(count):
        total += mass[row]
    return total
