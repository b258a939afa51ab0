"""The search against building and judging every encoding."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from encodable_circuits import random_case, random_label
from nearclifford.encoder import encode
from nearclifford.errors import EncodingError
from nearclifford.search import search_encoder

STYLES = ("compact", "paper")


@pytest.mark.parametrize("objective", ["loss", "gradient", "norm"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(6))
def test_search_equals_encoding_every_candidate(objective: str, style: str, seed: int) -> None:
    rng = np.random.default_rng([11, seed])
    n_qubits = int(rng.integers(1, 5))
    circuit, center, _ = random_case(n_qubits, int(rng.integers(2, 7)), rng)
    labels = [random_label(n_qubits, rng) for _ in range(4)] + ["I" * n_qubits]
    coefficients = np.where(rng.random(5) < 0.5, rng.normal(size=5), 1.0)
    observable = SparsePauliOp(labels, coefficients).simplify()
    score = {
        "loss": lambda encoding: encoding.loss,
        "gradient": lambda encoding: -abs(encoding.gradient[encoding.parameter]),
        "norm": lambda encoding: -encoding.gradient_norm,
    }[objective]
    every = [
        encode(circuit, observable, parameter, term, center, style)
        for term, label in enumerate(observable.paulis.to_labels())
        if label.strip("I")
        for parameter in range(circuit.num_parameters)
    ]
    least = min(map(score, every))
    first = next(encoding for encoding in every if score(encoding) <= least + 1e-10)
    found = search_encoder(circuit, observable, objective, center, style)
    assert (found.term, found.parameter) == (first.term, first.parameter)
    np.testing.assert_array_equal(found.gradient, first.gradient)


def test_search_leaves_out_parameters_on_several_gates() -> None:
    a, b, circuit = Parameter("a"), Parameter("b"), QuantumCircuit(2)
    circuit.ry(a, 0)
    circuit.ry(a, 1)
    circuit.ry(b, 1)
    assert search_encoder(circuit, SparsePauliOp("ZZ"), "gradient").parameter == 1
    with pytest.raises(EncodingError, match="turns 2 rotations"):
        encode(circuit, SparsePauliOp("ZZ"), 0)
    shared = QuantumCircuit(2)
    shared.ry(a, 0)
    shared.ry(a, 1)
    with pytest.raises(EncodingError, match="no rotation or several"):
        search_encoder(shared, SparsePauliOp("ZZ"))
