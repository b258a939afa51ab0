"""How a cost grows with the number of qubits: the exponents of a power law and of an exponential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.studies.covariance import known_covariance, propagated_error, standard_errors
from nearclifford.studies.printing import circuit_title, encoder_title, with_error

if TYPE_CHECKING:
    import pandas as pd

# What ln y is a line in, by the name of its slope: b of y ~ N^b, r of y ~ 2^(r N).
ABSCISSAE: dict[str, Callable[[Floats], Floats]] = {"power": np.log, "rate": lambda sizes: sizes * np.log(2.0)}
# The columns of the entries of a covariance, row by row; an entry and its mirror image are one column.
ENTRIES = ("start_start", "start_slope", "start_slope", "slope_slope")


@dataclass(frozen=True, eq=False)
class Line:
    """A least-squares line, ln y = a + s x with x = ln N or N ln 2; all points weigh the same.

    Attributes
    ----------
    slope : what s is called: "power" or "rate", which says what x is.
    numbers : float64: a and s. covariance : float64, shape ``(2, 2)``, by the scatter of the points; NaN with two points.
    scatter : root mean square distance of ln y from the line.
    """

    slope: str
    numbers: Floats
    covariance: Floats
    scatter: float

    @property
    def errors(self) -> Floats:
        """The standard errors of a and s."""
        return standard_errors(self.covariance)

    def value(self, n_qubits: Floats) -> Floats:
        """Return y at numbers of qubits."""
        return np.exp(self.numbers[0] + self.numbers[1] * ABSCISSAE[self.slope](n_qubits))

    def band(self, n_qubits: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the band of one standard error of ln y, as values of y."""
        error = propagated_error(_gradient(ABSCISSAE[self.slope](n_qubits)), self.covariance)
        return self.value(n_qubits) * np.exp(-error), self.value(n_qubits) * np.exp(error)


@dataclass(frozen=True, eq=False)
class Growth:
    """Least-squares lines through ln y against ln N and against N ln 2.

    Attributes
    ----------
    power_law : ln y = a + b ln N. exponential : ln y = a + r N ln 2.
    """

    power_law: Line
    exponential: Line

    @property
    def power(self) -> float:
        """The exponent b of y ~ N^b."""
        return float(self.power_law.numbers[1])

    @property
    def power_error(self) -> float:
        """The standard error of b by the scatter of the points; NaN with two points."""
        return float(self.power_law.errors[1])

    @property
    def rate(self) -> float:
        """The rate r of y ~ 2^(r N)."""
        return float(self.exponential.numbers[1])

    @property
    def rate_error(self) -> float:
        """The standard error of r, likewise."""
        return float(self.exponential.errors[1])

    @property
    def is_power(self) -> bool:
        """Whether the power law lies closer to the points."""
        return self.power_law.scatter <= self.exponential.scatter


def growth(n_qubits: npt.ArrayLike, cost: npt.ArrayLike) -> Growth:
    """Return how a positive cost grows with N; raises `NearCliffordError` for fewer than two sizes or costs not positive.

    >>> found = growth([4, 8, 16, 32], [64.0, 512.0, 4096.0, 32768.0])
    >>> round(found.power, 6), found.is_power
    (3.0, True)
    """
    sizes, values = np.asarray(n_qubits, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    if len(np.unique(sizes)) < 2 or len(sizes) != len(values) or not ((values > 0) & np.isfinite(values)).all():
        raise NearCliffordError(f"The costs are {cost!r} at N = {n_qubits!r}; expected positive ones at two sizes or more.")
    return Growth(_line("power", sizes, np.log(values)), _line("rate", sizes, np.log(values)))


def growth_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how paths and seconds grow with N, from the larger half of the sizes where all draws were measured."""
    import pandas as pd

    rows = []
    first = frame[frame["sigma"] == frame["sigma"].iloc[0]]
    for key, part in first.groupby(["ansatz", "layers", "encoder", "order"], sort=False):
        for quantity in ("n_paths", "support", "build_seconds"):
            seen = part[part[quantity] > 0].sort_values("n_qubits")
            seen = seen.iloc[len(seen) // 2 - 1 :] if len(seen) > 3 else seen
            if len(seen) < 2:
                continue
            found = growth(seen["n_qubits"], seen[quantity])
            row = dict(zip(["ansatz", "layers", "encoder", "order"], key, strict=True)) | {"quantity": quantity}
            row |= {"from": int(seen["n_qubits"].min()), "to": int(seen["n_qubits"].max())}
            rows.append(row | _columns(found.power_law) | _columns(found.exponential) | {"is_power": found.is_power})
    return pd.DataFrame(rows)


def growth_text(table: pd.DataFrame) -> str:
    """Return the exponents of the largest order as text, a line for each curve."""
    if table.empty:
        return "No curve has two sizes that were measured: nothing to say of growth."
    lines = ["Growth over the larger half of the sizes, the law that lies closer to the points:"]
    for row in table[table["order"] == table["order"].max()].to_dict("records"):
        law = (
            f"N^{with_error(row['power'], row['power_error'])}"
            if row["is_power"]
            else f"2^({with_error(row['rate'], row['rate_error'])} N)"
        )
        title = f"{circuit_title(row['ansatz'], row['layers'])}, {encoder_title(row['encoder'])}, m = {row['order']}"
        lines.append(f"  {title}: {row['quantity']} ~ {law}, N = {row['from']} to {row['to']}")
    return "\n".join(lines)


def line_of(row: Mapping[str, Any]) -> Line:
    """Return the line of a row of `growth_frame` that lies closer to the points."""
    slope = "power" if row["is_power"] else "rate"
    numbers = np.array([row[f"{slope}_start"], row[slope]])
    covariance = np.array([row[f"{slope}_cov_{entry}"] for entry in ENTRIES]).reshape(2, 2)
    return Line(slope, numbers, covariance, row[f"{slope}_scatter"])


def _columns(line: Line) -> dict[str, float]:
    """Return a line as columns: s by its name, and with ``_start`` a, which is ln y where x = 0."""
    (start, slope), (start_error, error) = line.numbers.tolist(), line.errors.tolist()
    own = {"": slope, "_error": error, "_start": start, "_start_error": start_error}
    own |= {f"_cov_{entry}": number for entry, number in zip(ENTRIES, line.covariance.ravel().tolist(), strict=True)}
    return {f"{line.slope}{end}": number for end, number in (own | {"_scatter": line.scatter}).items()}


def _gradient(x: Floats, *_: float) -> Floats:
    return np.stack([np.ones_like(x), x], axis=1)


def _line(slope: str, n_qubits: Floats, log_cost: Floats) -> Line:
    from scipy.optimize import OptimizeWarning, curve_fit

    x = ABSCISSAE[slope](n_qubits)
    with catch_warnings():
        simplefilter("ignore", OptimizeWarning)  # two points have no scatter
        numbers, covariance = curve_fit(lambda x, start, slope: start + slope * x, x, log_cost, (0.0, 0.0), jac=_gradient)
    residual = log_cost - numbers[0] - numbers[1] * x
    return Line(slope, numbers, known_covariance(covariance), float(np.sqrt(residual @ residual / len(x))))
