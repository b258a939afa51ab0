"""The classical methods that `simulation_cost` compares: one function each, from a contest to a record."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Literal

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.costs.cardinality import n_multi_indices, n_stabilizer_calls
from nearclifford.costs.contest import Contest, MethodCost, as_float, quicker_of_two, times_power_of_two
from nearclifford.costs.model import seconds_of
from nearclifford.costs.stabilizer_rank import log2_mean_stabilizer_rank
from nearclifford.costs.worst_case import worst_case_order
from nearclifford.errors import ResourceError
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.build import surrogate
from nearclifford.surrogates.prediction import predict_paths
from nearclifford.surrogates.walks import check_tables

Kind = Literal["pauli-path", "taylor"]
TITLES: dict[Kind, str] = {"pauli-path": "Pauli-path surrogate", "taylor": "Taylor surrogate"}


def worst_case(contest: Contest) -> int:
    """Return the order that the worst-case bound asks for at the mean ‖t‖₁ of the patch, for one term as for many.

    The bound of the Taylor surrogate holds for the Pauli-path surrogate too: all paths with the same first m flips together
    are at most Π|sin t_j| over these flips.
    """
    relative = contest.tolerance / contest.scale if contest.scale else 1.0
    return 1 if relative >= 1 else worst_case_order(contest.mean_displacement, relative)


def statevector(contest: Contest) -> MethodCost:
    """Exact sweeps over the 2^r amplitudes that the observable can meet."""
    land = contest.land
    cost = MethodCost(
        "statevector",
        "exact",
        "amplitudes",
        size=2**land.active_qubits,
        predicted_seconds=contest.exact_seconds,
        predicted_bytes=times_power_of_two(32.0, land.active_qubits),
        note=f"2^{land.active_qubits} amplitudes x {land.problem.n_rotations} rotations",
    )
    if not contest.exact_fits:
        return replace(cost, note=f"{cost.note}; beyond the budget")
    timed = quicker_of_two(lambda: np.asarray(land.value(contest.theta)))
    return replace(cost, seconds=timed.seconds / len(contest.theta), nbytes=land.exact.nbytes, rms_error=0.0)


def published_taylor(contest: Contest, criterion: str, order: int | None) -> MethodCost:
    """The enumeration of arXiv:2507.06344: all multi-indices, a stabilizer state for each shifted angle."""
    if order is None or not contest.independent:
        note = UNKNOWN_ORDER if contest.independent else ONE_GATE
        return MethodCost("Taylor, published", criterion, "stabilizer calls", note=note)
    size = contest.land.n_parameters
    calls, indices = n_stabilizer_calls(size, order), n_multi_indices(size, order)
    return MethodCost(
        "Taylor, published",
        criterion,
        "stabilizer calls",
        order,
        calls,
        predicted_build_seconds=seconds_of(contest.model.published_taylor(order)),
        predicted_seconds=seconds_of(contest.model.published_taylor_value(order)),
        predicted_bytes=as_float(indices) * (8.0 + order),
        note=f"{shortened(indices)} multi-indices; not run",
    )


# Counting may be wrong by so much; sampling the walks says more, but takes long where there are many flips.
DECADES = 3
ONE_GATE = "defined for one gate a parameter: nearclifford.untie(circuit) has them"
UNKNOWN_ORDER = "no order was found that reaches the tolerance"


def our_surrogate(
    contest: Contest, kind: Kind, criterion: str, order: int | None, reference: Floats | None
) -> tuple[MethodCost, Surrogate | None]:
    """A surrogate of this package, built and evaluated where it fits the budget; returned with its cost."""
    if order is None:
        return MethodCost(TITLES[kind], criterion, "paths", note=UNKNOWN_ORDER), None
    if kind == "taylor" and contest.land.problem.angle_map.offset.any():
        return MethodCost(TITLES[kind], criterion, "paths", note="fixed angles that are not Clifford: no centre"), None
    cost = _predicted(contest, MethodCost(TITLES[kind], criterion, "paths", order))
    if cost.predicted_build_seconds is not None and cost.predicted_build_seconds > contest.max_seconds:
        return replace(cost, note="beyond the budget"), None
    try:
        for _ in range(2):  # the first may compile
            start = time.perf_counter()
            built = surrogate(
                contest.land, order, kind, contest.max_bytes, progress=False, max_seconds=10 * contest.max_seconds
            )
            seconds = time.perf_counter() - start
    except ResourceError as error:
        return replace(cost, note=str(error)), None
    cost = replace(cost, size=built.n_paths, build_seconds=seconds, nbytes=built.nbytes)
    timed = quicker_of_two(lambda: np.asarray(built.value(contest.theta)))
    found = None if reference is None else contest.rms(timed.result, reference)
    cost = replace(cost, seconds=timed.seconds / len(contest.theta), rms_error=found)
    return (replace(cost, note=_coefficients(built)) if kind == "taylor" else cost), built


def _coefficients(built: Surrogate) -> str:
    try:
        return f"{shortened(built.support)} coefficients"
    except ResourceError:
        return "too many coefficients to merge"


def _predicted(contest: Contest, cost: MethodCost) -> MethodCost:
    """Return a record with the size, seconds and bytes of a surrogate, sampled where the tables for that fit the budget."""
    land, order = contest.land, cost.order or 1
    try:
        check_tables(land, order - 1, contest.max_bytes)
    except ResourceError as error:
        return replace(cost, note=str(error), predicted_build_seconds=math.inf)
    counted = contest.model.path_surrogate(order)
    if counted > math.log10(contest.max_seconds) + DECADES:
        return replace(cost, predicted_build_seconds=seconds_of(counted))
    found = predict_paths(land, order, np.random.default_rng(0))
    return replace(cost, size=found.n_paths, predicted_build_seconds=found.seconds, predicted_bytes=found.nbytes)


def stabilizer_rank(contest: Contest) -> MethodCost:
    """Sums over stabilizer states (Bravyi et al. 2019): predicted alone, and without the 1/ε² of its sampling."""
    if not contest.independent:
        return MethodCost("stabilizer rank", "exact", "stabilizer states", note=ONE_GATE)
    log2_rank = log2_mean_stabilizer_rank(contest.patch, contest.land.n_parameters)
    rank = times_power_of_two(1.0, log2_rank)
    return MethodCost(
        "stabilizer rank",
        "exact",
        "stabilizer states",
        size=rank,
        predicted_seconds=seconds_of(contest.model.stabilizer_rank(contest.patch)),
        predicted_bytes=rank * contest.land.n_qubits**2 / 4,
        note=f"2^{log2_rank:.1f}, the mean of the squared extent over the patch; not run",
    )


def shortened(count: int) -> str:
    """Return an integer in at most a few digits.

    >>> shortened(1234), shortened(10**500 + 3)
    ('1234', '1.0e+500')
    """
    if count < 10**6:
        return str(count)
    digits = len(text := str(count)) - 1 if count < 10**4000 else int(count.bit_length() * math.log10(2))
    lead = text[:2] if count < 10**4000 else "10"
    return f"{lead[0]}.{lead[1]}e+{digits}"
