"""From moments of surrogates of growing order to those of the landscape: how far the last ones may be off.

The changes from order to order fall in the end like those of an exponential series. Two orders are taken together, since a
symmetry may leave out every other one. With q the ratio of the last two such changes, what is still to come is about
q / (1 - q) of the last change. It is an estimate, no bound; where the changes do not fall it says nothing, and is infinite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nearclifford.arrays import Floats

# Orders that an estimate needs: two changes, each over two orders.
LEAST_ORDERS = 5
# Changes that fall more slowly tell nothing of their sum.
SLOWEST = 0.8
# Changes of this part of the moments are rounding.
ROUNDING = 1e-14


def truncation_error(moments: Sequence[Floats]) -> Floats:
    """Return what the last of the moments may be off by, of the same shape; rows of one quantity share a ratio.

    ``moments`` : by order, one array each of shape ``(n_quantities, P)``.

    >>> truncation_error([np.array([[1 - 0.1**order]]) for order in range(6)]).round(6)
    array([[0.00099]])
    >>> truncation_error([np.array([[2.0**order]]) for order in range(6)])
    array([[inf]])
    """
    if len(moments) < LEAST_ORDERS:
        return np.full_like(moments[-1], np.inf)
    changes = [np.abs(after - before) for before, after in zip(moments[-5:-1], moments[-4:], strict=True)]
    last, before = changes[3] + changes[2], changes[1] + changes[0]
    size = np.abs(moments[-1]).sum(axis=1, keepdims=True)
    total, total_before = last.sum(axis=1, keepdims=True), before.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(total <= ROUNDING * size, 0.0, total / total_before)
    rest = np.where(ratio <= SLOWEST, np.maximum(ratio / (1.0 - np.minimum(ratio, SLOWEST)), 1.0), np.inf)
    # of a quantity that has not changed yet nothing is known but what the others do
    change = np.where(last == 0.0, last.max(axis=1, keepdims=True), last)
    known = (size > 0.0) & np.isfinite(rest)
    return np.where(known, change * np.where(known, rest, 1.0), np.inf)
