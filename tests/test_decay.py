"""`nearclifford.fit_decay`: the laws of studies for any table, what it leaves out, and how it shows what it found."""

import json

import numpy as np
import pandas as pd
import pytest

import nearclifford as nc
from nearclifford.studies.fits import fits_frame

SIZES = np.array([8, 12, 16, 24, 32, 48, 64])


def made(law, relative=0.05, seed=1):
    moment = law * np.exp(relative * np.random.default_rng(seed).normal(size=len(law)))
    return moment, relative * moment


def test_numbers_and_errors_are_those_of_a_study():
    moment, error = made(np.exp(-0.4 * SIZES**0.7))
    columns = {"ansatz": "mhea", "layers": "N", "encoder": "none", "sigma": "1", "n_qubits": SIZES}
    expected = fits_frame(pd.DataFrame(columns | {"squared_norm": moment, "squared_norm_error": error}))
    found = nc.fit_decay(SIZES, moment, error)
    pd.testing.assert_frame_equal(found.frame(), expected[found.frame().columns], check_exact=True)
    assert found.favoured == "stretched exponential" and found.lead == expected["aic_above_best"].max()


def test_the_power_law_is_that_of_polyfit():
    moment, error = made(3.0 * SIZES**-1.5)
    found = nc.fit_decay(SIZES, moment, error)
    (slope, start), covariance = np.polyfit(np.log(SIZES), np.log(moment), 1, w=moment / error, cov="unscaled")
    np.testing.assert_allclose(found.power, [start, -slope], rtol=1e-8)
    np.testing.assert_allclose(np.diag(found.power_covariance), np.diag(covariance)[::-1], rtol=1e-8)


def test_order_and_kind_of_the_columns_do_not_matter():
    moment, error = made(3.0 * SIZES**-1.5)
    found = nc.fit_decay(SIZES, moment, error)
    again = nc.fit_decay(pd.Series(SIZES[::-1]), moment[::-1].tolist(), tuple(error[::-1]))
    assert again.power.tobytes() == found.power.tobytes() and again.to_dict() == found.to_dict()


def test_points_that_are_not_known_are_left_out_and_told():
    moment, error = made(3.0 * SIZES**-1.5)
    sizes = np.append(SIZES, [96, 128, 200, 256])
    more, errors = np.append(moment, [0.0, -1e-4, np.nan, 1e-3]), np.append(error, [0.0, 1e-4, np.nan, 6e-4])
    found = nc.fit_decay(sizes, more, errors)
    assert found.used.tolist() == [True] * 7 + [False] * 4
    assert found.power.tobytes() == nc.fit_decay(SIZES, moment, error).power.tobytes()
    assert repr(found).startswith("Decay over N = 8 to 256, 7 of 11 points: ")
    ends = [one.get_segments()[0][1] for one in found.plot().collections if len(getattr(one, "get_segments", list)()) == 4]
    assert ends[0].tolist() == [96.0, 0.0]  # the bars of what was left out
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (([4, 8], [1.0], [0.1]), "different lengths, n_qubits 2, moment 1, error 1"),
        ((SIZES, SIZES / 1, -SIZES / 10), r"error\[0\] is -0.8; expected a standard error"),
        ((SIZES, SIZES / 1, 0.0 * SIZES), r"error\[0\] is 0; expected a positive one"),
        ((SIZES - 8, SIZES / 1, SIZES / 10), r"n_qubits\[0\] is 0; expected a positive number of qubits"),
        ((SIZES * np.nan, SIZES / 1, SIZES / 10), r"n_qubits\[0\] is nan"),
        ((SIZES, SIZES * np.inf, SIZES / 10), r"moment\[0\] is inf; expected a finite number"),
        ((SIZES, SIZES / 1, SIZES / 1), "known to one half at 0 numbers of qubits"),
        (([8] * 6, [1.0] * 6, [0.1] * 6), r"known to one half at 1 numbers of qubits, \[8.0\]; expected at least 5"),
        (("8", SIZES, SIZES), "n_qubits is '8'; expected a sequence of real numbers"),
        ((SIZES, [[1.0], [2.0, 3.0]], SIZES), "moment is .*; expected a sequence of real numbers"),
        ((SIZES, SIZES * 1j, SIZES), "moment is .*; expected a sequence of real numbers"),
    ],
)
def test_wrong_columns_are_named(columns, words):
    with pytest.raises(nc.NearCliffordError, match=words):
        nc.fit_decay(*columns)
