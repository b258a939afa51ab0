"""The costs of simulations drawn side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nearclifford.costs.contest import MethodCost
from nearclifford.plots.style import STYLES, axis_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond the age of the universe a bar says no more.
MOST_SECONDS = 1e18


def draw_costs(methods: Sequence[MethodCost], tolerance: float, ax: Axes | None) -> Axes:
    """Draw the seconds of one theta as bars, measured ones full and predicted ones hollow; none where neither is known.

    >>> shown = draw_costs([MethodCost("statevector", "exact", "amplitudes", seconds=0.1)], 0.01, None)
    >>> len(shown.patches), shown.get_xscale()
    (1, 'log')
    """
    axis, color = axis_or_new(ax), STYLES[0].color
    names = [f"{cost.method}, {cost.criterion}" for cost in methods]
    for row, cost in enumerate(methods):
        seconds = cost.predicted_seconds if cost.seconds is None else cost.seconds
        if seconds is None or not seconds > 0:
            axis.annotate("not known", (0.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8)
            continue
        fill = color if cost.seconds is not None else "none"
        axis.barh(row, min(seconds, MOST_SECONDS), color=fill, edgecolor=color, height=0.6)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set(xscale="log", xlabel="seconds for one theta; hollow: predicted", ylabel="method")
    axis.set_title(f"error of the loss {tolerance:g}", fontsize=10)
    return axis
