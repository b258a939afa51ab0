"""One verb: a surrogate of a landscape."""

from __future__ import annotations

import numpy as np

from nearclifford.arguments import integer
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.rotations import AngleMap
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.paths import find_path_tree
from nearclifford.surrogates.pauli_path import PauliPathSurrogate
from nearclifford.surrogates.taylor import TaylorSurrogate

KINDS: dict[str, type[Surrogate]] = {kind.kind: kind for kind in (PauliPathSurrogate, TaylorSurrogate)}


def surrogate(
    land: Landscape, order: int, kind: str = "pauli-path", max_bytes: int = 2**32, progress: bool = True
) -> Surrogate:
    """Return the surrogate of a landscape of an order m: all of its Pauli paths with fewer than m flips.

    Parameters
    ----------
    land : circuit, observable and centre; parameters may be shared and have factors.
    order : m, at least 1. Order D + 1 leaves nothing out.
    kind : "pauli-path" for whole paths, products of sines and cosines, or "taylor" for the Taylor polynomial of total degree
        below m (theirs is the same number of paths).
    max_bytes : memory that paths may take while they are found, about.
    progress : show a bar on standard error where it takes more than two seconds.

    Raises
    ------
    NearCliffordError : an order below 1, an unknown kind, or a Taylor surrogate of a circuit with fixed angles off the grid
        of π/2, whose centre is not a point of all angles zero.
    ResourceError : more paths than fit ``max_bytes``, with their predicted number, before they are held.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    >>> kept = surrogate(land, order=5)
    >>> kept
    PauliPathSurrogate(order 5, 544 parameters, 53664 paths)
    >>> theta = np.random.default_rng(1).normal(size=544) * 544**-0.5
    >>> bool(abs(kept.value(theta) - land.value(theta)) < 3e-3)
    True
    """
    m = integer(order, "order", 1)
    if not isinstance(land, Landscape):
        raise NearCliffordError(f"land is a {type(land).__name__}; expected a nearclifford.Landscape.")
    if kind not in KINDS:
        raise NearCliffordError(f"kind is {kind!r}; expected one of {', '.join(map(repr, KINDS))}.")
    program = land.program
    for j in np.flatnonzero(program.offset)[: kind == TaylorSurrogate.kind]:
        raise NearCliffordError(
            f"{program.describe(j)} turns by {program.offset[j]:.6g} rad at the centre; a Taylor surrogate needs all "
            'angles to be multiples of π/2 there. Make the fixed angle a parameter, or use kind="pauli-path".'
        )
    tree = find_path_tree(land, m, integer(max_bytes, "max_bytes", 1), progress)
    angles = AngleMap(
        program.parameters, program.center, program.entry_rotation, program.entry_parameter, program.factor, program.offset
    )
    return KINDS[kind](m, angles, program.generators, land.images, land.coefficients, tree)
