"""Figures of the experiment "gradient": the norm against N, and the laws that were fitted to it."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nearclifford.plots.style import STYLES, add_caption, save, sigma_label
from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.experiments.gradient import Gradient, shown_quantity
from nearclifford.studies.fits import curves, fit_curve
from nearclifford.studies.printing import encoder_title

# Panels span at most this many decades: beyond lie means that a few draws of rare luck decide.
DECADES = 8


def save_figures(experiment: Gradient, frame: pd.DataFrame, directory: Path, made_by: str) -> list[Path]:
    """Draw the gradient norm against N, one figure for each ansatz and rule for L, and the fits if the study asks for them.

    Writes ``gradient_norm_<ansatz>_L<rule>`` and ``fits``; arguments of `nearclifford.studies.figures.save_figures`.
    """
    paths = []
    for (ansatz, layers), part in frame.groupby(["ansatz", "layers"], sort=False):
        paths += save(gradient_norm_figure(part, made_by), directory / f"gradient_norm_{ansatz}_L{layers}")
    return paths + (save_fit_figure(frame, directory, made_by) if experiment.fits else [])


def gradient_norm_figure(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the figure of one ansatz and one rule for L: a panel for each encoder, plain circuits last.

    A point is the mean of ‖∇L‖ over the draws with its standard error. Where no draw had a gradient, a faint bar ends at
    the 95 % upper bound of the mean.
    """
    first = frame.iloc[0]
    encoders = sorted(frame["encoder"].unique(), key=lambda name: (name == "none", name))
    sigmas = list(frame["sigma"].unique())
    quantity, words = shown_quantity(frame)
    frame = frame.assign(shown=frame[quantity], shown_error=frame[f"{quantity}_error"])
    figure = Figure(figsize=(1.2 + 4.2 * len(encoders), 4.8), layout="constrained")
    panels = figure.subplots(1, len(encoders), sharey=True, squeeze=False)[0]
    for panel, encoder in zip(panels, encoders, strict=True):
        _draw_panel(panel, frame[frame["encoder"] == encoder], sigmas)
        panel.set_title(encoder_title(encoder))
    panels[0].set_ylabel(f"{words} the gradient norm ‖∇L‖")
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
    add_caption(figure, caption, made_by)
    return figure


def save_fit_figure(frame: pd.DataFrame, directory: Path, made_by: str) -> list[Path]:
    """Draw E‖∇L‖² against N with both laws of `nearclifford.studies.fits` and their residuals, a column for each ansatz.

    Writes ``fits.png`` and ``fits.svg``; arguments as for `save_figures`. Returns the paths, none without a curve to fit.
    """
    fitted = curves(frame)
    columns = list(dict.fromkeys((key[0], key[1]) for key in fitted))
    if not columns:
        return []
    styles = dict(zip(frame["sigma"].unique(), itertools.cycle(STYLES), strict=False))
    figure = Figure(figsize=(1.4 + 4.4 * len(columns), 6.4), layout="constrained")
    panels = figure.subplots(2, len(columns), sharex="col", squeeze=False, height_ratios=[3, 1.3])
    for column, (ansatz, layers) in enumerate(columns):
        top, bottom = panels[0][column], panels[1][column]
        encoded = frame[(frame["ansatz"] == ansatz) & (frame["layers"] == layers) & (frame["encoder"] != "none")]
        for sigma, curve in encoded.groupby("sigma", sort=False):
            _draw_points(top, curve, styles[sigma])
        for key, curve in fitted.items():
            if key[:2] == (ansatz, layers) and key[2] != "none":
                _draw_fits(top, bottom, curve, styles[key[3]])
        top.set(xscale="log", yscale="log", title=f"{ANSATZE[ansatz].title}, L = {layers}, encoded")
        top.set_ylim(*_fit_limits(encoded))
        bottom.axhline(0.0, color="#999999", linewidth=0.8)
        bottom.set_xlabel("number of qubits N")
        sizes = sorted(encoded["n_qubits"].unique())
        bottom.set_xticks(sizes, [str(size) for size in sizes])
        bottom.minorticks_off()
    panels[0][0].set_ylabel("E‖∇L‖²")
    panels[1][0].set_ylabel("residual of ln E‖∇L‖²\n(standard errors)")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="patch", frameon=False)
    draws = int(frame["draws"].min())
    caption = (
        f"Mean and standard error over {draws} draws of circuit, observable and encoded parameter. Full lines and filled "
        "residuals: power law;\ndotted lines and open residuals: stretched exponential. Bars from below: nothing was hit; "
        "they end at the 95 % upper bound"
    )
    add_caption(figure, caption, made_by)
    return save(figure, directory / "fits")


def _draw_points(panel: Axes, curve: pd.DataFrame, style: tuple[str, str, str]) -> None:
    color, marker, _ = style
    label = sigma_label(str(curve["sigma"].iloc[0]))
    seen = curve[curve["squared_norm"] > 0]
    sizes, mean, error = (seen[name].to_numpy(float) for name in ("n_qubits", "squared_norm", "squared_norm_error"))
    bars = np.stack([np.minimum(error, 0.95 * mean), error])
    panel.errorbar(sizes, mean, yerr=bars, color=color, marker=marker, linestyle="", markersize=5, capsize=2, label=label)
    unseen = curve[curve["squared_norm"] == 0]
    panel.vlines(unseen["n_qubits"], 1e-300, unseen["norm_upper"] ** 2, color=color, alpha=0.2, linewidth=6)
    panel.grid(True, which="major", alpha=0.3, linewidth=0.6)


def _draw_fits(top: Axes, bottom: Axes, curve: pd.DataFrame, style: tuple[str, str, str]) -> None:
    color, marker, _ = style
    sizes = curve["n_qubits"].to_numpy(float)
    between = np.geomspace(sizes[0], sizes[-1], 100)
    for found, line, face in zip(fit_curve(curve), ("-", ":"), (color, "none"), strict=True):
        top.plot(between, found.value(between), line, color=color, linewidth=1.2)
        bottom.plot(sizes, found.residuals, marker, color=color, markerfacecolor=face, markersize=4, linestyle="")


def _fit_limits(frame: pd.DataFrame) -> tuple[float, float]:
    top = 3.0 * float(frame["squared_norm"].max())
    seen = frame["squared_norm"][frame["squared_norm"] > 0]
    return max(float(seen.min()) / 3.0, top * 10.0**-DECADES), top


def _draw_panel(panel: Axes, frame: pd.DataFrame, sigmas: list[str]) -> None:
    panel.set_yscale("log")
    for number, sigma in enumerate(sigmas):
        color, marker, line = STYLES[number % len(STYLES)]
        curve = frame[frame["sigma"] == sigma].sort_values("n_qubits")
        mean = curve["shown"].where(curve["shown"] > 0).to_numpy(float)
        error = np.nan_to_num(curve["shown_error"].to_numpy(float))
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
        unseen = curve[curve["shown"] == 0]
        beside = unseen["n_qubits"] + 0.12 * (number - (len(sigmas) - 1) / 2)
        panel.vlines(beside, 1e-300, unseen["norm_upper"], color=color, alpha=0.35, linewidth=1.8)
    panel.set_xlabel("number of qubits N")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(True, which="major", alpha=0.3, linewidth=0.6)


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    seen = frame["shown"][frame["shown"] > 0]
    if seen.empty:
        return 1e-3, 10.0
    top = 2.0 * float((frame["shown"] + frame["shown_error"].fillna(0.0)).max())
    ends = np.maximum(frame["shown"] - frame["shown_error"].fillna(0.0), 0.3 * frame["shown"])
    return max(float(ends[seen.index].min()) / 1.5, top * 10.0**-DECADES), top
