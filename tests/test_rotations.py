"""The packed Pauli table against stim, beyond one word."""

import numpy as np
import pytest
import stim
from hypothesis import given
from hypothesis import strategies as st

from nearclifford.normal_form.program import PauliTable


@given(st.integers(1, 200), st.integers(0, 5), st.integers(0, 2**32))
def test_packing_round_trip(n_qubits, count, seed):
    rng = np.random.default_rng(seed)
    strings = []
    for _ in range(count):
        letters = rng.choice(list("_XYZ"), size=n_qubits)
        strings.append(stim.PauliString("+-"[rng.integers(2)] + "".join(letters)))
    table = PauliTable.from_stim(n_qubits, strings)
    assert len(table) == count
    assert table.x.shape == (count, (n_qubits + 63) // 64)
    assert [table.to_stim(row) for row in range(count)] == strings
    assert [table.take([row]).to_stim(0) for row in reversed(range(count))] == strings[::-1]


@pytest.mark.parametrize("qubit", [0, 63, 64, 127, 128])
def test_bit_of_a_qubit(qubit):
    string = stim.PauliString(130)
    string[qubit] = "Y"
    table = PauliTable.from_stim(130, [string])
    word = np.zeros(3, np.uint64)
    word[qubit // 64] = np.uint64(1) << np.uint64(qubit % 64)
    assert np.array_equal(table.x[0], word)
    assert np.array_equal(table.z[0], word)
