"""Shards: a study in parts that need not know of each other, one for each job of an array."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nearclifford.arguments import shown
from nearclifford.errors import NearCliffordError
from nearclifford.studies.plan import Plan
from nearclifford.studies.unit import Unit

MOST_SHARDS = 10**6


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``, from 1 on.

    >>> Shard.read("3/16")
    Shard(number=3, count=16)
    """

    number: int
    count: int

    def __str__(self) -> str:
        return "" if self.count == 1 else f"{self.number}/{self.count}"

    @classmethod
    def read(cls, given: object) -> Shard:
        """Return the shard of a text; None stands for all of the study. Raises `NearCliffordError` for any other."""
        if given is None:
            return WHOLE
        found = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", given) if isinstance(given, str) else None
        if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST_SHARDS:
            raise NearCliffordError(
                f'shard is {shown(given)}; expected "K/M", part K of M, with 1 <= K <= M, such as "3/16"; or None for all.'
            )
        return cls(int(found[1]), int(found[2]))

    def of(self, plan: Plan) -> list[tuple[int, Unit]]:
        """Return the units of this part, each with its place in the plan.

        What is measured together stays together; bundles, small circuits first, are dealt like cards, so that parts take
        about as long.

        >>> from nearclifford.studies.cell_plan import CellPlan
        >>> from nearclifford.studies.spec import StudySpec
        >>> plan = CellPlan(StudySpec(["mhea"], [2, 3, 4], sigma=["1"], encoder=["none"], draws=5))
        >>> [[place for place, _ in Shard(number, 2).of(plan)] for number in (1, 2)]
        [[0, 2], [1]]
        """
        units = plan.units()
        if self.count == 1:
            return list(enumerate(units))
        mine = {
            unit.identity for bundle in plan.bundles(units)[self.number - 1 :: self.count] for unit in bundle
        }  # fmt: skip
        return [(place, unit) for place, unit in enumerate(units) if unit.identity in mine]


WHOLE = Shard(1, 1)
