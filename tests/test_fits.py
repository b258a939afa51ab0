"""The two laws of decay, fitted to points made from each of them: numbers, errors, bands and the comparison."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nearclifford.plots.style import STYLES
from nearclifford.studies import fits
from nearclifford.studies.drawn_fits import draw_fits
from nearclifford.studies.fits import curves, fits_frame, fits_of, fits_text
from nearclifford.studies.laws import MODELS, POWER, STRETCHED, fit
from nearclifford.studies.printing import with_error

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


# errors and covariances


def closed_form(law, error):
    """Weighted least squares of ln y by the normal equations: numbers a, b of ln y = a - b ln N, and their covariance."""
    design = np.stack([np.ones_like(SIZES), -np.log(SIZES)], axis=1) / (error / law)[:, None]
    covariance = np.linalg.inv(design.T @ design)
    return covariance @ design.T @ (np.log(law) / (error / law)), covariance


@pytest.mark.parametrize("seed", range(3))
def test_a_power_law_is_the_closed_form_and_that_of_polyfit(seed):
    rng = np.random.default_rng(seed)
    relative = rng.uniform(0.01, 0.4, len(SIZES))
    law = 40 * SIZES**-1.5 * np.exp(relative * rng.normal(size=len(SIZES)))
    found = fit(POWER, SIZES, law, relative * law)
    numbers, covariance = closed_form(law, relative * law)
    np.testing.assert_allclose(found.numbers, numbers, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9)
    (slope, start), of_polyfit = np.polyfit(np.log(SIZES), np.log(law), 1, w=1 / relative, cov="unscaled")
    np.testing.assert_allclose(found.numbers, [start, -slope], rtol=1e-8)
    np.testing.assert_allclose(found.errors, np.sqrt(np.diag(of_polyfit))[::-1], rtol=1e-8)
    assert found.covariance[0, 1] == pytest.approx(-of_polyfit[0, 1], rel=1e-8)
    assert found.degrees_of_freedom == 7 and found.chi_square == pytest.approx(float(np.sum(found.residuals**2)))


def differences(model, numbers):
    """The derivatives of ln y by the numbers, by central differences."""
    steps = np.diag(1e-6 * np.maximum(np.abs(numbers), 1e-3))
    pairs = [(model.log_value(numbers + h, SIZES), model.log_value(numbers - h, SIZES)) for h in steps]
    return np.stack([(high - low) / (2 * h.sum()) for (high, low), h in zip(pairs, steps, strict=True)], axis=1)


def test_the_covariance_of_a_stretched_exponential_is_that_of_its_linearization():
    law, error = noisy(np.exp(-0.4 * SIZES**0.7), 0)
    found = fit(STRETCHED, SIZES, law, error)
    np.testing.assert_allclose(STRETCHED.gradient(found.numbers, SIZES), differences(STRETCHED, found.numbers), rtol=1e-6)
    weighted = differences(STRETCHED, found.numbers) / (error / law)[:, None]
    np.testing.assert_allclose(found.covariance, np.linalg.inv(weighted.T @ weighted), rtol=1e-4)
    assert (found.covariance == found.covariance.T).all()


@pytest.mark.parametrize(
    ("model", "numbers", "relative"), [(POWER, [np.log(40), 1.5], 0.2), (STRETCHED, [np.log(5), 0.4, 0.7], 0.03)]
)
def test_errors_cover_the_numbers_and_the_curve(model, numbers, relative):
    """Of 150 curves with normal errors of ln y, seed 7, 68.3 % lie within one error, and errors are as large as the spread.

    Of each number, and of ln y at each size; bounds are four standard deviations of 150 normal scores.
    """
    truth = model.log_value(np.array(numbers), SIZES)
    noise = relative * np.random.default_rng(7).normal(size=(150, len(SIZES)))
    found = [fit(model, SIZES, np.exp(truth + one), relative * np.exp(truth + one)) for one in noise]
    of_numbers = [(one.numbers - numbers) / one.errors for one in found]
    of_curves = [(np.log(one.value(SIZES)) - truth) / one.log_error(SIZES) for one in found]
    for scores in map(np.array, (of_numbers, of_curves)):
        assert np.abs(np.mean(np.abs(scores) < 1.0, axis=0) - 0.6827).max() < 4 * np.sqrt(0.6827 * 0.3173 / 150)
        assert np.abs(scores.std(axis=0) - 1.0).max() < 4 / np.sqrt(2 * 150)
        assert np.abs(scores.mean(axis=0)).max() < 4 / np.sqrt(150)


@pytest.mark.parametrize(("law", "bound"), [(40 * SIZES**-1.5, 0.05), (1 + 1e-9 * SIZES**4, 3.0)])
def test_a_number_at_its_bound_has_no_error_and_the_text_says_so(law, bound):
    found = fit(STRETCHED, SIZES, law, 0.01 * law)
    assert found.numbers[2] == pytest.approx(bound) and STRETCHED.at_bounds(found.numbers) == {"gamma": bound}
    assert np.isnan(found.covariance).all() and np.isnan(found.errors).all() and np.isfinite(found.value(SIZES)).all()
    line = fits_text(fits_frame(table(law, 0.01 * law))).splitlines()[-1]
    assert f"N^{bound:g}) (no errors: γ is at its bound)" in line
    assert np.isnan(found.band(SIZES)).all()


def test_points_that_do_not_determine_the_numbers_give_no_errors():
    """A constant says nothing of γ, two points nothing of three numbers, one nothing of two."""
    constant = np.ones_like(SIZES)
    row = fits_frame(table(constant, 0.01 * constant)).iloc[1]
    assert row[["a_error", "c_error", "gamma_error", "cov_a_gamma"]].isna().all()
    line = fits_text(fits_frame(table(constant, 0.01 * constant))).splitlines()[-1]
    assert "(no errors: the points do not determine all numbers)" in line and "undecided" in line
    for model, count in ((STRETCHED, 2), (POWER, 1)):
        found = fit(model, SIZES[:count], constant[:count] / 2, constant[:count] / 10)
        assert np.isnan(found.covariance).all() and found.degrees_of_freedom == -1
    assert np.isfinite(fit(POWER, SIZES[:2], constant[:2], constant[:2] / 10).errors).all()


def test_errors_are_those_of_the_points_and_not_scaled_by_the_scatter():
    """Points that miss every law by many errors make χ² large, and the errors of the numbers no larger."""
    law = 40 * SIZES**-1.5 * np.exp(0.3 * (-1.0) ** np.arange(len(SIZES)))
    near, far = (fit(POWER, SIZES, law, relative * law) for relative in (0.3, 0.003))
    np.testing.assert_allclose(near.errors / far.errors, 100.0, rtol=1e-8)
    assert far.chi_square > 1000 * far.degrees_of_freedom
    text = fits_text(fits_frame(table(law, 0.003 * law)))
    assert f"[{far.chi_square:.1f}/7]" in text and "not scaled" in text


def test_exponents_are_printed_with_their_errors():
    law, error = noisy(np.exp(-0.4 * SIZES**0.7), 0)
    frame = fits_frame(table(law, error))
    power, stretched = (fit(model, SIZES, law, error) for model in MODELS)
    line = fits_text(frame).splitlines()[-1]
    assert f"N^{with_error(-power.numbers[1], power.errors[1])} AIC" in line
    c, gamma = (with_error(*pair) for pair in zip((-1, 1) * stretched.numbers[1:], stretched.errors[1:], strict=True))
    assert f"exp({c} N^{gamma}) AIC" in line and "(" in c and "(" in gamma


@pytest.mark.parametrize("law", [40 * SIZES**-1.5, np.exp(-0.4 * SIZES**0.7)])
def test_fits_come_back_from_the_table_to_the_last_bit(law, tmp_path, monkeypatch):
    frame = table(*noisy(law, 2))
    fitted = fits_frame(frame)
    [(key, curve)] = curves(frame).items()
    expected = fits.fit_curve(curve)
    fitted.to_csv(tmp_path / "fits.csv", index=False)
    monkeypatch.setattr(fits, "fit", lambda *given: pytest.fail("fitted anew"))
    for again in (fitted, pd.read_csv(tmp_path / "fits.csv")):
        for found, made in zip(fits_of(again, key, curve), expected, strict=True):
            for name in ("numbers", "covariance", "residuals"):
                assert getattr(found, name).tobytes() == getattr(made, name).tobytes()
    for made, row in zip(expected, fitted.to_dict("records"), strict=True):
        np.testing.assert_array_equal([row[f"{symbol}_error"] for symbol in made.model.symbols], made.errors)


# bands


def test_the_band_of_a_power_law_is_the_closed_form():
    law, error = noisy(40 * SIZES**-1.5, 1)
    found = fit(POWER, SIZES, law, error)
    between = np.array([8.0, 20.0, 500.0])
    (first, shared), (_, second) = closed_form(law, error)[1]
    width = np.sqrt(first - 2 * np.log(between) * shared + np.log(between) ** 2 * second)
    np.testing.assert_allclose(found.log_error(between), width, rtol=1e-9)
    low, high = found.band(between)
    np.testing.assert_allclose([low, high], found.value(between) * np.exp([-width, width]), rtol=1e-9)


def test_figures_have_bands_where_there_are_errors():
    """The band of the power law lies where `Fit.band` says; that of a law at its bound is not drawn."""
    law, error = noisy(40 * SIZES**-1.5, 1)
    frame = table(law, error)
    [curve] = curves(frame).values()
    power, stretched = fits.fit_curve(curve)
    assert np.isnan(stretched.errors).all()
    top, bottom = Figure().subplots(2)
    lines = draw_fits(top, bottom, curve, [power, stretched], STYLES[0])
    shaded, nothing = (one.get_paths() for one in top.collections)
    assert nothing == [] and [line.get_linestyle() for line in lines] == ["-", ":"]
    ends = shaded[0].vertices[np.isclose(shaded[0].vertices[:, 0], 128.0)][:, 1]
    low, high = power.band(np.array([128.0]))
    assert ends.min() == pytest.approx(low[0]) and ends.max() == pytest.approx(high[0])
