"""The kernels of compression against plain twins: stim for commutation, Gaussian elimination on Python integers."""

import numpy as np
import pytest
import stim

from nearclifford.kernels import reach as kernels
from nearclifford.kernels.bits import bit_of, highest_bit, lowest_bit, trailing_zeros
from nearclifford.kernels.gf2 import coordinates, span
from nearclifford.normal_form.program import PauliTable


def random_strings(rng, n_qubits, count, weight):
    strings = []
    for _ in range(count):
        letters = ["_"] * n_qubits
        for qubit in rng.choice(n_qubits, size=min(weight, n_qubits), replace=False):
            letters[qubit] = rng.choice(list("XYZ"))
        strings.append(stim.PauliString("".join(letters)))
    return strings


def plain_reach(turns, term):
    kept = []
    for j in reversed(range(len(turns))):
        if not turns[j].commutes(term) or any(not turns[j].commutes(turns[i]) for i in kept):
            kept.append(j)
    return sorted(kept)


def plain_rank(vectors):
    basis = []
    for vector in vectors:
        for other in basis:
            vector = min(vector, vector ^ other)
        if vector:
            basis.append(vector)
    return len(basis)


def as_integer(words):
    return sum(int(word) << (64 * i) for i, word in enumerate(words))


@pytest.mark.parametrize(("n_qubits", "n_rotations"), [(1, 1), (3, 0), (5, 30), (70, 63), (70, 64), (130, 200)])
def test_reach_and_span_equal_plain_twins(n_qubits, n_rotations):
    rng = np.random.default_rng([n_qubits, n_rotations])
    turns = random_strings(rng, n_qubits, n_rotations, 2)
    table = PauliTable.from_stim(n_qubits, turns)
    for term in random_strings(rng, n_qubits, 5, 2):
        image = PauliTable.from_stim(n_qubits, [term])
        members = np.zeros((n_rotations + 63) // 64, np.uint64)
        kernels.reach(table.strings, image.x[0], image.z[0], members)
        found = [j for j in range(n_rotations) if int(members[j // 64]) >> (j % 64) & 1]
        assert found == plain_reach(turns, term)
        basis, pivot = span(table.x, members)
        assert len(pivot) == plain_rank([as_integer(table.x[j]) for j in found])
        for i, bit in enumerate(pivot):
            assert [as_integer(row) >> int(bit) & 1 for row in basis] == [int(k == i) for k in range(len(pivot))]


def test_bits_are_those_of_integers():
    rng = np.random.default_rng(4)
    for number in [1, 2**63, 2**64 - 1, *(int(n) >> int(rng.integers(64)) | 1 << 5 for n in rng.integers(2**62, size=50))]:
        word = np.uint64(number)
        assert highest_bit(word) == number.bit_length() - 1
        assert trailing_zeros(word) == (number & -number).bit_length() - 1
        row = np.array([0, number, 7], np.uint64)
        assert lowest_bit(row) == 64 + trailing_zeros(word)
        assert [int(bit_of(row, i)) for i in range(64, 128)] == [number >> i & 1 for i in range(64)]
    assert lowest_bit(np.zeros(3, np.uint64)) == -1


@pytest.mark.parametrize(("n_qubits", "n_rotations", "n_terms"), [(3, 0, 2), (5, 30, 0), (70, 130, 9)])
def test_reach_of_many_terms_is_that_of_each(n_qubits, n_rotations, n_terms):
    rng = np.random.default_rng([n_qubits, n_terms])
    turns, terms = random_strings(rng, n_qubits, n_rotations, 2), random_strings(rng, n_qubits, n_terms, 2)
    table, images = PauliTable.from_stim(n_qubits, turns), PauliTable.from_stim(n_qubits, terms)
    members = kernels.reach_of_terms(table.strings, images.strings)
    assert members.shape == (n_terms, (n_rotations + 63) // 64)
    for row, term in zip(members, terms, strict=True):
        assert [j for j in range(n_rotations) if int(row[j // 64]) >> (j % 64) & 1] == plain_reach(turns, term)


def test_coordinates_rebuild_the_strings():
    rng = np.random.default_rng(3)
    table = PauliTable.from_stim(90, random_strings(rng, 90, 25, 4))
    everything = np.array([(1 << 25) - 1], np.uint64)
    basis, pivot = span(table.x, everything)
    x, z = coordinates(table.strings, basis, pivot)
    vectors = [as_integer(row) for row in basis]
    for j in range(25):
        rebuilt = 0
        for i, vector in enumerate(vectors):
            if int(x[j]) >> i & 1:
                rebuilt ^= vector
            assert int(z[j]) >> i & 1 == (as_integer(table.z[j]) & vector).bit_count() % 2
        assert rebuilt == as_integer(table.x[j])


def test_terms_that_never_meet_zero_are_in_no_group():
    turns = PauliTable.from_stim(2, [stim.PauliString("Z_"), stim.PauliString("X_")])
    images = PauliTable.from_stim(2, [stim.PauliString(p) for p in ("_X", "Z_", "_Z", "Y_")])
    group, members = kernels.group_terms(turns.strings, images.strings)
    assert group[0] == -1
    assert (group[1:] >= 0).all()
    assert len(members) == group.max() + 1
