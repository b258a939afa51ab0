"""Observables against matrices multiplied out from one-qubit Paulis, and the errors of `terms_of`."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
import rustworkx
import stim
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit import Parameter
from qiskit.circuit.library import qaoa_ansatz
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford import observables
from nearclifford.errors import NearCliffordError, ObservableError
from nearclifford.graphs import random_regular_edges
from nearclifford.normal_form.operators import operator_of
from nearclifford.normal_form.terms import terms_of

LETTERS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def on(n_qubits: int, **letters: str) -> np.ndarray:
    """Return the matrix with the given letter on each qubit, q0 the fastest index."""
    return reduce(np.kron, [LETTERS[letters.get(f"q{q}", "I")] for q in reversed(range(n_qubits))])


def everywhere(letter: str, n_qubits: int) -> np.ndarray:
    return reduce(np.kron, [LETTERS[letter]] * n_qubits)


def bond(n_qubits: int, a: int, b: int, letter: str) -> np.ndarray:
    return on(n_qubits, **{f"q{a}": letter, f"q{b}": letter})


@pytest.mark.parametrize("n", [2, 3, 5])
def test_observables_of_the_paper(n: int) -> None:
    chain = sum(bond(n, q, q + 1, letter) for q in range(n - 1) for letter in "XYZ")
    x, y, z = (everywhere(letter, n) for letter in "XYZ")
    pairs = {frozenset({q, (q + 1) % n}) for q in range(n)}
    ring = -0.7 * sum(bond(n, *pair, "Z") for pair in pairs) - 0.3 * sum(on(n, **{f"q{q}": "X"}) for q in range(n))
    each = [on(n, **{f"q{q}": "Z"}) for q in range(n)]
    expected = [
        (observables.local_z(n), each[0]),
        (observables.local_z(n, n - 1), each[-1]),
        (observables.sum_z(n), sum(each)),
        (observables.mean_z(n), sum(each) / n),
        (observables.global_z(n), z),
        (observables.global_xyz(n), x - y / 2 + z / 3),
        (observables.heisenberg(n), chain),
        (observables.biased_heisenberg(n), chain / (3 * n - 3) + x + y + z),
        (observables.ising(n, j=0.7, h=0.3), ring),
    ]
    for observable, matrix in expected:
        np.testing.assert_allclose(observable.to_matrix(), matrix, atol=1e-14)


def test_random_pauli_is_uniform_without_the_identity() -> None:
    rng = np.random.default_rng(5)
    draws = [observables.random_pauli(2, rng=rng).paulis[0].to_label() for _ in range(3000)]
    labels, counts = np.unique(draws, return_counts=True)
    assert len(labels) == 15
    assert "II" not in labels
    # five standard deviations of a binomial of 3,000 with p = 1/15
    assert np.abs(counts - 200).max() < 5 * np.sqrt(200 * 14 / 15)


def test_random_hamiltonian() -> None:
    every = observables.random_hamiltonian(2, 15, weighted=False, rng=1)
    assert len(set(every.paulis.to_labels()) - {"II"}) == 15
    assert every.coeffs.tolist() == [1] * 15
    weighted = observables.random_hamiltonian(8, 400, weighted=True, rng=1)
    assert len(set(weighted.paulis.to_labels())) == 400
    assert abs(weighted.coeffs.real.mean()) < 5 / np.sqrt(400)
    assert abs(weighted.coeffs.real.var() - 1) < 5 * np.sqrt(2 / 400)
    assert weighted == observables.random_hamiltonian(8, 400, weighted=True, rng=1)
    for n_terms in (0, 16):
        with pytest.raises(NearCliffordError, match=f"n_terms is {n_terms}"):
            observables.random_hamiltonian(2, n_terms)


@given(st.lists(st.tuples(st.text("IXYZ", min_size=3, max_size=3), st.integers(1, 9)), min_size=1, max_size=8))
def test_terms_of_has_the_same_matrix(terms: list[tuple[str, int]]) -> None:
    strings, coefficients = terms_of(SparsePauliOp.from_list(terms), 3)
    expected = sum(c * reduce(np.kron, [LETTERS[letter] for letter in label]) for label, c in terms)
    # index q of a stim string is qubit q, which is the last factor but q
    found = [
        c * reduce(np.kron, [LETTERS["IXYZ"[string[q]]] for q in reversed(range(3))])
        for string, c in zip(strings, coefficients, strict=True)
    ]
    np.testing.assert_allclose(sum(found), expected, atol=1e-12)
    labels = ["".join("IXYZ"[string[q]] for q in reversed(range(3))) for string in strings]
    assert labels == list(dict.fromkeys(label for label, _ in terms))
    assert all(string.sign == 1 for string in strings)
    assert coefficients.dtype == np.float64


def test_terms_of_a_pauli_takes_its_sign() -> None:
    strings, coefficients = terms_of(Pauli("-XIY"), 3)
    assert strings == [stim.PauliString("+Y_X")]
    assert coefficients.tolist() == [-1.0]


def test_tiny_and_identity_terms_are_kept() -> None:
    strings, coefficients = terms_of(SparsePauliOp(["II", "ZI"], [2.0, 1e-12]), 2)
    assert strings == [stim.PauliString("__"), stim.PauliString("_Z")]
    assert coefficients.tolist() == [2.0, 1e-12]


@pytest.mark.parametrize(
    ("observable", "message"),
    [
        (SparsePauliOp(["ZI", "XY"], [1, 0.5j]), r"XY.*0\.5j"),
        (Pauli("iXY"), r"XY.*1j"),
        (SparsePauliOp(["ZII"]), "acts on 3 qubits; expected 2"),
        (SparsePauliOp(["ZI", "XY"], [1, np.nan]), "XY.*nan"),
        (SparsePauliOp(["ZI", "XY"], [np.inf, 1]), "ZI.*inf"),
        (SparsePauliOp(["ZI", "XY"], [0, 0]), "is zero"),
        (SparsePauliOp(["ZI", "ZI"], [1, -1]), "is zero"),
        (SparsePauliOp(["ZI"], np.array([Parameter("a")], dtype=object)), "symbolic"),
        (SparsePauliOp(["XX", "ZI", "ZI"], [1, 1e308, 1e308]), r"ZI, has the coefficient \(?inf.*finite one after equal"),
        (SparsePauliOp(["ZI", "ZI"], [1.2e308, -1.2e308j]), r"ZI"),
        (SparsePauliOp(["ZI", "XX"], [1e308, 1e308]), r"add up to inf, most of it on ZI; expected at most 1e\+150"),
        (SparsePauliOp(["ZI", "XX"], [1.0, 1e200]), r"add up to 1e\+200, most of it on XX"),
        (3, r'is a int; expected a qiskit\.quantum_info\.SparsePauliOp or Pauli, such as SparsePauliOp\(\["XX", "ZI"\]'),
        ("", "is '', unreadable at ''; expected Pauli strings"),
        ("ZI +", r"unreadable at '\+'"),
        ("ZI XX", "unreadable at 'XX'"),
        ("zi", "unreadable at 'zi'"),
        ("ZI*2", r"unreadable at '\*2'"),
        ("ZI + XXX", "differ in length"),
        ("ZII", "acts on 3 qubits; expected 2"),
        ("Z0 X0", "has two letters on qubit 0"),
        ("Z0 + X2", r"the term X on the qubits \[2\]; expected qubits from 0 to 1"),
        ("1e999 ZI", r"with the factor \+?1e999"),
        ("ZI - ZI", "is zero"),
        ([("ZI", 1.0), ("XQ", 2.0)], r"has the pair \('XQ', 2.0\)"),
        ([("ZI", 1.0), ("X", 2.0)], "is a list; expected"),
        ([("ZI", "one")], "expected numbers"),
        ([("ZI", 1j)], "ZI.*1j"),
        ([("ZZ", [0, 0], 1.0)], "expected letters of I, X, Y, Z, as many qubits"),
        ([("ZZ", [0], 1.0)], "expected letters of I, X, Y, Z, as many qubits"),
        (["ZI", "XX"], "is a list; expected"),
        ({"ZI": 1.0}, "is a dict; expected"),
        (None, "is a NoneType; expected"),
        (np.eye(4), "is a ndarray; expected"),
    ],
)
def test_bad_observables(observable: SparsePauliOp | Pauli, message: str) -> None:
    with pytest.raises(ObservableError, match=message):
        terms_of(observable, 2)


def test_coefficients_as_large_as_can_be() -> None:
    _, coefficients = terms_of(SparsePauliOp(["ZI", "XX", "ZI"], [4e149, -2e149, 1e149]), 2)
    assert coefficients.tolist() == [5e149, -2e149]


def test_too_few_qubits() -> None:
    with pytest.raises(NearCliffordError, match="n_qubits is 0"):
        observables.global_z(0)
    for local in (observables.local_z, observables.sum_z, observables.mean_z):
        with pytest.raises(ObservableError, match="n_qubits is 0"):
            local(0)
    for make in (observables.heisenberg, observables.biased_heisenberg, observables.ising):
        with pytest.raises(NearCliffordError, match="n_qubits is 1"):
            make(1)


def test_a_thousand_qubits() -> None:
    strings, coefficients = terms_of(observables.heisenberg(1000), 1000)
    assert len(strings) == len(coefficients) == 2997
    assert strings[-1].pauli_indices() == [998, 999]


FORMS = [
    "ZXI - 0.5*IYY + 2 III",
    "Z2X1-.5Y0 Y1+2.0*I0",
    "Z2*X1 - 0.5*Y0*Y1 + 2e0 I1",
    [("ZXI", 1.0), ("IYY", -0.5), ("III", 2.0)],
    (("ZXI", 1), ("IYY", np.float32(-0.5)), ("III", 2)),
    [("XZ", [1, 2], 1.0), ("YY", (0, 1), -0.5), ("", [], 2.0)],
    SparseObservable.from_list([("ZXI", 1.0), ("IYY", -0.5), ("III", 2.0)]),
    SparsePauliOp(["ZXI", "IYY", "III"], [1, -0.5, 2]),
]


@pytest.mark.parametrize("observable", FORMS, ids=[str(k) for k in range(len(FORMS))])
def test_all_forms_are_one_observable(observable: object) -> None:
    expected = on(3, q2="Z", q1="X") - 0.5 * on(3, q0="Y", q1="Y") + 2 * np.eye(8)
    np.testing.assert_allclose(operator_of(observable, 3).to_matrix(), expected, atol=1e-15)
    assert terms_of(observable, 3)[1].tolist() == [1.0, -0.5, 2.0]


def test_projectors_become_strings() -> None:
    operator = operator_of(SparseObservable.from_list([("01+", 2.0)]), 3)
    plus, zero, one = np.full((2, 2), 0.5), np.diag([1, 0]), np.diag([0, 1])
    np.testing.assert_allclose(operator.to_matrix(), 2 * reduce(np.kron, [zero, one, plus]), atol=1e-15)
    with pytest.raises(ObservableError, match="1048576 Pauli strings; expected 65536 at most"):
        operator_of(SparseObservable.from_label("0" * 20), 20)


@given(st.lists(st.tuples(st.text("IXYZ", min_size=4, max_size=4), st.floats(-9, 9).filter(bool)), min_size=1, max_size=6))
def test_text_comes_back(terms: list[tuple[str, float]]) -> None:
    dense = " ".join(f"{'-' if factor < 0 else '+'} {abs(factor)!r}*{label}" for label, factor in terms)
    sparse = " ".join(
        f"{factor:+.17g} " + " ".join(f"{letter}{3 - place}" for place, letter in enumerate(label))
        for label, factor in terms
    )
    for text in (dense, sparse):
        assert operator_of(text, 4).to_list() == [(label, factor) for label, factor in terms]


def test_text_at_every_door() -> None:
    circuit, theta = nc.ansatz.mhea(3, 1), np.linspace(0.1, 1.2, 12)
    plain = SparsePauliOp(["ZIZ", "IXI"], [1.0, 0.5])
    for text in ("ZIZ + 0.5*IXI", "Z0 Z2 + 0.5 X1"):
        land = nc.Landscape(circuit, text)
        assert land.value(theta) == nc.Landscape(circuit, plain).value(theta)
        assert nc.Landscape(circuit, "XXX").with_observable(text).value(theta) == land.value(theta)
        assert land.at_center([text, "ZZZ"]).value.tolist() == land.at_center([plain, SparsePauliOp("ZZZ")]).value.tolist()
        for found, expected in (
            (nc.encode(circuit, text, parameter=3), nc.encode(circuit, plain, parameter=3)),
            (
                nc.search_encoder(circuit, text, "gradient", progress=False),
                nc.search_encoder(circuit, plain, "gradient", progress=False),
            ),
        ):
            assert found.gradient.tolist() == expected.gradient.tolist()
            assert found.landscape().value(theta) == expected.landscape().value(theta)
            assert found.landscape(text).value(theta) == expected.landscape(plain).value(theta)


# local costs


@pytest.mark.parametrize("n", [1, 2, 4])
def test_mean_z_is_the_published_local_cost(n: int) -> None:
    """1 - (1/N) Σ |0⟩⟨0|, the projectors written out, is (1 - mean_z) / 2."""
    zero = np.diag([1.0, 0.0])
    projectors = [reduce(np.kron, [zero if q == k else np.eye(2) for q in reversed(range(n))]) for k in range(n)]
    cost = np.eye(2**n) - sum(projectors) / n
    np.testing.assert_allclose((np.eye(2**n) - observables.mean_z(n).to_matrix()) / 2, cost, atol=1e-15)


def test_local_z_names_a_qubit_that_is_not_there() -> None:
    for qubit, words in ((3, "qubit is 3; expected an integer of at most 2"), (-1, "at least 0"), (1.0, "qubit is 1.0")):
        with pytest.raises(ObservableError, match=words):
            observables.local_z(3, qubit)  # type: ignore[arg-type]


# cuts of graphs

EDGES = [(1, 0, 1.0), (1, 2, 0.5), (3, 0, -2.0), (2, 4, 3.0)]


def cut(edges: list[tuple[int, int, float]], bits: int) -> float:
    """The weight of the edges whose ends differ in a bitstring, bit q of it that of node q."""
    return sum(weight for i, j, weight in edges if (bits >> i & 1) != (bits >> j & 1))


def rustworkx_graph() -> rustworkx.PyGraph:
    graph = rustworkx.PyGraph()
    graph.add_nodes_from("abcde")
    graph.add_edges_from([(1, 0, None), (1, 2, {"weight": 0.5}), (3, 0, -2.0), (2, 4, np.float64(3.0))])
    return graph


def networkx_like(nodes: object, edges: object, directed: bool = False) -> SimpleNamespace:
    """What is asked of a graph of NetworkX: its nodes, its edges with weights or None, and whether it is directed."""

    def listed(data: str) -> object:
        assert data == "weight"
        return edges

    return SimpleNamespace(nodes=nodes, edges=listed, is_directed=lambda: directed)


FORMS_OF_A_GRAPH = {
    "triples": EDGES,
    "pairs among triples": [(1, 0), *EDGES[1:]],
    "array": np.array(EDGES, dtype=object),
    "rustworkx": rustworkx_graph(),
    "like networkx": networkx_like([4, 3, 2, 1, 0], [(0, 1, None), *EDGES[1:]]),
}


@pytest.mark.parametrize("form", FORMS_OF_A_GRAPH)
def test_maxcut_is_minus_the_weight_of_the_cut_for_every_bitstring(form: str) -> None:
    operator = observables.maxcut(FORMS_OF_A_GRAPH[form])
    expected = np.diag([-cut(EDGES, bits) for bits in range(2**5)])
    np.testing.assert_allclose(operator.to_matrix(), expected, atol=1e-14)
    assert operator.paulis[-1].to_label() == "IIIII"  # so that the first term can be encoded


def test_graphs_of_networkx_themselves() -> None:
    networkx = pytest.importorskip("networkx")
    graph = networkx.Graph()
    graph.add_weighted_edges_from(EDGES[1:])
    graph.add_edge(1, 0)
    np.testing.assert_allclose(observables.maxcut(graph).to_matrix(), observables.maxcut(EDGES).to_matrix(), atol=1e-14)
    with pytest.raises(ObservableError, match="graph is directed"):
        observables.maxcut(graph.to_directed())
    with pytest.raises(ObservableError, match="graph has the node 'a'; expected 0 to 1"):
        observables.maxcut(networkx.Graph([("a", "b")]))


def test_the_least_loss_is_minus_the_largest_cut() -> None:
    """Of a ring of five nodes four edges can be cut, of the complete graph on six nine; with a node more, as many."""
    ring = [(q, (q + 1) % 5) for q in range(5)]
    for edges, most in ((ring, 4), (list(combinations(range(6), 2)), 9)):
        weighted = [(i, j, 1.0) for i, j in edges]
        assert max(cut(weighted, bits) for bits in range(64)) == most
        assert observables.maxcut(edges).to_matrix().diagonal().real.min() == -most
        assert observables.maxcut(edges, 7).to_matrix().diagonal().real.min() == -most


def test_qaoa_of_qiskit_trains_on_it() -> None:
    """A landscape of Qiskit's QAOA circuit, made from the same operator, has Qiskit's expectation values."""
    operator = observables.maxcut(rustworkx_graph())
    circuit, theta = qaoa_ansatz(operator, reps=2), np.array([0.3, -0.4, 0.5, 1.6])
    expected = Statevector(circuit.assign_parameters(theta)).expectation_value(operator).real
    assert nc.Landscape(circuit, operator).value(theta) == pytest.approx(expected, abs=1e-12)
    assert nc.encode(nc.ansatz.mhea(5, 1), operator, 3).gradient[3] != 0


def directed_graph() -> rustworkx.PyDiGraph:
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from("ab")
    graph.add_edge(0, 1, None)
    return graph


def graph_with_a_hole() -> rustworkx.PyGraph:
    graph = rustworkx_graph()
    graph.remove_node(1)
    return graph


def graph_with_parallel_edges() -> rustworkx.PyGraph:
    graph = rustworkx_graph()
    graph.add_edge(0, 1, 2.0)
    return graph


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ([(0, 1), (2, 2)], r"The edge \(2, 2\) joins a node to itself"),
        ([(0, 1), (1, 2), (1, 0)], r"The edge \(0, 1\) is there twice"),
        (graph_with_parallel_edges(), r"The edge \(0, 1\) is there twice"),
        ([(0, 1), (1, 2, np.nan)], r"The edge \(1, 2\) has the weight nan; expected a finite number"),
        ([(0, 1, "one")], r"The edge \(0, 1\) has the weight 'one'"),
        ([(0, 1, 1j)], r"The edge \(0, 1\) has the weight 1j"),
        ([(0, 1, True)], r"The edge \(0, 1\) has the weight True"),
        ([(0, 1), (2,)], r"The edge \(2,\) is no pair of nodes; expected \(i, j\)"),
        ([(0, 1), 5], "The edge 5 is no pair of nodes"),
        ([(0, -1)], r"A node of the edge \(0, -1\) is -1; expected an integer of at least 0"),
        ([("a", "b")], r"A node of the edge \('a', 'b'\) is 'a'; expected an integer"),
        ([], "graph has no edges"),
        (rustworkx.PyGraph(), "graph has no edges"),
        ("ring", "graph is 'ring'; expected edges"),
        (7, "graph is 7; expected edges"),
        (directed_graph(), "graph is directed"),
        (networkx_like([0, 1], [(0, 1, None)], directed=True), "graph is directed"),
        (networkx_like(["a", "b"], []), "graph has the node 'a'; expected 0 to 1, as its 2 nodes are qubits"),
        (graph_with_a_hole(), "graph has the node 4; expected 0 to 3"),
    ],
)
def test_wrong_graphs_are_named(graph: object, words: str) -> None:
    with pytest.raises(ObservableError, match=words):
        observables.maxcut(graph)


def test_more_nodes_than_qubits() -> None:
    with pytest.raises(ObservableError, match="n_qubits is 4; expected an integer of at least 5"):
        observables.maxcut(EDGES, 4)


def edges_of(operator: SparsePauliOp) -> list[tuple[int, ...]]:
    return [tuple(np.flatnonzero(pauli.z).tolist()) for pauli in operator.paulis[:-1]]


@pytest.mark.parametrize("n", [4, 6, 10, 64])
def test_random_regular_graphs_have_three_edges_at_every_node(n: int) -> None:
    operator = observables.maxcut_3_regular(n, rng=n)
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from_no_data(edges_of(operator))
    assert [graph.degree(node) for node in range(n)] == [3] * n and not rustworkx.PyGraph.has_parallel_edges(graph)
    assert operator == observables.maxcut(graph, n) == observables.maxcut_3_regular(n, rng=n)
    assert operator.coeffs[-1] == -3 * n / 4


def test_random_regular_graphs_are_equally_likely() -> None:
    """There are 70 graphs of degree 3 on six labelled nodes: ten of two parts of three, sixty prisms.

    χ² of 7,000 draws has 69 degrees of freedom, and exceeds 127 with a probability of 3e-5.
    """
    rng = np.random.default_rng(3)
    drawn = Counter(tuple(random_regular_edges(6, 3, rng)) for _ in range(7000))
    assert len(drawn) == 70
    assert sum((count - 100) ** 2 / 100 for count in drawn.values()) < 127


def test_odd_numbers_of_qubits_have_no_regular_graph() -> None:
    family = observables.OBSERVABLES["maxcut_3_regular"]
    assert [family.missing(n) for n in (2, 3, 4, 5, 6)] == ["at least 4", "at least 4", None, "an even number", None]
    with pytest.raises(ObservableError, match="n_qubits is 5; expected an even number"):
        observables.maxcut_3_regular(5)
    with pytest.raises(ObservableError, match="n_qubits is 2; expected an integer of at least 4"):
        observables.maxcut_3_regular(2)
