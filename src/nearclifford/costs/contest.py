"""What the methods of `nearclifford.costs.compare` share: one problem, one reference, one budget, one record each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.surrogates.prediction import NODE_SECONDS, PAIR_SECONDS, PATH_SECONDS

# One Clifford gate of a stabilizer simulator in seconds: stim's tableau at a thousand qubits.
GATE_SECONDS = 1e-7
# One amplitude through one rotation in seconds, by the exact sweeps of this package.
AMPLITUDE_SECONDS = 0.6e-9


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
        """E‖t‖₁ over the patch, radians."""
        each = np.broadcast_to(self.patch.absolute_mean(), self.land.n_parameters)
        return float(each.sum())

    @property
    def n_gates(self) -> int:
        """Gates of the circuit."""
        return len(self.land.program.tape)

    @property
    def exact_seconds(self) -> float:
        """Predicted seconds of one exact value."""
        return times_power_of_two(AMPLITUDE_SECONDS * self.land.problem.n_rotations, self.land.active_qubits)

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


def build_log10_seconds(n_rotations: int, rank: int, order: int, n_terms: int = 1) -> float:
    """Return log10 of the seconds on one core that a surrogate takes to build, by counting alone, at any size.

    A string meets half of the n rotations before it, so there are about n^k / (2^k k!) ways to flip k times, and one in 2^r
    ends Z-type; for few flips more do, up to ten times as many where circuits repeat. The walk makes two flips less, and
    completes them from a table of pairs; another says which rotations anticommute (`nearclifford.kernels.paths.search`).

    >>> round(build_log10_seconds(544, 16, 5), 1), round(build_log10_seconds(131072, 256, 30), 1)  # mHEA, L = N = 16 and 256
    (-1.9, 94.2)
    """
    flips = order - 1
    walked = max(flips - 2 if flips > 3 else flips - 1, 0)
    nodes = math.log(NODE_SECONDS) + _log_flips(n_rotations, walked)
    paths = math.log(PATH_SECONDS) + _log_flips(n_rotations, flips) - rank * math.log(2.0)
    pairs = math.log(PAIR_SECONDS * (1.0 if flips > 3 else 0.5)) + 2 * math.log(n_rotations)
    return (math.log(n_terms) + float(np.logaddexp.reduce([nodes, paths, pairs]))) / math.log(10)


def _log_flips(n_rotations: int, most_flips: int) -> float:
    flips = min(most_flips, n_rotations // 2)  # more flips have fewer ways
    return flips * math.log(n_rotations / 2) - math.lgamma(flips + 1)
