"""How a moment of any table decays with N: the two laws of `nearclifford.studies.laws`, and which of them is favoured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import shown
from nearclifford.arrays import Flags, Floats
from nearclifford.errors import NearCliffordError
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, axis_or_new
from nearclifford.shown import Kept, plain
from nearclifford.studies.drawn_fits import draw_laws, formula
from nearclifford.studies.fits import LARGEST_RELATIVE_ERROR, LEAST_POINTS, favoured, fit_points, fit_row, law_text
from nearclifford.studies.laws import POWER, STRETCHED, Fit
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class Decay(Kept):
    """A power law and a stretched exponential, fitted to the same points, and which of them is favoured.

    Attributes
    ----------
    n_qubits, moment, error : float64, shape ``(points,)``: what was given, by ascending N.
    used : bool, shape ``(points,)``: the points that were fitted.
    power, stretched : float64: a, b of y = e^a N^-b, and a, c, γ of y = e^a exp(-c N^γ).
    power_covariance, stretched_covariance : float64, shapes ``(2, 2)`` and ``(3, 3)``, by the errors of the points, not
        scaled by χ²; all NaN where γ is at its bound (0.05 or 3), or where the points do not determine all numbers.
    version : of the package.

    >>> import nearclifford as nc
    >>> n = np.array([8, 16, 32, 64, 128, 256])
    >>> found = nc.fit_decay(n, 3.0 * n**-1.5, 0.1 * n**-1.5)
    >>> found
    Decay over N = 8 to 256, 6 of 6 points: power law, its AIC lower by 12.9
      power law: y ~ N^-1.500(11), AIC 4.0 (χ² 0.0, 4 degrees of freedom)
      stretched exponential: y ~ exp(-24.8 N^0.05) (no errors: γ is at its bound), AIC 16.9 (χ² 10.9, 3 degrees of freedom)
    >>> found.frame()[["b", "b_error"]].round(3).values.tolist()[0]
    [1.5, 0.011]
    """

    n_qubits: Floats
    moment: Floats
    error: Floats
    used: Flags
    power: Floats
    power_covariance: Floats
    stretched: Floats
    stretched_covariance: Floats
    version: str = __version__

    @property
    def fits(self) -> tuple[Fit, Fit]:
        """Both fits, of the power law and of the stretched exponential, with values, bands and residuals."""
        points = self.n_qubits[self.used], self.moment[self.used], self.error[self.used]
        power = Fit(POWER, self.power, self.power_covariance, POWER.residuals(self.power, *points))
        residuals = STRETCHED.residuals(self.stretched, *points)
        return power, Fit(STRETCHED, self.stretched, self.stretched_covariance, residuals)

    @property
    def lead(self) -> float:
        """By how much the AIC of the better law is lower; below 4 it decides little."""
        power, stretched = self.fits
        return abs(power.aic - stretched.aic)

    @property
    def favoured(self) -> str:
        """The law of the lower AIC, "power law" or "stretched exponential"; "undecided" where it leads by less than 4."""
        power, stretched = self.fits
        return favoured(power.aic, stretched.aic)

    def __repr__(self) -> str:
        count = f"{np.count_nonzero(self.used)} of {len(self.used)} points"
        head = f"Decay over N = {self.n_qubits[0]:g} to {self.n_qubits[-1]:g}, {count}: {self.favoured}"
        by = f"the AICs differ by {self.lead:.1f}" if self.favoured == "undecided" else f"its AIC lower by {self.lead:.1f}"
        lines = [
            f"  {row['model']}: y ~ {law_text(found.model, row)}, AIC {found.aic:.1f} "
            f"(χ² {found.chi_square:.1f}, {found.degrees_of_freedom} degrees of freedom)"
            for found, row in zip(self.fits, map(fit_row, self.fits), strict=True)
        ]
        return "\n".join([f"{head}, {by}", *lines])

    def frame(self) -> pd.DataFrame:
        """Return a row for each law: AIC, χ², degrees of freedom, largest residual, numbers, errors and covariances."""
        import pandas as pd

        return pd.DataFrame([fit_row(found) for found in self.fits])

    def to_dict(self) -> dict[str, Any]:
        """Return the points, both rows of `frame`, the law that is favoured and its lead, as plain Python for JSON."""
        points = {name: getattr(self, name) for name in ("n_qubits", "moment", "error", "used")}
        laws = [fit_row(found) for found in self.fits]
        return plain(points | {"laws": laws, "favoured": self.favoured, "lead": self.lead, "version": self.version})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the points and both laws with bands of one standard error, and return the axis.

        The power law is full and its band shaded, the stretched exponential dotted and its band hatched. Points that were
        left out are faint: bars from below, up to twice the error above the moment.
        """
        axis, style, used = axis_or_new(ax), STYLES[0], self.used
        points = style._replace(line="")
        views.curve(axis, self.n_qubits[used], self.moment[used], self.error[used], points, label="fitted")
        ends = np.maximum(self.moment[~used], 0.0) + 2 * self.error[~used]
        views.zero_hits(axis, self.n_qubits[~used], ends, style)
        if not used.all():
            axis.plot([], [], color=style.color, alpha=0.35, label="left out: twice the error above the moment")
        for line, found in zip(draw_laws(axis, self.n_qubits[used], list(self.fits), style), self.fits, strict=True):
            line.set_label(formula(found))
        low, high = self.moment[used] - self.error[used], np.append(ends, self.moment[used] + self.error[used])
        axis.set(xscale="log", yscale="log", ylabel="moment", ylim=(low.min() / 2, 2 * np.nanmax(high)))
        views.over_qubits(axis, sorted({int(size) for size in self.n_qubits}))
        axis.legend(fontsize=8)
        return axis


def fit_decay(n_qubits: npt.ArrayLike, moment: npt.ArrayLike, error: npt.ArrayLike) -> Decay:
    """Return a power law and a stretched exponential fitted to a moment against N, and which is favoured by AIC.

    The fits are weighted least squares of ln y by `scipy.optimize.curve_fit` (docs/theory.md, "Two laws of a decay").

    Parameters
    ----------
    n_qubits : numbers of qubits, shape ``(points,)``, in any order; any sizes that are positive.
    moment : y at these, such as a variance or E‖∇L‖², shape ``(points,)``.
    error : standard errors of y, shape ``(points,)``.

    Points where y is not positive, not known to one half (error below y / 2) or NaN are left out. Raises
    `NearCliffordError` for shapes that differ, a size that is not positive, an infinite number, an error that is negative or
    that is zero for a positive y, and fewer than five sizes left.

    >>> import nearclifford as nc
    >>> n = [4, 8, 16, 24, 32, 48]
    >>> found = nc.fit_decay(n, [2.0**-size for size in n], [0.02 * 2.0**-size for size in n])
    >>> found.favoured, found.stretched[1:].round(3).tolist()       # y ~ exp(-0.693 N) = 2^-N
    ('stretched exponential', [0.693, 1.0])
    >>> nc.fit_decay(n, [0.1, 0.05, 0.02, 0, 0, 0], [0.01] * 6)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: moment is known to one half at 2 numbers of qubits, [4.0, 8.0]; ...
    """
    sizes, means, errors = _columns(n_qubits, moment, error)
    order = np.argsort(sizes, kind="stable")
    sizes, means, errors = sizes[order], means[order], errors[order]
    used = (means > 0) & (errors < LARGEST_RELATIVE_ERROR * means)
    kept = np.unique(sizes[used])
    if len(kept) < LEAST_POINTS:
        raise NearCliffordError(
            f"moment is known to one half at {len(kept)} numbers of qubits, {shown(kept.tolist())}; expected at least "
            f"{LEAST_POINTS}, to tell two laws apart. Measure at more sizes, or with more samples."
        )
    power, stretched = fit_points(sizes[used], means[used], errors[used])
    laws = (power.numbers, power.covariance, stretched.numbers, stretched.covariance)
    return Decay(sizes, means, errors, used, *laws)


def _columns(*given: npt.ArrayLike) -> list[Floats]:
    """Return sizes, moments and errors as float64 of one length."""
    columns = {name: _column(values, name) for name, values in zip(("n_qubits", "moment", "error"), given, strict=True)}
    sizes, means, errors = columns.values()
    if not len(sizes) == len(means) == len(errors):
        lengths = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
        raise NearCliffordError(f"The columns have different lengths, {lengths}; expected a moment and an error for each N.")
    wrong = [("n_qubits", ~(sizes > 0), "a positive number of qubits"), ("error", errors < 0, "a standard error")]
    exact = (errors == 0) & (means > 0)
    wrong.append(("error", exact, "a positive one: a point without error has no weight among others; use its rounding"))
    for name, bad, expected in wrong:
        for k in np.flatnonzero(bad)[:1]:
            raise NearCliffordError(f"{name}[{k}] is {columns[name][k]:g}; expected {expected}.")
    return [sizes, means, errors]


def _column(values: npt.ArrayLike, name: str) -> Floats:
    try:
        column = np.asarray(values)
    except ValueError:  # rows of different lengths
        column = np.zeros((0, 0))
    if column.ndim != 1 or column.dtype.kind not in "fiu":
        raise NearCliffordError(f"{name} is {shown(values)}; expected a sequence of real numbers, one for each point.")
    found = column.astype(np.float64)
    for k in np.flatnonzero(np.isinf(found))[:1]:
        raise NearCliffordError(f"{name}[{k}] is {found[k]:g}; expected a finite number, or NaN where it is not known.")
    return found
