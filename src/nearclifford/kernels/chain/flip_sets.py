"""What sets of flips weigh for whole classes of terms: kernels of terms, quadratic forms.

Cost of a set of flips: a row (`nearclifford.kernels.chain.bit_rows`) for each flip, 1 to 2 ns for each rotation that a term
meets, for each term that admits it; where derivatives are wanted the same for each pair of these terms. With noise the rows
of the channels too (`nearclifford.kernels.chain.kept`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange, uint64

from nearclifford.kernels.bits import bit_of, trailing_zeros
from nearclifford.kernels.chain.bit_rows import add_generator, sum_over
from nearclifford.kernels.chain.kept import add_flip, kept
from nearclifford.kernels.damping import PROBES
from nearclifford.kernels.parallel import parallel_kernel


class Classes(NamedTuple):
    """Terms of equal x-part that commute, class by class.

    begin : int64, shape ``(n_classes + 1,)``: where each class begins among the terms.
    meets : uint64, shape ``(T, ceil(n / 64))``: rows of the terms.
    amplitude : float64, shape ``(T,)``: the coefficient with the sign relative to the others of the class.
    kernel : float64: K of all pairs of each class, one class after the other; its matrix begins at ``place[c]``.
    place : int64, shape ``(n_classes,)``.
    """

    begin: npt.NDArray[np.int64]
    meets: npt.NDArray[np.uint64]
    amplitude: npt.NDArray[np.float64]
    kernel: npt.NDArray[np.float64]
    place: npt.NDArray[np.int64]


class Logs(NamedTuple):
    """Logarithms by rotation, float64, shape ``(n,)``.

    ``stay``, ``flip`` : of E[cos²] and E[sin²]; ``drawn_stay``, ``drawn_flip`` : of the chances of the coins that are drawn;
    ``distance`` : of E[cos²] / E[cos]².
    """

    stay: npt.NDArray[np.float64]
    flip: npt.NDArray[np.float64]
    drawn_stay: npt.NDArray[np.float64]
    drawn_flip: npt.NDArray[np.float64]
    distance: npt.NDArray[np.float64]


class Wanted(NamedTuple):
    """Which derivatives are wanted.

    mask : uint64, shape ``(ceil(n / 64),)``, a bit for each; any_bit : bool, whether there are any.
    share : float64, shape ``(n,)``: E[sin²] / E[cos²], what a derivative makes of a rotation that stays.
    factor_square : float64, shape ``(n,)``: weights of the derivatives in their sum.
    """

    mask: npt.NDArray[np.uint64]
    any_bit: bool
    share: npt.NDArray[np.float64]
    factor_square: npt.NDArray[np.float64]


class FlipSets(NamedTuple):
    """Sets of flips, the last rotation of each first.

    ``begin`` : int64, shape ``(n_sets + 1,)``; ``flips`` : int32; ``kind``, ``word`` : int64, shape ``(n_sets,)``: the class
    of each, and the word of samples that it came from, ascending.
    """

    begin: npt.NDArray[np.int64]
    flips: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]


class Draws(NamedTuple):
    """How sets were drawn, and how they are shared out.

    mass : of all sets together; a set that was drawn is divided by the chance to draw it. 0: none was drawn.
    chance : float64, shape ``(n_sets,)``: to draw each; empty for the chances of coins.
    pairs : float64, shape ``(n_words + 1,)``: weights of the squared difference of each word from the one before; empty for
        none. The first and the last are 0.
    tasks : int64, shape ``(n_tasks + 1,)``: where each task begins among the sets; no word lies in two.
    """

    mass: float
    chance: npt.NDArray[np.float64]
    pairs: npt.NDArray[np.float64]
    tasks: npt.NDArray[np.int64]


@parallel_kernel
def fill_kernel(begin, meets, distance, place, kernel):
    """Write K of all pairs of each class: exp(-Σ_J ``distance`` / 2), J the rotations that one of the two meets."""
    for a in prange(len(meets)):
        c = np.searchsorted(begin, a, side="right") - 1
        first, size = begin[c], begin[c + 1] - begin[c]
        for b in range(first, begin[c + 1]):
            apart = 0.0
            if b != a:
                apart = sum_over(meets[a] ^ meets[b], distance)
            kernel[place[c] + (a - first) * size + b - first] = np.exp(-apart / 2)


@njit(cache=True)
def admits(meets, change, flips):
    """Return whether a term whose row is ``meets`` meets every flip, ``change`` being what the flips do to rows."""
    for f in flips:
        if not bit_of(meets, f) ^ bit_of(change, f):
            return False
    return True


class Scratch(NamedTuple):
    """Room for one set of flips: rows of the terms that admit it, which they are, and their amplitudes.

    ``factor`` : what the path of each has kept; ``at_channels`` : what the flips do to letters at channels.
    """

    change: npt.NDArray[np.uint64]
    spare: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint64]
    which: npt.NDArray[np.int64]
    amplitude: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]
    at_channels: npt.NDArray[np.uint64]


@njit(cache=True)
def new_scratch(most, n_words, n_channel_words):
    return Scratch(
        np.empty(n_words, np.uint64),
        np.empty(n_words, np.uint64),
        np.empty((most, n_words), np.uint64),
        np.empty(most, np.int64),
        np.empty(most),
        np.empty(most),
        np.empty((PROBES, n_channel_words), np.uint64),
    )


@njit(cache=True)
def _weigh_terms(classes, channels, logs, kind, flips, scratch):
    """Write the terms that admit a set of flips, their rows and amplitudes; return (how many, Σ c² of the drawn weights)."""
    count, density = 0, 0.0
    for b in range(classes.begin[kind], classes.begin[kind + 1]):
        if not admits(classes.meets[b], scratch.change, flips):
            continue
        row = scratch.rows[count]
        weight, drawn = 0.0, 0.0
        for i in range(len(row)):
            row[i] = classes.meets[b, i] ^ scratch.change[i]
            left = row[i]
            while left:
                j = 64 * i + trailing_zeros(left)
                weight += logs.stay[j]
                drawn += logs.drawn_stay[j]
                left &= left - uint64(1)
        for f in flips:
            weight += logs.flip[f] - logs.stay[f]
            drawn += logs.drawn_flip[f] - logs.drawn_stay[f]
        scratch.which[count] = b
        scratch.factor[count] = kept(channels, b, scratch.at_channels)
        scratch.amplitude[count] = classes.amplitude[b] * np.exp(weight / 2) * scratch.factor[count]
        density += classes.amplitude[b] ** 2 * np.exp(drawn)
        count += 1
    return count, density


@njit(cache=True)
def _without_mean(logs, a, b, scratch):
    """Return 1 - (square of the means) / (mean of the squares) of two terms on their common rotations."""
    return -np.expm1(-sum_over(scratch.rows[a] & scratch.rows[b], logs.distance))


@njit(cache=True)
def _add_stays(both, flips, wanted, share, weight, into):
    """Add ``weight * share[k]`` to every wanted derivative k that two terms stay at, flips apart."""
    for f in flips:
        both[f >> 6] &= ~(uint64(1) << uint64(f & 63))
    for i in range(len(both)):
        left = both[i] & wanted[i]
        while left:
            k = 64 * i + trailing_zeros(left)
            into[k] += weight * share[k]
            left &= left - uint64(1)


@njit(cache=True)
def weigh_set(question, kind, flips, drawn, scratch, into):
    """Add what a set of flips is to the wanted derivatives, to the loss behind them, and to the terms apart at the end.

    The last column is that of the terms apart if their paths had kept all.

    ``question`` : (columns, classes, channels, logs, wanted); ``drawn`` : (mass, chance to draw it), see `Draws`; a chance
    of 0 stands for that of the coins.
    The set that a mean consists of, one flip for its derivative, counts as far as it varies.
    """
    _, classes, channels, logs, wanted = question
    count, density = _weigh_terms(classes, channels, logs, kind, flips, scratch)
    mass, chance = drawn
    scale = mass / (chance if chance > 0.0 else density) if mass > 0.0 else 1.0
    first, size = classes.begin[kind], classes.begin[kind + 1] - classes.begin[kind]
    form, varying, n = 0.0, 0.0, len(logs.stay)
    for a in range(count):
        into[n + 2] += scale * scratch.amplitude[a] ** 2
        if scratch.factor[a] != 0.0:
            into[n + 3] += scale * (scratch.amplitude[a] / scratch.factor[a]) ** 2
        for b in range(a + 1):
            place = classes.place[kind] + (scratch.which[a] - first) * size + scratch.which[b] - first
            value = (1.0 if a == b else 2.0) * scale * classes.kernel[place]
            value *= scratch.amplitude[a] * scratch.amplitude[b]
            form += value
            if wanted.any_bit:
                if len(flips) == 1:
                    varying += value * _without_mean(logs, a, b, scratch)
                _add_stays(scratch.rows[a] & scratch.rows[b], flips, wanted.mask, wanted.share, value, into)
    into[n] += form
    for f in flips:
        if bit_of(wanted.mask, f):
            into[f] += (varying if len(flips) == 1 else form) * np.exp(logs.stay[f] - logs.flip[f])


@njit(cache=True)
def change_of(columns, channels, flips, scratch):
    """Write what flips do to rows: bit j is whether generator j anticommutes with an odd number of the later flips.

    At channels likewise: bit c is whether a probe there anticommutes with an odd number of them.
    """
    scratch.change[:] = uint64(0)
    scratch.at_channels[:] = uint64(0)
    for f in flips:
        add_generator(columns, f, scratch.change, scratch.spare)
        add_flip(channels, columns.strings[f], f, scratch.at_channels)
