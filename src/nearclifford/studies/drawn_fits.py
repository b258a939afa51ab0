"""Fitted laws as figures show them: the curves among the points, and below them what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearclifford.plots.style import Style
from nearclifford.studies.fits import Fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def draw_fits(top: Axes, bottom: Axes, curve: pd.DataFrame, fits: list[Fit], style: Style) -> list[Line2D]:
    """Draw the fits of one curve, the power law full and the other dotted, and their residuals; return the lines."""
    color, marker, _ = style
    sizes = curve["n_qubits"].to_numpy(float)
    between = np.geomspace(sizes[0], sizes[-1], 100)
    lines = []
    for found, line, face in zip(fits, ("-", ":"), (color, "none"), strict=True):
        lines += top.plot(between, found.value(between), line, color=color, linewidth=1.2)
        bottom.plot(sizes, found.residuals, marker, color=color, markerfacecolor=face, markersize=4, linestyle="")
    return lines


def formula(found: Fit) -> str:
    r"""Return a fit as a legend shows it.

    >>> from nearclifford.studies.fits import POWER, STRETCHED
    >>> formula(Fit(POWER, np.array([0.0, 2.0]), np.zeros(5)))
    '$\\propto N^{-2.00}$, AIC 4.0'
    >>> formula(Fit(STRETCHED, np.array([0.0, 0.5, 0.75]), np.ones(5)))
    '$\\propto \\exp(-0.5\\,N^{0.75})$, AIC 11.0'
    """
    numbers = found.numbers.tolist()
    law = f"N^{{{-numbers[1]:.2f}}}" if len(numbers) == 2 else rf"\exp({-numbers[1]:.2g}\,N^{{{numbers[2]:.2f}}})"
    return rf"$\propto {law}$, AIC {found.aic:.1f}"
