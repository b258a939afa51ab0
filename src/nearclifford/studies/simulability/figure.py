"""The phase diagram of a Hamiltonian: what trains, and what simulates it, over N and σ, plain and encoded side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from nearclifford.plots.style import add_caption, save
from nearclifford.studies.printing import sigma_label
from nearclifford.studies.simulability.cell import CLASSICAL_SECONDS, METHODS, MOST_BYTES, SHOTS, STATES, YES

if TYPE_CHECKING:
    from nearclifford.studies.results import StudyResults

# Columns that no other sweep has.
COLUMNS = {"trains", "simulated", "method", "wrapped"}


class Look(NamedTuple):
    """How a kind of cell looks: words of the legend, fill and hatch; no two share a hatch, for print without colours."""

    words: str
    color: str
    hatch: str


SIMULATED = Look("trains, and is simulated by what is written", "#9AD0F0", "")
NOT_SIMULATED = Look("trains, and no method here simulates it", "#E69F00", "xx")
NOT_SETTLED = Look("trains; simulation not settled", "#C8C8C8", "//")
OPEN = Look("not settled whether it trains", "#E6E6E6", "..")
DEAD = Look("does not train", "#FFFFFF", "")
LOOKS = (SIMULATED, NOT_SIMULATED, NOT_SETTLED, OPEN, DEAD)
LETTERS = dict(zip(METHODS, ("none", "S", "P", "mean", "M"), strict=True))
TITLES = {"heisenberg": "Heisenberg chain", "ising": "transverse-field Ising ring", "cut": "MaxCut of a 3-regular graph"}
CIRCUITS = {"mhea_for": "mHEA", "qaoa": "QAOA"}
WRAPPED = {"none": "without encoder", "compact": "with encoder (compact)"}


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw one figure for each Hamiltonian and number of layers; writes ``phase_<name>_L<layers>``."""
    paths: list[Path] = []
    for (observable, layers), part in results.frame.groupby(["observable", "layers"], sort=False):
        name = str(observable).rpartition(":")[2]
        paths += save(diagram(part, made_by), directory / f"phase_{name}_L{layers}")
    return paths


def diagram(frame: pd.DataFrame, made_by: str) -> Figure:
    """Return the diagram of one Hamiltonian: a panel for the plain and one for the encoded circuit, N across, σ up."""
    kinds = list(frame["wrapped"].unique())
    figure = Figure(figsize=(0.6 + 4.4 * len(kinds), 5.6), layout="constrained")
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    panels[0].set_ylabel("width of the patch (D: number of parameters)")
    first = frame.iloc[0]
    name = str(first["observable"]).rpartition(":")[2]
    circuit = CIRCUITS.get(str(first["circuit"]), str(first["circuit"]))
    problem = f"{TITLES.get(name, name)}, {circuit}, L = {first['layers']}"
    for panel, kind in zip(panels, kinds, strict=True):
        title = f"{problem}\n{WRAPPED.get(str(kind), str(kind))}"
        _draw(panel, frame[frame["wrapped"] == kind], list(frame["sigma"].unique()), title)
    handles = [Patch(facecolor=look.color, hatch=look.hatch, edgecolor="#444444", label=look.words) for look in LOOKS]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=8, handlelength=2.6)
    caption = (
        f"Trains: {SHOTS:.0e} shots of each circuit make the rms gradient three times its noise; small numbers: so many do."
        f"\nSimulated: 1,000 values, as good as {SHOTS:.0e} shots, in {CLASSICAL_SECONDS / 3600:g} h of one core and "
        f"{MOST_BYTES / 2**30:g} GiB. S statevector, P5 Pauli paths of order 5,\nM16 matrix product state of 16 bonds, "
        "mean: the loss varies by less than the shots see, none: no method does, ?: not settled"
    )
    add_caption(figure, caption, made_by)
    return figure


def _draw(panel: Axes, part: pd.DataFrame, widths: list[str], title: str) -> None:
    sizes = sorted(part["n_qubits"].unique().tolist())
    for row in part.to_dict("records"):
        x, y = sizes.index(row["n_qubits"]), widths[::-1].index(row["sigma"])
        look = look_of(row["trains"], row["simulated"])
        box = Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=look.color, hatch=look.hatch, edgecolor="#444444", linewidth=0.8)
        panel.add_patch(box)
        _write(panel, x, y + 0.12, words_of(row), 9.5, look)
        _write(panel, x, y - 0.24, _shots(row), 6.5, look)
    widths_up = [sigma_label(width) for width in widths[::-1]]
    panel.set_yticks(range(len(widths)), widths_up)
    panel.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    panel.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-0.5, len(widths) - 0.5), xlabel="number of qubits N")
    panel.set_title(title, fontsize=10)


def _write(panel: Axes, x: float, y: float, text: str, size: float, look: Look) -> None:
    weight = "bold" if look is NOT_SIMULATED else "normal"
    behind = {"facecolor": look.color, "edgecolor": "none", "pad": 0.8} if look.hatch else None
    panel.text(x, y, text, ha="center", va="center", fontsize=size, weight=weight, bbox=behind)


def look_of(trains: float, simulated: float) -> Look:
    """Return how a cell looks.

    >>> look_of(1.0, -1.0).words, look_of(0.0, 1.0).words, look_of(-1.0, float("nan")).words
    ('trains, and no method here simulates it', 'not settled whether it trains', 'does not train')
    """
    if trains == STATES["dead"]:
        return DEAD
    if trains == STATES["open"]:
        return OPEN
    return SIMULATED if simulated == YES else NOT_SIMULATED if simulated == -YES else NOT_SETTLED


def words_of(row: Mapping[Any, Any]) -> str:
    """Return what is written into a cell.

    >>> cell = {"trains": 1.0, "simulated": 1.0, "method": 2.0, "order": 5.0, "bonds": float("nan")}
    >>> words_of(cell), words_of(cell | {"simulated": 0.0, "method": 0.0}), words_of(cell | {"trains": -1.0})
    ('P5', '?', 'dead')
    """
    numbers = {name: float(row[name]) for name in ("trains", "simulated", "method", "order", "bonds")}
    if numbers["trains"] == STATES["dead"]:
        return "dead"
    if numbers["simulated"] == 0.0:
        return "?"
    method = METHODS[int(numbers["method"])]
    resource = {"Pauli paths": "order", "matrix product state": "bonds"}.get(method)
    return LETTERS[method] + (f"{numbers[resource]:.0f}" if resource else "")


def _shots(row: Mapping[Any, Any]) -> str:
    """Return the shots that resolve the gradient; "?" where the moments do not say."""
    shots = float(row["shots"])
    return f"{shots:.0e}".replace("e+0", "e").replace("e+", "e") if row["trains"] == STATES["alive"] else ""
