"""What a search for paths looks up: which rotations anticommute, what one of them or a pair cancels, and a filter of both.

Cost: a row of n bits for each rotation at which a walk goes on by itself (`nearclifford.kernels.commutation`); the table of
pairs has n (n - 1) / 2 entries of 8 bytes and takes 15 ns for each; a key takes one table look-up for each byte of a string.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, uint64

from nearclifford.kernels.bits import bit_of, trailing_zeros

ONE = np.uint64(1)
# Fibonacci hashing: a bucket is the high bits of key * SPREAD.
SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Bits of the filter for each key in the tables: one key in as many passes by mistake.
FILTER_BITS = 16


class Meetings(NamedTuple):
    """Which rotations anticommute with some of the rotations, below these.

    Attributes
    ----------
    place : int64, shape ``(n,)``: the row of each rotation, -1 where there is none.
    rows : uint64, shape ``(n_kept, ceil(n / 64))``: bit i of the row of j is set where i < j anticommutes with j.
    """

    place: Any
    rows: Any


class Tables(NamedTuple):
    """What walks of strings through one list of n rotations look up; each table is (shift, start of buckets, entries).

    Attributes
    ----------
    turns : uint64, shape ``(n, 2 W)``: the x words of each rotation, then its z words.
    meets : `Meetings`, of all rotations where a walk has to go on by itself, else of none.
    keys : uint64, shape ``(n,)``: x-parts.
    least : int64, shape ``(65,)``: a key of c leading zeros needs a flip at ``least[c]`` or above, whatever follows.
    singles, pairs : rotations, and pairs of them, by key; see `single_table` and `pair_table`.
    sieve : (shift, bits), see `key_filter`.
    reach : how many flips the tables complete, 1 or 2.
    """

    turns: Any
    meets: Any
    keys: Any
    least: Any
    singles: Any
    pairs: Any
    sieve: Any
    reach: int


@njit(cache=True, nogil=True)
def keys_of(x, images):
    """Return uint64, shape ``(n,)``: of each row of W words the sum of the images of its bits, which keeps sums.

    ``images`` : uint64, shape ``(64 W,)``. Cost: 8 W look-ups a row, in tables of the sums of eight images each.
    """
    n_bytes = 8 * x.shape[1]
    sums, keys = np.zeros((n_bytes, 256), np.uint64), np.zeros(len(x), np.uint64)
    for place in range(n_bytes):
        for value in range(1, 256):
            lowest = trailing_zeros(uint64(value))
            sums[place, value] = sums[place, value & (value - 1)] ^ images[8 * place + lowest]
    for j in range(len(x)):
        for place in range(n_bytes):
            byte = (x[j, place >> 3] >> uint64(8 * (place & 7))) & uint64(255)
            keys[j] ^= sums[place, byte]
    return keys


@njit(cache=True, nogil=True)
def bucket(key, shift):
    return np.int64((key * SPREAD) >> shift)


@njit(cache=True, nogil=True)
def _shift_for(count):
    """Return the shift that leaves at least one bucket for each entry, and at most two."""
    bits = 4
    while (1 << bits) < count:
        bits += 1
    return uint64(64 - bits)


@njit(cache=True, nogil=True)
def single_table(keys):
    """Return (shift, start, entries): rotations i by key; bucket b is ``entries[start[b] : start[b + 1]]``."""
    shift = _shift_for(len(keys))
    start = np.zeros((1 << np.int64(uint64(64) - shift)) + 1, np.int64)
    for key in keys:
        start[bucket(key, shift) + 1] += 1
    start = np.cumsum(start)
    place, entries = start.copy(), np.empty(len(keys), np.int64)
    for i in range(len(keys)):
        b = bucket(keys[i], shift)
        entries[place[b]] = i
        place[b] += 1
    return shift, start, entries


@njit(cache=True, nogil=True)
def pair_table(keys):
    """Return (shift, start, entries): pairs j > i, packed as ``j << 32 | i``, by the sum of their keys."""
    n = len(keys)
    shift = _shift_for(n * (n - 1) // 2)
    start = np.zeros((1 << np.int64(uint64(64) - shift)) + 1, np.int64)
    for j in range(n):
        for i in range(j):
            start[bucket(keys[i] ^ keys[j], shift) + 1] += 1
    start = np.cumsum(start)
    place, entries = start.copy(), np.empty(n * (n - 1) // 2, np.int64)
    for j in range(n):
        for i in range(j):
            b = bucket(keys[i] ^ keys[j], shift)
            entries[place[b]] = (j << 32) | i
            place[b] += 1
    return shift, start, entries


@njit(cache=True, nogil=True)
def key_filter(keys, with_pairs):
    """Return (shift, bits): bits are set for the keys that at most one flip cancels, or two, and for few others."""
    n = len(keys)
    count = 1 + n + (n * (n - 1) // 2 if with_pairs else 0)
    shift = _shift_for(FILTER_BITS * count)
    bits = np.zeros(1 << (np.int64(uint64(64) - shift) - 4), np.uint64)
    bits[0] |= ONE  # the key zero
    for j in range(n):
        b = bucket(keys[j], shift)
        bits[b >> 6] |= ONE << uint64(b & 63)
        if with_pairs:
            for i in range(j):
                b = bucket(keys[i] ^ keys[j], shift)
                bits[b >> 6] |= ONE << uint64(b & 63)
    return shift, bits


@njit(cache=True, nogil=True)
def passes(sieve, key):
    """Return whether the filter lets a key through."""
    shift, bits = sieve
    return bit_of(bits, bucket(key, shift)) == ONE
