"""Figures of the experiment "gradient": the norm against N, and the laws that were fitted to it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.drawn_fits import draw_fits
from nearclifford.studies.experiments.gradient import shown_quantity
from nearclifford.studies.fits import curves, fits_of
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.results import StudyResults


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the gradient norm against N, one figure for each ansatz and rule for L, and the fits if the study asks for them.

    Writes ``gradient_norm_<ansatz>_L<rule>`` and ``fits``; arguments of `nearclifford.studies.figures.save_figures`.
    """
    paths = []
    for (ansatz, layers), part in results.frame.groupby(["ansatz", "layers"], sort=False):
        paths += save(gradient_norm_figure(part, made_by), directory / f"gradient_norm_{ansatz}_L{layers}")
    if "fits" in results.tables and not results.tables["fits"].empty:
        paths += save(fit_figure(results.frame, results.tables["fits"], made_by), directory / "fits")
    return paths


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
    panels[0].set_ylim(*views.log_limits(frame["shown"], frame["shown_error"]))
    figure.suptitle(circuit_title(first["ansatz"], first["layers"]))
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


def fit_figure(frame: pd.DataFrame, fits: pd.DataFrame, made_by: str) -> Figure:
    """Return E‖∇L‖² against N with both laws of `nearclifford.studies.fits` and their residuals, a column for each ansatz.

    ``fits`` is the table of that module, with one curve at least.
    """
    fitted = curves(frame)
    columns = list(dict.fromkeys((key[0], key[1]) for key in fitted))
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
                draw_fits(top, bottom, curve, fits_of(fits, key, curve), styles[key[3]])
        top.set(xscale="log", yscale="log", title=f"{circuit_title(ansatz, layers)}, encoded")
        top.set_ylim(*_fit_limits(encoded))
        bottom.axhline(0.0, color="#999999", linewidth=0.8)
        views.over_qubits(bottom, sorted(encoded["n_qubits"].unique()))
        bottom.grid(False)
    panels[0][0].set_ylabel("E‖∇L‖²")
    panels[1][0].set_ylabel("residual of ln E‖∇L‖²\n(standard errors)")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="patch", frameon=False)
    draws = int(frame["draws"].min())
    caption = (
        f"Mean and standard error over {draws} draws of circuit, observable and encoded parameter. Full lines, shaded bands "
        "and filled residuals: power law;\ndotted lines, hatched bands and open residuals: stretched exponential. Bands: "
        "one standard error, none where γ is at its bound.\nBars from below: nothing was hit; they end at the 95 % bound"
    )
    add_caption(figure, caption, made_by)
    return figure


def _draw_points(panel: Axes, curve: pd.DataFrame, style: Style) -> None:
    label, points = sigma_label(str(curve["sigma"].iloc[0])), style._replace(line="")
    views.curve(panel, curve["n_qubits"], curve["squared_norm"], curve["squared_norm_error"], points, label=label)
    unseen = curve[curve["squared_norm"] == 0]
    views.zero_hits(panel, unseen["n_qubits"], unseen["norm_upper"] ** 2, style, alpha=0.2, width=6)
    panel.grid(True, which="major", alpha=0.3, linewidth=0.6)


def _fit_limits(frame: pd.DataFrame) -> tuple[float, float]:
    top = 3.0 * float(frame["squared_norm"].max())
    seen = frame["squared_norm"][frame["squared_norm"] > 0]
    return max(float(seen.min()) / 3.0, top * 10.0**-views.DECADES), top


def _draw_panel(panel: Axes, frame: pd.DataFrame, sigmas: list[str]) -> None:
    panel.set_yscale("log")
    for number, sigma in enumerate(sigmas):
        style = STYLES[number % len(STYLES)]
        curve = frame[frame["sigma"] == sigma].sort_values("n_qubits")
        views.curve(panel, curve["n_qubits"], curve["shown"], curve["shown_error"], style, label=sigma_label(sigma))
        unseen = curve[curve["shown"] == 0]
        beside = unseen["n_qubits"] + 0.12 * (number - (len(sigmas) - 1) / 2)
        views.zero_hits(panel, beside, unseen["norm_upper"], style)
    views.over_qubits(panel)
