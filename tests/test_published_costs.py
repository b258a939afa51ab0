"""The published comparison curves: counting, exact integers, quadrature against sampling, and a few published figures."""

import itertools
import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearclifford import Gaussian, NearCliffordError, Uniform
from nearclifford.costs.cardinality import n_multi_indices, n_stabilizer_calls
from nearclifford.costs.patch_exponent import least_parameters, patch_exponent
from nearclifford.costs.stabilizer_rank import (
    folded_angle,
    log2_extent,
    log2_mean_stabilizer_rank,
    log2_stabilizer_rank,
    mean_log2_stabilizer_rank,
)
from nearclifford.costs.worst_case import mean_displacement, published_threshold, worst_case_order

# cardinality -----------------------------------------------------------------------------------------------------


def multi_indices(size, order):
    """All α over ``size`` parameters with |α| < order, by going through all of a box."""
    return [alpha for alpha in itertools.product(range(order), repeat=size) if sum(alpha) < order]


@pytest.mark.parametrize(("size", "order"), [(1, 1), (1, 6), (2, 1), (3, 4), (4, 3), (5, 5), (8, 2)])
def test_cardinalities_by_counting(size, order):
    """A derivative of order a in one angle shifts it to a + 1 places."""
    counted = multi_indices(size, order)
    assert n_multi_indices(size, order) == len(counted)
    assert n_stabilizer_calls(size, order) == sum(math.prod(entry + 1 for entry in alpha) for alpha in counted)


# (D, m): published number of stabilizer calls; mHEA, L = 1, D = 4N (data of arXiv:2507.06344)
PUBLISHED_CALLS = {(4, 4): 165, (28, 4): 32509, (92, 3): 17205, (136, 2): 273, (512, 1): 1, (12, 3): 325, (48, 3): 4753}


def test_published_cardinalities():
    assert {key: n_stabilizer_calls(*key) for key in PUBLISHED_CALLS} == PUBLISHED_CALLS


def test_cardinalities_beyond_floats_are_exact():
    large = n_stabilizer_calls(10**6, 400)
    assert large > 10**1000
    assert large == math.prod(range(2 * 10**6 + 1, 2 * 10**6 + 400)) // math.factorial(399)


@pytest.mark.parametrize("count", [n_multi_indices, n_stabilizer_calls])
def test_wrong_sizes(count):
    with pytest.raises(NearCliffordError, match="n_parameters is 0; expected at least 1"):
        count(0, 3)
    with pytest.raises(NearCliffordError, match="order is 0; expected at least 1"):
        count(3, 0)
    with pytest.raises(TypeError):
        count(3, 2.5)


# worst case ------------------------------------------------------------------------------------------------------


@given(st.fractions(0, 60, max_denominator=1000), st.integers(1, 12))
def test_the_order_is_the_smallest_by_exact_arithmetic(displacement, digits):
    tolerance = Fraction(1, 10**digits)
    order = worst_case_order(float(displacement), float(tolerance))
    bound = Fraction(1)
    orders = [m for m in range(1, 400) if (bound := bound * displacement / m) <= tolerance]
    exact = next((m for m in orders if m >= displacement - 1), None)
    edge = displacement**order / math.factorial(order)
    near = abs(edge / tolerance - 1) < 1e-9  # both arguments were rounded to floats
    assert order == exact or near


def log_bound(displacement, order):
    """ln(‖t‖₁^m / m!) to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        return float(Decimal(displacement).ln() * order - sum(Decimal(k).ln() for k in range(1, order + 1)))


def test_orders_whose_bound_is_far_beyond_floats():
    order = worst_case_order(5000.0, 1e-6)
    assert log_bound(5000, order) <= math.log(1e-6) < log_bound(5000, order - 1)
    assert worst_case_order(0.0, 1e-6) == 1


def test_the_mean_displacement_is_that_of_sampled_angles():
    """Mean of ‖t‖₁ over 20,000 draws, at 5 standard errors: a false alarm in about 1 of 1.7 million seeds each."""
    for patch in (Gaussian(0.3), Uniform(0.3), Gaussian([0.1, 0.2, 0.4])):
        sizes = np.abs(patch.sample((20_000, 3), rng=np.random.default_rng(5))).sum(axis=1)
        assert abs(mean_displacement(patch, 3) - sizes.mean()) < 5 * sizes.std() / math.sqrt(len(sizes))
    with pytest.raises(NearCliffordError, match="3 widths; expected 4"):
        mean_displacement(Gaussian([0.1, 0.2, 0.4]), 4)


# ε = 1e-6, σ = D^-1/2 and 1 of D = 2N(N + 1) angles from numpy.random.seed(7) (data of arXiv:2507.06344)
PUBLISHED_THRESHOLDS = {2: (19, 28), 5: (25, 131), 13: (52, 776), 42: (139, 7752), 281: (874, 343646)}


@pytest.mark.parametrize("n_qubits", PUBLISHED_THRESHOLDS)
def test_published_thresholds(n_qubits):
    size, stream = 2 * n_qubits * (n_qubits + 1), np.random.RandomState(7)
    widths = (math.exp(-size), 1 / size**2, 1 / size, size**-0.5, size ** (-1 / 3), size**-0.2, 1 / math.log(size), 1.0)
    norms = [np.abs(stream.normal(0, width, size)).sum() for width in widths]
    assert tuple(published_threshold(norms[k], 1e-6) for k in (3, 7)) == PUBLISHED_THRESHOLDS[n_qubits]


def test_the_published_threshold_may_break_its_bound_by_one():
    short = [worst_case_order(size, 1e-6) - published_threshold(size, 1e-6) for size in np.linspace(12, 2000, 500)]
    assert set(short) == {0, 1}
    order = published_threshold(26.5, 1e-6)
    assert math.exp(log_bound(26.5, order)) > 1e-6 > math.exp(log_bound(26.5, order + 1))


@pytest.mark.parametrize("threshold", [worst_case_order, published_threshold])
def test_wrong_bounds(threshold):
    for displacement in (-1.0, math.nan, math.inf):
        with pytest.raises(NearCliffordError, match="displacement is"):
            threshold(displacement, 1e-3)
    for tolerance in (0.0, 1.0, -1e-3, math.nan):
        with pytest.raises(NearCliffordError, match="tolerance is"):
            threshold(1.0, tolerance)


# stabilizer rank -------------------------------------------------------------------------------------------------


def extent_by_decomposition(angle):
    """ξ of R_z(t)|+>, t in [0, π/4]: the least (Σ|c|)² over its decompositions into |+>, |i> and |->, by search."""
    target = np.array([np.exp(-0.5j * angle), np.exp(0.5j * angle)]) / np.sqrt(2)
    basis = np.array([[1, 1], [1, 1j]]).T / np.sqrt(2)
    other = np.array([1, -1]) / np.sqrt(2)
    grid = np.linspace(-0.2, 0.2, 81)
    costs = [
        np.abs(np.linalg.solve(basis, target - (a + 1j * b) * other)).sum() + abs(a + 1j * b) for a in grid for b in grid
    ]
    return min(costs) ** 2


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.4, math.pi / 4])
def test_the_extent_is_the_best_decomposition(angle):
    assert 2.0 ** log2_extent(angle) == pytest.approx(extent_by_decomposition(angle), abs=1e-9)


@given(st.floats(-50, 50), st.integers(-40, 40))
def test_signs_and_quarter_turns_cost_nothing(angle, turns):
    """The published curve takes sin t/2 with its sign, so that negative angles seem to save work."""
    assert 0 <= folded_angle(angle) <= math.pi / 4 + 1e-15
    assert log2_extent(-angle) == log2_extent(angle) >= 0
    assert log2_extent(angle + turns * math.pi / 2) == pytest.approx(log2_extent(angle), abs=1e-12)


@pytest.mark.parametrize("patch", [Gaussian(0.05), Gaussian(0.6), Gaussian(7.0), Uniform(0.3), Uniform(2.0), Uniform(30.0)])
def test_means_agree_with_sampling(patch):
    """Twelve two-sided z-tests at 4 standard errors: a false alarm in about 1 of 1,300 seeds."""
    cost = log2_stabilizer_rank(patch.sample((40000, 6), rng=np.random.default_rng(5)))
    error = cost.std() / np.sqrt(len(cost))
    assert abs(mean_log2_stabilizer_rank(patch, 6) - cost.mean()) < 4 * error
    product = 2.0**cost
    error = product.std() / np.sqrt(len(cost))
    assert abs(2.0 ** log2_mean_stabilizer_rank(patch, 6) - product.mean()) < 4 * error


def test_small_angles_are_not_rounded_away():
    assert log2_extent(1e-20) == pytest.approx(math.tan(math.pi / 8) * 1e-20 / math.log(2), rel=1e-12)


def test_means_of_many_widths_and_of_many_angles():
    widths = (0.1, 0.4, 0.1)
    parts = [log2_mean_stabilizer_rank(Gaussian(width), 1) for width in widths]
    assert log2_mean_stabilizer_rank(Gaussian(widths), 3) == pytest.approx(sum(parts), rel=1e-14)
    assert log2_mean_stabilizer_rank(Gaussian(1.0), 10**6) > 10**5
    tiny = mean_log2_stabilizer_rank(Gaussian(1e-9), 1)
    assert tiny == pytest.approx(
        4 * math.tan(math.pi / 8) / 2 * 1e-9 * math.sqrt(2 / math.pi) / math.log(2), rel=1e-6
    )  # to first order, E|t|


# patch exponent --------------------------------------------------------------------------------------------------


@given(st.floats(2, 1e9), st.floats(-9, 9), st.floats(-9, 9), st.sampled_from([(1e-3, 1e-1), (1e-9, 1e-3), (1e-32, 1e-6)]))
def test_the_exponent_solves_its_equation(size, log_c, log_gamma, precision):
    """ln q (2 ln K + 2 ln γ / ln D) = -ln(c K), with K = 1/(ρ ε²)."""
    error, failure = precision
    c, gamma = 10.0**log_c, 10.0**log_gamma
    q = patch_exponent(size, error, failure, c, gamma)
    power = 1 / (failure * error**2)
    if size <= least_parameters(error, failure, gamma):
        assert math.isnan(q)
    elif q > 0:
        left = math.log(q) * (2 * math.log(power) + 2 * math.log(gamma) / math.log(size))
        assert left == pytest.approx(-math.log(c) - math.log(power), rel=1e-9, abs=1e-9)


def test_exponents_keep_their_shape():
    found = patch_exponent([[10, 1000], [10**6, 10**9]], error=1e-9, failure=1e-3)
    assert found.shape == (2, 2) and np.all(np.diff(found.ravel()) > 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_parameters": 1}, "n_parameters is 1"),
        ({"error": 0.0}, "error is 0.0"),
        ({"error": 1.0}, "error is 1.0"),
        ({"failure": 2.0}, "failure is 2.0"),
        ({"c": 0.0}, "c is 0.0"),
        ({"gamma": -1.0}, "gamma is -1.0"),
    ],
)
def test_wrong_precision(changes, words):
    with pytest.raises(NearCliffordError, match=words):
        patch_exponent(**({"n_parameters": 10, "error": 1e-3, "failure": 1e-1} | changes))
