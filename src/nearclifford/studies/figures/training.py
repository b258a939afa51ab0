"""Figures of the experiment "training": loss, gradient norm and distance along the steps, a column for each patch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults

LABELS = {
    "loss": "loss L",
    "gradient_norm": r"gradient $\Vert\nabla L\Vert$ (per radian)",
    "distance": r"distance $\Vert\theta - \theta_0\Vert$ (radians)",
}
WORDS = {"gd": "gradient descent", "adam": "Adam", "random-walk": "random walk"}


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

    A line is the mean over the draws, a band its standard deviation, cut off at the ground energy and at zero, the dashed
    line the ground energy.
    """
    first, sigmas, ground = frame.iloc[0], list(frame["sigma"].unique()), float(frame["ground"].mean())
    styles = dict(zip(frame["encoder"].unique(), STYLES, strict=False))
    figure = Figure(figsize=(2.0 + 2.6 * len(sigmas), 7.2), layout="constrained")
    panels = figure.subplots(len(LABELS), len(sigmas), sharex=True, sharey="row", squeeze=False)
    for row, (name, label) in zip(panels, LABELS.items(), strict=True):
        for panel, sigma in zip(row, sigmas, strict=True):
            for encoder, curve in frame[frame["sigma"] == sigma].groupby("encoder", sort=False):
                _draw(panel, curve.sort_values("step"), name, styles[encoder], ground if name == "loss" else 0.0)
            panel.grid(True, alpha=0.3, linewidth=0.6)
        row[0].set_ylabel(label)
    for top, bottom, sigma in zip(panels[0], panels[-1], sigmas, strict=True):
        top.set_title(sigma_label(sigma))
        top.axhline(ground, color="#777777", linestyle="--", linewidth=1.0, label="ground energy")
        bottom.set_xlabel("number of steps")
    panels[1, 0].set(yscale="log", ylim=_norm_limits(frame["gradient_norm"]))
    by = f"{first['shots']} shots" if first["shots"] else "exact gradients"
    circuit = f"{circuit_title(first['ansatz'], first['layers'])}, N = {first['n_qubits']}, D = {first['n_parameters']}"
    figure.suptitle(f"{circuit}, {first['observable']}: {optimizer_title(first['optimizer'])}, {by}")
    handles, labels = panels[0][0].get_legend_handles_labels()
    labels = [label.replace(" (", "\n(") for label in labels]
    figure.legend(handles, labels, loc="outside right center", frameon=False, labelspacing=1.2)
    kept = "the bands end at the ground energy and at zero"
    add_caption(figure, f"Mean and standard deviation over {frame['draws'].min()} draws; {kept}", made_by)
    return figure


def optimizer_title(rule: str) -> str:
    """Return what figures call an optimizer.

    >>> optimizer_title("gd 0.01"), optimizer_title("l-bfgs-b")
    ('gradient descent, η = 0.01', 'l-bfgs-b')
    """
    name, *rate = rule.split()
    words = WORDS.get(name, name)
    return f"{words}, η = {rate[0]}" if rate else words


def _norm_limits(norms: pd.Series) -> tuple[float, float]:
    """Return limits of a logarithmic axis of mean norms, over six decades at most."""
    seen = norms[norms > 0]
    if seen.empty:
        return 1e-3, 1.0
    top = 3.0 * float(seen.max())
    return max(float(seen.min()) / 3, 1e-6 * top), top


def _draw(panel: Axes, curve: pd.DataFrame, name: str, style: Style, least: float) -> None:
    steps, mean, spread = (curve[column].to_numpy(float) for column in ("step", name, f"{name}_spread"))
    label = encoder_title(str(curve["encoder"].iloc[0]))
    panel.plot(steps, mean, color=style.color, linestyle=style.line, linewidth=1.4, label=label)
    low = np.fmax(mean - spread, least)  # of two numbers the one that is none does not count
    panel.fill_between(steps, low, mean + spread, color=style.color, alpha=0.18, linewidth=0)
