"""Taylor surrogates far from the centre and at high orders, against polynomials evaluated with many digits."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
from dense_series import random_rotations
from nearclifford.kernels.paths.taylor_series import series_gradients, series_values
from nearclifford.kernels.paths.taylor_sums import taylor_gradients, taylor_values
from nearclifford.surrogates.taylor_range import logarithms
from random_circuits import random_observable

WIDE = [0.1, 1.0, 1.5, 1.6, 2.0, 5.0, 10.0, 100.0]


def rotations(letters):
    """Return the landscape of RY on each qubit and a product of Z and X: Π cos t for Z, Π sin t for X."""
    circuit = QuantumCircuit(len(letters))
    for qubit in range(len(letters)):
        circuit.ry(Parameter(f"t{qubit:03d}"), qubit)
    return nc.Landscape(circuit, SparsePauliOp(letters[::-1]))


def series(letter, t, derivative, degree):
    """Return the coefficients by ε of sin or cos εt, or of a derivative by t, as many-digit numbers."""
    found = []
    for power in range(degree + 1):
        if power % 2 != (letter == "X") or power < derivative:
            found.append(mpmath.mpf(0))
        else:
            found.append((-1) ** (power // 2) * mpmath.mpf(t) ** (power - derivative) / mpmath.factorial(power - derivative))
    return found


def polynomial(letters, theta, order, by=()):
    """Return (value, sum of sizes of the monomials) of the Taylor polynomial, or its derivative by some angles."""
    degree = min(order - 1, 3000)
    total, sizes = ([mpmath.mpf(1)] + [mpmath.mpf(0)] * degree for _ in range(2))
    for j, (letter, t) in enumerate(zip(letters, theta, strict=True)):
        factor = series(letter, t, by.count(j), degree)
        total, sizes = times(total, factor), times(sizes, [abs(x) for x in factor])
    return sum(total), sum(sizes)


def times(a, b):
    product = [mpmath.mpf(0)] * len(a)
    for i, x in enumerate(a):
        if x:
            for k, y in enumerate(b[: len(a) - i]):
                if y:
                    product[i + k] += x * y
    return product


def agrees(found, letters, theta, order, by=()):
    with mpmath.workdps(60):
        expected, size = polynomial(letters, theta, order, by)
        return abs(mpmath.mpf(float(found)) - expected) <= 1e-13 * size


@pytest.mark.parametrize("letter", "ZX")
@pytest.mark.parametrize("order", [3, 8, 9, 30, 60, 171, 200])
@pytest.mark.parametrize("t", WIDE)
def test_one_angle_at_any_distance(letter, order, t):
    kept = nc.surrogate(rotations(letter), order, kind="taylor")
    value, gradient = kept.value_and_gradient([t])
    assert agrees(value, letter, [t], order)
    assert agrees(gradient[0], letter, [t], order, (0,))
    assert agrees(kept.hessian([t])[0, 0], letter, [t], order, (0, 0))


@pytest.mark.parametrize("order", [4, 9, 12, 30])
@pytest.mark.parametrize("size", [0.3, 1.2, 3.0, 8.0])
def test_several_angles(order, size):
    letters, rng = "ZZXZX", np.random.default_rng(order)
    theta = rng.uniform(-size, size, 5)
    kept = nc.surrogate(rotations(letters), order, kind="taylor")
    value, gradient = kept.value_and_gradient(theta)
    hessian = kept.hessian(theta)
    assert agrees(value, letters, theta, order)
    for j in range(5):
        assert agrees(gradient[j], letters, theta, order, (j,))
        for k in range(5):
            assert agrees(hessian[j, k], letters, theta, order, (j, k))


@pytest.mark.parametrize("order", [9, 21, 40])
def test_many_angles_inside_the_range_of_the_logarithms(order):
    """Eighty angles of 1: the logarithms' series converge, but their terms are e^13 times larger than the monomials."""
    letters, theta = "Z" * 80, np.ones(80)
    kept = nc.surrogate(rotations(letters), order, kind="taylor")
    value, gradient = kept.value_and_gradient(theta)
    assert agrees(value, letters, theta, order)
    assert agrees(gradient[3], letters, theta, order, (3,))


@pytest.mark.parametrize("order", [1000, 10**6, 2**53])
def test_orders_beyond_all_degrees_that_count(order):
    kept = nc.surrogate(rotations("ZX"), order, kind="taylor")
    for theta in ([0.3, 0.2], [2.0, -1.0], [20.0, 3.0]):
        value, gradient = kept.value_and_gradient(theta)
        size = math.cosh(theta[0]) * math.cosh(theta[1])
        assert abs(value - math.cos(theta[0]) * math.sin(theta[1])) < 1e-13 * size
        assert abs(gradient[0] + math.sin(theta[0]) * math.sin(theta[1])) < 1e-13 * size
        assert abs(kept.hessian(theta)[0, 1] + math.sin(theta[0]) * math.cos(theta[1])) < 1e-13 * size
    with pytest.raises(nc.ResourceError, match=f"its order is {order}; expected at most 100"):
        kept.rms_error(nc.Gaussian(0.1))


def test_what_leaves_the_floats_is_refused():
    kept = nc.surrogate(rotations("Z"), 400, kind="taylor")
    for method in (kept.value, kept.gradient, kept.hessian):
        with pytest.raises(nc.NearCliffordError, match="order 400 leaves the range of float64"):
            method([1e6])


def test_the_way_of_one_theta_does_not_depend_on_the_others():
    land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3))
    kept = nc.surrogate(land, 12, kind="taylor")
    theta = np.random.default_rng(1).normal(size=(30, 18)) * np.geomspace(0.1, 5.0, 30)[:, None]
    value, gradient = kept.value(theta), kept.gradient(theta)
    for row in (0, 11, 29):
        assert value[row] == kept.value(theta[row])
        assert np.array_equal(gradient[row], kept.gradient(theta[row]))


@given(seed=st.integers(0, 2**32), order=st.integers(1, 13))
def test_both_kernels_sum_the_same_polynomial(seed, order):
    """Near the centre, where each is accurate: values and gradients of random circuits of several terms."""
    rng = np.random.default_rng(seed)
    n_qubits = int(rng.integers(1, 4))
    land = nc.Landscape(random_rotations(rng, n_qubits, 10), random_observable(rng, n_qubits, 3))
    tree = nc.surrogate(land, order, kind="taylor").tree
    angle = rng.normal(size=(11, 10)) * 0.3
    scale = np.abs(land.problem.coefficients).sum()
    found = [(np.empty(11), np.empty(11), np.empty((11, 10))) for _ in range(2)]
    for (value, again, gradient), ways, extra in zip(
        found, ((taylor_values, taylor_gradients), (series_values, series_gradients)), (logarithms((order - 1) // 2), ()),
        strict=True,
    ):  # fmt: skip
        ways[0](tree, order, *extra, angle, value)
        ways[1](tree, order, *extra, angle, again, gradient)
        assert np.abs(value - again).max() < 1e-14 * scale
    assert np.abs(found[0][0] - found[1][0]).max() < 1e-13 * scale
    assert np.abs(found[0][2] - found[1][2]).max() < 1e-12 * scale


def test_logarithms_are_those_of_the_functions():
    cosines, sines = logarithms(200)
    t = 0.7
    powers = t ** (2.0 * np.arange(1, 201))
    assert cosines @ powers == pytest.approx(math.log(math.cos(t)), rel=1e-14)
    assert sines @ powers == pytest.approx(math.log(math.sin(t) / t), rel=1e-14)


@pytest.mark.parametrize("letter", "ZX")
@pytest.mark.parametrize("order", [1, 5, 30])
@pytest.mark.parametrize("patch", [nc.Gaussian(3.0), nc.Gaussian(1e-3), nc.Uniform(6.0), nc.Uniform(1e-2)])
def test_exact_errors_against_quadrature(letter, order, patch):
    """Quadrature with as many digits as cancel, of what is left of sin and cos."""
    with mpmath.workdps(50 if patch.width > 1.0 else 250):
        width = mpmath.mpf(patch.width)
        odd = letter == "X"

        def square(t):
            whole = mpmath.sin(t) if odd else mpmath.cos(t)
            return (whole - mpmath.fsum(c * t**k for k, c in enumerate(series(letter, 1, 0, order - 1)) if c)) ** 2

        if isinstance(patch, nc.Gaussian):
            normal = width * mpmath.sqrt(2 * mpmath.pi)
            mean = 2 * mpmath.quad(
                lambda t: square(t) * mpmath.exp(-((t / width) ** 2) / 2) / normal, mpmath.linspace(0, 20 * width, 11)
            )
        else:
            mean = mpmath.quad(square, mpmath.linspace(0, width, 4)) / width
        expected = float(mpmath.sqrt(mean))
    assert nc.surrogate(rotations(letter), order, kind="taylor").rms_error(patch) == pytest.approx(expected, rel=1e-9)


def test_exact_errors_of_two_angles_against_quadrature():
    land, nodes = rotations("ZX"), np.polynomial.hermite_e.hermegauss(120)
    for order in (2, 4, 7):
        kept = nc.surrogate(land, order, kind="taylor")
        for sigma in (0.3, 1.0, 2.0):
            theta = sigma * np.stack(np.meshgrid(nodes[0], nodes[0]), axis=-1)
            weight = np.outer(nodes[1], nodes[1]) / (2 * np.pi)
            expected = np.sqrt((weight * (land.value(theta) - kept.value(theta)) ** 2).sum())
            assert kept.rms_error(nc.Gaussian(sigma)) == pytest.approx(expected, rel=1e-8)
