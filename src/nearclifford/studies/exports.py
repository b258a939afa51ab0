"""Tables of studies for other programs: Parquet, and datasets of xarray with named axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearclifford.arguments import shown
from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, printable, replacing
from nearclifford.interchange.imported import foreign

if TYPE_CHECKING:
    import pandas as pd

# Columns that follow from some of a cell's coordinates.
FOLLOWS_FROM = {
    "n_layers": ("layers", "n_qubits"),
    "n_parameters": ("ansatz", "layers", "n_qubits"),
    "sigma_value": ("ansatz", "layers", "sigma", "n_qubits"),
}
UNITS = {"sigma_value": "rad"}


def to_parquet(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as a Parquet file, as a whole or not at all, and return its path.

    Raises `NearCliffordError` where pyarrow is not installed, for a column that mixes types, and for a place that cannot be
    written.
    """
    arrow, parquet = foreign("pyarrow", "parquet"), foreign("pyarrow.parquet", "parquet")
    target = path_of(path, "path")
    sink = arrow.BufferOutputStream()
    try:
        parquet.write_table(arrow.Table.from_pandas(frame, preserve_index=False), sink)
    except arrow.ArrowException as error:
        raise NearCliffordError(f"The table cannot be written as Parquet: {printable(str(error))}.") from error
    with replacing(target, "a file for a table") as stream:
        stream.write(sink.getvalue())
    return target


def to_xarray(frame: pd.DataFrame, axes: Sequence[str], columns: Mapping[str, str]) -> Any:
    """Return a table as an `xarray.Dataset` whose axes are columns of it.

    Each other column is a variable over all axes, NaN where the table has no row. ``n_layers``, ``n_parameters`` and
    ``sigma_value`` are coordinates over the axes that they follow from.

    Parameters
    ----------
    frame : the table.
    axes : the columns that tell its rows apart, such as ``["ansatz", "sigma", "n_qubits"]``.
    columns : what columns hold, by name: the ``long_name`` of each.

    Raises `NearCliffordError` where xarray is not installed, for an axis that is no column or has an empty cell, and for two
    rows at one place, which it names.
    """
    xarray = foreign("xarray", "xarray")
    names = _checked_axes(frame, axes)
    levels = {name: list(dict.fromkeys(frame[name].tolist())) for name in names}
    places = {name: [levels[name].index(value) for value in frame[name].tolist()] for name in names}
    found = {
        str(name): _variable(frame[name], _axes_of(frame, str(name), names), levels, places)
        for name in frame.columns
        if name not in names
    }
    own = {name: (dims, values, _attributes(name, columns)) for name, (dims, values) in found.items()}
    index = {name: (name, _array(levels[name]), _attributes(name, columns)) for name in names}
    about = {name: own.pop(name) for name in FOLLOWS_FROM if name in own and own[name][0] != tuple(names)}
    return xarray.Dataset(own, coords=index | about)


def _checked_axes(frame: pd.DataFrame, axes: Sequence[str]) -> list[str]:
    names = list(axes)
    if not names or len(set(names)) < len(names):
        raise NearCliffordError(f"axes is {shown(axes)}; expected at least one column of the table, and each once.")
    for name in names:
        if name not in frame.columns:
            raise NearCliffordError(f"axes holds {name!r}; expected columns of the table: {', '.join(map(str, frame))}.")
        if frame[name].isna().any():
            raise NearCliffordError(f"axes holds {name!r}, which is empty in some rows; expected a value in each.")
    twice = frame[frame.duplicated(names, keep=False)]
    if not twice.empty:
        place = ", ".join(f"{name} = {shown(value)}" for name, value in twice[names].to_dict("records")[0].items())
        raise NearCliffordError(f"The table has several rows at {place}; name the axis that tells them apart.")
    return names


def _axes_of(frame: pd.DataFrame, name: str, axes: list[str]) -> tuple[str, ...]:
    """Return the axes that a column follows from: all of them, unless it is known to follow from fewer, and does."""
    fewer = FOLLOWS_FROM.get(name, ())
    if not fewer or not set(fewer) <= set(axes):
        return tuple(axes)
    agrees = bool((frame.groupby(list(fewer), sort=False)[name].nunique(dropna=False) <= 1).all())
    return tuple(axis for axis in axes if axis in fewer) if agrees else tuple(axes)


def _variable(
    column: pd.Series[Any], dims: tuple[str, ...], levels: Mapping[str, list[Any]], places: Mapping[str, list[int]]
) -> tuple[tuple[str, ...], Any]:
    """Return the dimensions and the array of a column; NaN where there is no row, which makes floats of integers."""
    values, where = _array(column.tolist()), tuple(np.array(places[axis], dtype=int) for axis in dims)
    shape = tuple(len(levels[axis]) for axis in dims)
    filled = np.zeros(shape, dtype=bool)
    filled[where] = True
    kind = (
        values.dtype
        if filled.all() or values.dtype.kind == "f"
        else np.dtype(float if values.dtype.kind in "iu" else object)
    )
    grid = np.zeros(shape, dtype=kind) if filled.all() else np.full(shape, np.nan, dtype=kind)
    grid[where] = values
    return dims, grid


def _array(values: list[Any]) -> Any:
    """Return values as an array of numbers or truth values, or of objects where there is anything else."""
    found = np.array(values) if values and not any(isinstance(one, str | list | tuple) for one in values) else None
    if found is not None and found.dtype.kind in "fiub" and len({type(one) is bool for one in values}) == 1:
        return found
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _attributes(name: str, columns: Mapping[str, str]) -> dict[str, str]:
    meaning = {"long_name": columns[name]} if name in columns else {}
    return meaning | ({"units": UNITS[name]} if name in UNITS else {})
