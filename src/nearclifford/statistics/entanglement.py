"""How entangled the states of a patch are on average: counts of mixed qubits, and the result made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.arguments import confidence
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.mixed_qubits import MixedQubits
from nearclifford.intervals import binomial_interval, stratified_interval, unseen_rate
from nearclifford.kernels.chain.words import BITS
from nearclifford.plots.style import STYLES, axis_or_new
from nearclifford.plots.views import over_qubits
from nearclifford.shown import Kept
from nearclifford.statistics.backend import Rounds
from nearclifford.statistics.figures import with_intervals
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Samples of all qubits in one call: seconds.
MOST_SAMPLES = 2**28


@dataclass(frozen=True, eq=False)
class MixedCounts:
    """In how many samples each qubit was mixed; counts of more samples are their sum.

    Attributes
    ----------
    samples : of each qubit.
    hits : int64, shape ``(N,)``.
    share, known : float64, shape ``(N,)``: the part of the circuits that was sampled, and what the others add.

    >>> counts = MixedCounts(50, np.array([10]), np.full(1, 0.5), np.full(1, 0.25))
    >>> (counts + counts).per_qubit, round(counts.total_error, 4)
    (array([0.35]), 0.0283)
    """

    samples: int
    hits: Indices
    share: Floats
    known: Floats

    def __add__(self, other: MixedCounts) -> MixedCounts:
        return replace(self, samples=self.samples + other.samples, hits=self.hits + other.hits)

    @property
    def _rate(self) -> Floats:
        return self.hits / self.samples

    @property
    def _edge(self) -> Floats:
        """What may hide where no sample was mixed, or every one; nothing where all is known."""
        edge = (self.hits == 0) | (self.hits == self.samples)
        return np.where(edge, self.share * unseen_rate(self.samples), 0.0)

    @property
    def _spread(self) -> Floats:
        return self.share**2 * self._rate * (1.0 - self._rate) / self.samples

    @property
    def per_qubit(self) -> Floats:
        """The estimate for each qubit."""
        return self.known + self.share * self._rate

    @property
    def per_qubit_error(self) -> Floats:
        """Standard errors of the estimates."""
        return np.sqrt(self._spread + self._edge**2)

    @property
    def total(self) -> float:
        """The mean over the qubits."""
        return float(self.per_qubit.mean())

    @property
    def total_error(self) -> float:
        """Its standard error."""
        return sqrt(float(self._spread.sum() + (self._edge**2).max())) / len(self.hits)


@dataclass(frozen=True, eq=False, repr=False)
class EntanglingCapability(Kept):
    """E[Q] over a patch, Q the measure of Meyer and Wallach of the states that a circuit makes, and how it was found.

    Attributes
    ----------
    value, error : E[Q] and its standard error, between 0 (products) and 1 (every qubit maximally mixed).
    per_qubit, per_qubit_error : float64, shape ``(N,)``: E[2 (1 - Tr ρ_k²)] of each qubit, whose mean is E[Q]. Where nothing
        was seen in n samples, or nothing else, the error is the upper end of the 68 % interval; 0 where all is certain.
    center : Q at the centre, exact.
    hits : int64, shape ``(N,)``: in how many of the samples a qubit was mixed.
    share : float64, shape ``(N,)``: the part of all circuits that the samples stand for; the rest is in closed form.
    samples, method, version : random Clifford circuits for each qubit, method and package version.

    >>> import nearclifford as nc
    >>> found = nc.entangling_capability(nc.ansatz.mhea(3, 1), nc.Gaussian(0.1), samples=1000, rng=1)
    >>> found.per_qubit.shape, found.center, found.samples, found.method
    ((3,), 0.0, 1000, 'stabilizer')
    >>> nc.entangling_capability(nc.ansatz.mhea(3, 0), nc.Gaussian(0.1), samples=1000, rng=1)
    EntanglingCapability(0 ± 0, 3 qubits, 0 at the centre, 1000 samples)
    """

    value: float
    error: float
    per_qubit: Floats
    per_qubit_error: Floats
    center: float
    hits: Indices
    share: Floats
    samples: int
    method: str
    version: str

    def __repr__(self) -> str:
        found, center = f"{self.value:.4g} ± {self.error:.1g}", f"{self.center:.4g} at the centre"
        return f"EntanglingCapability({found}, {len(self.hits)} qubits, {center}, {self.samples} samples)"

    def frame(self) -> pd.DataFrame:
        """Return a row for each qubit: its measure with standard error and 95 % interval."""
        import pandas as pd

        low, high = self.per_qubit_interval().T
        columns = {"value": self.per_qubit, "error": self.per_qubit_error, "low": low, "high": high}
        return pd.DataFrame({"qubit": np.arange(len(self.hits))} | columns)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the measure of each qubit with its 95 % interval, and their mean with a band; return the axis."""
        axis = axis_or_new(ax)
        with_intervals(axis, np.arange(len(self.hits)), self.per_qubit, self.per_qubit_interval(), label="one qubit")
        low, high = self.interval()
        axis.axhspan(low, high, color=STYLES[1].color, alpha=0.2, linewidth=0)
        axis.axhline(self.value, color=STYLES[1].color, linestyle=STYLES[1].line, label="mean, E[Q]")
        over_qubits(axis, label="qubit")
        axis.set(ylabel="E[2 (1 - Tr ρ²)], 95 % interval")
        axis.legend(fontsize=8)
        return axis

    @property
    def _known(self) -> Floats:
        return self.per_qubit - self.share * self.hits / self.samples

    def interval(self, level: float = 0.95) -> Floats:
        """Return the confidence interval of E[Q], shape ``(2,)``: see `nearclifford.intervals.stratified_interval`.

        It holds where Q is all but 0 or 1 too. Raises `NearCliffordError` unless ``level`` lies strictly between 0 and 1.

        >>> import nearclifford as nc
        >>> found = nc.entangling_capability(nc.ansatz.mhea(2, 0), nc.Gaussian(0.1), samples=1000, rng=1)
        >>> found.interval().tolist()  # no gate joins the qubits
        [0.0, 0.0]
        """
        weights = self.share / len(self.hits)
        sampled = stratified_interval(self.hits, self.samples, weights, confidence(level))
        return np.minimum(float(self._known.mean()) + np.array(sampled), 1.0)

    def per_qubit_interval(self, level: float = 0.95) -> Floats:
        """Return the interval of Clopper and Pearson of each qubit, shape ``(N, 2)``.

        >>> import nearclifford as nc
        >>> found = nc.entangling_capability(nc.ansatz.mhea(2, 1), nc.Gaussian(0.1), samples=1000, rng=1)
        >>> low, high = found.per_qubit_interval().T
        >>> bool((low < found.per_qubit).all() and (found.per_qubit < high).all())
        True
        """
        binomial = binomial_interval(self.hits, np.full(len(self.hits), self.samples), confidence(level))
        return self._known[:, None] + self.share[:, None] * binomial


class EntanglingRounds(Rounds[MixedCounts, EntanglingCapability]):
    """Rounds of random Clifford circuits for every qubit of one circuit."""

    def __init__(self, qubits: MixedQubits) -> None:
        self.qubits, self.block = qubits, 0
        self.chunk = max(MOST_SAMPLES // len(qubits.share) // BITS, 1) * BITS

    def run(self, samples: int) -> MixedCounts:
        """Return the counts of so many more samples of each qubit."""
        hits = self.qubits.count(samples, self.block)
        self.block += -(-samples // BITS)
        return MixedCounts(samples, hits, self.qubits.share, self.qubits.known)

    def result(self, sums: MixedCounts) -> EntanglingCapability:
        """Return the result."""
        return EntanglingCapability(
            value=sums.total,
            error=sums.total_error,
            per_qubit=sums.per_qubit,
            per_qubit_error=sums.per_qubit_error,
            center=float(self.qubits.at_center.mean()),
            hits=sums.hits,
            share=sums.share,
            samples=sums.samples,
            method="stabilizer",
            version=__version__,
        )
