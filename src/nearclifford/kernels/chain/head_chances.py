"""How likely a term's coins show so many heads: the Poisson-binomial distribution from above.

Cost: 1 ns for each coin and number of heads.
"""

from __future__ import annotations

import numpy as np
from numba import prange, uint64

from nearclifford.kernels.bits import trailing_zeros
from nearclifford.kernels.parallel import parallel_kernel


@parallel_kernel
def chances_of_heads(members, probability, chances):
    """Write Pr[at least r heads] of the coins of each row of ``members`` to ``chances[a, r]``; sums of positive numbers."""
    for a in prange(len(members)):
        at_least = np.zeros(chances.shape[1])
        at_least[0] = 1.0
        for w in range(members.shape[1]):
            left = members[a, w]
            while left:
                p = probability[64 * w + trailing_zeros(left)]
                left &= left - uint64(1)
                for r in range(len(at_least) - 1, 0, -1):
                    at_least[r] = at_least[r] * (1.0 - p) + at_least[r - 1] * p
        chances[a] = at_least
