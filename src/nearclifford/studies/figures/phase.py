"""The phase diagram: gradient norm as colour, and what classical simulation needs as numbers and lines, over N and σ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nearclifford.arrays import Floats, Indices
from nearclifford.plots import views
from nearclifford.plots.style import add_caption, save
from nearclifford.studies.experiments.phase import LARGEST_ORDER
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults

DAY = 86400.0
# Below this the colour stops: so small a norm is a plateau, whatever its number.
LEAST_NORM = 1e-2
PATH, PUBLISHED, EXACT, LOGARITHMIC = "#FFFFFF", "#E69F00", "#56B4E9", "#CC79A7"
OUTLINE = [patheffects.withStroke(linewidth=4.5, foreground="black")]


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw one diagram for each ansatz, rule for L and encoder, with the orders for the smallest tolerance.

    Writes ``phase_<ansatz>_L<rule>_<encoder>``; arguments of `nearclifford.studies.figures.save_figures`. A diagram needs
    two sizes and two widths at least; what has fewer is left to the table.
    """
    paths, frame = [], results.frame
    shown = frame[frame["tolerance"] == frame["tolerance"].min()]
    for (ansatz, layers, encoder), part in shown.groupby(["ansatz", "layers", "encoder"], sort=False):
        if part["n_qubits"].nunique() > 1 and part["sigma"].nunique() > 1:
            paths += save(phase_figure(part, made_by), directory / f"phase_{ansatz}_L{layers}_{encoder}")
    return paths


def phase_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the diagram of one ansatz, rule for L, encoder and tolerance: a cell for each N, across, and σ, up.

    The colour of a cell is the gradient norm, the larger number the order of the path surrogate, the smaller one that of the
    worst-case bound.
    """
    first = frame.iloc[0]
    figure = Figure(figsize=(9.6, 7.4), layout="constrained")
    panel = figure.subplots()
    widths = [sigma_label(sigma) for sigma in frame["sigma"].unique()]
    sizes = [str(size) for size in sorted(frame["n_qubits"].unique())]
    colours = views.heat_map(panel, _grid(frame, "rms_norm"), LEAST_NORM, widths, sizes)
    bar = figure.colorbar(colours, ax=panel, extend="min", pad=0.02)
    bar.set_label("root mean square gradient norm ‖∇L‖")
    _write_orders(panel, frame, np.asarray(colours.norm(np.asarray(colours.get_array()))))
    handles = [*_frontiers(panel, frame), *_lines(panel, frame)]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=8.5, handlelength=3.5)
    panel.set(xlabel="number of qubits N", ylabel="width of the patch (D: number of parameters)")
    panel.set_title(f"{circuit_title(first['ansatz'], first['layers'])}, {encoder_title(str(first['encoder']))}")
    caption = (
        f"Mean over {first['draws']} draws of observable ({first['observable']}) and encoded parameter. Large numbers: "
        "order m of the Pauli-path surrogate whose encoded\n"
        f"derivative has an rms error of at most {first['tolerance']:g}; small numbers: m by the worst-case bound "
        "‖t‖₁^m / m!. A day of one core, predicted from operation counts"
    )
    add_caption(figure, caption, made_by)
    return figure


def _write_orders(panel: Axes, frame: pd.DataFrame, brightness: Floats) -> None:
    orders, worst = _grid(frame, "order"), _grid(frame, "worst_case_order")
    for (row, column), order in np.ndenumerate(orders):
        colour = "black" if brightness[row, column] > 0.6 else "white"
        mean = "beyond" if order > LARGEST_ORDER else f"{order:.0f}" if order == round(order) else f"{order:.1f}"
        panel.text(column, row + 0.16, mean, color=colour, fontsize=9, weight="bold", ha="center", va="center")
        panel.text(column, row - 0.24, f"{worst[row, column]:.0f}", color=colour, fontsize=6.5, ha="center", va="center")


def _frontiers(panel: Axes, frame: pd.DataFrame) -> Iterator[Line2D]:
    """Draw where a construction takes a day, and yield the entries of the legend."""
    for column, colour, dashes, words in (
        ("build_log10_seconds", PATH, (0, ()), "path surrogate: below it takes over a day to build"),
        (
            "published_log10_seconds",
            PUBLISHED,
            (0, (3, 1.5)),
            "published Taylor, worst case: outside it takes over a day",
        ),
    ):
        longer = _grid(frame, column) > math.log10(DAY)
        if longer.any() and not longer.all():
            border = LineCollection(
                views.borders(longer), colors=colour, linewidths=3.0, linestyles=[dashes], path_effects=OUTLINE
            )
            panel.add_collection(border)
            yield Line2D([], [], color=colour, linewidth=3.0, linestyle=dashes, path_effects=OUTLINE, label=words)


def _lines(panel: Axes, frame: pd.DataFrame) -> Iterator[Line2D]:
    """Draw where a statevector takes a day, and σ = √(ln D / D), and yield the entries of the legend."""
    table = frame.groupby("n_qubits")[["n_parameters", "statevector_log10_seconds"]].mean()
    places, counts, seconds = np.arange(len(table)), *(table[name].to_numpy(float) for name in table)
    if seconds[0] < math.log10(DAY) < seconds[-1]:
        (line,) = panel.plot(
            np.full(2, np.interp(math.log10(DAY), seconds, places)),
            [-0.5, frame["sigma"].nunique() - 0.5],
            color=EXACT,
            linewidth=3.0,
            linestyle=(0, (1, 1)),
            path_effects=OUTLINE,
            label="statevector: to the right one value takes over a day",
        )
        yield line
    exponents = _exponents(frame)
    logarithmic = 0.5 - np.log(np.log(counts)) / (2 * np.log(counts))
    rows = [np.interp(-one, -column[order], order) for one, column, order in _columns(logarithmic, exponents)]
    (line,) = panel.plot(
        places, rows, color=LOGARITHMIC, linewidth=1.6, linestyle="-.", label=r"$\sigma = \sqrt{\ln D / D}$"
    )
    yield line


def _columns(values: Floats, exponents: Floats) -> Iterator[tuple[float, Floats, Indices]]:
    """Yield a value, the exponents of its column, and their rows from the widest exponent to the narrowest."""
    for value, column in zip(values.tolist(), exponents.T, strict=True):
        yield value, column, np.argsort(-column)


def _grid(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column by σ (rows) and N (columns)."""
    wide = frame.assign(**{column: frame[column].astype(float), "size": frame["n_qubits"]})
    table = wide.pivot(index="sigma", columns="size", values=column).reindex(frame["sigma"].unique())
    return table.to_numpy(float)


def _exponents(frame: pd.DataFrame) -> Floats:
    exponents = -np.log(frame["sigma_value"]) / np.log(frame["n_parameters"])
    return _grid(frame.assign(exponent=exponents), "exponent")
