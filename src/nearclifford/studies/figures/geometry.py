"""Figures of the experiment "geometry": two maps with one colour bar, slices with bands, and condition numbers over N."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.experiments.geometry import CONDITIONS
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults

ALONG = {"first": "encoded parameter (radians)", "second": "random direction (radians)"}
TITLES = {"metric_condition": "Fubini-Study metric", "hessian_condition": "Hessian"}


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the maps and slices of each circuit and patch, and the condition numbers where there are several N.

    Writes ``geometry_<observable>_N<N>_L<rule for L>_<number of the patch>`` and ``conditions_<observable>_L<rule for L>``,
    the ansatz before it; arguments of `nearclifford.studies.figures.save_figures`.
    """
    paths, frame, name = [], results.frame, results.spec.observable
    pictured = frame[frame["loss"].notna()]
    sigmas = list(results.spec.sigma)
    for (ansatz, size, layers, sigma), part in pictured.groupby(["ansatz", "n_qubits", "layers", "sigma"], sort=False):
        stem = f"geometry_{ansatz}_{name}_N{size}_L{layers}_{sigmas.index(str(sigma)) + 1}"
        paths += save(picture(part, made_by), directory / stem)
    if frame["n_qubits"].nunique() > 1:
        center = frame[(frame["first"] == 0) & (frame["second"] == 0) & (frame["sigma"] == sigmas[0])]
        for (ansatz, layers), part in center.groupby(["ansatz", "layers"], sort=False):
            paths += save(conditions(part, made_by), directory / f"conditions_{ansatz}_{name}_L{layers}")
    return paths


def picture(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one circuit and patch: a map for each encoder, all on one scale, then a slice along each axis."""
    first, encoders = frame.iloc[0], list(frame["encoder"].unique())[::-1]
    figure = Figure(figsize=(3.4 * (len(encoders) + 2) + 0.8, 3.9), layout="constrained")
    panels = figure.subplots(1, len(encoders) + 2, squeeze=False)[0]
    limits = float(frame["loss"].min()), float(frame["loss"].max())
    for panel, encoder in zip(panels, encoders, strict=False):
        _map(panel, frame[frame["encoder"] == encoder], limits)
        panel.set(title=encoder_title(encoder), xlabel=ALONG["first"])
    panels[0].set_ylabel(ALONG["second"])
    maps = list(panels[: len(encoders)])
    figure.colorbar(maps[0].images[0], ax=maps, label="mean of the loss L", pad=0.02, location="left")
    styles = dict(zip(encoders[::-1], STYLES, strict=False))
    for panel, (axis, other) in zip(panels[len(encoders) :], (("first", "second"), ("second", "first")), strict=True):
        for encoder in encoders[::-1]:
            _slice(panel, frame[(frame["encoder"] == encoder) & (frame[other] == 0)], axis, styles[encoder])
        panel.set(xlabel=ALONG[axis], ylabel="loss L", title="mean ± standard deviation")
        panel.grid(True, alpha=0.3, linewidth=0.6)
    panels[-2].legend(frameon=False, fontsize=8)
    where = f"{circuit_title(first['ansatz'], first['layers'])}, N = {first['n_qubits']}, D = {first['n_parameters']}"
    figure.suptitle(f"{where}: around the centre, the other parameters from a patch of {sigma_label(first['sigma'])}")
    caption = f"Observable: {first['observable']}; over {first['draws']} draws of encoder, patch and direction (length 1)"
    add_caption(figure, f"{caption}; the encoded parameter points where the loss falls", made_by)
    return figure


def conditions(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one circuit: the condition numbers of metric and Hessian at the centre over N."""
    first = frame.iloc[0]
    figure = Figure(figsize=(9.6, 4.4), layout="constrained")
    for panel, name in zip(figure.subplots(1, 2), CONDITIONS, strict=True):
        for (encoder, curve), style in zip(frame.groupby("encoder", sort=False), STYLES, strict=False):
            _condition(panel, curve.sort_values("n_qubits"), name, style, encoder_title(str(encoder)))
        panel.set(xscale="log", title=TITLES[name])
        views.over_qubits(panel, sorted(frame["n_qubits"].unique()))
        panel.set_yscale("log")  # with the small ticks that the line before took away
    panels = figure.axes
    panels[0].set_ylabel("condition number on the range")
    panels[0].legend(frameon=False)
    figure.suptitle(f"{circuit_title(first['ansatz'], first['layers'])}, {first['observable']}: conditions at the centre")
    caption = f"Geometric mean and the factor of one standard deviation over {frame['draws'].min()} draws of what is encoded"
    add_caption(figure, caption, made_by)
    return figure


def _map(panel: Axes, part: pd.DataFrame, limits: tuple[float, float]) -> None:
    table = part.pivot(index="first", columns="second", values="loss")
    steps = table.index.to_numpy(float), table.columns.to_numpy(float)
    views.surface(panel, *steps, table.to_numpy(float), limits)


def _slice(panel: Axes, part: pd.DataFrame, axis: str, style: Style) -> None:
    part = part.sort_values(axis)
    steps, mean, spread = (part[column].to_numpy(float) for column in (axis, "loss", "loss_spread"))
    views.band(panel, steps, mean, spread, style, label=encoder_title(str(part["encoder"].iloc[0])))


def _condition(panel: Axes, curve: pd.DataFrame, name: str, style: Style, label: str) -> None:
    mean, factor = curve[name].to_numpy(float), np.nan_to_num(curve[f"{name}_factor"].to_numpy(float), nan=1.0)
    look: dict[str, Any] = {"color": style.color, "marker": style.marker, "linestyle": style.line, "markersize": 5}
    bars = [mean * (1 - 1 / factor), mean * (factor - 1)]
    panel.errorbar(curve["n_qubits"], mean, yerr=bars, label=label, capsize=2, **look)
