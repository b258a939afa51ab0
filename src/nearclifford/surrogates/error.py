"""The error of Pauli-path surrogates of every order from one sample of chains, at any number of qubits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import Seed, confidence, generator, integer
from nearclifford.backends.sampling import ChainSampler
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.moments import binomial_interval, two_sided
from nearclifford.pairs import WORD, PairPlan, plan_pairs
from nearclifford.patches import Patch
from nearclifford.rotations import Floats, Indices
from nearclifford.version import __version__


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Root mean square error over a patch of the Pauli-path surrogate of each order, estimated by sampling.

    Attributes
    ----------
    orders : int64, shape ``(n_orders,)``, ascending.
    mean_square, mean_square_error : float64, shape ``(n_orders,)``: E[(L - L_m)²] and its standard error.
    bound : float: what (L - L_m)² cannot exceed on average, (Σ |c_a|)².
    samples : number of chains.
    hits, trials : int64, shape ``(n_orders,)``, for one term, whose mean square is ``bound`` times a probability: how often
        a chain counted, in how many; None for several terms.
    version : of the package.
    """

    orders: Indices
    mean_square: Floats
    mean_square_error: Floats
    bound: float
    samples: int
    hits: Indices | None
    trials: Indices | None
    version: str

    @property
    def rms_error(self) -> Floats:
        """√E[(L - L_m)²], float64, shape ``(n_orders,)``; 0 where no chain counted, which `interval` bounds."""
        return np.sqrt(np.maximum(self.mean_square, 0.0))

    @property
    def rms_error_error(self) -> Floats:
        """Standard error of the rms error; where nothing was hit, the upper end of its interval at 0.68."""
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = self.mean_square_error / (2 * self.rms_error)
        return np.where(self.rms_error > 0.0, spread, self.interval(0.68)[:, 1])

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of each rms error, float64, shape ``(n_orders, 2)``.

        That of Clopper and Pearson for one term, one-sided from 0 where nothing was hit; for several terms Student's t.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
        >>> curve = nc.surrogate_error_curve(land, nc.Gaussian(0.1), orders=[3], samples=10_000, rng=1)
        >>> low, high = curve.interval()[0]
        >>> bool(low < nc.surrogate(land, order=3).rms_error(nc.Gaussian(0.1)) < high)
        True
        """
        checked = confidence(level)
        if self.hits is not None and self.trials is not None:
            return np.sqrt(self.bound * binomial_interval(self.hits, self.trials, checked))
        low, high = two_sided(self.mean_square, self.mean_square_error, self.samples, checked)
        unseen = self.bound * (1.0 - (1.0 - checked) ** (1.0 / self.samples))
        high = np.where(self.mean_square > 0.0, high, np.maximum(high, unseen))
        return np.sqrt(np.maximum(np.stack([low, high], axis=-1), 0.0))

    def order_for(self, tolerance: float, level: float = 0.95) -> int | None:
        """Return the lowest order whose rms error is below ``tolerance`` at the upper end of its interval; None if none is.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
        >>> nc.surrogate_error_curve(land, nc.Gaussian(0.1), samples=100_000, rng=1).order_for(0.05)
        2
        """
        below = np.flatnonzero(self.interval(level)[:, 1] < tolerance)
        return int(self.orders[below[0]]) if len(below) else None


def surrogate_error_curve(
    land: Landscape, patch: Patch, orders: Iterable[int] = range(1, 12), samples: int = 10**6, rng: Seed = None
) -> ErrorCurve:
    """Return the rms error over a patch of the Pauli-path surrogate of every order, from one Monte Carlo run.

    For one Pauli term E[(L - L_m)²] is the probability that the chain of stays and flips ends Z-type after at least m flips:
    chains are run 1024 at a time through the gates and their flips counted. Several terms add a chain for each pair, which
    flips for both. Nothing is built, so the number of qubits and the orders are free.

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    orders : m, each at least 0; order 0 keeps nothing, and its error is the root mean square of L.
    samples : number of chains, at least 2. An error of δ Σ|c| shows in about one of 1/δ² chains.
    rng : seed or generator; one seed gives the same numbers on any number of threads.

    Raises
    ------
    NearCliffordError : no order or one below 0, fewer than 2 samples, a patch that does not fit, or angles that are not
        independent (`nearclifford.independence`).

    Examples
    --------
    Two rotations and Z: L = cos t, so order 1 leaves nothing out, and order 0 all of it.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> nc.surrogate_error_curve(land, nc.Gaussian(1e-3), orders=[0, 1], samples=2048, rng=7).rms_error.round(3)
    array([1., 0.])
    """
    wanted = np.unique([integer(order, "order", 0) for order in orders]).astype(np.int64)
    if not len(wanted):
        raise NearCliffordError("orders is empty; expected at least one order, such as range(1, 12).")
    count = integer(samples, "samples", 2)
    sampler = ChainSampler(land, patch, generator(rng))
    n_columns = int(wanted[-1]) + 1
    size = float(np.abs(land.coefficients).sum())
    if sampler.one_term:
        hits = _tails(sampler.flip_counts(None, count, 0, n_columns))[0][wanted]
        rate, shrunk = hits / count, (hits + 0.5) / (count + 1)
        edge = (hits == 0) | (hits == count)
        error = size**2 * np.sqrt(np.where(edge, shrunk * (1 - shrunk), rate * (1 - rate)) / count)
        trials = np.full(len(wanted), count)
        return ErrorCurve(wanted, size**2 * rate, error, size**2, count, hits, trials, __version__)
    mean, error, made = _several_terms(land, sampler, count, n_columns)
    return ErrorCurve(wanted, mean[wanted], error[wanted], size**2, made, None, None, __version__)


def _tails(histogram: Indices) -> Indices:
    """Return how many flipped at least so often."""
    return np.cumsum(histogram[:, ::-1], axis=1)[:, ::-1]


def _several_terms(land: Landscape, sampler: ChainSampler, samples: int, n_columns: int) -> tuple[Floats, Floats, int]:
    """Return mean squares and errors for the orders below ``n_columns``, and the number of samples."""
    n_words = -(-samples // WORD)
    rng = np.random.default_rng(int(sampler.seed))
    plan = plan_pairs(land.program.generators, land.images, land.coefficients, sampler.cosine, n_words, rng)
    if not len(plan.term):
        return np.zeros(n_columns), np.zeros(n_columns), n_words * WORD
    hits = _tails(sampler.flip_counts(plan, len(plan.term) * WORD, 0, n_columns))
    each = plan.weight[:, None] * hits / WORD
    return each.sum(axis=0), np.sqrt(_square_error(plan, each, hits)), max(n_words, len(plan.term)) * WORD


def _square_error(plan: PairPlan, each: Floats, hits: Indices) -> Floats:
    if plan.draws:
        n = plan.draws
        drawn = each * n
        return np.maximum((drawn**2).sum(axis=0) / n - (drawn.sum(axis=0) / n) ** 2, 0.0) / max(n - 1, 1)
    begins = np.flatnonzero(np.diff(plan.pair, prepend=-1))
    words = np.bincount(plan.pair)[:, None]
    rate = (np.add.reduceat(hits, begins, axis=0) + 0.5) / (WORD * words + 1)
    return ((plan.weight[begins][:, None] * words) ** 2 * rate * (1 - rate) / (WORD * words)).sum(axis=0)
