"""The cheapest guide: a product of one factor for each letter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.particles.course import Moves
from nearclifford.particles.letters import LETTERS

SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class MeanField:
    """``exp(log_scale) * Π factors[q, p_q]``: exact under maps, and after a gate the product of the margins of two letters.

    Attributes
    ----------
    factors : float64, shape ``(n, 4)``.
    of_identity : whether I...I is worth 1, as to the state; else the sum over all strings is 1.
    """

    factors: Floats
    of_identity: bool
    log_scale: float = 0.0

    def back(self, moves: Moves, maps: Floats) -> MeanField:
        """Return what strings are worth before a step: its moves, then its maps."""
        factors = np.einsum("qpr,qr->qp", maps, self.factors)
        for opcode, first, second in moves.gates[::-1].tolist():
            table = moves.table[opcode].astype(np.int64)
            if second < 0:
                factors[first] = factors[first][table[:LETTERS]] * moves.factor_of(opcode)[:LETTERS]
            else:
                both = np.multiply.outer(factors[first], factors[second]).reshape(-1)[table] * moves.factor_of(opcode)
                both = both.reshape(LETTERS, LETTERS)
                factors[first], factors[second] = both.sum(axis=1) / both.max(), both.sum(axis=0) / both.max()
        unit = factors[:, :1] if self.of_identity else factors.sum(axis=1, keepdims=True)
        unit = np.where(unit > 0.0, unit, factors.max(axis=1, keepdims=True))
        return MeanField(np.maximum(factors / unit, SMALLEST), self.of_identity)
