"""The tangents of a state: for each rotation its generator times the state, turned by all rotations that follow.

Cost: as for the metric, 6 multiplications and additions an amplitude for each pair of rotations, and its overlaps, which
come along unused; 1 ns in all. Memory: 16 bytes an amplitude and rotation, besides what the walk of the metric takes.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from nearclifford.kernels.parallel import parallel_kernel
from nearclifford.kernels.sweep.metric import COLUMNS, LANES, make_image, restart, room, turn_state, walk_block


@njit(cache=True)
def _write_columns(first, stop, walk, tangents):
    for k in range(first, stop):
        g, lane = (k - first) // LANES, (k - first) % LANES
        for b in range(tangents.shape[1]):
            tangents[k, b] = complex(walk.column_re[g, b, lane], walk.column_im[g, b, lane])


@njit(cache=True)
def _run_block(turns, angle, block, n_bits, state, tangents):
    """Write the tangents ``first`` to ``stop`` of a block, and the state."""
    first, stop = block
    cosine, sine, n = np.cos(angle / 2), np.sin(angle / 2), len(angle)
    walk, unused = room(n_bits), np.empty((n, COLUMNS))
    restart(walk)
    for j in range(first):
        make_image(turns, j, walk)
        turn_state(cosine[j], sine[j], walk)
    walk_block(turns, cosine, sine, (first, stop, n, first), walk, np.empty(n), unused)
    _write_columns(first, stop, walk, tangents)
    if stop == n:
        for b in range(len(state)):
            state[b] = complex(walk.re[b], walk.im[b])


@parallel_kernel
def write_tangents(turns, angle, n_bits, state, tangents):
    """Write ψ and V_k G_k V_k† ψ, V_k the rotations from k on, so that ∂ψ/∂φ_k is -i/2 times the latter.

    Parameters
    ----------
    turns : `Turns`, n rotations on ``n_bits`` qubits, from |0…0>; n is at least 1.
    angle : float64, shape ``(n,)``, radians.
    state : complex128, shape ``(2^n_bits,)``, written.
    tangents : complex128, shape ``(n, 2^n_bits)``, written.
    """
    n = len(angle)
    for task in prange((n + COLUMNS - 1) // COLUMNS):
        _run_block(turns, angle, (COLUMNS * task, min(COLUMNS * (task + 1), n)), n_bits, state, tangents)
