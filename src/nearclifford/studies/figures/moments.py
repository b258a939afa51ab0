"""Figure of the experiment "moments": second moments of the loss and of its gradient against N."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearclifford.arrays import Flags, Floats
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.experiments.moments import QUANTITIES, SecondMoments
from nearclifford.studies.printing import circuit_title, sigma_label
from nearclifford.studies.results import StudyResults

# Sizes that span more than this factor are drawn on a logarithmic axis.
LONG_RANGE = 20
# What falls to 2^-N in circuits that scramble everything.
SCRAMBLED = ("second_moment", "squared_component")


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the moments against N, one figure for each rule for L.

    Writes ``moments_<observable>_L<rule>``; arguments of `nearclifford.studies.figures.save_figures`.
    """
    paths, experiment = [], results.spec.experiment
    assert isinstance(experiment, SecondMoments)
    for layers, part in results.frame.groupby("layers", sort=False):
        figure = moments_figure(part, experiment.quantities, made_by)
        paths += save(figure, directory / f"moments_{results.spec.observable}_L{layers}")
    return paths


def moments_figure(frame: pd.DataFrame, quantities: Sequence[str], made_by: str) -> Figure:
    """Return the figure of one rule for L: a column for each ansatz, a row for each quantity.

    Filled points are encoded circuits, open ones plain. What does not stand out of its error, or has not settled, is no
    point but a faint bar up to twice the error.
    """
    ansatze = list(frame["ansatz"].unique())
    figure = Figure(figsize=(2.2 + 4.2 * len(ansatze), 0.9 + 3.4 * len(quantities)), layout="constrained")
    panels = figure.subplots(len(quantities), len(ansatze), sharex=True, sharey="row", squeeze=False)
    for row, name in zip(panels, quantities, strict=True):
        for panel, ansatz in zip(row, ansatze, strict=True):
            _draw_panel(panel, frame[frame["ansatz"] == ansatz], name)
        row[0].set_ylabel(QUANTITIES[name])
        row[0].set_ylim(*_limits(frame, name))
    for panel, ansatz in zip(panels[0], ansatze, strict=True):
        panel.set_title(circuit_title(ansatz, frame["layers"].iloc[0]))
    for panel in panels[:-1].flat:
        panel.set_xlabel("")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    caption = (
        f"Observable: {frame['observable'].iloc[0]}; mean and standard error over {frame['draws'].min()} draws. Filled, "
        "full lines: with encoder; open, dotted: without.\nWhat does not stand out of its error, or has not settled, is a "
        "faint bar up to twice the error"
    )
    add_caption(figure, caption, made_by)
    return figure


def _clear(frame: pd.DataFrame, name: str) -> Flags:
    """Return where a value can be told from zero and every draw has settled."""
    clear: Flags = ((frame[name] > 2 * _error(frame, name)) & (frame[f"{name}_resolved"] == 1.0)).to_numpy()
    return clear


def _limits(frame: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return limits that show every point, however many decades that takes."""
    clear = frame[_clear(frame, name)][name]
    return (float(clear.min()) / 5, 5 * float(clear.max())) if len(clear) else (1e-3, 10.0)


def _error(frame: pd.DataFrame, name: str) -> Floats:
    """Return the larger of both errors: draws of one circuit spread by chance, those of many by more than sampling."""
    return np.fmax(frame[f"{name}_error"].to_numpy(float), frame[f"{name}_sampling"].to_numpy(float))


def _draw_panel(panel: Axes, frame: pd.DataFrame, name: str) -> None:
    sizes = sorted(frame["n_qubits"].unique())
    panel.set_yscale("log")
    if sizes[-1] > LONG_RANGE * sizes[0]:
        panel.set_xscale("log")
    styles = dict(zip(frame["sigma"].unique(), STYLES, strict=False))
    for (sigma, encoder), curve in frame.groupby(["sigma", "encoder"], sort=False):
        _draw_curve(panel, curve.sort_values("n_qubits"), name, styles[sigma], str(encoder))
    if name in SCRAMBLED:
        between = np.linspace(sizes[0], sizes[-1], 100)
        panel.plot(between, 2.0**-between, color="#777777", linestyle=(0, (1, 2)), linewidth=1.2, label="$2^{-N}$")
    views.over_qubits(panel, sizes)


def _draw_curve(panel: Axes, curve: pd.DataFrame, name: str, style: Style, encoder: str) -> None:
    error, clear = _error(curve, name), _clear(curve, name)
    value, sizes = curve[name].to_numpy(float), curve["n_qubits"].to_numpy(float)
    plain = encoder == "none"
    words = f"{sigma_label(str(curve['sigma'].iloc[0]))}, {'plain' if plain else 'encoded'}"
    looks = {"markerfacecolor": "none", "linestyle": ":"} if plain else {"linestyle": "-"}
    views.curve(panel, sizes[clear], value[clear], error[clear], style, label=words, **looks)
    views.zero_hits(panel, sizes[~clear], np.maximum(value, 0.0)[~clear] + 2 * error[~clear], style)
