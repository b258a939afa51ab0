"""How many shots a gradient needs before it stands out of the shot noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import instance, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.devices.measured import DeviceGradientStatistics
from nearclifford.statistics.results import GradientStatistics


@dataclass(frozen=True, eq=False)
class ShotsToResolve:
    """Shots of each circuit of the parameter-shift rule; twice that, and times the groups of terms, for one component.

    Attributes
    ----------
    parameters : int64, shape ``(P,)``: the components.
    component : float64, shape ``(P,)``: whole numbers of shots for each component; infinite where none has been seen.
    norm : float: for the norm of the gradient; None where the statistics have no norm of all components.
    snr : the ratio of root mean squares that they reach.
    method : "measured" where the shot noise was measured, or "bound" where only its largest possible size is known: then
        these are upper bounds, for a sum of many terms ten times too large and more.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> stats = nc.gradient_statistics(land, nc.Gaussian(0.5), nc.Stabilizer(), samples=10**5, rng=1)
    >>> nc.shots_to_resolve(stats, snr=3).norm
    23.0
    """

    parameters: Indices
    component: Floats
    norm: float | None
    snr: float
    method: str


def shots_to_resolve(stats: GradientStatistics, snr: float = 3.0) -> ShotsToResolve:
    """Return the shots with which the rms gradient over the patch is ``snr`` times the rms shot noise.

    With v the variance of a derivative measured with one shot a circuit, ``shots = snr² v / E[(∂_k L)²]``; for the norm
    ``snr² Σ_k v_k / E‖∇L‖²``. Statistics measured with shots (`Aer`) tell v. For all others v is at most ``bound² / 2``: two
    circuits of variance at most (Σ|c|)² each, a quarter of both. For one Pauli term that is what it is where the loss is
    small beside 1, and more than needed where the loss is near ±1. For a sum of terms, whose shots mostly cancel, it is far
    more than needed: for Qiskit's ``efficient_su2(10, reps=3)``, encoded for the norm of the gradient of a Heisenberg chain,
    and σ = D^-1/2 the bound asks for 6,185 shots and the measured variance for 296. To know, measure with a few shots:
    ``gradient_statistics(land, patch, Aer(shots=64), 20)``.

    Raises `NearCliffordError` unless ``stats`` are statistics of a gradient and ``snr`` is positive.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1), center=[np.pi / 2, 0.0])
    >>> stats = nc.gradient_statistics(land, nc.Gaussian(1e-6), nc.Statevector(), samples=100, rng=1)
    >>> shots_to_resolve(stats, snr=4).component.tolist()  # the slope is 1, and the noise of one shot 1/√2
    [8.0, inf]
    >>> shots_to_resolve(stats).method
    'bound'
    """
    ratio = positive(snr, "snr", 3.0)
    instance(stats, GradientStatistics, "stats", "gradient_statistics(land, patch)")
    one_shot, method = stats.bound**2 / 2, "bound"
    if isinstance(stats, DeviceGradientStatistics) and stats.run.shots is not None:
        one_shot, method = stats.shot_noise * stats.run.shots, "measured"
    norm = None if stats.norm_squared is None else _shots(ratio, one_shot.sum()[None], np.array([stats.norm_squared]))
    return ShotsToResolve(
        stats.parameters,
        _shots(ratio, one_shot, stats.second_moment),
        None if norm is None else float(norm[0]),
        ratio,
        method,
    )


def _shots(ratio: float, one_shot: Floats, second_moment: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # A hair below, so that a rounding error does not ask for one shot more.
        needed = np.ceil(np.square(ratio) * one_shot / second_moment * (1 - 1e-9))
    return np.where(second_moment > 0, np.maximum(needed, 1.0), np.inf)
