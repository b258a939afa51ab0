"""What it costs to replace the quantum computer: the resources of the classical methods side by side."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nearclifford.arguments import Seed, generator, instance, integer, positive
from nearclifford.arrays import Floats
from nearclifford.costs import methods, peers
from nearclifford.costs.contest import Contest, MethodCost
from nearclifford.costs.figure import draw_costs
from nearclifford.costs.taylor_rays import N_NODES, taylor_errors
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.normal_form.problem import KNOW_NOISE
from nearclifford.patches import Patch
from nearclifford.shown import Kept
from nearclifford.surrogates.error import ErrorCurve, surrogate_error_curve
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LARGEST_ORDER = 64


@dataclass(frozen=True, eq=False)
class SimulationCost(Kept):
    """The cost of a loss over a patch by each classical method.

    Attributes
    ----------
    methods : one `MethodCost` for each method and criterion.
    tolerance : error of the loss that each method is to reach, in the units of the observable.
    rms_order, worst_case_order : order of a Pauli-path surrogate by its rms error over the patch, None where none up to 64
        is enough, and by the worst-case bound at the mean ‖t‖₁.
    taylor_order : order of a Taylor surrogate by its rms error over the thetas; None where none is known to be enough.
    mean_displacement : E‖t‖₁ over the patch, radians.
    theta_count, samples, version : how it was made: thetas of each measurement, samples of the error curve, version.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> cost = nc.simulation_cost(land, nc.Gaussian(0.05), tolerance=1e-2, max_seconds=0.1, rng=7)
    >>> cost["statevector", "exact"].rms_error, list(cost.frame().columns[:3])
    (0.0, ['method', 'criterion', 'unit'])
    """

    methods: tuple[MethodCost, ...]
    tolerance: float
    rms_order: int | None
    worst_case_order: int
    taylor_order: int | None
    mean_displacement: float
    theta_count: int
    samples: int
    version: str = __version__

    records: ClassVar[tuple[type, ...]] = (MethodCost,)

    def __repr__(self) -> str:
        measured = [(cost.seconds, cost.method, cost.criterion) for cost in self.methods if cost.seconds is not None]
        orders = f"order {self.rms_order} by the rms error, {self.worst_case_order} in the worst case"
        head = f"SimulationCost of {len(self.methods)} methods at a tolerance of {self.tolerance:g}"
        if not measured:
            return f"{head}\n  {orders}\n  none was measured"
        seconds, method, criterion = min(measured)
        return f"{head}\n  {orders}\n  fastest: {method} ({criterion}), {seconds:.2g} s a theta"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the seconds of one theta by each method, hollow where they are predicted; return the axis."""
        return draw_costs(self.methods, self.tolerance, ax)

    def __getitem__(self, key: tuple[str, str]) -> MethodCost:
        """Return the record of a (method, criterion)."""
        for cost in self.methods:
            if isinstance(key, tuple) and (cost.method, cost.criterion) == key:
                return cost
        known = ", ".join(f"({cost.method!r}, {cost.criterion!r})" for cost in self.methods)
        raise NearCliffordError(f"There is no method {key!r}; expected one of {known}.")

    def frame(self) -> pd.DataFrame:
        """Return one row for each method and criterion, with the attributes of `MethodCost` as columns."""
        import pandas as pd

        rows = [asdict(cost) for cost in self.methods]
        return pd.DataFrame(rows, columns=[field.name for field in fields(MethodCost)])

    def __str__(self) -> str:
        head = ("method", "criterion", "order", "size", "build s", "s / theta", "bytes", "rms error", "note")
        lines = [head, *(_cells(cost) for cost in self.methods)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(head))]
        rows = ("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)
        about = (
            f"tolerance {self.tolerance:g}, E‖t‖₁ = {self.mean_displacement:.3g}, {self.theta_count} thetas; "
            "numbers after ~ are predicted, all others measured"
        )
        return "\n".join([about, *(row.rstrip() for row in rows)])


def simulation_cost(
    land: Landscape,
    patch: Patch,
    tolerance: float,
    samples: int | None = None,
    n_thetas: int = 64,
    max_seconds: float = 10.0,
    max_bytes: int = 2**30,
    *,
    rng: Seed = None,
) -> SimulationCost:
    """Return what each classical method needs for the loss over a patch, to an error of ``tolerance``.

    Compared are the Taylor surrogate as published, by counting; the Taylor and Pauli-path surrogates of this package; exact
    sweeps; stabilizer rank, by its formula; Aer's matrix product states; and the package pauli-prop where it is installed.
    Truncated methods appear twice: with the order that makes the rms error over the patch small enough, and with the order
    of the worst-case bound. What fits the budget by prediction is measured.

    Parameters
    ----------
    land, patch : the problem. Where angles are shared or fixed the orders are those of `surrogate_error_curve` there, and
        methods that are defined for one gate a parameter have no numbers.
    tolerance : error of the loss, in the units of the observable.
    samples : chains of the run behind the order by rms error; by default 20 (Σ|c_a| / tolerance)², as many as it takes to
        tell (`ErrorCurve.order_for`), between 10^5 and 10^7.
    n_thetas : thetas of the patch, at least 2, at which methods are timed and compared.
    max_seconds, max_bytes : budget of each measurement. It is predicted, so a run may take a few times longer.
    rng : seed or generator; the orders follow from it, the seconds do not.

    Raises
    ------
    NearCliffordError : a tolerance that is not positive, a patch that does not fit, a bad budget.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> cost = simulation_cost(land, nc.Gaussian(0.05), tolerance=1e-3, rng=7)
    >>> cost.rms_order, cost.worst_case_order, cost["Taylor, published", "worst case"].size
    (1, 7, 25827165)
    """
    wanted, seconds = positive(tolerance, "tolerance", 1e-3), positive(max_seconds, "max_seconds", 10)
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    land.problem.require_noiseless("A comparison of methods", KNOW_NOISE)
    integer(n_thetas, "n_thetas", 2)
    stream = generator(rng)
    relative = wanted / float(np.abs(land.problem.coefficients).sum())
    count = int(np.clip(20 / relative**2, 10**5, 10**7)) if samples is None else integer(samples, "samples", 2)
    nbytes = integer(max_bytes, "max_bytes", 1)
    curve = surrogate_error_curve(land, patch, orders=range(1, LARGEST_ORDER + 1), samples=count, rng=stream)
    theta = land.center + patch.sample((n_thetas, land.n_parameters), rng=stream)
    contest = Contest(land, patch, wanted, theta, seconds, nbytes)
    return _compare(contest, curve, count)


def _compare(contest: Contest, curve: ErrorCurve, samples: int) -> SimulationCost:
    rms_order, worst_order = curve.order_for(contest.tolerance), methods.worst_case(contest)
    exact = methods.statevector(contest)
    reference, reference_note = _reference(contest, curve)
    taylor_order = _taylor_order(contest)
    kinds: list[tuple[methods.Kind, str, int | None]] = [
        ("taylor", "rms", taylor_order),
        ("taylor", "worst case", worst_order),
        ("pauli-path", "rms", rms_order),
        ("pauli-path", "worst case", worst_order),
    ]
    ours = [methods.our_surrogate(contest, *kind, reference)[0] for kind in kinds]
    outside = [one(contest, reference) for one in (peers.matrix_product_state, peers.pauli_propagation)]
    outside = [replace(one, note="; ".join(filter(None, (one.note, reference_note)))) for one in outside]
    found = (
        methods.published_taylor(contest, "rms", taylor_order),
        methods.published_taylor(contest, "worst case", worst_order),
        *ours,
        exact,
        methods.stabilizer_rank(contest),
        *outside,
    )
    return SimulationCost(
        found,
        contest.tolerance,
        rms_order,
        worst_order,
        taylor_order,
        contest.mean_displacement,
        len(contest.theta),
        samples,
    )


def _reference(contest: Contest, curve: ErrorCurve) -> tuple[Floats | None, str]:
    """Return values to compare with, and a note where they are not exact."""
    if contest.exact_fits:
        return np.asarray(contest.land.value(contest.theta)), ""
    order = curve.order_for(contest.tolerance / 10)
    cost, built = methods.our_surrogate(contest, "pauli-path", "rms", order, None)
    if built is None:
        return None, ""
    return np.asarray(built.value(contest.theta)), f"compared with the Pauli-path surrogate of order {cost.order}"


def _taylor_order(contest: Contest) -> int | None:
    """Return the least Taylor order whose rms error over the thetas, and those of all higher orders, reach the tolerance."""
    if contest.land.problem.angle_map.offset.any():
        return None
    if not contest.exact_fits or contest.exact_seconds * len(contest.theta) * N_NODES > contest.max_seconds:
        return None
    land = contest.land
    orders = np.arange(1, N_NODES + 1)
    errors = taylor_errors(lambda theta: np.asarray(land.value(theta)), land.center, contest.theta - land.center, orders)
    enough = np.sqrt(np.mean(np.square(errors), axis=0)) <= contest.tolerance
    if not enough.any():
        return None
    return int(orders[np.argmax(enough)])


def _cells(cost: MethodCost) -> tuple[str, ...]:
    size = "" if cost.size is None else f"{_number(cost.size)} {cost.unit}"
    return (
        cost.method,
        cost.criterion,
        "" if cost.order is None else str(cost.order),
        size,
        _either(cost.build_seconds, cost.predicted_build_seconds),
        _either(cost.seconds, cost.predicted_seconds),
        _either(cost.nbytes, cost.predicted_bytes),
        "" if cost.rms_error is None else f"{cost.rms_error:.1e}",
        cost.note,
    )


def _either(measured: float | None, predicted: float | None) -> str:
    if measured is not None:
        return _number(measured)
    return "" if predicted is None else f"~{_number(predicted)}"


def _number(value: float) -> str:
    if isinstance(value, int):
        return methods.shortened(value)
    return "> 1e308" if math.isinf(value) else f"{value:.2g}"
