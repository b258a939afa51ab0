"""What all figures share: looks that print well, captions, and files that are the same for the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nearclifford.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The id of the caption in an SVG: who shows the figure elsewhere takes it from there.
CAPTION = "caption"


class Style(NamedTuple):
    """How one curve looks: Matplotlib's colour, marker and line."""

    color: str
    marker: str
    line: str


# Okabe and Ito's colours, which readers of every colour vision tell apart; marker and line say the same once more.
STYLES: tuple[Style, ...] = (
    Style("#0072B2", "o", "-"),
    Style("#D55E00", "s", "--"),
    Style("#009E73", "^", "-."),
    Style("#CC79A7", "D", ":"),
    Style("#000000", "v", "-"),
    Style("#E69F00", "P", "--"),
    Style("#56B4E9", "X", "-."),
)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG and return the paths; the same figure gives the same bytes."""
    from matplotlib import rc_context

    paths = [stem.with_suffix(".png"), stem.with_suffix(".svg")]
    for path, metadata in zip(paths, ({}, {"Date": None}), strict=True):
        # a search finds the words in the SVG
        with (
            rc_context({"svg.hashsalt": "nearclifford", "svg.fonttype": "none"}),
            replacing(path, "a file for a figure") as stream,
        ):
            figure.savefig(stream, format=path.suffix[1:], dpi=160, metadata=metadata)
    return paths


def add_caption(figure: Figure, caption: str, made_by: str) -> None:
    """Put the caption, and how the figure was made, under it."""
    text = figure.supxlabel(f"{caption}\n{made_by}".replace("$", r"\$"), fontsize=7, color="#555555")
    text.set_gid(CAPTION)


def axis_or_new(ax: Axes | None) -> Axes:
    """Return the axis that was given, or one on a figure of its own, which pyplot does not know of.

    >>> axis = axis_or_new(None)
    >>> axis_or_new(axis) is axis
    True
    """
    from matplotlib.figure import Figure

    return Figure(layout="constrained").subplots() if ax is None else ax
