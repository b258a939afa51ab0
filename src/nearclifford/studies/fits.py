"""Does a second moment decay like a power of N, or faster? Two models fitted to the same points.

Both are fitted to ln y against N, y such as E‖∇L‖², by weighted least squares, the weights from the standard errors:

    power law               ln y = a - b ln N
    stretched exponential   ln y = a - c N^γ

A constant is a case of both (b = 0, c = 0). A power law is the limit γ → 0 of the other, which is held above γ = 0.05.
AIC = χ² + 2 (number of free numbers); the lower is favoured, and a lead below about 4 decides little.
Points with a relative error above one half, whose logarithm is not normal, are left out, as are sizes where nothing was
hit: at the widest patches the fits end there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arrays import Floats

if TYPE_CHECKING:
    import pandas as pd

LEAST_POINTS = 5
LARGEST_RELATIVE_ERROR = 0.5
DECISIVE_LEAD = 4.0
CURVE = ["ansatz", "layers", "encoder", "sigma"]


@dataclass(frozen=True)
class Model:
    """One law for ln y: its name, the names of its numbers, its formula, starting points and bounds."""

    name: str
    symbols: tuple[str, ...]
    log_value: Callable[[Floats, Floats], Floats]
    starts: tuple[tuple[float, ...], ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def residuals(self, numbers: Floats, n_qubits: Floats, moment: Floats, error: Floats) -> Floats:
        """Return (ln y - model) in standard errors of ln y."""
        return (np.log(moment) - self.log_value(numbers, n_qubits)) / (error / moment)


POWER = Model(
    "power law", ("a", "b"), lambda p, n: p[0] - p[1] * np.log(n), ((0.0, 1.0),), (-np.inf, -np.inf), (np.inf, np.inf)
)
STRETCHED = Model(
    "stretched exponential",
    ("a", "c", "gamma"),
    lambda p, n: p[0] - p[1] * n ** p[2],
    ((0.0, 0.1, 1.0), (0.0, 1.0, 0.3), (0.0, 0.01, 2.0)),
    (-np.inf, -np.inf, 0.05),
    (np.inf, np.inf, 3.0),
)
MODELS = (POWER, STRETCHED)


@dataclass(frozen=True, eq=False)
class Fit:
    """The best numbers of a model for one curve.

    Attributes
    ----------
    model : the law; numbers : float64, in the order of its symbols.
    residuals : float64, shape ``(points,)``: (ln y - model) in standard errors.
    """

    model: Model
    numbers: Floats
    residuals: Floats

    @property
    def aic(self) -> float:
        """χ² + 2 (number of free numbers), up to a constant that the models share."""
        return float(self.residuals @ self.residuals) + 2 * len(self.numbers)

    def value(self, n_qubits: Floats) -> Floats:
        """Return y at numbers of qubits."""
        return np.exp(self.model.log_value(self.numbers, n_qubits))


def fit(model: Model, n_qubits: Floats, moment: Floats, error: Floats) -> Fit:
    """Return the least-squares fit of a model to a moment and its standard errors, all positive.

    >>> n = np.array([8.0, 16, 32, 64, 128])
    >>> found = fit(POWER, n, 3 * n**-2, 0.01 * n**-2)
    >>> found.numbers.round(6).tolist(), bool(found.aic < 4.001)
    ([1.098612, 2.0], True)
    """
    from scipy.optimize import least_squares

    def residuals(numbers: Floats) -> Floats:
        return model.residuals(numbers, n_qubits, moment, error)

    bounds = (model.lower, model.upper)
    found = [least_squares(residuals, start, bounds=bounds, x_scale="jac", max_nfev=2000) for start in model.starts]
    best = min(found, key=lambda one: one.cost)
    return Fit(model, best.x, residuals(best.x))


def curves(frame: pd.DataFrame, quantity: str = "squared_norm") -> dict[tuple[str, ...], pd.DataFrame]:
    """Return the curves of a column with enough points, known well enough, to compare the models."""
    error = frame[f"{quantity}_error"]
    seen = frame[(error > 0) & (error < LARGEST_RELATIVE_ERROR * frame[quantity])]
    groups = ((key, part.sort_values("n_qubits")) for key, part in seen.groupby(CURVE, sort=False))
    return {tuple(map(str, key)): part for key, part in groups if len(part) >= LEAST_POINTS}


def _points(curve: pd.DataFrame, quantity: str) -> tuple[Floats, Floats, Floats]:
    size, mean, error = (curve[name].to_numpy(float) for name in ("n_qubits", quantity, f"{quantity}_error"))
    return size, mean, error


def fit_curve(curve: pd.DataFrame, quantity: str = "squared_norm") -> list[Fit]:
    """Return the fit of every model to one curve."""
    return [fit(model, *_points(curve, quantity)) for model in MODELS]


def fits_of(table: pd.DataFrame, key: tuple[str, ...], curve: pd.DataFrame, quantity: str = "squared_norm") -> list[Fit]:
    """Return the fits of one of the `curves`, with its key, from the table that `fits_frame` made: nothing is fitted."""
    rows = table[(table[CURVE].astype(str) == list(key)).all(axis=1)].set_index("model")
    numbers = [(model, rows.loc[model.name, list(model.symbols)].to_numpy(float)) for model in MODELS]
    return [Fit(model, found, model.residuals(found, *_points(curve, quantity))) for model, found in numbers]


def fits_frame(frame: pd.DataFrame, quantity: str = "squared_norm") -> pd.DataFrame:
    """Return one row for each curve and model: numbers, AIC, and how far the AIC lies above the better model's.

    ``largest_residual`` is in standard errors; ``chi_square`` has ``points - len(numbers)`` degrees of freedom.
    """
    import pandas as pd

    rows = []
    for key, curve in curves(frame, quantity).items():
        fits = fit_curve(curve, quantity)
        least = min(one.aic for one in fits)
        for one in fits:
            rows.append(
                dict(zip(CURVE, key, strict=True))
                | {"points": len(curve), "model": one.model.name, "aic": one.aic, "aic_above_best": one.aic - least}
                | {"chi_square": float(one.residuals @ one.residuals)}
                | {"largest_residual": float(one.residuals[np.abs(one.residuals).argmax()])}
                | dict(zip(one.model.symbols, one.numbers.tolist(), strict=True))
            )
    return pd.DataFrame(rows)


def fits_text(table: pd.DataFrame, words: str = "E‖∇L‖²") -> str:
    """Return the comparison as text, a line for each curve: which law the points favour, and by how much."""
    if table.empty:
        return f"{words}: no curve has {LEAST_POINTS} points known to one half: nothing to fit."
    lines = [
        f"{words} against N, AIC of a power law and a stretched exponential (lower is favoured; a lead below 4 is little)"
    ]
    for key, part in table.groupby(CURVE, sort=False):
        ansatz, layers, _, sigma = map(str, key)
        power, stretched = (part[part["model"] == model.name].iloc[0] for model in MODELS)
        lead = abs(power["aic"] - stretched["aic"])
        favoured = (
            "undecided"
            if lead < DECISIVE_LEAD
            else ("power law" if power["aic"] < stretched["aic"] else "stretched exponential")
        )
        lines.append(
            f"  {ANSATZE[ansatz].title:5} L = {layers:3} σ = {sigma:12} {power['points']:2} points, "
            f"N^{-power['b']:<+6.2f} AIC {power['aic']:7.1f};  "
            f"exp({-stretched['c']:.2g} N^{stretched['gamma']:.2f}) AIC {stretched['aic']:7.1f}:  {favoured}"
        )
    return "\n".join(lines)
