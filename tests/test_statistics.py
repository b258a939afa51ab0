"""Sampled statistics against closed forms, two-point sums and plain NumPy."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.statistics.sums import MomentSums


def product_landscape(n_qubits, center=None):
    """RX on each qubit of |0...0> and Z on all: L = Π cos t_j, so every moment is a product of one-angle moments."""
    circuit = QuantumCircuit(n_qubits)
    for qubit, parameter in enumerate(ParameterVector("t", n_qubits)):
        circuit.rx(parameter, qubit)
    return nc.Landscape(circuit, Pauli("Z" * n_qubits), center)


PATCHES = [
    (nc.Gaussian(0.4), np.exp(-0.08), (1 + np.exp(-0.32)) / 2),
    (nc.Uniform(0.9), np.sin(0.9) / 0.9, 0.5 + np.sin(1.8) / 3.6),
]


@pytest.mark.parametrize(("patch", "c1", "c2"), PATCHES)
def test_moments_equal_closed_forms(patch, c1, c2):
    """All z-scores within 4.5: false alarm below 1e-4 over the 12 numbers of both cases."""
    stats = nc.gradient_statistics(product_landscape(3), patch, nc.Statevector(), samples=20_000, rng=3)
    second = (1 - c2) * c2**2
    assert np.abs(stats.mean / stats.mean_error).max() < 4.5
    assert np.abs((stats.second_moment - second) / stats.second_moment_error).max() < 4.5
    assert np.abs((stats.variance - second) / stats.variance_error).max() < 4.5
    assert abs(stats.norm_squared - 3 * second) < 4.5 * stats.norm_squared_error
    loss = nc.loss_statistics(product_landscape(3), patch, nc.Statevector(), samples=20_000, rng=4)
    assert abs(loss.mean - c1**3) < 4.5 * loss.mean_error
    assert abs(loss.second_moment - c2**3) < 4.5 * loss.second_moment_error
    assert abs(loss.variance - (c2**3 - c1**6)) < 4.5 * loss.variance_error


def test_mean_is_not_zero_near_a_center_with_a_gradient():
    center = [np.pi / 2, 0.0]
    stats = nc.gradient_statistics(product_landscape(2, center), nc.Gaussian(0.1), nc.Statevector(), samples=4000, rng=5)
    # L = cos(π/2 + t_0) cos(t_1): the mean of ∂_0 L is -E[cos]².
    assert abs(stats.mean[0] + np.exp(-0.01)) < 4.5 * stats.mean_error[0]
    assert stats.variance[0] < 0.01 < 0.9 < stats.second_moment[0]


def test_equals_plain_numpy_on_the_same_draws():
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    patch = nc.Gaussian(0.3)
    theta = land.center + patch.sample((50, land.n_parameters), rng=np.random.default_rng(8))
    gradient = land.gradient(theta)
    stats = nc.gradient_statistics(land, patch, nc.Statevector(), samples=50, rng=8, parameters=[3, 1])
    chosen = gradient[:, [3, 1]]
    assert np.allclose(stats.mean, chosen.mean(0), rtol=1e-12)
    assert np.allclose(stats.second_moment, (chosen**2).mean(0), rtol=1e-12)
    assert np.allclose(stats.variance, chosen.var(0, ddof=1), rtol=1e-12)
    assert np.allclose(stats.mean_error, chosen.std(0, ddof=1) / np.sqrt(50), rtol=1e-12)
    assert np.allclose(stats.second_moment_error, (chosen**2).std(0, ddof=1) / np.sqrt(50), rtol=1e-10)
    norm = np.linalg.norm(gradient, axis=1)
    assert np.isclose(stats.norm, norm.mean(), rtol=1e-12)
    assert np.isclose(stats.norm_error, norm.std(ddof=1) / np.sqrt(50), rtol=1e-10)
    assert np.isclose(stats.norm_squared, (norm**2).mean(), rtol=1e-12)
    assert np.isclose(stats.norm_squared_error, (norm**2).std(ddof=1) / np.sqrt(50), rtol=1e-10)
    assert stats.parameters.tolist() == [3, 1]
    assert (stats.samples, stats.method, stats.version) == (50, "statevector", nc.__version__)


def test_one_seed_one_result_on_any_number_of_threads():
    land = nc.Landscape(nc.ansatz.mhea(6, 2), nc.observables.global_z(6))
    threads = numba.get_num_threads()
    results = []
    for count in (1, threads, threads):
        numba.set_num_threads(count)
        results.append(nc.gradient_statistics(land, nc.Uniform(0.2), nc.Statevector(), samples=333, rng=9))
    numba.set_num_threads(threads)
    for other in results[1:]:
        for name in ("mean", "second_moment", "variance", "variance_error", "norm", "norm_squared_error"):
            assert np.array_equal(getattr(results[0], name), getattr(other, name)), name


def test_small_variance_beside_a_large_mean_keeps_its_digits():
    """With σ = 1e-6 the variance of cos t is σ⁴ / 2: raw sums of squares would return rounding errors."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("t"), 0)
    land = nc.Landscape(circuit, Pauli("Y"))
    sigma = 1e-4
    stats = nc.gradient_statistics(land, nc.Gaussian(sigma), nc.Statevector(), samples=20_000, rng=10)
    assert abs(stats.mean[0] + 1) < 1e-7
    assert abs(stats.variance[0] / (sigma**4 / 2) - 1) < 0.2


def test_interval_covers_at_its_level():
    """Coverage of 400 intervals at 90 %: binomial(400, 0.9) stays above 340 with probability 1 - 6e-4."""
    exact = (1 - PATCHES[0][2]) * PATCHES[0][2]
    hits = 0
    for seed in range(200):
        stats = nc.gradient_statistics(product_landscape(2), PATCHES[0][0], nc.Statevector(), samples=300, rng=seed)
        low, high = stats.interval(0.9).T
        hits += np.count_nonzero((low <= exact) & (exact <= high))
    assert 340 < hits < 390


def test_components_never_seen_get_a_one_sided_interval():
    """The slope in b is too small for a float64, but not known to be zero; that in c is."""
    circuit = QuantumCircuit(3)
    circuit.rx(Parameter("a"), 0)
    circuit.rx(2 * Parameter("b"), 1)
    circuit.rx(Parameter("c"), 2)
    land = nc.Landscape(circuit, SparsePauliOp("IZZ", 0.5))
    stats = nc.gradient_statistics(land, nc.Gaussian([0.5, 1e-200, 0.5]), nc.Statevector(), samples=100, rng=1)
    assert stats.second_moment[1:].tolist() == [0.0, 0.0]
    # |∂_b L| <= 2 * 0.5; a second moment above this would have shown in 100 samples with probability 0.95.
    assert np.allclose(stats.interval(0.95)[1:], [[0.0, 1 - 0.05**0.01], [0.0, 0.0]])
    assert stats.bound.tolist() == [0.5, 1.0, 0.0]


@given(st.lists(st.lists(st.floats(-10, 10), min_size=2, max_size=2), min_size=3, max_size=30), st.integers(1, 29))
def test_sums_merge_in_any_cut(rows, cut):
    samples = np.array(rows)
    cut = min(cut, len(samples) - 1)
    shift = samples[0]
    merged = MomentSums.of(samples[:cut], shift) + MomentSums.of(samples[cut:], shift)
    assert merged.count == len(samples)
    assert np.allclose(merged.mean, samples.mean(0), atol=1e-9)
    assert np.allclose(merged.variance, samples.var(0, ddof=1), atol=1e-9)
    assert np.allclose(merged.second_moment, (samples**2).mean(0), atol=1e-9)
    spread = (samples**2).std(0, ddof=1) / np.sqrt(len(samples))
    assert np.allclose(merged.second_moment_error, spread, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"samples": 1}, "samples is 1; expected an integer of at least 2, so that there is a standard error"),
        ({"samples": 0}, "samples is 0"),
        ({"parameters": [8]}, "parameter 8 is out of range; expected 0 to 7"),
        ({"parameters": [-1]}, "parameter -1 is out of range"),
        ({"patch": nc.Gaussian([0.1, 0.2])}, "8"),
    ],
)
def test_bad_requests(options, text):
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    patch = options.pop("patch", nc.Gaussian(0.1))
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.gradient_statistics(land, patch, **options)
