"""Errors of surrogates over a patch where angles are shared or fixed: at thetas of the patch, beside a reference.

The closed forms of independent angles rest on paths of different flips that average to nothing; where angles are shared
they do not. What is left is to compare: with exact sweeps where they fit, and else with a surrogate of a higher order,
whose own error is estimated from those below it and stands in the errors (docs/theory.md, "Shared and bound angles").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.errors import ResourceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch, require_patch
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.surrogates.paths import find_path_tree
from nearclifford.surrogates.pauli_path import PauliPathSurrogate
from nearclifford.surrogates.theta_rms import MOST_THETAS, fits_exactly

# What the trees of a curve may take, each.
MOST_BYTES, TREE_SECONDS = 2**30, 10.0
# Beyond so many orders of a reference the estimate of its error is that of two orders apart.
APART = 2


@dataclass(frozen=True, eq=False)
class ThetaErrors:
    """Mean squares of ``L - L_m`` over thetas of a patch.

    Attributes
    ----------
    orders : int64: those whose surrogates fit, ascending.
    mean_square, error : float64, of the same shape, and the standard error; of a reference that is a surrogate it holds what
        that is off by.
    most_flips : from one order above on the error is zero for certain.
    samples : number of thetas.
    reference : what the surrogates were compared with, in words.
    """

    orders: Indices
    mean_square: Floats
    error: Floats
    most_flips: int
    samples: int
    reference: str


def theta_errors(
    land: Landscape, patch: Patch, orders: Iterable[int], samples: int, rng: np.random.Generator
) -> ThetaErrors:
    """Return the errors of the surrogates of these orders, of those that fit; order 0 is the loss itself.

    Raises `ResourceError` where no exact sweep fits and fewer than five orders do.
    """
    require_patch(patch).for_parameters(land.n_parameters)
    count, wanted = min(samples, MOST_THETAS), sorted(set(orders))
    theta = land.center + patch.sample((count, land.n_parameters), rng=rng)
    most = most_flips(land, np.ones(land.problem.n_rotations))
    exact = fits_exactly(land.problem, count)
    values = _values(land, theta, wanted, most, exact)
    last = max(values)
    if exact:
        truth, unknown, reference = np.asarray(land.value(theta)), 0.0, "exact sweeps"
    else:
        truth, unknown = values[last], 0.0 if last > most else _own_error(values, last)
        reference = f"the surrogate of order {last}"
    kept = [order for order in wanted if (order in values and (exact or order < last)) or order > most]
    squares = np.array([np.square(truth - values[min(order, last)]) for order in kept]).reshape(len(kept), count)
    mean, spread = squares.mean(axis=1), squares.std(axis=1, ddof=1) / np.sqrt(count)
    certain = np.array(kept) > most
    error = np.where(certain, 0.0, spread + 2.0 * unknown * np.sqrt(mean) + unknown**2)
    return ThetaErrors(np.array(kept, dtype=np.int64), np.where(certain, 0.0, mean), error, most, count, reference)


def _values(land: Landscape, theta: Floats, wanted: list[int], most: int, exact: bool) -> dict[int, Floats]:
    """Return the values of surrogates by order, as far as they are wanted and fit; for a reference those of two more."""
    values = {0: np.zeros(len(theta))}
    for order in range(1, min(wanted[-1] + (0 if exact else APART), most + 1) + 1):
        try:
            tree = find_path_tree(land, order, MOST_BYTES, TREE_SECONDS, progress=False)
        except ResourceError:
            break
        values[order] = np.asarray(PauliPathSurrogate(order, land.problem, tree).value(theta))
    return values


def _own_error(values: dict[int, Floats], last: int) -> float:
    """Return the rms error of the last surrogate, from the changes over two orders before it and before these."""
    if last < 2 * APART:
        raise ResourceError(
            f"Neither exact sweeps fit nor surrogates of order {2 * APART}, which an error is estimated from. Take fewer "
            "layers, or nearclifford.untie(circuit), whose independent angles have an error curve at any size."
        )
    changes = [float(np.sqrt(np.mean((values[m] - values[m - APART]) ** 2))) for m in (last, last - APART)]
    ratio = changes[0] / changes[1] if changes[1] > 0.0 else np.inf
    return changes[0] * max(ratio / (1.0 - ratio), ratio) if ratio < 1.0 else np.inf
