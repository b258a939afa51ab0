"""Two laws of decay, a power of N and a stretched exponential, and their least-squares fits with errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.studies.covariance import known_covariance, propagated_error, standard_errors

# A number within this part of its range from an end of it is at the bound: the least squares lie beyond.
NEAR_BOUND = 1e-6


@dataclass(frozen=True)
class Model:
    """One law for ln y: its name, the names of its numbers, its formula, starting points and bounds.

    Attributes
    ----------
    log_value : (numbers, N) to ln y, shape ``(points,)``.
    gradient : (numbers, N) to its derivatives by the numbers, shape ``(points, numbers)``.
    """

    name: str
    symbols: tuple[str, ...]
    log_value: Callable[[Floats, Floats], Floats]
    gradient: Callable[[Floats, Floats], Floats]
    starts: tuple[tuple[float, ...], ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def residuals(self, numbers: Floats, n_qubits: Floats, moment: Floats, error: Floats) -> Floats:
        """Return (ln y - model) in standard errors of ln y."""
        return (np.log(moment) - self.log_value(numbers, n_qubits)) / (error / moment)

    def at_bounds(self, numbers: Floats) -> dict[str, float]:
        """Return the numbers that ran into a bound, and the bound.

        >>> STRETCHED.at_bounds(np.array([0.0, 2.0, 3.0])), POWER.at_bounds(np.array([0.0, 2.0]))
        ({'gamma': 3.0}, {})
        """
        ends = zip(self.symbols, numbers.tolist(), self.lower, self.upper, strict=True)
        bounded = [(symbol, found, low, high) for symbol, found, low, high in ends if np.isfinite(high - low)]
        return {
            symbol: end
            for symbol, found, low, high in bounded
            for end in (low, high)
            if abs(found - end) <= NEAR_BOUND * (high - low)
        }


def _stretched_gradient(numbers: Floats, n_qubits: Floats) -> Floats:
    power = n_qubits ** numbers[2]
    return np.stack([np.ones_like(n_qubits), -power, -numbers[1] * power * np.log(n_qubits)], axis=1)


POWER = Model(
    "power law",
    ("a", "b"),
    lambda p, n: p[0] - p[1] * np.log(n),
    lambda p, n: np.stack([np.ones_like(n), -np.log(n)], axis=1),
    ((0.0, 1.0),),
    (-np.inf, -np.inf),
    (np.inf, np.inf),
)
STRETCHED = Model(
    "stretched exponential",
    ("a", "c", "gamma"),
    lambda p, n: p[0] - p[1] * n ** p[2],
    _stretched_gradient,
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
    covariance : float64, shape ``(numbers, numbers)``: by the standard errors of the points alone, however well the law
        describes them. All NaN where a number is at its bound or the points do not determine every number.
    residuals : float64, shape ``(points,)``: (ln y - model) in standard errors.
    """

    model: Model
    numbers: Floats
    covariance: Floats
    residuals: Floats

    @property
    def errors(self) -> Floats:
        """The standard errors of the numbers, in the order of the symbols."""
        return standard_errors(self.covariance)

    @property
    def chi_square(self) -> float:
        """The sum of the squared residuals."""
        return float(self.residuals @ self.residuals)

    @property
    def degrees_of_freedom(self) -> int:
        """The number of points less that of the free numbers."""
        return len(self.residuals) - len(self.numbers)

    @property
    def aic(self) -> float:
        """χ² + 2 (number of free numbers), up to a constant that the models share."""
        return self.chi_square + 2 * len(self.numbers)

    def value(self, n_qubits: Floats) -> Floats:
        """Return y at numbers of qubits."""
        return np.exp(self.model.log_value(self.numbers, n_qubits))

    def log_error(self, n_qubits: Floats) -> Floats:
        """Return the standard error of ln y at numbers of qubits, which is the relative error of y where it is small."""
        return propagated_error(self.model.gradient(self.numbers, n_qubits), self.covariance)

    def band(self, n_qubits: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the band of one standard error of ln y, as values of y."""
        center, error = self.model.log_value(self.numbers, n_qubits), self.log_error(n_qubits)
        return np.exp(center - error), np.exp(center + error)


def fit(model: Model, n_qubits: Floats, moment: Floats, error: Floats) -> Fit:
    """Return the least-squares fit of a model to a moment and its standard errors, all positive.

    >>> n = np.array([8.0, 16, 32, 64, 128])
    >>> found = fit(POWER, n, 3 * n**-2, 0.03 * n**-2)
    >>> found.numbers.round(6).tolist(), found.errors.round(4).tolist(), bool(found.aic < 4.001)
    ([1.098612, 2.0], [0.0164, 0.0046], True)
    """
    from scipy.optimize import curve_fit

    def law(sizes: Floats, *numbers: float) -> Floats:
        return model.log_value(np.array(numbers), sizes)

    def derivatives(sizes: Floats, *numbers: float) -> Floats:
        return model.gradient(np.array(numbers), sizes)

    log_error = error / moment

    def search(start: tuple[float, ...]) -> tuple[float, Floats, Floats]:
        numbers, covariance, facts, *_ = curve_fit(
            law, n_qubits, np.log(moment), start, log_error, absolute_sigma=True, bounds=(model.lower, model.upper),
            method="trf", jac=derivatives, x_scale="jac", max_nfev=2000, full_output=True,
        )  # fmt: skip
        return float(facts["fvec"] @ facts["fvec"]), numbers, covariance

    _, numbers, covariance = min(map(search, model.starts), key=lambda one: one[0])
    # curve_fit inverts what it can of a singular matrix, and takes a number at its bound for a free one
    weighted = model.gradient(numbers, n_qubits) / log_error[:, None]
    if model.at_bounds(numbers) or np.linalg.matrix_rank(weighted) < len(numbers):
        covariance = np.full_like(covariance, np.nan)
    return Fit(model, numbers, known_covariance(covariance), model.residuals(numbers, n_qubits, moment, error))
