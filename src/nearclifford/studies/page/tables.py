"""Tables of a page: numbers in columns, what the columns hold, and no more rows than a reader scrolls through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearclifford.studies.page.elements import Html, element, joined
from nearclifford.studies.page.printed import MISSING, are_numbers, full, is_missing, printed_numbers

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 500
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Column:
    """A column as a page shows it: its name, what it holds, its cells, and whether they are numbers."""

    name: str
    meaning: str
    cells: tuple[Any, ...]

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return are_numbers(self.cells)

    @property
    def constant(self) -> bool:
        """Whether all cells are the same, or all are empty."""
        missing = [is_missing(cell) for cell in self.cells]
        return all(missing) or (not any(missing) and all(cell == self.cells[0] for cell in self.cells))

    def printed(self) -> list[Html]:
        """Return the cells as HTML; the full value of a number is in its title."""
        if not self.numeric:
            return [element("td", MISSING if is_missing(cell) else _words(cell)) for cell in self.cells]
        shown = printed_numbers(self.cells)
        return [_number(text, cell) for text, cell in zip(shown, self.cells, strict=True)]


def table_html(frame: pd.DataFrame, meanings: Mapping[str, str], label: str, file: str) -> Html:
    """Return a table with what is the same in all rows above it, and what its columns hold below.

    Parameters
    ----------
    frame : the table. Rows after `MOST_ROWS` and columns after `MOST_COLUMNS` are left out, which a note says.
    meanings : what columns hold, by name.
    label : what a screen reader calls it; file : the CSV file that has all of it.
    """
    if frame.empty:
        return element("p", "It has no rows.", class_="note")
    rows, names = frame.iloc[:MOST_ROWS], list(frame.columns)[:MOST_COLUMNS]
    whole = [Column(str(name), meanings.get(str(name), ""), tuple(frame[name].tolist())) for name in names]
    columns = [column for column in whole if not column.constant] or whole
    same = [column for column in whole if column not in columns] if len(frame) > 1 else []
    columns = columns if len(frame) > 1 else whole
    cut = [Column(column.name, column.meaning, column.cells[: len(rows)]) for column in columns]
    parts = [_same(same), _note(frame, file), _box(cut, label), _legend([*columns, *same])]
    return joined(*filter(None, parts), between="\n")


def _box(columns: Sequence[Column], label: str) -> Html:
    heads = [
        element("th", _breakable(one.name), scope="col", title=one.meaning or None, class_="n" if one.numeric else None)
        for one in columns
    ]
    lines = zip(*(one.printed() for one in columns), strict=True)
    body = joined(*(element("tr", *cells) for cells in lines), between="\n")
    table = element("table", element("thead", element("tr", *heads)), "\n", element("tbody", body), class_="sortable")
    return element("div", table, class_="scroll", role="region", aria_label=label, tabindex="0")


def _number(text: str, value: Any) -> Html:
    exact = "" if is_missing(value) else full(value)
    return element("td", text, class_="n", title=exact if exact not in ("", text) else None)


def _words(cell: Any) -> str:
    return {"True": "yes", "False": "no"}[str(cell)] if type(cell).__name__ in ("bool", "bool_") else str(cell)


def _breakable(name: str) -> Html:
    return joined(*name.split("_"), between="_<wbr>")


def _same(columns: Sequence[Column]) -> Html | None:
    """Return what all rows have in common."""
    if not columns:
        return None
    empty = [element("code", one.name) for one in columns if is_missing(one.cells[0])]
    equal = [
        joined(element("code", one.name), " ", printed_numbers(one.cells[:1])[0] if one.numeric else _words(one.cells[0]))
        for one in columns
        if not is_missing(one.cells[0])
    ]
    said = [
        joined(f"{words} ", joined(*found, between=", "), ". ")
        for words, found in (("In all rows:", equal), ("Empty in all rows:", empty))
        if found
    ]
    return element("p", *said, class_="note")


def _note(frame: pd.DataFrame, file: str) -> Html | None:
    """Return what was left out, and where it is."""
    left = [
        f"{most} of {n:,} {what}"
        for n, most, what in zip(frame.shape, (MOST_ROWS, MOST_COLUMNS), ("rows", "columns"), strict=True)
        if n > most
    ]
    if not left:
        return None
    return element("p", f"The first {' and '.join(left)}; all are in ", element("code", file), ".", class_="note")


def _legend(columns: Sequence[Column]) -> Html | None:
    known = [one for one in columns if one.meaning]
    if not known:
        return None
    entries = (joined(element("dt", element("code", one.name)), element("dd", one.meaning)) for one in known)
    return element("details", element("summary", "What the columns hold"), element("dl", joined(*entries, between="\n")))
