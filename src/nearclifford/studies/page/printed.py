"""How the columns of a table are printed: numbers of one column alike, each with its full value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

# Digits of the largest number of a column, and the fewest of any.
DIGITS, LEAST_DIGITS = 4, 2
# The numbers of decimals, and the sizes, that are read at a glance.
MOST_DECIMALS = 6
LARGEST = 1e6
MISSING = "\N{EN DASH}"


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table is empty.

    >>> [is_missing(value) for value in (None, float("nan"), 0.0, "", [])]
    [True, True, False, False, False]
    """
    return value is None or bool(isinstance(value, Real) and value != value) or type(value).__name__ in ("NAType", "NaTType")


def is_number(value: Any) -> bool:
    """Return whether a cell holds a number; a truth value is none."""
    return isinstance(value, Real) and type(value).__name__ != "bool"


def are_numbers(values: Sequence[Any]) -> bool:
    """Return whether a column holds numbers, and nothing else but empty cells.

    >>> are_numbers([1, None, 2.5]), are_numbers([1, "N"]), are_numbers([None]), are_numbers([True])
    (True, False, False, False)
    """
    seen = [value for value in values if not is_missing(value)]
    return bool(seen) and all(map(is_number, seen))


def printed_numbers(values: Sequence[Any]) -> list[str]:
    """Return the numbers of one column as they are read: with as many decimals each, or as powers of ten.

    >>> printed_numbers([1.63049, 0.0412, None]), printed_numbers([2, 10.0]), printed_numbers([0.5, 1.2e-9, 0.0])
    (['1.630', '0.041', '–'], ['2', '10'], ['5.000e-01', '1.200e-09', '0'])
    """
    finite = [abs(float(value)) for value in values if not is_missing(value) and math.isfinite(value)]
    if all(size.is_integer() and size < 2**53 for size in finite):
        return [_special(value) or str(int(value)) for value in values]
    decimals = _decimals([size for size in finite if size > 0])
    shown = f".{DIGITS - 1}e" if decimals is None else f".{decimals}f"
    return [_special(value) or ("0" if value == 0 else f"{float(value):{shown}}") for value in values]


def full(value: Any) -> str:
    """Return a number to the last bit.

    >>> full(0.1), full(3.0)
    ('0.1', '3.0')
    """
    return repr(value.item() if hasattr(value, "item") else value)


def _special(value: Any) -> str:
    if is_missing(value):
        return MISSING
    return "" if math.isfinite(value) else ("∞" if value > 0 else "-∞")


def _decimals(sizes: list[float]) -> int | None:
    """Return how many decimals give the largest and the smallest of positive numbers enough digits; None for too many."""
    largest, least = max(sizes), min(sizes)
    needed = max(DIGITS - 1 - math.floor(math.log10(largest)), LEAST_DIGITS - 1 - math.floor(math.log10(least)), 0)
    return needed if needed <= MOST_DECIMALS and largest < LARGEST else None
