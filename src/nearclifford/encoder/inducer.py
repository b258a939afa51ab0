"""The gates of the Linear Clifford Encoder: the phase inducer (last) and the diagonalizer (first).

Gates are held as `stim.Circuit`; ``P.before(gates)`` is then the pull-back ``gates† P gates``.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import stim
from qiskit import QuantumCircuit
from qiskit.transpiler import CouplingMap

from nearclifford.arguments import entries, integer
from nearclifford.errors import EncodingError
from nearclifford.normal_form.gates import INVERSE_NAME, INVERSE_TABLEAU, PRIMITIVES, QISKIT_METHODS, ROTATION_AXIS
from nearclifford.normal_form.program import RotationProgram

Neighbours: TypeAlias = Mapping[int, Collection[int]]
Edges: TypeAlias = CouplingMap | Iterable[Sequence[int]]

# The one-qubit gate that exchanges two letters, up to sign.
EXCHANGE = {frozenset("XZ"): "H", frozenset("XY"): "S", frozenset("YZ"): "SQRT_X"}
# Which gate moves a letter off itself; Z goes to X and X to Z by the published convention.
MOVE_AWAY = {"X": "H", "Y": "S", "Z": "H"}


@dataclass(frozen=True)
class Meeting:
    """Where the observable, once through the phase inducer, meets the axis of one rotation.

    Attributes
    ----------
    rotation : index of the rotation in the program.
    axis : its axis there; the inducer must make the observable anticommute with it.
    pull_back : the tableau that takes Paulis from there to the start of the circuit.
    gate : where the rotation stands on the tape; -1 in the compact style, which need not know.
    """

    rotation: int
    axis: stim.PauliString
    pull_back: stim.Tableau
    gate: int = -1


def compact_meetings(program: RotationProgram, rotations: Collection[int]) -> Iterator[Meeting]:
    """Yield the meetings at the output: the axis is pushed forward through every gate that follows.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> [step.axis for step in compact_meetings(land.program, [0])]
    [stim.PauliString("+YX")]
    """
    push_forward = program.pull_back.inverse()
    for rotation in rotations:
        yield Meeting(rotation, push_forward(program.generators.to_stim(rotation)), program.pull_back)


def paper_meetings(program: RotationProgram, rotations: Collection[int]) -> Iterator[Meeting]:
    """Yield the meetings at the rotations themselves, in time order; the circuit behind them is undone.

    ``pull_back`` is updated in place between two steps: use it before asking for the next.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> [(step.axis, step.pull_back(step.axis)) for step in paper_meetings(land.program, [5])]
    [(stim.PauliString("+_Y"), stim.PauliString("+ZY"))]
    """
    wanted = set(rotations)
    tableau = stim.Tableau(program.n_qubits)
    for gate, (name, qubits, rotation) in enumerate(tape_rows(program)):
        if rotation < 0:
            tableau.prepend(INVERSE_TABLEAU[name], qubits)
        elif rotation in wanted:
            axis = stim.PauliString(program.n_qubits)
            axis[qubits[0]] = ROTATION_AXIS[name]
            yield Meeting(rotation, axis, tableau, gate)


def tape_rows(program: RotationProgram) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Yield name, qubits and rotation (-1 for a Clifford gate) of every gate on the tape.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> list(tape_rows(land.program))[3:6]
    [('RZ', (1,), 3), ('CX', (0, 1), -1), ('RY', (0,), 4)]
    """
    tape = program.tape
    columns = (tape.opcode.tolist(), tape.first.tolist(), tape.second.tolist(), tape.rotation.tolist())
    for opcode, first, second, rotation in zip(*columns, strict=True):
        yield PRIMITIVES[opcode], (first,) if second < 0 else (first, second), rotation


def inverse_after(program: RotationProgram, gate: int) -> stim.Circuit:
    """Return the inverse of the Clifford gates that follow ``gate`` on the tape.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> inverse_after(land.program, 0)
    stim.Circuit('''
        CX 0 1
    ''')
    """
    after = itertools.islice(tape_rows(program), gate + 1, None)
    lines = [f"{INVERSE_NAME[name]} {' '.join(map(str, qubits))}" for name, qubits, rotation in after if rotation < 0]
    return stim.Circuit("\n".join(reversed(lines)))


def phase_inducer(
    observable: stim.PauliString, axis: stim.PauliString, neighbours: Neighbours | None = None
) -> stim.Circuit:
    """Return gates with ``gates† observable gates`` anticommuting with the axis: at most one of two qubits.

    Where the two anticommute already nothing is needed. Where they share a qubit, one gate there changes the
    observable's letter. Where they share none, a CX copies a letter of the observable to a qubit of the axis (Z as Z,
    X and Y as X), and a gate there changes the copy if it equals the axis. Which qubit and which letters are the
    conventions of the published data: the lowest index, Y copied as X, Z moved to X and Y to X.

    Parameters
    ----------
    observable, axis : of one length, neither the identity; signs are ignored.
    neighbours : the qubits that each qubit is coupled to; the CX then joins the closest pair. Lowest indices otherwise.

    Examples
    --------
    >>> phase_inducer(stim.PauliString("XZ_"), stim.PauliString("__X"))
    stim.Circuit('''
        H 2
        CX 0 2
    ''')
    """
    # Reading gates from text takes a sixtieth of the time of appending them.
    if not observable.commutes(axis):
        return stim.Circuit()
    shared = sorted(set(observable.pauli_indices()) & set(axis.pauli_indices()))
    if shared:
        return stim.Circuit(f"{_change_of_letter(observable, axis, shared[0])} {shared[0]}")
    source, target = _closest_pair(observable.pauli_indices(), axis.pauli_indices(), neighbours)
    copies_z = _letter(observable, source) == "Z"
    copy = stim.Circuit(f"CX {target} {source}" if copies_z else f"CX {source} {target}")
    if (copied := observable.before(copy)).commutes(axis):
        return stim.Circuit(f"{MOVE_AWAY[_letter(copied, target)]} {target}") + copy
    return copy


def diagonalizer(product: stim.PauliString) -> stim.Circuit:
    """Return the layer of one-qubit gates on |0…0> that makes a Pauli string Z-type.

    H where its letter is X, H then S where it is Y, nothing elsewhere.

    >>> stim.PauliString("XYZ_").before(diagonalizer(stim.PauliString("XYZ_")))
    stim.PauliString("+ZZZ_")
    """
    gates = stim.Circuit()
    gates.append("H", product.pauli_indices("XY"))
    gates.append("S", product.pauli_indices("Y"))
    return gates


def to_qiskit(gates: stim.Circuit, n_qubits: int, name: str | None = None) -> QuantumCircuit:
    """Return Clifford gates of stim as a `QuantumCircuit`, gate for gate.

    >>> dict(to_qiskit(stim.Circuit("CX 0 1 1 0"), 2).count_ops())
    {'cx': 2}
    """
    circuit = QuantumCircuit(n_qubits, name=name)
    for instruction in gates:
        methods = [getattr(circuit, method) for method in QISKIT_METHODS[instruction.name]]
        for targets in instruction.target_groups():
            qubits = [target.value for target in targets]
            for method in methods:
                method(*qubits)
    return circuit


def neighbours_of(coupling_map: Edges | None, n_qubits: int) -> dict[int, set[int]] | None:
    """Return the qubits that each qubit is coupled to, in either direction.

    Raises `EncodingError` for what is no sequence of edges, and for an edge that joins no two qubits of the circuit.

    >>> neighbours_of([(0, 1), (2, 1)], 3)
    {0: {1}, 1: {0, 2}, 2: {1}}
    """
    if coupling_map is None:
        return None
    neighbours: dict[int, set[int]] = {}
    for edge in _edges(coupling_map):
        first, second = _ends(edge, n_qubits)
        neighbours.setdefault(first, set()).add(second)
        neighbours.setdefault(second, set()).add(first)
    return neighbours


def _edges(coupling_map: Any) -> list[Any]:
    edges = entries(coupling_map.get_edges() if isinstance(coupling_map, CouplingMap) else coupling_map)
    if edges is None:
        raise EncodingError(
            f"coupling_map is {coupling_map!r}; expected a CouplingMap or a sequence of edges, such as [(0, 1), (1, 2)]."
        )
    return edges


def _ends(edge: Any, n_qubits: int) -> tuple[int, int]:
    ends = entries(edge) or []
    if len(ends) != 2:
        raise EncodingError(f"An edge of coupling_map is {edge!r}; expected a pair of qubits, such as (0, 1).")
    first, second = (integer(end, "a qubit of coupling_map", 0, EncodingError) for end in ends)
    if first == second or max(first, second) >= n_qubits:
        raise EncodingError(
            f"An edge of coupling_map is ({first}, {second}); expected two different qubits of 0 to {n_qubits - 1}, those "
            "of the circuit. Of a larger device take the part that the circuit is on, as CouplingMap.reduce does."
        )
    return first, second


def _letter(string: stim.PauliString, qubit: int) -> str:
    return "IXYZ"[string[qubit]]


def _change_of_letter(observable: stim.PauliString, axis: stim.PauliString, qubit: int) -> str:
    here, there = _letter(observable, qubit), _letter(axis, qubit)
    return MOVE_AWAY[here] if here == there else EXCHANGE[frozenset((here, there))]


def _closest_pair(sources: Sequence[int], targets: Sequence[int], neighbours: Neighbours | None) -> tuple[int, int]:
    """Return the first pair met by a breadth-first search from the sources; lowest indices where none is met."""
    origin = {qubit: qubit for qubit in sources}
    frontier = list(sources) if neighbours else []
    reached = set(targets)
    while frontier:
        following = []
        for qubit in frontier:
            for neighbour in sorted((neighbours or {}).get(qubit, ())):
                if neighbour in reached:
                    return origin[qubit], neighbour
                if neighbour not in origin:
                    origin[neighbour] = origin[qubit]
                    following.append(neighbour)
        frontier = following
    return sources[0], targets[0]
