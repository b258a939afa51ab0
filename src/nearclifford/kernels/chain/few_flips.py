"""All sets of a given number of flips after which some term of a class ends Z-type.

A walk over the flips but the last, the latest rotation first; the last flip is looked up, since its x-part must be what is
left. Strings are hashed by XOR, so that the hash of a product is the XOR of the hashes.

Cost: a look-up (10 to 30 ns) for each choice of flips but the last, and a row of anticommutation bits for each choice of
all but two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import bit_of, highest_bit, trailing_zeros
from nearclifford.kernels.chain.bit_rows import Columns, add_generator
from nearclifford.kernels.chain.flip_sets import Classes, admits
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.pauli import rows_anticommute


class XTable(NamedTuple):
    """Generators by the hash of their x-part, the hash of each term and generator, and the words behind it.

    begin : int64, shape ``(drawers + 1,)``: where each drawer, the last bits of a hash, begins in ``order``, generators.
    generator, term : uint64, shapes ``(n,)`` and ``(T,)``: hashes. generator_x, term_x : uint64, ``(n, W)``, ``(T, W)``.
    """

    begin: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    generator: npt.NDArray[np.uint64]
    term: npt.NDArray[np.uint64]
    generator_x: npt.NDArray[np.uint64]
    term_x: npt.NDArray[np.uint64]


class Search(NamedTuple):
    """What a walk over flips looks at."""

    columns: Columns
    classes: Classes
    table: XTable


@njit(cache=True)
def hashes(x, key):
    """Return the XOR of the keys of the bits of each row; ``key`` : uint64, shape ``(64 W,)``."""
    result = np.zeros(len(x), np.uint64)
    for a in range(len(x)):
        for w in range(x.shape[1]):
            left = x[a, w]
            while left:
                result[a] ^= key[64 * w + trailing_zeros(left)]
                left &= left - uint64(1)
    return result


@njit(cache=True)
def x_left(table, a, flips, j):
    """Return whether a term, these flips and rotation j leave no x-part."""
    for w in range(table.term_x.shape[1]):
        word = table.term_x[a, w] ^ table.generator_x[j, w]
        for f in flips:
            word ^= table.generator_x[f, w]
        if word:
            return True
    return False


@njit(cache=True)
def _is_first(classes, kind, a, change, flips):
    """Return whether no earlier term of the class admits the flips, so that each set is found once."""
    for b in range(classes.begin[kind], a):
        if admits(classes.meets[b], change, flips):
            return False
    return True


@njit(cache=True)
def _meets_last(columns, before, flips, j):
    """Return whether rotation j is met after all flips but the last two of a row, the last but one and the last apart."""
    if len(flips) == 1:
        return bit_of(before, j) == uint64(1)
    f = flips[-2]
    return j < f and (bit_of(before, j) == uint64(1)) != rows_anticommute(columns.strings[f], columns.strings[j])


@njit(cache=True)
def _last_flips(search, kind, a, before, flips, spare, found, count):
    """Look the last flip up; write the sets from ``found[count]`` on while there is room; return how many there are then.

    ``before`` : the row of the term after all flips but the last two.
    """
    columns, classes, table = search
    size = len(flips)
    wanted = table.term[a]
    for d in range(size - 1):
        wanted ^= table.generator[flips[d]]
    drawer = np.int64(wanted & uint64(len(table.begin) - 2))
    for place in range(table.begin[drawer], table.begin[drawer + 1]):
        j = table.order[place]
        if table.generator[j] != wanted or not _meets_last(columns, before, flips, j):
            continue
        if x_left(table, a, flips[: size - 1], j):
            continue
        flips[size - 1] = j
        spare[0] = classes.meets[a] ^ before
        if size > 1:
            add_generator(columns, flips[size - 2], spare[0], spare[1])
        if _is_first(classes, kind, a, spare[0], flips):
            if count < len(found):
                found[count] = flips
            count += 1
    return count


@njit(cache=True)
def _next_below(row, below):
    """Return the highest bit of a row below a place, -1 for none."""
    for i in range((below - 1) >> 6, -1, -1):
        word = row[i]
        if 64 * (i + 1) > below:
            word &= (uint64(1) << uint64(below - 64 * i)) - uint64(1)
        if word:
            return 64 * i + np.int64(highest_bit(word))
    return -1


@njit(cache=True)
def _walk(search, kind, a, size, found):
    """Write the sets of ``size`` flips whose first term is a; return how many there are, be there room or not."""
    columns, classes = search.columns, search.classes
    n_words = classes.meets.shape[1]
    rows, spare = np.empty((size, n_words), np.uint64), np.empty((2, n_words), np.uint64)
    flips, count, depth = np.zeros(size, np.int32), 0, 0
    rows[0] = classes.meets[a]
    if size == 1:
        return _last_flips(search, kind, a, rows[0], flips, spare, found, 0)
    below = np.empty(size, np.int64)
    below[0] = 64 * n_words
    while depth >= 0:
        f = _next_below(rows[depth], below[depth])
        if f < 0:
            depth -= 1
            continue
        below[depth], flips[depth] = f, f
        if depth == size - 2:
            count = _last_flips(search, kind, a, rows[depth], flips, spare, found, count)
        else:
            rows[depth + 1] = rows[depth]
            add_generator(columns, f, rows[depth + 1], spare[1])
            depth += 1
            below[depth] = f
    return count


@parallel_kernel
def find_sets(columns, classes, table, size, begin, found, counts):
    """Write the sets of ``size`` flips of every class, those of a term from ``found[begin[a]]`` to ``found[begin[a + 1]]``.

    ``counts`` : int64, shape ``(T,)``, written: how many each term has, be there room or not. ``found`` : int32,
    ``(room, size)``.
    """
    for a in prange(len(counts)):
        kind = np.searchsorted(classes.begin, a, side="right") - 1
        counts[a] = _walk(Search(columns, classes, table), kind, a, size, found[begin[a] : begin[a + 1]])
