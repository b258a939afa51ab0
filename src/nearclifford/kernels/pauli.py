"""Expectations of packed Pauli strings, and of their commutators, in a product of Pauli eigenstates.

The state is given letter by letter: on qubit ``q`` it is the +1 eigenstate of the one-qubit Pauli with bits
``basis_x, basis_z`` (|0> where only the z bit is set). A signed string has the expectation ±1 where every one of its
letters is I or the basis letter, and 0 otherwise.

Cost model: W = ceil(N / 64) words a string. A test stops at the first word that fails, so a string that does not fit
costs about one word (1 to 2 ns) and one that fits all of them. T terms against n generators cost n T tests of 2 W words,
and memory for the n + T strings and the n results.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from nearclifford.kernels.bits import parity, population_count


class Strings(NamedTuple):
    """Packed Pauli strings as kernels take them: `PauliTable.strings`.

    ``x``, ``z`` : uint64, shape ``(n_rows, W)``; ``sign`` : int8, shape ``(n_rows,)``, each +1 or -1.
    """

    x: npt.NDArray[np.uint64]
    z: npt.NDArray[np.uint64]
    sign: npt.NDArray[np.int8]


@njit(cache=True, nogil=True)
def meeting_bits(x1, z1, x2, z2):
    """Return the word whose parity says whether two strings of one word anticommute; over more words, the XOR of these."""
    return (x1 & z2) ^ (z1 & x2)


@njit(cache=True)
def anticommute(x1, z1, x2, z2):
    """Return whether two strings anticommute, given as rows of words."""
    word = uint64(0)
    for w in range(len(x1)):
        word ^= meeting_bits(x1[w], z1[w], x2[w], z2[w])
    return parity(word) == uint64(1)


@njit(cache=True)
def rows_anticommute(a, b):
    """Return whether two strings anticommute, each one row: its x words, then its z words."""
    half, word = len(a) >> 1, uint64(0)
    for w in range(half):
        word ^= meeting_bits(a[w], a[half + w], b[w], b[half + w])
    return parity(word) == uint64(1)


@njit(cache=True)
def expectations(strings, basis_x, basis_z):
    """Return <string> of every row: int8, shape ``(n_rows,)``, each -1, 0 or +1.

    Parameters
    ----------
    strings : `Strings`, rows of W words.
    basis_x, basis_z : uint64, shape ``(W,)``: the letters that stabilize the state.

    Examples
    --------
    >>> words = lambda *values: np.array(values, dtype=np.uint64)
    >>> strings = Strings(words(0, 1)[:, None], words(3, 0)[:, None], np.array([-1, 1], np.int8))
    >>> expectations(strings, words(0), words(7)).tolist()      # -ZZI and XII in |000>
    [-1, 0]
    """
    x, z, sign = strings
    n_rows, n_words = x.shape
    result = np.empty(n_rows, dtype=np.int8)
    for row in range(n_rows):
        result[row] = sign[row]
        for w in range(n_words):
            if (x[row, w] & basis_z[w]) ^ (z[row, w] & basis_x[w]):
                result[row] = 0
                break
    return result


@njit(cache=True)
def commutator_sign(gx, gz, j, px, pz, a):
    """Return the sign of ``(i/2) [G_j, P_a]`` against the string of its letters, both unsigned; 0 if they commute."""
    # i G P is a power of i times the Hermitian string with the letters of G P; an odd power means that they commute.
    power = uint64(1)
    for w in range(gx.shape[1]):
        g_x, g_z, p_x, p_z = gx[j, w], gz[j, w], px[a, w], pz[a, w]
        power += population_count(g_x & g_z) + population_count(p_x & p_z)
        power += uint64(2) * parity(g_z & p_x)
        power -= population_count((g_x ^ p_x) & (g_z ^ p_z))
    if power & uint64(1):
        return 0
    return -1 if power & uint64(2) else 1


@njit(cache=True)
def letters_outside(x, z, basis_x, basis_z):
    """Return where strings have neither I nor the letter of the basis; a product of two fits where these are equal."""
    outside = np.empty_like(x)
    for row in range(x.shape[0]):
        for w in range(x.shape[1]):
            outside[row, w] = (x[row, w] & basis_z[w]) ^ (z[row, w] & basis_x[w])
    return outside


@njit(cache=True)
def weighted_commutators(generators, strings, weight, basis_x, basis_z):
    """Return ``Σ_a weight[a] <(i/2) [G_j, P_a]>`` for every generator j.

    This is the derivative of the loss by the angle of rotation j at a Clifford point.

    Parameters
    ----------
    generators, strings : `Strings`, n and T rows of W words: the G_j and the images of the observable's terms.
    weight : float64, shape ``(T,)``.
    basis_x, basis_z : uint64, shape ``(W,)``: the letters that stabilize the state.

    Returns
    -------
    float64, shape ``(n,)``.

    Examples
    --------
    >>> words = lambda *values: np.array(values, dtype=np.uint64)
    >>> y, x = (Strings(words(1)[None], words(z)[None], np.ones(1, np.int8)) for z in (1, 0))
    >>> weighted_commutators(y, x, np.array([0.5]), words(0), words(1)).tolist()   # i Y X = Z
    [0.5]
    """
    gx, gz, g_sign = generators
    px, pz, p_sign = strings
    outside, others = letters_outside(gx, gz, basis_x, basis_z), letters_outside(px, pz, basis_x, basis_z)
    n, n_words = gx.shape
    result = np.zeros(n)
    for j in range(n):
        total = 0.0
        for a in range(px.shape[0]):
            fits = True
            for w in range(n_words):
                if outside[j, w] != others[a, w]:
                    fits = False
                    break
            if fits:
                total += weight[a] * g_sign[j] * p_sign[a] * commutator_sign(gx, gz, j, px, pz, a)
        result[j] = total
    return result
