"""Error curves whose paths of few flips are summed: against sums over all strings, their coverage, and the free chains."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from scipy import stats

import nearclifford as nc
from dense_series import random_rotations
from nearclifford.chains.sampler import ChainSampler
from nearclifford.surrogates.tails import tail_moments
from plain_paths import plain_tail
from random_circuits import random_observable


@pytest.mark.parametrize("observable", [nc.observables.global_z, nc.observables.heisenberg])
@pytest.mark.parametrize("sigma", [0.02, 0.1, 0.2])
def test_narrow_patches_keep_all_digits_of_low_orders(observable, sigma):
    """Of orders 0 to 6 errors are known far below 1 / √samples, and agree with merged chains."""
    land, patch = nc.Landscape(nc.ansatz.mhea(4, 3), observable(4)), nc.Gaussian(sigma)
    curve = nc.surrogate_error_curve(land, patch, orders=range(7), samples=20_000, rng=2)
    exact = tail_moments(land.problem, patch, 6)
    assert curve.exact_order == 8 and 0.0 < curve.probability < 1e-4
    # the smallest, of order 6, within 5 standard errors (6e-7 each), the others to rounding besides
    assert np.abs(curve.mean_square - exact).max() < 5 * curve.mean_square_error.max() + 1e-13 * exact[0]
    assert np.allclose(curve.mean_square[:4], exact[:4], rtol=1e-3 * sigma, atol=0.0)
    assert (curve.mean_square >= 0.0).all() and (curve.losses == 0.0).all()


@pytest.mark.parametrize("n_terms", [1, 4])
def test_intervals_cover(n_terms):
    """200 landscapes, orders whose tail was sampled: 95 % intervals miss 5 % at most, by a binomial test at 1e-3."""
    misses = trials = sampled = 0
    for seed in range(200):
        rng = np.random.default_rng([seed, n_terms])
        n_qubits = int(rng.integers(2, 4))
        circuit = random_rotations(rng, n_qubits, 10)
        land = nc.Landscape(circuit, random_observable(rng, n_qubits, n_terms))
        patch = nc.Gaussian(float(rng.choice([0.05, 0.15, 0.25])))
        curve = nc.surrogate_error_curve(land, patch, orders=range(1, 11), samples=6400, rng=seed)
        exact = np.array([plain_tail(land, patch, order) for order in range(1, 11)])
        low, high = curve.interval().T ** 2
        slack = 1e-10 * exact + 1e-15 * curve.bound
        # all orders of one curve share their chains: the lowest that holds an error counts
        assert ((exact <= high + slack) & (low <= exact + slack))[curve.mean_square_error == 0.0].all()
        open_orders = np.flatnonzero((curve.mean_square_error > 0.0) & (exact > 1e-13))
        if len(open_orders):
            order = open_orders[-1]
            trials += 1
            sampled += curve.exact_order > 0
            misses += not low[order] - slack[order] <= exact[order] <= high[order] + slack[order]
    assert trials > 60 and sampled > 40
    assert stats.binomtest(misses, trials, 0.05, alternative="greater").pvalue > 1e-3


def test_all_paths_are_summed_where_they_are_few():
    """Rotations of few flips: nothing is left to chance, and two seeds give the same."""
    circuit = QuantumCircuit(2)
    for place, gate in enumerate(("ry", "rx", "ry", "rz", "rx")):
        getattr(circuit, gate)(Parameter(f"t{place}"), place % 2)
        circuit.cx(0, 1)
    land, patch = nc.Landscape(circuit, nc.observables.heisenberg(2)), nc.Gaussian(0.3)
    one, other = (nc.surrogate_error_curve(land, patch, orders=range(7), samples=2000, rng=seed) for seed in (1, 2))
    assert one.probability == 0.0 and one.exact_order == one.most_flips + 1
    assert one.mean_square.tolist() == other.mean_square.tolist()
    assert one.mean_square == pytest.approx(tail_moments(land.problem, patch, 6), rel=1e-12, abs=1e-15)
    assert one.interval() == pytest.approx(np.stack([one.rms_error] * 2, axis=1), abs=0.0)


def test_wide_patches_are_the_free_chains():
    land, patch = nc.Landscape(nc.ansatz.mhea(8, 8), nc.observables.global_z(8)), nc.Gaussian(0.5)
    curve = nc.surrogate_error_curve(land, patch, orders=range(12), samples=20_000, rng=3)
    assert curve.exact_order == 0 and curve.probability == 1.0 and not curve.exact.any()
    histogram = ChainSampler(land, patch, np.random.default_rng(3)).flip_counts(None, 20_000, 0, 12)[0]
    assert curve.hits.tolist() == np.cumsum(histogram[::-1])[::-1].tolist()


def test_a_hamiltonian_of_a_hundred_qubits_resolves():
    """Pairs of terms give errors as large as the numbers there; sums over classes agree with surrogates at 5 σ of these."""
    land = nc.Landscape(nc.ansatz.mhea(100, 2), nc.observables.heisenberg(100))
    patch = nc.Gaussian(land.n_parameters**-0.5)
    curve = nc.surrogate_error_curve(land, patch, orders=[1, 2, 3], samples=1_000_000, rng=5)
    assert curve.exact_order >= 3
    assert (curve.mean_square_error < 4e-7).all() and curve.mean_square[0] > 2e-4
    theta = land.center + patch.sample((4000, land.n_parameters), rng=np.random.default_rng(8))
    kept = [nc.surrogate(land, order).value(theta) for order in (1, 2, 3)]
    best = nc.surrogate(land, 5).value(theta)
    for values, square in zip(kept, curve.mean_square, strict=True):
        squares = (best - values) ** 2
        assert abs(squares.mean() - square) < 5 * squares.std(ddof=1) / np.sqrt(len(squares))
