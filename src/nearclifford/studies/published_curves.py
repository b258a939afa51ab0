"""The published comparison curves over N, from formulas alone: they need D and σ, and no circuit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.costs.cardinality import log10_stabilizer_calls
from nearclifford.costs.stabilizer_rank import mean_log2_stabilizer_rank
from nearclifford.costs.worst_case import mean_displacement, published_threshold, worst_case_order
from nearclifford.patches import Gaussian
from nearclifford.studies.rules import n_layers, sigma_value

if TYPE_CHECKING:
    import pandas as pd

# The published thresholds are for this error, and go up to this N.
EPSILON = 1e-6
LARGEST = 10_000


def published_curves(ansatz: str, layers: str, sigmas: Sequence[str], orders: Sequence[int]) -> pd.DataFrame:
    """Return a row for each N, 2 to 10,000, and σ.

    Columns are the cell's names, D, E‖t‖₁, ``threshold`` as published and ``worst_case_order``, which keeps the
    bound, both for ε = 1e-6, ``log2_stabilizer_rank``, the mean over the patch, and ``log10_calls_<m>`` for each order m.

    >>> table = published_curves("mhea", "N", ["D^-1/2"], [3])
    >>> table[["n_qubits", "threshold", "worst_case_order"]].iloc[-1].tolist()
    [10000, 30682, 30682]
    """
    import pandas as pd

    sizes = np.unique(np.round(np.geomspace(2, LARGEST, 40)).astype(int)).tolist()
    rows = []
    for sigma in sigmas:
        for size in sizes:
            count = ANSATZE[ansatz].n_parameters(size, n_layers(layers, size))
            patch = Gaussian(sigma_value(sigma, count))
            displacement = mean_displacement(patch, count)
            row = {"ansatz": ansatz, "layers": layers, "sigma": sigma, "n_qubits": size, "n_parameters": count}
            row |= {
                "displacement": displacement,
                "threshold": published_threshold(displacement, EPSILON),
                "worst_case_order": worst_case_order(displacement, EPSILON),
                "log2_stabilizer_rank": mean_log2_stabilizer_rank(patch, count),
            }
            rows.append(row | {f"log10_calls_{order}": log10_stabilizer_calls(count, order) for order in orders})
    return pd.DataFrame(rows)
