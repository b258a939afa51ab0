"""The merging kernel against plain twins: dictionaries of stim's Pauli strings, nothing merged but equal strings."""

from collections import defaultdict

import numpy as np
import pytest
import stim

from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.merging import propagate as kernels
from nearclifford.normal_form.program import PauliTable


def random_strings(rng, n_qubits, count, weight):
    strings = []
    for _ in range(count):
        letters = ["_"] * n_qubits
        for qubit in rng.choice(n_qubits, size=min(weight, n_qubits), replace=False):
            letters[qubit] = str(rng.choice(list("XYZ")))
        strings.append(stim.PauliString("".join(letters)))
    return strings


def plain_chain(turns, stay, flip, derivative, starts, weight):
    """The mass that ends Z-type, string by string."""
    masses = defaultdict(float)
    for start, mass in zip(starts, weight, strict=True):
        masses[str(start)[1:]] += mass
    for j in reversed(range(len(turns))):
        after = defaultdict(float)
        for text, mass in masses.items():
            string = stim.PauliString(text)
            if not turns[j].commutes(string):
                after[text] += stay[j] * mass
                after[str(turns[j] * string).lstrip("+-i")] += flip[j] * mass
            elif j != derivative:
                after[text] += mass
        masses = after
    return sum(mass for text, mass in masses.items() if not set(text) & {"X", "Y"})


def closing(rng, turns):
    """A string whose x-part the rotations can cancel: a product of some, and a Z-type string."""
    string = stim.PauliString(str(random_strings(rng, len(turns[0]), 1, 3)[0]).replace("X", "Z").replace("Y", "Z"))
    for j in np.flatnonzero(rng.random(len(turns)) < 0.4):
        string = turns[j] * string
    return stim.PauliString(str(string).lstrip("+-i"))


def run(turns, stay, flip, derivative, starts, weight, max_terms):
    n_qubits = len(starts[0])
    table, begin = PauliTable.from_stim(n_qubits, turns), PauliTable.from_stim(n_qubits, starts)
    basis, pivot, rank = adapted_basis(table.x)
    generators = adapted_coordinates(table.strings, basis, pivot)
    rows = adapted_coordinates(begin.strings, basis, pivot)
    return kernels.propagate(generators, rank, stay, flip, derivative, rows, weight, max_terms)


@pytest.mark.parametrize(("n_qubits", "n_turns", "weight"), [(1, 1, 1), (3, 8, 2), (5, 14, 3), (70, 12, 4), (130, 14, 120)])
@pytest.mark.parametrize("seed", range(4))
def test_propagate_equals_the_plain_chain(n_qubits, n_turns, weight, seed):
    rng = np.random.default_rng([n_qubits, n_turns, seed])
    turns = random_strings(rng, n_qubits, n_turns, weight)
    starts = [closing(rng, turns) for _ in range(3)]
    stay = rng.uniform(0.2, 0.9, n_turns)
    masses = np.array([[0.5, 0.0], [0.0, 0.25], [1.0, 0.0]])
    for derivative in (-1, 0, n_turns - 1):
        total, dropped, _, peak = run(turns, stay, 1 - stay, derivative, starts, masses, 10**6)
        expected = [plain_chain(turns, stay, 1 - stay, derivative, starts, masses[:, c]) for c in range(2)]
        np.testing.assert_allclose(total, expected, rtol=1e-13)
        assert not dropped.any() and peak >= 1


def test_strings_longer_than_a_word_in_the_basis():
    n = 130
    turns = [stim.PauliString("_" * q + "X" + "_" * (n - 1 - q)) for q in range(n)]
    turns += [stim.PauliString("_" * q + "YZ" + "_" * (n - 2 - q)) for q in (3, 63, 64, 127)]
    stay = np.full(len(turns), 0.75)
    starts = [stim.PauliString("Z" * n)]
    total, _, _, _ = run(turns, stay, 1 - stay, -1, starts, np.array([[1.0, 0.0]]), 10**6)
    # A flip about Y leaves an X that no rotation takes away, and one about X a Y: every one of the coins must fall on stay.
    assert total[0] == pytest.approx(0.75 ** len(turns), rel=1e-12)
    assert total[1] == 0.0


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_what_is_kept_and_what_is_dropped_bracket_the_whole(limit):
    rng = np.random.default_rng(limit)
    turns = random_strings(rng, 5, 16, 3)
    starts = [closing(rng, turns)]
    stay = rng.uniform(0.5, 0.9, len(turns))
    exact = plain_chain(turns, stay, 1 - stay, -1, starts, [1.0])
    total, dropped, _, peak = run(turns, stay, 1 - stay, -1, starts, np.array([[1.0, 0.0]]), limit)
    assert peak <= limit
    assert total[0] <= exact * (1 + 1e-13) and exact <= (total[0] + dropped[0]) * (1 + 1e-13)
    assert dropped[1] == dropped[4] == 0 and dropped[2] == pytest.approx(dropped[0]) and dropped[3] > 0


def test_cut_keeps_the_heaviest_and_counts_the_rest():
    keys = np.arange(12, dtype=np.uint64).reshape(6, 2)
    mass = np.array([[1.0, 0], [3, 0], [0, 2], [2, 0], [0.5, 1.0], [2, 0]])
    dropped = np.zeros(5)
    count, table = kernels.cut(keys, mass, 6, 3, dropped)
    assert count == 3
    assert mass[:3].tolist() == [[3, 0], [0, 2], [2, 0]]
    assert keys[:3].tolist() == [[2, 3], [4, 5], [6, 7]]
    assert sorted(table[table >= 0].tolist()) == [0, 1, 2]
    assert dropped.tolist() == [1 + 2, 0.5, 1 + 1.5 + 2, 3, 1.5]


def test_fold_drops_the_x_bit_and_merges_over_the_z_bit():
    keys = np.array([[0b01, 0b10], [0b10, 0b00], [0b01, 0b00], [0b00, 0b11]], dtype=np.uint64)
    mass = np.array([[1.0, 0], [2, 0], [4, 1], [8, 0]])
    count, _ = kernels.fold(keys, mass, 4, 1)
    assert count == 2
    assert keys[:2].tolist() == [[0b01, 0b00], [0b00, 0b01]]
    assert mass[:2].tolist() == [[5, 1], [8, 0]]


@pytest.mark.parametrize(("n_qubits", "n_turns"), [(1, 0), (4, 20), (70, 66)])
def test_time_order_keeps_the_order_of_what_anticommutes(n_qubits, n_turns):
    rng = np.random.default_rng([7, n_qubits])
    turns = random_strings(rng, n_qubits, n_turns, 2)
    table = PauliTable.from_stim(n_qubits, turns)
    order = kernels.time_order(table.strings).tolist()
    assert sorted(order) == list(range(n_turns))
    place = {j: position for position, j in enumerate(order)}
    for j in range(n_turns):
        assert all(place[i] < place[j] for i in range(j) if not turns[i].commutes(turns[j]))


def test_time_order_finishes_a_span_before_it_widens_it():
    # RY on two qubits, then RZ on both: RZ of a qubit follows its RY at once.
    table = PauliTable.from_stim(2, [stim.PauliString(text) for text in ("Y_", "_Y", "Z_", "_Z")])
    assert kernels.time_order(table.strings).tolist() == [0, 2, 1, 3]


def test_adapted_basis_spans_the_beginnings():
    rng = np.random.default_rng(3)
    turns = random_strings(rng, 70, 90, 3)
    table = PauliTable.from_stim(70, turns)
    basis, pivot, rank = adapted_basis(table.x)
    rows = adapted_coordinates(table.strings, basis, pivot)
    half = rows.shape[1] // 2
    bits = np.unpackbits(np.ascontiguousarray(rows).view(np.uint8).reshape(90, -1), axis=1, bitorder="little")
    for j in range(90):
        assert not bits[j, rank[j + 1] : 64 * half].any()
        for i in range(j):
            commute = int(bits[i, : 64 * half] @ bits[j, 64 * half :] + bits[j, : 64 * half] @ bits[i, 64 * half :]) % 2 == 0
            assert commute == turns[i].commutes(turns[j])
