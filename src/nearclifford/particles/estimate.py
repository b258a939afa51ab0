"""Estimates of one chain: which end the particles start from, populations of two sizes, and checks by other guides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nearclifford.particles.course import Course, Strings
from nearclifford.particles.found import Found, Populations
from nearclifford.particles.guide import Guide, OutOfTimeError, Worth, guide_of
from nearclifford.particles.layers import Layers, Weights
from nearclifford.particles.population import walk

End = Literal["state", "observable"]
ENDS: tuple[End, End] = ("state", "observable")


@dataclass(frozen=True)
class Settings:
    """How particles walk: the bond of the guides, the end that guides are evolved from, and how many populations."""

    bond: int
    guide: Literal["auto", "state", "observable"]
    populations: int


class Courses:
    """The courses of a chain and their guides, for the loss and for derivatives: what they share is evolved once."""

    def __init__(self, layers: Layers, weights: Weights, strings: Strings) -> None:
        self.layers, self.weights, self.strings = layers, weights, strings
        self.worths: dict[tuple[End, int], Sequence[Worth]] = {}

    def of(self, end: End, rotation: int, bond: int, ends: float = math.inf) -> tuple[Course, Guide]:
        """Return the course that a guide from an end leads, with the guide; ``rotation`` derives, or -1 for the loss.

        Raises `nearclifford.particles.guide.OutOfTimeError` where the guide is not made by ``ends``.
        """
        loss = self._course(end, self.weights)
        if rotation < 0:
            return loss, guide_of(loss, bond, ends=ends)
        if (end, bond) not in self.worths:
            self.worths[end, bond] = guide_of(loss, bond, ends=ends).worths
        derived = self._course(end, self.weights.derived(rotation))
        layer, n_layers = self.layers.place_of[rotation], len(self.layers.steps)
        # Steps after that of the rotation are those of the loss, and the worths after it are too.
        step = n_layers - 1 - layer if end == "state" else layer
        return derived, guide_of(derived, bond, self.worths[end, bond][step:], ends)

    def _course(self, end: End, weights: Weights) -> Course:
        # A guide from one end leads particles that start at the other.
        make = Course.from_observable if end == "state" else Course.from_state
        return make(self.layers, weights, self.strings)


class Estimate:
    """One chain and one question: round after round of populations, by the guide that a pilot run has chosen."""

    def __init__(self, courses: Courses, rotation: int, settings: Settings) -> None:
        self.courses, self.rotation, self.settings = courses, rotation, settings
        self.led: tuple[Course, Guide] | None = None

    def run(self, size: int, rng: np.random.Generator, ends: float = math.inf) -> Found:
        """Return what populations of a size and of twice the size find; the first time checks come with it.

        Where the guides are not made by ``ends``, as `time.monotonic` counts, that is nothing.
        """
        checks: tuple[Populations, ...] = ()
        count = self.settings.populations
        if self.led is None:
            try:
                self.led, checks = self._pilot(size, rng, ends)
            except OutOfTimeError:
                return Found.nothing(count, size)
        course, guide = self.led
        logs = walk(course, guide, (size,) * count + (2 * size,) * count, rng)
        return Found(Populations.of(logs[:count], size), Populations.of(logs[count:], 2 * size), checks)

    def _pilot(
        self, size: int, rng: np.random.Generator, clock: float
    ) -> tuple[tuple[Course, Guide], tuple[Populations, ...]]:
        """Try the guides from both ends, and that of half the bond; none of their populations counts for the estimate."""
        bond, chosen = self.settings.bond, self.settings.guide
        ends = ENDS if chosen == "auto" else (chosen,)
        led = {end: self.courses.of(end, self.rotation, bond, clock) for end in ends}
        tried = {end: self._populations(*led[end], size, rng) for end in ends}
        best = better(tried["state"], tried["observable"]) if chosen == "auto" else 0
        checks = tuple(found for end, found in tried.items() if end != ends[best])
        smaller = self.courses.of(ends[best], self.rotation, max(1, bond // 2), clock)
        return led[ends[best]], (*checks, self._populations(*smaller, size, rng))

    def _populations(self, course: Course, guide: Guide, size: int, rng: np.random.Generator) -> Populations:
        return Populations.of(walk(course, guide, (size,) * self.settings.populations, rng), size)


def better(one: Populations, other: Populations) -> int:
    """Return which of two estimates to go on with, 0 or 1.

    Where they agree that is the one with the smaller error. Where they do not, it is the larger: both are unbiased and never
    negative, so that by Markov's inequality an estimate of k times the true value has a chance of 1 / k at most, while one
    that is far too low may be likely.
    """
    if one.agrees_with(other) and one.value > 0.0 and other.value > 0.0:
        return 0 if one.error / one.value <= other.error / other.value else 1
    return 0 if one.value >= other.value else 1
