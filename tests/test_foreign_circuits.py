"""Circuits of other libraries, from files and from the libraries themselves: values and derivatives."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit import qasm2
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc

DATA = Path(__file__).parent / "data"
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
FILES = ("mqt_bmw_quark_copula_4", "mqt_qaoa_6", "mqt_qnn_4", "mqt_vqe_real_amp_6", "mqt_vqe_su2_4")


def ising(n):
    bonds = [("ZZ", [k, k + 1], 1.0) for k in range(n - 1)]
    return SparsePauliOp.from_sparse_list(bonds + [("X", [k], 0.5) for k in range(n)], n)


def taken(name):
    text = (DATA / f"{name}.qasm").read_text()
    bound = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    return bound, nc.from_qasm(text, ising(bound.num_qubits), free="non-clifford")


@pytest.mark.parametrize("name", FILES)
def test_files_of_mqt_bench_have_the_value_of_qiskit_and_its_derivative(name):
    bound, found = taken(name)
    land = found.landscape(np.round(found.theta / (np.pi / 2)) * (np.pi / 2))
    assert abs(land.value(found.theta) - Statevector(bound).expectation_value(ising(bound.num_qubits)).real) < 1e-12

    def value(theta):
        return Statevector(found.circuit.assign_parameters(theta)).expectation_value(found.observable).real

    way = np.random.default_rng(1).normal(size=len(found.theta)) / np.sqrt(len(found.theta))
    stencil = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
    quotient = sum(weight * value(found.theta + shift * 1e-3 * way) for shift, weight in stencil)
    assert abs(land.gradient(found.theta) @ way - quotient / 1e-3) < 1e-8


@pytest.mark.parametrize("name", FILES)
def test_files_of_mqt_bench_have_a_diagnosis(name):
    _, found = taken(name)
    center = np.round(found.theta / (np.pi / 2)) * (np.pi / 2)
    diagnosis = nc.diagnose(found.circuit, found.observable, center, widths=[0.1], rng=1, max_seconds=3.0)
    assert diagnosis.verdict.endswith(".")


@pytest.fixture(scope="module")
def suite():
    """The suite of the benchmarks, where its libraries are installed."""
    for library in ("pennylane", "cirq", "qiskit_nature", "mqt.bench"):
        pytest.importorskip(library)
    sys.path.insert(0, str(BENCHMARKS))
    try:
        spec = importlib.util.find_spec("foreign_suite")
        module = importlib.util.module_from_spec(spec)
        sys.modules["foreign_suite"] = module
        spec.loader.exec_module(module)
        module.fill()
        yield module
    finally:
        sys.path.remove(str(BENCHMARKS))
        sys.modules.pop("foreign_suite", None)


CASES = (
    ("Qiskit", "n_local(4, ry, crx)"),
    ("Qiskit, transpiled", "UCCSD H2 to cx rz sx, level 2"),
    ("qiskit-nature", "UCC H2, parity"),
    ("MQT Bench", "qaoa, 6 qubits"),
    ("PennyLane", "GateFabric"),
    ("PennyLane", "MERA"),
    ("Cirq", "VQE of its documentation, shared half turns"),
)


@pytest.mark.filterwarnings("ignore")  # the other libraries' deprecations
@pytest.mark.parametrize("key", CASES, ids=" ".join)
def test_other_libraries_agree(suite, key):
    case = suite.SUITE[key]()
    land = nc.Landscape(case.circuit, case.observable, case.center)
    assert abs(land.value(case.theta) - case.value(case.theta)) < 1e-12
    way = np.random.default_rng(1).normal(size=len(case.theta)) / np.sqrt(len(case.theta))
    assert abs(land.gradient(case.theta) @ way - suite.derivative(case, case.theta, way)) < 1e-7
