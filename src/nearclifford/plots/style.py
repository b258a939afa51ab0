"""What all figures share: looks that print well, labels, and files that are the same for the same table."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from nearclifford.files import replacing
from nearclifford.studies.rules import LOGARITHMIC

# Okabe and Ito's colours, which readers of every colour vision tell apart; marker and line say the same once more.
STYLES: tuple[tuple[str, str, str], ...] = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", "--"),
    ("#009E73", "^", "-."),
    ("#CC79A7", "D", ":"),
    ("#000000", "v", "-"),
    ("#E69F00", "P", "--"),
    ("#56B4E9", "X", "-."),
)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG and return the paths; the same figure gives the same bytes."""
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
    figure.supxlabel(f"{caption}\n{made_by}".replace("$", r"\$"), fontsize=7, color="#555555")


def sigma_label(rule: str) -> str:
    r"""Return a rule for σ as the legend shows it.

    >>> sigma_label("D^-1/2"), sigma_label("0.05")
    ('$\\sigma = D^{-1/2}$', '$\\sigma = 0.05$')
    """
    if rule == LOGARITHMIC:
        return r"$\sigma = \sqrt{\ln D / D}$"
    power = f"D^{{{rule[2:]}}}" if rule.startswith("D^") else rule
    return rf"$\sigma = {power}$"
