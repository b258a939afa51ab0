"""The ansätze against Qiskit's own construction and against the published gate lists, written out by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2

from nearclifford.ansatz import fhea, mhea, random_pqc
from nearclifford.errors import NearCliffordError

SIZES = [(1, 2), (2, 1), (3, 0), (3, 2), (6, 4)]


def listing(circuit: QuantumCircuit) -> list[tuple[str, tuple[int, ...], list[int]]]:
    """Return every gate with its qubits and the positions of its parameters in `circuit.parameters`."""
    place = {parameter: index for index, parameter in enumerate(circuit.parameters)}
    return [
        (one.operation.name, tuple(circuit.find_bit(q).index for q in one.qubits), [place[p] for p in one.params])
        for one in circuit.data
    ]


@pytest.mark.parametrize(("n_qubits", "layers"), SIZES)
def test_mhea_is_the_circular_efficient_su2(n_qubits: int, layers: int) -> None:
    reference = efficient_su2(n_qubits, su2_gates=["ry", "rz"], entanglement="circular", reps=layers)
    assert listing(mhea(n_qubits, layers)) == listing(reference)


@pytest.mark.parametrize(("n_qubits", "layers"), SIZES)
def test_fhea_is_the_full_efficient_su2(n_qubits: int, layers: int) -> None:
    reference = efficient_su2(n_qubits, su2_gates=["rx", "ry", "rz"], entanglement="full", reps=layers)
    assert listing(fhea(n_qubits, layers)) == listing(reference)


def test_mhea_gate_by_gate() -> None:
    first = [("ry", (q,), [q]) for q in range(3)] + [("rz", (q,), [3 + q]) for q in range(3)]
    ring = [("cx", (2, 0), []), ("cx", (0, 1), []), ("cx", (1, 2), [])]
    last = [("ry", (q,), [6 + q]) for q in range(3)] + [("rz", (q,), [9 + q]) for q in range(3)]
    assert listing(mhea(3, 1)) == first + ring + last


@pytest.mark.parametrize("circuit", [mhea(4, 3), fhea(4, 3), random_pqc(4, 3, rng=1)])
def test_parameters_are_in_the_order_of_appearance(circuit: QuantumCircuit) -> None:
    appearing = [place for _, _, places in listing(circuit) for place in places]
    assert appearing == list(range(circuit.num_parameters))


@pytest.mark.parametrize("seed", range(5))
def test_random_pqc_layers(seed: int) -> None:
    n_qubits, layers = 4, 3
    gates = listing(random_pqc(n_qubits, layers, rng=seed))
    for layer in range(layers):
        rotations, gates = gates[:n_qubits], gates[n_qubits:]
        assert [(qubits, places) for _, qubits, places in rotations] == [
            ((q,), [layer * n_qubits + q]) for q in range(n_qubits)
        ]
        assert {name for name, _, _ in rotations} <= {"rx", "ry", "rz"}
        until_cx = next(i for i, gate in enumerate(gates) if gate[0] == "cx")
        fixed, gates = [(qubits[0], name) for name, qubits, _ in gates[:until_cx]], gates[until_cx:]
        assert fixed == sorted(set(fixed))
        assert {name for _, name in fixed} <= {"h", "s"}
        pairs, gates = gates[:n_qubits], gates[n_qubits:]
        assert all(name == "cx" and a != b for name, (a, b), _ in pairs)
    assert gates == []


def test_random_pqc_frequencies() -> None:
    # 4,000 draws of each kind: five standard deviations, so a false alarm once in about 1e5 checks
    n_qubits, layers = 4, 1000
    gates = listing(random_pqc(n_qubits, layers, rng=3))
    n = n_qubits * layers
    names = Counter(name for name, _, _ in gates)
    pairs = Counter(qubits for name, qubits, _ in gates if name == "cx")

    def expect(count: int, p: float) -> None:
        assert abs(count - n * p) < 5 * np.sqrt(n * p * (1 - p))

    for name in ("rx", "ry", "rz"):
        expect(names[name], 1 / 3)
    for name in ("h", "s"):
        expect(names[name], 1 / 2)
    assert len(pairs) == 12
    for count in pairs.values():
        expect(count, 1 / 12)


def test_random_pqc_seed() -> None:
    # circuits of two calls are never equal for Qiskit, which gives each parameter vector its own identity
    assert listing(random_pqc(5, 4, rng=7)) == listing(random_pqc(5, 4, rng=np.random.default_rng(7)))
    assert listing(random_pqc(5, 4, rng=7)) != listing(random_pqc(5, 4, rng=8))


def test_one_qubit_has_no_two_qubit_gate() -> None:
    for circuit in (mhea(1, 2), fhea(1, 2), random_pqc(1, 2, rng=0)):
        assert circuit.num_nonlocal_gates() == 0
        assert circuit.num_parameters > 0


@pytest.mark.parametrize("make", [mhea, fhea, random_pqc])
def test_bad_sizes(make) -> None:
    with pytest.raises(NearCliffordError, match="n_qubits is 0"):
        make(0, 1)
    with pytest.raises(NearCliffordError, match="layers is -1"):
        make(2, -1)
