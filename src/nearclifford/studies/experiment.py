"""What a study measures: an experiment is one file in `nearclifford.studies.experiments` and one row of its table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from nearclifford.studies.draws import Draws
from nearclifford.studies.points import Point


@dataclass(frozen=True)
class Axis:
    """A list of the experiment's own that its cells run over, besides those that every study has.

    Attributes
    ----------
    name : of the column in the table, and of the attribute of the experiment's points.
    meaning : what the column holds.
    values : all of them; numbers or texts.
    """

    name: str
    meaning: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Experiment(ABC):
    """What is measured at every point of a study.

    A subclass is a frozen dataclass. Its attributes are the entries of a study's file that it reads besides those of
    `StudySpec`; an entry that it does not have is refused. Those that determine numbers pass through `point` into the
    points, from which alone `measure` may read: so no setting is forgotten in a point's identity.

    Attributes
    ----------
    name : how a study's file names it.
    columns : the columns of its table, after those of every study, and what they hold.
    draws_per_point : how many draws of a cell one worker measures together; few where a draw takes long.
    """

    name: ClassVar[str]
    columns: ClassVar[Mapping[str, str]]
    draws_per_point: ClassVar[int] = 25

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The experiment's own axes; none unless a subclass says so."""
        return ()

    @abstractmethod
    def point(self, **fields: Any) -> Point:
        """Return the point with these attributes: those of `Point`, and one value for each axis."""

    @staticmethod
    @abstractmethod
    def measure(points: Sequence[Point]) -> list[Draws]:
        """Return the draws of points that differ in σ and on the experiment's axes alone, and so share their problems."""

    @staticmethod
    @abstractmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return what the experiment's columns hold for the draws of one cell."""

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return further tables that follow from a study's table, by the name of their file; none unless a subclass has."""
        del frame
        return {}

    @abstractmethod
    def report(self, frame: pd.DataFrame) -> str:
        """Return a study's table as text for a reader."""
