"""Moments of merged paths over a patch by Gauss quadrature on a tensor grid of thetas, for few parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.patches import Patch
from nearclifford.surrogates.polynomial import OneParameter, PathPolynomial

# Nodes for each parameter: as many as it takes until the moments no longer change.
NODES = (3, 4, 5, 6, 8, 10, 12, 16, 20, 26, 34, 44, 60)
# Floats held at once, and changes that are small enough, as a part of the sum of second moments.
MOST_CELLS, ENOUGH = 2**24, 1e-6


@dataclass(frozen=True, eq=False)
class GridMoments:
    """Moments of some numbers, each of shape ``(P,)``, and by how much fewer nodes would have changed them.

    ``numbers`` : mean, second moment and variance, shape ``(3, P)``; ``change`` : likewise; ``nodes`` : for each parameter.
    """

    numbers: Floats
    change: Floats
    nodes: int

    @property
    def converged(self) -> bool:
        """Whether the last step of the quadrature changed second moments and variances by next to nothing."""
        return bool(np.all(self.change[1:].sum(axis=1) <= ENOUGH * self.numbers[1:].sum(axis=1)))


def grid_moments(
    polynomial: PathPolynomial, patch: Patch, widths: Floats, wanted: Sequence[int | None]
) -> GridMoments | None:
    """Return the moments of the value (None among ``wanted``) or of derivatives by parameters; None where no grid fits.

    ``widths`` : of all parameters, shape ``(D,)``, radians. Raises `NearCliffordError` for a patch without a Gauss rule.
    """
    found: GridMoments | None = None
    for count in NODES:
        if polynomial.cells(count) > MOST_CELLS:
            break
        numbers = _moments(polynomial, patch, widths, wanted, count)
        change = np.full_like(numbers, np.inf) if found is None else np.abs(numbers - found.numbers)
        found = GridMoments(numbers, change, count)
        if found.converged:
            break
    return found if found is not None and found.converged else None


def _moments(polynomial: PathPolynomial, patch: Patch, widths: Floats, wanted: Sequence[int | None], count: int) -> Floats:
    nodes, weights = patch.gauss_rule(count)
    places = [nodes * widths[one.parameter] for one in polynomial.functions]
    tables = [one.values(place) for one, place in zip(polynomial.functions, places, strict=True)]
    found = [_of(polynomial, _tables(polynomial.functions, tables, places, k), weights) for k in wanted]
    return np.array(found).reshape(-1, 3).T


def _tables(
    functions: Sequence[OneParameter], tables: Sequence[Floats], places: Sequence[Floats], parameter: int | None
) -> list[Floats]:
    return [
        one.derivatives(place) if one.parameter == parameter else table
        for one, table, place in zip(functions, tables, places, strict=True)
    ]


def _of(polynomial: PathPolynomial, tables: Sequence[Floats], weights: Floats) -> tuple[float, float, float]:
    """Return mean, second moment and variance; the last as a mean square, which no difference spoils."""
    values = polynomial.on_grid(tables)
    mean = _average(values, weights)
    return mean, _average(values**2, weights), _average((values - mean) ** 2, weights)


def _average(values: Floats, weights: Floats) -> float:
    for _ in range(values.ndim):
        values = values @ weights
    return float(values)
