"""Methods without a proof of their error, taken up a ladder: Pauli paths order by order, bonds doubled.

Chains see the error of a Pauli-path surrogate from about Σ|c| / √samples on, and the shot noise of a Hamiltonian of a
hundred terms is far below. Here surrogates are built and compared among themselves at thetas of the patch instead. What is
left out beyond the highest order is estimated from how fast its changes shrink; a matrix product state is taken for
converged where doubling its bonds changes nothing that counts. Both are what one does in practice, and neither is a bound.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.costs.contest import Contest
from nearclifford.costs.peers import matrix_product_values
from nearclifford.errors import ResourceError
from nearclifford.landscape import Landscape
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.build import surrogate
from nearclifford.surrogates.prediction import predict_paths

# An even order may add little where an odd one adds much: changes are taken over so many orders.
APART = 2
LARGEST_ORDER = 24
FIRST_BONDS = 4
# Twice the bonds take so many times as long: between a square and a cube, as measured at N = 64 from 8 to 32 bonds.
BOND_GROWTH = 6.0
# Of a value: changes as small as that shrink no further.
ROUNDING = 1e-13
# Checked at N = 16 against exact values: where changes halve, what is left out is no more than 1.3 times what is estimated,
# and may be a fifth; where they shrink more slowly, as in wide patches, it may be a hundred times as large.
SHRINKS, CLEAR = 0.5, 6.0
# Where a doubling of bonds changes so many tolerances, one more, the last that the budget buys, is not tried.
FAR = 30.0


@dataclass(frozen=True)
class Reached:
    """Where a ladder led.

    Attributes
    ----------
    within : whether the tolerance is reached in the budget of a thousand values; None where that is not known.
    resource : the order or the bonds that reach it; the last that were tried where none does.
    error : the estimated rms error there, in the units of the loss; inf where changes do not shrink.
    seconds : of a thousand values there, by one core; NaN where nothing was tried.
    """

    within: bool | None
    resource: int
    error: float
    seconds: float


@dataclass(frozen=True, eq=False)
class PathLadder:
    """Pauli-path surrogates of one landscape, one of each order that was built, and what the next would take.

    Attributes
    ----------
    built : by order, from 1 on. build_seconds : of one core, by order.
    next_seconds : predicted for the order after the last, of one core; inf where not even tables fit the memory.
    """

    built: Mapping[int, Surrogate]
    build_seconds: Mapping[int, float]
    next_seconds: float

    def reach(self, contest: Contest, budget: float) -> Reached:
        """Return the lowest order that reaches the tolerance of a contest at its thetas, within a budget of seconds."""
        values, seconds = {}, {}
        for order, kept in self.built.items():
            begun = time.process_time()
            values[order] = np.asarray(kept.value(contest.theta))
            each = (time.process_time() - begun) / len(contest.theta)
            seconds[order] = self.build_seconds[order] + 1000 * each
        if not values:
            return Reached(None, 0, inf, nan)
        last = max(values)
        left, ratio = left_out(values, last)
        for order in values:
            error = contest.rms(values[last], values[order]) + left
            if ratio <= SHRINKS and error <= contest.tolerance and seconds[order] <= budget:
                return Reached(True, order, error, seconds[order])
        return Reached(
            None if self._may_follow(left, ratio, contest.tolerance, budget) else False, last, left, seconds[last]
        )

    def _may_follow(self, left: float, ratio: float, tolerance: float, budget: float) -> bool:
        """Whether orders that were not built may reach the tolerance within the budget."""
        if ratio <= SHRINKS and left <= tolerance:
            return self.next_seconds <= budget  # it is reached, and takes too long: an order more does not help
        if ratio >= 1.0:
            return self.next_seconds <= budget  # changes that do not shrink yet may do so at any order
        growth = self.next_seconds / max(self.build_seconds[max(self.built)], 1e-3)
        seconds, error = self.next_seconds, left
        while seconds <= budget:
            error *= sqrt(ratio)
            if error <= CLEAR * tolerance:
                return True
            seconds *= max(growth, 2.0)
        return False


def left_out(values: Mapping[int, Floats], last: int) -> tuple[float, float]:
    """Return what orders beyond the last would change, and the ratio of changes two orders apart that tells so.

    >>> series = {order: np.array([1 - 0.1**order]) for order in range(1, 7)}
    >>> left, ratio = left_out(series, 6)
    >>> round(left * 1e6, 3), round(ratio, 3)
    (1.0, 0.01)
    """
    if last < 2 * APART + 1:
        return inf, inf
    new, old = (float(np.sqrt(np.mean((values[m] - values[m - APART]) ** 2))) for m in (last, last - APART))
    if new <= ROUNDING * float(np.abs(values[last]).max()):
        return new, 0.0
    ratio = new / old if old > 0.0 else inf
    return (new * ratio / (1.0 - ratio), ratio) if ratio < 1.0 else (inf, ratio)


def path_ladder(land: Landscape, max_seconds: float, max_bytes: int) -> PathLadder:
    """Return the surrogates whose building is predicted to take no longer than ``max_seconds`` of one core, each.

    >>> import nearclifford as nc
    >>> sorted(path_ladder(nc.Landscape(nc.ansatz.mhea(3, 1), "ZZZ"), 1.0, 2**28).built)[-1]
    9
    """
    built: dict[int, Surrogate] = {}
    seconds: dict[int, float] = {}
    for order in range(1, LARGEST_ORDER + 1):
        begun = time.process_time()
        try:
            built[order] = surrogate(land, order, max_bytes=max_bytes, progress=False, max_seconds=max_seconds)
        except ResourceError:
            return PathLadder(built, seconds, _predicted(land, order, max_bytes))
        seconds[order] = time.process_time() - begun
        if order > 2 * APART and all(built[order].n_paths == built[m].n_paths for m in (order - 1, order - 2)):
            break  # no path has more flips
    return PathLadder(built, seconds, inf)


def _predicted(land: Landscape, order: int, max_bytes: int) -> float:
    try:
        found = predict_paths(land, order, np.random.default_rng(0))
    except ResourceError:
        return inf
    return found.seconds if found.nbytes <= max_bytes else inf


def bond_ladder(contest: Contest, budget: float) -> Reached:
    """Return the bonds of a matrix product state whose doubling changes the loss by no more than the tolerance.

    Nothing is tried beyond the budget of a thousand values. Not ``within`` means: at the most bonds that the budget buys a
    doubling still changes the loss by more.
    """
    values = matrix_product_values(contest)
    bonds, seconds, change = FIRST_BONDS, 0.0, inf
    before: Floats | None = None
    tried, spent = 0, nan
    while 1000 * seconds <= budget and bonds <= 2 ** (contest.land.n_qubits // 2 + 1):
        begun = time.process_time()
        found = values(bonds)
        spent = (time.process_time() - begun) / len(contest.theta)
        tried = bonds
        if before is not None:
            change = contest.rms(found, before)
            if change <= contest.tolerance and 1000 * spent <= budget:
                return Reached(True, bonds, change, 1000 * spent)
            if change > FAR * contest.tolerance and 1000 * BOND_GROWTH**2 * spent > budget:
                break
        before, bonds, seconds = found, 2 * bonds, BOND_GROWTH * spent
    return Reached(False, tried, change, 1000 * spent)
