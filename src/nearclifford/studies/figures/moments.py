"""Figures of the experiment "moments": second moments of the loss and of its gradient against N, and fitted laws."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nearclifford.arrays import Floats
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.drawn_fits import draw_fits, formula
from nearclifford.studies.experiments.moments import QUANTITIES, SecondMoments, clear
from nearclifford.studies.fits import curves, fits_of
from nearclifford.studies.printing import circuit_title, sigma_label
from nearclifford.studies.results import StudyResults

# Sizes that span more than this factor are drawn on a logarithmic axis.
LONG_RANGE = 20
# What falls to 2^-N in circuits that scramble everything.
SCRAMBLED = ("second_moment", "squared_component")
# A moment is called known where its relative error is at most this.
KNOWN = 0.05
# Width of the bars, in points, and how far those of two widths of the patch stand apart, as a part of N.
BAR, BESIDE = 3.0, 0.015
UNCLEAR = (
    "Faint bars, up to twice the error: what does not stand out of its error of sampling, or is not settled, in some draw"
)
# On an axis that is not logarithmic sizes nearer than this part of it share a label.
NEAR = 0.045


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the moments against N, one figure for each rule for L, and the fits of each quantity that has some.

    Writes ``moments_<observable>_L<rule>`` and ``fits_<quantity>``; arguments as for the figures of any study.
    """
    paths, experiment = [], results.spec.experiment
    assert isinstance(experiment, SecondMoments)
    for layers, part in results.frame.groupby("layers", sort=False):
        figure = moments_figure(part, experiment.quantities, made_by)
        paths += save(figure, directory / f"moments_{results.spec.observable}_L{layers}")
    for name in experiment.quantities:
        table = results.tables.get(f"fits_{name}")
        if table is not None and not table.empty:
            paths += save(fit_figure(results.frame, table, name, made_by), directory / f"fits_{name}")
    return paths


def moments_figure(frame: pd.DataFrame, quantities: Sequence[str], made_by: str) -> Figure:
    """Return the figure of one rule for L: a column for each ansatz, and for each quantity a row and one of its errors.

    Filled points are encoded circuits, open ones plain. What does not stand out of its error of sampling, or has not
    settled, is no point but a faint bar up to twice the error.
    """
    ansatze = list(frame["ansatz"].unique())
    figure = Figure(figsize=(2.6 + 4.2 * len(ansatze), 0.9 + 4.3 * len(quantities)), layout="constrained")
    shape = (2 * len(quantities), len(ansatze))
    panels = figure.subplots(*shape, sharex=True, sharey="row", squeeze=False, height_ratios=[3, 1] * len(quantities))
    for row, errors, name in zip(panels[::2], panels[1::2], quantities, strict=True):
        for panel, below, ansatz in zip(row, errors, ansatze, strict=True):
            _draw_panel(panel, below, frame[frame["ansatz"] == ansatz], name)
        row[0].set_ylabel(QUANTITIES[name])
        row[0].set_ylim(*_limits(frame, name))
        errors[0].set_ylabel("relative error")
        errors[0].set_ylim(*_decades(frame, name))
    for panel, ansatz in zip(panels[0], ansatze, strict=True):
        panel.set_title(circuit_title(ansatz, frame["layers"].iloc[0]))
    for panel in panels[:-1].flat:
        panel.set_xlabel("")
    handles, _ = panels[0][0].get_legend_handles_labels()
    if any(len(clear(frame, name)) < len(frame) for name in quantities):
        handles.append(Line2D([], [], color="#777777", alpha=0.35, linewidth=BAR, label="not known: at most"))
    figure.legend(handles=handles, loc="outside right center", frameon=False)
    caption = (
        f"Observable: {frame['observable'].iloc[0]}; mean over {frame['draws'].min()} draws, with the larger of two errors, "
        f"by the spread of the draws and by sampling.\n{UNCLEAR}.\n"
        f"Relative errors are those of sampling alone; line: {KNOWN:.0%}"
    )
    add_caption(figure, caption, made_by)
    return figure


def fit_figure(frame: pd.DataFrame, table: pd.DataFrame, name: str, made_by: str) -> Figure:
    """Return one quantity against N with both laws of `nearclifford.studies.fits`, and what these leave over.

    A column for each ansatz and rule for L that has a fit; ``table`` holds the fits of this quantity, one at least.
    """
    fitted = curves(clear(frame, name), name)
    columns = list(dict.fromkeys((key[0], key[1]) for key in fitted))
    figure = Figure(figsize=(1.8 + 5.2 * len(columns), 7.0), layout="constrained")
    panels = figure.subplots(2, len(columns), sharex="col", squeeze=False, height_ratios=[3, 1])
    styles = dict(zip(frame["sigma"].unique(), itertools.cycle(STYLES), strict=False))
    for (top, bottom), (ansatz, layers) in zip(panels.T, columns, strict=True):
        shown = frame[(frame["ansatz"] == ansatz) & (frame["layers"].astype(str) == layers)]
        for sigma, curve in shown.groupby("sigma", sort=False):
            _draw_curve(top, curve, name, styles[sigma], line="")
        for key, curve in fitted.items():
            if key[:2] == (ansatz, layers):
                fits = fits_of(table, key, curve, name)
                for line, found in zip(draw_fits(top, bottom, curve, fits, styles[key[3]]), fits, strict=True):
                    line.set_label(formula(found))
        handles, _ = top.get_legend_handles_labels()
        top.legend(handles=handles, loc="lower left", fontsize=8)
        top.set(xscale="log", yscale="log", title=circuit_title(ansatz, layers))
        top.set_ylim(*_limits(frame, name))
        _draw_scrambled(top, shown, name)
        bottom.axhline(0.0, color="#999999", linewidth=0.8)
        views.over_qubits(bottom, sorted(shown["n_qubits"].unique()))
    panels[0][0].set_ylabel(f"{QUANTITIES[name]}, {frame['observable'].iloc[0]}")
    panels[1][0].set_ylabel("residual of the logarithm\n(standard errors)")
    caption = (
        f"Mean over {frame['draws'].min()} draws with the larger of two errors. Full lines, shaded bands, filled "
        "residuals: power law; dotted lines,\nhatched bands, open residuals: stretched exponential. Bands: one standard "
        f"error, none where γ is at its bound.\n{UNCLEAR}"
    )
    add_caption(figure, caption, made_by)
    return figure


def _limits(frame: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return limits that show every point and the end of every bar, however many decades that takes."""
    seen = clear(frame, name)
    shown = np.append(seen[name].to_numpy(float), _tops(frame.drop(seen.index), name))
    shown = shown[shown > 0.0]
    return (float(shown.min()) / 5, 5 * float(shown.max())) if len(shown) else (1e-3, 10.0)


def _decades(frame: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return the limits of relative errors, whole decades around what is called known."""
    seen = clear(frame, name)
    relative = (seen[f"{name}_sampling"] / seen[name]).to_numpy(float)
    ends = np.append(relative[relative > 0.0], [1e-2, 1e-1])
    return float(10.0 ** np.floor(np.log10(ends.min()))), float(10.0 ** np.ceil(np.log10(ends.max())))


def _tops(unseen: pd.DataFrame, name: str) -> Floats:
    """Return where the bars end of what is not clear."""
    error = np.fmax(unseen[f"{name}_error"].to_numpy(float), unseen[f"{name}_sampling"].to_numpy(float))
    return np.maximum(unseen[name].to_numpy(float), 0.0) + 2 * error


def _draw_panel(panel: Axes, errors: Axes, frame: pd.DataFrame, name: str) -> None:
    sizes = sorted(frame["n_qubits"].unique().tolist())
    panel.set_yscale("log")
    errors.set_yscale("log")
    if sizes[-1] > LONG_RANGE * sizes[0]:
        panel.set_xscale("log")
    else:
        sizes = _apart(sizes)
    styles = dict(zip(frame["sigma"].unique(), itertools.cycle(STYLES), strict=False))
    for (sigma, encoder), curve in frame.groupby(["sigma", "encoder"], sort=False):
        plain = encoder == "none"
        looks = {"fill": "none", "line": ":"} if plain else {"fill": None, "line": "-"}
        words = f"{sigma_label(str(sigma))}, {'plain' if plain else 'encoded'}"
        _draw_curve(panel, curve, name, styles[sigma], words=words, **looks)
        _draw_errors(errors, curve, name, styles[sigma], **looks)
    errors.axhline(KNOWN, color="#777777", linewidth=0.8)
    _draw_scrambled(panel, frame, name)
    views.over_qubits(panel, sizes)
    views.over_qubits(errors, sizes)


def _apart(sizes: list[int]) -> list[int]:
    """Return the sizes whose labels do not meet, the first among them.

    >>> _apart([8, 12, 16, 100])
    [8, 16, 100]
    """
    kept = sizes[:1]
    for size in sizes[1:]:
        if size - kept[-1] > NEAR * (sizes[-1] - sizes[0]):
            kept.append(size)
    return kept


def _draw_scrambled(panel: Axes, frame: pd.DataFrame, name: str) -> None:
    if name in SCRAMBLED:
        between = np.linspace(frame["n_qubits"].min(), frame["n_qubits"].max(), 100)
        panel.plot(between, 2.0**-between, color="#777777", linestyle=(0, (1, 2)), linewidth=1.2, label="$2^{-N}$")


def _draw_curve(
    panel: Axes, curve: pd.DataFrame, name: str, style: Style, *, line: str, fill: str | None = None, words: str = ""
) -> None:
    """Draw what is known as points, and the rest as bars up to twice the error."""
    seen = clear(curve, name).sort_values("n_qubits")
    looks = {"linestyle": line} | ({} if fill is None else {"markerfacecolor": fill})
    label = words or sigma_label(str(curve["sigma"].iloc[0]))
    views.curve(panel, seen["n_qubits"], seen[name], seen[f"{name}_error"], style, label=label, **looks)
    unseen = curve.drop(seen.index)
    beside = 1 + BESIDE * (STYLES.index(style) - 1)
    views.zero_hits(panel, unseen["n_qubits"] * beside, _tops(unseen, name), style, width=BAR)


def _draw_errors(panel: Axes, curve: pd.DataFrame, name: str, style: Style, *, line: str, fill: str | None) -> None:
    seen = clear(curve, name).sort_values("n_qubits")
    face = style.color if fill is None else fill
    relative = seen[f"{name}_sampling"] / seen[name]
    panel.plot(seen["n_qubits"], relative, style.marker + line, color=style.color, markerfacecolor=face, markersize=4)
