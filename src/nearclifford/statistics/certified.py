"""Rigorous bounds of second moments over a patch: the chain of Pauli strings, merged, with what was dropped accounted for.

For terms a and b of the observable, E[L_a L_b] is a weight times the chance that the chain of a ends Z-type: the product R
of the two strings never changes, rotations that anticommute with R flip neither and give E[cos], and R must be Z-type.
Pairs of one R are one chain with several starts. Every sum is an interval, its rounding guarded outward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import instance, integer, parameter_index
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.term_pairs import TermProduct, products_of_terms
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.merging.propagate import propagate, time_order
from nearclifford.landscape import Landscape
from nearclifford.normal_form.angles import angle_moments
from nearclifford.normal_form.compression import compress
from nearclifford.normal_form.program import PauliTable
from nearclifford.patches import Patch

ULP = 2.0**-53
# More than what underflow can take away or add: fewer than 1e20 operations of at most 5e-324 each.
UNDERFLOW = 1e-300

Interval = tuple[float, float]


def certified_second_moment(
    land: Landscape, patch: Patch, parameter: int | None = None, max_terms: int = 10**6
) -> tuple[float, float]:
    """Return (lower, upper), rigorous bounds of E[(∂_k L)²] over a patch, or of E[L²] if ``parameter`` is None.

    The bounds coincide, to rounding, if no more than ``max_terms`` Pauli strings are ever needed at once; beyond, the
    lightest are dropped and widen the interval. Time and memory grow with the strings held, not with 2^N. Several terms
    take one such run for each distinct product of two with equal x-parts.

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    parameter : k, an index into ``circuit.parameters``, or None for the loss itself.
    max_terms : Pauli strings kept after each rotation, at least 1; one takes about 100 bytes up to 64 qubits.

    Raises
    ------
    NearCliffordError : no `Landscape`, a parameter out of range, ``max_terms`` below 1, a patch that does not fit, or angles
        that are not independent (a parameter on several rotations, a rotation of several parameters, a fixed angle off the
        grid).

    Examples
    --------
    For RY(t) and Z, L = cos t and E[L'²] = E[sin² t] = (1 - exp(-2σ²)) / 2.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> lower, upper = certified_second_moment(land, nc.Gaussian(0.5), parameter=0)
    >>> bool(lower <= (1 - np.exp(-0.5)) / 2 <= upper), upper - lower < 1e-11
    (True, True)

    Forty qubits, with room for a hundred thousand strings:

    >>> land = nc.Landscape(nc.ansatz.mhea(40, 1), nc.observables.global_z(40))
    >>> lower, upper = certified_second_moment(land, nc.Gaussian(0.05), max_terms=100_000)
    >>> 0 < lower < upper < 1
    True
    """
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    limit = integer(max_terms, "max_terms", 1)
    cosine, flip = angle_moments(land.problem.angle_map, patch)
    stay = 1.0 - flip
    chosen, scale = -1, 1.0
    if parameter is not None:
        k = parameter_index(parameter, land.n_parameters)
        rotation, factor = land.problem.angle_map.rotation_of
        if rotation[k] < 0:
            return 0.0, 0.0
        chosen, scale = int(rotation[k]), float(factor[k]) ** 2
        stay[chosen], flip[chosen] = flip[chosen], stay[chosen]
    turns = _Turns(land.problem.generators, stay, flip, cosine, patch.moment_error)
    total = (0.0, 0.0)
    for product in products_of_terms(land.problem):
        total = _add(total, _product_moment(product, land.problem.images, turns, chosen, limit))
    lower, upper = _multiply(total, (scale, scale))
    return max(lower, 0.0), max(upper, 0.0)


def chains_end(generators: PauliTable, starts: PauliTable, chosen: int, limit: int) -> bool:
    """Return whether some branch of a chain may end Z-type, having met the rotation ``chosen`` (-1 for none) before.

    False is certain; True may also mean that more than ``limit`` strings were needed at once.

    >>> import stim
    >>> turn = PauliTable.from_stim(1, [stim.PauliString("Z")])
    >>> [chains_end(turn, PauliTable.from_stim(1, [stim.PauliString(letter)]), -1, 16) for letter in "XZ"]
    [False, True]
    """
    half = np.full(len(generators), 0.5)
    turns = _Turns(generators, half, half, np.ones(len(generators)), 0.0)
    everything = TermProduct(np.zeros(starts.z.shape[1], np.uint64), np.arange(len(starts)), np.ones(len(starts)))
    return _product_moment(everything, starts, turns, chosen, limit) != (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class _Turns:
    """Generators in time order, weights of staying and flipping, E[cos] of each angle: float64, shape ``(n_rotations,)``.

    The weights are E[cos²] and E[sin²], exchanged at the rotation of a derivative; ``moment_error`` is that of the patch.
    """

    generators: PauliTable
    stay: Floats
    flip: Floats
    cosine: Floats
    moment_error: float


def _product_moment(product: TermProduct, images: PauliTable, turns: _Turns, chosen: int, limit: int) -> Interval:
    overlap = np.bitwise_count(turns.generators.x & product.z).sum(axis=1)
    frozen = overlap % 2 == 1
    if chosen >= 0 and frozen[chosen]:
        return 0.0, 0.0
    factor = (1.0, 1.0)
    for cosine in turns.cosine[frozen]:
        factor = _multiply(factor, (cosine - turns.moment_error, cosine + turns.moment_error))
    free = np.flatnonzero(~frozen)
    starts = images.take(product.starts)
    total = (0.0, 0.0)
    for group in compress(turns.generators.take(free), starts):
        rotations = free[group.rotations]
        if chosen < 0 or chosen in rotations:
            part = starts.take(group.terms), product.weight[group.terms]
            total = _add(total, _chain(*part, turns, rotations, chosen, limit))
    return _multiply(factor, total)


def _chain(starts: PauliTable, weight: Floats, turns: _Turns, rotations: Indices, chosen: int, limit: int) -> Interval:
    """Return bounds of Σ weight · Pr[the chain from this start ends Z-type]."""
    order = rotations[time_order(turns.generators.take(rotations).strings)]
    ordered = turns.generators.take(order).strings
    basis, pivot, rank = adapted_basis(ordered.x)
    derivative = int(np.flatnonzero(order == chosen)[0]) if chosen >= 0 else -1
    mass, dropped, ended, _ = propagate(
        adapted_coordinates(ordered, basis, pivot),
        rank,
        turns.stay[order],
        turns.flip[order],
        derivative,
        adapted_coordinates(starts.strings, basis, pivot),
        np.stack([np.maximum(weight, 0.0), np.maximum(-weight, 0.0)], axis=1),
        limit,
    )
    positive, negative = mass.tolist()
    above, below, both, count, mixed = dropped.tolist()
    # Masses are sums of products of positive numbers: their errors are relative, one step after the other.
    steps = len(order) * (turns.moment_error + 4 * ULP) + (len(pivot) + 2 * len(weight) + count + 16) * ULP
    error = math.expm1(1.01 * steps)
    lower = positive * (1 - error) - negative * (1 + error) - below - error * mixed
    upper = positive * (1 + error) - negative * (1 - error) + above + error * both
    # No string at the end and none dropped is an exact zero: no branch ends Z-type.
    slack = UNDERFLOW * (1.0 + float(np.abs(weight).sum())) if ended + count > 0 else 0.0
    return _down(lower - slack), _up(upper + slack)


def _down(value: float) -> float:
    return math.nextafter(value, -math.inf) if value else 0.0


def _up(value: float) -> float:
    return math.nextafter(value, math.inf) if value else 0.0


def _add(one: Interval, other: Interval) -> Interval:
    return _down(one[0] + other[0]), _up(one[1] + other[1])


def _multiply(one: Interval, other: Interval) -> Interval:
    corners = [a * b for a in one for b in other]
    return _down(min(corners)), _up(max(corners))
