"""Growth exponents of costs made from each law."""

import numpy as np
import pytest

from nearclifford import NearCliffordError
from nearclifford.studies.growth import growth

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
