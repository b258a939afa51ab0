"""How many terms and stabilizer calls the published enumeration of a Taylor surrogate takes; exact integers of any size.

Source: docs/theory.md, "Costs of other methods".
"""

from __future__ import annotations

import math
import operator

from nearclifford.errors import NearCliffordError


def n_multi_indices(n_parameters: int, order: int) -> int:
    """Return how many multi-indices α over D parameters have |α| < m: the binomial C(D + m - 1, m - 1).

    These are the candidate coefficients of a Taylor surrogate of order m. Raises `NearCliffordError` for D < 1 or m < 1.

    >>> n_multi_indices(12, 3), n_multi_indices(2, 4)
    (91, 10)
    """
    size, order = _check(n_parameters, order)
    return math.comb(size + order - 1, order - 1)


def n_stabilizer_calls(n_parameters: int, order: int) -> int:
    """Return how many stabilizer states the published enumeration evaluates: C(2D + m - 1, m - 1), its "cardinality".

    The derivative of order α_j in one angle is a combination of α_j + 1 shifted angles, so a multi-index takes Π (α_j + 1)
    calls, and the sum over |α| < m is the number of multi-indices over 2D parameters. Raises `NearCliffordError` for D < 1
    or m < 1.

    >>> [n_stabilizer_calls(92, order) for order in (1, 2, 3)]  # mHEA, N = 23, L = 1
    [1, 185, 17205]
    """
    size, order = _check(n_parameters, order)
    return math.comb(2 * size + order - 1, order - 1)


def _check(n_parameters: int, order: int) -> tuple[int, int]:
    size, order = operator.index(n_parameters), operator.index(order)
    if size < 1:
        raise NearCliffordError(f"n_parameters is {size}; expected at least 1.")
    if order < 1:
        raise NearCliffordError(f"order is {order}; expected at least 1: the value at the centre alone.")
    return size, order


def log10_stabilizer_calls(n_parameters: int, order: int) -> float:
    """Return log10 of `n_stabilizer_calls`, quick and finite at any size; errors as there.

    >>> round(log10_stabilizer_calls(92, 3), 6), round(log10_stabilizer_calls(10**8, 10**5))
    (4.235655, 373537)
    """
    size, order = _check(n_parameters, order)
    return log10_multi_indices(2 * size, order)


def log10_multi_indices(n_parameters: int, order: int) -> float:
    """Return log10 of `n_multi_indices`, quick and finite at any size; errors as there.

    >>> round(log10_multi_indices(12, 3), 6)  # 91
    1.959041
    """
    size, order = _check(n_parameters, order)
    return (math.lgamma(size + order) - math.lgamma(order) - math.lgamma(size + 1)) / math.log(10)
