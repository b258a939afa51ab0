"""Guides: what strings along a course are worth, about, evolved from its end.

The uniform part is kept apart. The maps leave it alone, so it is known exactly, and no truncation can lose it; the rest is a
matrix product. Source: docs/theory.md, "Particles".
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.memory import require_memory
from nearclifford.particles.course import STATE, Course, Moves
from nearclifford.particles.layers import FIRST_CHANNEL
from nearclifford.particles.letters import LETTERS
from nearclifford.particles.matrix_product import MatrixProduct, block_diagonal
from nearclifford.particles.mean_field import MeanField

# Up to so many strings the end of a course is a guide of its own, exact.
MOST_EXACT = 32
LOSSLESS = 1e-9


@dataclass(frozen=True, eq=False)
class GuideStep:
    """What strings are worth after a step: ``exp(log_scale) * (floor + A_1[p_1] ··· A_n[p_n])``.

    Attributes
    ----------
    tensors : float64, shape ``(n, 4, bond, bond)``, padded; the product is its entry (0, 0).
    floor : 1, or 0 where the uniform part is in the product.
    """

    tensors: Floats
    floor: float
    log_scale: float


class Worth(Protocol):
    """What strings are worth, on its way back along a course."""

    def back(self, moves: Moves, maps: Floats) -> Self:
        """Return what strings are worth before a step: its moves, then its maps, shape ``(n, 4, 4)``."""
        ...

    def step(self) -> GuideStep:
        """Return it as the particles take it."""
        ...


@dataclass(frozen=True, eq=False)
class Guide:
    """The guide of a course.

    Attributes
    ----------
    steps : after each step of the course.
    worths : what the steps are made of; courses that end alike share these.
    """

    steps: tuple[GuideStep, ...]
    worths: tuple[Worth, ...]


class OutOfTimeError(Exception):
    """The time ended before a guide was made."""


def guide_of(course: Course, bond: int, known: Sequence[Worth] = (), ends: float = math.inf) -> Guide:
    """Return the guide of a course by matrix products of a bond, or by mean field where it is 1.

    ``known`` has what strings are worth after the last steps, where another course has found it. Raises `OutOfTimeError`
    where it is not made by ``ends``, as `time.monotonic` counts.

    >>> import nearclifford as nc
    >>> from nearclifford.particles.layers import Weights, layers_of
    >>> from nearclifford.particles.course import Strings
    >>> program = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.global_z(3)).program
    >>> weights = Weights.of_loss(np.full(18, 0.2))
    >>> course = Course.from_observable(layers_of(program.tape, 3, range(3)), weights, Strings.of_one([3, 3, 3]))
    >>> [step.tensors.shape for step in guide_of(course, bond=8).steps]
    [(3, 4, 4, 4), (3, 4, 4, 4), (3, 4, 1, 1)]
    """
    needed = course.maps.size // LETTERS * bond**2 * 2 * 8
    require_memory(needed, f"A guide of bond {bond} over {len(course.maps)} layers", "Take a smaller bond.")
    worths = list(known[::-1]) if known else [_at_the_end(course, bond)]
    for step in range(len(course.maps) - len(worths), 0, -1):
        if time.monotonic() > ends:
            raise OutOfTimeError
        worths.append(worths[-1].back(course.moves[step], course.maps[step]))
    worths.reverse()
    steps = [worth.step() for worth in worths]
    factors, shares = _end(course)
    if len(factors) <= MOST_EXACT:
        steps[-1] = GuideStep(padded(block_diagonal(factors, shares), 1.0), 0.0, 0.0)
    return Guide(tuple(steps), tuple(worths))


def _end(course: Course) -> tuple[Floats, Floats]:
    """Return what strings are worth at the end, as products of letters, shape ``(n_products, n, 4)``, and their shares."""
    if course.target is None:
        return np.tile(STATE, (1, course.n_qubits, 1)), np.ones(1)
    return np.eye(LETTERS)[course.target.letters], course.target.share


def _at_the_end(course: Course, bond: int) -> Worth:
    factors, shares = _end(course)
    if bond == 1:
        log_floor = log_of_power(2 if course.target is None else 4, course.n_qubits, 0)
        return FieldWorth(MeanField(np.tensordot(shares, factors, axes=(0, 0)), course.target is None), -log_floor)
    if course.target is None:
        return _of_state(factors, bond)
    return _of_strings(factors, shares, bond)


def _of_state(factors: Floats, bond: int) -> ProductWorth:
    """Strings of I and Z are worth 1. I...I keeps that for ever and is met by no other string: it is left out."""
    n_qubits = factors.shape[1]
    log_floor = -log_of_power(2, n_qubits, 1)
    identity = np.tile(np.eye(LETTERS)[0], (1, n_qubits, 1))
    uniform = np.full((1, n_qubits, LETTERS), 0.5)
    half = n_qubits * math.log(2.0) / 2
    parts = np.concatenate([factors / math.sqrt(2.0), identity, uniform])
    sizes = np.array([1.0, -math.exp(-half), -math.exp(half + log_floor)])
    return ProductWorth(MatrixProduct.of(block_diagonal(parts, sizes), bond, half), log_floor)


def _of_strings(factors: Floats, shares: Floats, bond: int) -> ProductWorth:
    """The strings that are met in the end are worth their shares."""
    n_qubits = factors.shape[1]
    log_floor = -log_of_power(4, n_qubits, -1)
    parts = np.concatenate([factors, np.full((1, n_qubits, LETTERS), 0.5)])
    sizes = np.append(shares, -math.exp(n_qubits * math.log(2.0) + log_floor))
    return ProductWorth(MatrixProduct.of(block_diagonal(parts, sizes), bond), log_floor)


@dataclass(frozen=True, eq=False)
class ProductWorth:
    """The uniform part, exp(log_floor) for every string but I...I, and the rest, a matrix product."""

    rest: MatrixProduct
    log_floor: float

    def back(self, moves: Moves, maps: Floats) -> ProductWorth:
        """Return what strings are worth before a step."""
        if moves.damps:
            return self._joined(maps, moves)
        lossless = float(np.abs(maps.sum(axis=2) - 1.0).max()) < LOSSLESS
        before = ProductWorth(self.rest.copy(), self.log_floor) if lossless else self._joined(maps)
        if lossless:
            before.rest.map(maps)
        move_back(before.rest, moves)
        return before

    def _joined(self, maps: Floats, channels: Moves | None = None) -> ProductWorth:
        """Maps that lose letters change the uniform part: it joins the rest, and what is uniform then is taken out again.

        So do channels, among the moves that come before the maps.
        """
        bond, scale = self.rest.bond, self.rest.log_scale
        whole = MatrixProduct.of(self._with_uniform(self.rest, self.log_floor, 1.0), bond + 1, scale)
        whole.map(maps)
        if channels is not None:
            move_back(whole, channels)
        total, log_total = whole.total()
        if total <= 0.0:
            return ProductWorth(whole, self.log_floor)
        log_floor = math.log(total) + log_total - log_of_power(4, len(maps), -1)
        rest = MatrixProduct.of(self._with_uniform(whole, log_floor, -1.0), bond, whole.log_scale)
        return ProductWorth(rest, log_floor)

    @staticmethod
    def _with_uniform(rest: MatrixProduct, log_size: float, sign: float) -> list[Floats]:
        """Return the tensors of a matrix product plus, or less, a number for every string; both times its scale."""
        each = math.exp((log_size - rest.log_scale) / len(rest.tensors))
        tensors = []
        for tensor in rest.tensors:
            left, _, right = tensor.shape
            joined = np.zeros((left + 1, LETTERS, right + 1))
            joined[:left, :, :right], joined[left, :, right] = tensor, each
            tensors.append(joined)
        tensors[0] = tensors[0][:-1].sum(axis=0, keepdims=True) + sign * tensors[0][-1:]
        tensors[-1] = tensors[-1].sum(axis=2, keepdims=True)
        return tensors

    def step(self) -> GuideStep:
        """Return it in units of the uniform part."""
        each = math.exp((self.rest.log_scale - self.log_floor) / len(self.rest.tensors))
        return GuideStep(padded(self.rest.tensors, each), 1.0, self.log_floor)


def move_back(worth: MatrixProduct, moves: Moves) -> None:
    """Replace what strings are worth after the moves by what they are before, channels among them; in place."""
    for opcode, first, second in moves.gates[::-1].tolist():
        table = moves.table[opcode].astype(np.int64)
        if opcode >= FIRST_CHANNEL and second < 0:
            worth.damp_one(moves.factors[opcode][:LETTERS], first)
        elif opcode >= FIRST_CHANNEL:
            worth.damp(moves.factors[opcode], first, second)
        elif second < 0:
            worth.relabel(table[:LETTERS], first)
        else:
            worth.permute(table, first, second)


@dataclass(frozen=True, eq=False)
class FieldWorth:
    """The uniform part, exp(log_floor), and a product of one factor for each letter."""

    field: MeanField
    log_floor: float

    def back(self, moves: Moves, maps: Floats) -> FieldWorth:
        """Return what strings are worth before a step."""
        return FieldWorth(self.field.back(moves, maps), self.log_floor)

    def step(self) -> GuideStep:
        """Return it in units of the uniform part."""
        each = math.exp((self.field.log_scale - self.log_floor) / len(self.field.factors))
        return GuideStep(np.ascontiguousarray(self.field.factors[:, :, None, None]) * each, 1.0, self.log_floor)


def padded(tensors: list[Floats], scale: float) -> Floats:
    """Return tensors in one array of shape ``(n, 4, bond, bond)``, each times ``scale``."""
    bond = max(max(tensor.shape[0], tensor.shape[2]) for tensor in tensors)
    bond = bond if bond == 1 else -(-bond // 4) * 4
    found = np.zeros((len(tensors), LETTERS, bond, bond))
    for q, tensor in enumerate(tensors):
        found[q, :, : tensor.shape[0], : tensor.shape[2]] = tensor.transpose(1, 0, 2) * scale
    return found


def log_of_power(base: int, n: int, more: int) -> float:
    """Return ln(base^n + more).

    >>> round(log_of_power(2, 3, 1), 6) == round(math.log(9), 6)
    True
    """
    return n * math.log(base) + math.log1p(more * math.exp(-n * math.log(base)))
