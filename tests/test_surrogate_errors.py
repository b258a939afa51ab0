"""Errors over a patch: exact ones against sampled landscapes and against each other, sampled ones against exact ones."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from scipy import stats

import nearclifford as nc
from dense_series import random_rotations
from random_circuits import random_observable

PATCHES = [nc.Gaussian(0.05), nc.Gaussian(0.4), nc.Uniform(0.7), nc.Uniform(np.pi)]


def random_land(seed):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(2, 5))
    circuit = random_rotations(rng, n_qubits, 14)
    center = rng.integers(0, 4, size=14) * np.pi / 2
    return nc.Landscape(circuit, random_observable(rng, n_qubits, int(rng.integers(1, 5))), center)


@pytest.mark.parametrize("kind", ["pauli-path", "taylor"])
def test_exact_errors_agree_with_sampled_landscapes(kind):
    """100 cases, z-scores of the mean square: each below 5 (3e-5 for all of them), and together of spread about 1."""
    scores = []
    for seed in range(25):
        land, rng = random_land(seed), np.random.default_rng(1000 + seed)
        for patch in (
            nc.Gaussian(0.2),
            nc.Gaussian(tuple(rng.choice([0.1, 0.3], size=14))),
            nc.Uniform(0.5),
            nc.Uniform(1.5),
        ):
            kept = nc.surrogate(land, int(rng.integers(1, 5)), kind=kind)
            theta = land.center + patch.sample((4000, 14), rng=rng)
            square = (land.value(theta) - kept.value(theta)) ** 2
            exact = kept.rms_error(patch) ** 2
            error = square.std(ddof=1) / np.sqrt(len(square))
            if error > 1e-15:
                scores.append((square.mean() - exact) / error)
            else:
                assert exact < 1e-14
    assert len(scores) > 40
    # means of squares are skewed to small values: the tails differ from those of normal scores on one side
    assert np.abs(scores).max() < 6.0
    assert 0.6 < np.std(scores) < 1.5 and abs(np.mean(scores)) < 0.5


@pytest.mark.parametrize("patch", PATCHES)
def test_taylor_and_path_errors_in_closed_form(patch):
    """One rotation RY and Z: L = cos t; the Taylor polynomial of order 3 leaves cos t - 1 + t²/2."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("t"), 0)
    land = nc.Landscape(circuit, SparsePauliOp("Z"))
    if isinstance(patch, nc.Gaussian):
        weight, nodes = stats.norm(scale=patch.sigma).pdf, np.linspace(-12 * patch.sigma, 12 * patch.sigma, 200_001)
    else:
        weight, nodes = stats.uniform(-patch.half_width, 2 * patch.half_width).pdf, None
        nodes = np.linspace(-patch.half_width, patch.half_width, 200_001)
    for order, rest in ((1, lambda t: np.cos(t) - 1), (3, lambda t: np.cos(t) - 1 + t**2 / 2)):
        expected = np.sqrt(np.trapezoid(rest(nodes) ** 2 * weight(nodes), nodes))
        # cos t - 1 + t²/2 cancels in the integrand, not in the package
        assert nc.surrogate(land, order, kind="taylor").rms_error(patch) == pytest.approx(expected, rel=1e-4)
    assert nc.surrogate(land, 1).rms_error(patch) == 0.0


def test_small_widths_keep_their_digits():
    """The error of order m falls as σ^m, far below the rounding of its parts."""
    land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3))
    for kind in ("pauli-path", "taylor"):
        kept = nc.surrogate(land, 5, kind=kind)
        errors = [kept.rms_error(nc.Gaussian(sigma)) for sigma in (1e-3, 2e-3)]
        assert 0 < errors[0] < 1e-10
        assert 4.9 < np.log2(errors[1] / errors[0]) < 6.1


def test_the_curve_agrees_with_exact_errors():
    """z-scores over 30 landscapes pass a Kolmogorov-Smirnov test at 1e-3; every interval of 0.9999 holds."""
    scores, outside = [], 0
    for seed in range(30):
        land, patch = random_land(seed), PATCHES[seed % len(PATCHES)]
        curve = nc.surrogate_error_curve(land, patch, orders=range(5), samples=64_000, rng=seed)
        for order in range(1, 5):
            exact = nc.surrogate(land, order).rms_error(patch)
            low, high = curve.interval(0.9999)[order]
            outside += not (low <= exact * (1 + 1e-12) and exact <= high * (1 + 1e-12))
        order = int(np.random.default_rng(seed).integers(1, 5))
        exact = nc.surrogate(land, order).rms_error(patch) ** 2
        if curve.mean_square[order] * curve.samples > 30 * curve.bound:
            scores.append((curve.mean_square[order] - exact) / curve.mean_square_error[order])
    assert outside == 0
    assert len(scores) > 12
    assert stats.kstest(scores, "norm").pvalue > 1e-3


def test_order_zero_is_the_second_moment():
    land = nc.Landscape(nc.ansatz.mhea(5, 3), nc.observables.global_z(5))
    patch = nc.Gaussian(0.3)
    curve = nc.surrogate_error_curve(land, patch, orders=[0], samples=400_000, rng=1)
    lower, upper = nc.certified_loss_second_moment(land, patch)
    assert abs(curve.mean_square[0] - (lower + upper) / 2) < 4 * curve.mean_square_error[0]


def test_one_seed_one_curve_on_any_number_of_threads():
    import numba

    land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    single = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    threads = numba.get_num_threads()
    for case in (land, single):
        curves = []
        for count in (1, threads):
            numba.set_num_threads(count)
            curves.append(nc.surrogate_error_curve(case, nc.Gaussian(0.3), samples=50_000, rng=5).mean_square)
        numba.set_num_threads(threads)
        assert np.array_equal(*curves)


def test_five_hundred_qubits():
    """Diagonal circuits have a closed form at any size: L = Π cos t, one path without flips."""
    circuit = QuantumCircuit(500)
    for qubit in range(500):
        circuit.ry(Parameter(f"t{qubit:03d}"), qubit)
    land = nc.Landscape(circuit, nc.observables.global_z(500))
    patch = nc.Gaussian(0.02)
    curve = nc.surrogate_error_curve(land, patch, orders=[0, 1], samples=100_000, rng=3)
    exact = float(1 - patch.sine_square_mean()) ** 500
    assert curve.mean_square[0] == pytest.approx(exact, rel=1e-12) and curve.mean_square_error[0] == 0.0
    # the x-parts of the rotations are independent: no path flips, which is known without a sample
    assert curve.most_flips == 0 and curve.rms_error[1] == curve.rms_error_error[1] == 0.0
    assert nc.surrogate(land, 1).rms_error(patch) == 0.0


LAND = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"orders": []}, "orders is empty"),
        ({"orders": [-1]}, "an entry of orders is -1; expected an integer of at least 0"),
        ({"orders": [1.5]}, "an entry of orders is 1.5"),
        ({"orders": 3}, "orders is 3; expected a sequence of integers"),
        ({"orders": "12"}, "orders is '12'; expected a sequence of integers"),
        ({"orders": [10**20]}, "an entry of orders is 1000.*; expected an integer of at most"),
        ({"samples": 1}, "samples is 1; expected an integer of at least 2"),
        ({"samples": 10**20}, "samples is 1000.*; expected an integer of at most 1000000000000"),
        ({"land": nc.ansatz.mhea(2, 1)}, "land is a QuantumCircuit; expected a Landscape"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(nc.NearCliffordError, match=message):
        nc.surrogate_error_curve(**{"land": LAND, "patch": nc.Gaussian(0.1)} | arguments)


def test_dependent_angles_are_compared_at_thetas():
    """L = cos² a, the whole of it in order 1; its Taylor polynomial below degree 2 is 1, off by sin² a."""
    circuit, angle = QuantumCircuit(1), Parameter("a")
    circuit.ry(angle, 0)
    circuit.rx(angle, 0)
    land = nc.Landscape(circuit, SparsePauliOp("Z"))
    curve = nc.surrogate_error_curve(land, nc.Gaussian(0.1), orders=[0, 1, 2], rng=1)
    assert curve.reference == "exact sweeps" and curve.rms_error[2] < 1e-15
    assert abs(curve.mean_square[0] - (3 + 4 * np.exp(-0.02) + np.exp(-0.08)) / 8) <= 5 * curve.mean_square_error[0]
    assert nc.surrogate(land, 2).rms_error(nc.Gaussian(0.1)) < 1e-15
    fourth = (3 - 4 * np.exp(-0.02) + np.exp(-0.08)) / 8
    assert nc.surrogate(land, 2, kind="taylor").rms_error(nc.Gaussian(0.1)) ** 2 == pytest.approx(fourth, rel=0.5)
    with pytest.raises(nc.NearCliffordError, match=r"Parameter 0 \('a'\) turns 2 rotations"):
        list(nc.surrogate(land, 2, kind="taylor").coefficients())
    with pytest.raises(nc.NearCliffordError, match="2 widths; expected 1"):
        nc.surrogate_error_curve(land, nc.Gaussian([0.1, 0.2]))
    with pytest.raises(nc.NearCliffordError, match="patch is"):
        nc.surrogate(land, 2).rms_error(0.1)


def test_wrong_patch_is_refused():
    for call in (lambda p: nc.surrogate_error_curve(LAND, p), nc.surrogate(LAND, 2).rms_error):
        with pytest.raises(nc.NearCliffordError, match="holds 3 widths; expected 8"):
            call(nc.Gaussian([0.1, 0.2, 0.3]))
