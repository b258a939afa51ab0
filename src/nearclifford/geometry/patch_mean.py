"""Means over a patch in closed form while a few rotations turn freely: a sum over the paths of those rotations alone.

With symmetric displacements E sin = 0, so at every other rotation a path stays, and takes the factor E cos where it
anticommutes (docs/theory.md, "Averages over a patch"). What is left is a trigonometric polynomial of the few angles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Flags, Floats, Indices, Signs, Words
from nearclifford.kernels.commutation import commutation_rows, side_by_side
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable

# Flags that are held at once.
MOST_FLAGS = 2**24


@dataclass(frozen=True, eq=False)
class TrigonometricSum:
    """A sum of products of cosines and sines of m angles.

    Attributes
    ----------
    powers : int8, shape ``(K, m)``: for each product and angle 0, 1 for its cosine or 2 for its sine.
    weights : float64, shape ``(K,)``.
    """

    powers: Signs
    weights: Floats

    def __call__(self, angles: Floats) -> Floats:
        """Return the sum at angles, shape ``(P, m)`` to ``(P,)``.

        >>> half_a_sine = TrigonometricSum(np.array([[2]], np.int8), np.array([0.5]))
        >>> half_a_sine(np.array([[0.0], [np.pi / 2]])).tolist()
        [0.0, 0.5]
        """
        factors = np.stack([np.ones_like(angles), np.cos(angles), np.sin(angles)])
        total = np.zeros(len(angles))
        for powers, weight in zip(self.powers, self.weights, strict=True):
            total += weight * factors[powers, :, np.arange(len(powers))].prod(axis=0)
        return total


def mean_of_paths(problem: PauliProblem, turning: Flags, cosines: Floats) -> TrigonometricSum:
    """Return the mean of L over the angles that are not ``turning``, as a sum over those that are, in time order.

    Cost: at most T 2^m strings, each compared with all generators. For T = 3,000, 22,000 generators, a thousand qubits and
    m = 2 that is a second.

    Parameters
    ----------
    turning : bool, shape ``(n_rotations,)``: m rotations.
    cosines : float64, shape ``(n_rotations,)``: E cos of the others.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))      # cos a cos b
    >>> mean = mean_of_paths(land.problem, np.arange(4) == 0, np.full(4, 0.5))
    >>> mean.powers.tolist(), mean.weights.tolist()
    ([[1]], [0.5])
    """
    strings: PauliTable = problem.images
    weights: Floats = problem.coefficients.copy()
    powers = np.zeros((len(strings), int(turning.sum())), np.int8)
    stop = problem.n_rotations
    for place, j in reversed(list(enumerate(np.flatnonzero(turning).tolist()))):
        weights = weights * _damping(strings, problem.generators.take(np.arange(j + 1, stop)), cosines[j + 1 : stop])
        met = np.flatnonzero(strings.anticommute_with(problem.generators.x[j], problem.generators.z[j]))
        flipped, flipped_powers = flips(problem.generators, j, strings.take(met)), powers[met]
        powers[met, place], flipped_powers[:, place] = 1, 2
        strings = joined(strings, flipped)
        weights, powers = np.append(weights, weights[met]), np.concatenate([powers, flipped_powers])
        stop = j
    weights = weights * _damping(strings, problem.generators.take(np.arange(stop)), cosines[:stop])
    weights = weights * strings.sign * ~strings.x.any(axis=1)
    kept = np.flatnonzero(weights)
    products, label = np.unique(powers[kept], axis=0, return_inverse=True)
    totals = np.bincount(label.reshape(-1), weights[kept], minlength=len(products))
    return TrigonometricSum(products, totals.astype(np.float64))


def flips(generators: PauliTable, j: int, strings: PauliTable) -> PauliTable:
    """Return ``i G_j P`` for strings that anticommute with generator j.

    >>> import stim
    >>> one, other = (PauliTable.from_stim(1, [stim.PauliString(letter)]) for letter in "YX")
    >>> flips(one, 0, other).to_stim(0)
    stim.PauliString("+Z")
    """
    g_x, g_z = generators.x[j], generators.z[j]
    x, z = strings.x ^ g_x, strings.z ^ g_z
    power = 1 + _letters(g_x & g_z) + _letters(strings.x & strings.z) + 2 * _letters(g_z & strings.x) - _letters(x & z)
    sign = strings.sign * generators.sign[j] * np.where(power & 2, -1, 1)
    return PauliTable(strings.n_qubits, x, z, sign.astype(np.int8))


def joined(first: PauliTable, second: PauliTable) -> PauliTable:
    """Return the rows of two tables, one after the other.

    >>> import stim
    >>> len(joined(*[PauliTable.from_stim(1, [stim.PauliString("X")])] * 2))
    2
    """
    parts = [np.concatenate([getattr(first, name), getattr(second, name)]) for name in ("x", "z", "sign")]
    return PauliTable(first.n_qubits, *parts)


def _letters(words: Words) -> Indices:
    return np.asarray(np.bitwise_count(words).sum(axis=-1, dtype=np.int64))


def _damping(strings: PauliTable, generators: PauliTable, cosines: Floats) -> Floats:
    """Return for each string the product of the cosines of the generators that it anticommutes with."""
    result, n = np.ones(len(strings)), len(generators)
    if n == 0 or (cosines == 1).all():
        return result
    rows = side_by_side(generators.x, generators.z)
    step = max(1, MOST_FLAGS // n)
    for start in range(0, len(strings), step):
        part = slice(start, start + step)
        own = side_by_side(strings.x[part], strings.z[part])
        meets = commutation_rows(own, rows, np.full(len(own), n))
        flags = np.unpackbits(meets.view(np.uint8), axis=1, bitorder="little")[:, :n]
        result[part] = np.where(flags, cosines, 1.0).prod(axis=1)
    return result
