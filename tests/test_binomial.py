"""The interval of Clopper and Pearson against SciPy's binomial test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from nearclifford.intervals import binomial_interval

LEVELS = [0.5, 0.6827, 0.95, 0.999]


def exact(hits, trials, level):
    found = binomtest(hits, trials).proportion_ci(confidence_level=level, method="exact")
    return [found.low, found.high]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("trials", [1, 2, 10, 1000, 10**6, 10**9])
def test_no_hits_all_hits_and_between(trials, level):
    for hits in sorted({0, 1, trials // 3, trials // 2, trials - 1, trials}):
        low, high = binomial_interval(np.array([hits]), np.array([trials]), level)[0]
        assert [low, 1 - high] == pytest.approx([exact(hits, trials, level)[0], 1 - exact(hits, trials, level)[1]], rel=1e-6)
        assert (low == 0.0) == (hits == 0)
        assert (high == 1.0) == (hits == trials)


@given(st.integers(1, 10**7), st.floats(0, 1), st.sampled_from(LEVELS))
def test_any_number_of_hits(trials, share, level):
    hits = round(share * trials)
    found = binomial_interval(np.array([hits]), np.array([trials]), level)[0]
    assert found == pytest.approx(exact(hits, trials, level), rel=1e-7, abs=1e-12)


def test_many_components_at_once_keep_their_shape():
    hits, trials = np.array([[0, 3], [7, 10]]), np.array([[5, 6], [7, 1000]])
    found = binomial_interval(hits, trials, 0.9)
    assert found.shape == (2, 2, 2)
    for index in np.ndindex(2, 2):
        assert found[index] == pytest.approx(exact(int(hits[index]), int(trials[index]), 0.9), rel=1e-10)
