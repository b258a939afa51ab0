"""Commutation of lists of strings against stim, transposes and keys against NumPy."""

import numpy as np
import pytest
import stim

from nearclifford.kernels.commutation import commutation_rows, side_by_side, transpose_bits, transposed
from nearclifford.kernels.paths.tables import keys_of
from nearclifford.normal_form.program import PauliTable
from nearclifford.surrogates.walks import meetings_of


def as_bits(words):
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").astype(bool)


def random_words(rng, *shape):
    return rng.integers(2**64, size=shape, dtype=np.uint64)


@pytest.mark.parametrize(("n_qubits", "n_strings", "n_rows"), [(1, 1, 1), (3, 0, 4), (5, 4, 0), (70, 9, 65), (65, 80, 70)])
def test_rows_say_what_stim_says(n_qubits, n_strings, n_rows):
    rng = np.random.default_rng([n_qubits, n_strings, n_rows])
    letters = (rng.integers(4, size=(count, n_qubits)) for count in (n_strings, n_rows))
    strings, rows = ([stim.PauliString(row) for row in some.tolist()] for some in letters)
    tables = [PauliTable.from_stim(n_qubits, some) for some in (strings, rows)]
    below = np.full(n_strings, n_rows)
    found = commutation_rows(*(side_by_side(table.x, table.z) for table in tables), below)
    assert found.shape == (n_strings, (n_rows + 63) // 64)
    expected = [[not string.commutes(row) for row in rows] for string in strings]
    if n_rows and n_strings:
        assert (as_bits(found)[:, :n_rows] == expected).all()
        assert not as_bits(found)[:, n_rows:].any()


@pytest.mark.parametrize(("n_strings", "n_rows", "words"), [(63, 100, 3), (64, 64, 1), (100, 2049, 5), (70, 4097, 2)])
def test_tables_of_sums_give_the_product_of_matrices(n_strings, n_rows, words):
    """One string fewer than the tables ask for, the fewest, and more rows than one block or two hold."""
    rng = np.random.default_rng([n_strings, n_rows])
    strings, rows = random_words(rng, n_strings, 2 * words), random_words(rng, n_rows, 2 * words)
    below = rng.integers(n_rows + 1, size=n_strings)
    swapped = np.roll(as_bits(rows), 64 * words, axis=1)
    expected = (as_bits(strings).astype(int) @ swapped.T.astype(int)) % 2 * (np.arange(n_rows) < below[:, None])
    found = as_bits(commutation_rows(strings, rows, below))
    assert (found[:, :n_rows] == expected).all()
    assert not found[:, n_rows:].any()


def test_meetings_are_rows_of_those_that_are_kept():
    rng = np.random.default_rng(5)
    turns, kept = random_words(rng, 90, 4), np.array([0, 3, 64, 89])
    place, rows = meetings_of(turns, kept)
    assert np.flatnonzero(place >= 0).tolist() == kept.tolist()
    every = commutation_rows(turns, turns, np.arange(90))
    assert (rows[place[kept]] == every[kept]).all()
    assert meetings_of(turns, np.arange(0)).rows.shape == (0, 2)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(0, 3), (3, 0), (1, 1), (64, 64), (65, 130)])
def test_transposes(n_rows, n_columns):
    matrix = np.random.default_rng(n_rows).random((n_rows, n_columns)) < 0.5
    padded = np.zeros((n_rows, -(-n_columns // 64) * 64), dtype=bool)
    padded[:, :n_columns] = matrix
    words = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
    found = transposed(words, n_columns)
    assert found.shape == (n_columns, -(-n_rows // 64))
    if n_rows and n_columns:
        assert (as_bits(found)[:, :n_rows] == matrix.T).all() and not as_bits(found)[:, n_rows:].any()


def test_a_square_is_transposed_in_place():
    square = random_words(np.random.default_rng(2), 64)
    expected = as_bits(square[:, None]).T
    transpose_bits(square)
    assert (as_bits(square[:, None]) == expected).all()


def test_keys_add_up_the_images_of_bits():
    rng = np.random.default_rng(6)
    x, images = random_words(rng, 20, 3), random_words(rng, 192)
    expected = [np.bitwise_xor.reduce(images[row]) for row in as_bits(x)]
    assert keys_of(x, images).tolist() == [int(key) for key in expected]
    assert keys_of(x[:1] ^ x[1:2], images)[0] == keys_of(x, images)[0] ^ keys_of(x, images)[1]
    assert keys_of(np.zeros((2, 1), np.uint64), images[:64]).tolist() == [0, 0]
