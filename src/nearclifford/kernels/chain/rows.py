"""From gates, the last first, to operations on bit rows; see `nearclifford.kernels.chain.walk` for the operations.

Cost: a few ns a gate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

XOR, FLIP, FLIP_Y, DAMP = 0, 1, 2, 4
NO_ROTATION = -1
# What a gate may do besides these operations: rename two rows, or nothing more.
EXCHANGE, NOTHING = 3, -1
# CY is four XORs.
MOST_MOVES = 4


class Rows(NamedTuple):
    """A circuit from its end to its beginning, as operations on 2N bit rows.

    Attributes
    ----------
    kind : int8, shape ``(n_operations,)``: `XOR`, `FLIP`, `FLIP_Y` or `DAMP`.
    target, source : int32, shape ``(n_operations,)``: rows; of DAMP the x and z bits of a letter.
    rotation : int32, shape ``(n_operations,)``: the rotation, `NO_ROTATION` for XOR; of DAMP twice the number of its
        channel, one more for the letter of the second qubit.
    x_rows : int64, shape ``(N,)``: the rows of the x bits where the list ends; at its start they are 0, 2, 4, ...
    """

    kind: npt.NDArray[np.int8]
    target: npt.NDArray[np.int32]
    source: npt.NDArray[np.int32]
    rotation: npt.NDArray[np.int32]
    x_rows: npt.NDArray[np.int64]


@njit(cache=True)
def lay_rows(gates, moves, n_qubits):
    """Return (operations, place): (kind, target, source, rotation), int32, shape ``(n, 4)``; where each row lies at the end.

    Parameters
    ----------
    gates : int32, shape ``(n_gates, 4)``: opcode, first and second qubit, rotation or -1; of a channel twice its number.
    moves : int8, shape ``(n_opcodes, MOST_MOVES, 3)``: kind, target and source, 0 to 3 for the x and z bits of the first
        qubit and of the second.
    """
    place = np.arange(2 * n_qubits).astype(np.int32)
    operations = np.empty((MOST_MOVES * len(gates), 4), np.int32)
    count = 0
    for g in range(len(gates)):
        for m in range(MOST_MOVES):
            kind = moves[gates[g, 0], m, 0]
            if kind == NOTHING:
                break
            target = 2 * gates[g, 1 + (moves[gates[g, 0], m, 1] >> 1)] + (moves[gates[g, 0], m, 1] & 1)
            source = 2 * gates[g, 1 + (moves[gates[g, 0], m, 2] >> 1)] + (moves[gates[g, 0], m, 2] & 1)
            if kind == EXCHANGE:
                place[target], place[source] = place[source], place[target]
                continue
            operations[count, 0] = kind
            operations[count, 1], operations[count, 2] = place[target], place[source]
            operations[count, 3] = NO_ROTATION if kind == XOR else gates[g, 3] + m * (kind == DAMP)
            count += 1
    return operations[:count].copy(), place
