"""Variances of observables of several terms, against averaged density matrices of two copies of the state."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, library
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
import two_copies

FIXED = [library.CXGate(), library.CZGate(), library.SwapGate(), library.SGate(), library.HGate(), library.CYGate()]
TURNS = [library.RXGate, library.RYGate, library.RZGate, library.RXXGate, library.RZZGate, library.RZXGate]


def independent_circuit(rng, n_qubits, n_gates, n_parameters):
    """Fixed Clifford gates and rotations of one parameter each, some by a factor."""
    circuit = QuantumCircuit(n_qubits)
    turns = set(rng.choice(n_gates, size=n_parameters, replace=False).tolist())
    for g in range(n_gates):
        factor = [1.0, 1.0, -1.0, 2.0][rng.integers(4)]
        gate = TURNS[rng.integers(len(TURNS))](factor * Parameter(f"p{g:03d}")) if g in turns else FIXED[rng.integers(6)]
        if gate.num_qubits > n_qubits:
            gate = library.RXGate(Parameter(f"p{g:03d}")) if g in turns else library.HGate()
        circuit.append(gate, rng.choice(n_qubits, size=gate.num_qubits, replace=False).tolist())
    return circuit


def random_terms(rng, n_qubits, n_terms):
    labels = {"".join(rng.choice(list("IXYZ"), size=n_qubits)) for _ in range(n_terms)}
    return SparsePauliOp(sorted(labels), rng.normal(size=len(labels)))


def random_case(seed):
    """Return (landscape, patch, exact moments) of a random problem of up to three qubits."""
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, 4))
    circuit = independent_circuit(rng, n_qubits, 16, int(rng.integers(3, 9)))
    observable = random_terms(rng, n_qubits, int(rng.integers(2, 30)))
    center = rng.integers(-2, 3, size=circuit.num_parameters) * np.pi / 2
    widths = rng.choice([0.2, 0.5, 1.0, 2.0]) * rng.uniform(0.5, 1.5, size=circuit.num_parameters)
    kind, fourier = [(nc.Gaussian, two_copies.gaussian), (nc.Uniform, two_copies.uniform)][seed % 2]
    exact = two_copies.exact_moments(circuit, observable, fourier(widths), center)
    return nc.Landscape(circuit, observable, center), kind(widths), exact


def distances(value, exact, error):
    """Return errors in standard errors, of those that are not known exactly; the others must be right to rounding."""
    value, exact, error = (np.atleast_1d(part) for part in (value, exact, error))
    off = np.abs(value - exact)
    assert (off <= 6 * error + 1e-10).all()
    told = error > 1e-9
    return ((value - exact)[told] / error[told]).tolist()


@pytest.mark.parametrize("order", [1, 2, 4])
def test_random_hamiltonians_have_their_exact_moments(order):
    """Loss, derivatives and their sum; z-scores over 30 cases. False alarm below 1e-3."""
    scores = []
    for seed in range(30):
        land, patch, exact = random_case(seed)
        loss = nc.loss_statistics(land, patch, nc.Stabilizer(order), samples=20_000, rng=seed)
        stats = nc.gradient_statistics(land, patch, nc.Stabilizer(order), samples=20_000, rng=seed)
        assert np.isclose(loss.mean, exact.mean, atol=1e-12)
        assert np.allclose(stats.mean, exact.mean_gradient, atol=1e-12)
        scores += distances(loss.variance, exact.variance, loss.variance_error)
        scores += distances(stats.unbiased.second_moment, exact.second_gradient, stats.second_moment_error)
        scores += distances(stats.unbiased.norm_squared, exact.norm_squared, stats.norm_squared_error)
    assert abs(np.mean(scores)) < 0.5 and 0.4 < np.std(scores) < 1.2
