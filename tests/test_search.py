"""The search against building and judging every encoding."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from encodable_circuits import random_case, random_label
from nearclifford.encoder.encode import Encoding, encode
from nearclifford.encoder.search import search_encoder
from nearclifford.errors import EncodingError, IncompleteSearchWarning, NearCliffordError

STYLES = ("compact", "paper")
SCORES = {
    "loss": lambda encoding: encoding.loss,
    "gradient": lambda encoding: -abs(encoding.gradient[encoding.parameter]),
    "norm": lambda encoding: -encoding.gradient_norm,
}


@pytest.mark.parametrize("objective", ["loss", "gradient", "norm"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(6))
def test_search_equals_encoding_every_candidate(objective: str, style: str, seed: int) -> None:
    rng = np.random.default_rng([11, seed])
    circuit, observable, center = problem(rng)
    found = search_encoder(circuit, observable, objective, center, style)
    first = best_of(circuit, observable, objective, center, style)
    assert (found.term, found.parameter) == (first.term, first.parameter)
    np.testing.assert_array_equal(found.gradient, first.gradient)


@pytest.mark.parametrize("objective", ["loss", "gradient", "norm"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_a_filtered_search_equals_encoding_the_chosen_candidates(objective: str, style: str, seed: int) -> None:
    rng = np.random.default_rng([12, seed])
    circuit, observable, center = problem(rng)
    letters = [term for term, label in enumerate(observable.paulis.to_labels()) if label.strip("I")]
    terms = rng.choice(letters, 2).tolist()
    parameters = rng.choice(circuit.num_parameters, 2).tolist()
    named = [circuit.parameters[index] for index in parameters]
    first = best_of(circuit, observable, objective, center, style, terms, parameters)
    for some in (parameters, named, np.array(parameters), (index for index in parameters)):
        found = search_encoder(circuit, observable, objective, center, style, terms=terms, parameters=some)
        assert (found.term, found.parameter) == (first.term, first.parameter)
        np.testing.assert_array_equal(found.gradient, first.gradient)


def problem(rng: np.random.Generator) -> tuple[QuantumCircuit, SparsePauliOp, np.ndarray]:
    n_qubits = int(rng.integers(1, 5))
    circuit, center, _ = random_case(n_qubits, int(rng.integers(2, 7)), rng)
    labels = [random_label(n_qubits, rng) for _ in range(4)] + ["I" * n_qubits]
    coefficients = np.where(rng.random(5) < 0.5, rng.normal(size=5), 1.0)
    return circuit, SparsePauliOp(labels, coefficients).simplify(), center


def best_of(
    circuit: QuantumCircuit,
    observable: SparsePauliOp,
    objective: str,
    center: np.ndarray,
    style: str,
    terms: list[int] | None = None,
    parameters: list[int] | None = None,
) -> Encoding:
    """The first of the best, each of them built and judged."""
    every = [
        encode(circuit, observable, parameter, term, center, style)
        for term, label in enumerate(observable.paulis.to_labels())
        if label.strip("I") and (terms is None or term in terms)
        for parameter in range(circuit.num_parameters)
        if parameters is None or parameter in parameters
    ]
    score = SCORES[objective]
    least = min(map(score, every))
    return next(encoding for encoding in every if score(encoding) <= least + 1e-10)


@pytest.mark.parametrize("style", STYLES)
def test_more_inducers_than_are_kept_change_nothing(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    circuit, center, _ = random_case(6, 12, rng)
    observable = SparsePauliOp([random_label(6, rng) for _ in range(12)], rng.normal(size=12)).simplify()
    first = best_of(circuit, observable, "norm", center, style)
    for kept in (1, 256):
        monkeypatch.setattr("nearclifford.encoder.search.MOST_IMAGES", kept)
        found = search_encoder(circuit, observable, "norm", center, style)
        assert (found.term, found.parameter) == (first.term, first.parameter)
        np.testing.assert_array_equal(found.gradient, first.gradient)


@pytest.mark.parametrize("style", STYLES)
def test_a_search_out_of_time_says_how_much_it_judged(style: str) -> None:
    rng = np.random.default_rng(14)
    circuit, center, _ = random_case(4, 6, rng)
    observable = SparsePauliOp(["ZZII", "IXXI", "IIII", "YIIY"], [1.0, 0.5, 2.0, -1.0])
    text = "judged 1 of 18 candidates in max_seconds = 1e-09; .* terms= and parameters="
    with pytest.warns(IncompleteSearchWarning, match=text) as caught:
        found = search_encoder(circuit, observable, "norm", center, style, max_seconds=1e-9)
    assert caught[0].filename == __file__
    again = encode(circuit, observable, found.parameter, found.term, center, style)
    np.testing.assert_array_equal(found.gradient, again.gradient)


def test_a_search_in_time_says_nothing(capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder) -> None:
    circuit, center, _ = random_case(3, 4, np.random.default_rng(15))
    whole = search_encoder(circuit, SparsePauliOp(["ZZI", "IXX"]), "norm", center)
    timed = search_encoder(circuit, SparsePauliOp(["ZZI", "IXX"]), "norm", center, max_seconds=1000, progress=False)
    assert (timed.term, timed.parameter) == (whole.term, whole.parameter)
    # One candidate, judged: nothing is missing, however late.
    search_encoder(circuit, SparsePauliOp("ZZI"), "norm", center, parameters=[2], max_seconds=1e-9)
    assert not recwarn.list
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"terms": []}, "terms is empty; expected a sequence of indices into observable.simplify"),
        ({"terms": 0}, "terms is 0; expected a sequence"),
        ({"terms": "0"}, "terms is '0'"),
        ({"terms": np.array(0)}, r"terms is array\(0\)"),
        ({"terms": [2]}, "an entry of terms is 2, the identity"),
        ({"terms": [3]}, "an entry of terms is 3; expected 0 to 2"),
        ({"terms": [-1]}, "an entry of terms is -1"),
        ({"terms": [True]}, "an entry of terms is True; expected an integer"),
        ({"terms": [[0]]}, r"an entry of terms is \[0\]"),
        ({"parameters": []}, "parameters is empty; expected a sequence of indices into circuit.parameters"),
        ({"parameters": 1}, "parameters is 1; expected a sequence"),
        ({"parameters": Parameter("a")}, r"parameters is .*; expected a sequence"),
        ({"parameters": [0.0]}, "an entry of parameters is 0.0; expected an integer or a Parameter"),
        ({"parameters": [4]}, "an entry of parameters is 4; expected 0 to 2"),
        ({"parameters": [10**30]}, "an entry of parameters is 10"),
        ({"parameters": [Parameter("d")]}, "'d', which is not in circuit 'three'; take one of"),
        ({"parameters": [Parameter("b")]}, r"'b', which is not in .* another object: take circuit.parameters\[1\]"),
        ({"max_seconds": 0}, "max_seconds is 0; expected a positive"),
        ({"max_seconds": "1"}, "max_seconds is '1'"),
        ({"max_seconds": np.inf}, "max_seconds is inf"),
        ({"progress": "no"}, "progress is a str; expected a bool"),
        ({"objective": ["loss"]}, r"objective is \['loss'\]; expected one of 'step', 'loss', 'gradient', 'norm'"),
        ({"style": ["compact"]}, r"style is \['compact'\]; expected one of 'compact', 'paper'"),
        ({"center": [[0], [0, 1]]}, "center holds rows of different lengths"),
        ({"center": ["0", "0", "0"]}, "center has dtype <U1; expected real numbers"),
        ({"center": [0, 0]}, r"center has shape \(2,\)"),
    ],
)
def test_what_a_search_cannot_take_is_named(arguments: dict[str, object], text: str) -> None:
    a, b, c, circuit = Parameter("a"), Parameter("b"), Parameter("c"), QuantumCircuit(2, name="three")
    circuit.rx(a, 0)
    circuit.ry(b, 1)
    circuit.rx(c, 0)
    circuit.rx(c, 1)
    with pytest.raises(NearCliffordError, match=text):
        search_encoder(circuit, SparsePauliOp(["ZZ", "XI", "II"]), **arguments)


def test_search_weighs_every_gate_of_a_parameter() -> None:
    a, b, circuit = Parameter("a"), Parameter("b"), QuantumCircuit(2)
    circuit.ry(a, 0)
    circuit.ry(a, 1)
    circuit.ry(b, 1)
    found = search_encoder(circuit, SparsePauliOp(["ZI", "IZ"]), "gradient")
    assert (found.parameter, abs(found.gradient[0])) == (0, 2.0)
    with pytest.raises(EncodingError, match="None of the 1 parameters turns"):
        empty = QuantumCircuit(1, global_phase=a)
        empty.h(0)
        search_encoder(empty, SparsePauliOp("Z"), "loss")
