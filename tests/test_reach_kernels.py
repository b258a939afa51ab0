"""The kernels of compression against plain twins: stim for commutation, Gaussian elimination on Python integers."""

import numpy as np
import pytest
import stim

from nearclifford.kernels import reach as kernels
from nearclifford.kernels.bits import bit_of, highest_bit, lowest_bit, trailing_zeros
from nearclifford.kernels.gf2 import coordinates, extend, room_for, span
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
        [members] = kernels.reach_of_terms(table.strings, image.strings)
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


@pytest.mark.parametrize("weight", [1, 2, 500], ids=["local", "pairs", "everywhere"])
@pytest.mark.parametrize(
    ("n_qubits", "n_rotations", "n_terms"), [(3, 0, 2), (5, 30, 0), (70, 130, 9), (300, 90, 70), (300, 200, 130)]
)
def test_reach_of_many_terms_is_that_of_each(n_qubits, n_rotations, n_terms, weight):
    """Letters in a word or two, or in all; terms in one word of bits, or in several."""
    rng = np.random.default_rng([n_qubits, n_terms, weight])
    turns, terms = (random_strings(rng, n_qubits, count, weight) for count in (n_rotations, n_terms))
    table, images = PauliTable.from_stim(n_qubits, turns), PauliTable.from_stim(n_qubits, terms)
    members = kernels.reach_of_terms(table.strings, images.strings)
    assert members.shape == (n_terms, (n_rotations + 63) // 64)
    for row, term in zip(members, terms, strict=True):
        assert [j for j in range(n_rotations) if int(row[j // 64]) >> (j % 64) & 1] == plain_reach(turns, term)


def plain_groups(turns, terms):
    """Return (group of each term, members of each group), by the rule of costs, on Python integers."""
    parts = [as_integer(PauliTable.from_stim(len(turn), [turn]).x[0]) for turn in turns]
    cost = lambda members: (1 + len(members)) * 2 ** plain_rank([parts[j] for j in members])  # noqa: E731
    groups, found = [], []
    for term in terms:
        mine = set(plain_reach(turns, term))
        vectors, target = [parts[j] for j in sorted(mine)], as_integer(PauliTable.from_stim(len(term), [term]).x[0])
        if plain_rank([*vectors, target]) > plain_rank(vectors):
            found.append(-1)
            continue
        recent = range(len(groups) - 1, max(-1, len(groups) - 1 - kernels.WINDOW), -1)
        saved = {g: cost(groups[g]) + cost(mine) - cost(groups[g] | mine) for g in recent}
        best = max(saved, key=saved.get, default=-1)
        if best < 0 or saved[best] < 0:
            best = len(groups)
            groups.append(set())
        groups[best] |= mine
        found.append(best)
    return found, groups


@pytest.mark.parametrize("seed", range(30))
def test_terms_are_grouped_by_what_their_sweeps_cost(seed):
    rng = np.random.default_rng([7, seed])
    n_qubits, n_rotations = int(rng.integers(2, 90)), int(rng.integers(1, 80))
    turns, terms = (random_strings(rng, n_qubits, count, 2) for count in (n_rotations, 25))
    table, images = PauliTable.from_stim(n_qubits, turns), PauliTable.from_stim(n_qubits, terms)
    group, members = kernels.group_terms(table.strings, images.strings)
    expected, groups = plain_groups(turns, terms)
    assert group.tolist() == expected
    assert [{j for j in range(n_rotations) if int(row[j // 64]) >> (j % 64) & 1} for row in members] == groups


def test_terms_of_thousands_of_qubits_are_grouped():
    """Costs of 2^1500 are beyond floats. X on every qubit but one: terms that reach all but a few share one sweep."""
    n_qubits, letters = 1500, [["_"] * 1500 for _ in range(1500)]
    for qubit, string in enumerate(letters):
        string[qubit] = "X"
    turns = PauliTable.from_stim(n_qubits, [stim.PauliString("".join(string)) for string in letters])
    terms = ["Z" * 1500, "Z" * 1499 + "_", "_" * 1499 + "Z", "Z_" * 750]
    group, members = kernels.group_terms(
        turns.strings, PauliTable.from_stim(n_qubits, list(map(stim.PauliString, terms))).strings
    )
    assert group.tolist() == [0, 0, 0, 0] and len(members) == 1
    assert np.unpackbits(members.view(np.uint8)).sum() == 1500


def test_a_basis_grows_and_forgets():
    """Rows added in two steps give the rank of all; the first step's vectors stay as they were."""
    rng = np.random.default_rng(8)
    x = PauliTable.from_stim(130, random_strings(rng, 130, 150, 3)).x
    first, second = (np.packbits(rng.random(192) < 0.4, bitorder="little").view(np.uint64) for _ in range(2))
    rows = lambda members: [as_integer(x[j]) for j in range(150) if bit_of(members, j)]  # noqa: E731
    echelon = room_for(x)
    rank = extend(echelon, 0, x, first, 130)
    assert rank == plain_rank(rows(first))
    before = [array[:rank].copy() for array in echelon]
    assert extend(echelon, rank, x, second & ~first, 130) == plain_rank(rows(first | second))
    assert all((array[:rank] == kept).all() for array, kept in zip(echelon, before, strict=True))
    assert plain_rank([as_integer(x[j]) for j in echelon.origin[:rank]]) == rank
    assert extend(echelon, rank, x, second, rank) == rank


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
