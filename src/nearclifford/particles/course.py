"""The way of the particles: from the observable to the state, or back, as start, steps and a boundary to reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.particles.layers import FIRST_CHANNEL, NO_FACTORS, Layers, Segment, Weights
from nearclifford.particles.letters import LETTERS, ONE_QUBIT, TWO_QUBITS

Letters = npt.NDArray[np.int8]
# What a letter is worth to the state: I and Z one, X and Y nothing.
STATE = np.array([1.0, 0.0, 0.0, 1.0])
Table = npt.NDArray[np.int8]


def _inverse(images: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.argsort(images)


def _tables() -> Table:
    """Return what each gate makes of letters, shape ``(2, n_opcodes, 16)``: pulled back, and pushed forward."""
    found = np.tile(np.arange(LETTERS**2, dtype=np.int8), (2, 1 + max(TWO_QUBITS), 1))
    for tables in (ONE_QUBIT, TWO_QUBITS):
        for opcode, images in tables.items():
            found[0, opcode, : len(images)], found[1, opcode, : len(images)] = images, _inverse(images)
    return found


BACKWARD, FORWARD = _tables()


def _with_channels(table: Table, factors: Floats) -> Table:
    """Return the table with rows for channels, which leave letters alone."""
    if len(factors) <= len(table):
        return table
    channels = np.tile(np.arange(LETTERS**2, dtype=np.int8), (len(factors) - len(table), 1))
    return np.concatenate([table, channels])


@dataclass(frozen=True, eq=False)
class Moves:
    """Gates between two steps, in walking order, and channels.

    Attributes
    ----------
    table : int8, shape ``(n_opcodes, 16)``: the new letters, 4 * first + second, by the old; the letter alone for one qubit.
    gates : int64, shape ``(n_gates, 3)``: opcode, first and second qubit; the latter is -1 for a gate of one.
    factors : float64, shape ``(n_opcodes, 16)``: what a string is multiplied with, by its letters; of no opcodes without
        noise.
    """

    table: Table
    gates: npt.NDArray[np.int64]
    factors: Floats = field(default_factory=lambda: NO_FACTORS)

    @classmethod
    def backward(cls, segment: Segment) -> Moves:
        """Return the moves of strings that are pulled back."""
        return cls(_with_channels(BACKWARD, segment.factors), np.ascontiguousarray(segment.gates[::-1]), segment.factors)

    @classmethod
    def forward(cls, segment: Segment) -> Moves:
        """Return the moves of strings that are pushed forward."""
        return cls(_with_channels(FORWARD, segment.factors), segment.gates, segment.factors)

    @property
    def damps(self) -> bool:
        """Whether there is a channel among the gates."""
        return bool((self.gates[:, 0] >= FIRST_CHANNEL).any())

    def factor_of(self, opcode: int) -> Floats:
        """Return what letters are multiplied with at an opcode, shape ``(16,)``: 1 at gates."""
        return self.factors[opcode] if opcode >= FIRST_CHANNEL else np.ones(LETTERS**2)

    def kept(self, letters: Letters) -> Floats:
        """Return what strings keep on the way, shape ``(...,)``."""
        found, before = np.ones(letters.shape[:-1]), letters
        for place, (opcode, first, second) in enumerate(self.gates.tolist()):
            if opcode >= FIRST_CHANNEL:
                before = replace(self, gates=self.gates[:place]).of(letters)
                pair = before[..., first] if second < 0 else LETTERS * before[..., first] + before[..., second]
                found = found * self.factors[opcode][pair]
        return found

    def of(self, letters: Letters) -> Letters:
        """Return the strings after the moves, shape ``(..., n)``."""
        moved = letters.copy()
        for opcode, first, second in self.gates.tolist():
            if second < 0:
                moved[..., first] = self.table[opcode][moved[..., first]]
            else:
                pair = self.table[opcode][LETTERS * moved[..., first] + moved[..., second]]
                moved[..., first], moved[..., second] = pair >> 2, pair & 3
        return moved


@dataclass(frozen=True, eq=False)
class Strings:
    """Strings with positive weights of sum one.

    Attributes
    ----------
    letters : int8, shape ``(n_strings, n)``.
    share : float64, shape ``(n_strings,)``.
    """

    letters: Letters
    share: Floats

    @classmethod
    def of_one(cls, letters: Sequence[int]) -> Strings:
        """Return a single string.

        >>> Strings.of_one([3, 0]).letters.tolist()
        [[3, 0]]
        """
        return cls(np.array([letters], dtype=np.int8), np.ones(1))


@dataclass(frozen=True, eq=False)
class Course:
    """Where particles start, how they walk, and what they are worth in the end.

    Each step is some moves, then one map of letters on each qubit. What is wanted is the sum over all ways from the starts
    to the boundary, each with the product of its weights: ``exp(log_scale)`` times the mean of what particles bring.

    Attributes
    ----------
    starts : the strings that particles start from, drawn by their shares.
    log_scale : what a particle weighs at the start.
    moves, maps : of each step; maps are float64, shape ``(n_steps, n, 4, 4)``, from the row's letter to the column's.
    target : the strings to reach; None for all strings of letters I and Z.
    """

    starts: Strings
    log_scale: float
    moves: tuple[Moves, ...]
    maps: Floats
    target: Strings | None

    @property
    def n_qubits(self) -> int:
        """Number of letters."""
        return self.maps.shape[1]

    @classmethod
    def from_observable(cls, layers: Layers, weights: Weights, strings: Strings) -> Course:
        """Return the way back, from the strings of an observable to the state."""
        moves = tuple(Moves.backward(segment) for segment in layers.segments[::-1])
        maps = np.ascontiguousarray(layers.maps(weights)[::-1])
        return cls(strings, 0.0, moves, maps, None)

    @classmethod
    def from_state(cls, layers: Layers, weights: Weights, strings: Strings) -> Course:
        """Return the way forward, from all strings of I and Z to those of an observable."""
        nothing, last = np.zeros((0, 3), dtype=np.int64), Moves.backward(layers.segments[-1])
        moves = (Moves(FORWARD, nothing), *(Moves.forward(segment) for segment in layers.segments[:-1]))
        maps = layers.maps(weights).transpose(0, 1, 3, 2).copy()
        # All particles start at I...I; the first step spreads them over the strings of I and Z.
        maps[0] = (STATE / 2 @ maps[0])[:, None, :]
        n_qubits = maps.shape[1]
        nowhere = Strings(np.zeros((1, n_qubits), dtype=np.int8), np.ones(1))
        target, log_scale = replace(strings, letters=last.of(strings.letters)), n_qubits * math.log(2.0)
        if last.damps:
            share = strings.share * last.kept(strings.letters)
            total = float(share.sum())
            target = replace(target, share=share / total if total > 0.0 else strings.share)
            log_scale += math.log(total) if total > 0.0 else -math.inf
        return cls(nowhere, log_scale, moves, maps, target)

    def worth(self, letters: Letters) -> Floats:
        """Return what strings are worth in the end, shape ``(n_strings,)``."""
        if self.target is None:
            return STATE[letters].prod(axis=1)
        found = np.zeros(len(letters))
        for string, share in zip(self.target.letters, self.target.share, strict=True):
            found[(letters == string).all(axis=1)] += share
        return found
