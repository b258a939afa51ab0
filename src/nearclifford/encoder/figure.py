"""What an encoder does to the gradient at the centre, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.plots.style import STYLES, axis_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_gradients(plain: Floats, encoded: Floats, parameter: int, ax: Axes | None) -> Axes:
    """Draw both gradients by component; a line marks the encoded parameter, and none where it is -1.

    >>> axis = draw_gradients(np.zeros(2), np.array([0.0, 1.0]), 1, None)
    >>> axis.get_xlabel(), len(axis.lines)
    ('parameter k', 3)
    """
    axis, index = axis_or_new(ax), np.arange(len(plain))
    for gradient, style, label in ((plain, STYLES[1], "without the encoder"), (encoded, STYLES[0], "with the encoder")):
        norm = f"{label}, ‖∇L‖ = {float(np.linalg.norm(gradient)):.3g}"
        look: dict[str, Any] = {"marker": style.marker, "color": style.color, "linestyle": "none", "markersize": 5}
        axis.plot(index, gradient, fillstyle="none", label=norm, **look)
    if parameter >= 0:
        axis.axvline(parameter, color="#555555", linestyle=":", linewidth=1, label="encoded parameter")
    axis.set(xlabel="parameter k", ylabel="∂L/∂θ_k at the centre, per rad (exact)")
    axis.legend(fontsize=8)
    return axis
