"""Plans: what a study measures and how it is told, whether its circuits come from a file's lists or from a program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from nearclifford.studies.draws import Draws
from nearclifford.studies.unit import Unit, hash_of

if TYPE_CHECKING:
    import pandas as pd

    from nearclifford.studies.results import StudyResults
    from nearclifford.studies.store import Store


class Plan(ABC):
    """What is measured, in which pieces, and what table, text and figures are made of it.

    Runner, store, shards, reports and the command line know a plan, and not where its circuits come from.

    Attributes
    ----------
    kind : how a file of results names the way in which the study was given.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def title(self) -> str:
        """One line for the reader."""

    @property
    @abstractmethod
    def seed(self) -> int:
        """The seed of all of it."""

    @property
    @abstractmethod
    def asked(self) -> dict[str, Any]:
        """What the study asks for, as plain Python for JSON: the entries of its file."""

    @property
    def identity(self) -> str:
        """SHA-256 of what is asked for; the title plays no part."""
        return hash_of({"kind": self.kind} | {name: value for name, value in self.asked.items() if name != "title"})

    @abstractmethod
    def units(self) -> list[Unit]:
        """Return every unit once, in the order in which they are best measured."""

    @abstractmethod
    def bundles(self, units: Iterable[Unit]) -> list[list[Unit]]:
        """Return units in groups that are measured together, in the order of their first."""

    @property
    @abstractmethod
    def measure(self) -> Callable[[Sequence[Unit]], list[Draws]]:
        """What measures the units of one bundle; it goes to other processes by pickle."""

    @property
    def stored_rows(self) -> Iterable[tuple[str, str]]:
        """What the store has to keep for the table besides the numbers: (identity, JSON) for each row; none by default."""
        return ()

    @property
    @abstractmethod
    def columns(self) -> dict[str, str]:
        """The columns of the table, and what they hold."""

    @property
    @abstractmethod
    def axes(self) -> tuple[str, ...]:
        """The columns that tell the rows of the table apart."""

    @abstractmethod
    def frame(self, store: Store) -> pd.DataFrame:
        """Return the table of what is finished."""

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return further tables that follow from the first, by the name of their file; none unless a subclass has."""
        del frame
        return {}

    @abstractmethod
    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return the tables as text for a reader."""

    @abstractmethod
    def save_figures(self, results: StudyResults, directory: Path, made_by: str) -> list[Path]:
        """Draw the figures as PNG and SVG, with a line below each that says how it was made; return the paths."""
