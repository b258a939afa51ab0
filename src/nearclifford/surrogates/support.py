"""Which Taylor coefficients a tree of paths has, and their values (docs/theory.md, "Surrogates")."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats, Indices
from nearclifford.errors import ResourceError
from nearclifford.kernels.paths.tree import START, PathTree, list_paths

# A sum of the terms' coefficients below this share of their sizes is a cancellation.
CANCELLED = 1e-12
# Of paths with the same flips, merged at once.
MOST_MONOMIALS = 10**7

# Powers by rotation, ascending: ((rotation, power), ...).
Monomial = tuple[tuple[int, int], ...]
Paths = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Indices, npt.NDArray[np.int32], Floats]


def paths_of(tree: PathTree, wanted: npt.NDArray[np.bool_] | None = None) -> Paths:
    """Return (flips, number of stays, start, stays, weight) of the paths, see `list_paths`; by default no stays."""
    keep = np.empty(0, dtype=np.bool_) if wanted is None else wanted
    ends = (tree.rotation < 0) & (tree.rotation != START) & (tree.weight != 0.0)
    return (*list_paths(tree, keep), tree.weight[ends])


def support_of(tree: PathTree, order: int) -> int:
    """Return the number of monomials of total degree below ``order`` whose coefficient is not zero.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 3), nc.observables.global_z(2))
    >>> nc.surrogate(land, order=5).support
    113
    """
    flips, n_stays, _, _, _ = paths_of(tree)
    n_flips = (flips >= 0).sum(axis=1)
    shared = _shared(tree, flips)
    alone = np.stack([n_flips[~shared], n_stays[~shared]])
    kinds, counts = np.unique(alone, axis=1, return_counts=True)
    total = 0
    for (flipped, stayed), count in zip(kinds.T.tolist(), counts.tolist(), strict=True):
        total += count * math.comb((order - 1 - flipped) // 2 + flipped + stayed, flipped + stayed)
    return total + sum(len(_merged(group, order)) for group in _groups(tree, shared))


def monomials(tree: PathTree, order: int) -> Iterator[tuple[Monomial, float]]:
    """Yield the monomials in the angles, of total degree below ``order``, with their coefficients, none zero."""
    every = np.ones(len(paths_of(tree)[0]), dtype=np.bool_)
    for group in _groups(tree, every):
        yield from _merged(group, order).items()


def _shared(tree: PathTree, flips: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return which paths have the flips of another, as those of two terms may."""
    if np.count_nonzero(tree.rotation == START) < 2 or not len(flips):
        return np.zeros(len(flips), dtype=np.bool_)
    _, kind, counts = np.unique(flips, axis=0, return_inverse=True, return_counts=True)
    shared: npt.NDArray[np.bool_] = counts[kind.reshape(-1)] > 1
    return shared


Group = tuple[tuple[int, ...], list[tuple[float, list[int]]]]


def _groups(tree: PathTree, wanted: npt.NDArray[np.bool_]) -> Iterator[Group]:
    """Yield the flips that wanted paths have in common, with (weight, stays) of each of these paths."""
    if not wanted.any():
        return
    flips, _, start, stays, weight = paths_of(tree, wanted)
    members: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for path in np.flatnonzero(wanted).tolist():
        members[tuple(flips[path][flips[path] >= 0].tolist())].append(path)
    for flipped, paths in members.items():
        each = [(float(weight[path]), sorted(stays[start[path] : start[path + 1]].tolist())) for path in paths]
        yield flipped, each


def _merged(group: Group, order: int) -> dict[Monomial, float]:
    """Return the monomials of paths with the same flips: odd powers there, even ones where all of them stay."""
    flipped, paths = group
    pairs = (order - 1 - len(flipped)) // 2
    count = sum(math.comb(pairs + len(flipped) + len(stayed), pairs) for _, stayed in paths)
    if count > MOST_MONOMIALS:
        raise ResourceError(
            f"The paths that flip at rotations {flipped} have more than {MOST_MONOMIALS} monomials of degree below {order}. "
            "Choose a lower order."
        )
    total: dict[Monomial, float] = defaultdict(float)
    size: dict[Monomial, float] = defaultdict(float)
    for weight, stayed in paths:
        for powers in _even_powers([*flipped, *stayed], pairs):
            monomial, value = _monomial(flipped, powers)
            total[monomial] += weight * value
            size[monomial] += abs(weight * value)
    return {name: value for name, value in total.items() if abs(value) > CANCELLED * size[name]}


def _even_powers(places: list[int], pairs: int) -> Iterator[dict[int, int]]:
    """Yield every way to give up to so many pairs of factors to the places."""
    yield {}
    for number, place in enumerate(places if pairs else []):
        for taken in range(1, pairs + 1):
            for rest in _even_powers(places[number + 1 :], pairs - taken):
                yield {place: taken} | rest


def _monomial(flipped: tuple[int, ...], pairs: dict[int, int]) -> tuple[Monomial, float]:
    """Return the monomial and its coefficient in Π sin Π cos: ± 1/α!, one sign for each pair."""
    powers = {place: 2 * count for place, count in pairs.items()}
    for place in flipped:
        powers[place] = powers.get(place, 0) + 1
    value = (-1.0) ** sum(pairs.values()) / math.prod(math.factorial(power) for power in powers.values())
    return tuple(sorted(powers.items())), value
