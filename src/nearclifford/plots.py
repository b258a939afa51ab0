"""Figures of studies, as PNG and SVG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.table import encoder_title

# Okabe and Ito's colours, which readers of every colour vision tell apart; marker and line say the same once more.
STYLES: tuple[tuple[str, str, str], ...] = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", "--"),
    ("#009E73", "^", "-."),
    ("#CC79A7", "D", ":"),
    ("#000000", "v", "-"),
    ("#E69F00", "P", "--"),
    ("#56B4E9", "X", "-."),
)

# Panels span at most this many decades: beyond lie means that a few draws of rare luck decide.
DECADES = 8


def save_figures(frame: pd.DataFrame, directory: str | Path, made_by: str) -> list[Path]:
    """Draw the gradient norm against N, one figure for each ansatz and rule for L, as PNG and SVG; return the paths.

    Parameters
    ----------
    frame : the table of a study, `nearclifford.studies.Study.frame`.
    directory : where ``gradient_norm_<ansatz>_L<rule>.png`` and ``.svg`` go.
    made_by : a line under the figure that says how it was made, such as the command.
    """
    paths = []
    for (ansatz, layers), part in frame.groupby(["ansatz", "layers"], sort=False):
        figure = gradient_norm_figure(part, made_by)
        stem = Path(directory) / f"gradient_norm_{ansatz}_L{layers}"
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            paths.append(stem.with_suffix(suffix))
            # the same table gives the same bytes, and a search finds the words in the SVG
            with rc_context({"svg.hashsalt": "nearclifford", "svg.fonttype": "none"}):
                figure.savefig(paths[-1], dpi=160, metadata=metadata)
    return paths


def gradient_norm_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one ansatz and one rule for L: a panel for each encoder, plain circuits last.

    A point is the mean of ‖∇L‖ over the draws with its standard error. Where no draw had a gradient, a faint bar ends at
    the 95 % upper bound of the mean.
    """
    first = frame.iloc[0]
    encoders = sorted(frame["encoder"].unique(), key=lambda name: (name == "none", name))
    sigmas = list(frame["sigma"].unique())
    figure = Figure(figsize=(1.2 + 4.2 * len(encoders), 4.8), layout="constrained")
    panels = figure.subplots(1, len(encoders), sharey=True, squeeze=False)[0]
    for panel, encoder in zip(panels, encoders, strict=True):
        _draw_panel(panel, frame[frame["encoder"] == encoder], sigmas)
        panel.set_title(encoder_title(encoder))
    panels[0].set_ylabel("mean gradient norm  ‖∇L‖")
    panels[0].set_ylim(*_limits(frame))
    figure.suptitle(f"{ANSATZE[first['ansatz']].title}, L = {first['layers']}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="patch", frameon=False)
    caption = (
        f"Mean and standard error over {first['draws']} draws, each of circuit, observable ({first['observable']}), encoded "
        "parameter and θ"
    )
    if (frame["norm"] == 0).any():
        caption += "\nBars from below: no draw had a gradient; they end at the 95 % upper bound of the mean"
    figure.supxlabel(f"{caption}\n{made_by}".replace("$", r"\$"), fontsize=7, color="#555555")
    return figure


def _draw_panel(panel: Axes, frame: pd.DataFrame, sigmas: list[str]) -> None:
    panel.set_yscale("log")
    for number, sigma in enumerate(sigmas):
        color, marker, line = STYLES[number % len(STYLES)]
        curve = frame[frame["sigma"] == sigma].sort_values("n_qubits")
        mean = curve["norm"].where(curve["norm"] > 0).to_numpy(float)
        error = np.nan_to_num(curve["norm_error"].to_numpy(float))
        bars = np.stack([np.minimum(error, 0.95 * mean), error])  # a log axis has no room at zero
        panel.errorbar(
            curve["n_qubits"],
            mean,
            yerr=bars,
            color=color,
            marker=marker,
            linestyle=line,
            label=sigma_label(sigma),
            markersize=5,
            linewidth=1.3,
            capsize=2,
        )
        unseen = curve[curve["norm"] == 0]
        beside = unseen["n_qubits"] + 0.12 * (number - (len(sigmas) - 1) / 2)
        panel.vlines(beside, 1e-300, unseen["norm_upper"], color=color, alpha=0.35, linewidth=1.8)
    panel.set_xlabel("number of qubits N")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(True, which="major", alpha=0.3, linewidth=0.6)


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    seen = frame["norm"][frame["norm"] > 0]
    if seen.empty:
        return 1e-3, 10.0
    top = 2.0 * float((frame["norm"] + frame["norm_error"].fillna(0.0)).max())
    ends = np.maximum(frame["norm"] - frame["norm_error"].fillna(0.0), 0.3 * frame["norm"])
    return max(float(ends[seen.index].min()) / 1.5, top * 10.0**-DECADES), top


def sigma_label(rule: str) -> str:
    r"""Return a rule for σ as the legend shows it.

    >>> sigma_label("D^-1/2"), sigma_label("0.05")
    ('$\\sigma = D^{-1/2}$', '$\\sigma = 0.05$')
    """
    power = f"D^{{{rule[2:]}}}" if rule.startswith("D^") else rule
    return rf"$\sigma = {power}$"
