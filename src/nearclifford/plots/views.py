"""Views of numbers, each drawn on an axis of Matplotlib that the caller made: curves, bands of zero hits, heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.plots.style import STYLES, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

# Axes span at most this many decades: points further down are those of a few draws of rare luck.
DECADES = 8


def curve(
    axis: Axes,
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    error: npt.ArrayLike | None = None,
    style: Style = STYLES[0],
    **looks: Any,
) -> None:
    """Draw positive means with their standard errors, for a logarithmic axis; zeros and NaN are left out.

    Parameters
    ----------
    x, mean, error : shape ``(n,)``; an error that is NaN is not drawn.
    style : colour, marker and line.
    looks : further arguments of `matplotlib.axes.Axes.errorbar`, such as ``label``.

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> curve(axis, [2, 4, 6], [0.5, 0.1, 0.0], [0.1, 0.1, 0.0], label="plain")
    >>> axis.containers[0][0].get_ydata()
    array([0.5, 0.1, nan])
    """
    given = np.asarray(mean, dtype=np.float64)
    seen = np.where(given > 0, given, np.nan)
    spread = np.zeros_like(seen) if error is None else np.nan_to_num(np.asarray(error, dtype=np.float64))
    bars = np.stack([np.minimum(spread, 0.95 * seen), spread])  # a logarithmic axis has no room at zero
    look: dict[str, Any] = {"color": style.color, "marker": style.marker, "linestyle": style.line}
    look |= {"markersize": 5, "linewidth": 1.3, "capsize": 2}
    axis.errorbar(np.asarray(x), seen, yerr=bars, **(look | looks))


def zero_hits(
    axis: Axes, x: npt.ArrayLike, upper: npt.ArrayLike, style: Style = STYLES[0], alpha: float = 0.35, width: float = 1.8
) -> None:
    """Draw where nothing was hit: a faint bar from below the axis to the upper end of the interval, never a dot.

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> zero_hits(axis, [6], [0.05])
    >>> axis.collections[0].get_segments()[0][1]
    array([6.  , 0.05])
    """
    axis.vlines(np.asarray(x), 1e-300, np.asarray(upper), color=style.color, alpha=alpha, linewidth=width)


def log_limits(mean: npt.ArrayLike, error: npt.ArrayLike) -> tuple[float, float]:
    """Return limits of a logarithmic axis that show positive means with their errors, over `DECADES` at most.

    >>> log_limits([0.5, 0.0], [0.0, 0.0])
    (0.3333333333333333, 1.0)
    """
    values, errors = np.asarray(mean, dtype=np.float64), np.nan_to_num(np.asarray(error, dtype=np.float64))
    seen = values > 0
    if not seen.any():
        return 1e-3, 10.0
    top = 2.0 * float(np.nanmax(values + errors))
    ends = np.maximum(values - errors, 0.3 * values)[seen]
    return max(float(ends.min()) / 1.5, top * 10.0**-DECADES), top


def over_qubits(axis: Axes, sizes: Sequence[int] | None = None, label: str = "number of qubits N") -> None:
    """Dress an axis whose abscissa is N, or another count: whole numbers, at ``sizes`` if they are given, and a grid."""
    from matplotlib.ticker import MaxNLocator

    axis.set_xlabel(label)
    if sizes is None:
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axis.set_xticks(list(sizes), [str(size) for size in sizes])
        axis.minorticks_off()
    axis.grid(True, which="major", alpha=0.3, linewidth=0.6)


def heat_map(axis: Axes, values: Floats, least: float, rows: Sequence[str], columns: Sequence[str]) -> AxesImage:
    """Draw positive numbers as colours on a logarithmic scale, and return the image, for a colour bar.

    Parameters
    ----------
    values : shape ``(rows, columns)``; the first row is at the bottom. What is below ``least`` is drawn as below it.
    rows, columns : the labels.

    >>> from matplotlib.figure import Figure
    >>> heat_map(Figure().subplots(), np.array([[1.0, 0.5]]), 1e-2, ["σ = 1"], ["2", "4"]).norm.vmax
    1.0
    """
    from matplotlib.colors import LogNorm

    shown = np.maximum(values, least / 2)
    scale = LogNorm(least, max(float(shown.max()), 2 * least))
    image = axis.imshow(shown, norm=scale, cmap="viridis", origin="lower", aspect="auto")
    axis.set_yticks(range(len(rows)), list(rows))
    axis.set_xticks(range(len(columns)), list(columns))
    return image


def band(
    axis: Axes, x: npt.ArrayLike, mean: npt.ArrayLike, std: npt.ArrayLike | None, style: Style = STYLES[0], **looks: Any
) -> None:
    """Draw means as a line, and one standard deviation to both sides as a band; ``std`` is None for no band.

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> band(axis, [0, 1], [0.5, 0.1], [0.1, 0.2], label="plain")
    >>> len(axis.lines), len(axis.collections)
    (1, 1)
    """
    center = np.asarray(mean, dtype=np.float64)
    look: dict[str, Any] = {"color": style.color, "linestyle": style.line, "linewidth": 1.6}
    axis.plot(np.asarray(x), center, **(look | looks))
    if std is not None:
        width = np.asarray(std, dtype=np.float64)
        axis.fill_between(np.asarray(x), center - width, center + width, color=style.color, alpha=0.2, linewidth=0)


def surface(
    axis: Axes, first: Floats, second: Floats, values: Floats, limits: tuple[float, float] | None = None
) -> AxesImage:
    """Draw losses over a plane as colours, and return the image, for a colour bar.

    Parameters
    ----------
    first, second : shapes ``(M,)`` and ``(K,)``, evenly spaced, to the right and upward.
    values : shape ``(M, K)``.
    limits : the values at the ends of the colours; those of the map by default.

    >>> from matplotlib.figure import Figure
    >>> image = surface(Figure().subplots(), np.array([0.0, 1.0]), np.array([0.0, 2.0, 4.0]), np.zeros((2, 3)), (-1.0, 1.0))
    >>> image.get_extent(), image.norm.vmin
    ([-0.5, 1.5, -1.0, 5.0], -1.0)
    """
    low, high = limits or (float(values.min()), float(values.max()))
    extent = (*_ends(first), *_ends(second))
    return axis.imshow(
        values.T, vmin=low, vmax=high, extent=extent, cmap="viridis", origin="lower", aspect="auto", interpolation="nearest"
    )


def _ends(points: Floats) -> tuple[float, float]:
    """Return where the cells of evenly spaced points begin and end."""
    half = float(points[-1] - points[0]) / (2 * max(len(points) - 1, 1)) or 0.5
    return float(points[0]) - half, float(points[-1]) + half


def path(axis: Axes, coordinates: Floats) -> None:
    """Draw a path over a plane, shape ``(steps, 2)``: a line with a dot where it begins and a star where it ends.

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> path(axis, np.array([[0.0, 0.0], [1.0, 1.0]]))
    >>> len(axis.lines)
    4
    """
    x, y = coordinates.T
    axis.plot(x, y, color="white", linewidth=3.2)
    axis.plot(x, y, color=STYLES[1].color, linewidth=1.6)
    axis.plot(x[:1], y[:1], "o", color=STYLES[1].color, markeredgecolor="white", markersize=7, label="first step")
    axis.plot(x[-1:], y[-1:], "*", color=STYLES[1].color, markeredgecolor="white", markersize=13, label="last step")


def spectrum(axis: Axes, sizes: Floats, style: Style = STYLES[0], **looks: Any) -> None:
    """Draw positive numbers, ascending, from the largest down on logarithmic scales.

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> spectrum(axis, np.array([0.25, 4.0]))
    >>> axis.lines[0].get_xydata().tolist()
    [[1.0, 4.0], [2.0, 0.25]]
    """
    look: dict[str, Any] = {"color": style.color, "linestyle": style.line, "linewidth": 1.6, "drawstyle": "steps-mid"}
    axis.plot(np.arange(1, len(sizes) + 1), sizes[::-1], **(look | looks))
    axis.set(xscale="log", yscale="log")


def borders(marked: npt.NDArray[np.bool_]) -> list[list[tuple[float, float]]]:
    """Return the edges between cells of a heat map that are marked and cells that are not, as segments.

    >>> borders(np.array([[True, False]]))
    [[(0.5, -0.5), (0.5, 0.5)]]
    """
    rows, columns = np.nonzero(marked[1:] != marked[:-1])
    level = [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    rows, columns = np.nonzero(marked[:, 1:] != marked[:, :-1])
    upright = [[(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    return level + upright
