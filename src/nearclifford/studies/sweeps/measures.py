"""What a sweep measures at each task: moments of the loss and of its gradient, or a function of one's own."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from nearclifford.arguments import integer, one_of, positive, shown
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Backend
from nearclifford.statistics.results import GradientStatistics, LossStatistics
from nearclifford.statistics.verbs import Samples, gradient_statistics, loss_statistics
from nearclifford.studies.sweeps.fingerprint import of_function

# What is measured, and what tables and figures call it.
QUANTITIES = {"second_moment": "E[L²]", "variance": "Var L", "squared_norm": "E‖∇L‖²"}
OF_LOSS = ("second_moment", "variance")
# Of both ends of a 95 % interval of a normal distribution, in standard deviations.
TWO_SIDED = 1.959963984540054

Numbers = Mapping[str, float]
Own = Callable[[Landscape, Patch, np.random.Generator], Numbers]


class Measure(ABC):
    """What is measured at a task."""

    @property
    @abstractmethod
    def told(self) -> dict[str, Any]:
        """All that determines the numbers besides the task, as plain Python for JSON."""

    @abstractmethod
    def take(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, str]]:
        """Return numbers and words by name."""

    @property
    @abstractmethod
    def columns(self) -> dict[str, str]:
        """The columns that are known before anything is measured, and what they hold."""

    @property
    @abstractmethod
    def quantities(self) -> dict[str, str]:
        """The columns that figures show, and what they are called."""


@dataclass(frozen=True)
class Moments(Measure):
    """Moments over the patch by `loss_statistics` and `gradient_statistics`.

    Attributes
    ----------
    names : keys of `QUANTITIES`.
    backend, samples, rel_error, max_seconds : as for `nearclifford.gradient_statistics`. Where the time ends the sampling,
        which the number of samples tells, numbers depend on the machine.

    >>> import nearclifford as nc
    >>> numbers, words = Moments(("variance",)).take(nc.Landscape(nc.ansatz.mhea(2, 1), "ZZ"), nc.Gaussian(0.1), None)
    >>> list(numbers)[:4], words
    (['variance', 'variance_error', 'variance_low', 'variance_high'], {'loss_method': 'exact'})
    """

    names: tuple[str, ...] = ("squared_norm", "variance")
    backend: Backend | str = "auto"
    samples: Samples = "auto"
    rel_error: float = 0.05
    max_seconds: float = 60.0
    ends: ClassVar[Mapping[str, str]] = {
        "error": "its standard error",
        "low": "lower end of its 95 % interval",
        "high": "upper end of its 95 % interval",
        "resolved": "1 where it is at least twice its error, or zero for certain",
    }

    def __post_init__(self) -> None:
        if self.samples != "auto":
            integer(self.samples, "samples", 2, otherwise=", or 'auto'")
        positive(self.rel_error, "rel_error", 0.05)
        positive(self.max_seconds, "max_seconds", 60.0)

    @property
    def told(self) -> dict[str, Any]:
        """The names and the settings; a backend by its repr."""
        settings = {"samples": self.samples, "rel_error": self.rel_error, "max_seconds": self.max_seconds}
        backend = self.backend if isinstance(self.backend, str) else repr(self.backend)
        return {"measure": list(self.names), "backend": backend, **settings}

    def take(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, str]]:
        """Return each moment with error, interval and whether it is resolved; method and number of samples of each verb."""
        numbers: dict[str, float] = {}
        words: dict[str, str] = {}
        how: dict[str, Any] = {"samples": self.samples, "rng": rng}
        how |= {"rel_error": self.rel_error, "max_seconds": self.max_seconds}
        if set(self.names) & set(OF_LOSS):
            loss = loss_statistics(land, patch, self.backend, **how)  # type: ignore[arg-type]
            numbers |= {name: number for kind in OF_LOSS if kind in self.names for name, number in _of_loss(loss, kind)}
            numbers["loss_samples"], words["loss_method"] = loss.samples, loss.method
        if "squared_norm" in self.names:
            slope = gradient_statistics(land, patch, self.backend, **how)  # type: ignore[arg-type]
            numbers |= _of_gradient(slope)
            numbers["gradient_samples"], words["gradient_method"] = slope.samples, slope.method
        return numbers, words

    @property
    def columns(self) -> dict[str, str]:
        """Each quantity with what belongs to it."""
        found: dict[str, str] = {}
        for name in self.names:
            found |= {name: f"{QUANTITIES[name]} over the patch"}
            found |= {f"{name}_{end}": meaning for end, meaning in self.ends.items()}
        for verb, used in (("loss", bool(set(self.names) & set(OF_LOSS))), ("gradient", "squared_norm" in self.names)):
            if used:
                found |= {
                    f"{verb}_samples": "number of samples; 0 where nothing was sampled",
                    f"{verb}_method": "the method",
                }
        return found

    @property
    def quantities(self) -> dict[str, str]:
        """The moments that were asked for."""
        return {name: QUANTITIES[name] for name in self.names}


def _of_loss(found: LossStatistics, kind: str) -> list[tuple[str, float]]:
    if kind == "variance":
        return list(_spread(kind, found.variance, found.variance_error, found.variance_resolved))
    low, high = found.interval()
    numbers = (found.second_moment, found.second_moment_error, low, high, found.resolved)
    return [(name, float(number)) for name, number in zip(_names(kind), numbers, strict=True)]


def _of_gradient(found: GradientStatistics) -> dict[str, float]:
    square, error = found.norm_squared, found.norm_squared_error
    if square is None or error is None:
        return dict.fromkeys(_names("squared_norm"), math.nan)
    return dict(_spread("squared_norm", square, error, error <= square / 2))


def _names(kind: str) -> list[str]:
    return [kind, *(f"{kind}_{end}" for end in Moments.ends)]


def _spread(kind: str, value: float, error: float, resolved: bool) -> list[tuple[str, float]]:
    low, high = max(0.0, value - TWO_SIDED * error), value + TWO_SIDED * error
    return [(name, float(number)) for name, number in zip(_names(kind), (value, error, low, high, resolved), strict=True)]


@dataclass(frozen=True)
class OwnMeasure(Measure):
    """A function of a landscape, a patch and a generator that returns numbers by name, the same names at every task."""

    function: Own = field(repr=True)

    @property
    def told(self) -> dict[str, Any]:
        """The function's name, and the hash of its source."""
        return {"measure": of_function(self.function)}

    def take(self, land: Landscape, patch: Patch, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, str]]:
        """Return what the function returns; `NearCliffordError` unless these are numbers by name."""
        found = self.function(land, patch, rng)
        if not isinstance(found, Mapping) or not found or not all(isinstance(name, str) for name in found):
            raise NearCliffordError(
                f"{self.told['measure'].partition('#')[0]} returned {shown(found)}; expected numbers by name, such as "
                '{"loss": 0.5}.'
            )
        try:
            return {name: float(number) for name, number in found.items()}, {}
        except (TypeError, ValueError) as error:
            raise NearCliffordError(
                f"{self.told['measure'].partition('#')[0]} returned {shown(dict(found))}; expected real numbers."
            ) from error

    @property
    def columns(self) -> dict[str, str]:
        """None are known before."""
        return {}

    @property
    def quantities(self) -> dict[str, str]:
        """None are known before."""
        return {}


def measure_of(given: object, **settings: Any) -> Measure:
    """Return what a sweep measures: names out of `QUANTITIES`, or a function; `NearCliffordError` for anything else.

    >>> measure_of("variance").told["measure"]
    ['variance']
    """
    if callable(given):
        return OwnMeasure(given)
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not names:
        raise NearCliffordError(
            f"measure is {shown(given)}; expected names out of {', '.join(map(repr, QUANTITIES))}, or a function of a "
            "landscape, a patch and a generator that returns numbers by name."
        )
    return Moments(tuple(dict.fromkeys(one_of(name, "an entry of measure", QUANTITIES) for name in names)), **settings)
