"""Pauli channels of a noisy circuit: where they act, what they do to Pauli strings, and how its normal form sees them.

A Pauli channel multiplies every Pauli string by its damping, a number between -1 and 1 that the letters on the channel's
qubits decide (docs/theory.md, "Pauli noise").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import stim

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.kernels.damping import PROBES, Channels
from nearclifford.normal_form.program import PauliTable

# Of the table of a channel: bits x, z of the first qubit and of the second, the first the lowest.
N_LETTERS = 1 << PROBES


class GateNoise(Protocol):
    """What a compiler asks: the dampings after each gate and at the end, float64, shape ``(16,)``, or None for no noise."""

    def after(self, name: str, qubits: tuple[int, ...]) -> Floats | None:
        """Return the dampings of the channel that follows a gate, by its name and qubits."""
        ...

    def at_end(self, qubit: int) -> Floats | None:
        """Return the dampings of the channel on a qubit that is measured."""
        ...


@dataclass(frozen=True, eq=False)
class PauliChannels:
    """The Pauli channels of a circuit, in time order.

    Attributes
    ----------
    after : int64, shape ``(C,)``: number of rotations before each, ascending.
    place : int64, shape ``(C,)``: number of gates of the tape before each, ascending.
    qubits : int32, shape ``(C, 2)``; the second is -1 for a channel of one qubit.
    kind : int64, shape ``(C,)``: the row of ``damping`` of each.
    damping : float64, shape ``(K, 16)``: by the letters' bits, x and z of the first qubit, x and z of the second.
    probe_x, probe_z : uint64, shape ``(C, 4, ceil(N / 64))``: strings of the normal form; a string anticommutes with them
        where it has these bits.
    """

    after: Indices
    place: Indices
    qubits: npt.NDArray[np.int32]
    kind: Indices
    damping: Floats
    probe_x: Words
    probe_z: Words

    def __len__(self) -> int:
        return len(self.after)

    @property
    def arrays(self) -> Channels:
        """The channels as kernels over the normal form take them."""
        return Channels(self.after, self.kind, self.damping, self.probe_x, self.probe_z)


@dataclass
class ChannelWriter:
    """Channels on the way of a compilation."""

    n_qubits: int
    noise: GateNoise
    rows: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    kinds: dict[bytes, int] = field(default_factory=dict)
    probes: list[stim.PauliString] = field(default_factory=list)

    def write(self, damping: Floats | None, qubits: tuple[int, ...], times: tuple[int, int], tableau: stim.Tableau) -> None:
        """Append a channel behind so many (rotations, gates); the tableau pulls strings back from there."""
        if damping is None:
            return
        kind = self.kinds.setdefault(damping.tobytes(), len(self.kinds))
        self.rows.append((*times, qubits[0], qubits[1] if len(qubits) > 1 else -1, kind))
        for qubit in qubits:
            self.probes += [tableau.z_output(qubit), tableau.x_output(qubit)]

    def channels(self) -> PauliChannels:
        """Return what has been written."""
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, 5)
        table = PauliTable.from_stim(self.n_qubits, self.probes)
        two = rows[:, 3] >= 0
        there = np.repeat(np.stack([np.ones_like(two), two], axis=1), 2, axis=1)
        probe_x, probe_z = np.zeros((2, len(rows), PROBES, table.x.shape[1]), dtype=np.uint64)
        probe_x[there], probe_z[there] = table.x, table.z
        damping = np.frombuffer(b"".join(self.kinds), dtype=np.float64).reshape(-1, N_LETTERS).copy()
        qubits = rows[:, 2:4].astype(np.int32)
        return PauliChannels(rows[:, 0].copy(), rows[:, 1].copy(), qubits, rows[:, 4].copy(), damping, probe_x, probe_z)
