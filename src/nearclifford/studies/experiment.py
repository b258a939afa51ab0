"""What a study measures: an experiment is one file in `nearclifford.studies.experiments` and one among the figures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from nearclifford.studies.draws import Draws
from nearclifford.studies.points import Point
from nearclifford.studies.settings import settle

if TYPE_CHECKING:
    import pandas as pd

PointKind = TypeVar("PointKind", bound=Point)


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
class Experiment(ABC, Generic[PointKind]):
    """What is measured at every point of a study, and how the table of it is told.

    A subclass is a frozen dataclass. Its attributes, each a `nearclifford.studies.settings.setting`, are the entries of a
    study's file that it reads besides those of `StudySpec`; an entry that it does not have is refused. Those that determine
    numbers are attributes of its points too, and `measure_draw` reads them from there alone: so no setting is forgotten in
    a point's identity.

    Attributes
    ----------
    name : how a study's file names it.
    point_type : the class of its points.
    columns : the columns of its table, after those of every study, and what they hold.
    draws_per_point : how many draws of a cell one worker measures together; few where a draw takes long.

    Examples
    --------
    >>> from nearclifford.studies import EXPERIMENTS
    >>> EXPERIMENTS["noise"](probabilities=[0.01])
    Noise(probabilities=(0.01,), samples=4, backend='auto', chains=4096)
    """

    name: ClassVar[str]
    point_type: ClassVar[type[Point]]
    columns: ClassVar[Mapping[str, str]]
    draws_per_point: ClassVar[int] = 25

    def __post_init__(self) -> None:
        settle(self)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The experiment's own axes; none unless a subclass says so."""
        return ()

    def point(self, **given: Any) -> PointKind:
        """Return the point with these attributes, those of `Point` and one value for each axis, and the settings it has."""
        known = {entry.name for entry in fields(self.point_type)}
        own = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name in known}
        return cast(PointKind, self.point_type(**own | given))

    @classmethod
    def measure(cls, points: Sequence[PointKind]) -> list[Draws]:
        """Return the draws of points that differ in σ and on the experiment's axes alone, and so share their problems."""
        found: list[list[Mapping[str, float]]] = [[] for _ in points]
        for draw in points[0].draws:
            for rows, numbers in zip(found, cls.measure_draw(points, draw), strict=True):
                rows.append(numbers)
        return [Draws.of(points[0].draws, rows) for rows in found]

    @staticmethod
    @abstractmethod
    def measure_draw(points: Sequence[PointKind], draw: int) -> list[dict[str, float]]:
        """Return the numbers of one draw by name, a mapping for each of the points, which are as for `measure`."""

    @staticmethod
    @abstractmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return what the experiment's columns hold for the draws of one cell."""

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return further tables that follow from a study's table, by the name of their file; none unless a subclass has."""
        del frame
        return {}

    @abstractmethod
    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return a study's table, and what `tables` made of it, as text for a reader."""
