"""Figures of the experiment "training": loss, gradient norm and distance along the steps, a column for each patch."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.experiments.training import QUANTITIES
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the curves of each circuit, optimizer and number of shots.

    Writes ``training_<observable>_N<N>_L<L>_<optimizer>``, and ``_<shots>shots`` behind it where there are any; arguments of
    `nearclifford.studies.figures.save_figures`.
    """
    paths = []
    keys = ["ansatz", "n_qubits", "layers", "optimizer", "shots"]
    for (_, size, layers, optimizer, shots), part in results.frame.groupby(keys, sort=False):
        rule = str(optimizer).replace(" ", "-").replace(".", "_")  # a point would begin the ending of the file
        name = f"training_{results.spec.observable}_N{size}_L{layers}_{rule}"
        paths += save(training_figure(part, made_by), directory / (f"{name}_{shots}shots" if shots else name))
    return paths


def training_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one circuit, optimizer and number of shots: a row for each quantity, a column for each σ.

    A line is the mean over the draws, a band its standard deviation, the dashed line the ground energy.
    """
    first, sigmas = frame.iloc[0], list(frame["sigma"].unique())
    styles = dict(zip(frame["encoder"].unique(), STYLES, strict=False))
    figure = Figure(figsize=(1.6 + 2.9 * len(sigmas), 7.2), layout="constrained")
    panels = figure.subplots(len(QUANTITIES), len(sigmas), sharex=True, sharey="row", squeeze=False)
    for row, (name, words) in zip(panels, QUANTITIES.items(), strict=True):
        for panel, sigma in zip(row, sigmas, strict=True):
            for encoder, curve in frame[frame["sigma"] == sigma].groupby("encoder", sort=False):
                _draw(panel, curve.sort_values("step"), name, styles[encoder])
            panel.grid(True, alpha=0.3, linewidth=0.6)
        row[0].set_ylabel(words)
    for top, bottom, sigma in zip(panels[0], panels[-1], sigmas, strict=True):
        top.set_title(sigma_label(sigma))
        top.axhline(frame["ground"].mean(), color="#777777", linestyle="--", linewidth=1.0, label="ground energy")
        bottom.set_xlabel("step")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    by = f"{first['shots']} shots" if first["shots"] else "exact gradients"
    figure.suptitle(
        f"{circuit_title(first['ansatz'], first['layers'])}, N = {first['n_qubits']}: {first['optimizer']}, {by}"
    )
    caption = f"Observable: {first['observable']}; mean and standard deviation over {frame['draws'].min()} draws"
    add_caption(figure, caption, made_by)
    return figure


def _draw(panel: Axes, curve: pd.DataFrame, name: str, style: Style) -> None:
    steps, mean, spread = (curve[column].to_numpy(float) for column in ("step", name, f"{name}_spread"))
    label = encoder_title(str(curve["encoder"].iloc[0]))
    panel.plot(steps, mean, color=style.color, linestyle=style.line, linewidth=1.4, label=label)
    panel.fill_between(steps, mean - spread, mean + spread, color=style.color, alpha=0.18, linewidth=0)
