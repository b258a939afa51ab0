"""Statistics of what a device measured, beside those of what it would measure with infinitely many shots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.devices.expectations import DeviceRun
from nearclifford.devices.shot_errors import ShotErrors
from nearclifford.statistics.results import GradientStatistics, LossStatistics, Moments, Norms, UnbiasedMoments, loss_numbers
from nearclifford.statistics.sums import MomentSums


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DeviceGradientStatistics(GradientStatistics):
    """Moments of the gradient with the shot noise taken out, the same of the measured one, and what was run.

    With shots, a measured component is g + e, e of mean zero and a variance that the samples tell without bias. The moments
    of this record are those of g: E[g²] is the mean of (g + e)² less the estimated variance of e. Where shots drown the
    gradient that estimate, in ``unbiased``, may come out below zero; ``second_moment``, ``variance`` and ``norm_squared``
    are 0 then. ``norm`` is None with shots: no unbiased estimate of E‖∇L‖ is known.

    Standard errors are never below what shots alone would make them. Where all shots of a component's circuits agree at
    every theta their noise is estimated as zero, as it must be to be subtracted without bias, but the errors are those of
    the rate of disagreement that n · shots equal outcomes cannot exclude (`nearclifford.intervals.unseen_rate`).

    Attributes
    ----------
    measured : the moments of g + e, as an optimizer on this device would see them; equal to these without shots.
    shot_noise : float64, shape ``(P,)``: mean variance of e; zero without shots.
    run : devices, methods, circuits, seconds and shots.
    """

    measured: GradientStatistics
    shot_noise: Floats
    run: DeviceRun

    records: ClassVar[tuple[type, ...]] = (*GradientStatistics.records, GradientStatistics, DeviceRun)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DeviceLossStatistics(LossStatistics):
    """Moments of the loss with the shot noise taken out; attributes as for `DeviceGradientStatistics`."""

    measured: LossStatistics
    shot_noise: float
    run: DeviceRun

    records: ClassVar[tuple[type, ...]] = (*LossStatistics.records, LossStatistics, DeviceRun)


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured at n thetas; those of one number of shots add up.

    Attributes
    ----------
    value, square_error : float64, shape ``(n, P)``: the components, and unbiased estimates of the variance of their shot
        noise, 0 where exact.
    run : what it took.
    """

    value: Floats
    square_error: Floats
    run: DeviceRun

    def __add__(self, other: Measurements) -> Measurements:
        value = np.concatenate([self.value, other.value])
        return Measurements(value, np.concatenate([self.square_error, other.square_error]), self.run + other.run)

    @property
    def exact(self) -> bool:
        """Whether no shot noise was seen."""
        return not self.square_error.any()


def gradient_moments(found: Measurements, parameters: Indices, bound: Floats, complete: bool) -> DeviceGradientStatistics:
    """Return the statistics of measured components; ``bound``, shape ``(P,)``, limits each of them.

    ``complete`` says whether these are all components, so that their norm is that of the gradient.
    """
    errors = ShotErrors.of(found.value, found.square_error, bound, bound, found.run.shots)
    seen, seen_norms = _seen(found, bound, errors), _seen_norms(found, errors) if complete else Norms()
    moments = _without_noise(found, seen, bound, errors)
    norms = _norms_without_noise(found, seen_norms, errors) if complete else Norms()
    count = len(found.value)
    return DeviceGradientStatistics(
        **vars(GradientStatistics.of(moments, norms, parameters, count, "aer")),
        measured=GradientStatistics.of(seen, seen_norms, parameters, count, "aer"),
        shot_noise=found.square_error.mean(axis=0),
        run=found.run,
    )


def loss_moments(found: Measurements, bound: float, varying: float) -> DeviceLossStatistics:
    """Return the statistics of measured losses, one column.

    ``bound`` limits the loss, and ``varying`` its part that is measured: its shots may change it by twice as much.
    """
    limit = np.full(1, bound)
    errors = ShotErrors.of(found.value, found.square_error, limit, np.full(1, 2 * varying), found.run.shots)
    seen = _seen(found, limit, errors)
    moments = _without_noise(found, seen, limit, errors)
    measured = LossStatistics.of(seen, len(found.value), "aer")
    return DeviceLossStatistics(
        **(vars(measured) | loss_numbers(moments)),
        measured=measured,
        shot_noise=float(found.square_error.mean(axis=0)[0]),
        run=found.run,
    )


def _seen(found: Measurements, bound: Floats, errors: ShotErrors) -> Moments:
    """Return the moments of what was measured, shot noise and all."""
    seen = Moments.of_sums(_sums(found.value), bound)
    return replace(
        seen,
        mean_error=np.maximum(seen.mean_error, errors.mean),
        second_moment_error=np.maximum(seen.second_moment_error, errors.second_moment),
        variance_error=np.maximum(seen.variance_error, errors.variance),
    )


def _seen_norms(found: Measurements, errors: ShotErrors) -> Norms:
    norms = _sums(np.linalg.norm(found.value, axis=1, keepdims=True))
    square = float(norms.second_moment[0])
    error = max(float(norms.mean_error[0]), errors.norm)
    square_error = max(float(norms.second_moment_error[0]), errors.norm_squared)
    return Norms(float(norms.mean[0]), error, square, square_error, square)


def _without_noise(found: Measurements, seen: Moments, bound: Floats, errors: ShotErrors) -> Moments:
    """Return the moments of the components themselves; unbiased for the square of each, theta by theta."""
    value, noise = found.value, found.square_error
    square, spread = _sums(value**2 - noise), _sums(value**2 - noise - 2 * seen.mean * value)
    exact = found.exact
    second = seen.second_moment if exact else square.mean
    error = seen.second_moment_error if exact else np.maximum(square.mean_error, errors.second_moment)
    unbiased = UnbiasedMoments(second, seen.unbiased.variance - noise.mean(axis=0))
    return replace(
        seen,
        second_moment=second if exact else np.clip(second, 0.0, bound**2),
        second_moment_error=np.where(bound > 0, error, 0.0),
        variance=np.maximum(unbiased.variance, 0.0),
        variance_error=seen.variance_error if exact else np.maximum(spread.mean_error, errors.variance),
        unbiased=unbiased,
    )


def _norms_without_noise(found: Measurements, seen: Norms, errors: ShotErrors) -> Norms:
    """Return the norms of the gradient itself; no unbiased estimate of E‖∇L‖ is known with shots."""
    total = _sums((found.value**2 - found.square_error).sum(axis=1, keepdims=True))
    norm, norm_error = (seen.norm, seen.norm_error) if found.run.shots is None and found.exact else (None, None)
    estimate, error = float(total.mean[0]), max(float(total.mean_error[0]), errors.norm_squared)
    return Norms(norm, norm_error, max(estimate, 0.0), error, estimate)


def _sums(samples: Floats) -> MomentSums:
    return MomentSums.of(samples, shift=samples.mean(axis=0))
