"""Results that show themselves: as a table in a notebook, as plain Python for JSON, and as a file that is read again."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import fields, is_dataclass
from html import escape
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, printable, read_bytes, replacing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Of the files; raise it when they hold something else.
FORMAT = 1
# What an array in a file may be: an entry of each kind of dtype, as JSON reads it.
ENTRIES: dict[str, tuple[type, ...]] = {"f": (float, int, str), "i": (int,), "u": (int,), "b": (bool,)}
# What annotations of fields mean: types, or the kind of an array.
PLAIN: dict[str, tuple[type, ...] | str] = {
    "float": (float, int), "int": (int,), "str": (str,), "bool": (bool,), "None": (type(None),),
    "Floats": "f", "Indices": "i", "Flags": "b",
}  # fmt: skip
# JSON has no words for these.
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}
# Rows of a table in a notebook.
MOST_ROWS = 20


class Shown(ABC):
    """What every result can do: a table, a drawing, plain Python, and HTML for a notebook.

    >>> import nearclifford as nc
    >>> line = nc.slice_along(nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ"), 0, [0.0, 0.5])
    >>> isinstance(line, Shown), line.plot().get_xlabel(), "<table" in line._repr_html_()
    (True, 'displacement (radians)', True)
    """

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """Return the numbers as a table."""

    @abstractmethod
    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the numbers on ``ax``, or on an axis of their own, and return it; ``axis.figure`` is the figure."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python for JSON: arrays as lists, records as dicts, None for NaN and infinity."""
        return plain_fields(self)

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.frame())


class Kept(Shown):
    """A result, a frozen dataclass, that is kept in a file; ``records`` are the dataclasses that its fields hold.

    >>> import tempfile
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> found = nc.loss_statistics(land, nc.Gaussian(0.1), rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.save(f"{folder}/loss.json")
    ...     nc.LossStatistics.load(f"{folder}/loss.json").variance == found.variance
    True
    """

    records: ClassVar[tuple[type, ...]] = ()

    def save(self, path: str | Path) -> None:
        """Write the result to a ``.json`` file, as a whole or not at all; `load` reads every number back to the last bit.

        Raises `NearCliffordError`, in one line, for a name that does not end in .json and for a place that cannot be
        written.
        """
        target = path_of(path, "path")
        if target.suffix != ".json":
            raise NearCliffordError(f"A result cannot be saved as {str(path)!r}; expected a name that ends in .json.")
        with replacing(target, "a place for the file of a result") as stream:
            stream.write(json.dumps({"format": FORMAT, **_written(self)}, allow_nan=False, ensure_ascii=False).encode())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the result in a file that `save` wrote; nothing in the file is executed.

        Raises `NearCliffordError`, which says what is wrong, for a file that is not there, of another kind of result, of
        another format, or damaged.
        """
        source = path_of(path, "path")
        content = read_bytes(source, f"a .json file that {cls.__name__}.save wrote")
        family = _family(cls)
        known = {kind.__name__: kind for one in family for kind in (one, *one.records)}
        try:
            given = json.loads(content)
            found = _record(_checked(given, cls), known)
        except Exception as error:  # a damaged file fails in a dozen ways
            reason = printable(str(error)).rstrip(".") or type(error).__name__
            raise NearCliffordError(f"{source} is no file that {cls.__name__}.save wrote: {reason}.") from error
        return found


def plain(given: Any) -> Any:
    """Return numbers, arrays and records as plain Python that strict JSON writes; None for NaN and infinity.

    >>> plain({"a": np.array([1.0, np.inf]), "b": (np.int64(3), None)})
    {'a': [1.0, None], 'b': [3, None]}
    """
    if isinstance(given, np.ndarray | np.generic):
        return plain(given.tolist())
    if is_dataclass(given) and not isinstance(given, type):
        return plain_fields(given)
    if isinstance(given, dict):
        return {str(name): plain(part) for name, part in given.items()}
    if isinstance(given, list | tuple):
        return [plain(part) for part in given]
    return None if isinstance(given, float) and not isfinite(given) else given


def plain_fields(record: Any, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the public fields of a dataclass as plain Python, all but those ``without``.

    >>> import nearclifford as nc
    >>> plain_fields(nc.Gaussian(0.5))
    {'sigma': 0.5}
    """
    names = [field.name for field in fields(record) if not field.name.startswith("_")]
    return {name: plain(getattr(record, name)) for name in names if name not in without}


def html_of(title: str, table: pd.DataFrame) -> str:
    """Return a title of some lines and a table under it, as HTML in which no text of either is taken for a tag.

    >>> import pandas as pd
    >>> html_of("1 < 2", pd.DataFrame({"a": ["<b>"]})).count("&lt;")
    2
    """
    first, *others = title.splitlines()
    lines = "<br>".join([f"<b>{escape(first)}</b>", *(escape(line.strip()) for line in others)])
    return f"<p>{lines}</p>{table.to_html(max_rows=MOST_ROWS, border=0, index=False, escape=True)}"


def _family(kind: type[Kept]) -> list[type[Kept]]:
    """Return a class and those derived from it."""
    return [kind, *(found for child in kind.__subclasses__() for found in _family(child))]


def _written(given: Any) -> Any:
    """Return a value of a result as JSON writes it, with what it takes to read it back as it was."""
    if isinstance(given, np.ndarray):
        return {"dtype": given.dtype.str, "shape": given.shape, "entries": [_entry(one) for one in given.ravel().tolist()]}
    if is_dataclass(given):
        return {
            "kind": type(given).__name__,
            "fields": {field.name: _written(getattr(given, field.name)) for field in fields(given)},
        }
    if isinstance(given, tuple):
        return {"tuple": [_written(part) for part in given]}
    if isinstance(given, np.generic):
        return _written(given.item())
    if isinstance(given, float) and not isfinite(given):
        return {"float": str(given)}
    return given


def _entry(one: Any) -> Any:
    return str(one) if isinstance(one, float) and not isfinite(one) else one


def _checked(given: Any, cls: type[Kept]) -> Any:
    if not isinstance(given, dict) or "format" not in given:
        raise ValueError("it has no number of a format")
    if given["format"] != FORMAT:
        raise ValueError(f"it is of format {given['format']!r}; this version of nearclifford reads {FORMAT}")
    kinds = [kind.__name__ for kind in _family(cls)]
    if given.get("kind") not in kinds:
        raise ValueError(f"it holds {given.get('kind')!r}; expected {' or '.join(kinds)}")
    return given


def _record(given: dict[str, Any], known: dict[str, type]) -> Any:
    if given["kind"] not in known:
        raise ValueError(f"it holds a record {given['kind']!r}; expected one of {', '.join(known)}")
    kind, parts = known[given["kind"]], given["fields"]
    names = [field.name for field in fields(kind)]
    if not isinstance(parts, dict) or set(parts) != set(names):
        wrong = set(parts) ^ set(names)
        raise ValueError(f"the fields of its {kind.__name__} are not those of this version: {', '.join(sorted(wrong))}")
    found = {name: _read(parts[name], known) for name in names}
    for field in fields(kind):
        if not _fits(found[field.name], str(field.type)):
            raise ValueError(f"{field.name} of its {kind.__name__} is {printable(repr(found[field.name]), 60)}")
    return kind(**found)


def _fits(value: Any, annotation: str) -> bool:
    """Return whether a value is one of a field's types; those that are no plain numbers, texts or arrays are not judged."""
    named = annotation.split(" | ")
    if not set(named) <= set(PLAIN):
        return True
    if isinstance(value, np.ndarray):
        return any(PLAIN[name] == value.dtype.kind for name in named)
    return any(type(value) in PLAIN[name] for name in named if not isinstance(PLAIN[name], str))


def _read(given: Any, known: dict[str, type]) -> Any:
    if not isinstance(given, dict):
        if isinstance(given, list):
            raise ValueError("it holds a list where a number, a text or a record was expected")
        return given
    if "kind" in given:
        return _record(given, known)
    if "tuple" in given:
        return tuple(_read(part, known) for part in given["tuple"])
    if "float" in given:
        return NOT_FINITE[given["float"]]
    return _array(given)


def _array(given: dict[str, Any]) -> Any:
    dtype, entries = np.dtype(given["dtype"]), given["entries"]
    if dtype.kind not in ENTRIES:
        raise ValueError(f"it holds an array of dtype {dtype}; expected numbers or truth values")
    if not all(type(one) in ENTRIES[dtype.kind] for one in entries):
        raise ValueError(f"an array of dtype {dtype} holds something else")
    if dtype.kind == "f":
        entries = [NOT_FINITE[one] if isinstance(one, str) else one for one in entries]
    return np.array(entries, dtype).reshape(given["shape"])
