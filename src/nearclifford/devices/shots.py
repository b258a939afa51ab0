"""How many shots a gradient needs before it stands out of the shot noise, and how many a value needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.arguments import instance, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.devices.measured import DeviceGradientStatistics
from nearclifford.devices.shot_variance import ShotVariance
from nearclifford.devices.shots_figure import draw_components, draw_groups
from nearclifford.errors import NearCliffordError
from nearclifford.shown import Kept
from nearclifford.statistics.results import GradientStatistics

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class ShotsToResolve(Kept):
    """Shots of each circuit of the parameter-shift rule; twice that, and times the groups of terms, for one component.

    Attributes
    ----------
    parameters : int64, shape ``(P,)``: the components.
    component : float64, shape ``(P,)``: whole numbers of shots for each component; infinite where none has been seen.
    norm : float: for the norm of the gradient; None where the statistics have no norm of all components.
    snr : the ratio of root mean squares that they reach.
    method : "variance" where the true variance of one shot is given, "measured" where the shot noise was measured, or
        "bound" where only its largest possible size is known: then these are upper bounds, for a sum of many terms ten times
        too large and more.
    by_group : float64, shape ``(G,)``: for the norm with the shots shared out best among the groups of terms, those of each
        circuit of a group; None without the true variance.
    total : float: all shots of all circuits then, 2 for each rotation and group; None likewise.

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
    by_group: Floats | None = None
    total: float | None = None

    def __repr__(self) -> str:
        norm = "no norm of all components" if self.norm is None else f"{self.norm:.4g} for the norm of the gradient"
        shared = "" if self.total is None else f"; {self.total:.4g} in all, shared out best"
        finite = self.component[np.isfinite(self.component)]
        some = f"{finite.min():.4g} to {finite.max():.4g}" if len(finite) else "none is known"
        seen = f"{some}, {len(finite)} of {len(self.component)} components seen"
        head = f"ShotsToResolve at {self.snr:g} times the shot noise, by {self.method}"
        return f"{head}\n  each circuit: {norm}{shared}\n  one component: {seen}"

    def frame(self) -> pd.DataFrame:
        """Return a row for each component: its index and its shots of each circuit."""
        import pandas as pd

        return pd.DataFrame({"parameter": self.parameters, "shots": self.component})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shots of each component, and as a line those for the norm, on a logarithmic scale; return the axis."""
        return draw_components(self, ax)


@dataclass(frozen=True, eq=False)
class ShotsForValue(Kept):
    """Shots that know the loss to a root mean square error over the patch.

    Attributes
    ----------
    by_group : float64, shape ``(G,)``: whole numbers of shots of each group of terms, shared out best: in proportion to the
        square roots of their variances.
    total : float: all of them together.
    alike : float: all of them together where each group gets as many.
    error : the root mean square error that they reach.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.ising(4))
    >>> found = nc.shots_for_value(nc.shot_variance(land, nc.Gaussian(1e-3), rng=1), error=0.1)
    >>> found.total < found.alike
    True
    """

    by_group: Floats
    total: float
    alike: float
    error: float

    def __repr__(self) -> str:
        head = f"ShotsForValue for an rms error of {self.error:g}, {len(self.by_group)} groups of terms"
        return f"{head}\n  {self.total:.4g} shots, shared out best; {self.alike:.4g} where each group gets as many"

    def frame(self) -> pd.DataFrame:
        """Return a row for each group: its number and its shots."""
        import pandas as pd

        return pd.DataFrame({"group": np.arange(len(self.by_group)), "shots": self.by_group})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shots of each group as bars, and return the axis."""
        return draw_groups(self, ax)


def shots_to_resolve(stats: GradientStatistics, snr: float = 3.0, variance: ShotVariance | None = None) -> ShotsToResolve:
    """Return the shots with which the rms gradient over the patch is ``snr`` times the rms shot noise.

    With v the variance of a derivative measured with one shot a circuit, ``shots = snr² v / E[(∂_k L)²]``; for the norm
    ``snr² Σ_k v_k / E‖∇L‖²``. ``variance``, of the same components, is the true v over the patch. Without it, statistics
    measured with shots (`Aer`) tell v. For all others v is at most ``bound² / 2``: two circuits of variance at most (Σ|c|)²
    each, a quarter of both. For one Pauli term that is what it is where the loss is small beside 1, and more than needed
    where the loss is near ±1. For a sum of terms, whose shots mostly cancel, it is far more than needed.

    Raises `NearCliffordError` unless ``stats`` are statistics of a gradient, ``snr`` is positive, and ``variance`` holds the
    same components.

    >>> import nearclifford as nc
    >>> land, patch = nc.Landscape(nc.ansatz.mhea(6, 2), nc.observables.heisenberg(6)), nc.Gaussian(0.2)
    >>> stats = nc.gradient_statistics(land, patch, rng=1)
    >>> found = nc.shots_to_resolve(stats, variance=nc.shot_variance(land, patch, rng=1))
    >>> found.method, found.norm < nc.shots_to_resolve(stats).norm / 5, found.by_group.shape
    ('variance', True, (3,))
    """
    ratio = positive(snr, "snr", 3.0)
    instance(stats, GradientStatistics, "stats", "gradient_statistics(land, patch)")
    one_shot, method = stats.bound**2 / 2, "bound"
    if variance is not None:
        one_shot, method = _of_components(stats, variance).gradient.sum(axis=1), "variance"
    elif isinstance(stats, DeviceGradientStatistics) and stats.run.shots is not None:
        one_shot, method = stats.shot_noise * stats.run.shots, "measured"
    component = _shots(ratio, one_shot, stats.second_moment)
    if stats.norm_squared is None:
        return ShotsToResolve(stats.parameters, component, None, ratio, method)
    norm = float(_shots(ratio, one_shot.sum()[None], np.array([stats.norm_squared]))[0])
    if variance is None:
        return ShotsToResolve(stats.parameters, component, norm, ratio, method)
    by_group = _shared_out(variance.gradient.sum(axis=0), stats.norm_squared / ratio**2)
    total = 2 * variance.n_shifted * float(by_group.sum())
    return ShotsToResolve(stats.parameters, component, norm, ratio, method, by_group, total)


def shots_for_value(variance: ShotVariance, error: float) -> ShotsForValue:
    """Return the shots with which the rms shot noise of the loss over the patch is ``error``.

    Of G groups of variances V_g, shots in proportion to √V_g are fewest: ``(Σ √V_g)² / error²`` together
    (docs/theory.md, "Shots").

    Raises `NearCliffordError` unless ``variance`` is a `ShotVariance` and ``error`` positive.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.ising(4))
    >>> found = nc.shots_for_value(nc.shot_variance(land, nc.Gaussian(1e-3), rng=1), error=0.1)
    >>> found.by_group.tolist()     # the terms ZZ hardly vary near |0000>; the four terms X do
    [1.0, 401.0]
    """
    instance(variance, ShotVariance, "variance", "shot_variance(land, patch)")
    wanted = positive(error, "error", 0.01)
    by_group = _shared_out(variance.value, wanted**2)
    alike = len(by_group) * float(_whole(variance.value.sum()[None] / wanted**2)[0])
    return ShotsForValue(by_group, float(by_group.sum()), alike, wanted)


def _of_components(stats: GradientStatistics, variance: ShotVariance) -> ShotVariance:
    instance(variance, ShotVariance, "variance", "shot_variance(land, patch)")
    if not np.array_equal(stats.parameters, variance.parameters):
        raise NearCliffordError(
            f"variance has {len(variance.parameters)} components and stats have {len(stats.parameters)}, or other ones; "
            "expected the same: give shot_variance and gradient_statistics the same parameters."
        )
    return variance


def _shared_out(variance: Floats, square_error: float) -> Floats:
    """Return shots by group in proportion to the square roots of the variances, whose noise is ``square_error`` together."""
    root = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _whole(np.where(root > 0, root * root.sum() / square_error, 0.0))


def _shots(ratio: float, one_shot: Floats, second_moment: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        needed = _whole(np.square(ratio) * one_shot / second_moment)
    return np.where(second_moment > 0, needed, np.inf)


def _whole(shots: Floats) -> Floats:
    # A hair below, so that a rounding error does not ask for one shot more.
    return np.maximum(np.ceil(shots * (1 - 1e-9)), 1.0)
