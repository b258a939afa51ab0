"""The backward walk of a circuit as a list of row operations, for the bit-sliced chain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nearclifford.kernels.chain.rows import DAMP, EXCHANGE, FLIP, FLIP_Y, MOST_MOVES, NOTHING, XOR, Rows, lay_rows
from nearclifford.normal_form.channels import PauliChannels
from nearclifford.normal_form.gates import PRIMITIVES, ROTATION_AXIS
from nearclifford.normal_form.program import RotationProgram

# What pulling a Pauli string back through a gate does to its bits, signs aside: (target, source) of each XOR, by bit and
# place among the gate's qubits; gates that exchange bits are below.
XORS: dict[str, tuple[tuple[str, str], ...]] = {
    "X": (),
    "Y": (),
    "Z": (),
    "S": (("z0", "x0"),),
    "S_DAG": (("z0", "x0"),),
    "SQRT_X": (("x0", "z0"),),
    "SQRT_X_DAG": (("x0", "z0"),),
    "CX": (("x1", "x0"), ("z0", "z1")),
    "CY": (("z0", "x1"), ("z0", "z1"), ("x1", "x0"), ("z1", "x0")),
    "CZ": (("z0", "x1"), ("z1", "x0")),
}
EXCHANGES: dict[str, tuple[tuple[str, str], ...]] = {
    "H": (("x0", "z0"),),
    "SQRT_Y": (("x0", "z0"),),
    "SQRT_Y_DAG": (("x0", "z0"),),
    "SWAP": (("x0", "x1"), ("z0", "z1")),
}
# A rotation multiplies by its axis where the string anticommutes: (kind, target, source).
FLIPS = {"X": (FLIP, "x0", "z0"), "Y": (FLIP_Y, "x0", "z0"), "Z": (FLIP, "z0", "x0")}
# What stands for a Pauli channel of one and of two qubits in the list of gates.
CHANNEL = (len(PRIMITIVES), len(PRIMITIVES) + 1)


def row_list(program: RotationProgram) -> Rows:
    """Return the row operations of a program's gate tape and of its channels, the last first.

    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import Parameter
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> circuit = QuantumCircuit(2)
    >>> _ = circuit.rx(Parameter("a"), 0); _ = circuit.cx(0, 1); _ = circuit.h(1)
    >>> rows = row_list(compile_circuit(circuit))       # CX: row 3 (x of qubit 1 behind H) ^= row 0, row 1 ^= row 2
    >>> rows.kind.tolist(), rows.target.tolist(), rows.source.tolist()
    ([0, 0, 1], [3, 1, 0], [0, 2, 1])
    """
    tape = program.tape
    gates = np.stack([tape.opcode, tape.first, tape.second, tape.rotation], axis=1).astype(np.int32)
    if program.channels is not None:
        gates = _with_channels(gates, program.channels)
    table, place = lay_rows(gates[::-1].copy(), MOVES, program.n_qubits)
    return Rows(
        kind=table[:, 0].astype(np.int8),
        target=table[:, 1].copy(),
        source=table[:, 2].copy(),
        rotation=table[:, 3].copy(),
        x_rows=place[::2].astype(np.int64),
    )


def _with_channels(gates: npt.NDArray[np.int32], channels: PauliChannels) -> npt.NDArray[np.int32]:
    first, second = channels.qubits.T
    opcode, number = np.where(second < 0, *CHANNEL), 2 * np.arange(len(channels))
    return np.insert(gates, channels.place, np.stack([opcode, first, second, number], axis=1), axis=0)


def _moves() -> npt.NDArray[np.int8]:
    """Return the tables above by opcode, (kind, target, source) by the rows x0, z0, x1, z1 of the gate's qubits."""
    rows = ("x0", "z0", "x1", "z1")
    moves = np.full((len(PRIMITIVES) + len(CHANNEL), MOST_MOVES, 3), NOTHING, dtype=np.int8)
    for code, name in enumerate(PRIMITIVES):
        if name in ROTATION_AXIS:
            facts = [FLIPS[ROTATION_AXIS[name]]]
        elif name in EXCHANGES:
            facts = [(EXCHANGE, *pair) for pair in EXCHANGES[name]]
        else:
            facts = [(XOR, *pair) for pair in XORS[name]]
        for number, (kind, target, source) in enumerate(facts):
            moves[code, number] = kind, rows.index(target), rows.index(source)
    one, two = CHANNEL
    moves[one, 0], moves[two, :2] = (DAMP, 0, 1), [(DAMP, 0, 1), (DAMP, 2, 3)]
    return moves


MOVES = _moves()
