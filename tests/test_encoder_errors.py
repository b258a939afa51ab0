"""Every request that cannot be encoded is refused, and the message names what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from nearclifford.encoder import encode
from nearclifford.errors import EncodingError
from nearclifford.search import search_encoder


def one_rotation() -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="small")
    circuit.rx(Parameter("a"), 0)
    return circuit


@pytest.mark.parametrize("parameter", [-1, 1])
def test_a_parameter_out_of_range_is_named(parameter: int) -> None:
    with pytest.raises(EncodingError, match=f"parameter is {parameter}; expected 0 to 0"):
        encode(one_rotation(), SparsePauliOp("ZZ"), parameter)


def test_a_foreign_parameter_is_named() -> None:
    with pytest.raises(EncodingError, match="'b' is not in circuit 'small'"):
        encode(one_rotation(), SparsePauliOp("ZZ"), Parameter("b"))


@pytest.mark.parametrize("term", [-1, 2])
def test_a_term_out_of_range_is_named(term: int) -> None:
    with pytest.raises(EncodingError, match=f"term is {term}; expected 0 to 1"):
        encode(one_rotation(), SparsePauliOp(["ZZ", "II"]), 0, term)


def test_an_identity_term_is_named() -> None:
    with pytest.raises(EncodingError, match="term 1 is the identity"):
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
    with pytest.raises(EncodingError, match=r"parameter 1 \('z'\) turns no rotations"):
        encode(circuit, SparsePauliOp("ZZ"), 1)


def test_a_circuit_without_parameters_is_named() -> None:
    circuit = QuantumCircuit(1, name="bare")
    circuit.h(0)
    with pytest.raises(EncodingError, match="'bare' has no parameters"):
        encode(circuit, SparsePauliOp("Z"), 0)


def test_a_wrong_style_is_named() -> None:
    style: Any = "long"
    with pytest.raises(EncodingError, match="style is 'long'; expected one of 'compact', 'paper'"):
        encode(one_rotation(), SparsePauliOp("ZZ"), 0, style=style)


def test_a_wrong_objective_is_named() -> None:
    objective: Any = "best"
    with pytest.raises(EncodingError, match="objective is 'best'; expected one of 'loss', 'gradient', 'norm'"):
        search_encoder(one_rotation(), SparsePauliOp("ZZ"), objective)


def test_a_coupling_map_in_the_paper_style_is_refused() -> None:
    with pytest.raises(EncodingError, match="leave coupling_map out"):
        encode(one_rotation(), SparsePauliOp("ZZ"), 0, style="paper", coupling_map=[(0, 1)])


def test_a_fixed_angle_off_the_clifford_grid_is_named() -> None:
    circuit = one_rotation()
    circuit.t(1)
    with pytest.raises(EncodingError, match=r"rotation 1 \(RZ on qubit 1\) turns by 0.785398 rad"):
        encode(circuit, SparsePauliOp("ZZ"), 0)
