"""Rounds of thetas that a device measures: all measurements are kept, since shot noise is taken out theta by theta."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.chains.zeros import gradient_bound, vanishes
from nearclifford.devices.batches import angles_per_job, measured_gradients, measured_values
from nearclifford.devices.expectations import Device
from nearclifford.devices.measured import (
    DeviceGradientStatistics,
    DeviceLossStatistics,
    Measurements,
    gradient_moments,
    loss_moments,
)
from nearclifford.devices.shift import ParameterShift
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Rounds

# Thetas of the first round where samples are "auto".
FIRST_ROUND = 16
# What a value of zero may differ from zero by, beside the largest, in double precision.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Source:
    """Where measurements come from: thetas of a patch, and a device prepared for the landscape.

    Shot noise has a stream of its own, so that thetas are those of an exact backend for the same seed.
    """

    land: Landscape
    patch: Patch
    device: Device
    rng: np.random.Generator
    noise: np.random.Generator

    @classmethod
    def of(cls, land: Landscape, patch: Patch, device: Device, rng: np.random.Generator) -> Source:
        """Return the source whose thetas ``rng`` draws."""
        [noise] = rng.spawn(1)
        return cls(land, patch, device, rng, noise)

    def thetas(self, samples: int) -> Floats:
        """Return so many more thetas, shape ``(samples, D)``."""
        return self.land.center + self.patch.sample((samples, self.land.n_parameters), rng=self.rng)


@dataclass(frozen=True, eq=False)
class DeviceSums:
    """All measurements so far; ``counted`` are the columns whose mean squares add up to the total.

    ``certain`` says that what is to be known is known for certain, however noisy the numbers are.
    """

    measured: Measurements
    counted: Flags
    certain: bool = False

    def __add__(self, other: DeviceSums) -> DeviceSums:
        return replace(self, measured=self.measured + other.measured)

    @property
    def samples(self) -> int:
        """Number of thetas."""
        return len(self.measured.value)

    @property
    def _squares(self) -> Floats:
        return (self.measured.value**2 - self.measured.square_error)[:, self.counted].sum(axis=1)

    @property
    def total(self) -> float:
        """The mean square without shot noise."""
        return float(self._squares.mean())

    @property
    def total_error(self) -> float:
        """Its standard error."""
        return 0.0 if self.certain else float(self._squares.std(ddof=1)) / np.sqrt(self.samples)


class DeviceGradients(Rounds[DeviceSums, DeviceGradientStatistics]):
    """Gradients by the parameter-shift rule; ``matters`` are the rotations that may change the loss, None with noise."""

    first = FIRST_ROUND

    def __init__(self, source: Source, parameters: Indices, matters: Flags | None) -> None:
        problem = source.land.problem
        self.source, self.parameters, self.matters = source, parameters, matters
        self.shift = ParameterShift.of(source.device.circuit.angle_map, parameters)
        self.bound = gradient_bound(problem, matters)[parameters]
        self.chunk = angles_per_job(max(self.shift.n_points, 1) * source.device.circuit.angle_map.n_rotations)
        self.least = float(np.square(ROUNDING * gradient_bound(problem)[parameters]).sum())

    def run(self, samples: int) -> DeviceSums:
        """Return the measurements at so many more thetas."""
        theta, source = self.source.thetas(samples), self.source
        found = measured_gradients(source.device, self.shift, theta, source.noise)
        return DeviceSums(Measurements(*found), self.bound > 0)

    def settled(self, sums: DeviceSums, seconds: float) -> DeviceSums:
        """Return the sums, certain where every component is zero everywhere."""
        del seconds
        problem, matters = self.source.land.problem, self.matters
        turned = [problem.angle_map.rotations_of(int(k)) for k in self.parameters]
        zero = matters is not None and all(vanishes(problem, int(j), matters) for j in np.concatenate([*turned, []]))
        return replace(sums, certain=zero)

    def result(self, sums: DeviceSums) -> DeviceGradientStatistics:
        """Return the statistics."""
        n_parameters = self.source.land.n_parameters
        complete = len(self.parameters) == n_parameters == len(np.unique(self.parameters))
        return gradient_moments(sums.measured, self.parameters, self.bound, complete)


class DeviceLosses(Rounds[DeviceSums, DeviceLossStatistics]):
    """The loss; arguments as for `DeviceGradients`."""

    first = FIRST_ROUND

    def __init__(self, source: Source, matters: Flags | None) -> None:
        self.source, self.matters = source, matters
        self.bound = float(np.abs(source.land.problem.coefficients).sum())
        self.chunk = angles_per_job(source.device.circuit.angle_map.n_rotations)
        self.least = (ROUNDING * self.bound) ** 2

    def run(self, samples: int) -> DeviceSums:
        """Return the measurements at so many more thetas."""
        theta, source = self.source.thetas(samples), self.source
        found = measured_values(source.device, theta, source.noise)
        return DeviceSums(Measurements(found.value[:, None], found.square_error[:, None], found.run), np.ones(1, np.bool_))

    def settled(self, sums: DeviceSums, seconds: float) -> DeviceSums:
        """Return the sums, certain where the loss is zero everywhere."""
        del seconds
        problem, matters = self.source.land.problem, self.matters
        return replace(sums, certain=matters is not None and (not matters.any() or vanishes(problem, -1, matters)))

    def result(self, sums: DeviceSums) -> DeviceLossStatistics:
        """Return the statistics."""
        return loss_moments(sums.measured, self.bound, self.source.land.problem.varying_size)
