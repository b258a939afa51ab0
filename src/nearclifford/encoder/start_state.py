"""The product state that a circuit should start in: low in the loss, with a large gradient in many components.

A pair (term, parameter) fixes the letters of an encoder's start state where the product of its strings has letters, and
leaves the others and all signs open. Here all of them are chosen, for the whole gradient: the loss after a step of ``STEP``
radians against the gradient, to first order, is made as small as changes of single letters can make it
(docs/theory.md, "A start state for the whole gradient").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import stim

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.kernels.start_moves import State, Turns, losses, rows_of, squared_gradients
from nearclifford.normal_form.problem import PauliProblem

# Radians. Lengths of 0.25 to 1.5 trained nearly alike with 8 and 10 qubits; a patch of width D^-1/2 has the radius 1.
STEP = 0.5

# Pairs (rotation, term) whose start states are descended from, and how many are tried for each that anticommutes.
PAIRS, TRIES = 16, 64

# The letters X, Z and Y as the kernel numbers them, and the gates that make the state of each out of |0>.
LETTERS = (1, 2, 3)
GATES = {1: ("H",), 2: (), 3: ("H", "S")}

# Changes by less, relative to Σ|c|, are rounding.
NOTHING = 1e-12


@dataclass(frozen=True, eq=False)
class Start:
    """A product state and what it is worth.

    Attributes
    ----------
    letter : int64, shape ``(N,)``: X 1, Z 2, Y 3.
    minus : bool, shape ``(N,)``: the eigenvalue -1 instead of +1.
    loss, gradient_norm : at the centre.
    """

    letter: Indices
    minus: Flags
    loss: float
    gradient_norm: float

    @property
    def after_step(self) -> float:
        """The loss after a step of `STEP` radians, to first order."""
        return self.loss - STEP * self.gradient_norm

    def gates(self) -> stim.Circuit:
        """Return the layer of one-qubit gates that makes the state out of |0…0>."""
        layer = stim.Circuit()
        layer.append("X", np.flatnonzero(self.minus).tolist())
        for letter, names in GATES.items():
            for name in names:
                layer.append(name, np.flatnonzero(self.letter == letter).tolist())
        return layer


@dataclass(frozen=True, eq=False)
class StartSearch:
    """A Pauli problem, ready to try product states in front of it."""

    problem: PauliProblem

    @cached_property
    def turns(self) -> Turns:
        """Which rotations each parameter turns."""
        angle_map = self.problem.angle_map
        order = np.argsort(angle_map.entry_parameter, kind="stable")
        start = np.searchsorted(angle_map.entry_parameter[order], np.arange(angle_map.n_parameters + 1))
        return Turns(start.astype(np.int64), angle_map.entry_rotation[order].astype(np.int64), angle_map.factor[order])

    @property
    def rounding(self) -> float:
        """What a difference of losses may be by rounding alone."""
        return NOTHING * self.problem.varying_size

    def judged(self, letter: Indices, minus: Flags) -> tuple[Start, Floats]:
        """Return a state with its worth, and what the loss after a step is with each single change: ``(N, 3, 2)``.

        Changes are to a letter of `LETTERS` and to a sign, 0 plus and 1 minus.
        """
        problem, state = self.problem, _state(letter, minus)
        generators, strings = (rows_of(table.strings, state) for table in (problem.generators, problem.images))
        loss, loss_changes = losses(strings, problem.coefficients, state)
        square, square_changes = squared_gradients(generators, strings, problem.coefficients, state, self.turns)
        squares = np.maximum(square + square_changes, 0.0)
        after = (loss + loss_changes - STEP * np.sqrt(squares))[: len(letter), LETTERS]
        return Start(letter, minus, float(loss), float(np.sqrt(square))), after

    def descend(self, letter: Indices, minus: Flags, go_on: Callable[[], bool]) -> Start:
        """Change letters and signs, the best changes first, until no single one helps.

        Many qubits change at once where together they help more than the best of them alone, else half as many.
        """
        (best, after), many = self.judged(letter, minus), len(letter)
        while go_on():
            gain = best.after_step - after.reshape(len(letter), -1).min(axis=1)
            order = np.argsort(-gain, kind="stable")[: min(many, int((gain > self.rounding).sum()))]
            if not len(order):
                break
            (found, further), wanted = self.judged(*_changed(best, after, order)), gain[order[0]]
            if best.after_step - found.after_step >= wanted - self.rounding or len(order) == 1:
                best, after, many = found, further, 2 * many
            else:
                many = len(order) // 2
        return best


def pairs(problem: PauliProblem, rotations: Sequence[int], terms: Sequence[int]) -> list[tuple[int, int]]:
    """Return up to `PAIRS` pairs of a rotation and a term that anticommute, spread evenly over all of them.

    >>> import nearclifford as nc
    >>> pairs(nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2)).problem, [0, 1, 2, 3], [0])
    [(0, 0), (1, 0)]
    """
    total = len(rotations) * len(terms)
    # The golden ratio spreads any number of places evenly; each place once where they are few.
    spread = np.arange(min(total, PAIRS * TRIES))
    places = spread if total <= PAIRS * TRIES else (spread * 0.6180339887498949 % 1 * total).astype(int)
    found = []
    for place in places:
        rotation, term = rotations[int(place) // len(terms)], terms[int(place) % len(terms)]
        generators, images = problem.generators, problem.images
        if generators.take([rotation]).anticommute_with(images.x[term], images.z[term])[0]:
            found.append((rotation, term))
    chosen = np.unique(np.linspace(0, len(found) - 1, min(PAIRS, len(found))).astype(int))
    return [found[index] for index in chosen]


def starts(problem: PauliProblem, encoded: Sequence[tuple[int, int]]) -> Iterator[tuple[Indices, Flags]]:
    """Yield states to descend from: |0…0>, then for each (rotation, term) the one of the Linear Clifford Encoder."""
    n_qubits = problem.n_qubits
    plus = np.zeros(n_qubits, dtype=np.bool_)
    yield np.full(n_qubits, 2), plus
    for rotation, term in encoded:
        letter = sum(
            bit * _bits(getattr(problem.generators, part)[rotation] ^ getattr(problem.images, part)[term], n_qubits)
            for part, bit in (("x", 1), ("z", 2))
        )
        yield np.where(letter == 0, 2, letter), plus


def _changed(start: Start, after: Floats, qubits: Indices) -> tuple[Indices, Flags]:
    """Return the letters and signs with the best change on each of some qubits."""
    letter, minus = start.letter.copy(), start.minus.copy()
    choice = after[qubits].reshape(len(qubits), -1).argmin(axis=1)
    letter[qubits], minus[qubits] = np.array(LETTERS)[choice // 2], choice % 2 == 1
    return letter, minus


def _state(letter: Indices, minus: Flags) -> State:
    """Return a product state packed; beyond the last qubit its letters are Z."""
    n_words = (len(letter) + 63) // 64
    x, z = (_packed((letter & bit) > 0, n_words) for bit in (1, 2))
    z |= ~(x | z)
    return State(x, z, _packed(minus, n_words))


def _packed(bits: Flags, n_words: int) -> npt.NDArray[np.uint64]:
    padded = np.zeros(64 * n_words, dtype=np.uint8)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def _bits(words: npt.NDArray[np.uint64], n_qubits: int) -> Indices:
    return np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")[:n_qubits].astype(np.int64)
