"""The error of Pauli-path surrogates of every order from one sample of chains, at any number of qubits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, confidence, generator, instance, integer, integers, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.sampler import ChainSampler
from nearclifford.intervals import binomial_interval, two_sided
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.patches import Patch
from nearclifford.shown import Kept
from nearclifford.surrogates.drawn_errors import curve_frame, draw_curve
from nearclifford.surrogates.exact_order import few_flips
from nearclifford.surrogates.few_hits import largest_mean, least_mean
from nearclifford.surrogates.flip_tails import flip_tails
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.surrogates.theta_errors import ThetaErrors, theta_errors
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Below so many hits of uneven weights no normal approximation is trusted.
FEW_HITS = 30
# An error of the size of a tolerance shows in so many hits, or the samples cannot tell.
LEAST_HITS = 10
MOST_SAMPLES = 10**12


@dataclass(frozen=True, eq=False, repr=False)
class ErrorCurve(Kept):
    """Root mean square error over a patch of the Pauli-path surrogate of each order, in two parts: summed and sampled.

    Its text is a table, with ``< x`` where nothing was seen, x the upper end of the interval.

    Attributes
    ----------
    orders : int64, shape ``(n_orders,)``, ascending.
    mean_square, mean_square_error : float64, shape ``(n_orders,)``: E[(L - L_m)²] and its standard error.
    exact : float64, shape ``(n_orders,)``: the part of the mean square that was summed without sampling, of paths with fewer
        than ``exact_order`` flips.
    gains, losses : float64, shape ``(n_orders,)``: the parts that chains added, and that pairs of terms took away.
    hits : int64, shape ``(n_orders,)``: how often a chain counted, for several terms how many words of 64 chains.
    trials : number of chains that ``hits`` is a binomial count of, for one term; None for several.
    bound : float: what (L - L_m)² cannot exceed on average, (Σ |c_a|)².
    hit_size : float: what one hit adds to the mean square at most.
    most_flips : no path that counts flips oftener, so from order ``most_flips + 1`` on the error is zero for certain.
    exact_order : M: paths with fewer flips were summed; 0 where all were sampled.
    probability : what part of all chains the sampled ones stand for: Pr[at least M coins show heads]; 0 where no path has M
        flips, and nothing was left to sample.
    samples : number of chains, or of thetas.
    version : of the package.
    reference : where angles are shared or fixed, what the surrogates were compared with at thetas: exact sweeps, or the
        surrogate of a higher order, whose own error is in ``mean_square_error``; None where they are independent.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> curve = nc.surrogate_error_curve(land, nc.Gaussian(0.5), orders=[1, 4, 30], samples=10_000, rng=1)
    >>> curve
    rms error of the Pauli-path surrogate, 10000 samples, paths of fewer than 8 flips summed
         order  rms error
             1  0.1277 ± 4e-05
             4  0.08258 ± 6e-05
            30  0, for certain
    """

    orders: Indices
    mean_square: Floats
    mean_square_error: Floats
    exact: Floats
    gains: Floats
    losses: Floats
    hits: Indices
    trials: int | None
    bound: float
    hit_size: float
    most_flips: int
    exact_order: int
    probability: float
    samples: int
    version: str
    reference: str | None = None

    def __repr__(self) -> str:
        """Return a table of the orders; neighbours with one text share a row."""
        cells = [_cell(*row) for row in zip(self.rms_error, self.rms_error_error, self.interval()[:, 1], strict=True)]
        first = [i for i in range(len(cells)) if i == 0 or cells[i] != cells[i - 1]]
        lines = []
        for begin, end in zip(first, [*first[1:], len(cells)], strict=True):
            low, high = self.orders[begin], self.orders[end - 1]
            lines.append(f"{low if low == high else f'{low} to {high}':>10}  {cells[begin]}")
        head = f"rms error of the Pauli-path surrogate, {self._origin}"
        return "\n".join([head, "     order  rms error", *lines])

    def frame(self) -> pd.DataFrame:
        """Return a row for each order: its rms error, standard error and 95 % interval, and whether it is 0 for certain."""
        return curve_frame(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the rms error of each order with its 95 % interval, on a logarithmic scale, and return the axis."""
        return draw_curve(self, ax)

    @property
    def _origin(self) -> str:
        if self.reference is not None:
            return f"{self.samples} thetas beside {self.reference}"
        if self.probability == 0.0:
            return "all paths summed"
        summed = f", paths of fewer than {self.exact_order} flips summed" if self.exact_order else ""
        return f"{self.samples} samples{summed}"

    @property
    def certain(self) -> npt.NDArray[np.bool_]:
        """Where the error is zero for certain, bool, shape ``(n_orders,)``: no path has so many flips."""
        return self.orders > self.most_flips

    @property
    def rms_error(self) -> Floats:
        """√E[(L - L_m)²], float64, shape ``(n_orders,)``.

        NaN where no chain counted, or more was taken away than added: there only `interval` tells. 0 is a certain zero.
        """
        with np.errstate(invalid="ignore"):
            known = (self.mean_square > 0.0) | (self.probability == 0.0)
            seen = np.where(known, np.sqrt(self.mean_square), np.nan)
        return np.where(self.certain, 0.0, seen)

    @property
    def rms_error_error(self) -> Floats:
        """Standard error of the rms error; the upper end of its interval at 0.68 where the rms error is not known."""
        rms = self.rms_error
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = self.mean_square_error / (2 * rms)
        return np.where(rms > 0.0, spread, self.interval(0.68)[:, 1])

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of each rms error, float64, shape ``(n_orders, 2)``.

        To the summed part, which is exact, that of the sampled part is added: for one term that of Clopper and Pearson, for
        several Student's t from 30 hits on, and below them the bounds of `nearclifford.surrogates.few_hits`, which hold
        however uneven the hits weigh. Where nothing was hit it begins at the summed part, and ends where n samples would
        have shown something with a probability of (1 + level) / 2 at least.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
        >>> curve = nc.surrogate_error_curve(land, nc.Gaussian(0.1), orders=[3], samples=10_000, rng=1)
        >>> low, high = curve.interval()[0]
        >>> bool(low < nc.surrogate(land, order=3).rms_error(nc.Gaussian(0.1)) < high)
        True
        """
        checked = confidence(level)
        if self.probability == 0.0:
            squares = np.zeros((len(self.orders), 2))
        elif self.trials is not None:
            rate = binomial_interval(self.hits, np.full(len(self.hits), self.trials), checked)
            squares = self.bound * self.probability * rate
        elif self.hit_size == 0.0:  # thetas, each of which counts
            squares = self._student(checked)
        else:
            squares = np.where(self.hits[:, None] < FEW_HITS, self._few(checked), self._student(checked))
        squares = np.maximum(self.exact[:, None] + squares, self.exact[:, None])
        return np.sqrt(np.where(self.certain[:, None], 0.0, squares))

    def _student(self, level: float) -> Floats:
        low, high = two_sided(self.gains - self.losses, self.mean_square_error, self.samples, level)
        unseen = self.hit_size * largest_mean(np.zeros(1), (1.0 - level) / 2)
        return np.stack([low, np.maximum(high, unseen)], axis=-1)

    def _few(self, level: float) -> Floats:
        tail = (1.0 - level) / 2
        gains, losses = self.gains / self.hit_size, self.losses / self.hit_size
        low = least_mean(gains, tail / 2) - np.where(losses > 0.0, largest_mean(losses, tail / 2), 0.0)
        return self.hit_size * np.stack([low, largest_mean(gains, tail)], axis=-1)

    def order_for(self, tolerance: float, level: float = 0.95) -> int | None:
        """Return the lowest order whose rms error is below ``tolerance`` at the upper end of its interval; None if none is.

        None too where the samples are too few to tell: where an error of the size of the tolerance would show in fewer than
        10 hits, whether an order passes would be luck. 10 (Σ|c| / tolerance)² samples are enough, and far fewer where few
        flips were summed. Orders whose error is zero for certain pass always.

        Raises `NearCliffordError` unless the tolerance is positive and finite.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
        >>> nc.surrogate_error_curve(land, nc.Gaussian(0.1), samples=100_000, rng=1).order_for(0.02)
        3
        """
        wanted = positive(tolerance, "tolerance", 1e-3)
        resolved = wanted >= (LEAST_HITS * self.hit_size * (1 - 1e-9)) ** 0.5
        below = np.flatnonzero(self.certain | (resolved & (self.interval(level)[:, 1] < wanted)))
        return int(self.orders[below[0]]) if len(below) else None


def _cell(error: float, spread: float, high: float) -> str:
    if error > 0.0 and spread == 0.0:
        return f"{error:.6g}, exact"
    if error > 0.0:
        digits = min(max(2, int(np.log10(error / spread)) + 1), 6)
        return f"{error:.{digits}g} ± {spread:.1g}"
    return "0, for certain" if error == 0.0 else f"< {high:.2g}"


def surrogate_error_curve(
    land: Landscape,
    patch: Patch,
    orders: Iterable[int] = range(1, 12),
    samples: int = 10**6,
    *,
    noise: Noise | None = None,
    rng: Seed = None,
) -> ErrorCurve:
    """Return the rms error over a patch of the Pauli-path surrogate of every order, from one run.

    For one Pauli term E[(L - L_m)²] is the probability that the chain of stays and flips ends Z-type after at least m flips.
    In narrow patches paths of fewer than M flips are summed and only chains that may flip M times are sampled, 1024 at a
    time through the gates: errors far below 1/√samples. M follows from what both cost
    (`nearclifford.surrogates.exact_order`). In wide patches all is sampled, of several terms a chain for each pair, which
    flips for both, or with noise a chain for all. Nothing is built, so the number of qubits and the orders are free.

    Where angles are shared or fixed there are no such chains: surrogates are built and compared with exact sweeps at 1024
    thetas, or with the highest order that fits, and the curve ends at the orders that fit.

    Source: docs/theory.md, "Surrogates", and "Shared and bound angles".

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    orders : m, each at least 0; order 0 keeps nothing, and its error is the root mean square of L. Orders above the number
        of flips that a path can have cost nothing.
    samples : number of chains, 2 to 10^12. An error of δ Σ|c| shows in about one of 1/δ² chains where nothing was summed.
    noise : Pauli noise behind the gates: see `gradient_statistics`. The error is that of the noisy surrogate beside the
        noisy landscape; every path counts with what it keeps.
    rng : seed or generator; one seed gives the same numbers on any number of threads.

    Raises
    ------
    NearCliffordError : no order or one below 0, fewer than 2 samples, or a patch that does not fit.
    ResourceError : counts of flips, by order and word of chains, that do not fit the memory; with noise also tables of the
        terms; for shared or fixed angles neither exact sweeps nor surrogates that do.

    Examples
    --------
    Two rotations and Z: L = cos t, so order 1 leaves nothing out, and order 0 all of it.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> nc.surrogate_error_curve(land, nc.Gaussian(1e-3), orders=[0, 1], samples=2048, rng=7).rms_error.round(3)
    array([1., 0.])
    """
    wanted = np.unique(integers(orders, "orders", 0, "range(1, 12)")).astype(np.int64)
    count = integer(samples, "samples", 2, most=MOST_SAMPLES)
    known = with_noise(instance(land, Landscape, "land", "Landscape(circuit, observable)"), noise)
    if not known.problem.angle_map.independent:
        return _beside_a_reference(known, theta_errors(known, patch, wanted.tolist(), count, generator(rng)))
    sampler = ChainSampler(known, patch, generator(rng))
    most = most_flips(known, sampler.sine_square)
    n_columns = min(int(wanted[-1]), most) + 1
    few = few_flips(sampler, patch, count, most)
    tails = flip_tails(sampler, few, count, n_columns)
    column = np.minimum(wanted, n_columns - 1)
    parts = (tails.exact, tails.gains, tails.losses, tails.error, tails.hits)
    exact, gains, losses, error, hits = (np.where(wanted > most, 0, part[column]) for part in parts)
    bound = float(np.abs(known.problem.coefficients).sum()) ** 2
    return ErrorCurve(
        orders=wanted,
        mean_square=exact + gains - losses,
        mean_square_error=error,
        exact=exact,
        gains=gains,
        losses=losses,
        hits=hits,
        trials=tails.trials,
        bound=bound,
        hit_size=tails.hit_size,
        most_flips=most,
        exact_order=few.order if few else 0,
        probability=tails.probability,
        samples=tails.samples,
        version=__version__,
    )


def _beside_a_reference(land: Landscape, found: ThetaErrors) -> ErrorCurve:
    """Return the curve of surrogates that were compared with a reference at thetas."""
    zeros = np.zeros(len(found.orders))
    return ErrorCurve(
        orders=found.orders,
        mean_square=found.mean_square,
        mean_square_error=found.error,
        exact=zeros,
        gains=found.mean_square,
        losses=zeros,
        hits=np.full(len(found.orders), found.samples),
        trials=None,
        bound=float(np.abs(land.problem.coefficients).sum()) ** 2,
        hit_size=0.0,
        most_flips=found.most_flips,
        exact_order=0,
        probability=1.0,
        samples=found.samples,
        version=__version__,
        reference=found.reference,
    )
