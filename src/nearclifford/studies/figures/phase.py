"""The phase diagram: gradient norm as colour, and what classical simulation needs as numbers and lines, over N and σ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nearclifford.arrays import Floats, Indices
from nearclifford.costs.contest import AMPLITUDE_SECONDS
from nearclifford.plots.style import add_caption, save, sigma_label
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.experiments.phase import LARGEST_ORDER, Phase
from nearclifford.studies.printing import encoder_title

DAY = 86400.0
# Below this the colour stops: so small a norm is a plateau, whatever its number.
LEAST_NORM = 1e-2
PATH, PUBLISHED, EXACT, LOGARITHMIC = "#FFFFFF", "#E69F00", "#56B4E9", "#CC79A7"
OUTLINE = [patheffects.withStroke(linewidth=4.5, foreground="black")]


def save_figures(experiment: Phase, frame: pd.DataFrame, directory: Path, made_by: str) -> list[Path]:
    """Draw one diagram for each ansatz, rule for L and encoder, with the orders for the smallest tolerance.

    Writes ``phase_<ansatz>_L<rule>_<encoder>``; arguments of `nearclifford.studies.figures.save_figures`. A diagram needs
    two sizes and two widths at least; what has fewer is left to the table.
    """
    paths = []
    shown = frame[frame["tolerance"] == min(experiment.tolerances)]
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
    norms = np.maximum(_grid(frame, "rms_norm"), LEAST_NORM / 2)
    scale = LogNorm(LEAST_NORM, max(float(norms.max()), 2 * LEAST_NORM))
    colours = panel.imshow(norms, norm=scale, cmap="viridis", origin="lower", aspect="auto")
    bar = figure.colorbar(colours, ax=panel, extend="min", pad=0.02)
    bar.set_label("root mean square gradient norm ‖∇L‖")
    _write_orders(panel, frame, scale(norms))
    handles = [*_frontiers(panel, frame), *_lines(panel, frame)]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=8.5, handlelength=3.5)
    rows = frame.drop_duplicates("sigma")
    panel.set_yticks(range(len(rows)), [sigma_label(sigma) for sigma in rows["sigma"]])
    sizes = sorted(frame["n_qubits"].unique())
    panel.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    panel.set(xlabel="number of qubits N", ylabel="width of the patch (D: number of parameters)")
    panel.set_title(f"{ANSATZE[first['ansatz']].title}, L = {first['layers']}, {encoder_title(str(first['encoder']))}")
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
                _borders(longer), colors=colour, linewidths=3.0, linestyles=[dashes], path_effects=OUTLINE
            )
            panel.add_collection(border)
            yield Line2D([], [], color=colour, linewidth=3.0, linestyle=dashes, path_effects=OUTLINE, label=words)


def _borders(marked: npt.NDArray[np.bool_]) -> list[list[tuple[float, float]]]:
    """Return the edges between cells that are marked and cells that are not, as segments."""
    rows, columns = np.nonzero(marked[1:] != marked[:-1])
    level = [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    rows, columns = np.nonzero(marked[:, 1:] != marked[:, :-1])
    upright = [[(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in zip(rows.tolist(), columns.tolist(), strict=True)]
    return level + upright


def _lines(panel: Axes, frame: pd.DataFrame) -> Iterator[Line2D]:
    """Draw where a statevector takes a day, and σ = √(ln D / D), and yield the entries of the legend."""
    table = frame.groupby("n_qubits")["n_parameters"].first()
    places, counts = np.arange(len(table)), table.to_numpy(float)
    amplitudes = np.log2(AMPLITUDE_SECONDS * counts) + table.index.to_numpy(float)
    if amplitudes[0] < math.log2(DAY) < amplitudes[-1]:
        (line,) = panel.plot(
            np.full(2, np.interp(math.log2(DAY), amplitudes, places)),
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
