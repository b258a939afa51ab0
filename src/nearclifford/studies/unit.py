"""Units: the pieces of work that a study measures and keeps, each known by all that determines its numbers."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

# Measured: a worker that has imported the package and compiled its kernels.
PROCESS_BYTES = 4e8


class Unit(ABC):
    """What is measured by itself, stored as a whole or not at all, and recognised by its identity when a study goes on.

    Attributes
    ----------
    experiment : the name of what is measured.
    """

    experiment: ClassVar[str]

    @property
    @abstractmethod
    def identity(self) -> str:
        """SHA-256, in hexadecimal, of all that determines its numbers."""

    @property
    @abstractmethod
    def draws(self) -> range:
        """The indices of its draws."""

    @property
    @abstractmethod
    def predicted_seconds(self) -> float:
        """Rough cost on one core; the progress bar counts in it."""

    @property
    def predicted_bytes(self) -> float:
        """Rough memory of a process that measures it: of Python and the compiled kernels, unless a class knows more."""
        return PROCESS_BYTES

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """Return what it is, as plain Python for JSON; kept beside its numbers for a reader."""


def hash_of(record: Mapping[str, object]) -> str:
    """Return the SHA-256 over the sorted JSON of a record.

    >>> hash_of({"b": 1, "a": "x"}) == hash_of({"a": "x", "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
