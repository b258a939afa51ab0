"""The error of Pauli-path surrogates of every order from one sample of chains, at any number of qubits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, confidence, generator, instance, integer, integers, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.damped import damped_flips
from nearclifford.chains.sampler import TASKS_PER_THREAD, ChainSampler
from nearclifford.chains.term_pairs import WORD, PairPlan, plan_pairs
from nearclifford.intervals import binomial_interval, square_error_of_mean, two_sided, unseen_rate
from nearclifford.kernels.chain.words import WIDTH
from nearclifford.landscape import Landscape
from nearclifford.memory import require_memory
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.patches import Patch
from nearclifford.surrogates.few_hits import largest_mean, least_mean
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.version import __version__

# Below so many hits of uneven weights no normal approximation is trusted.
FEW_HITS = 30
# An error of the size of a tolerance shows in so many hits, or the samples cannot tell.
LEAST_HITS = 10
MOST_SAMPLES = 10**12


@dataclass(frozen=True, eq=False, repr=False)
class ErrorCurve:
    """Root mean square error over a patch of the Pauli-path surrogate of each order, estimated by sampling.

    Its text is a table, with ``< x`` where nothing was seen, x the upper end of the interval.

    Attributes
    ----------
    orders : int64, shape ``(n_orders,)``, ascending.
    mean_square, mean_square_error : float64, shape ``(n_orders,)``: E[(L - L_m)²] and its standard error.
    gains, losses : float64, shape ``(n_orders,)``: the parts of the mean square that pairs of terms add and take away.
    hits : int64, shape ``(n_orders,)``: how often a chain counted, for several terms how many words of 64 chains.
    trials : number of chains that ``hits`` is a binomial count of, for one term; None for several.
    bound : float: what (L - L_m)² cannot exceed on average, (Σ |c_a|)².
    hit_size : float: what one hit adds to the mean square at most.
    most_flips : no path that counts flips oftener, so from order ``most_flips + 1`` on the error is zero for certain.
    samples : number of chains.
    version : of the package.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> curve = nc.surrogate_error_curve(land, nc.Gaussian(0.5), orders=[1, 4, 30], samples=10_000, rng=1)
    >>> curve
    rms error of the Pauli-path surrogate, 10000 samples
         order  rms error
             1  0.13 ± 0.005
             4  0.08 ± 0.005
            30  0, for certain
    """

    orders: Indices
    mean_square: Floats
    mean_square_error: Floats
    gains: Floats
    losses: Floats
    hits: Indices
    trials: int | None
    bound: float
    hit_size: float
    most_flips: int
    samples: int
    version: str

    def __repr__(self) -> str:
        """Return a table of the orders; neighbours with one text share a row."""
        cells = [_cell(*row) for row in zip(self.rms_error, self.rms_error_error, self.interval()[:, 1], strict=True)]
        first = [i for i in range(len(cells)) if i == 0 or cells[i] != cells[i - 1]]
        lines = []
        for begin, end in zip(first, [*first[1:], len(cells)], strict=True):
            low, high = self.orders[begin], self.orders[end - 1]
            lines.append(f"{low if low == high else f'{low} to {high}':>10}  {cells[begin]}")
        return "\n".join([f"rms error of the Pauli-path surrogate, {self.samples} samples", "     order  rms error", *lines])

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
            seen = np.where(self.mean_square > 0.0, np.sqrt(self.mean_square), np.nan)
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

        For one term that of Clopper and Pearson. For several terms Student's t from 30 hits on, and below them the bounds
        of `nearclifford.surrogates.few_hits`, which hold however uneven the hits weigh. Where nothing was hit it begins
        at 0, and ends where n samples would have shown something with a probability of (1 + level) / 2 at least.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
        >>> curve = nc.surrogate_error_curve(land, nc.Gaussian(0.1), orders=[3], samples=10_000, rng=1)
        >>> low, high = curve.interval()[0]
        >>> bool(low < nc.surrogate(land, order=3).rms_error(nc.Gaussian(0.1)) < high)
        True
        """
        checked = confidence(level)
        if self.trials is not None:
            squares = self.bound * binomial_interval(self.hits, np.full(len(self.hits), self.trials), checked)
        else:
            squares = np.where(self.hits[:, None] < FEW_HITS, self._few(checked), self._student(checked))
        return np.sqrt(np.where(self.certain[:, None], 0.0, np.maximum(squares, 0.0)))

    def _student(self, level: float) -> Floats:
        low, high = two_sided(self.mean_square, self.mean_square_error, self.samples, level)
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
        10 hits, whether an order passes would be luck. About 10 (Σ|c| / tolerance)² samples are enough. Orders whose error
        is zero for certain pass always.

        Raises `NearCliffordError` unless the tolerance is positive and finite.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
        >>> nc.surrogate_error_curve(land, nc.Gaussian(0.1), samples=100_000, rng=1).order_for(0.05)
        2
        """
        wanted = positive(tolerance, "tolerance", 1e-3)
        resolved = wanted >= (LEAST_HITS * self.hit_size * (1 - 1e-9)) ** 0.5
        below = np.flatnonzero(self.certain | (resolved & (self.interval(level)[:, 1] < wanted)))
        return int(self.orders[below[0]]) if len(below) else None


def _cell(error: float, spread: float, high: float) -> str:
    if error > 0.0:
        return f"{error:.2g} ± {spread:.1g}"
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
    """Return the rms error over a patch of the Pauli-path surrogate of every order, from one Monte Carlo run.

    For one Pauli term E[(L - L_m)²] is the probability that the chain of stays and flips ends Z-type after at least m flips:
    chains are run 1024 at a time through the gates and their flips counted. Several terms add a chain for each pair, which
    flips for both. Nothing is built, so the number of qubits and the orders are free.

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    orders : m, each at least 0; order 0 keeps nothing, and its error is the root mean square of L. Orders above the number
        of flips that a path can have cost nothing.
    samples : number of chains, 2 to 10^12. An error of δ Σ|c| shows in about one of 1/δ² chains.
    noise : Pauli noise behind the gates, for one Pauli string: see `gradient_statistics`. The error is that of the noisy
        surrogate beside the noisy landscape.
    rng : seed or generator; one seed gives the same numbers on any number of threads.

    Raises
    ------
    NearCliffordError : no order or one below 0, fewer than 2 samples, a patch that does not fit, or angles that are not
        independent (`nearclifford.normal_form.angles`).
    ResourceError : counts of flips, by order and word of chains, that do not fit the memory.

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
    sampler = ChainSampler(known, patch, generator(rng))
    most = most_flips(known, sampler.sine_square)
    n_columns = min(int(wanted[-1]), most) + 1
    _check_memory(sampler, count, n_columns)
    tail = _tail_of(sampler)(sampler, count, n_columns)
    column = np.minimum(wanted, n_columns - 1)
    parts = (np.where(wanted > most, 0, part[column]) for part in (tail.gains, tail.losses, tail.error, tail.hits))
    gains, losses, error, hits = parts
    bound = float(np.abs(known.problem.coefficients).sum()) ** 2
    trials = tail.samples if sampler.one_term and not sampler.noisy else None
    return ErrorCurve(
        wanted, gains - losses, error, gains, losses, hits, trials, bound, tail.hit_size, most, tail.samples, __version__
    )


@dataclass(frozen=True, eq=False)
class _Tails:
    """What is seen of the orders 0, 1, ...: see `ErrorCurve`."""

    gains: Floats
    losses: Floats
    error: Floats
    hits: Indices
    hit_size: float
    samples: int


def _check_memory(sampler: ChainSampler, samples: int, n_columns: int) -> None:
    words = WIDTH * TASKS_PER_THREAD * numba.get_num_threads() * 2 if sampler.one_term else samples // WORD + 1
    # counts, their tails, and what these are weighted with
    what = f"An error curve of {samples} samples up to order {n_columns - 1}"
    require_memory(32 * words * n_columns, what, "Ask for lower orders, or fewer samples.")


def _tail_of(sampler: ChainSampler) -> Callable[[ChainSampler, int, int], _Tails]:
    if sampler.noisy and sampler.one_term:
        return _noisy_term
    way_out = "surrogate(land, order, noise=noise).rms_error does."
    sampler.land.problem.require_noiseless("An error curve of several terms", way_out)
    return _one_term if sampler.one_term else _several_terms


def _noisy_term(sampler: ChainSampler, samples: int, n_columns: int) -> _Tails:
    """Return the tails of one term with noise: chains that count weigh what their paths have kept."""
    bound = float(np.abs(sampler.land.problem.coefficients).sum()) ** 2
    hits, weight, square = np.cumsum(damped_flips(sampler, samples, n_columns)[::-1], axis=0)[::-1].T
    mean = weight / samples
    spread = np.maximum(square / samples - mean**2, 0.0) / samples
    unseen = np.where(hits == 0, unseen_rate(samples), 0.0)
    return _Tails(
        bound * mean,
        np.zeros(n_columns),
        bound * np.sqrt(spread + unseen**2),
        hits.astype(np.int64),
        bound / samples,
        samples,
    )


def _tails(histogram: Indices) -> Indices:
    """Return how many flipped at least so often."""
    return np.cumsum(histogram[:, ::-1], axis=1)[:, ::-1]


def _one_term(sampler: ChainSampler, samples: int, n_columns: int) -> _Tails:
    bound = float(np.abs(sampler.land.problem.coefficients).sum()) ** 2
    hits = _tails(sampler.flip_counts(None, samples, 0, n_columns))[0]
    rate, shrunk = hits / samples, (hits + 0.5) / (samples + 1)
    edge = (hits == 0) | (hits == samples)
    error = bound * np.sqrt(np.where(edge, shrunk * (1 - shrunk), rate * (1 - rate)) / samples)
    return _Tails(bound * rate, np.zeros(n_columns), error, hits, bound / samples, samples)


def _several_terms(sampler: ChainSampler, samples: int, n_columns: int) -> _Tails:
    land, n_words = sampler.land, -(-samples // WORD)
    rng = np.random.default_rng(int(sampler.seed))
    plan = plan_pairs(land.problem, sampler.cosine, n_words, rng)
    zero = np.zeros(n_columns)
    if not len(plan.term):
        return _Tails(zero, zero, zero, zero.astype(np.int64), 0.0, n_words * WORD)
    hits = _tails(sampler.flip_counts(plan, len(plan.term) * WORD, 0, n_columns))
    each = plan.weight[:, None] * hits / WORD
    gains, losses = (np.maximum(sign * each, 0.0).sum(axis=0) for sign in (1.0, -1.0))
    # of a pair that was drawn at random the chains of a word are not independent
    hit_size = float(np.abs(plan.weight).max()) / (1 if plan.draws else WORD)
    made = max(n_words, len(plan.term)) * WORD
    return _Tails(gains, losses, np.sqrt(_square_error(plan, each, hits)), (hits > 0).sum(axis=0), hit_size, made)


def _square_error(plan: PairPlan, each: Floats, hits: Indices) -> Floats:
    if plan.draws:
        return square_error_of_mean((each * plan.draws).T, plan.draws)
    begins = np.flatnonzero(np.diff(plan.pair, prepend=-1))
    words = np.bincount(plan.pair)[:, None]
    rate = (np.add.reduceat(hits, begins, axis=0) + 0.5) / (WORD * words + 1)
    return ((plan.weight[begins][:, None] * words) ** 2 * rate * (1 - rate) / (WORD * words)).sum(axis=0)
