"""What every change of one letter of a product state does to the loss and to the squared gradient at a Clifford point.

On each qubit the state is the ±1 eigenstate of a letter. A string counts where its letters are I or those of the state; one
that differs on a single qubit counts as soon as the state takes its letter there. So one look at each string that a loss or
a derivative sums tells all ``6 N`` changes at once: three letters by two signs on every qubit.

Cost model: T terms, n generators, D parameters, W = ceil(N / 64) words. A look takes about 1 ns a word and stops at the
second letter that differs: n T looks, for strings spread over the qubits of one word each. A string that fits costs its
weight, and each touched qubit of a parameter six changes. Memory: ``BLOCKS`` times 8 N numbers, and 5 N for each thread.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, prange, uint64

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.kernels.bits import parity, population_count, trailing_zeros
from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.pauli import commutator_sign, letters_outside

# The parameters are dealt out to so many sums, whatever the threads, so that rounding is always the same.
BLOCKS = 64


class State(NamedTuple):
    """A product of Pauli eigenstates: bits ``x``, ``z`` of each letter, ``minus`` for the eigenvalue -1; uint64, (W,)."""

    x: Words
    z: Words
    minus: Words


class Turns(NamedTuple):
    """The rotations that each parameter turns: those of k are ``rotation[start[k] : start[k + 1]]``, and each ``factor``."""

    start: Indices
    rotation: Indices
    factor: Floats


class Rows(NamedTuple):
    """Packed strings as `Strings`, and ``outside``: where their letters are neither I nor those of the state."""

    x: Words
    z: Words
    sign: np.ndarray
    outside: Words


class Scratch(NamedTuple):
    """What a sum changes by: ``leaving[q]`` goes with the letter of qubit q, ``coming[q, letter]`` comes with another."""

    leaving: Floats
    coming: Floats
    touched: Indices
    is_touched: np.ndarray


@njit(cache=True)
def _scratch(n_qubits):
    return Scratch(np.zeros(n_qubits), np.zeros((n_qubits, 4)), np.empty(n_qubits, np.int64), np.zeros(n_qubits, np.bool_))


@njit(cache=True)
def rows_of(strings, state):
    """Return the `Rows` of some `Strings` beside a `State`."""
    x, z, sign = strings
    return Rows(x, z, sign, letters_outside(x, z, state.x, state.z))


@njit(cache=True)
def _touch(scratch, count, qubit):
    if scratch.is_touched[qubit]:
        return count
    scratch.is_touched[qubit] = True
    scratch.touched[count] = qubit
    return count + 1


@njit(cache=True)
def _place(outside, others):
    """Return how many letters of a product of two strings do not fit the state, at most 2, and the qubit of the last."""
    misfits, qubit = uint64(0), -1
    for w in range(len(outside)):
        word = outside[w] ^ others[w]
        if word:
            misfits += population_count(word)
            if misfits > uint64(1):
                return 2, -1
            qubit = 64 * w + trailing_zeros(word)
    return np.int64(misfits), qubit


@njit(cache=True)
def _letter(x, z, bit):
    """Return the letter at one bit of two words: X 1, Z 2, Y 3."""
    return np.int64(((x >> bit) & uint64(1)) + uint64(2) * ((z >> bit) & uint64(1)))


@njit(cache=True)
def _add(scratch, count, sums, value, product, place):
    """Add one string that fits, or would with another letter on one qubit; return the touched qubits and the sum."""
    state, x, z, other_x, other_z = product
    misfits, qubit = place
    odd = uint64(0)
    for w in range(len(x)):
        odd ^= ((x[w] ^ other_x[w]) | (z[w] ^ other_z[w])) & state.minus[w]
    if misfits:
        bit, w = uint64(qubit & 63), qubit >> 6
        odd ^= ((state.minus[w] >> bit) & uint64(1)) << bit
        letter = _letter(x[w] ^ other_x[w], z[w] ^ other_z[w], bit)
        scratch.coming[qubit, letter] += -value if parity(odd) else value
        return _touch(scratch, count, qubit), sums
    value = -value if parity(odd) else value
    for w in range(len(x)):
        word = (x[w] ^ other_x[w]) | (z[w] ^ other_z[w])
        while word:
            qubit = 64 * w + trailing_zeros(word)
            word &= word - uint64(1)
            scratch.leaving[qubit] += value
            count = _touch(scratch, count, qubit)
    return count, sums + value


@njit(cache=True)
def _changed(scratch, state, qubit, letter, minus):
    """Return by how much a sum changes if a qubit takes a letter (X 1, Z 2, Y 3) and a sign."""
    bit, w = uint64(qubit & 63), qubit >> 6
    if letter == _letter(state.x[w], state.z[w], bit):
        same = np.int64((state.minus[w] >> bit) & uint64(1)) == minus
        return 0.0 if same else -2.0 * scratch.leaving[qubit]
    return (-1.0 if minus else 1.0) * scratch.coming[qubit, letter] - scratch.leaving[qubit]


@njit(cache=True)
def _derivative(k, generators, strings, weight, state, turns, scratch):
    """Return the derivative by parameter k, and how many qubits the scratch now touches."""
    total, count = 0.0, 0
    for entry in range(turns.start[k], turns.start[k + 1]):
        j = turns.rotation[entry]
        gx, gz = generators.x[j], generators.z[j]
        for a in range(strings.x.shape[0]):
            place = _place(generators.outside[j], strings.outside[a])
            if place[0] > 1:
                continue
            sign = commutator_sign(generators.x, generators.z, j, strings.x, strings.z, a)
            if sign == 0:
                continue
            value = turns.factor[entry] * weight[a] * generators.sign[j] * strings.sign[a] * sign
            product = (state, gx, gz, strings.x[a], strings.z[a])
            count, total = _add(scratch, count, total, value, product, place)
    return total, count


@njit(cache=True)
def _clear(scratch, count):
    for row in range(count):
        qubit = scratch.touched[row]
        scratch.leaving[qubit] = 0.0
        scratch.is_touched[qubit] = False
        for letter in range(4):
            scratch.coming[qubit, letter] = 0.0


@parallel_kernel
def squared_gradients(generators, strings, weight, state, turns):
    """Return ‖∇L‖² at the centre, and by how much each change of one letter of the state changes it.

    Parameters
    ----------
    generators, strings : `Rows` beside the state, n and T rows of W words.
    weight : float64, shape ``(T,)``: the coefficients of the observable.
    state : `State`; its letters are X, Y or Z on every qubit.
    turns : `Turns` of D parameters.

    Returns
    -------
    float64, and float64 of shape ``(64 W, 4, 2)``: by qubit, letter (X 1, Z 2, Y 3; 0 is none) and sign (0 plus, 1 minus).
    """
    n_qubits, n_parameters = 64 * strings.x.shape[1], len(turns.start) - 1
    squares, changes = np.zeros(BLOCKS), np.zeros((BLOCKS, n_qubits, 4, 2))
    for block in prange(BLOCKS):
        scratch = _scratch(n_qubits)
        for k in range(block, n_parameters, BLOCKS):
            total, count = _derivative(k, generators, strings, weight, state, turns, scratch)
            squares[block] += total * total
            for row in range(count):
                qubit = scratch.touched[row]
                for letter in range(1, 4):
                    for minus in range(2):
                        change = _changed(scratch, state, qubit, letter, minus)
                        changes[block, qubit, letter, minus] += change * (2.0 * total + change)
            _clear(scratch, count)
    return squares.sum(), changes.sum(axis=0)


@njit(cache=True)
def losses(strings, weight, state):
    """Return the loss at the centre, and by how much each change of one letter of the state changes it; as above."""
    n_qubits = 64 * strings.x.shape[1]
    scratch, changes, none = _scratch(n_qubits), np.zeros((n_qubits, 4, 2)), np.zeros(strings.x.shape[1], np.uint64)
    total, count = 0.0, 0
    for a in range(strings.x.shape[0]):
        place = _place(strings.outside[a], none)
        if place[0] < 2:
            product = (state, none, none, strings.x[a], strings.z[a])
            count, total = _add(scratch, count, total, weight[a] * strings.sign[a], product, place)
    for row in range(count):
        qubit = scratch.touched[row]
        for letter in range(1, 4):
            for minus in range(2):
                changes[qubit, letter, minus] = _changed(scratch, state, qubit, letter, minus)
    return total, changes
