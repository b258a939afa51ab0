"""Plain twins of the Pauli kernels, written from stim's algebra and from state vectors."""

from __future__ import annotations

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st

from nearclifford.exact.center import ProductBasis, center_loss
from nearclifford.kernels.pauli import Strings, anticommute, expectations, rows_anticommute, weighted_commutators
from nearclifford.normal_form.program import PauliTable

EIGENSTATE = {"X": np.array([1, 1]) / np.sqrt(2), "Y": np.array([1, 1j]) / np.sqrt(2), "Z": np.array([1.0, 0.0])}


def random_strings(n_qubits: int, n_rows: int, rng: np.random.Generator) -> list[stim.PauliString]:
    """Signed strings with letters drawn uniformly."""
    rows = []
    for _ in range(n_rows):
        string = stim.PauliString("".join(rng.choice(list("_XYZ"), n_qubits)))
        rows.append(string * int(rng.choice([-1, 1])))
    return rows


def fitting_strings(basis: str, n_rows: int, rng: np.random.Generator) -> list[stim.PauliString]:
    """Signed strings whose every letter is I or the letter of the basis: those with an expectation of ±1."""
    rows = []
    for _ in range(n_rows):
        letters = [letter if keep else "_" for letter, keep in zip(basis, rng.random(len(basis)) < 0.5, strict=True)]
        rows.append(stim.PauliString("".join(letters)) * int(rng.choice([-1, 1])))
    return rows


def plain_expectation(string: stim.PauliString, basis: str) -> int:
    """<string> in the product state, by letters."""
    fits = all(letter in ("_", axis) for letter, axis in zip(str(string)[1:], basis, strict=True))
    return int(string.sign.real) if fits else 0


def plain_commutator(generator: stim.PauliString, image: stim.PauliString, basis: str) -> int:
    """<(i/2) [generator, image]> in the product state, by stim's product."""
    if generator.commutes(image):
        return 0
    return plain_expectation(1j * (generator * image), basis)


def basis_of(letters: str) -> ProductBasis:
    """Return the product state of the letters."""
    rows = table([stim.PauliString(letters)])
    return ProductBasis.of(rows.x[0], rows.z[0])


def table(strings: list[stim.PauliString]) -> PauliTable:
    return PauliTable.from_stim(len(strings[0]), strings)


@pytest.mark.parametrize("n_qubits", [1, 2, 5, 63, 64, 65, 130])
def test_expectations_equal_their_plain_twin(n_qubits: int) -> None:
    rng = np.random.default_rng(n_qubits)
    basis = "".join(rng.choice(list("XYZ"), n_qubits))
    strings = random_strings(n_qubits, 30, rng) + fitting_strings(basis, 30, rng)
    state = basis_of(basis)
    rows = table(strings)
    found = expectations(rows.strings, state.x, state.z)
    assert found.tolist() == [plain_expectation(string, basis) for string in strings]
    assert np.count_nonzero(found) >= 30


@pytest.mark.parametrize("n_qubits", [1, 2, 5, 63, 64, 65, 130])
def test_commutators_equal_their_plain_twin(n_qubits: int) -> None:
    rng = np.random.default_rng(100 + n_qubits)
    basis = "".join(rng.choice(list("XYZ"), n_qubits))
    images = random_strings(n_qubits, 6, rng)
    # generator = image times a string of the basis, so that half of the products survive
    fitting = [image * string for image in images for string in fitting_strings(basis, 12, rng)]
    generators = random_strings(n_qubits, 20, rng) + [string if string.sign.imag == 0 else 1j * string for string in fitting]
    weight = rng.normal(size=len(images))
    state = basis_of(basis)
    g, p = table(generators), table(images)
    found = weighted_commutators(g.strings, p.strings, weight, state.x, state.z)
    twin = [
        sum(w * plain_commutator(row, image, basis) for w, image in zip(weight, images, strict=True)) for row in generators
    ]
    np.testing.assert_allclose(found, twin, atol=1e-14)
    assert np.count_nonzero(found) > 20


@pytest.mark.parametrize("n_qubits", [1, 5, 63, 64, 65, 130])
def test_anticommutation_is_that_of_stim(n_qubits: int) -> None:
    rng = np.random.default_rng(200 + n_qubits)
    strings = random_strings(n_qubits, 12, rng)
    x, z, _ = table(strings).strings
    rows = np.concatenate([x, z], axis=1)
    for i, first in enumerate(strings):
        for j, second in enumerate(strings):
            expected = not first.commutes(second)
            assert anticommute(x[i], z[i], x[j], z[j]) == rows_anticommute(rows[i], rows[j]) == expected


def test_empty_tables_give_empty_results() -> None:
    none = Strings(np.zeros((0, 2), np.uint64), np.zeros((0, 2), np.uint64), np.zeros(0, np.int8))
    state = ProductBasis.zero(70)
    assert expectations(none, state.x, state.z).shape == (0,)
    one = table([stim.PauliString("Z" * 70)])
    no_generators = weighted_commutators(none, one.strings, np.ones(1), state.x, state.z)
    no_terms = weighted_commutators(one.strings, none, np.ones(0), state.x, state.z)
    assert no_generators.shape == (0,)
    assert no_terms.tolist() == [0.0]


def test_a_letter_beyond_the_first_word_is_seen() -> None:
    string = stim.PauliString(129)
    string[128] = "X"
    assert center_loss(table([string]), np.ones(1), ProductBasis.zero(129)) == 0.0
    string[128] = "Z"
    assert center_loss(table([string]), np.ones(1), ProductBasis.zero(129)) == 1.0


@settings(max_examples=100, deadline=None)
@given(
    letters=st.lists(
        st.tuples(st.sampled_from("_XYZ"), st.sampled_from("_XYZ"), st.sampled_from("XYZ")), min_size=1, max_size=5
    ),
    signs=st.tuples(st.sampled_from([-1, 1]), st.sampled_from([-1, 1])),
)
def test_commutator_equals_the_state_vector(letters: list[tuple[str, str, str]], signs: tuple[int, int]) -> None:
    generator = stim.PauliString("".join(row[0] for row in letters)) * signs[0]
    image = stim.PauliString("".join(row[1] for row in letters)) * signs[1]
    basis = "".join(row[2] for row in letters)
    state = np.ones(1)
    for letter in basis:
        state = np.kron(state, EIGENSTATE[letter])
    g_matrix, p_matrix = matrix_of(generator), matrix_of(image)
    expected = np.vdot(state, 0.5j * (g_matrix @ p_matrix - p_matrix @ g_matrix) @ state)
    g, p, product = table([generator]), table([image]), basis_of(basis)
    found = weighted_commutators(g.strings, p.strings, np.ones(1), product.x, product.z)
    assert found[0] == pytest.approx(expected, abs=1e-12)


def matrix_of(string: stim.PauliString) -> np.ndarray:
    """The signed matrix of a string, from the 2×2 matrices; the first letter is the leftmost factor."""
    single = {
        "_": np.eye(2),
        "X": np.array([[0, 1], [1, 0]]),
        "Y": np.array([[0, -1j], [1j, 0]]),
        "Z": np.diag([1, -1]),
    }
    matrix = np.ones((1, 1)) * string.sign
    for letter in str(string).lstrip("+-i"):
        matrix = np.kron(matrix, single[letter])
    return matrix
