"""Guides: what strings along the way are worth, about, evolved from the boundary as a matrix product.

The uniform part is kept apart: the maps leave it alone, so it is known exactly, and truncation cannot lose it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.particles.course import STATE, Course
from nearclifford.particles.letters import LETTERS
from nearclifford.particles.matrix_product import MatrixProduct, block_diagonal


@dataclass(frozen=True, eq=False)
class GuideStep:
    """What strings are worth after a step: ``exp(log_scale) * (floor + A_1[p_1] ··· A_n[p_n])``.

    Attributes
    ----------
    tensors : float64, shape ``(n, 4, bond, bond)``, padded; the product is its entry (0, 0).
    floor : 1, or 0 at the boundary, which is known.
    """

    tensors: Floats
    floor: float
    log_scale: float


def guide_of(course: Course, bond: int) -> list[GuideStep]:
    """Return the guide after each step of a course."""
    n_qubits, n_steps = course.n_qubits, len(course.maps)
    factors, shares = _boundary(course)
    steps = [_exact(factors, shares)]
    walk = _Walk.of_boundary(course, factors, shares, bond)
    for step in range(n_steps - 1, 0, -1):
        walk.back(course, step)
        steps.append(walk.step())
    return steps[::-1]


def _boundary(course: Course) -> tuple[Floats, Floats]:
    if course.target is None:
        return np.tile(STATE, (1, course.n_qubits, 1)), np.ones(1)
    return np.eye(LETTERS)[course.target.letters], course.target.share


def _exact(factors: Floats, shares: Floats) -> GuideStep:
    return GuideStep(padded(block_diagonal(factors, shares), 1.0), 0.0, 0.0)


def padded(tensors: list[Floats], scale: float) -> Floats:
    """Return tensors in one array of shape ``(n, 4, bond, bond)``, each times ``scale``."""
    bond = max(max(tensor.shape[0], tensor.shape[2]) for tensor in tensors)
    bond = -(-bond // 4) * 4
    found = np.zeros((len(tensors), LETTERS, bond, bond))
    for q, tensor in enumerate(tensors):
        found[q, :, : tensor.shape[0], : tensor.shape[2]] = tensor.transpose(1, 0, 2) * scale
    return found


class _Walk:
    """The guide on its way: the uniform part, exp(log_floor), and the rest, a matrix product."""

    def __init__(self, rest: MatrixProduct, log_floor: float) -> None:
        self.rest, self.log_floor = rest, log_floor

    @classmethod
    def of_boundary(cls, course: Course, factors: Floats, shares: Floats, bond: int) -> _Walk:
        n = course.n_qubits
        uniform = np.full((1, n, LETTERS), 0.5)
        if course.target is None:
            # I...I keeps its worth of one, and is never met by a string that is not it: it is taken out.
            log_floor = -_log_of_power(2, n, 1)
            identity = np.tile(np.eye(LETTERS)[0], (1, n, 1))
            parts = np.concatenate([factors / math.sqrt(2.0), identity, uniform])
            sizes = np.array([1.0, -math.exp(-n * math.log(2.0) / 2), -math.exp(n * math.log(2.0) / 2 + log_floor)])
            scale = n * math.log(2.0) / 2
        else:
            log_floor = -_log_of_power(4, n, -1)
            parts = np.concatenate([factors, uniform])
            sizes, scale = np.append(shares, -math.exp(n * math.log(2.0) + log_floor)), 0.0
        return cls(MatrixProduct.of_products(parts, sizes, bond, scale), log_floor)

    def back(self, course: Course, step: int) -> None:
        """Go back over the maps and the moves of a step."""
        maps = course.maps[step]
        if np.abs(maps.sum(axis=2) - 1.0).max() < 1e-9:
            self.rest.mapped(maps)
        else:
            self._derive(maps)
        moves = course.moves[step]
        for opcode, first, second in moves.gates[::-1].tolist():
            table = moves.table[opcode].astype(np.int64)
            if second < 0:
                self.rest.relabelled(table[:LETTERS], first)
            else:
                self.rest.permuted(table, first, second)

    def _derive(self, maps: Floats) -> None:
        """Maps that lose letters change the uniform part: it joins the rest, and is taken out again."""
        bond, scale = self.rest.bond, self.rest.log_scale
        whole = MatrixProduct(self._with_uniform(self.log_floor, 1.0), bond + 1, scale)
        whole.mapped(maps)
        total, log_total = whole.total()
        n = len(maps)
        self.rest = whole
        if total > 0.0:
            self.log_floor = math.log(total) + log_total - _log_of_power(4, n, -1)
            scale = whole.log_scale
            self.rest = MatrixProduct(self._with_uniform(self.log_floor, -1.0), bond, scale)
        self.rest.bond = bond

    def _with_uniform(self, log_size: float, sign: float) -> list[Floats]:
        n, scale = len(self.rest.tensors), self.rest.log_scale
        each = math.exp((log_size - scale) / n)
        tensors = []
        for q, tensor in enumerate(self.rest.tensors):
            left, _, right = tensor.shape
            joined = np.zeros((left + 1, LETTERS, right + 1))
            joined[:left, :, :right] = tensor
            joined[left, :, right] = each * (sign if q == 0 else 1.0)
            tensors.append(joined)
        tensors[0] = tensors[0].sum(axis=0, keepdims=True)
        tensors[-1] = tensors[-1].sum(axis=2, keepdims=True)
        return tensors

    def step(self) -> GuideStep:
        """Return the guide as it is now."""
        each = math.exp((self.rest.log_scale - self.log_floor) / len(self.rest.tensors))
        return GuideStep(padded(self.rest.tensors, each), 1.0, self.log_floor)


def _log_of_power(base: int, n: int, more: int) -> float:
    """Return ln(base^n + more)."""
    return n * math.log(base) + math.log1p(more * math.exp(-n * math.log(base)))
