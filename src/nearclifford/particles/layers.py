"""A circuit as layers: one map of letters on each qubit, then Clifford gates, then the next maps, and so on.

A gate joins the earliest layer that its qubits allow, so that a staircase of CX between two layers of rotations stays one
segment, whatever its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats, Indices
from nearclifford.normal_form.gates import PRIMITIVES
from nearclifford.normal_form.program import GateTape
from nearclifford.particles.letters import LETTERS, ONE_QUBIT, PARTNER, permutation_map, rotation_map

# Opcodes of gates are below.
FIRST_CHANNEL = len(PRIMITIVES)
NO_FACTORS = np.ones((0, LETTERS**2))


@dataclass(frozen=True, eq=False)
class Weights:
    """What letters weigh at each rotation, float64, shape ``(n_rotations,)``: those that commute, stay, or flip.

    For E[L²] these are 1, E[cos²] and E[sin²]; at the rotation of a derivative 0, E[sin²] and E[cos²]; at a rotation that
    must not flip 1, 1 and 0.
    """

    commuting: Floats
    stay: Floats
    flip: Floats

    @classmethod
    def of_loss(cls, sine_square: Floats) -> Weights:
        """Return the weights of E[L²].

        >>> Weights.of_loss(np.array([0.25])).stay
        array([0.75])
        """
        return cls(np.ones_like(sine_square), 1.0 - sine_square, sine_square)

    def derived(self, rotation: int) -> Weights:
        """Return the weights of a derivative, ``rotation`` the one that is differentiated."""
        return self._changed(np.array([rotation]), 0.0, float(self.flip[rotation]), float(self.stay[rotation]))

    def frozen(self, rotations: Indices) -> Weights:
        """Return the weights where some rotations leave every letter alone."""
        return self._changed(rotations, 1.0, 1.0, 0.0)

    def _changed(self, where: Indices, commuting: float, stay: float, flip: float) -> Weights:
        arrays = self.commuting.copy(), self.stay.copy(), self.flip.copy()
        for array, value in zip(arrays, (commuting, stay, flip), strict=True):
            array[where] = value
        return Weights(*arrays)


@dataclass(frozen=True, eq=False)
class Segment:
    """Clifford gates in time order, as permutations of letters.

    Attributes
    ----------
    gates : int64, shape ``(n_gates, 3)``: opcode, first and second qubit; the latter is -1 for a gate of one qubit.
    factors : float64, shape ``(n_opcodes, 16)``: what letters are multiplied with, by opcode and 4 * first + second, or the
        letter alone; of no opcodes without noise.
    """

    gates: npt.NDArray[np.int64]
    factors: Floats


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers of maps and the segments that follow them, in time order, on the qubits that the observable can meet.

    Attributes
    ----------
    qubits : int64, shape ``(n,)``, ascending: the qubits of the circuit that are kept; all below count among these.
    steps : for each layer its gates (qubit, opcode, rotation or -1), in time order.
    segments : as many as layers.
    factors : float64, shape ``(n_opcodes, 16)``: those of the segments.
    """

    qubits: Indices
    steps: tuple[tuple[tuple[int, int, int], ...], ...]
    segments: tuple[Segment, ...]
    factors: Floats

    @property
    def place_of(self) -> dict[int, int]:
        """The layer of each rotation that is kept."""
        return {rotation: layer for layer, gates in enumerate(self.steps) for _, _, rotation in gates if rotation >= 0}

    def maps(self, weights: Weights) -> Floats:
        """Return the weights with which letters after each layer become letters before it.

        Shape ``(n_layers, n, 4, 4)``: the letter after the layer, then that before it.
        """
        found = np.tile(np.eye(LETTERS), (len(self.steps), len(self.qubits), 1, 1))
        for layer, gates in enumerate(self.steps):
            for qubit, opcode, rotation in gates:
                found[layer, qubit] = self._map(opcode, rotation, weights) @ found[layer, qubit]
        return found

    def _map(self, opcode: int, rotation: int, weights: Weights) -> Floats:
        if opcode >= FIRST_CHANNEL:
            return np.diag(self.factors[opcode, :LETTERS])
        if rotation < 0:
            return permutation_map(ONE_QUBIT[opcode])
        at = weights.commuting[rotation], weights.stay[rotation], weights.flip[rotation]
        return rotation_map(opcode, *(float(weight) for weight in at))


def joins_neighbours(tape: GateTape, n_qubits: int) -> bool:
    """Return whether every gate of two qubits joins neighbours on a ring: guides follow a line of qubits, and no other.

    >>> import nearclifford as nc
    >>> mhea, fhea = (nc.Landscape(make(6, 1), nc.observables.global_z(6)) for make in (nc.ansatz.mhea, nc.ansatz.fhea))
    >>> joins_neighbours(mhea.program.tape, 6), joins_neighbours(fhea.program.tape, 6)
    (True, False)
    """
    pairs = tape.second >= 0
    apart = np.abs(tape.first[pairs].astype(np.int64) - tape.second[pairs])
    return bool(np.isin(apart, (1, n_qubits - 1)).all())


def layers_of(tape: GateTape, n_qubits: int, support: Sequence[int], factors: Floats = NO_FACTORS) -> Layers:
    """Return the layers of the gates that a string on the qubits of ``support`` can meet on its way back.

    ``factors`` : what letters are multiplied with at opcodes from `FIRST_CHANNEL` on, channels: see `Segment`.

    >>> import nearclifford as nc
    >>> program = nc.Landscape(nc.ansatz.mhea(5, 3), nc.observables.global_z(5)).program
    >>> layers = layers_of(program.tape, 5, range(5))
    >>> len(layers.steps), [len(segment.gates) for segment in layers.segments]
    (4, [5, 5, 5, 0])
    """
    gates, qubits = _light_cone(tape, n_qubits, support)
    place = np.full(n_qubits, -1)
    place[qubits] = np.arange(len(qubits))
    times = _times(gates, n_qubits)
    n_layers = max((time // 2 for time in times), default=0) + 1
    steps: list[list[tuple[int, int, int]]] = [[] for _ in range(n_layers)]
    segments: list[list[tuple[int, int, int]]] = [[] for _ in range(n_layers)]
    for (opcode, first, second, rotation), time in zip(gates, times, strict=True):
        if time % 2 == 0:
            steps[time // 2].append((int(place[first]), opcode, rotation))
        else:
            segments[time // 2].append((opcode, int(place[first]), int(place[second]) if second >= 0 else -1))
    made = tuple(Segment(np.array(part, dtype=np.int64).reshape(-1, 3), factors) for part in segments)
    return Layers(qubits, tuple(tuple(part) for part in steps), made, factors)


def _light_cone(tape: GateTape, n_qubits: int, support: Sequence[int]) -> tuple[list[list[int]], Indices]:
    """Return the gates (opcode, first, second, rotation) that can be met, in time order, and the qubits."""
    met = np.zeros(n_qubits, dtype=np.bool_)
    met[list(support)] = True
    kept = []
    rows = np.stack([tape.opcode, tape.first, tape.second, tape.rotation], axis=1).astype(np.int64)
    for row in reversed(rows.tolist()):
        _, first, second, _ = row
        if met[first] or (second >= 0 and met[second]):
            met[first] = True
            if second >= 0:
                met[second] = True
            kept.append(row)
    met[0] |= not met.any()  # the identity meets nothing; it is a string of one letter then
    return kept[::-1], np.flatnonzero(met)


def _times(gates: list[list[int]], n_qubits: int) -> list[int]:
    """Return when each gate happens: even in a layer, odd in the segment that follows it."""
    now = np.zeros(n_qubits, dtype=np.int64)
    times = []
    for opcode, first, second, _ in gates:
        if second >= 0:
            time = max(now[first], now[second])
            time += time % 2 == 0
            now[first] = now[second] = time
        else:
            # A rotation waits for the next layer; a Clifford gate, or a channel, is at home in both.
            now[first] += opcode in PARTNER and now[first] % 2
            time = now[first]
        times.append(int(time))
    return times
