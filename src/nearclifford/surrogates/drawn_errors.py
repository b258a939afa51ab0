"""The errors of surrogates as a table, and drawn against the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.plots import views
from nearclifford.plots.style import STYLES, axis_or_new

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from nearclifford.surrogates.error import ErrorCurve


def curve_frame(curve: ErrorCurve) -> pd.DataFrame:
    """Return a row for each order.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> nc.surrogate_error_curve(land, nc.Gaussian(0.5), orders=[1, 30], samples=1000, rng=1).frame().certain.tolist()
    [False, True]
    """
    import pandas as pd

    low, high = curve.interval().T
    errors = {"rms_error": curve.rms_error, "rms_error_error": curve.rms_error_error, "low": low, "high": high}
    return pd.DataFrame({"order": curve.orders} | errors | {"certain": curve.certain})


def draw_curve(curve: ErrorCurve, ax: Axes | None) -> Axes:
    """Draw errors with their 95 % intervals; a faint bar where nothing was seen, and a line where zero is certain."""
    axis = axis_or_new(ax)
    rms, (low, high) = np.nan_to_num(curve.rms_error), curve.interval().T
    seen = rms > 0
    bars = np.stack([np.minimum(rms - low, 0.95 * rms), high - rms])[:, seen]
    (color, marker, line), error = STYLES[0], np.maximum(bars, 0.0)
    look: dict[str, Any] = {"color": color, "marker": marker, "linestyle": line, "capsize": 2}
    axis.errorbar(curve.orders[seen], rms[seen], yerr=error, label="95 % interval", **look)
    unseen = ~seen & ~curve.certain & (high > 0)
    axis.set_yscale("log", nonpositive="clip")
    shown = seen | unseen
    if shown.any():
        axis.set_ylim(max(float(np.where(seen, rms, high)[shown].min()) / 10, 1e-300), 2 * float(high[shown].max()))
    if unseen.any():
        views.zero_hits(axis, curve.orders[unseen], high[unseen])
    if curve.certain.any():
        axis.axvline(curve.orders[curve.certain][0], color="#555555", linestyle=":", label="0 for certain from here on")
    views.over_qubits(axis, label="order of the surrogate")
    axis.set(ylabel="rms error of the loss over the patch")
    axis.legend(fontsize=8)
    return axis
