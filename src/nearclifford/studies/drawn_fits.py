"""Fitted laws as figures show them: the curves with their bands among the points, and below them what is left over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.plots.style import Style
from nearclifford.studies.laws import Fit
from nearclifford.studies.printing import with_error

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def draw_fits(top: Axes, bottom: Axes, curve: pd.DataFrame, fits: list[Fit], style: Style) -> list[Line2D]:
    """Draw the fits of one curve, as `draw_laws` does, and their residuals below; return the lines."""
    color, marker, _ = style
    sizes = curve["n_qubits"].to_numpy(float)
    for found, face in zip(fits, (color, "none"), strict=True):
        bottom.plot(sizes, found.residuals, marker, color=color, markerfacecolor=face, markersize=4, linestyle="")
    return draw_laws(top, sizes, fits, style)


def draw_laws(axis: Axes, sizes: Floats, fits: list[Fit], style: Style) -> list[Line2D]:
    """Draw the power law full with a shaded band, the other dotted with a hatched one; return the lines.

    The bands are one standard error of ln y wide to both sides; a fit without errors has none.
    """
    between, color = np.geomspace(sizes.min(), sizes.max(), 100), style.color
    looks: tuple[dict[str, Any], ...] = (
        {"color": color, "alpha": 0.25, "linewidth": 0.0},
        {"facecolor": "none", "edgecolor": color, "alpha": 0.5, "linewidth": 0.0, "hatch": "//////"},
    )
    lines = []
    for found, line, look in zip(fits, ("-", ":"), looks, strict=True):
        lines += axis.plot(between, found.value(between), line, color=color, linewidth=1.2)
        axis.fill_between(between, *found.band(between), **look)
    return lines


def formula(found: Fit) -> str:
    r"""Return a fit as a legend shows it.

    >>> from nearclifford.studies.laws import POWER, STRETCHED
    >>> formula(Fit(POWER, np.array([0.0, 2.0]), np.diag([0.01, 0.0009]), np.zeros(5)))
    '$\\propto N^{-2.00(3)}$, AIC 4.0'
    >>> formula(Fit(STRETCHED, np.array([0.0, 0.5, 0.75]), np.full((3, 3), np.nan), np.ones(5)))
    '$\\propto \\exp(-0.5\\,N^{0.75})$, AIC 11.0'
    """
    numbers, errors = found.numbers.tolist(), found.errors.tolist()
    if len(numbers) == 2:
        law = f"N^{{{_mathematics(-numbers[1], errors[1])}}}"
    else:
        law = rf"\exp({_mathematics(-numbers[1], errors[1])}\,N^{{{_mathematics(numbers[2], errors[2])}}})"
    return rf"$\propto {law}$, AIC {found.aic:.1f}"


def _mathematics(number: float, error: float) -> str:
    r"""Return a number with its error as Matplotlib sets it.

    >>> _mathematics(-0.00031, 0.00004), _mathematics(0.001, 0.5)
    ('-3.1(4) \\times 10^{-4}', '(0.001 \\pm 0.5)')
    """
    text = re.sub(r"e([+-]\d+)", lambda power: rf" \times 10^{{{int(power[1])}}}", with_error(number, error))
    return "(" + text.replace("±", r"\pm") + ")" if "±" in text else text
