"""What the methods of `nearclifford.costs.compare` share: one problem, one reference, one budget, one record each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.costs.model import CostModel, seconds_of
from nearclifford.costs.worst_case import mean_displacement
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch


@dataclass(frozen=True)
class MethodCost:
    """What one method needs for the loss at a tolerance.

    Attributes
    ----------
    method : its name.
    criterion : "rms" over the patch, "worst case", or "exact" for a method without truncation.
    order : truncation order needed; None where the method has none, or where it is not known.
    unit : what ``size`` counts.
    size : how much of it is needed, an exact integer or a float; None where it is not known.
    predicted_build_seconds, predicted_seconds : predicted, once and for each theta; inf beyond floats, None where not known.
    predicted_bytes : predicted memory; as before.
    build_seconds, seconds : measured, once and for each theta; None where not measured.
    nbytes : measured memory of what is kept between thetas; None where not measured.
    rms_error : measured over the sampled thetas against the reference; None where not measured.
    note : what the numbers leave out, or why something was not measured.
    """

    method: str
    criterion: str
    unit: str
    order: int | None = None
    size: int | float | None = None
    predicted_build_seconds: float | None = None
    predicted_seconds: float | None = None
    predicted_bytes: float | None = None
    build_seconds: float | None = None
    seconds: float | None = None
    nbytes: int | None = None
    rms_error: float | None = None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Contest:
    """One landscape, patch and tolerance, with thetas to try methods at and a budget for each measurement.

    Attributes
    ----------
    land, patch, tolerance : the problem; the tolerance is an error of the loss, in its units.
    theta : float64, shape ``(n, D)``: thetas of the patch, radians.
    max_seconds, max_bytes : what a measurement may take by prediction.
    """

    land: Landscape
    patch: Patch
    tolerance: float
    theta: Floats
    max_seconds: float
    max_bytes: int

    @property
    def scale(self) -> float:
        """Σ|c_a| without the identity: what the loss can differ by from its constant part."""
        return self.land.problem.varying_size

    @cached_property
    def mean_displacement(self) -> float:
        """E‖t‖₁ over the patch, radians; where angles are shared or fixed, of the rotations that they turn."""
        angles = self.land.problem.angle_map
        if self.independent:
            return mean_displacement(self.patch, self.land.n_parameters)
        widths = np.broadcast_to(self.patch.absolute_mean(), (self.land.n_parameters,))
        turned = np.abs(angles.factor) @ widths[angles.entry_parameter]
        return float(turned + np.abs(angles.offset).sum())

    @property
    def independent(self) -> bool:
        """Whether each parameter turns one rotation; methods that are defined for such circuits alone ask."""
        return self.land.problem.angle_map.independent

    @cached_property
    def model(self) -> CostModel:
        """What each method is predicted to take."""
        return CostModel.of(self.land)

    @property
    def exact_seconds(self) -> float:
        """Predicted seconds of one exact value."""
        return seconds_of(self.model.statevector())

    @property
    def exact_fits(self) -> bool:
        """Whether exact values of all thetas fit the budget."""
        fits_memory = self.land.active_qubits < 60 and self.land.exact.nbytes <= self.max_bytes
        return fits_memory and self.exact_seconds * len(self.theta) <= self.max_seconds

    def rms(self, values: Floats, reference: Floats) -> float:
        """Return the root mean square difference over the thetas."""
        return float(np.sqrt(np.mean(np.square(values - reference))))


@dataclass(frozen=True)
class Timed:
    """What a call returned and how long the quicker of two calls took."""

    result: Floats
    seconds: float


def quicker_of_two(call: Callable[[], Floats]) -> Timed:
    """Call twice, the first time to compile and warm up what there is."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return Timed(result, min(times))


def times_power_of_two(factor: float, exponent: float) -> float:
    """Return factor times 2^exponent, inf beyond floats.

    >>> times_power_of_two(3.0, 2), times_power_of_two(1e-9, 5000)
    (12.0, inf)
    """
    return factor * 2.0**exponent if exponent < 1000 else math.inf


def as_float(count: int) -> float:
    """Return an integer as a float, inf beyond floats.

    >>> as_float(3), as_float(10**400)
    (3.0, inf)
    """
    try:
        return float(count)
    except OverflowError:
        return math.inf
