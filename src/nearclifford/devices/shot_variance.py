"""What one shot of each circuit adds to a loss and its gradient, averaged over a patch: the true variance, not a bound.

Terms that commute qubit by qubit are measured together; a group O has the variance <O²> - <O>² at every theta. Source:
docs/theory.md, "Shots".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.arguments import Seed, chosen_parameters, generator, instance, positive
from nearclifford.arrays import Floats, Indices
from nearclifford.devices.exact_shots import exact_variances, fits_exactly
from nearclifford.devices.grouping import commuting_parts
from nearclifford.devices.one_shot import OneShot
from nearclifford.devices.shift import ParameterShift
from nearclifford.devices.shots_figure import draw_variance
from nearclifford.devices.twirled_shots import twirled_variances
from nearclifford.errors import ObservableError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch, require_patch
from nearclifford.shown import Kept

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class ShotVariance(Kept):
    """Variances of one shot for each of G groups of terms, averaged over a patch, with standard errors.

    Shots are those of one circuit: n of them divide a variance by n. A derivative is measured by the parameter-shift rule,
    two circuits for each rotation and group.

    Attributes
    ----------
    terms : int64, shape ``(G,)``: how many terms are measured together.
    value, value_error : float64, shape ``(G,)``: of the loss.
    parameters : int64, shape ``(P,)``: the components.
    gradient, gradient_error : float64, shape ``(P, G)``: of ∂L/∂θ_k.
    n_shifted : rotations that these components shift: with G groups a gradient takes ``2 G n_shifted`` circuits.
    method : "statevector": thetas are sampled, and the variances exact at each; or "stabilizer": E<O²> is exact, and
        E[<O>²] from random Clifford circuits.
    samples : thetas; or rotations whose shifted circuits were averaged over, where the others have the mean of these and
        their spread as an error.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    >>> nc.shot_variance(land, nc.Gaussian(0.1), rng=1)
    ShotVariance(3 groups, 24 components, statevector)
    """

    terms: Indices
    value: Floats
    value_error: Floats
    parameters: Indices
    gradient: Floats
    gradient_error: Floats
    n_shifted: int
    method: str
    samples: int

    def __repr__(self) -> str:
        return f"ShotVariance({len(self.terms)} groups, {len(self.parameters)} components, {self.method})"

    def frame(self) -> pd.DataFrame:
        """Return a row for each group and component, the loss first with NaN as its component: variance and its error."""
        import pandas as pd

        groups, count = len(self.terms), len(self.parameters)
        component = np.repeat(np.concatenate([[np.nan], self.parameters]), groups)
        group = np.tile(np.arange(groups), count + 1)
        variance = np.concatenate([self.value[None], self.gradient]).ravel()
        error = np.concatenate([self.value_error[None], self.gradient_error]).ravel()
        columns = {"parameter": component, "group": group, "terms": self.terms[group], "variance": variance, "error": error}
        return pd.DataFrame(columns)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the variance of one shot of each component, by group, with standard errors; return the axis."""
        return draw_variance(self, ax)


def shot_variance(
    land: Landscape,
    patch: Patch,
    parameters: Sequence[int] | None = None,
    *,
    rng: Seed = None,
    rel_error: float = 0.02,
    max_seconds: float = 30.0,
) -> ShotVariance:
    """Return what one shot of each circuit adds to the loss and its gradient over a patch, for a device without noise.

    Where the states fit and a few thetas are quick, thetas are sampled and the variances are exact at each. Elsewhere
    angles must be independent: then E<O²> is a sum over pairs of terms, exact at any number of qubits.

    Parameters
    ----------
    land, patch : the problem; the patch lies around the landscape's centre.
    parameters : components of the gradient; all of them by default.
    rng : seed or generator.
    rel_error, max_seconds : it ends when the standard error of the sums is at most this part of them, or the time is over.

    Raises `NearCliffordError` for an argument of another kind, for noise, and where neither way fits.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(100, 2), nc.observables.ising(100))
    >>> found = nc.shot_variance(land, nc.Gaussian(0.05), parameters=[3], rng=1)
    >>> found.terms.tolist(), found.gradient.shape
    ([100, 100], (1, 2))
    """
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    require_patch(patch).for_parameters(land.n_parameters)
    budget = positive(rel_error, "rel_error", 0.02), positive(max_seconds, "max_seconds", 30.0)
    land.problem.require_noiseless("A true shot variance", "Aer(noise_model=model, shots=...) measures one with noise.")
    plan = ParameterShift.of(land.problem.angle_map, chosen_parameters(parameters, land.n_parameters))
    _, parts = commuting_parts(land.observable)
    if not parts:
        raise ObservableError("The observable is a multiple of the identity: nothing is measured, and shots add nothing.")
    exact = fits_exactly(land, parts, plan.n_points // 2, budget[1])
    if exact is not None:
        found = exact_variances(exact, land, patch, plan.rotations, budget, generator(rng))
    else:
        found = twirled_variances(land, parts, patch, plan.rotations, budget, generator(rng))
    return _by_parameter(
        found, plan, np.array([len(part) for part in parts]), chosen_parameters(parameters, land.n_parameters)
    )


def _by_parameter(found: OneShot, plan: ParameterShift, terms: Indices, parameters: Indices) -> ShotVariance:
    # A derivative is half the difference of two circuits: a quarter of both variances, half of their mean.
    weight = plan.weight.power(2) / 2
    return ShotVariance(
        terms=terms,
        value=found.value,
        value_error=found.value_error,
        parameters=parameters,
        gradient=np.asarray(weight @ found.shifted),
        gradient_error=np.asarray(weight @ found.shifted_error),
        n_shifted=len(plan.rotations),
        method=found.method,
        samples=found.samples,
    )
