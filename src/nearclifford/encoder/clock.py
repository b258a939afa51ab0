"""The time that a search may take, and what it tells meanwhile."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from nearclifford.errors import IncompleteSearchWarning

Item = TypeVar("Item")


@dataclass(frozen=True)
class Clock:
    """A limit of seconds, the end of them by the monotonic clock, and whether a bar is shown."""

    limit: float
    deadline: float
    progress: bool

    def is_over(self) -> bool:
        """Return whether the seconds are spent."""
        return time.monotonic() > self.deadline

    def bar(self, items: Iterable[Item], name: str, total: int) -> Iterable[Item]:
        """Return the same items with a bar on standard error after two seconds."""
        from tqdm import tqdm

        return tqdm(items, desc=name, total=total, delay=2.0, disable=not self.progress)

    def warn_if_incomplete(self, judged: int, total: int, name: str, below: int = 0) -> None:
        """Warn where the seconds did not last for all; ``below``: how many calls beneath `search_encoder` this is asked."""
        if judged < total:
            warnings.warn(
                f"search_encoder judged {judged:,} of {total:,} {name} in max_seconds = {self.limit:g}; the encoding is the "
                "best of those. Give it more seconds, or choose fewer candidates by terms= and parameters=.",
                IncompleteSearchWarning,
                stacklevel=3 + below,
            )
