"""Points in batches to a device: values, and gradients by the parameter-shift rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.devices.expectations import Device, DeviceRun, Expectations
from nearclifford.devices.shift import ParameterShift
from nearclifford.errors import DeviceError

# Bound angles of one job, in numbers.
MOST_ANGLES = 2**20


def angles_per_job(size: int) -> int:
    """Return how many things of so many angles each are one job.

    >>> angles_per_job(2**30), angles_per_job(2**10)
    (1, 1024)
    """
    return max(1, MOST_ANGLES // max(size, 1))


def measured_values(device: Device, theta: Floats, rng: np.random.Generator) -> Expectations:
    """Return the loss at thetas, shape ``(batch, D)``."""
    angle = device.circuit.angle_map.angles(theta)
    step = angles_per_job(angle.shape[1])
    return _batches(device, (angle[start : start + step] for start in range(0, len(angle), step)), rng)


def measured_gradients(
    device: Device, shift: ParameterShift, theta: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, DeviceRun]:
    """Return gradients and their squared errors, shapes ``(batch, P)``, and what was run."""
    total, step = shift.n_points * len(theta), angles_per_job(shift.angle_map.n_rotations)
    batches = (shift.points(theta, start, min(start + step, total)) for start in range(0, total, step))
    found = _batches(device, batches, rng)
    if not total:
        nothing = np.zeros((len(theta), shift.weight.shape[0]))
        return nothing, nothing, found.run
    return shift.gradient(found.value), shift.square_error(found.square_error), found.run


def _batches(device: Device, batches: Iterator[Floats], rng: np.random.Generator) -> Expectations:
    """Run one batch after another; a failure carries what was measured before it."""
    parts: list[Expectations] = []
    try:
        for batch in batches:
            parts.append(device.measure(batch, rng))
    except DeviceError as error:
        error.measured = Expectations.joined(parts, device.shots) if parts else None
        raise
    return Expectations.joined(parts, device.shots)
