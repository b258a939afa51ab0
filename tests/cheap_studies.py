"""A study whose points cost nothing: tests and benchmarks of what is around them. Workers import it by its name."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearclifford.studies.draws import Draws
from nearclifford.studies.plan import Plan
from nearclifford.studies.results import StudyResults
from nearclifford.studies.runner import Running, run_plan
from nearclifford.studies.store import Store
from nearclifford.studies.study import results_in
from nearclifford.studies.unit import Unit, hash_of


@dataclass(frozen=True)
class CheapUnit(Unit):
    """A number; its draws are two numbers that follow from its hash."""

    experiment: ClassVar[str] = "cheap"

    number: int

    @cached_property
    def identity(self) -> str:
        return hash_of({"cheap": self.number})

    @property
    def draws(self) -> range:
        return range(2)

    @property
    def predicted_seconds(self) -> float:
        return 0.001

    def record(self) -> dict[str, Any]:
        return {"number": self.number}


@dataclass(frozen=True)
class CheapPlan(Plan):
    """So many units, so many in a bundle, each of which sleeps; ``log`` is a file that gets a line for each measurement.

    ``poison`` are the numbers that end the process that measures them, ``broken`` those that end in an error.
    """

    kind: ClassVar[str] = "cheap"

    count: int
    together: int = 1
    seconds: float = 0.0
    log: Path | None = None
    poison: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()

    @property
    def asked(self) -> dict[str, Any]:
        return {"count": self.count, "title": self.title}

    title = "Cheap"
    seed = 0

    def units(self) -> list[Unit]:
        return [CheapUnit(number) for number in range(self.count)]

    def bundles(self, units):
        units = list(units)
        return [units[first : first + self.together] for first in range(0, len(units), self.together)]

    @property
    def measure(self):
        return partial(measure, self.seconds, self.log, self.poison, self.broken)

    columns: ClassVar[dict[str, str]] = {"number": "which", "norm": "mean of its draws"}
    axes: ClassVar[tuple[str, ...]] = ("number",)

    def frame(self, store):
        import pandas as pd

        found = ((unit, store.load(unit)) for unit in self.units())
        rows = [(unit.number, draws["norm"].mean()) for unit, draws in found if draws is not None]
        return pd.DataFrame(rows, columns=list(self.columns))

    def text(self, frame, tables):
        return frame.to_string()

    def save_figures(self, results, directory, made_by):
        return []


def reopened(store: Store, study: str, asked: dict[str, Any]) -> CheapPlan:
    """Return the plan that a store knows."""
    return CheapPlan(asked["count"])


def measure(seconds: float, log: Path | None, poison: Sequence[int], broken: Sequence[int], units: Sequence[Unit]):
    """Return two numbers for each unit, after so many seconds for each."""
    found = []
    for unit in units:
        if log is not None:
            with log.open("a") as stream:
                stream.write(f"{unit.number} {os.getpid()}\n")
        time.sleep(seconds)
        if unit.number in poison:
            os._exit(1)
        if unit.number in broken:
            raise ZeroDivisionError("it is broken")
        digest = hashlib.sha256(str(unit.number).encode()).digest()
        found.append(Draws(np.arange(2), {"norm": np.frombuffer(digest[:8], dtype=np.uint32) / 2.0**32}))
    return found


def run(plan: Plan, out: Path, **how: Any) -> StudyResults:
    """Run a plan as `Study.run` does."""
    with Store(out) as store:
        run_plan(plan, store, Running(progress=False, **how))
        results = results_in(plan, store, Path(out))
    results.save_tables()
    return results
