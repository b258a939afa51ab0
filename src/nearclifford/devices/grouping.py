"""Terms that commute qubit by qubit, measured together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from rustworkx import PyGraph, graph_greedy_color

from nearclifford.arrays import Floats, Words

# Of the outcomes that are looked at together, times the terms: 32 MiB.
MOST_WORDS = 2**22


@dataclass(frozen=True, eq=False)
class TermGroup:
    """Terms that one measurement of some qubits shows.

    Attributes
    ----------
    measurement : turns the letters into Z and measures the qubits that hold one, each into a bit.
    masks : uint64, shape ``(n_terms, words)``: the bits whose parity is the sign of a term, 64 to a word.
    coefficients : float64, shape ``(n_terms,)``.
    """

    measurement: QuantumCircuit
    masks: Words
    coefficients: Floats

    def mean(self, counts: Mapping[str, int]) -> tuple[float, float]:
        """Return (mean, unbiased estimate of its variance) of Σ c_a P_a from counts by hexadecimal outcome."""
        shots = np.array(list(counts.values()), dtype=np.float64)
        n_bytes = 8 * self.masks.shape[1]
        raw = b"".join(int(outcome, 16).to_bytes(n_bytes, "little") for outcome in counts)
        value = self.values(np.frombuffer(raw, dtype="<u8").reshape(len(counts), -1))
        total = float(shots.sum())
        mean = float(shots @ value) / total
        return mean, float(shots @ (value - mean) ** 2) / (total * (total - 1))

    def values(self, outcomes: Words) -> Floats:
        """Return Σ c_a P_a of measured bits, 64 to a word: uint64, shape ``(n, words)``, to float64, shape ``(n,)``."""
        value = np.empty(len(outcomes))
        step = max(1, MOST_WORDS // self.masks.size)
        for start in range(0, len(outcomes), step):
            odd = np.bitwise_count(outcomes[start : start + step, None] & self.masks).sum(axis=2) & 1
            value[start : start + step] = (1.0 - 2.0 * odd) @ self.coefficients
        return value


def term_groups(observable: SparsePauliOp) -> tuple[float, list[TermGroup]]:
    """Return the weight of the identity, and the other terms in groups that commute qubit by qubit.

    >>> constant, groups = term_groups(SparsePauliOp(["II", "ZZ", "IZ", "XX"], [0.5, 1, 2, 3]))
    >>> constant, [len(group.coefficients) for group in groups]
    (0.5, [1, 2])
    >>> groups[1].mean({"0x0": 75, "0x1": 25})[0]  # 75 times +1 + 2, 25 times -1 - 2
    1.5
    """
    constant, parts = commuting_parts(observable)
    return constant, [_group(part) for part in parts]


def commuting_parts(observable: SparsePauliOp) -> tuple[float, list[SparsePauliOp]]:
    """Return the weight of the identity, and the other terms in parts that commute qubit by qubit.

    >>> commuting_parts(SparsePauliOp(["II", "ZZ", "IZ", "XX"], [0.5, 1, 2, 3]))[1][0]
    SparsePauliOp(['XX'],
                  coeffs=[3.+0.j])
    """
    plain = SparsePauliOp(observable).simplify(atol=0.0)
    empty = ~(plain.paulis.x | plain.paulis.z).any(axis=1)
    constant = float(plain.coeffs[empty].real.sum())
    if empty.all():
        return constant, []
    varying = plain[~empty]
    members: dict[int, list[int]] = {}
    for term, color in graph_greedy_color(_clashes(varying)).items():
        members.setdefault(color, []).append(term)
    return constant, [varying[terms] for terms in members.values()]


def _clashes(terms: SparsePauliOp) -> PyGraph[int, None]:
    """Return the graph of terms that hold different letters on some qubit.

    It is Qiskit's ``noncommutation_graph``, and its colouring that of ``group_commuting``, without a byte for each pair of
    terms and qubit: 3,000 terms on 1,000 qubits take a second.
    """
    x, z = (_packed(letters) for letters in (terms.paulis.x, terms.paulis.z))
    graph: PyGraph[int, None] = PyGraph()
    graph.add_nodes_from(range(len(x)))
    for row in range(len(x) - 1):
        differ = (x[row] ^ x[row + 1 :]) | (z[row] ^ z[row + 1 :])
        both = (x[row] | z[row]) & (x[row + 1 :] | z[row + 1 :])
        others = row + 1 + np.flatnonzero((differ & both).any(axis=1))
        graph.add_edges_from_no_data([(row, other) for other in others.tolist()])
    return graph


def _group(part: SparsePauliOp) -> TermGroup:
    x, z = part.paulis.x.any(axis=0), part.paulis.z.any(axis=0)
    support = np.flatnonzero(x | z)
    measurement = QuantumCircuit(part.num_qubits)
    measurement.add_register(ClassicalRegister(len(support)))
    for bit, qubit in enumerate(support.tolist()):
        if x[qubit]:
            if z[qubit]:
                measurement.sdg(qubit)
            measurement.h(qubit)
        measurement.measure(qubit, bit)
    letters = (part.paulis.x | part.paulis.z)[:, support]
    return TermGroup(measurement, _packed(letters), part.coeffs.real.astype(np.float64))


def _packed(letters: npt.NDArray[np.bool_]) -> Words:
    """Return rows of bits as rows of words."""
    packed = np.packbits(letters, axis=1, bitorder="little")
    # The letters of chosen qubits lie column by column in memory, and a view as words needs whole rows.
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))).view("<u8")
