"""Rounds of thetas that a device measures, until their number, their error or the time ends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.devices.expectations import DeviceRun
from nearclifford.errors import DeviceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.budget import Budget

# Thetas of the first round where samples are "auto".
FIRST_ROUND = 16


@dataclass(frozen=True)
class Sampling:
    """What to do with thetas: measure them, in chunks, and make statistics of all; what "auto" looks at.

    ``progress`` tells from measurements and squared errors one number for each theta, whose mean is to be known; ``settled``
    whether that mean is known for certain, however noisy the numbers are.
    """

    chunk: int
    measure: Callable[[Floats, np.random.Generator], tuple[Floats, Floats, DeviceRun]]
    progress: Callable[[Floats, Floats], Floats]
    made: Callable[[Floats, Floats, DeviceRun], Any]
    settled: Callable[[], bool]


def sampled(
    land: Landscape, patch: Patch, budget: Budget, rng: np.random.Generator, plan: Sampling, least: float
) -> tuple[Floats, Floats, DeviceRun]:
    """Return measurements at thetas from the patch, their squared errors and what was run, until the budget ends.

    A mean up to ``least`` is the rounding of zero.
    """
    [noise] = rng.spawn(1)
    parts: list[tuple[Floats, Floats, DeviceRun]] = []
    count, total, error = 0, 0.0, 0.0
    while (more := budget.next_round(count, total, error, least)) > 0:
        first = budget.samples is None and count == 0
        more = min(more, FIRST_ROUND) if first else more
        for start in range(0, more, plan.chunk):
            theta = land.center + patch.sample((min(plan.chunk, more - start), land.n_parameters), rng=rng)
            try:
                parts.append(plan.measure(theta, noise))
            except DeviceError as failure:
                finished = _joined(parts) if sum(len(part[0]) for part in parts) > 1 else None
                failure.statistics = plan.made(*finished) if finished else None
                raise
        count += more
        square = plan.progress(*_joined(parts)[:2])
        total, error = float(square.mean()), float(square.std(ddof=1)) / np.sqrt(count)
        if first and error > budget.rel_error * abs(total) and plan.settled():
            break
    return _joined(parts)


def _joined(parts: list[tuple[Floats, Floats, DeviceRun]]) -> tuple[Floats, Floats, DeviceRun]:
    run = parts[0][2]
    for part in parts[1:]:
        run += part[2]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]), run
