"""Rigorous bounds of second moments over a patch: the chain of Pauli strings, merged, with what was dropped accounted for.

For terms a and b of the observable, E[L_a L_b] is a weight times the chance that the chain of a ends Z-type
(`nearclifford.chains.merged`); rotations that flip neither give E[cos]. Every sum is an interval, its rounding guarded
outward (docs/theory.md, "Certified second moments").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nearclifford.arguments import instance, integer, parameter_index
from nearclifford.arrays import Flags, Floats
from nearclifford.chains.merged import MergedChain, frozen_by, merged_chains
from nearclifford.chains.noisy import NoisyChain, noisy_chains
from nearclifford.chains.term_pairs import TermProduct, products_of_terms
from nearclifford.kernels.merging.damped import propagate_damped
from nearclifford.kernels.merging.propagate import propagate
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.normal_form.angles import angle_moments
from nearclifford.normal_form.channels import PauliChannels
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable
from nearclifford.patches import Patch

ULP = 2.0**-53
# More than what underflow can take away or add: fewer than 1e20 operations of at most 5e-324 each.
UNDERFLOW = 1e-300

Interval = tuple[float, float]


def certified_second_moment(
    land: Landscape, patch: Patch, parameter: int, max_terms: int = 10**6, *, noise: Noise | None = None
) -> tuple[float, float]:
    """Return (lower, upper), rigorous bounds of E[(∂_k L)²] over a patch; of E[L²]: `certified_loss_second_moment`.

    The bounds coincide, to rounding, if no more than ``max_terms`` Pauli strings are ever needed at once; beyond, the
    lightest are dropped and widen the interval. Time and memory grow with the strings held, not with 2^N. Several terms
    take one such run for each distinct product of two with equal x-parts.

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    parameter : k, an index into ``circuit.parameters``.
    max_terms : Pauli strings kept after each rotation, at least 1; one takes about 100 bytes up to 64 qubits.
    noise : Pauli noise behind the gates, a `PauliNoise` or a noise model of Qiskit Aer: see `gradient_statistics`. Fewer
        strings are equal then, since noise sees all their letters.

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
    >>> lower, upper = nc.certified_second_moment(land, nc.Gaussian(0.5), parameter=0)
    >>> bool(lower <= (1 - np.exp(-0.5)) / 2 <= upper), upper - lower < 1e-11
    (True, True)
    """
    limit, turns, noisy = _prepare(land, patch, max_terms, noise)
    k = parameter_index(parameter, noisy.n_parameters)
    rotation, factor = noisy.problem.angle_map.rotation_of
    if rotation[k] < 0:
        return 0.0, 0.0
    chosen = int(rotation[k])
    return _second_moment(noisy, turns.exchanged_at(chosen), chosen, float(factor[k]) ** 2, limit)


def certified_loss_second_moment(
    land: Landscape, patch: Patch, max_terms: int = 10**6, *, noise: Noise | None = None
) -> tuple[float, float]:
    """Return (lower, upper), rigorous bounds of E[L²] over a patch; arguments and errors of `certified_second_moment`.

    Forty qubits, with room for a hundred thousand strings:

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(40, 1), nc.observables.global_z(40))
    >>> lower, upper = nc.certified_loss_second_moment(land, nc.Gaussian(0.05), max_terms=100_000)
    >>> 0 < lower < upper < 1
    True
    """
    limit, turns, noisy = _prepare(land, patch, max_terms, noise)
    return _second_moment(noisy, turns, -1, 1.0, limit)


def _prepare(land: Landscape, patch: Patch, max_terms: int, noise: Noise | None) -> tuple[int, _Turns, Landscape]:
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    limit = integer(max_terms, "max_terms", 1)
    noisy = with_noise(land, noise)
    cosine, flip = angle_moments(noisy.problem.angle_map, patch)
    return limit, _Turns(noisy.problem.generators, 1.0 - flip, flip, cosine, patch.moment_error), noisy


def _second_moment(land: Landscape, turns: _Turns, chosen: int, scale: float, limit: int) -> Interval:
    total = (0.0, 0.0)
    for product in products_of_terms(land.problem):
        total = _add(total, _product_moment(product, land.problem, turns, chosen, limit))
    lower, upper = _multiply(total, (scale, scale))
    return max(lower, 0.0), max(upper, 0.0)


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

    def exchanged_at(self, rotation: int) -> _Turns:
        stay, flip = self.stay.copy(), self.flip.copy()
        stay[rotation], flip[rotation] = self.flip[rotation], self.stay[rotation]
        return replace(self, stay=stay, flip=flip)


def _product_moment(product: TermProduct, problem: PauliProblem, turns: _Turns, chosen: int, limit: int) -> Interval:
    frozen = frozen_by(product, turns.generators)
    if chosen >= 0 and frozen[chosen]:
        return 0.0, 0.0
    factor = (1.0, 1.0)
    for cosine in turns.cosine[frozen]:
        factor = _multiply(factor, (cosine - turns.moment_error, cosine + turns.moment_error))
    total = (0.0, 0.0)
    for end in _ends(product, problem, turns, chosen, frozen, limit):
        total = _add(total, end.interval(turns.moment_error))
    return _multiply(factor, total)


@dataclass(frozen=True, eq=False)
class _End:
    """What is left of a chain: mass for and against, what was dropped (`propagate`), strings at the end.

    ``n_turns`` : multiplications of rotations that a mass has passed; ``n_steps`` : others, and additions.
    """

    mass: Floats
    dropped: Floats
    ended: int
    weight: Floats
    n_turns: int
    n_steps: int

    def interval(self, moment_error: float) -> Interval:
        """Return bounds of Σ weight · Pr[the chain from this start ends Z-type]."""
        positive, negative = self.mass.tolist()
        above, below, both, count, mixed = self.dropped.tolist()
        # Masses are sums of products of positive numbers: their errors are relative, one step after the other.
        steps = self.n_turns * (moment_error + 4 * ULP) + (self.n_steps + 2 * len(self.weight) + count + 16) * ULP
        error = math.expm1(1.01 * steps)
        lower = positive * (1 - error) - negative * (1 + error) - below - error * mixed
        upper = positive * (1 + error) - negative * (1 - error) + above + error * both
        # No string at the end and none dropped is an exact zero: no branch ends Z-type.
        slack = UNDERFLOW * (1.0 + float(np.abs(self.weight).sum())) if self.ended + count > 0 else 0.0
        return _down(lower - slack), _up(upper + slack)


def _ends(
    product: TermProduct, problem: PauliProblem, turns: _Turns, chosen: int, frozen: Flags, limit: int
) -> Iterator[_End]:
    """Yield the ends of all chains of a product; those that never meet the ``chosen`` rotation have none."""
    if problem.channels is None:
        for chain in merged_chains(product, turns.generators, problem.images, frozen):
            if chosen < 0 or chain.place_of(chosen) >= 0:
                yield _end(chain, turns, chain.place_of(chosen), limit)
        return
    for noisy in noisy_chains(product, turns.generators, problem.images, frozen):
        if chosen < 0 or noisy.place_of(chosen) >= 0:
            yield _noisy_end(noisy, problem.channels, turns, noisy.place_of(chosen), limit)


def _end(chain: MergedChain, turns: _Turns, derivative: int, limit: int) -> _End:
    order, walk = chain.rotations, (chain.turns, chain.rank)
    stay, flip, weight = turns.stay[order], turns.flip[order], _two_sided(chain.weight)
    mass, dropped, ended, _ = propagate(*walk, stay, flip, derivative, chain.starts, weight, limit)
    return _End(mass, dropped, ended, chain.weight, len(order), chain.n_coordinates)


def _noisy_end(chain: NoisyChain, channels: PauliChannels, turns: _Turns, derivative: int, limit: int) -> _End:
    order, weight = chain.walk.rotations, _two_sided(chain.weight)
    stay, flip = turns.stay[order], turns.flip[order]
    mass, dropped, ended = propagate_damped(chain.walk, channels.arrays, stay, flip, derivative, weight, limit)
    if (channels.damping < 0.0).any():
        dropped[:2] = dropped[2]  # what was dropped may change its sign
    # Strings are added up at the end; a channel is a product of two dampings, each known to half a unit.
    return _End(mass, dropped, ended, chain.weight, len(order), ended + 6 * len(channels))


def _two_sided(weight: Floats) -> Floats:
    """Return the mass for and against the result, shape ``(n, 2)``."""
    return np.stack([np.maximum(weight, 0.0), np.maximum(-weight, 0.0)], axis=1)


def _down(value: float) -> float:
    return math.nextafter(value, -math.inf) if value else 0.0


def _up(value: float) -> float:
    return math.nextafter(value, math.inf) if value else 0.0


def _add(one: Interval, other: Interval) -> Interval:
    return _down(one[0] + other[0]), _up(one[1] + other[1])


def _multiply(one: Interval, other: Interval) -> Interval:
    corners = [a * b for a in one for b in other]
    return _down(min(corners)), _up(max(corners))
