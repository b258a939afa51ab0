"""Moments from merged strings, without samples, against two averaged copies and closed forms."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from two_copies import exact_moments, gaussian, uniform

HAMILTONIAN = SparsePauliOp(["XXI", "YYI", "ZZI", "IZX", "III"], [1.0, -0.5, 2.0, 0.3, 0.7])


def factors():
    circuit = QuantumCircuit(3)
    for k, gate in enumerate((circuit.rx, circuit.ry, circuit.rz, circuit.rx)):
        gate((-1) ** k * (k + 1) / 2 * Parameter(f"t{k}"), k % 3)
        circuit.ecr(k % 3, (k + 1) % 3)
        circuit.h(k % 3)
    return circuit


@pytest.mark.parametrize("circuit", [nc.ansatz.mhea(3, 2), efficient_su2(3, reps=1), factors()])
@pytest.mark.parametrize("width", [1e-3, 0.3, 1.1])
@pytest.mark.parametrize("observable", [HAMILTONIAN, SparsePauliOp("XYZ", 0.5)])
def test_equals_two_averaged_copies(circuit, width, observable):
    for patch, fourier in ((nc.Gaussian(width), gaussian(width)), (nc.Uniform(width), uniform(width))):
        exact = exact_moments(circuit, observable, fourier)
        land = nc.Landscape(circuit, observable)
        loss = nc.loss_statistics(land, patch, nc.Exact())
        assert np.isclose(loss.mean, exact.mean, atol=1e-12) and np.isclose(loss.second_moment, exact.second, atol=1e-11)
        assert abs(loss.second_moment - exact.second) <= loss.second_moment_error + 1e-11
        stats = nc.gradient_statistics(land, patch, nc.Exact())
        assert np.allclose(stats.mean, exact.mean_gradient, atol=1e-12)
        assert np.allclose(stats.second_moment, exact.second_gradient, atol=1e-11)
        assert stats.norm_squared == pytest.approx(exact.norm_squared, abs=1e-10)
        low, high = stats.interval().T
        assert (low <= stats.second_moment).all() and (stats.second_moment <= high).all()
        assert (stats.second_moment_error <= 1e-9 * np.maximum(stats.second_moment, 1e-30)).all()
        assert np.allclose(stats.variance, exact.second_gradient - exact.mean_gradient**2, atol=1e-11)


def test_an_exponentially_small_moment_is_as_exact_as_any():
    """L = Π cos t_j in a uniform patch of 2π: E[L²] = 2^-100."""
    circuit = QuantumCircuit(100)
    for qubit in range(100):
        circuit.rx(Parameter(f"t{qubit:03}"), qubit)
    land, patch = nc.Landscape(circuit, Pauli("Z" * 100)), nc.Uniform(np.pi)
    loss = nc.loss_statistics(land, patch, nc.Exact())
    assert np.isclose(loss.second_moment, 2.0**-100, rtol=1e-9) and loss.second_moment_error < 1e-9 * loss.second_moment
    assert loss.resolved and (loss.samples, loss.method) == (0, "exact")
    stats = nc.gradient_statistics(land, patch, nc.Exact(), parameters=[3, 99, 3])
    assert np.allclose(stats.second_moment, 2.0**-100, rtol=1e-9) and stats.norm_squared is None


def test_what_does_not_fit_is_refused():
    land = nc.Landscape(nc.ansatz.mhea(6, 3), nc.observables.global_z(6))
    for verb in (nc.loss_statistics, nc.gradient_statistics):
        with pytest.raises(nc.ResourceError, match=r"More than 10 Pauli strings are needed at once\. Raise max_terms"):
            verb(land, nc.Gaussian(0.3), nc.Exact(max_terms=10))
    with pytest.raises(nc.NearCliffordError, match="max_terms is 0"):
        nc.Exact(max_terms=0)


def test_zeros_and_parameters_that_turn_nothing():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.rx(a, 0)
    circuit.rx(b, 1)
    stats = nc.gradient_statistics(nc.Landscape(circuit, Pauli("IZ")), nc.Gaussian(0.3), nc.Exact())
    assert stats.second_moment[1] == stats.second_moment_error[1] == stats.bound[1] == 0.0
    assert stats.interval()[1].tolist() == [0.0, 0.0] and stats.resolved.all()
    flat = nc.loss_statistics(nc.Landscape(circuit, Pauli("XI")), nc.Gaussian(0.3), nc.Exact())
    assert flat.second_moment == flat.second_moment_error == 0.0 and flat.interval().tolist() == [0.0, 0.0]
