"""What an error curve says of errors that its samples have not seen, or hardly."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from scipy import stats

import nearclifford as nc
from dense_series import random_rotations
from nearclifford.surrogates.few_hits import largest_mean, least_mean
from nearclifford.surrogates.most_flips import most_flips
from plain_paths import plain_paths, plain_tail
from random_circuits import random_observable

PATCH = nc.Gaussian(0.05)
SU2 = nc.Landscape(efficient_su2(6, reps=2), SparsePauliOp("ZZIIII"))
# Nothing is summed here. Rms errors of order 1, 5, 6, 7: 0.019, 0.0058, 0.0043, 0.0017.
WIDE_LAND, WIDE = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16)), nc.Gaussian(544 ** (-1 / 3))


def curve_of(land, **arguments):
    return nc.surrogate_error_curve(**{"land": land, "patch": PATCH, "samples": 50_000} | arguments)


def test_an_error_that_was_not_seen_is_not_zero():
    for seed in range(4):
        curve = curve_of(WIDE_LAND, patch=WIDE, orders=[1, 8, 10, 10**9], rng=seed)
        unseen = curve.hits == 0
        assert unseen.tolist() == [False, True, True, True]
        assert np.isnan(curve.rms_error[1:3]).all() and (curve.interval()[1:3, 1] > 0.008).all()
        assert (curve.rms_error_error[:3] > 0.0).all()
        assert curve.certain.tolist() == [False, False, False, True] and curve.rms_error[3] == 0.0
        assert curve.interval()[3].tolist() == [0.0, 0.0] and curve.rms_error_error[3] == 0.0


def test_an_order_is_named_only_where_the_samples_can_tell():
    """50,000 samples see an error of 0.01 in five chains on average: too few to tell it from 0.005. 400,000 are enough."""
    few = [curve_of(WIDE_LAND, patch=WIDE, rng=seed) for seed in range(4)]
    assert [curve.order_for(1e-2) for curve in few] == [None] * 4
    many = [curve_of(WIDE_LAND, patch=WIDE, samples=400_000, rng=seed) for seed in range(4)]
    assert [curve.order_for(1e-2) for curve in many] == [5] * 4
    assert all(curve.order_for(4e-3) is None for curve in many)
    more = curve_of(WIDE_LAND, patch=WIDE, samples=4_000_000, rng=1)
    assert more.order_for(4e-3) == 7 and more.order_for(2e-2) == 1


def test_the_text_of_a_curve():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 0)
    land = nc.Landscape(circuit, SparsePauliOp("Z"))
    lines = repr(curve_of(land, orders=range(6), samples=1000, rng=1)).splitlines()
    assert lines[0] == "rms error of the Pauli-path surrogate, all paths summed"
    assert lines[2].split(maxsplit=1)[0] == "0" and "exact" in lines[2]
    assert "0, for certain" in lines[-1]
    lines = repr(curve_of(WIDE_LAND, patch=WIDE, orders=[1, 8], samples=1000, rng=1)).splitlines()
    assert lines[0] == "rms error of the Pauli-path surrogate, 1000 samples"
    assert "±" in lines[2] or "<" in lines[2]
    assert "< " in lines[-1]
    head = repr(curve_of(SU2, orders=[3], samples=1000, rng=1)).splitlines()[0]
    assert head == "rms error of the Pauli-path surrogate, 1000 samples, paths of fewer than 8 flips summed"


def random_land(seed):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(2, 4))
    circuit = random_rotations(rng, n_qubits, 9)
    return nc.Landscape(circuit, random_observable(rng, n_qubits, int(rng.integers(1, 6))))


@pytest.mark.parametrize("samples", [640, 64_000])
def test_upper_ends_cover_exact_errors(samples):
    """Of 120 landscapes, four orders each, few hits to many: the upper end of 95 % misses at most 2.5 % of them.

    The number of misses passes a binomial test at 1e-3; exact errors come from plain sums over all paths.
    """
    misses = trials = 0
    for seed in range(120):
        land = random_land(seed)
        patch = nc.Gaussian(float(np.random.default_rng(seed).choice([0.05, 0.1, 0.3])))
        curve = curve_of(land, patch=patch, orders=range(1, 5), samples=samples, rng=seed)
        for order in range(1, 5):
            exact = plain_tail(land, patch, order)
            if exact > 1e-14:
                trials += 1
                misses += curve.interval()[order - 1, 1] < np.sqrt(exact) * (1 - 1e-9)
                assert not curve.certain[order - 1]
            else:
                assert not curve.rms_error[order - 1] > 1e-6
    assert trials > 150
    assert stats.binomtest(misses, trials, 0.025, alternative="greater").pvalue > 1e-3


def test_orders_are_not_named_below_their_error():
    """A tolerance just below the exact error: the order passes by chance in at most 2.5 % of the runs, tested at 1e-3."""
    wrong = runs = 0
    for seed in range(90):
        land, patch = random_land(seed), nc.Gaussian(0.2)
        exact = np.sqrt(max(plain_tail(land, patch, 2), 0.0))
        if exact < 1e-3:
            continue
        order = curve_of(
            land, patch=patch, samples=int(20 * (np.abs(land.problem.coefficients).sum() / exact) ** 2), rng=seed
        )
        found = order.order_for(0.999 * exact)
        runs += 1
        wrong += found is not None and found <= 2
    assert runs > 30
    assert stats.binomtest(wrong, runs, 0.025, alternative="greater").pvalue > 1e-3


def test_a_hamiltonian_of_a_hundred_qubits():
    """The upper end lies above the error that surrogates of the next orders show at sampled thetas."""
    circuit, angles = QuantumCircuit(100), (Parameter(f"t{k:03d}") for k in range(400))
    for layer in range(2):
        for qubit in range(layer % 2, 99, 2):
            circuit.rzz(next(angles), qubit, qubit + 1)
        for qubit in range(100):
            circuit.rx(next(angles), qubit)
    land, patch = nc.Landscape(circuit, nc.observables.ising(100)), nc.Gaussian(0.1)
    curve = curve_of(land, patch=patch, orders=range(1, 8), samples=100_000, rng=2)
    theta = patch.sample((400, land.n_parameters), rng=np.random.default_rng(3))
    exact = land.value(theta)
    for order in (1, 2, 3, 4):
        measured = np.sqrt(np.mean((nc.surrogate(land, order).value(theta) - exact) ** 2))
        assert curve.interval()[order - 1, 1] > 0.8 * measured
        assert not curve.rms_error[order - 1] == 0.0 or measured < 1e-12


@pytest.mark.parametrize("seed", range(60))
def test_no_path_flips_oftener_than_is_said(seed):
    land = random_land(seed)
    longest = max((len(flips) for _, flips in plain_paths(land, 9)), default=0)
    most = most_flips(land, np.ones(9))
    assert longest <= most <= 9


def test_rotations_that_never_flip_do_not_count():
    land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.global_xyz(3))
    assert most_flips(land, np.zeros(18)) == 0
    assert most_flips(land, np.ones(18)) > 3


def test_high_orders_cost_nothing():
    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    for orders in ([10**9], [1, 2**53]):
        curve = curve_of(land, orders=orders, samples=1000, rng=1)
        assert curve.rms_error[-1] == 0.0 and curve.certain[-1]
    with pytest.raises(nc.ResourceError, match=r"up to order \d+ needs .* are free\. Ask for lower orders"):
        curve_of(land, orders=[10**9], samples=10**12, rng=1)


@pytest.mark.parametrize("tolerance", ["x", None, 0.0, np.inf, -1.0])
def test_wrong_tolerances(tolerance):
    with pytest.raises(nc.NearCliffordError, match=r"tolerance is .*; expected a positive, finite number"):
        curve_of(SU2, samples=100, rng=1).order_for(tolerance)


def test_bounds_of_few_hits_are_those_of_chernoff():
    """At the bound the exponent is the logarithm of the tail; Poisson counts stay inside."""
    seen = np.array([1e-5, 0.3, 1.0, 4.0, 29.0, 400.0])
    for tail in (0.025, 1e-6):
        high, low = largest_mean(seen, tail), least_mean(seen, tail)
        assert np.allclose(seen - high + seen * np.log(high / seen), np.log(tail), rtol=5e-3)
        inside = low > 0.0
        assert np.allclose((seen - low + seen * np.log(np.maximum(low, 1e-300) / seen))[inside], np.log(tail), rtol=1e-6)
        assert (stats.poisson.cdf(np.floor(seen), high) <= tail * 1.001).all()
        assert (stats.poisson.sf(np.ceil(seen[1:]) - 1, low[1:]) <= tail).all()
