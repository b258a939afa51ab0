"""Figures of the experiment "noise": the encoded derivative against depth, and its survival against the number of qubits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, ScalarFormatter

from nearclifford.ansatz import ANSATZE
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, add_caption, save
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the rms derivative against L, one figure for each ansatz and N; for several N the survival against N.

    Writes ``noise_<ansatz>_N<N>``, or ``noise_<ansatz>_L<rule for L>``; arguments of
    `nearclifford.studies.figures.save_figures`.
    """
    paths, frame = [], results.frame
    over_qubits = frame["n_qubits"].nunique() > 1
    draw, column, letter = (survival_figure, "layers", "L") if over_qubits else (noise_figure, "n_qubits", "N")
    for (ansatz, fixed), part in frame.groupby(["ansatz", column], sort=False):
        paths += save(draw(part, made_by), directory / f"noise_{ansatz}_{letter}{fixed}")
    return paths


def survival_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one ansatz and rule for L: a panel for each encoder and σ, a curve for each probability."""
    first = frame.iloc[0]
    keys = list(dict.fromkeys(zip(frame["encoder"], frame["sigma"], strict=True)))
    figure = Figure(figsize=(1.6 + 3.7 * len(keys), 4.8), layout="constrained")
    panels = figure.subplots(1, len(keys), sharex=True, sharey=True, squeeze=False)[0]
    for panel, (encoder, sigma) in zip(panels, keys, strict=True):
        part = frame[(frame["encoder"] == encoder) & (frame["sigma"] == sigma)]
        for (probability, curve), style in zip(part.groupby("probability", sort=True), STYLES, strict=False):
            curve = curve.sort_values("n_qubits")
            survival = curve["survival"], curve["survival_error"]
            views.curve(panel, curve["n_qubits"], *survival, style, label=f"{float(str(probability)):g}")
        panel.set(xscale="log", yscale="log", title=f"{encoder_title(encoder)}, {sigma_label(sigma)}")
        views.over_qubits(panel, sorted(frame["n_qubits"].unique()))
        panel.tick_params(axis="x", labelrotation=60)
    panels[0].set_ylabel("rms derivative, with noise / without")
    panels[0].set_ylim(*views.log_limits(frame["survival"], frame["survival_error"]))
    handles, labels = panels[0].get_legend_handles_labels()
    title = "depolarizing\nprobability of a CX"
    figure.legend(handles, labels, loc="outside right center", title=title, frameon=False)
    figure.suptitle(circuit_title(first["ansatz"], first["layers"]))
    add_caption(figure, _survival_caption(frame), made_by)
    return figure


def _survival_caption(frame: pd.DataFrame) -> str:
    return (
        f"Root of the ratio of mean squares with and without noise, and standard error, over {frame['draws'].min()} draws\n"
        f"of observable ({frame['observable'].iloc[0]}) and encoded parameter; one-qubit gates err with a tenth of the "
        "probability.\nNo point where no chain counted even without noise"
    )


def noise_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one ansatz and N: a panel for each encoder and σ, a curve for each probability."""
    first = frame.iloc[0]
    keys = list(dict.fromkeys(zip(frame["encoder"], frame["sigma"], strict=True)))
    figure = Figure(figsize=(1.6 + 3.7 * len(keys), 4.6), layout="constrained")
    panels = figure.subplots(1, len(keys), sharey=True, squeeze=False)[0]
    for panel, (encoder, sigma) in zip(panels, keys, strict=True):
        part = frame[(frame["encoder"] == encoder) & (frame["sigma"] == sigma)]
        rest = list(part.groupby("probability", sort=True))
        curves = [("noiseless", rest[0][1], "exact_square"), *((f"{p:g}", curve, "square") for p, curve in rest)]
        for (label, curve, name), style in zip(curves, STYLES, strict=False):
            curve = curve.sort_values("n_layers")
            root = np.sqrt(curve[name].to_numpy(float))
            error = curve[f"{name}_error"].to_numpy(float) / (2 * root)
            views.curve(panel, curve["n_layers"], root, error, style, label=label)
        panel.set(xscale="log", yscale="log")
        panel.set_title(f"{encoder_title(encoder)}, {sigma_label(sigma)}")
        views.over_qubits(panel, sorted(frame["n_layers"].unique()), "number of layers L")
        panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        panel.yaxis.set_major_formatter(ScalarFormatter())
    panels[0].set_ylabel("rms derivative by the encoded parameter")
    handles, labels = panels[0].get_legend_handles_labels()
    title = "depolarizing\nprobability of a CX"
    figure.legend(handles, labels, loc="outside right center", title=title, frameon=False)
    figure.suptitle(f"{ANSATZE[first['ansatz']].title}, N = {first['n_qubits']}")
    caption = (
        f"Root mean square and standard error over {first['draws']} draws of observable ({first['observable']}), encoded "
        "parameter and θ;\nexact density matrices, one-qubit gates with a tenth of the probability"
    )
    add_caption(figure, caption, made_by)
    return figure
