"""Statistics drawn on one axis: second moments with their 95 % intervals, on a logarithmic scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, axis_or_new
from nearclifford.statistics.tables import made

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nearclifford.statistics.results import GradientStatistics, LossStatistics


def with_intervals(
    axis: Axes, x: npt.ArrayLike, value: npt.ArrayLike, interval: Floats, style: Style = STYLES[0], label: str | None = None
) -> None:
    """Draw positive numbers with their intervals, shape ``(n, 2)``; where nothing was seen, a faint bar up to the upper end.

    >>> axis = axis_or_new(None)
    >>> with_intervals(axis, [0, 1], [0.1, 0.0], np.array([[0.05, 0.2], [0.0, 0.01]]))
    >>> len(axis.containers), len(axis.collections)
    (1, 2)
    """
    place, found = np.asarray(x), np.asarray(value, dtype=np.float64)
    low, high = interval.T
    seen, upper = found > 0, ~(found > 0) & (high > 0)
    bars = np.stack([np.minimum(found - low, 0.95 * found), high - found])[:, seen]
    look: dict[str, Any] = {"color": style.color, "marker": style.marker, "linestyle": "none", "markersize": 4, "capsize": 2}
    axis.errorbar(place[seen], found[seen], yerr=np.maximum(bars, 0.0), label=label, **look)
    axis.set_yscale("log", nonpositive="clip")
    ends = views.log_limits(found[seen], (high - found)[seen]) if seen.any() else None
    if upper.any():
        views.zero_hits(axis, place[upper], high[upper], style)
        top = 2.0 * float(high[upper].max())
        ends = (min(ends[0], float(high[upper].min()) / 10), max(ends[1], top)) if ends else (top * 1e-4, top)
    if ends:
        axis.set_ylim(*ends)
    axis.grid(True, which="major", alpha=0.3, linewidth=0.6)


def gradient_figure(found: GradientStatistics, ax: Axes | None) -> Axes:
    """Draw the second moment of each component with its 95 % interval; a faint bar where nothing was seen."""
    axis = axis_or_new(ax)
    with_intervals(axis, found.parameters, found.second_moment, found.interval(), label="95 % interval")
    axis.set(xlabel="parameter k", ylabel="E[(∂L/∂θ_k)²], per rad²", title=made(found))
    return axis


def loss_figure(found: LossStatistics, ax: Axes | None) -> Axes:
    """Draw the second moment with its 95 % interval, and the variance with two standard errors."""
    axis = axis_or_new(ax)
    width = 2 * found.variance_error
    spread = np.array([max(found.variance - width, 0.0), found.variance + width])
    with_intervals(axis, [0, 1], [found.second_moment, found.variance], np.stack([found.interval(), spread]))
    axis.set_xticks([0, 1], ["E[L²], 95 % interval", "Var[L], two standard errors"])
    axis.set(xlim=(-0.5, 1.5), xlabel="moment", ylabel="in units of the observable, squared")
    axis.set_title(made(found))
    return axis
