"""The figure of a diagnosis: shots that resolve the gradient against the width of the region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearclifford.diagnosis.results import Diagnosis, Region
from nearclifford.plots.style import STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = {True: ("o", "simulated within the budget"), False: ("X", "not simulated"), None: ("s", "simulation not settled")}


def draw(found: Diagnosis, ax: Axes | None) -> Axes:
    """Draw shots with their 95 % intervals; a marker says whether the region is simulated.

    >>> import nearclifford as nc
    >>> axis = nc.diagnose(nc.ansatz.mhea(2, 1), "ZZ", rng=1).plot()
    >>> axis.get_xlabel(), axis.get_xscale()
    ('width of the region, rad', 'log')
    """
    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.4, 4.2), layout="constrained").subplots()
    finite = [region for region in found.regions if np.isfinite(region.shots)]
    ax.plot([r.sigma for r in finite], [r.shots for r in finite], color=STYLES[0].color, linewidth=1.3, label="_line")
    for simulable, (marker, label) in MARKS.items():
        _points(ax, [r for r in finite if r.simulable is simulable], marker, label, STYLES[0].color)
    for region, name, style in ((found.encoded, "encoded", STYLES[1]), (found.local, "local counterpart", STYLES[2])):
        if region is not None and np.isfinite(region.shots):
            _points(ax, [region], style.marker, name, style.color)
    ax.axhline(found.shots, color="#555555", linestyle="--", linewidth=1, label=f"{found.shots:,} shots are given")
    ax.set(xscale="log", yscale="log", xlabel="width of the region, rad")
    ax.set_ylabel("shots of each circuit for a\ngradient three times its noise")
    ax.set_title(f"{found.n_qubits} qubits, {found.n_parameters} parameters", fontsize=10)
    ax.legend(fontsize=8)
    return ax


def _points(ax: Axes, regions: list[Region], marker: str, label: str, color: str) -> None:
    if not regions:
        return
    x, y = np.array([r.sigma for r in regions]), np.array([r.shots for r in regions])
    top = np.array([min(r.most_shots, 1e3 * r.shots) for r in regions])
    low = np.array([min(r.fewest_shots, r.shots) for r in regions])
    bars = np.stack([y - np.maximum(low, 1.0), np.maximum(top - y, 0.0)])
    ax.errorbar(x, y, yerr=np.maximum(bars, 0.0), color=color, marker=marker, linestyle="none", capsize=3, label=label)
