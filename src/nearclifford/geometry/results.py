"""What slices and height maps are: the losses along a line or over a plane, and how they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, Style, axis_or_new
from nearclifford.shown import Kept, plain
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True)
class Surface(Kept):
    """Losses at points ``origin + coordinates @ directions``, or their means over a patch of the other parameters.

    Attributes
    ----------
    origin, directions : float64, shapes ``(D,)`` and ``(m, D)``, radians.
    values : float64: the losses, or their means over the patch.
    std : float64, of the shape of the values: the standard deviation over the patch; None without one, and where it is
        not known.
    error : float64, of the shape of the values: the standard error of means that were sampled; None where they are exact.
    std_error : float64, of the shape of the values: the standard error of the standard deviation; None where that is None.
    patch : how the patch prints; None without one.
    method : "exact", "closed form" (means over a patch) or "sampled"; ``std_method`` : "random Clifford circuits", "sampled"
        or None.
    samples : of what was sampled; None where nothing was.
    """

    origin: Floats
    directions: Floats
    values: Floats
    std: Floats | None
    error: Floats | None
    std_error: Floats | None
    patch: str | None
    method: str
    std_method: str | None
    samples: int | None
    version: str = __version__

    def _columns(self) -> dict[str, Floats]:
        """Return the numbers that a table shows, by name."""
        found = {"value": self.values, "error": self.error, "std": self.std, "std_error": self.std_error}
        return {name: numbers.ravel() for name, numbers in found.items() if numbers is not None}

    def _facts(self) -> dict[str, Any]:
        names = ("patch", "method", "std_method", "samples", "version")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False, kw_only=True)
class Slice(Surface):
    """Losses along a line; ``coordinates``, shape ``(M,)``, are the steps along its direction. See `Surface`.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> nc.slice_along(land, 0, [0.0, np.pi]).frame().round(9)
       coordinate  value
    0    0.000000    1.0
    1    3.141593   -1.0
    """

    coordinates: Floats

    def __repr__(self) -> str:
        low, high = float(self.values.min()), float(self.values.max())
        return f"Slice({len(self.values)} points, losses from {low:.4g} to {high:.4g}, {self.method})"

    def frame(self) -> pd.DataFrame:
        """Return a table: coordinate, value, and what there is of error, std and std_error."""
        import pandas as pd

        return pd.DataFrame({"coordinate": self.coordinates} | self._columns())

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as lists, and how they were found."""
        numbers = {"coordinate": self.coordinates} | self._columns()
        return plain(numbers | self._facts())

    def plot(self, ax: Axes | None = None, style: Style = STYLES[0], label: str | None = None) -> Axes:
        """Draw the losses, with a band of one standard deviation where it is known, and return the axis."""
        axis = axis_or_new(ax)
        views.band(axis, self.coordinates, self.values, self.std, style, label=label)
        axis.set(xlabel="displacement (radians)", ylabel="loss" if self.patch is None else "mean loss over the patch")
        return axis


@dataclass(frozen=True, eq=False, kw_only=True)
class HeightMap(Surface):
    """Losses over a plane, shape ``(M, K)``: row by the step along the first direction, column by the second. See `Surface`.

    Attributes
    ----------
    first, second : float64, shapes ``(M,)`` and ``(K,)``: the steps along the two directions.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> found = nc.height_map(land, (0, 1), [0.0, np.pi])
    >>> found.to_dict()["value"], found.method
    ([[1.0, -1.0], [-1.0, 1.0]], 'exact')
    """

    first: Floats
    second: Floats

    def __repr__(self) -> str:
        low, high = float(self.values.min()), float(self.values.max())
        shape = " x ".join(map(str, self.values.shape))
        return f"HeightMap({shape} points, losses from {low:.4g} to {high:.4g}, {self.method})"

    def frame(self) -> pd.DataFrame:
        """Return a table, a row for each point: first, second, value, and error, std, std_error."""
        import pandas as pd

        places = {"first": np.repeat(self.first, len(self.second)), "second": np.tile(self.second, len(self.first))}
        return pd.DataFrame(places | self._columns())

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as lists, a row of values for each of ``first``, and how they were found."""
        numbers = {"value": self.values, "error": self.error, "std": self.std, "std_error": self.std_error}
        rows = {name: table for name, table in numbers.items() if table is not None}
        return plain({"first": self.first, "second": self.second} | rows | self._facts())

    def plot(self, ax: Axes | None = None, limits: tuple[float, float] | None = None, path: Floats | None = None) -> Axes:
        """Draw the losses as colours, the first direction to the right, and return the axis; its image is ``ax.images[0]``.

        Parameters
        ----------
        ax : an axis of Matplotlib; a new figure, with a colour bar, by default.
        limits : the losses at the ends of the colours; those of the map by default.
        path : steps of a path on the plane, shape ``(steps, 2)``, drawn on top.
        """
        axis = axis_or_new(ax)
        image = views.surface(axis, self.first, self.second, self.values, limits)
        if ax is None:
            axis.figure.colorbar(image, ax=axis, label="loss")
        if path is not None:
            views.path(axis, path)
        axis.set(xlabel="along the first direction (radians)", ylabel="along the second direction (radians)")
        return axis
