"""Does a second moment decay like a power of N, or faster? Two models fitted to the same points.

Both are fitted to ln y against N, y such as E‖∇L‖², by weighted least squares, the weights from the standard errors:

    power law               ln y = a - b ln N
    stretched exponential   ln y = a - c N^γ

A constant is a case of both (b = 0, c = 0). A power law is the limit γ → 0 of the other, which is held above γ = 0.05.
AIC = χ² + 2 (number of free numbers); the lower is favoured, and a lead below about 4 decides little.
Points with a relative error above one half, whose logarithm is not normal, are left out, as are sizes where nothing was
hit: at the widest patches the fits end there.

The errors of a, b, c and γ follow from those of the points, and are not scaled by χ² (docs/theory.md, "Two laws of a
decay").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arrays import Floats
from nearclifford.studies.laws import MODELS, Fit, Model, fit
from nearclifford.studies.printing import with_error

if TYPE_CHECKING:
    import pandas as pd

LEAST_POINTS = 5
LARGEST_RELATIVE_ERROR = 0.5
DECISIVE_LEAD = 4.0
CURVE = ["ansatz", "layers", "encoder", "sigma"]
SYMBOLS = tuple(dict.fromkeys(symbol for model in MODELS for symbol in model.symbols))
ABOUT_ERRORS = (
    "  errors of the last digits follow from those of the points, not scaled; in brackets χ²/degrees of freedom: where\n"
    "  it is far above 1, the law misses the points by more than their errors, and the errors of its numbers say too little"
)


def curves(frame: pd.DataFrame, quantity: str = "squared_norm") -> dict[tuple[str, ...], pd.DataFrame]:
    """Return the curves of a column with enough points, known well enough, to compare the models."""
    error = frame[f"{quantity}_error"]
    seen = frame[(error > 0) & (error < LARGEST_RELATIVE_ERROR * frame[quantity])]
    groups = ((key, part.sort_values("n_qubits")) for key, part in seen.groupby(CURVE, sort=False))
    return {tuple(map(str, key)): part for key, part in groups if len(part) >= LEAST_POINTS}


def _points(curve: pd.DataFrame, quantity: str) -> tuple[Floats, Floats, Floats]:
    size, mean, error = (curve[name].to_numpy(float) for name in ("n_qubits", quantity, f"{quantity}_error"))
    return size, mean, error


def fit_points(n_qubits: Floats, moment: Floats, error: Floats) -> list[Fit]:
    """Return the fit of every model to positive moments with standard errors."""
    return [fit(model, n_qubits, moment, error) for model in MODELS]


def fit_curve(curve: pd.DataFrame, quantity: str = "squared_norm") -> list[Fit]:
    """Return the fit of every model to one curve."""
    return fit_points(*_points(curve, quantity))


def fits_of(table: pd.DataFrame, key: tuple[str, ...], curve: pd.DataFrame, quantity: str = "squared_norm") -> list[Fit]:
    """Return the fits of one of the `curves`, with its key, from the table that `fits_frame` made: nothing is fitted."""
    rows = table[(table[CURVE].astype(str) == list(key)).all(axis=1)].set_index("model")
    found = []
    for model in MODELS:
        row = rows.loc[model.name]
        numbers = row[list(model.symbols)].to_numpy(float)
        covariance = row[_names_of_entries(model)].to_numpy(float).reshape(len(numbers), len(numbers))
        found.append(Fit(model, numbers, covariance, model.residuals(numbers, *_points(curve, quantity))))
    return found


def fit_row(found: Fit) -> dict[str, Any]:
    """Return what a table holds of a fit: model, AIC, χ², the largest residual, numbers, errors and covariances.

    The columns are the same for every model; what it has no number for is NaN. ``cov_b_b`` is ``b_error`` squared.
    """
    row: dict[str, Any] = {"model": found.model.name, "aic": found.aic}
    row |= {"chi_square": found.chi_square, "degrees_of_freedom": found.degrees_of_freedom}
    row |= {"largest_residual": float(found.residuals[np.abs(found.residuals).argmax()])}
    symbols = found.model.symbols
    numbers, errors = (dict(zip(symbols, part.tolist(), strict=True)) for part in (found.numbers, found.errors))
    covariance = dict(zip(_names_of_entries(found.model), found.covariance.ravel().tolist(), strict=True))
    row |= {symbol: numbers.get(symbol, np.nan) for symbol in SYMBOLS}
    row |= {f"{symbol}_error": errors.get(symbol, np.nan) for symbol in SYMBOLS}
    return row | {name: covariance.get(name, np.nan) for model in MODELS for name in _names_of_entries(model)}


def _names_of_entries(model: Model) -> list[str]:
    """Return the columns of the entries of a covariance, row by row; an entry and its mirror image are one column."""
    return [f"cov_{'_'.join(sorted((row, column)))}" for row in model.symbols for column in model.symbols]


def fits_frame(frame: pd.DataFrame, quantity: str = "squared_norm") -> pd.DataFrame:
    """Return one row for each curve and model: its points, `fit_row`, and how far the AIC lies above the better model's."""
    import pandas as pd

    rows = []
    for key, curve in curves(frame, quantity).items():
        fits = fit_curve(curve, quantity)
        least = min(one.aic for one in fits)
        for one in fits:
            head = {"points": len(curve), "model": one.model.name, "aic": one.aic, "aic_above_best": one.aic - least}
            rows.append(dict(zip(CURVE, key, strict=True)) | head | fit_row(one))
    return pd.DataFrame(rows)


def favoured(power: float, stretched: float) -> str:
    """Return which law two AICs favour.

    >>> favoured(10.0, 30.0), favoured(30.0, 10.0), favoured(10.0, 13.0)
    ('power law', 'stretched exponential', 'undecided')
    """
    if abs(power - stretched) < DECISIVE_LEAD:
        return "undecided"
    return "power law" if power < stretched else "stretched exponential"


def law_text(model: Model, row: Any) -> str:
    """Return the formula of a law with its errors, by a row of the table or `fit_row`; why there are none, where that is so.

    >>> row = {"a": 0.0, "b": 2.0, "a_error": 0.1, "b_error": 0.03}
    >>> law_text(MODELS[0], row)
    'N^-2.00(3)'
    >>> law_text(MODELS[1], {"c": 0.5, "gamma": 0.05, "c_error": np.nan, "gamma_error": np.nan, "a": 0.0})
    'exp(-0.5 N^0.05) (no errors: γ is at its bound)'
    """
    if model.name == "power law":
        text = f"N^{_factor(-row['b'], row['b_error'])}"
    else:
        text = f"exp({_factor(-row['c'], row['c_error'])} N^{_factor(row['gamma'], row['gamma_error'])})"
    if np.isfinite(row[f"{model.symbols[-1]}_error"]):
        return text
    at_bound = model.at_bounds(np.array([row[symbol] for symbol in model.symbols]))
    return f"{text} (no errors: {'γ is at its bound' if at_bound else 'the points do not determine all numbers'})"


def _factor(number: float, error: float) -> str:
    text = with_error(number, error)
    return f"({text})" if "±" in text else text


def fits_text(table: pd.DataFrame, words: str = "E‖∇L‖²") -> str:
    """Return the comparison as text, a line for each curve: which law the points favour, and by how much."""
    if table.empty:
        return f"{words}: no curve has {LEAST_POINTS} points known to one half: nothing to fit."
    lines = [
        f"{words} against N, AIC of a power law and a stretched exponential (lower is favoured; a lead below 4 is little)",
        ABOUT_ERRORS,
    ]
    for key, part in table.groupby(CURVE, sort=False):
        ansatz, layers, _, sigma = map(str, key)
        rows = [part[part["model"] == model.name].iloc[0] for model in MODELS]
        laws = ";  ".join(
            f"{law_text(model, row)} AIC {row['aic']:7.1f} [{row['chi_square']:.1f}/{row['degrees_of_freedom']}]"
            for model, row in zip(MODELS, rows, strict=True)
        )
        lines.append(
            f"  {ANSATZE[ansatz].title:5} L = {layers:3} σ = {sigma:12} {rows[0]['points']:2} points, {laws}:  "
            f"{favoured(rows[0]['aic'], rows[1]['aic'])}"
        )
    return "\n".join(lines)
