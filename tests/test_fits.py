"""The two laws of decay, fitted to points made from each of them."""

import numpy as np
import pandas as pd
import pytest

from nearclifford.studies.fits import fits_frame, fits_text
from nearclifford.studies.laws import MODELS, POWER, STRETCHED, fit

SIZES = np.array([8.0, 12, 16, 24, 32, 48, 64, 96, 128])


def table(squared_norm, error):
    columns = {"ansatz": "mhea", "layers": "N", "encoder": "compact", "sigma": "D^-1/3", "n_qubits": SIZES.astype(int)}
    return pd.DataFrame(columns | {"squared_norm": squared_norm, "squared_norm_error": error})


def noisy(law, seed):
    error = 0.03 * law
    return law * np.exp(0.03 * np.random.default_rng(seed).normal(size=len(law))), error


@pytest.mark.parametrize("seed", range(5))
def test_the_law_that_made_the_points_is_favoured(seed):
    power, stretched = 40 * SIZES**-1.5, np.exp(-0.4 * SIZES**0.7)
    own, other = fits_frame(table(*noisy(power, seed)))["aic_above_best"]
    # A power law is the limit γ -> 0 of the other law, which is kept above γ = 0.05 and so follows it only roughly.
    assert own == 0
    assert other > 0
    frame = fits_frame(table(*noisy(stretched, seed)))
    assert frame["model"].tolist() == [model.name for model in MODELS]
    assert frame["aic_above_best"].tolist()[0] > 50
    assert frame["aic_above_best"].tolist()[1] == 0
    assert abs(frame["gamma"][1] - 0.7) < 0.1
    assert "stretched exponential" in fits_text(frame).splitlines()[-1]


def test_numbers_and_residuals_of_exact_points():
    law = 2 * SIZES**-1.5
    found = fit(POWER, SIZES, law, 0.01 * law)
    assert np.allclose(found.numbers, [np.log(2), 1.5])
    assert np.abs(found.residuals).max() < 1e-6
    assert np.allclose(found.value(SIZES), law)
    assert found.aic == pytest.approx(4.0, abs=1e-6)
    law = 3 * np.exp(-0.2 * SIZES**0.6)
    found = fit(STRETCHED, SIZES, law, 0.01 * law)
    assert np.allclose(found.numbers, [np.log(3), 0.2, 0.6], rtol=1e-3)


def test_points_not_seen_or_hardly_known_are_left_out():
    law = 2 * SIZES**-1.5
    frame = table(law, 0.05 * law)
    frame.loc[[0, 3], "squared_norm"] = 0.0
    frame.loc[5, "squared_norm_error"] = frame.loc[5, "squared_norm"]
    assert set(fits_frame(frame)["points"]) == {6}
    frame.loc[[6, 7], "squared_norm"] = 0.0
    assert fits_frame(frame).empty
    assert "nothing to fit" in fits_text(fits_frame(frame))
