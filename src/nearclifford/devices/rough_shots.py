"""What one shot adds, quickly: exact where states fit, else at most so much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.devices.exact_shots import exact_variances, fits_exactly
from nearclifford.devices.grouping import commuting_parts
from nearclifford.devices.shift import ParameterShift
from nearclifford.devices.twirled_shots import certain_part
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch

# Thetas are sampled until the sums are known to this part.
REL_ERROR = 0.05


@dataclass(frozen=True)
class RoughShots:
    """Variances of one shot of each circuit, over all groups of terms, averaged over a patch.

    Attributes
    ----------
    value, gradient : of the loss, and Σ_k of the derivatives.
    method : "statevector": measured; "means": at most so much, the variance of <O> over the patch is not taken off; "bound":
        at most so much, (Σ|c|)² of each group.
    """

    value: float
    gradient: float
    method: str


def rough_shots(land: Landscape, patch: Patch, max_seconds: float, *, rng: np.random.Generator) -> RoughShots:
    """Return what one shot adds, by the best of three ways that fits the time.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(300, 1), nc.observables.global_z(300))
    >>> rough_shots(land, nc.Gaussian(0.1), 1.0, rng=np.random.default_rng(1)).method
    'means'
    """
    _, parts = commuting_parts(land.observable)
    plan = ParameterShift.of(land.problem.angle_map, np.arange(land.n_parameters))
    # A derivative is half the difference of two circuits: half of the mean of both variances.
    weight = np.asarray(plan.weight.power(2).sum(axis=0)).reshape(-1) / 2
    exact = fits_exactly(land, parts, len(plan.rotations), max_seconds)
    if exact is not None:
        found = exact_variances(exact, land, patch, plan.rotations, (REL_ERROR, max_seconds), rng)
        return RoughShots(float(found.value.sum()), float(weight @ found.shifted.sum(axis=1)), "statevector")
    try:
        known = [certain_part(land.with_observable(part), patch) for part in parts]
    except NearCliffordError:  # angles that are shared or fixed
        most = sum(float(np.abs(part.coeffs).sum()) ** 2 for part in parts)
        return RoughShots(most, most * float(weight.sum()), "bound")
    shifted = np.sum([part.shifted for part in known], axis=0)[plan.rotations]
    return RoughShots(sum(part.value for part in known), float(weight @ shifted), "means")
