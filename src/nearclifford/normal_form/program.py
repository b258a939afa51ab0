"""The one intermediate form: a circuit as a list of Pauli rotations, and its gate tape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import stim

from nearclifford.arrays import Flags, Indices, Signs, Words
from nearclifford.kernels.pauli import Strings
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.gates import INVERSE_TABLEAU, OPCODE, PRIMITIVES, TABLEAU

if TYPE_CHECKING:
    from nearclifford.normal_form.channels import PauliChannels


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

    @property
    def y_letters(self) -> Indices:
        """Number of letters Y in each row: the operator is ``sign * i^(letters Y) X^x Z^z``; int64, shape ``(n_rows,)``."""
        return np.bitwise_count(self.x & self.z).sum(axis=1, dtype=np.int64)

    def anticommute_with(self, x: Words, z: Words) -> Flags:
        """Return which rows anticommute with a string of packed words ``x, z``, shape ``(ceil(N / 64),)``.

        >>> table = PauliTable.from_stim(1, [stim.PauliString("X"), stim.PauliString("Z")])
        >>> table.anticommute_with(table.x[0], table.z[0]).tolist()
        [False, True]
        """
        overlap = np.bitwise_count(self.x & z) ^ np.bitwise_count(self.z & x)
        return (overlap.sum(axis=1) & 1).astype(np.bool_)

    def pulled_back(self, gates: stim.Circuit) -> PauliTable:
        """Return the table of ``C† P C``, C the Clifford gates of `nearclifford.normal_form.gates.TABLEAU`.

        >>> table = PauliTable.from_stim(2, [stim.PauliString("XY"), stim.PauliString("ZI")])
        >>> table.pulled_back(stim.Circuit("H 1")).to_stim(0)
        stim.PauliString("-XY")
        """
        table = self
        for instruction in reversed(list(gates)):
            qubits = [target.value for target in instruction.targets_copy()]
            one_by_one = len(set(qubits)) < len(qubits) or len(INVERSE_TABLEAU[instruction.name]) > 1
            table = table._before(instruction) if one_by_one else table._turned(INVERSE_TABLEAU[instruction.name], qubits)
        return table

    def _before(self, instruction: stim.CircuitInstruction) -> PauliTable:
        mask = self._mask([target.value for target in instruction.targets_copy()])
        rows = np.flatnonzero(((self.x | self.z) & mask).any(axis=1)).tolist()
        strings = [self.to_stim(row).before(instruction) for row in rows]
        return self.replaced(rows, PauliTable.from_stim(self.n_qubits, strings))

    def _turned(self, tableau: stim.Tableau, qubits: list[int]) -> PauliTable:
        """Return the table with a map of one qubit's letters applied to each of the qubits."""
        mask, odd = self._mask(qubits), np.zeros(len(self), dtype=np.int8)
        x, z = self.x & ~mask, self.z & ~mask
        met = {"X": self.x & ~self.z & mask, "Z": self.z & ~self.x & mask, "Y": self.x & self.z & mask}
        for letter, where in met.items():
            image = tableau(stim.PauliString(letter))
            to_x, to_z = image.to_numpy()
            x |= where * to_x.astype(np.uint64)
            z |= where * to_z.astype(np.uint64)
            if image.sign.real < 0:
                odd ^= (np.bitwise_count(where).sum(axis=1) & 1).astype(np.int8)
        return PauliTable(self.n_qubits, x, z, self.sign * (1 - 2 * odd))

    def _mask(self, qubits: list[int]) -> Words:
        """Return the word of the given qubits, shape ``(ceil(N / 64),)``."""
        string = stim.PauliString(self.n_qubits)
        for qubit in qubits:
            string[qubit] = "X"
        return PauliTable.from_stim(self.n_qubits, [string]).x[0]

    def replaced(self, rows: list[int], others: PauliTable) -> PauliTable:
        """Return a table in which the rows of another stand in the given places.

        >>> table = PauliTable.from_stim(1, [stim.PauliString("X"), stim.PauliString("Y")])
        >>> table.replaced([1], PauliTable.from_stim(1, [stim.PauliString("-Z")])).to_stim(1)
        stim.PauliString("-Z")
        """
        x, z, sign = self.x.copy(), self.z.copy(), self.sign.copy()
        x[rows], z[rows], sign[rows] = others.x, others.z, others.sign
        return PauliTable(self.n_qubits, x, z, sign)


def primitives(gates: stim.Circuit) -> list[tuple[str, tuple[int, ...]]]:
    r"""Return the name and the qubits of each gate of a circuit of stim, in time order.

    >>> primitives(stim.Circuit("H 0 1\nCX 1 0"))
    [('H', (0,)), ('H', (1,)), ('CX', (1, 0))]
    """
    return [
        (instruction.name, tuple(target.value for target in targets))
        for instruction in gates
        for targets in instruction.target_groups()
    ]


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

    @classmethod
    def of_gates(cls, gates: stim.Circuit) -> GateTape:
        r"""Return the tape of a circuit of Clifford primitives alone.

        >>> GateTape.of_gates(stim.Circuit("H 0 1\nCX 0 1")).second.tolist()
        [-1, -1, 1]
        """
        rows = [(OPCODE[name], qubits[0], qubits[1] if len(qubits) > 1 else -1, -1) for name, qubits in primitives(gates)]
        columns = np.array(rows, dtype=np.int32).reshape(-1, 4).T.copy()
        return cls(columns[0].astype(np.int16), columns[1], columns[2], columns[3])

    @classmethod
    def joined(cls, parts: Sequence[GateTape]) -> GateTape:
        """Return one tape after another; rotations keep their numbers."""
        names = ("opcode", "first", "second", "rotation")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

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
    channels : Pauli noise between the gates; None without.
    """

    angle_map: AngleMap
    generators: PauliTable
    pull_back: stim.Tableau
    tape: GateTape
    channels: PauliChannels | None = None

    @property
    def n_qubits(self) -> int:
        """Number of qubits N."""
        return self.generators.n_qubits

    def surrounded(self, before: stim.Circuit, after: stim.Circuit) -> RotationProgram:
        """Return the normal form of the circuit between Clifford gates, without compiling it again.

        With B before and A after it, ``A C R_n ··· R_1 B = (A C B) R'_n ··· R'_1``, where ``R'_j`` turns about ``B† G_j B``.
        Parameters, angles and centre stay. The gates are those of `nearclifford.normal_form.gates.TABLEAU`.

        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from nearclifford.normal_form.compiler import compile_circuit
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.rz(Parameter("a"), 0)
        >>> program = compile_circuit(circuit).surrounded(stim.Circuit("H 0"), stim.Circuit("S 0"))
        >>> program.generators.to_stim(0), program.pull_back(stim.PauliString("X")), len(program.tape)
        (stim.PauliString("+X"), stim.PauliString("+Y"), 3)
        """
        assert self.channels is None  # noise belongs to gates of the circuit that is compiled
        pull_back = self.pull_back.copy()
        for name, qubits in primitives(after):
            pull_back.prepend(INVERSE_TABLEAU[name], qubits)
        # Gates are put in front of a tableau in a five-hundredth of the time of putting them behind it.
        push_forward = pull_back.inverse()
        for name, qubits in reversed(primitives(before)):
            push_forward.prepend(TABLEAU[name], qubits)
        tape = GateTape.joined([GateTape.of_gates(before), self.tape, GateTape.of_gates(after)])
        angle_map = replace(self.angle_map, describe=tape.describe)
        return RotationProgram(angle_map, self.generators.pulled_back(before), push_forward.inverse(), tape)
