"""Surrogates against dense matrices, the exact landscape and published figures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
from dense_series import dense_gates, dense_value, random_rotations, truncated_paths, truncated_taylor
from random_circuits import random_circuit, random_observable

KINDS = {"pauli-path": truncated_paths, "taylor": truncated_taylor}


def random_case(seed, n_rotations=9, shared=False):
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, 4))
    circuit = random_rotations(rng, n_qubits, n_rotations, shared)
    observable = random_observable(rng, n_qubits, int(rng.integers(1, 5)))
    center = rng.integers(-2, 3, size=circuit.num_parameters) * np.pi / 2
    displacement = rng.normal(size=circuit.num_parameters) * 0.25
    return circuit, observable, center, displacement


def numerical(function, theta, step=1e-4):
    """Return the derivative by central differences of fourth order, along a new last axis."""
    shifts = step * np.eye(len(theta))
    first, second = (function(theta + k * shifts) - function(theta - k * shifts) for k in (1, 2))
    return np.moveaxis((8 * first - second) / (12 * step), 0, -1)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), order=st.integers(1, 8), shared=st.booleans())
def test_truncated_series_equals_dense_matrices(kind, seed, order, shared):
    circuit, observable, center, displacement = random_case(seed, shared=shared)
    land = nc.Landscape(circuit, observable, center)
    kept = nc.surrogate(land, order, kind=kind)
    expected = KINDS[kind](circuit, observable, center, displacement, order)
    assert abs(kept.value(center + displacement) - expected) < 1e-11 * np.abs(observable.coeffs).sum()


def test_the_oracle_without_truncation_is_the_exact_loss():
    for seed in range(20):
        circuit, observable, center, displacement = random_case(seed)
        exact = nc.Landscape(circuit, observable).value(center + displacement)
        assert abs(dense_value(dense_gates(circuit), observable, center, displacement) - exact) < 1e-12


@given(seed=st.integers(0, 2**32))
def test_full_order_is_the_exact_landscape(seed):
    """Every gate kind of the compiler, shared parameters, factors and fixed angles included."""
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, int(rng.integers(1, 5)), 10)
    land = nc.Landscape(circuit, random_observable(rng, circuit.num_qubits, 3))
    kept = nc.surrogate(land, order=land.problem.n_rotations + 1)
    theta = rng.normal(size=(3, land.n_parameters))
    value, gradient = land.value_and_gradient(theta)
    scale = np.abs(land.problem.coefficients).sum() * max(1.0, abs(land.problem.angle_map.matrix).sum())
    assert np.abs(kept.value(theta) - value).max() < 1e-12 * scale
    assert np.abs(kept.gradient(theta) - gradient).max() < 1e-12 * scale


@pytest.mark.parametrize(
    ("n_qubits", "layers", "observable"), [(10, 1, "global_z"), (6, 1, "heisenberg"), (4, 3, "global_z")]
)
def test_full_order_at_more_qubits(n_qubits, layers, observable):
    land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), getattr(nc.observables, observable)(n_qubits))
    kept = nc.surrogate(land, order=land.n_parameters + 1)
    theta = np.random.default_rng(1).uniform(-np.pi, np.pi, (5, land.n_parameters))
    assert np.abs(kept.value(theta) - land.value(theta)).max() < 1e-12
    assert np.abs(kept.gradient(theta) - land.gradient(theta)).max() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("shared", [False, True])
def test_derivatives_are_those_of_the_truncated_series(kind, order, shared):
    for seed in range(4):
        circuit, observable, center, displacement = random_case(seed, shared=shared)
        kept = nc.surrogate(nc.Landscape(circuit, observable, center), order, kind=kind)
        theta = center + displacement
        size = max(1.0, np.abs(observable.coeffs).sum())
        assert np.abs(kept.gradient(theta) - numerical(kept.value, theta)).max() < 1e-9 * size
        hessian = kept.hessian(theta)
        assert np.abs(hessian - numerical(kept.gradient, theta)).max() < 1e-9 * size
        assert np.abs(hessian - hessian.T).max() < 1e-13 * size


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_where_sines_and_cosines_vanish(kind):
    land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.global_xyz(3))
    kept = nc.surrogate(land, 4, kind=kind)
    for theta in (np.zeros(18), np.full(18, np.pi / 2)):
        assert np.abs(kept.gradient(theta) - numerical(kept.value, theta)).max() < 1e-8
        assert np.abs(kept.hessian(theta) - numerical(kept.gradient, theta)).max() < 1e-8


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_falls_with_the_power_of_the_order(kind):
    """|L - L_m| = O(σ^m): the slope of its logarithm, with odd orders lost where a parity forbids them."""
    land = nc.Landscape(nc.ansatz.random_pqc(4, 4, rng=3), nc.observables.global_xyz(4))
    direction = np.random.default_rng(1).normal(size=land.n_parameters)
    for order in range(1, 6):
        kept = nc.surrogate(land, order, kind=kind)
        errors = [abs(kept.value(s * direction) - land.value(s * direction)) for s in (0.01, 0.02)]
        if min(errors) > 1e-13:
            slope = np.log2(errors[1] / errors[0])
            assert order - 0.1 < slope < order + 1.1


def test_batches_and_threads_give_the_same_bits():
    land = nc.Landscape(nc.ansatz.mhea(6, 3), nc.observables.heisenberg(6))
    theta = np.random.default_rng(2).normal(size=(4, 5, land.n_parameters)) * 0.2
    for kind in KINDS:
        kept = nc.surrogate(land, 4, kind=kind)
        value, gradient = kept.value_and_gradient(theta)
        assert value.shape == (4, 5) and gradient.shape == theta.shape
        assert np.array_equal(value, kept.value(theta))
        assert value[2, 3] == kept.value(theta[2, 3])
        assert np.array_equal(gradient[2, 3], kept.gradient(theta[2, 3]))
        assert kept.hessian(theta[:2, 0]).shape == (2, land.n_parameters, land.n_parameters)
        assert kept.value(theta[:0]).shape == (0, 5)


def test_published_supports():
    """Data of arXiv:2507.06344, effective complexity (running totals undone): mHEA, N = 2, Z^2, |α| < 3 and |α| < 5."""
    published = {3: [5, 10, 14, 22, 28, 39, 47, 61, 71, 88, 100, 120], 5: [17, 58, 113, 255, 411]}
    for order, supports in published.items():
        for layers, support in enumerate(supports, start=1):
            land = nc.Landscape(nc.ansatz.mhea(2, layers), nc.observables.global_z(2))
            assert nc.surrogate(land, order).support == support


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), order=st.integers(1, 6))
def test_coefficients_are_the_polynomial(seed, order):
    circuit, observable, center, displacement = random_case(seed)
    kept = nc.surrogate(nc.Landscape(circuit, observable, center), order, kind="taylor")
    found = dict(kept.coefficients())
    assert len(found) == kept.support
    assert all(sum(power for _, power in alpha) < order for alpha in found)
    total = sum(value * np.prod([displacement[k] ** power for k, power in alpha]) for alpha, value in found.items())
    expected = truncated_taylor(circuit, observable, center, displacement, order)
    assert abs(total - expected) < 1e-11


def test_coefficients_carry_the_factors_of_angles():
    circuit, angle = QuantumCircuit(1), Parameter("a")
    circuit.ry(-3 * angle, 0)
    kept = nc.surrogate(nc.Landscape(circuit, SparsePauliOp("X")), order=4, kind="taylor")
    assert dict(kept.coefficients()) == pytest.approx({((0, 1),): -3.0, ((0, 3),): 27 / 6})


def test_terms_that_cancel_leave_the_support():
    """cos a cos b from ZZ and, by an SWAP-symmetric circuit, minus the same from the other term."""
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.ry(Parameter("b"), 1)
    whole = nc.surrogate(nc.Landscape(circuit, SparsePauliOp(["ZI", "ZZ"], [1.0, -1.0])), order=3)
    # cos b - cos a cos b: the constants and the b² cancel, -a²/2 stays
    assert whole.support == 1
    assert whole.n_paths == 2


@pytest.mark.parametrize("observable", [SparsePauliOp("XX"), SparsePauliOp(["XX", "YI"], [1.0, 2.0])])
def test_nothing_left_after_truncation(observable):
    circuit = QuantumCircuit(2)
    for qubit in (0, 1):
        circuit.ry(Parameter(f"t{qubit}"), qubit)
    land = nc.Landscape(circuit, observable)
    for kind in KINDS:
        kept = nc.surrogate(land, order=1, kind=kind)
        assert (kept.n_paths, kept.support, kept.value([0.3, 0.4])) == (0, 0, 0.0)
        assert not kept.gradient([0.3, 0.4]).any()
        assert kept.rms_error(nc.Gaussian(0.2)) > 0.0


def test_identity_terms_are_kept_whole():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), SparsePauliOp(["II", "ZZ"], [2.5, 1.0]))
    for kind in KINDS:
        assert nc.surrogate(land, 1, kind=kind).value(np.zeros(8)) == pytest.approx(3.5)


def test_an_encoder_in_front_and_a_centre():
    center = np.random.default_rng(5).integers(0, 4, size=24) * np.pi / 2
    circuit, observable = nc.ansatz.mhea(3, 3), nc.observables.random_pauli(3, rng=5)
    encoding = nc.encode(circuit, observable, parameter=7, center=center)
    land = nc.Landscape(encoding.circuit, observable, center)
    for kind in KINDS:
        kept = nc.surrogate(land, 2, kind=kind)
        assert abs(kept.gradient(center)[7]) == pytest.approx(1.0)
        theta = center + 1e-3
        assert abs(kept.value(theta) - land.value(theta)) < 1e-3


def test_beyond_one_word_of_x_parts():
    """100 qubits in 50 pairs: keys are hashed, and the loss is a product of two-qubit losses."""
    pair, circuit = nc.ansatz.mhea(2, 1), QuantumCircuit(100)
    angles = [[Parameter(f"t{p:02d}_{k}") for k in range(8)] for p in range(50)]
    for p in range(50):
        circuit.compose(pair.assign_parameters(angles[p]), [2 * p, 2 * p + 1], inplace=True)
    land = nc.Landscape(circuit, nc.observables.global_z(100))
    assert len(land.problem.groups[0].pivot) > 64
    theta = np.random.default_rng(3).normal(size=400) * 0.01
    block = nc.Landscape(pair, nc.observables.global_z(2))
    exact = np.prod(block.value(theta.reshape(50, 8)))
    for kind in KINDS:
        errors = [abs(nc.surrogate(land, order, kind=kind).value(theta) - exact) for order in (1, 3, 5)]
        assert errors[0] > 10 * errors[1] > 100 * errors[2]
        assert errors[2] < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_files_give_the_surrogate_back(tmp_path, kind):
    land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3), center=np.full(18, np.pi / 2))
    kept = nc.surrogate(land, 4, kind=kind)
    kept.save(tmp_path / "kept.npz")
    again = nc.Surrogate.load(tmp_path / "kept.npz")
    theta = np.random.default_rng(1).normal(size=(3, 18))
    assert type(again) is type(kept) and repr(again) == repr(kept)
    assert np.array_equal(again.value(theta), kept.value(theta))
    assert np.array_equal(again.hessian(theta), kept.hessian(theta))
    assert again.rms_error(nc.Gaussian(0.1)) == kept.rms_error(nc.Gaussian(0.1))


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(
        nc.NearCliffordError,
        match=r"nothing\.npz: No such file or directory; expected an \.npz file that Surrogate\.save wrote",
    ):
        nc.Surrogate.load(tmp_path / "nothing.npz")
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    with pytest.raises(nc.NearCliffordError, match=r"other\.npz is no surrogate"):
        nc.Surrogate.load(tmp_path / "other.npz")
    np.save(tmp_path / "pickled.npz", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(nc.NearCliffordError):
        nc.Surrogate.load(tmp_path / "pickled.npz.npy")
    with pytest.raises(nc.NearCliffordError, match=r"ends in \.npz"):
        nc.surrogate(nc.Landscape(nc.ansatz.mhea(1, 0), SparsePauliOp("Z")), 1).save(tmp_path / "kept.pickle")


LAND = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": 0}, "order is 0; expected an integer of at least 1"),
        ({"order": 2.0}, "order is 2.0; expected an integer"),
        ({"order": 2, "kind": "fourier"}, "kind is 'fourier'; expected one of 'pauli-path', 'taylor'"),
        ({"order": 2, "max_bytes": 0}, "max_bytes is 0; expected an integer of at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(nc.NearCliffordError, match=message):
        nc.surrogate(LAND, **arguments)


def test_fixed_angles_have_paths_but_no_taylor_form():
    circuit = nc.ansatz.mhea(2, 0)
    circuit.t(0)
    land = nc.Landscape(circuit, SparsePauliOp("XX"))
    with pytest.raises(nc.NearCliffordError, match=r"rotation \d \(RZ on qubit 0\) turns by 0.785398 rad.*pauli-path"):
        nc.surrogate(land, 3, kind="taylor")
    theta = np.array([0.3, 0.2, -0.1, 0.4])
    assert abs(nc.surrogate(land, 6).value(theta) - land.value(theta)) < 1e-14


@pytest.mark.parametrize("theta", [np.zeros(7), np.zeros(8) * 1j, np.full(8, np.nan)])
def test_wrong_thetas_are_refused(theta):
    kept = nc.surrogate(LAND, 2)
    for method in (kept.value, kept.gradient, kept.hessian):
        with pytest.raises(nc.NearCliffordError, match="theta"):
            method(theta)


def test_memory_is_refused_before_it_is_taken():
    land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    with pytest.raises(nc.ResourceError, match=r"order 9 has about .* paths here and needs about .*; max_bytes is 64 MiB"):
        nc.surrogate(land, 9, max_bytes=2**26)
    with pytest.raises(nc.ResourceError, match=r"tables of 528 rotations, which take .*; max_bytes is 1 KiB"):
        nc.surrogate(land, 5, max_bytes=2**10)
    # the prediction lets this one begin; the walk itself stops it
    with pytest.raises(nc.ResourceError, match=r"order 4 has about .* paths"):
        nc.surrogate(nc.Landscape(nc.ansatz.mhea(8, 8), nc.observables.heisenberg(8)), 4, max_bytes=2**16)


def test_hessians_that_do_not_fit_are_refused():
    kept = nc.surrogate(nc.Landscape(nc.ansatz.mhea(50, 100), nc.observables.global_z(50)), 1)
    with pytest.raises(nc.ResourceError, match=r"A Hessian of 10100 parameters at 1000 thetas needs 7\d\d GiB"):
        kept.hessian(np.zeros((1000, 10100)))
