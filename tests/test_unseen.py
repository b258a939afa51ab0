"""Errors where nothing was seen, or nothing else: no hit, all hits, shots that all agree; and moments that are possible."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Pauli, SparsePauliOp
from scipy import stats as distributions

import nearclifford as nc
from nearclifford.devices.expectations import DeviceRun, Expectations
from nearclifford.devices.measured import Measurements, gradient_moments
from nearclifford.intervals import binomial_interval, unseen_rate
from nearclifford.statistics.sums import MomentSums

BACKEND = nc.Stabilizer()


def turned(axis, observable, center=0.0):
    circuit = QuantumCircuit(1)
    getattr(circuit, axis)(Parameter("t"), 0)
    return nc.Landscape(circuit, observable, [center])


@pytest.mark.parametrize("n", [2, 10, 1000, 10**9])
def test_the_rate_is_the_end_of_the_one_sigma_interval(n):
    level = distributions.norm.cdf(1) - distributions.norm.cdf(-1)
    assert np.isclose(unseen_rate(n), binomial_interval(np.array([0]), np.array([n]), level)[0, 1], rtol=1e-9)
    # Three expected hits, which 5 % of all runs do not see, are within two errors.
    assert 3 / n < 2 * unseen_rate(n) or n < 3


def test_three_expected_hits_without_one_are_within_two_errors():
    """RX(t) and Z: E[L'²] = E[sin²] = 3 / 1000. Of 400 runs of 1000 samples some 20 see none; all say what they may miss."""
    sigma = np.sqrt(-np.log1p(-2 * 0.003) / 2)
    land, none, beyond = turned("rx", Pauli("Z")), 0, 0
    for seed in range(400):
        found = nc.gradient_statistics(land, nc.Gaussian(sigma), BACKEND, samples=1000, rng=seed)
        none += found.second_moment[0] == 0
        beyond += abs(found.second_moment[0] - 0.003) > 3 * found.second_moment_error[0]
        assert found.second_moment[0] > 0 or found.second_moment_error[0] == unseen_rate(1000)
    # Binomial(400, 0.05): outside 5 to 40 with probability 4e-5.
    assert 5 <= none <= 40
    assert beyond <= 0.02 * 400


def test_errors_of_sums_over_pairs_have_the_right_size():
    """40 random Hamiltonians, 4 runs each: z of the squared norm has mean 0 and spread 1, to four standard errors."""
    rng, scores = np.random.default_rng(0), []
    for case in range(40):
        n = int(rng.integers(2, 4))
        observable = nc.observables.random_hamiltonian(n, 6, weighted=True, rng=case)
        land, patch = nc.Landscape(nc.ansatz.mhea(n, 1), observable), nc.Gaussian(float(rng.uniform(0.1, 0.6)))
        exact = sum(np.mean(nc.certified_second_moment(land, patch, k)) for k in range(land.n_parameters))
        for seed in range(4):
            found = nc.gradient_statistics(land, patch, BACKEND, samples=640, rng=[case, seed])
            scores.append((found.unbiased.norm_squared - exact) / found.norm_squared_error)
    assert abs(np.mean(scores)) < 4 / np.sqrt(len(scores))
    assert 1 - 4 / np.sqrt(2 * len(scores)) < np.std(scores) < 1 + 4 / np.sqrt(2 * len(scores))


def test_variances_at_a_steep_centre_are_not_negative():
    """E[L'] = exp(-σ²/2), E[L'²] = E[cos²] ≥ E[L']²: 50 runs whose counted hits stray on both sides of it."""
    land, patch = turned("rx", Pauli("Y")), nc.Gaussian(0.03)
    mean, second = -np.exp(-(0.03**2) / 2), (1 + np.exp(-2 * 0.03**2)) / 2
    below = 0
    for seed in range(100, 150):
        found = nc.gradient_statistics(land, patch, BACKEND, samples=1000, rng=seed)
        below += found.unbiased.variance[0] < 0
        assert found.variance[0] >= 0 and found.second_moment[0] >= mean**2 * (1 - 1e-12)
        assert np.isclose(found.variance[0], found.second_moment[0] - mean**2, atol=1e-12)
        assert np.isclose(found.unbiased.variance[0], found.unbiased.second_moment[0] - mean**2, rtol=1e-9, atol=1e-15)
        low, high = found.interval(0.999)[0]
        assert mean**2 * (1 - 1e-12) <= low <= second <= high
        assert found.resolved[0] and not found.variance_resolved[0]
        loss = nc.loss_statistics(turned("rx", Pauli("Z")), patch, BACKEND, samples=1000, rng=seed)
        assert loss.variance >= 0 and loss.resolved and not loss.variance_resolved
    assert 5 < below < 45


def test_sums_whose_pairs_cancel_are_found_directly():
    """The slope of ZI - IZ behind a CX is b's alone, 0.05² of the terms' own; no difference of the two is sampled."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.rx(Parameter("b"), 1)
    land, patch = nc.Landscape(circuit, SparsePauliOp(["ZI", "IZ"], [1.0, -1.0])), nc.Gaussian([1.0, 0.05])
    exact = np.mean(nc.certified_second_moment(land, patch, 0))
    covered, estimates = 0, []
    for seed in range(60):
        found = nc.gradient_statistics(land, patch, nc.Stabilizer(order=1), samples=640, parameters=[0], rng=seed)
        estimates.append(found.unbiased.second_moment[0])
        low, high = found.interval(0.99)[0]
        covered += low <= exact <= high
        assert found.unbiased.second_moment[0] >= 0 and found.variance[0] >= 0 and low >= 0
    summed = nc.gradient_statistics(land, patch, BACKEND, samples=640, parameters=[0], rng=1)
    assert summed.second_moment[0] == pytest.approx(exact, rel=1e-5) and summed.second_moment_error[0] == 0
    # By an interval of 99 %, more than 3 of 60 miss with probability 3e-3 where it is exact; here it is wider.
    assert covered >= 57
    assert abs(np.mean(estimates) - exact) < 4.5 * np.std(estimates) / np.sqrt(60) + 1e-5 * exact


def test_shots_that_all_agree_leave_an_error():
    """L = cos t at t = 0.2, one theta in effect: 2 % of all shots differ. Eight shots or fewer mostly do not show it."""
    land, exact = turned("rx", Pauli("Z")), np.cos(0.2)
    alike = 0
    for seed in range(60):
        shots = int(np.random.default_rng(seed).integers(2, 9))
        shifted = nc.Landscape(
            land.circuit.assign_parameters({land.circuit.parameters[0]: Parameter("s") + 0.2}), Pauli("Z")
        )
        found = nc.loss_statistics(shifted, nc.Gaussian(1e-9), nc.Aer("CPU", shots=shots), samples=3, rng=seed)
        alike += found.mean == 1.0
        for part in (found, found.measured):
            assert part.mean_error > 0 and part.second_moment_error > 0 and part.variance_error > 0
        if found.mean == 1.0:
            assert found.shot_noise == 0.0  # what is subtracted stays without bias
            assert np.isclose(found.mean_error, 2 * unseen_rate(3 * shots))
        assert abs(found.mean - exact) < 4 * found.mean_error
        assert abs(found.second_moment - exact**2) < 4 * found.second_moment_error
    assert alike > 20


def test_thetas_that_agree_by_chance_have_the_error_of_their_shots():
    """Two thetas of 64 shots with equal counts: no spread over thetas, but the shots tell theirs."""
    value, square_error = np.full((2, 1), 0.25), np.full((2, 1), (1 - 0.25**2) / 63)
    run = DeviceRun(("CPU",), ("statevector",), 4, 0.1, 64)
    found = gradient_moments(Measurements(value, square_error, run), np.array([0]), np.ones(1), True)
    expected = np.sqrt(square_error[0, 0] / 2)
    for part in (found, found.measured):
        assert np.isclose(part.mean_error[0], expected)
        assert part.second_moment_error[0] > 0.4 * expected and part.variance_error[0] > 0
        assert part.norm_squared_error > 0
    assert found.measured.norm_error == pytest.approx(expected)


def test_device_errors_have_the_right_size():
    """150 cases of 2 to 40 shots and 4 to 30 thetas: moments of Student's t beyond 4, of 3 degrees of freedom, are 3 %."""
    rng, scores = np.random.default_rng(5), {"mean": [], "second_moment": []}
    for case in range(150):
        sigma, shots, samples = float(rng.uniform(0.05, 1.0)), int(rng.integers(2, 40)), int(rng.integers(4, 30))
        land = turned("rx", Pauli("Z"), float(rng.integers(2)) * np.pi / 2)
        found = nc.loss_statistics(land, nc.Gaussian(sigma), nc.Aer("CPU", shots=shots), samples=samples, rng=case)
        settled = land.center[0] == 0
        mean = np.exp(-(sigma**2) / 2) if settled else 0.0
        second = (1 + (1 if settled else -1) * np.exp(-2 * sigma**2)) / 2
        scores["mean"].append((found.mean - mean) / found.mean_error)
        scores["second_moment"].append((found.unbiased.second_moment - second) / found.second_moment_error)
        assert found.mean_error > 0 and found.second_moment_error > 0 and found.second_moment >= 0 and found.variance >= 0
    for each in scores.values():
        assert np.abs(each).max() < 8 and np.mean(np.abs(each) > 4) < 0.03 and np.std(each) < 1.5


def test_noise_that_drowns_the_gradient():
    """Two shots and a slope of 0.03: moments with the noise taken out fall below zero, and those reported do not."""
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    found = nc.gradient_statistics(land, nc.Gaussian(0.03), nc.Aer("CPU", shots=4), samples=20, rng=1)
    assert (found.unbiased.second_moment < 0).any() and (found.unbiased.variance < 0).any()
    assert (found.second_moment >= 0).all() and (found.variance >= 0).all() and found.norm_squared >= 0
    assert np.isclose(found.unbiased.norm_squared, found.unbiased.second_moment.sum())
    low, high = found.interval().T
    exact = nc.gradient_statistics(land, nc.Gaussian(0.03), nc.Statevector(), samples=4000, rng=2).second_moment
    assert (low >= 0).all() and (high[found.bound > 0] > 0).all() and ((low <= exact) & (exact <= high)).all()


def test_sums_of_different_shifts_and_runs_of_different_shots_are_refused():
    one = MomentSums.of(np.array([[1.0], [2.0]]), np.zeros(1))
    with pytest.raises(nc.NearCliffordError, match="expected one shift"):
        one + MomentSums.of(np.array([[1.0], [2.0]]), np.ones(1))
    runs = [DeviceRun(("CPU",), ("statevector",), 2, 0.1, shots) for shots in (None, 10, 20)]
    for first, second in ((0, 1), (1, 2), (2, 0)):
        with pytest.raises(nc.NearCliffordError, match="shots are added"):
            runs[first] + runs[second]
    nothing = DeviceRun((), (), 0, 0.0, None)
    assert (nothing + runs[1]).shots == (runs[1] + nothing).shots == 10
    parts = [Expectations(np.zeros(2), np.zeros(2), runs[1])] * 2
    assert (Expectations.joined(parts, 10).run.shots, Expectations.joined([], 10).run.shots) == (10, 10)
    with pytest.raises(nc.NearCliffordError, match="shots are added"):
        Expectations.joined([parts[0], Expectations(np.zeros(2), np.zeros(2), runs[2])], 10)
