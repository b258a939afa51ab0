"""The cost curves of surrogates: what was measured beside the published curves, six panels for an ansatz and rule for L."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from nearclifford.costs.patch_exponent import patch_exponent
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, save
from nearclifford.studies.growth import line_of
from nearclifford.studies.printing import circuit_title, encoder_title, sigma_label
from nearclifford.studies.published_curves import EPSILON
from nearclifford.studies.results import StudyResults

PUBLISHED = Path(__file__).with_name("published.toml")
# Failure probability ρ and error ε of the published curves.
PRECISIONS = ((1e-1, 1e-3), (1e-3, 1e-9), (1e-6, 1e-32))


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw one figure for each ansatz and rule for L, ``surrogate_<ansatz>_L<rule>``.

    Arguments of `nearclifford.studies.figures.save_figures`.
    """
    published = results.tables["published"]
    paths = []
    for (ansatz, layers), part in results.frame.groupby(["ansatz", "layers"], sort=False):
        curves = published[(published["ansatz"] == ansatz) & (published["layers"] == layers)]
        laws = results.tables["growth"].to_dict("records")
        growth = [row for row in laws if (row["ansatz"], row["layers"]) == (ansatz, layers)]
        paths += save(surrogate_figure(part, curves, growth, made_by), directory / f"surrogate_{ansatz}_L{layers}")
    return paths


def published_seconds(ansatz: str, layers: str) -> dict[int, dict[int, float]]:
    """Return the seconds of the published Python for one Taylor surrogate, by order and N; none for other circuits.

    >>> published_seconds("mhea", "1")[4][7], published_seconds("mhea", "N")
    (180.0, {})
    """
    of_circuit = tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))["seconds"].get(ansatz, {}).get(layers, {})
    return {int(order): {int(size): float(s) for size, s in by_size.items()} for order, by_size in of_circuit.items()}


def surrogate_figure(frame: pd.DataFrame, published: pd.DataFrame, growth: list[dict[Any, Any]], made_by: str) -> Figure:
    """Return the six panels of one ansatz and rule for L.

    Parameters
    ----------
    frame : its part of the study's table.
    published : its part of `nearclifford.studies.published_curves`.
    growth : its rows of `nearclifford.studies.growth.growth_frame`.
    made_by : how the figure was made.
    """
    first = frame.iloc[0]
    encoders = sorted(frame["encoder"].unique(), key=lambda name: (name == "none", name))
    shown = frame[(frame["sigma"] == first["sigma"]) & (frame["encoder"] == encoders[0])]
    figure = Figure(figsize=(12.5, 7.6), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    _draw_seconds(panels[0], shown, published_seconds(first["ansatz"], first["layers"]))
    _draw_sizes(panels[1], shown, published)
    _draw_coefficients(panels[2], frame[frame["sigma"] == first["sigma"]], encoders)
    _draw_thresholds(panels[3], published)
    _draw_ranks(panels[4], published)
    styles = dict(zip(sorted(shown["order"].unique()), STYLES, strict=False))
    for panel, quantity in zip(panels, ("build_seconds", "support"), strict=False):
        _draw_growth(panel, [row for row in growth if (row["quantity"], row["encoder"]) == (quantity, encoders[0])], styles)
    _draw_exponents(panels[5])
    for panel in panels[:3]:
        panel.set_xticks([size for size in (2, 4, 8, 16, 32, 64, 128, 256) if size <= frame["n_qubits"].max()])
    panels[4].set_ylim(bottom=1e-3)
    for letter, panel in zip("abcdef", panels, strict=True):
        title = panel.get_title()
        panel.set_title("")
        panel.set_title(f"({letter}) {title}", fontsize=10, loc="left")
        panel.grid(True, which="major", alpha=0.3, linewidth=0.6)
        panel.legend(fontsize=7, frameon=False)
    figure.suptitle(circuit_title(first["ansatz"], first["layers"]))
    caption = (
        f"(a, b) {encoder_title(encoders[0])}; points: mean and standard error over {first['draws']} draws of observable "
        f"({first['observable']}) and encoded parameter. m: order.\n"
        "Bands: one standard error of the law that lies closer to the larger sizes, a power of N or an exponential, by the "
        "scatter of the points.\n(a) Crosses, for L = 1: the published Python. (b) Dashed: calls of the published "
        "enumeration, C(2D+m-1, m-1). (c) The largest order.\n(d) Smallest m with ‖t‖₁^m / m! <= 1e-6 at the mean ‖t‖₁. "
        "(e) Mean of log2 of the squared extents. (f) q of σ = D^-q above which a Taylor surrogate is cheaper"
    )
    add_caption(figure, caption, made_by)
    return figure


def _logarithmic(panel: Axes, title: str, ylabel: str, xlabel: str = "number of qubits N") -> None:
    panel.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel, title=title)
    panel.xaxis.set_major_formatter("{x:.0f}")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_minor_locator(LogLocator(subs=(2, 5), numticks=30))
        axis.set_minor_formatter(NullFormatter())


def _points(panel: Axes, part: pd.DataFrame, column: str, style: Style, label: str) -> None:
    seen = part[part[column] > 0].sort_values("n_qubits")
    full = style._replace(line="-")
    views.curve(panel, seen["n_qubits"], seen[column], seen[f"{column}_error"], full, label=label, markersize=4, linewidth=1)


def _draw_seconds(panel: Axes, frame: pd.DataFrame, published: dict[int, dict[int, float]]) -> None:
    for style, (order, part) in zip(STYLES, frame.groupby("order"), strict=False):
        _points(panel, part, "build_seconds", style, f"m = {order}")
        seconds = published.get(int(str(order)), {})
        panel.plot(list(seconds), list(seconds.values()), "x", color=style.color, markersize=6)
    _logarithmic(panel, "time to build", "seconds")


def _draw_sizes(panel: Axes, frame: pd.DataFrame, published: pd.DataFrame) -> None:
    curve = published[published["sigma"] == published["sigma"].iloc[0]]
    curve = curve[curve["n_qubits"].between(frame["n_qubits"].min(), frame["n_qubits"].max())]
    for style, (order, part) in zip(STYLES, frame.groupby("order"), strict=False):
        _points(panel, part, "support", style, f"m = {order}")
        panel.plot(curve["n_qubits"], 10.0 ** curve[f"log10_calls_{order}"], "--", color=style.color, linewidth=1)
    _logarithmic(panel, "Taylor coefficients, and published calls", "count")


def _draw_growth(panel: Axes, growth: list[dict[Any, Any]], styles: dict[int, Style]) -> None:
    """Draw for each order the band of the law that lies closer to the points, over the sizes that it was fitted to."""
    for row in growth:
        if row["order"] in styles:
            between, color = np.geomspace(row["from"], row["to"], 50), styles[row["order"]].color
            panel.fill_between(between, *line_of(row).band(between), color=color, alpha=0.25, linewidth=0)


def _draw_coefficients(panel: Axes, frame: pd.DataFrame, encoders: list[str]) -> None:
    largest = frame[frame["order"] == frame["order"].max()]
    for style, encoder in zip(STYLES, encoders, strict=False):
        part = largest[largest["encoder"] == encoder]
        _points(panel, part, "support", style, f"support, {encoder_title(encoder)}")
        _points(panel, part, "coefficient_norm", style._replace(marker="x"), f"norm, {encoder_title(encoder)}")
    _logarithmic(panel, f"Taylor coefficients, m = {frame['order'].max()}", "number, Euclidean norm")


def _draw_thresholds(panel: Axes, published: pd.DataFrame) -> None:
    for style, (sigma, part) in zip(STYLES, published.groupby("sigma", sort=False), strict=False):
        panel.plot(part["n_qubits"], part["worst_case_order"], style.line, color=style.color, label=sigma_label(str(sigma)))
    _logarithmic(panel, f"order by the worst case, ε = {EPSILON:g}", "order m")


def _draw_ranks(panel: Axes, published: pd.DataFrame) -> None:
    for style, (sigma, part) in zip(STYLES, published.groupby("sigma", sort=False), strict=False):
        label = sigma_label(str(sigma))
        panel.plot(part["n_qubits"], part["log2_stabilizer_rank"], style.line, color=style.color, label=label)
    _logarithmic(panel, "stabilizer rank", "log2 of the number of stabilizer states")


def _draw_exponents(panel: Axes) -> None:
    sizes = np.geomspace(10, 1e9, 200)
    for style, (failure, error) in zip(STYLES, PRECISIONS, strict=False):
        label = f"ρ = {failure:g}, ε = {error:g}"
        panel.plot(sizes, patch_exponent(sizes, error, failure), style.line, color=style.color, label=label)
    panel.set(xscale="log", xlabel="number of parameters D", ylabel="q", title="Taylor against Pauli-path, c = γ = 1e-3")
