"""One verb: a surrogate of a landscape."""

from __future__ import annotations

from nearclifford.arguments import instance, integer, one_of, positive
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.paths import find_path_tree
from nearclifford.surrogates.pauli_path import PauliPathSurrogate
from nearclifford.surrogates.taylor import TaylorSurrogate

KINDS: dict[str, type[Surrogate]] = {kind.kind: kind for kind in (PauliPathSurrogate, TaylorSurrogate)}


def surrogate(
    land: Landscape,
    order: int,
    kind: str = "pauli-path",
    max_bytes: int = 2**32,
    progress: bool = True,
    max_seconds: float = 600.0,
    *,
    noise: Noise | None = None,
) -> Surrogate:
    """Return the surrogate of a landscape of an order m: all of its Pauli paths with fewer than m flips.

    Parameters
    ----------
    land : circuit, observable and centre; parameters may be shared and have factors.
    order : m, at least 1. A path has no more flips than there are rotations, so order D + 1 leaves none out.
    kind : "pauli-path" for whole paths, products of sines and cosines, or "taylor" for the Taylor polynomial of total degree
        below m; both have the same paths.
    max_bytes : memory that paths may take while they are found, about.
    progress : show a bar on standard error where something takes more than two seconds.
    max_seconds : what the search may take by prediction, in seconds of one core. A walk that turns out to be longer than
        predicted stops there.
    noise : Pauli noise behind the gates, a `PauliNoise` or a noise model of Qiskit Aer: see `gradient_statistics`. Every
        path is damped by what it meets, so value, gradient and errors are those of the noisy circuit.

    Raises
    ------
    NearCliffordError : an order below 1, an unknown kind, or a Taylor surrogate of a circuit with fixed angles off the grid
        of π/2, whose centre is not a point of all angles zero.
    ResourceError : more paths than fit ``max_bytes``, or a search beyond ``max_seconds``, with the predicted seconds, paths
        and bytes, before it begins.

    Examples
    --------
    >>> import numpy as np
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    >>> kept = surrogate(land, order=5)
    >>> kept
    PauliPathSurrogate(order 5, 544 parameters, 53664 paths)
    >>> theta = np.random.default_rng(1).normal(size=544) * 544**-0.5
    >>> bool(abs(kept.value(theta) - land.value(theta)) < 3e-3)
    True
    """
    m, seconds = integer(order, "order", 1), positive(max_seconds, "max_seconds", 600)
    noisy = with_noise(instance(land, Landscape, "land", "Landscape(circuit, observable)"), noise)
    problem = noisy.problem
    if one_of(kind, "kind", KINDS) == TaylorSurrogate.kind:
        reason = "A Taylor surrogate is a polynomial around a centre where every angle is a multiple of π/2."
        problem.angle_map.require_clifford(reason, 'kind="pauli-path" needs none of this.')
    tree = find_path_tree(noisy, m, integer(max_bytes, "max_bytes", 1), seconds, progress)
    return KINDS[kind](m, problem, tree)
