"""Every request that cannot be encoded is refused, and the message names what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import CouplingMap

from nearclifford.encoder.encode import encode
from nearclifford.encoder.search import search_encoder
from nearclifford.errors import EncodingError, NearCliffordError


def one_rotation() -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="small")
    circuit.rx(Parameter("a"), 0)
    return circuit


@pytest.mark.parametrize("parameter", [-1, 1])
def test_a_parameter_out_of_range_is_named(parameter: int) -> None:
    with pytest.raises(EncodingError, match=f"parameter is {parameter}; expected 0 to 0"):
        encode(one_rotation(), SparsePauliOp("ZZ"), parameter)


def test_a_foreign_parameter_is_named() -> None:
    with pytest.raises(EncodingError, match="parameter is 'b', which is not in circuit 'small'; take one"):
        encode(one_rotation(), SparsePauliOp("ZZ"), Parameter("b"))


def test_a_parameter_of_the_same_name_is_another() -> None:
    with pytest.raises(EncodingError, match=r"'a', which is not in circuit 'small'; .* take circuit.parameters\[0\]"):
        encode(one_rotation(), SparsePauliOp("ZZ"), Parameter("a"))


@pytest.mark.parametrize("parameter", ["a", 0.0, True, None, ParameterVector("t", 2), 2 * Parameter("a"), [0]])
def test_what_is_no_parameter_is_named(parameter: Any) -> None:
    with pytest.raises(EncodingError, match=r"parameter is .*; expected an integer or a Parameter of the circuit"):
        encode(one_rotation(), SparsePauliOp("ZZ"), parameter)


@pytest.mark.parametrize(
    ("coupling_map", "text"),
    [
        (5, "coupling_map is 5; expected a CouplingMap or a sequence of edges"),
        ("ab", "coupling_map is 'ab'"),
        (np.array(3), r"coupling_map is array\(3\)"),
        ([(0,)], r"An edge of coupling_map is \(0,\); expected a pair"),
        ([(0, 1, 2)], r"An edge of coupling_map is \(0, 1, 2\)"),
        ([3, 4], "An edge of coupling_map is 3"),
        (["01"], "An edge of coupling_map is '01'"),
        ([("0", "1")], "a qubit of coupling_map is '0'; expected an integer"),
        ([(0, 1.0)], "a qubit of coupling_map is 1.0"),
        ([(0, -1)], "a qubit of coupling_map is -1"),
        ([(0, [1, 2])], r"a qubit of coupling_map is \[1, 2\]"),
        ([(0, 1), (1, 2)], r"is \(1, 2\); expected two different qubits of 0 to 1"),
        ([(1, 1)], r"is \(1, 1\); expected two different"),
        (CouplingMap.from_line(3), "CouplingMap.reduce"),
    ],
)
def test_what_is_no_coupling_map_is_named(coupling_map: Any, text: str) -> None:
    with pytest.raises(EncodingError, match=text):
        encode(one_rotation(), SparsePauliOp("ZZ"), 0, coupling_map=coupling_map)


@pytest.mark.parametrize(
    "coupling_map",
    [[], [(0, 1)], [[1, 0]], [{0, 1}], {(0, 1)}, np.array([[0, 1]]), iter([(0, 1)]), CouplingMap([(0, 1)])],
)
def test_edges_of_any_kind(coupling_map: Any) -> None:
    observable = SparsePauliOp("ZI")
    found = encode(one_rotation(), observable, 0, coupling_map=coupling_map)
    assert found.phase_inducer == encode(one_rotation(), observable, 0).phase_inducer


@pytest.mark.parametrize("center", [[[0.0], [0.0, 1.0]], "0", [None], [1j], [[0.0]], [np.nan], object()])
def test_what_is_no_centre_is_named(center: Any) -> None:
    with pytest.raises(NearCliffordError, match=r"center|centre"):
        encode(one_rotation(), SparsePauliOp("ZZ"), 0, center=center)


@pytest.mark.parametrize("term", [-1, 2])
def test_a_term_out_of_range_is_named(term: int) -> None:
    with pytest.raises(EncodingError, match=f"term is {term}; expected 0 to 1"):
        encode(one_rotation(), SparsePauliOp(["ZZ", "II"]), 0, term)


def test_an_identity_term_is_named() -> None:
    with pytest.raises(EncodingError, match="term is 1, the identity"):
        encode(one_rotation(), SparsePauliOp(["ZZ", "II"]), 0, term=1)


def test_an_identity_observable_is_named() -> None:
    for build in (
        lambda: encode(one_rotation(), SparsePauliOp("II"), 0),
        lambda: search_encoder(one_rotation(), SparsePauliOp("II")),
    ):
        with pytest.raises(EncodingError, match="1 times the identity"):
            build()


def test_a_parameter_without_a_gate_is_named() -> None:
    circuit = one_rotation()
    circuit.global_phase = Parameter("z")
    with pytest.raises(EncodingError, match=r"Parameter 1 \('z'\) turns no rotations"):
        encode(circuit, SparsePauliOp("ZZ"), 1)


def test_a_circuit_without_parameters_is_named() -> None:
    circuit = QuantumCircuit(1, name="bare")
    circuit.h(0)
    with pytest.raises(EncodingError, match="'bare' has no parameters"):
        encode(circuit, SparsePauliOp("Z"), 0)


def test_a_wrong_style_is_named() -> None:
    style: Any
    for style in ("long", ["compact"], None):
        with pytest.raises(EncodingError, match=r"style is .*; expected one of 'compact', 'paper'\."):
            encode(one_rotation(), SparsePauliOp("ZZ"), 0, style=style)
        with pytest.raises(EncodingError, match="style is"):
            encode(one_rotation(), SparsePauliOp("ZZ"), 0, style=style, coupling_map=[(0, 1)])


def test_a_wrong_objective_is_named() -> None:
    objective: Any = "best"
    with pytest.raises(EncodingError, match="objective is 'best'; expected one of 'step', 'loss', 'gradient', 'norm'"):
        search_encoder(one_rotation(), SparsePauliOp("ZZ"), objective)


def test_a_coupling_map_in_the_paper_style_is_refused() -> None:
    with pytest.raises(EncodingError, match="leave coupling_map out"):
        encode(one_rotation(), SparsePauliOp("ZZ"), 0, style="paper", coupling_map=[(0, 1)])


def test_a_fixed_angle_off_the_clifford_grid_is_named_where_no_sweep_fits() -> None:
    circuit = QuantumCircuit(62)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(0.3, range(1, 62))
    with pytest.raises(EncodingError, match=r"rotation 1 \(RY on qubit 1\) turns by 0.3 rad"):
        encode(circuit, SparsePauliOp("Z" * 62), 0)
