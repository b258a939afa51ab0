"""Statistics of what a device measured, beside those of what it would measure with infinitely many shots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.devices.expectations import DeviceRun
from nearclifford.devices.shot_errors import ShotErrors
from nearclifford.statistics.moments import GradientStatistics, LossStatistics, MomentSums, UnbiasedMoments
from nearclifford.version import __version__


@dataclass(frozen=True, eq=False, kw_only=True)
class DeviceGradientStatistics(GradientStatistics):
    """Moments of the gradient with the shot noise taken out, the same of the measured one, and what was run.

    With shots, a measured component is g + e, e of mean zero and a variance that the samples tell without bias. The moments
    of this record are those of g: E[g²] is the mean of (g + e)² less the estimated variance of e. Where shots drown the
    gradient that estimate, in ``unbiased``, may come out below zero; ``second_moment``, ``variance`` and ``norm_squared``
    are 0 then. ``norm`` is None with shots: no unbiased estimate of E‖∇L‖ is known.

    Standard errors are never below what shots alone would make them. Where all shots of a component's circuits agree at
    every theta their noise is estimated as zero, as it must be to be subtracted without bias, but the errors are those of
    the rate of disagreement that n · shots equal outcomes cannot exclude (`nearclifford.statistics.moments.unseen_rate`).

    Attributes
    ----------
    measured : the moments of g + e, as an optimizer on this device would see them; equal to these without shots.
    shot_noise : float64, shape ``(P,)``: mean variance of e; zero without shots.
    run : devices, methods, circuits, seconds and shots.
    """

    measured: GradientStatistics
    shot_noise: Floats
    run: DeviceRun


@dataclass(frozen=True, eq=False, kw_only=True)
class DeviceLossStatistics(LossStatistics):
    """Moments of the loss with the shot noise taken out; attributes as for `DeviceGradientStatistics`."""

    measured: LossStatistics
    shot_noise: float
    run: DeviceRun


def gradient_moments(
    gradient: Floats,
    square_error: Floats,
    parameters: Indices,
    bound: Floats,
    complete: bool,
    run: DeviceRun,
    reach: Floats | None = None,
) -> DeviceGradientStatistics:
    """Return the statistics of measured components and their squared errors, shapes ``(n, P)``.

    ``bound``, shape ``(P,)``, limits each component, and ``reach`` what one circuit's shots can change it by (the bound, if
    None); ``complete`` says whether these are all components, so that their norm is that of the gradient.
    """
    errors = ShotErrors.of(gradient, square_error, bound, bound if reach is None else reach, run.shots)
    measured = _measured(gradient, parameters, bound, complete, errors)
    exact = not square_error.any()
    # Unbiased for the square of the true component, theta by theta.
    square = _sums(gradient**2 - square_error)
    total = _sums((gradient**2 - square_error).sum(axis=1, keepdims=True))
    spread = _sums(gradient**2 - square_error - 2 * measured.mean * gradient)
    noise = square_error.mean(axis=0)
    norm_squared = float(total.mean[0]) if complete else None
    second = measured.second_moment if exact else square.mean
    error = measured.second_moment_error if exact else np.maximum(square.mean_error, errors.second_moment)
    unbiased = UnbiasedMoments(second, measured.unbiased.variance - noise, norm_squared)
    norm_squared_error = max(float(total.mean_error[0]), errors.norm_squared)
    return DeviceGradientStatistics(
        parameters=parameters,
        mean=measured.mean,
        mean_error=measured.mean_error,
        second_moment=second if exact else np.clip(second, 0.0, bound**2),
        second_moment_error=np.where(bound > 0, error, 0.0),
        variance=np.maximum(unbiased.variance, 0.0),
        variance_error=measured.variance_error if exact else np.maximum(spread.mean_error, errors.variance),
        norm=measured.norm if run.shots is None and exact else None,
        norm_error=measured.norm_error if run.shots is None and exact else None,
        norm_squared=None if norm_squared is None else max(norm_squared, 0.0),
        norm_squared_error=norm_squared_error if complete else None,
        bound=bound,
        unbiased=unbiased,
        samples=len(gradient),
        method="aer",
        version=__version__,
        measured=measured,
        shot_noise=noise,
        run=run,
    )


def _measured(
    gradient: Floats, parameters: Indices, bound: Floats, complete: bool, errors: ShotErrors
) -> GradientStatistics:
    """Return the moments of what was measured, shot noise and all."""
    seen, norms = _sums(gradient), _sums(np.linalg.norm(gradient, axis=1, keepdims=True))
    norm_squared = float(norms.second_moment[0]) if complete else None
    return GradientStatistics(
        parameters=parameters,
        mean=seen.mean,
        mean_error=np.maximum(seen.mean_error, errors.mean),
        second_moment=seen.second_moment,
        second_moment_error=np.maximum(seen.second_moment_error, errors.second_moment),
        variance=seen.variance,
        variance_error=np.maximum(seen.variance_error, errors.variance),
        norm=float(norms.mean[0]) if complete else None,
        norm_error=max(float(norms.mean_error[0]), errors.norm) if complete else None,
        norm_squared=norm_squared,
        norm_squared_error=max(float(norms.second_moment_error[0]), errors.norm_squared) if complete else None,
        bound=bound,
        unbiased=UnbiasedMoments(seen.second_moment, seen.variance, norm_squared),
        samples=len(gradient),
        method="aer",
        version=__version__,
    )


def loss_moments(value: Floats, square_error: Floats, bound: float, varying: float, run: DeviceRun) -> DeviceLossStatistics:
    """Return the statistics of measured losses and their squared errors, shapes ``(n,)``.

    ``bound`` limits the loss, and ``varying`` its part that is measured: its shots may change it by twice as much.
    """
    nothing, columns = np.zeros(1, dtype=np.int64), (value[:, None], square_error[:, None])
    found = gradient_moments(*columns, nothing, np.full(1, bound), False, run, np.full(1, 2 * varying))
    return DeviceLossStatistics(
        **_numbers(found),
        measured=LossStatistics(**_numbers(found.measured)),
        shot_noise=float(found.shot_noise[0]),
        run=run,
    )


def _sums(samples: Floats) -> MomentSums:
    return MomentSums.of(samples, shift=samples.mean(axis=0))


def _numbers(stats: GradientStatistics) -> dict[str, Any]:
    names = ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error")
    numbers = {name: float(getattr(stats, name)[0]) for name in names}
    second, variance = (np.atleast_1d(part) for part in (stats.unbiased.second_moment, stats.unbiased.variance))
    unbiased = UnbiasedMoments(float(second[0]), float(variance[0]))
    return {**numbers, "unbiased": unbiased, "samples": stats.samples, "method": stats.method, "version": stats.version}
