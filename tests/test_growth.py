"""Growth exponents of costs made from each law."""

import numpy as np
import pandas as pd
import pytest

from nearclifford import NearCliffordError
from nearclifford.studies.growth import growth, growth_frame, line_of

SIZES = np.array([8.0, 12, 16, 24, 32, 48])


def test_exponents_of_exact_laws():
    power, exponential = growth(SIZES, 3 * SIZES**2.5), growth(SIZES, 5 * 2 ** (0.25 * SIZES))
    assert power.power == pytest.approx(2.5) and power.is_power and power.power_error < 1e-12
    assert exponential.rate == pytest.approx(0.25) and not exponential.is_power and exponential.rate_error < 1e-12


def test_errors_cover_the_exponent():
    """The exponent of 500 noisy curves in units of its standard error follows Student's t with 4 degrees of freedom."""
    rng = np.random.default_rng(4)
    curves = SIZES**1.5 * np.exp(0.2 * rng.normal(size=(500, len(SIZES))))
    found = [growth(SIZES, curve) for curve in curves]
    score = np.array([(one.power - 1.5) / one.power_error for one in found])
    inside = np.mean(np.abs(score) < 2.776)  # the 95 % point
    assert abs(inside - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 500)


def test_two_sizes_have_no_error_and_one_has_no_growth():
    assert np.isnan(growth([4, 8], [1.0, 2.0]).power_error)
    for sizes, costs in (([4, 4], [1.0, 2.0]), ([4, 8], [1.0, 0.0]), ([4, 8], [1.0, np.nan]), ([4, 8], [1.0])):
        with pytest.raises(NearCliffordError, match="expected positive ones at two sizes"):
            growth(sizes, costs)


def straight_line(x, y):
    """Least squares by the normal equations: intercept and slope, and their covariance by the scatter."""
    design = np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    numbers = inverse @ design.T @ y
    left = y - design @ numbers
    return numbers, inverse * (left @ left) / (len(x) - 2)


@pytest.mark.parametrize("seed", range(3))
def test_lines_and_covariances_are_the_closed_form(seed):
    cost = SIZES**1.5 * np.exp(0.2 * np.random.default_rng(seed).normal(size=len(SIZES)))
    found = growth(SIZES, cost)
    for line, x in ((found.power_law, np.log(SIZES)), (found.exponential, SIZES * np.log(2))):
        numbers, covariance = straight_line(x, np.log(cost))
        np.testing.assert_allclose(line.numbers, numbers, rtol=1e-9)
        np.testing.assert_allclose(line.covariance, covariance, rtol=1e-9)
        np.testing.assert_allclose(line.errors, np.sqrt(np.diag(covariance)), rtol=1e-9)
    assert (found.power, found.power_error) == (found.power_law.numbers[1], found.power_law.errors[1])
    assert (found.rate, found.rate_error) == (found.exponential.numbers[1], found.exponential.errors[1])


def test_bands_are_those_of_a_regression():
    """The error of a line at x is s √(1/n + (x - mean)² / Σ (x - mean)²), s the scatter with n - 2 degrees of freedom."""
    cost = SIZES**1.5 * np.exp(0.2 * np.random.default_rng(4).normal(size=len(SIZES)))
    line, x = growth(SIZES, cost).power_law, np.log(SIZES)
    slope, start = np.polyfit(x, np.log(cost), 1)
    spread = np.sqrt(np.sum((np.log(cost) - start - slope * x) ** 2) / (len(x) - 2))
    at = np.log(np.array([8.0, 100.0]))
    width = spread * np.sqrt(1 / len(x) + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2))
    low, high = line.band(np.exp(at))
    np.testing.assert_allclose(line.value(np.exp(at)), np.exp(start + slope * at), rtol=1e-9)
    np.testing.assert_allclose([low, high], np.exp(start + slope * at) * np.exp([-width, width]), rtol=1e-9)


@pytest.mark.parametrize("cost", [SIZES**1.5, 2 ** (0.2 * SIZES)])
def test_lines_come_back_from_the_table_to_the_last_bit(cost):
    noisy = cost * np.exp(0.01 * np.random.default_rng(4).normal(size=len(SIZES)))
    same = {"ansatz": "mhea", "layers": "1", "encoder": "none", "sigma": "1", "order": 3}
    frame = pd.DataFrame({"n_qubits": SIZES, "n_paths": noisy, "support": 0, "build_seconds": 0.0} | same)
    [row] = growth_frame(frame).to_dict("records")
    made = growth(SIZES[2:], noisy[2:])  # the larger half
    expected, found = made.power_law if made.is_power else made.exponential, line_of(row)
    assert found.slope == expected.slope and found.scatter == expected.scatter
    assert found.numbers.tobytes() == expected.numbers.tobytes()
    assert found.covariance.tobytes() == expected.covariance.tobytes()
    assert (row["power_error"], row["rate_error"]) == (made.power_error, made.rate_error)


def test_two_sizes_have_a_line_and_no_band():
    line = growth([4, 8], [1.0, 2.0]).power_law
    assert line.value(np.array([16.0])) == pytest.approx(4.0) and np.isnan(line.band(np.array([16.0]))).all()
