"""Values and reverse-mode gradients of one theta, and two ways to spread them over threads.

The cosets of a pass are cut into at most `BLOCKS` blocks, whatever the number of threads, and sums are taken block by block
in order. So the same angles give the same bits on one thread and on many, alone and in a batch.
"""

from __future__ import annotations

import numpy as np
from numba import get_thread_id, njit, prange

from nearclifford.kernels.parallel import with_serial_twin
from nearclifford.kernels.sweep.observable import apply_observable
from nearclifford.kernels.sweep.passes import backward_pass, forward_pass, n_cosets
from nearclifford.kernels.sweep.prepare import Turns, make_turns  # noqa: F401  (Numba looks Turns up by name)

BLOCKS = 16


@njit(cache=True)
def _edge(count, block, blocks):
    return count * block // blocks


@njit(cache=True)
def _partial_sums(schedule):
    """Return zeroed (value, overlap, pattern overlap) of every block."""
    blocks = min(BLOCKS, n_cosets(schedule))
    return (
        np.zeros((blocks, 1, 8)),
        np.zeros((blocks, len(schedule.order), 8)),
        np.zeros((blocks, schedule.table_rows, 8)),
    )


@njit(cache=True)
def _in_order(partial):
    """Return the sum over the blocks, in order."""
    total = partial[0].copy()
    for block in range(1, len(partial)):
        total += partial[block]
    return total


@njit(cache=True)
def _lane_sum(value):
    total = 0.0
    for lane in range(8):
        total += value[0, lane]
    return total


@njit(cache=True)
def _derivatives(schedule, turns, overlap, pattern_overlap, gradient):
    """Write ∂L/∂φ (n,), by original index, from the overlaps of all rotations and sign patterns."""
    for o in range(len(schedule.operation_start) - 1):
        start, stop = schedule.operation_start[o], schedule.operation_start[o + 1]
        row = schedule.table_start[o]
        for i in range(start, stop):
            total = 0.0
            if row < 0:
                for lane in range(8):
                    total += overlap[i, lane]
            else:
                for u in range(1 << (stop - start)):
                    for lane in range(8):
                        share = pattern_overlap[row + u, lane]
                        total += -share if ((u ^ schedule.lane_pattern[o, lane]) >> (i - start)) & 1 else share
            gradient[schedule.order[i]] = total * turns.weight[i]


@njit(cache=True)
def _start(state):
    state[:2] = 0.0
    state[0, 0, 0] = 1.0


@njit(cache=True)
def _serial_value(schedule, terms, turns, state):
    """Return <ψ|H|ψ>, leaving ψ and λ = H ψ in ``state``."""
    _start(state)
    value, _, _ = _partial_sums(schedule)
    for k in range(len(schedule.pass_start) - 1):
        forward_pass(schedule, k, 0, n_cosets(schedule), turns, state)
    rows, blocks = n_cosets(schedule) << schedule.span, len(value)
    for block in range(blocks):
        low, high = _edge(rows, block, blocks), _edge(rows, block + 1, blocks)
        apply_observable(terms, low, high, state, value[block])
    return _lane_sum(_in_order(value))


@njit(cache=True)
def _serial_gradient(schedule, turns, state, gradient):
    _, overlap, patterns = _partial_sums(schedule)
    count, blocks = n_cosets(schedule), len(overlap)
    for k in range(len(schedule.pass_start) - 2, -1, -1):
        for block in range(blocks):
            low, high = _edge(count, block, blocks), _edge(count, block + 1, blocks)
            backward_pass(schedule, k, low, high, turns, state, overlap[block], patterns[block])
    _derivatives(schedule, turns, _in_order(overlap), _in_order(patterns), gradient)


@njit(cache=True)
def serial_values(schedule, terms, angle, state, value):
    """Write the values (batch,) at angles (batch, n), on one thread; ``state`` is (4, 2^r / 8, 8)."""
    for row in range(len(angle)):
        value[row] = _serial_value(schedule, terms, make_turns(schedule, angle[row]), state)


@njit(cache=True)
def serial_gradients(schedule, terms, angle, state, value, gradient):
    """Write values (batch,) and derivatives by angle (batch, n); arguments as for `serial_values`."""
    for row in range(len(angle)):
        turns = make_turns(schedule, angle[row])
        value[row] = _serial_value(schedule, terms, turns, state)
        _serial_gradient(schedule, turns, state, gradient[row])


def _values_in_first_state(schedule, terms, angle, states, value):
    serial_values(schedule, terms, angle, states[0], value)


def _gradients_in_first_state(schedule, terms, angle, states, value, gradient):
    serial_gradients(schedule, terms, angle, states[0], value, gradient)


@with_serial_twin(_values_in_first_state)
@njit(parallel=True, cache=True)
def batch_values(schedule, terms, angle, states, value):
    """As `serial_values`, threads over thetas; ``states`` is (threads, 4, 2^r / 8, 8)."""
    for row in prange(len(angle)):
        one = slice(row, row + 1)
        serial_values(schedule, terms, angle[one], states[get_thread_id()], value[one])


@with_serial_twin(_gradients_in_first_state)
@njit(parallel=True, cache=True)
def batch_gradients(schedule, terms, angle, states, value, gradient):
    """As `serial_gradients`, threads over thetas; ``states`` is (threads, 4, 2^r / 8, 8)."""
    for row in prange(len(angle)):
        one = slice(row, row + 1)
        serial_gradients(schedule, terms, angle[one], states[get_thread_id()], value[one], gradient[one])


@njit(parallel=True, cache=True)
def _wide_value(schedule, terms, turns, state):
    _start(state)
    value, _, _ = _partial_sums(schedule)
    count, rows, blocks = n_cosets(schedule), n_cosets(schedule) << schedule.span, len(value)
    for k in range(len(schedule.pass_start) - 1):
        for block in prange(blocks):
            low, high = _edge(count, block, blocks), _edge(count, block + 1, blocks)
            forward_pass(schedule, k, low, high, turns, state)
    for block in prange(blocks):
        low, high = _edge(rows, block, blocks), _edge(rows, block + 1, blocks)
        apply_observable(terms, low, high, state, value[block])
    return _lane_sum(_in_order(value))


@njit(parallel=True, cache=True)
def _wide_gradient(schedule, turns, state, gradient):
    _, overlap, patterns = _partial_sums(schedule)
    count, blocks = n_cosets(schedule), len(overlap)
    for k in range(len(schedule.pass_start) - 2, -1, -1):
        for block in prange(blocks):
            low, high = _edge(count, block, blocks), _edge(count, block + 1, blocks)
            backward_pass(schedule, k, low, high, turns, state, overlap[block], patterns[block])
    _derivatives(schedule, turns, _in_order(overlap), _in_order(patterns), gradient)


@with_serial_twin(serial_values)
@njit(cache=True)
def wide_values(schedule, terms, angle, state, value):
    """As `serial_values`, threads over the cosets of one state."""
    for row in range(len(angle)):
        value[row] = _wide_value(schedule, terms, make_turns(schedule, angle[row]), state)


@with_serial_twin(serial_gradients)
@njit(cache=True)
def wide_gradients(schedule, terms, angle, state, value, gradient):
    """As `serial_gradients`, threads over the cosets of one state."""
    for row in range(len(angle)):
        turns = make_turns(schedule, angle[row])
        value[row] = _wide_value(schedule, terms, turns, state)
        _wide_gradient(schedule, turns, state, gradient[row])
