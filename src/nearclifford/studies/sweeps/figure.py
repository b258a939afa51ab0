"""Figures of sweeps: each quantity over the axis that has most numbers, a curve for each value of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, add_caption, axis_or_new, save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nearclifford.studies.results import StudyResults
    from nearclifford.studies.sweeps.plan import SweepPlan

NAMES = {"n_qubits": "number of qubits N", "sigma_value": "width of the patch (radians)", "n_parameters": "parameters D"}
# More curves than styles would look alike.
MOST_CURVES = len(STYLES)
# Beyond this ratio of the largest abscissa to the smallest a logarithmic axis shows more.
WIDE = 8.0


def save_figures(plan: SweepPlan, results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw each quantity over the first of N, width and other numbers that varies; writes ``sweep_<quantity>``."""
    from matplotlib.figure import Figure

    from nearclifford.studies.simulability import figure as simulability

    paths: list[Path] = []
    frame = results.frame
    if simulability.COLUMNS <= set(frame.columns):
        return simulability.save_figures(results, directory, made_by)
    for name, words in plan.quantities.items():
        if frame.empty or not frame[name].notna().any():
            continue
        x, panel, curves = _shared_out(frame, plan.axes)
        groups = list(frame.groupby(panel, sort=False)) if panel else [("", frame)]
        columns = 2 if len(groups) == 4 else min(len(groups), 3)
        rows = -(-len(groups) // columns)
        figure = Figure(figsize=(1.2 + 3.6 * columns, 0.6 + 3.2 * rows), layout="constrained")
        panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
        for axis, (value, part) in zip(panels, groups, strict=False):
            draw(axis, part, x, name, curves)
            axis.set(yscale="log", title=_word(panel, value) if panel else "")
        for axis in panels[len(groups) :]:
            axis.set_visible(False)
        for axis in panels[::columns]:
            axis.set_ylabel(f"{words} over the patch")
        panels[0].set_ylim(_limits(frame, name))
        add_caption(figure, "Bars: 95 % intervals; a faint bar from below is what was not excluded", made_by)
        paths += save(figure, directory / f"sweep_{name}")
    return paths


def draw(
    ax: Axes | None, frame: pd.DataFrame, x: str, y: str, by: Sequence[str] = (), style: Sequence[Style] = STYLES
) -> Axes:
    """Draw a quantity of a sweep with its 95 % intervals over a column, a curve for each combination of others.

    Parameters
    ----------
    ax : the axis, or None for one of its own.
    frame : rows of a sweep's table. x, y : names of columns, y a quantity. by : names of the columns of a curve.
    """
    axis = axis_or_new(ax)
    groups: list[tuple[Any, pd.DataFrame]] = list(frame.groupby(list(by), sort=False)) if by else [((), frame)]
    wide = len({row[0] for row in groups}) > 1
    for place, (key, part) in enumerate(groups):
        look = style[place % len(style)]
        part = part.sort_values(x)
        at, value, low, high = (part[name].to_numpy(float) for name in (x, y, f"{y}_low", f"{y}_high"))
        seen = part[f"{y}_resolved"].to_numpy(bool)
        label = ", ".join(
            f"{word}" if isinstance(word, str) else f"{name} = {word}" for name, word in zip(by, key, strict=True)
        )
        axis.errorbar(
            at[seen], value[seen], np.maximum(np.stack([value - low, high - value]), 0.0)[:, seen], color=look.color,
            marker=look.marker, linestyle=look.line, markersize=5, linewidth=1.3, capsize=2, label=label or None,
        )  # fmt: skip
        views.zero_hits(axis, at[~seen], high[~seen], look)
    if wide:
        axis.legend(fontsize=8)
    numbers = np.unique(frame[x].to_numpy(float))
    if x == "n_qubits":
        views.over_qubits(axis, numbers.astype(int).tolist() if len(numbers) < 9 else None)
    else:
        axis.set_xlabel(NAMES.get(x, x))
        axis.grid(True, which="major", alpha=0.3, linewidth=0.6)
    if numbers[0] > 0 and numbers[-1] > WIDE * numbers[0]:
        axis.set_xscale("log")
        if x == "n_qubits" and len(numbers) < 9:
            views.over_qubits(axis, numbers.astype(int).tolist())
    return axis


def _limits(frame: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return limits that show what is resolved, however small, and the ends of what is not."""
    resolved = frame[f"{name}_resolved"] == 1.0
    shown = np.concatenate([frame[name][resolved], frame[f"{name}_high"][~resolved]]).astype(np.float64)
    shown = shown[(shown > 0) & np.isfinite(shown)]
    return (float(shown.min()) / 3, 3 * float(shown.max())) if len(shown) else (1e-3, 10.0)


def _shared_out(frame: pd.DataFrame, axes: Sequence[str]) -> tuple[str, str | None, list[str]]:
    """Return the columns of the abscissa, of the panels if there are too many curves for one, and of the curves."""
    numeric = [name for name in axes if frame[name].map(_is_number).all() and frame[name].nunique() > 1]
    preferred = [name for name in ("n_qubits", "sigma_value") if name in numeric] + numeric
    x = preferred[0] if preferred else ("n_qubits" if "n_qubits" in frame else axes[0])
    # what x decides by itself says nothing more
    others = [name for name in axes if name != x and frame.groupby(x)[name].nunique().max() > 1]
    if others and frame.groupby(others, sort=False).ngroups > MOST_CURVES:
        panel = min(others, key=lambda name: (frame[name].nunique() > 6, -frame[name].nunique()))
        return x, panel, [name for name in others if name != panel]
    return x, None, others


def _word(name: str, value: object) -> str:
    return value if isinstance(value, str) else f"{name} = {value}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
