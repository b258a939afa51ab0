"""Layers of strings that commute: each string stands one layer after the last that it anticommutes with."""

from __future__ import annotations

import numpy as np
from numba import njit

from nearclifford.kernels.bits import bit_of


@njit(cache=True)
def levels(meets):
    """Return the layer of each row, int64, shape ``(n,)``; bit i of row j says that it anticommutes with an earlier row i.

    Cost: n² / 2 tests of a bit.

    >>> levels(np.array([[0], [1], [0], [2]], dtype=np.uint64)).tolist()
    [0, 1, 0, 2]
    """
    n = len(meets)
    result = np.zeros(n, np.int64)
    for j in range(n):
        for i in range(j):
            if result[i] >= result[j] and bit_of(meets[j], i):
                result[j] = result[i] + 1
    return result
