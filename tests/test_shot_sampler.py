"""Shots without circuits, against Aer's shots and against what the binomial law says."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc

CIRCUIT = nc.ansatz.mhea(3, 1)
THETA = np.random.default_rng(5).normal(scale=0.5, size=12)


def expectation(circuit, label, theta):
    return float(Statevector(circuit.assign_parameters(theta)).expectation_value(SparsePauliOp(label)).real)


def test_means_and_variances_are_those_of_the_law():
    """20,000 measurements of 5 shots, of a sum of two strings whose shifts Qiskit evaluates; all z-scores below 5."""
    observable, shots, repeats = SparsePauliOp(["ZZI", "IXX"], [1.0, -0.5]), 5, 20_000
    land = nc.Landscape(CIRCUIT, observable)
    found = nc.ShotSampler(land, shots, rng=2).measure(np.tile(THETA, (repeats, 1)))
    value, gradient = land.value_and_gradient(THETA)

    def variance(theta):
        return sum(c**2 * (1 - expectation(CIRCUIT, p, theta) ** 2) / shots for p, c in (("ZZI", 1.0), ("IXX", -0.5)))

    shifts = np.pi / 2 * np.eye(12)
    by_law = np.array([(variance(THETA + one) + variance(THETA - one)) / 4 for one in shifts])
    for measured, mean, spread, estimate in (
        (found.value[:, None], value, np.array([variance(THETA)]), found.value_variance[:, None]),
        (found.gradient, gradient, by_law, found.gradient_variance),
    ):
        error = np.sqrt(spread / repeats)
        assert (np.abs(measured.mean(axis=0) - mean) <= 5 * error + 1e-12).all()
        assert measured.var(axis=0) == pytest.approx(spread, rel=0.06, abs=1e-12)
        assert estimate.mean(axis=0) == pytest.approx(spread, rel=0.03, abs=1e-12)
    assert found.shots == repeats * 2 * 25 * shots


def test_one_string_is_measured_as_by_aer():
    """Distribution of a component over 2,000 gradients of 7 shots: equal chances of every outcome, chi-square at 1e-4."""
    from scipy.stats import chi2_contingency

    land = nc.Landscape(CIRCUIT, nc.observables.global_z(3))
    thetas = np.tile(THETA, (2000, 1))
    ours = nc.ShotSampler(land, 7, rng=1).gradient(thetas)
    aer = nc.Aer(device="CPU", shots=7).prepare(land, rng=1).gradient(thetas)
    for k in (0, 4):
        outcomes = np.unique(np.round(np.concatenate([ours[:, k], aer[:, k]]), 9))
        counts = np.array([[(np.abs(part[:, k] - one) < 1e-6).sum() for one in outcomes] for part in (ours, aer)])
        assert chi2_contingency(counts[:, counts.sum(axis=0) > 10]).pvalue > 1e-4


def test_shared_parameters_and_factors_follow_the_chain_rule():
    t, circuit = ParameterVector("t", 2), QuantumCircuit(2)
    _ = circuit.ry(2 * t[0], 0), circuit.cx(0, 1), circuit.rx(t[0] - t[1], 1)
    land = nc.Landscape(circuit, SparsePauliOp("ZX"))
    sampler = nc.ShotSampler(land, 10**6, rng=3)
    found = sampler.measure([0.3, -0.4])
    assert np.abs(found.gradient - land.gradient([0.3, -0.4])).max() < 5 * np.sqrt(found.gradient_variance.max())
    assert found.value == pytest.approx(sampler.value([0.3, -0.4]), abs=0.01)


def test_certain_outcomes_have_no_noise_and_seeds_decide():
    land = nc.Landscape(CIRCUIT, nc.observables.global_z(3))
    found = nc.ShotSampler(land, 2, rng=1).measure(np.zeros(12))
    assert found.value == 1.0 and found.value_variance == 0.0
    one, two, three = (nc.ShotSampler(land, 9, rng=seed).gradient(THETA) for seed in (1, 1, 2))
    assert (one == two).all() and (one != three).any()


def test_wrong_arguments_are_named():
    land = nc.Landscape(CIRCUIT, nc.observables.global_z(3))
    with pytest.raises(nc.NearCliffordError, match="shots is 1; expected an integer of at least 2"):
        nc.ShotSampler(land, 1)
    with pytest.raises(nc.NearCliffordError, match="land is a QuantumCircuit; expected a Landscape"):
        nc.ShotSampler(CIRCUIT, 8)
    with pytest.raises(nc.NearCliffordError, match=r"theta has shape \(3,\)"):
        nc.ShotSampler(land, 8).gradient(np.zeros(3))
