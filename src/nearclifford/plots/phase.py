"""The phase diagram: gradient norm as colour, and what classical simulation needs as contours, over N and the width."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nearclifford.plots.style import add_caption, save
from nearclifford.rotations import Floats
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.experiments.phase import Phase
from nearclifford.studies.printing import encoder_title
from nearclifford.surrogates.contest import AMPLITUDE_SECONDS

DAY = 86400.0
ORDERS = (2, 3, 5, 10, 20, 50, 100, 200)
# Below this the colour stops: so small a norm is a plateau, whatever its number.
LEAST_NORM = 1e-2
PATH, PUBLISHED, EXACT = "#FFFFFF", "#E69F00", "#56B4E9"


def save_figures(experiment: Phase, frame: pd.DataFrame, directory: Path, made_by: str) -> list[Path]:
    """Draw one diagram for each ansatz, rule for L and encoder, with the orders for the smallest tolerance.

    Writes ``phase_<ansatz>_L<rule>_<encoder>``; arguments of `nearclifford.plots.save_figures`. A diagram needs two sizes
    and two widths at least; what has fewer is left to the table.
    """
    paths = []
    shown = frame[frame["tolerance"] == min(experiment.tolerances)]
    for (ansatz, layers, encoder), part in shown.groupby(["ansatz", "layers", "encoder"], sort=False):
        if part["n_qubits"].nunique() > 1 and part["sigma"].nunique() > 1:
            paths += save(phase_figure(part, made_by), directory / f"phase_{ansatz}_L{layers}_{encoder}")
    return paths


def phase_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the diagram of one ansatz, rule for L, encoder and tolerance: N across, α = -ln σ / ln D up."""
    first = frame.iloc[0]
    figure = Figure(figsize=(8.0, 5.6), layout="constrained")
    panel = figure.subplots()
    sizes, exponents = _grid(frame, "n_qubits"), _exponents(frame)
    norms = np.maximum(_grid(frame, "rms_norm"), LEAST_NORM / 2)
    scale = LogNorm(LEAST_NORM, max(float(norms.max()), 2 * LEAST_NORM))
    colours = panel.pcolormesh(sizes, exponents, norms, norm=scale, cmap="viridis", shading="gouraud", rasterized=True)
    bar = figure.colorbar(colours, ax=panel, extend="min", pad=0.02)
    bar.set_label("root mean square gradient norm ‖∇L‖")
    _draw_orders(panel, sizes, exponents, _grid(frame, "order"))
    handles = [Line2D([], [], color=PATH, linewidth=1.2, path_effects=_outline(), label="order m of the path surrogate")]
    for column, colour, dashes, words in (
        ("build_log10_seconds", PATH, (0, ()), "path surrogate: a day to build"),
        ("published_log10_seconds", PUBLISHED, (0, (3, 1.5)), "published worst-case Taylor: a day to build"),
    ):
        values = _grid(frame, column)
        level = math.log10(DAY)
        if values.min() < level < values.max():
            panel.contour(sizes, exponents, values, levels=[level], colors=[colour], linewidths=3.0, linestyles=[dashes])
        handles.append(Line2D([], [], color=colour, linewidth=3.0, linestyle=dashes, path_effects=_outline(), label=words))
    day = _day_of_amplitudes(frame)
    if day is not None:
        panel.axvline(day, color=EXACT, linewidth=3.0, linestyle=":")
        handles.append(Line2D([], [], color=EXACT, linewidth=3.0, linestyle=":", label="statevector: a day for one value"))
    panel.set(xscale="log", xlabel="number of qubits N", ylabel=r"$\alpha$: width of the patch $\sigma = D^{-\alpha}$")
    panel.set_xlim(sizes.min(), sizes.max())
    ticks = sorted(frame["n_qubits"].unique())
    panel.set_xticks(ticks, [str(tick) for tick in ticks])
    panel.minorticks_off()
    figure.suptitle(f"{ANSATZE[first['ansatz']].title}, L = {first['layers']}, {encoder_title(str(first['encoder']))}")
    legend = figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=True, fontsize=8)
    legend.get_frame().set_facecolor("#BBBBBB")
    caption = (
        f"Mean over {first['draws']} draws of observable ({first['observable']}) and encoded parameter. Order m: rms error "
        f"of the encoded derivative at most {first['tolerance']:g}.\nSeconds on one core are predicted from operation counts"
    )
    add_caption(figure, caption, made_by)
    return figure


def _grid(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column by σ (rows) and N (columns)."""
    wide = frame.assign(**{column: frame[column].astype(float), "size": frame["n_qubits"]})
    table = wide.pivot(index="sigma", columns="size", values=column).reindex(frame["sigma"].unique())
    return table.to_numpy(float)


def _exponents(frame: pd.DataFrame) -> Floats:
    exponents = -np.log(frame["sigma_value"]) / np.log(frame["n_parameters"])
    return _grid(frame.assign(exponent=exponents), "exponent")


def _outline() -> list[patheffects.AbstractPathEffect]:
    return [patheffects.withStroke(linewidth=2.4, foreground="black")]


def _draw_orders(panel: Axes, sizes: Floats, exponents: Floats, orders: Floats) -> None:
    levels = [order for order in ORDERS if orders.min() < order < orders.max()]
    if not levels:
        return
    lines = panel.contour(sizes, exponents, orders, levels=levels, colors=PATH, linewidths=1.2)
    lines.set(path_effects=_outline())
    labels = panel.clabel(lines, fmt=lambda order: f"m = {order:.0f}", fontsize=8)
    for label in labels:
        label.set_path_effects(_outline())


def _day_of_amplitudes(frame: pd.DataFrame) -> float | None:
    """Return the N at which 2^N amplitudes through D rotations take a day, between the sizes of the table."""
    table = frame.groupby("n_qubits")["n_parameters"].first()
    seconds = np.log2(AMPLITUDE_SECONDS * table.to_numpy(float)) + table.index.to_numpy(float)
    if not seconds[0] < math.log2(DAY) < seconds[-1]:
        return None
    return float(np.interp(math.log2(DAY), seconds, table.index.to_numpy(float)))
