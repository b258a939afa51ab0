"""Entries of a study's file: each is declared in one place, with its check and its default."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import MISSING, field, fields
from typing import Any

from nearclifford.arguments import LARGEST_COUNT, integer, one_of, shown
from nearclifford.errors import NearCliffordError

# (value, name) to the value in its one spelling; it raises `NearCliffordError`, which names it, for any other.
Check = Callable[[Any, str], Any]


def setting(check: Check, default: Any = MISSING) -> Any:
    """Return the field of a frozen dataclass that is checked when a record is made, by `settle`."""
    return field(default=default, metadata={"check": check})


def settle(record: Any) -> None:
    """Replace each setting of a frozen record by its one spelling; call it in ``__post_init__``."""
    for entry in fields(record):
        if "check" in entry.metadata:
            object.__setattr__(record, entry.name, entry.metadata["check"](getattr(record, entry.name), entry.name))


def at_least(least: int, most: int = LARGEST_COUNT) -> Check:
    """Return the check of an integer."""
    return lambda value, name: integer(value, name, least, most=most)


def named(known: Collection[str]) -> Check:
    """Return the check of a name that is known."""
    return lambda value, name: one_of(value, name, known)


def each(check: Check) -> Check:
    """Return the check of a list: each entry in its one spelling and named once.

    >>> each(at_least(1))([2, 4, 2], "qubits")
    (2, 4)
    """

    def checked(values: object, name: str) -> tuple[Any, ...]:
        if not isinstance(values, list | tuple) or not values:
            raise NearCliffordError(f"{name} is {shown(values)}; expected a list of at least one entry.")
        return tuple(dict.fromkeys(check(entry, f"an entry of {name}") for entry in values))

    return checked
