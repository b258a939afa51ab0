"""Checks of single entries of a study's file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from nearclifford.arguments import LARGEST_COUNT, shown
from nearclifford.errors import NearCliffordError


def one_of(name: str, given: object, known: Collection[str]) -> str:
    """Return a name that is known; `NearCliffordError` for any other."""
    if not isinstance(given, str) or given not in known:
        raise NearCliffordError(f"{name} names {shown(given)}; expected one of {', '.join(known)}.")
    return given


def integer(name: str, given: object, least: int, most: int = LARGEST_COUNT) -> int:
    """Return an integer that is neither too small nor too large; `NearCliffordError` for anything else."""
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise NearCliffordError(f"{name} holds {shown(given)}; expected an integer of at least {least}.")
    if given > most:
        raise NearCliffordError(f"{name} holds {shown(given)}; expected an integer of at most {most}.")
    return given


def boolean(name: str, given: object) -> bool:
    """Return a truth value; `NearCliffordError` for anything else."""
    if not isinstance(given, bool):
        raise NearCliffordError(f"{name} is {shown(given)}; expected true or false.")
    return given


def entries(name: str, given: object, canonical: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the entries of a list, each in its one spelling and named once; `NearCliffordError` for no list or none."""
    if not isinstance(given, list | tuple) or not given:
        raise NearCliffordError(f"{name} is {shown(given)}; expected a list of at least one entry.")
    return tuple(dict.fromkeys(canonical(entry) for entry in given))


def fraction(name: str, given: object) -> float:
    """Return a number between 0 and 1; `NearCliffordError` for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < 1:
        raise NearCliffordError(f"{name} holds {shown(given)}; expected a number between 0 and 1.")
    return float(given)
