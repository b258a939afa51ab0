"""The rows that keep a point's draws in the file, and how damage to them is found."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from nearclifford.studies.draws import Draws
from nearclifford.studies.unit import Unit

# (name, draw, value), and (name, text)
Row = tuple[str, int, float | None]
Note = tuple[str, str]


def rows_of(draws: Draws) -> list[Row]:
    """Return the rows of a point's draws, in the order of their primary key; SQLite keeps NaN as NULL.

    >>> rows_of(Draws.of([1, 0], [{"norm": 2.0}, {"norm": math.nan}]))
    [('norm', 0, None), ('norm', 1, 2.0)]
    """
    return sorted(
        (name, draw, None if math.isnan(value) else value)
        for name, values in draws.numbers.items()
        for draw, value in zip(draws.draw.tolist(), values.tolist(), strict=True)
    )


def notes_of(draws: Draws) -> list[Note]:
    """Return the words that belong to a point's draws, by name."""
    return sorted(draws.notes.items())


def draws_of(rows: Sequence[Row], notes: Sequence[Note] = ()) -> Draws:
    """Return the draws of rows in that order, None as NaN."""
    by_name = {name: list(group) for name, group in groupby(rows, key=lambda row: row[0])}
    numbers = {name: np.array([row[2] for row in group], dtype=np.float64) for name, group in by_name.items()}
    return Draws(np.array([row[1] for row in next(iter(by_name.values()))]), numbers, dict(notes))


def checksum(identity: str, rows: Sequence[Row], notes: Sequence[Note] = ()) -> str:
    """Return the SHA-256 of a point's rows, to the last bit of their numbers."""
    return hashlib.sha256(json.dumps([identity, rows, *([notes] if notes else [])]).encode()).hexdigest()


def intact(rows: Sequence[Row], notes: Sequence[Note], unit: Unit, known: object) -> bool:
    """Return whether rows are what was written: by the checksum that is known, or by kinds and draws if none is."""
    kinds = all(
        isinstance(name, str) and isinstance(draw, int) and isinstance(value, float | None) for name, draw, value in rows
    )
    if known is not None:
        return kinds and checksum(unit.identity, rows, notes) == known
    groups = (list(group) for _, group in groupby(rows, key=lambda row: row[0]))
    return kinds and bool(rows) and all([row[1] for row in group] == list(unit.draws) for group in groups)
