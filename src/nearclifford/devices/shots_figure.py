"""Shots and what one of them adds to a variance, drawn by component and by group of terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearclifford.plots import views
from nearclifford.plots.style import STYLES, axis_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nearclifford.devices.shot_variance import ShotVariance
    from nearclifford.devices.shots import ShotsForValue, ShotsToResolve


def draw_variance(found: ShotVariance, ax: Axes | None) -> Axes:
    """Draw the groups of the largest variances, as many as there are looks to tell them apart."""
    axis = axis_or_new(ax)
    largest = np.argsort(-found.gradient.sum(axis=0), kind="stable")[: len(STYLES)]
    for group, style in zip(largest.tolist(), STYLES, strict=False):
        value, error = found.gradient[:, group], found.gradient_error[:, group]
        label = f"group {group}, {found.terms[group]} terms"
        views.curve(axis, found.parameters, value, error, style, linestyle="none", label=label)
    rest = len(found.terms) - len(largest)
    axis.set(xlabel="parameter k", ylabel="variance of ∂L/∂θ_k with one shot, per rad²", yscale="log")
    axis.set_title(f"{found.method}; {rest} smaller groups are left out" if rest else found.method, fontsize=10)
    axis.legend(fontsize=8)
    return axis


def draw_components(found: ShotsToResolve, ax: Axes | None) -> Axes:
    """Draw shots by component; those that are infinite are left out and counted."""
    axis, finite = axis_or_new(ax), np.isfinite(found.component)
    style = STYLES[0]
    axis.plot(found.parameters[finite], found.component[finite], style.marker, color=style.color, label="one component")
    if found.norm is not None and np.isfinite(found.norm):
        axis.axhline(found.norm, color=STYLES[1].color, linestyle=STYLES[1].line, label="norm of the gradient")
    unseen = int(np.count_nonzero(~finite))
    axis.set(xlabel="parameter k", ylabel=f"shots of each circuit for {found.snr:g} times the noise", yscale="log")
    axis.set_title(f"by {found.method}; {unseen} components were not seen", fontsize=10)
    if axis.lines:
        axis.legend(fontsize=8)
    return axis


def draw_groups(found: ShotsForValue, ax: Axes | None) -> Axes:
    """Draw shots by group as bars, from zero."""
    axis = axis_or_new(ax)
    axis.bar(np.arange(len(found.by_group)), found.by_group, color=STYLES[0].color)
    views.over_qubits(axis, label="group of terms")
    axis.set(ylabel=f"shots for an rms error of {found.error:g}")
    return axis
