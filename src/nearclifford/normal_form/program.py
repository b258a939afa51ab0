"""The one intermediate form: a circuit as a list of Pauli rotations, and its gate tape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import stim

from nearclifford.arrays import Flags, Signs, Words
from nearclifford.kernels.pauli import Strings
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.gates import PRIMITIVES


@dataclass(frozen=True, eq=False)
class PauliTable:
    """Signed Pauli strings, packed 64 qubits to a word.

    Row ``r`` is the Hermitian operator ``sign[r] * i^|x & z| * X^x Z^z``: the letter on qubit ``q``
    is X, Z or Y as bit ``q`` is set in ``x`` only, in ``z`` only or in both.

    Attributes
    ----------
    n_qubits : number of qubits N.
    x, z : uint64, shape ``(n_rows, ceil(N / 64))``; qubit ``q`` is bit ``q % 64`` of word ``q // 64``.
    sign : int8, shape ``(n_rows,)``, each +1 or -1.
    """

    n_qubits: int
    x: Words
    z: Words
    sign: Signs

    def __len__(self) -> int:
        return len(self.sign)

    @classmethod
    def from_stim(cls, n_qubits: int, strings: list[stim.PauliString]) -> PauliTable:
        """Pack a list of real-signed `stim.PauliString` of length ``n_qubits``.

        >>> import stim
        >>> table = PauliTable.from_stim(3, [stim.PauliString("-XYZ")])
        >>> table.x.tolist(), table.z.tolist(), table.sign.tolist()
        ([[3]], [[6]], [-1])
        """
        n_bytes, n_words = (n_qubits + 7) // 8, (n_qubits + 63) // 64
        x = np.zeros((len(strings), 8 * n_words), dtype=np.uint8)
        z = np.zeros_like(x)
        sign = np.empty(len(strings), dtype=np.int8)
        for row, string in enumerate(strings):
            x[row, :n_bytes], z[row, :n_bytes] = string.to_numpy(bit_packed=True)
            sign[row] = string.sign.real
        return cls(n_qubits, x.view("<u8"), z.view("<u8"), sign)

    def to_stim(self, row: int) -> stim.PauliString:
        """Return row ``row`` as a `stim.PauliString`.

        >>> import stim
        >>> PauliTable.from_stim(3, [stim.PauliString("-XYZ")]).to_stim(0)
        stim.PauliString("-XYZ")
        """
        n_bytes = (self.n_qubits + 7) // 8
        return stim.PauliString.from_numpy(
            xs=self.x[row].view(np.uint8)[:n_bytes],
            zs=self.z[row].view(np.uint8)[:n_bytes],
            sign=int(self.sign[row]),
            num_qubits=self.n_qubits,
        )

    @property
    def strings(self) -> Strings:
        """The rows as the kernels take them."""
        return Strings(self.x, self.z, self.sign)

    def take(self, rows: npt.ArrayLike) -> PauliTable:
        """Return the table of the given rows, in the given order."""
        index = np.asarray(rows)
        return PauliTable(self.n_qubits, self.x[index], self.z[index], self.sign[index])

    def anticommute_with(self, x: Words, z: Words) -> Flags:
        """Return which rows anticommute with a string of packed words ``x, z``, shape ``(ceil(N / 64),)``.

        >>> table = PauliTable.from_stim(1, [stim.PauliString("X"), stim.PauliString("Z")])
        >>> table.anticommute_with(table.x[0], table.z[0]).tolist()
        [False, True]
        """
        overlap = np.bitwise_count(self.x & z) ^ np.bitwise_count(self.z & x)
        return (overlap.sum(axis=1) & 1).astype(np.bool_)

    def replaced(self, rows: list[int], others: PauliTable) -> PauliTable:
        """Return a table in which the rows of another stand in the given places.

        >>> table = PauliTable.from_stim(1, [stim.PauliString("X"), stim.PauliString("Y")])
        >>> table.replaced([1], PauliTable.from_stim(1, [stim.PauliString("-Z")])).to_stim(1)
        stim.PauliString("-Z")
        """
        x, z, sign = self.x.copy(), self.z.copy(), self.sign.copy()
        x[rows], z[rows], sign[rows] = others.x, others.z, others.sign
        return PauliTable(self.n_qubits, x, z, sign)


@dataclass(frozen=True, eq=False)
class GateTape:
    """The circuit gate by gate, in time order, for walks that need locality.

    Attributes
    ----------
    opcode : int16, shape ``(n_gates,)``: an index into `nearclifford.normal_form.gates.PRIMITIVES`.
    first, second : int32, shape ``(n_gates,)``: the qubits; ``second`` is -1 for one-qubit gates.
    rotation : int32, shape ``(n_gates,)``: which rotation the gate is, -1 for a Clifford gate.
    """

    opcode: npt.NDArray[np.int16]
    first: npt.NDArray[np.int32]
    second: npt.NDArray[np.int32]
    rotation: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.opcode)

    def describe(self, rotation: int) -> str:
        """Return what an error calls a rotation, with its gate."""
        gate = int(np.flatnonzero(self.rotation == rotation)[0])
        return f"rotation {rotation} ({PRIMITIVES[self.opcode[gate]]} on qubit {self.first[gate]})"


@dataclass(frozen=True, eq=False)
class RotationProgram:
    """A circuit in normal form, ``U = C · R_n ··· R_2 R_1`` with ``R_j = exp(-i φ_j G_j / 2)``, φ as `AngleMap` says.

    Attributes
    ----------
    angle_map : from the parameters to the angles φ.
    generators : the signed ``G_j``, in time order.
    pull_back : the tableau of ``P -> C† P C`` (fixed rotations and the centre included in C).
    tape : the same circuit gate by gate; Clifford parts of the centre appear as Clifford gates.
    """

    angle_map: AngleMap
    generators: PauliTable
    pull_back: stim.Tableau
    tape: GateTape

    @property
    def n_qubits(self) -> int:
        """Number of qubits N."""
        return self.generators.n_qubits
