"""The paths of a surrogate as a table, and the first levels of their tree as a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearclifford.kernels.paths.tree import END, PathTree
from nearclifford.plots.style import STYLES, axis_or_new

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# More paths than this are no drawing.
MOST_DRAWN = 24
WIDEST_LINE = 4.0
MOST_WEIGHTS = 3

Path = tuple[int, ...]


def heaviest_paths(tree: PathTree, most: int) -> list[tuple[Path, float]]:
    """Return (flips, weight) of the heaviest paths, flips as a walk finds them: the last rotation first.

    A path ends in a row of the tree, and its flip of level d is the last one of that level before.
    """
    ends = np.flatnonzero((tree.rotation == END) & (tree.weight != 0.0))
    order = np.lexsort((ends, tree.level[ends], -np.abs(tree.weight[ends])))
    chosen = ends[order[:most]]
    flips: list[list[int]] = [[] for _ in chosen]
    for level in range(1, int(tree.level[chosen].max(initial=0)) + 1):
        rows = np.flatnonzero((tree.level == level) & (tree.rotation >= 0))
        for path, end in enumerate(chosen.tolist()):
            if tree.level[end] >= level:
                flips[path].append(int(tree.rotation[rows[np.searchsorted(rows, end) - 1]]))
    return [(tuple(path), float(weight)) for path, weight in zip(flips, tree.weight[chosen], strict=True)]


def path_frame(tree: PathTree, most: int) -> pd.DataFrame:
    """Return a row for each of the heaviest paths: number of flips, flips in time order, weight."""
    import pandas as pd

    paths = heaviest_paths(tree, most)
    rows = [(len(flips), flips[::-1], weight) for flips, weight in paths]
    return pd.DataFrame(rows, columns=["n_flips", "flips", "weight"])


def draw_paths(tree: PathTree, levels: int, ax: Axes | None) -> Axes:
    """Draw the heaviest paths down to a number of flips.

    >>> import nearclifford as nc
    >>> kept = nc.surrogate(nc.Landscape(nc.ansatz.mhea(3, 1), "ZZZ"), order=4)
    >>> draw_paths(kept.tree, 4, None).get_title()
    '5 of 5 paths'
    """
    axis, paths = axis_or_new(ax), heaviest_paths(tree, MOST_DRAWN)
    weights: dict[Path, float] = {(): 0.0}
    stays: dict[Path, list[float]] = {}
    for flips, weight in paths:
        for depth in range(min(len(flips), levels) + 1):
            weights[flips[:depth]] = weights.get(flips[:depth], 0.0) + abs(weight)
        if len(flips) <= levels:
            stays.setdefault(flips, []).append(weight)
    places, total = _places(sorted(weights), stays), weights[()] or 1.0
    for node in sorted(weights):
        if node:
            width = max(WIDEST_LINE * weights[node] / total, 0.6)
            _edge(axis, places[node[:-1]], places[node], width, STYLES[0].color, "-")
        if node in stays:
            (x, y), width = places[node], max(WIDEST_LINE * sum(map(abs, stays[node])) / total, 0.6)
            end = (places[(*node, END)][0], y - 0.6)
            _edge(axis, (x, y), end, width, STYLES[1].color, "--")
            axis.annotate(_label(stays[node]), end, ha="center", va="top", fontsize=7)
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": STYLES[0].color}
        axis.annotate(str(node[-1]) if node else "L", places[node], ha="center", va="center", fontsize=8, bbox=box)
    deepest = max(map(len, weights))
    axis.set(xlabel="paths: full lines flip, dashed lines stay to the end", ylabel="flips", xticks=[])
    axis.set_yticks(range(0, -deepest - 1, -1), [str(depth) for depth in range(deepest + 1)])
    axis.set(ylim=(-deepest - 1.0, 0.5), xlim=(-0.75, max(x for x, _ in places.values()) + 0.75))
    count = int(np.count_nonzero((tree.rotation == END) & (tree.weight != 0.0)))
    axis.set_title(f"{len(paths)} of {count} paths", fontsize=10)
    return axis


def _label(weights: list[float]) -> str:
    """Return the weights of paths of the same flips, one for each term."""
    if len(weights) > MOST_WEIGHTS:
        return f"{len(weights)} paths"
    return ", ".join(f"{weight:.3g}" for weight in weights)


def _places(nodes: list[Path], stays: dict[Path, list[float]]) -> dict[Path, tuple[float, float]]:
    """Return where each node stands: leaves side by side, the others above the middle of what hangs on them."""
    children: dict[Path, list[Path]] = {node: [(*node, END)] if node in stays else [] for node in nodes}
    for node in nodes:
        if node:
            children[node[:-1]].append(node)
    places: dict[Path, tuple[float, float]] = {}
    leaves = 0
    stack: list[Path] = [()]
    while stack:
        node = stack[-1]
        waiting = [child for child in children.get(node, []) if child not in places]
        if waiting:
            stack.append(waiting[0])
            continue
        below = [places[child][0] for child in children.get(node, [])]
        x = sum(below) / len(below) if below else float(leaves)
        leaves += not below
        places[node] = (x, -float(len(node)))
        stack.pop()
    return places


def _edge(axis: Axes, start: tuple[float, float], end: tuple[float, float], width: float, color: str, line: str) -> None:
    axis.plot(*zip(start, end, strict=True), color=color, linewidth=width, linestyle=line, zorder=1)
