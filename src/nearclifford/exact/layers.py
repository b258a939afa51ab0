"""Layers of a circuit: rotations that commute and can stand at one time."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Indices
from nearclifford.kernels.commutation import commutation_rows, side_by_side
from nearclifford.kernels.layering import levels
from nearclifford.normal_form.program import PauliTable


def layers_of(generators: PauliTable) -> list[Indices]:
    """Return the rotations of each layer, in time order: each stands as early as those that it anticommutes with allow.

    Within a layer all generators commute; layer after layer is the same circuit.

    >>> import stim
    >>> turns = PauliTable.from_stim(2, [stim.PauliString(p) for p in ("Y_", "Z_", "_Y", "_Z")])
    >>> [layer.tolist() for layer in layers_of(turns)]
    [[0, 2], [1, 3]]
    """
    rows = side_by_side(generators.x, generators.z)
    level = levels(commutation_rows(rows, rows, np.arange(len(rows))))
    return [np.flatnonzero(level == layer) for layer in range(level.max(initial=-1) + 1)]
