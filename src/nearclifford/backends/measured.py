"""Statistics of what a device measured, beside those of what it would measure with infinitely many shots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nearclifford.backends.expectations import DeviceRun
from nearclifford.moments import GradientStatistics, LossStatistics, MomentSums
from nearclifford.rotations import Floats, Indices
from nearclifford.version import __version__


@dataclass(frozen=True, eq=False, kw_only=True)
class DeviceGradientStatistics(GradientStatistics):
    """Moments of the gradient with the shot noise taken out, the same of the measured one, and what was run.

    With shots, a measured component is g + e, e of mean zero and a variance that the samples tell without bias. The moments
    of this record are those of g: E[g²] is the mean of (g + e)² less the estimated variance of e, which may come out below
    zero where shots drown the gradient. ``norm`` is None with shots: no unbiased estimate of E‖∇L‖ is known.

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
    gradient: Floats, square_error: Floats, parameters: Indices, bound: Floats, complete: bool, run: DeviceRun
) -> DeviceGradientStatistics:
    """Return the statistics of measured components and their squared errors, shapes ``(n, P)``.

    ``bound``, shape ``(P,)``, limits each component; ``complete`` says whether they are all components, so that their norm
    is that of the gradient.
    """
    seen, norms = _sums(gradient), _sums(np.linalg.norm(gradient, axis=1, keepdims=True))
    measured = GradientStatistics(
        parameters=parameters,
        mean=seen.mean,
        mean_error=seen.mean_error,
        second_moment=seen.second_moment,
        second_moment_error=seen.second_moment_error,
        variance=seen.variance,
        variance_error=seen.variance_error,
        norm=float(norms.mean[0]) if complete else None,
        norm_error=float(norms.mean_error[0]) if complete else None,
        norm_squared=float(norms.second_moment[0]) if complete else None,
        norm_squared_error=float(norms.second_moment_error[0]) if complete else None,
        bound=bound,
        samples=len(gradient),
        method="aer",
        version=__version__,
    )
    exact = not square_error.any()
    # Unbiased for the square of the true component, theta by theta.
    square = _sums(gradient**2 - square_error)
    total = _sums((gradient**2 - square_error).sum(axis=1, keepdims=True))
    spread = _sums(gradient**2 - square_error - 2 * seen.mean * gradient)
    noise = square_error.mean(axis=0)
    return DeviceGradientStatistics(
        parameters=parameters,
        mean=measured.mean,
        mean_error=measured.mean_error,
        second_moment=measured.second_moment if exact else square.mean,
        second_moment_error=measured.second_moment_error if exact else square.mean_error,
        variance=measured.variance - noise,
        variance_error=measured.variance_error if exact else spread.mean_error,
        norm=measured.norm if exact else None,
        norm_error=measured.norm_error if exact else None,
        norm_squared=float(total.mean[0]) if complete else None,
        norm_squared_error=float(total.mean_error[0]) if complete else None,
        bound=bound,
        samples=len(gradient),
        method="aer",
        version=__version__,
        measured=measured,
        shot_noise=noise,
        run=run,
    )


def loss_moments(value: Floats, square_error: Floats, run: DeviceRun) -> DeviceLossStatistics:
    """Return the statistics of measured losses and their squared errors, shapes ``(n,)``."""
    ones = np.zeros(1, dtype=np.int64)
    found = gradient_moments(value[:, None], square_error[:, None], ones, np.ones(1), False, run)
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
    return {**numbers, "samples": stats.samples, "method": stats.method, "version": stats.version}
