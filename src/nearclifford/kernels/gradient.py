"""Values and reverse-mode gradients: threads over groups of eight thetas, or over the cosets of one state.

The cosets of a pass are cut into `BLOCKS` blocks, whatever the number of threads, and sums are taken block by block in
order: the same angles give the same bits on one thread and on many.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import get_thread_id, njit, prange

from nearclifford.kernels.prepare import Turns, make_turns
from nearclifford.kernels.sweep import apply_observable, backward_pass, derivatives, forward_pass

BLOCKS = 16


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
def _edge(count, block):
    return count * block // BLOCKS


@njit(cache=True)
def _n_cosets(schedule, single):
    return 1 << (schedule.n_bits - schedule.span - (3 if single else 0))


@njit(cache=True)
def _start(state, single):
    state[:2] = 0.0
    if single:
        state[0, 0, 0] = 1.0
    else:
        state[0, 0, :] = 1.0


@njit(cache=True)
def _serial_values(schedule, terms, turns, state, value):
    _start(state, False)
    cosets = _n_cosets(schedule, False)
    for k in range(len(schedule.pass_start) - 1):
        forward_pass(schedule, k, 0, cosets, turns, state[0], state[1], False)
    partial = np.zeros((BLOCKS, 8))
    for block in range(BLOCKS):
        low, high = _edge(1 << schedule.n_bits, block), _edge(1 << schedule.n_bits, block + 1)
        apply_observable(terms, low, high, state[0], state[1], state[2], state[3], False, partial[block])
    for block in range(BLOCKS):
        value += partial[block]


@njit(cache=True)
def _serial_gradient(schedule, turns, state, signs, gradient):
    cosets = _n_cosets(schedule, False)
    overlap = np.zeros((BLOCKS, len(schedule.order), 8))
    patterns = np.zeros((BLOCKS, max(schedule.table_rows, 1), 8))
    for k in range(len(schedule.pass_start) - 2, -1, -1):
        for block in range(BLOCKS):
            backward_pass(
                schedule, k, _edge(cosets, block), _edge(cosets, block + 1), turns,
                state[0], state[1], state[2], state[3], False, overlap[block], patterns[block],
            )
    derivatives(schedule, turns, overlap.sum(axis=0), patterns.sum(axis=0), signs, gradient)


@njit(parallel=True, cache=True)
def batch_values(schedule, terms, half_angle, workspace, value):
    """Write the values, (chunks, 8), at half angles (chunks, n, 8); ``workspace`` is (threads, 4, 2^r, 8)."""
    for chunk in prange(len(half_angle)):
        turns = make_turns(schedule, half_angle[chunk])
        _serial_values(schedule, terms, turns, workspace[get_thread_id()], value[chunk])


@njit(parallel=True, cache=True)
def batch_gradients(schedule, terms, half_angle, signs, workspace, value, gradient):
    """Write values (chunks, 8) and derivatives by angle (chunks, n, 8); arguments as for `batch_values`."""
    for chunk in prange(len(half_angle)):
        turns = make_turns(schedule, half_angle[chunk])
        state = workspace[get_thread_id()]
        _serial_values(schedule, terms, turns, state, value[chunk])
        _serial_gradient(schedule, turns, state, signs, gradient[chunk])


@njit(parallel=True, cache=True)
def wide_values(schedule, terms, half_angle, single, state, value):
    """Write the values (8,) at half angles (n, 8), threads over one state of shape (4, rows, 8)."""
    turns = make_turns(schedule, half_angle)
    _start(state, single)
    cosets = _n_cosets(schedule, single)
    re, im, lre, lim = state[0], state[1], state[2], state[3]
    for k in range(len(schedule.pass_start) - 1):
        for block in prange(BLOCKS):
            forward_pass(schedule, k, _edge(cosets, block), _edge(cosets, block + 1), turns, re, im, single)
    partial = np.zeros((BLOCKS, 8))
    for block in prange(BLOCKS):
        low, high = _edge(1 << schedule.n_bits, block), _edge(1 << schedule.n_bits, block + 1)
        apply_observable(terms, low, high, re, im, lre, lim, single, partial[block])
    for block in range(BLOCKS):
        value += partial[block]


@njit(parallel=True, cache=True)
def wide_gradient(schedule, half_angle, signs, single, state, gradient):
    """Write the derivatives by angle (n, 8), after `wide_values` has left ψ and λ = H ψ in ``state``."""
    turns = make_turns(schedule, half_angle)
    cosets = _n_cosets(schedule, single)
    re, im, lre, lim = state[0], state[1], state[2], state[3]
    overlap = np.zeros((BLOCKS, len(schedule.order), 8))
    patterns = np.zeros((BLOCKS, max(schedule.table_rows, 1), 8))
    for k in range(len(schedule.pass_start) - 2, -1, -1):
        for block in prange(BLOCKS):
            backward_pass(
                schedule, k, _edge(cosets, block), _edge(cosets, block + 1), turns,
                re, im, lre, lim, single, overlap[block], patterns[block],
            )
    derivatives(schedule, turns, overlap.sum(axis=0), patterns.sum(axis=0), signs, gradient)
