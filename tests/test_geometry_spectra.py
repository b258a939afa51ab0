"""Spectra at the centre against dense matrices of Qiskit's derivatives, and of copies at a thousand qubits."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from scipy import sparse

import nearclifford as nc
from nearclifford.exact.sparse_spectrum import sparse_eigenvalues
from nearclifford.geometry.spectrum import Spectrum
from random_circuits import oracle_gradient, random_center, random_observable
from test_center import clifford_circuit, oracle_hessian
from test_metric import oracle_metric


@pytest.mark.parametrize("seed", range(12))
def test_spectra_of_random_circuits(seed):
    rng = np.random.default_rng([seed, 50])
    circuit, slope = clifford_circuit(rng, int(rng.integers(2, 5)), 14, n_parameters=4)
    observable = random_observable(rng, circuit.num_qubits, 5)
    center = random_center(rng, len(circuit.parameters))
    found = nc.center_spectrum(nc.Landscape(circuit, observable, center))
    hessian = np.linalg.eigvalsh(oracle_hessian(circuit, observable, center, slope))
    assert found.hessian.eigenvalues == pytest.approx(hessian, abs=1e-8)
    assert found.metric.eigenvalues == pytest.approx(np.linalg.eigvalsh(oracle_metric(circuit, center)), abs=1e-6)
    assert found.gradient_norm == pytest.approx(np.linalg.norm(oracle_gradient(circuit, observable, center)), abs=1e-10)
    assert found.hessian.negative == (hessian < -1e-6).sum()
    assert found.hessian.rank == (abs(hessian) > 1e-6).sum()


def test_a_thousand_qubits_by_copies():
    """250 copies of an encoded circuit of 4 qubits and a sum of one observable each: its spectra 250 times over."""
    observable = nc.observables.heisenberg(4)
    one = nc.encode(nc.ansatz.mhea(4, 2), observable, parameter=3).circuit
    many, labels = QuantumCircuit(1000), []
    for copy in range(250):
        names = ParameterVector(f"c{copy:03}", len(one.parameters))
        many.compose(one.assign_parameters(names), range(4 * copy, 4 * copy + 4), inplace=True)
        for label, coefficient in observable.to_list():
            places = [q for q in range(4) if label[3 - q] != "I"]
            labels.append(("".join(label[3 - q] for q in places), [4 * copy + q for q in places], coefficient))
    found = nc.center_spectrum(nc.Landscape(many, SparsePauliOp.from_sparse_list(labels, 1000)))
    single = nc.center_spectrum(nc.Landscape(one, observable))
    for whole, part in ((found.hessian, single.hessian), (found.metric, single.metric)):
        assert whole.eigenvalues == pytest.approx(np.sort(np.tile(part.eigenvalues, 250)), abs=1e-10)
        assert whole.condition == pytest.approx(part.condition)
    assert found.gradient_norm == pytest.approx(np.sqrt(250) * single.gradient_norm)


def test_eigenvalues_of_a_matrix_in_parts():
    rng = np.random.default_rng(51)
    blocks = [block + block.T for block in (rng.normal(size=(k, k)) for k in (1, 4, 1, 7))]
    dense = sparse.block_diag(blocks).toarray()
    order = rng.permutation(len(dense))
    shuffled = dense[np.ix_(order, order)]
    assert sparse_eigenvalues(sparse.csr_array(shuffled)) == pytest.approx(np.linalg.eigvalsh(dense), abs=1e-12)


def test_no_eigenvalue_but_zero_has_no_condition():
    flat = Spectrum(np.zeros(3))
    assert (flat.rank, flat.negative, flat.largest) == (0, 0, 0.0)
    assert np.isnan(flat.condition)


def test_table_and_picture():
    from matplotlib.figure import Figure

    found = nc.center_spectrum(nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.heisenberg(4)))
    assert found.frame().shape == (32, 2)
    told = found.to_dict()
    assert (told["metric_rank"], told["metric_condition"]) == (found.metric.rank, found.metric.condition)
    axis = found.plot(Figure().subplots())
    assert axis.lines[1].get_ydata()[0] == found.metric.largest


def test_what_is_refused():
    with pytest.raises(nc.NearCliffordError, match="land is a str"):
        nc.center_spectrum("land")
    circuit = QuantumCircuit(1)
    circuit.t(0)
    circuit.h(0)
    circuit.rz(ParameterVector("p", 1)[0], 0)
    with pytest.raises(nc.CircuitError, match="needs a Clifford centre"):
        nc.center_spectrum(nc.Landscape(circuit, SparsePauliOp("Z")))
