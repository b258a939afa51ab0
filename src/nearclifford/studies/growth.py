"""How a cost grows with the number of qubits: the exponents of a power law and of an exponential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nearclifford.errors import NearCliffordError
from nearclifford.studies.printing import circuit_title, encoder_title, with_error

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Growth:
    """Least-squares lines through ln y against ln N and against N.

    Attributes
    ----------
    power, power_error : b of y ~ N^b, and its standard error by the scatter of the points; NaN with two points.
    rate, rate_error : r of y ~ 2^(r N), likewise.
    power_scatter, rate_scatter : root mean square distance of ln y from each line.
    """

    power: float
    power_error: float
    rate: float
    rate_error: float
    power_scatter: float
    rate_scatter: float

    @property
    def is_power(self) -> bool:
        """Whether the power law lies closer to the points."""
        return self.power_scatter <= self.rate_scatter


def growth(n_qubits: npt.ArrayLike, cost: npt.ArrayLike) -> Growth:
    """Return how a positive cost grows with N; raises `NearCliffordError` for fewer than two sizes or costs not positive.

    >>> found = growth([4, 8, 16, 32], [64.0, 512.0, 4096.0, 32768.0])
    >>> round(found.power, 6), found.is_power
    (3.0, True)
    """
    sizes, values = np.asarray(n_qubits, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    if len(np.unique(sizes)) < 2 or len(sizes) != len(values) or not ((values > 0) & np.isfinite(values)).all():
        raise NearCliffordError(f"The costs are {cost!r} at N = {n_qubits!r}; expected positive ones at two sizes or more.")
    power, power_error, power_scatter = _line(np.log(sizes), np.log(values))
    rate, rate_error, rate_scatter = _line(sizes * np.log(2.0), np.log(values))
    return Growth(power, power_error, rate, rate_error, power_scatter, rate_scatter)


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
            row |= {"power": found.power, "power_error": found.power_error}
            rows.append(row | {"rate": found.rate, "rate_error": found.rate_error, "is_power": found.is_power})
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


def _line(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Return slope, its standard error and the root mean square residual."""
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    residual = y - y.mean() - slope * away
    spread = float(residual @ residual)
    error = np.sqrt(spread / (len(x) - 2) / float(away @ away)) if len(x) > 2 else np.nan
    return slope, float(error), float(np.sqrt(spread / len(x)))
