"""The walks behind the Pauli paths of a landscape: one for each term, its tables, and its parts for threads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Indices, Words
from nearclifford.errors import ResourceError
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.paths.tables import Tables, commutation_rows, key_filter, pair_table, single_table
from nearclifford.landscape import Landscape
from nearclifford.memory import in_words
from nearclifford.normal_form.compression import TermGroup
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.surrogates.threads import in_threads

# From so many flips on, a table of pairs is cheaper than the walks that it saves.
LEAST_PAIR_FLIPS = 4
# The walks of one term are shared out by their first flips, for threads and for the time left.
PARTS = 32
# Walks predicted to be shorter are not worth a prediction, nor a share.
SHORT_WALK = 1e5
# Levels of a tree are int16.
MOST_FLIPS = 2**15 - 2


@dataclass(frozen=True, eq=False)
class Walk:
    """The walks of one term: what they look up, and where they begin."""

    group: TermGroup
    tables: Tables
    term: int
    key: np.uint64
    row: Words

    @property
    def n_rotations(self) -> int:
        """Number of rotations that the term can meet."""
        return len(self.group.rotations)


@dataclass(frozen=True, eq=False)
class Part:
    """The walks of one term whose first flip is in a range, at most ``budget`` flips."""

    walk: Walk
    low: int
    high: int
    budget: int

    @property
    def work(self) -> float:
        """Number of sets of flips, as a share of the walk's."""
        n, power = max(self.walk.n_rotations, 1), max(self.budget, 1)
        return float((self.high / n) ** power - (self.low / n) ** power)


def flips_of(land: Landscape, order: int) -> int:
    """Return how many flips the paths of an order have at most: no more than a path can have.

    Raises `ResourceError` for more flips than a tree can hold.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> flips_of(land, 3), flips_of(land, 10**9) <= 8
    (2, True)
    """
    flips = min(order - 1, max((len(group.rotations) for group in land.problem.groups), default=0))
    if flips > LEAST_PAIR_FLIPS:
        flips = min(flips, most_flips(land, np.ones(land.problem.n_rotations)))
    if flips > MOST_FLIPS:
        raise ResourceError(f"Paths of order {order} have {flips} flips here; a surrogate holds up to {MOST_FLIPS}.")
    return flips


def check_tables(land: Landscape, flips: int, max_bytes: int) -> None:
    """Raise `ResourceError` where the tables of the walks would take more than ``max_bytes``."""
    sizes = [len(group.rotations) for group in land.problem.groups]
    needed = sum(n * n // 8 + (8 * n * (n - 1) if flips >= LEAST_PAIR_FLIPS else 0) for n in sizes)
    if needed > max_bytes:
        raise ResourceError(
            f"The surrogate looks up its paths in tables of {max(sizes)} rotations, which take {in_words(needed)}; "
            f"max_bytes is {in_words(max_bytes)}. Give it more, or use a smaller circuit."
        )


def walks_of(land: Landscape, flips: int, progress: bool) -> list[Walk]:
    """Return the walks of all terms, with their tables."""

    def walks_of_group(group: TermGroup) -> list[Walk]:
        turns, images = land.problem.generators.take(group.rotations), land.problem.images.take(group.terms)
        basis, pivot, rank = adapted_basis(turns.x)
        rows = adapted_coordinates(turns.strings, basis, pivot)
        strings = adapted_coordinates(images.strings, basis, pivot)
        tables = _tables(rows, rank, min(flips, len(rows)))
        keys, first = _keys(strings, len(pivot)), commutation_rows(strings, rows)
        return [Walk(group, tables, term, keys[i], first[i]) for i, term in enumerate(group.terms.tolist())]

    return [walk for walks in in_threads(walks_of_group, land.problem.groups, "tables", progress) for walk in walks]


def _tables(rows: Words, rank: Indices, flips: int) -> Tables:
    keys, size = _keys(rows, int(rank[-1])), int(rank[-1])
    least = np.zeros(65, dtype=np.int64)
    if size <= 64:
        # Coordinate i appears first in the x-part of one rotation, and a key that holds it needs this one or a later.
        least[63 - np.arange(size)] = np.searchsorted(rank, np.arange(size), side="right") - 1
    with_pairs = flips >= LEAST_PAIR_FLIPS
    singles = single_table(keys)
    pairs = pair_table(keys) if with_pairs else singles
    sieve = key_filter(keys, with_pairs)
    return Tables(commutation_rows(rows, rows), keys, least, singles, pairs, sieve, 2 if with_pairs else 1)


def _keys(rows: Words, rank: int) -> Words:
    """Return the x-parts as one word each: as they are up to rank 64, beyond by a random map that keeps sums.

    Two different x-parts meet there once in 2^64; what is found is checked.
    """
    x = np.ascontiguousarray(rows[:, : rows.shape[1] // 2])
    if rank <= 64:
        return x[:, 0].copy()
    images = np.random.default_rng(0).integers(2**64, size=64 * x.shape[1], dtype=np.uint64)
    bits = np.unpackbits(x.view(np.uint8), axis=1, bitorder="little").astype(bool)
    keys: Words = np.array([np.bitwise_xor.reduce(images[row]) for row in bits], dtype=np.uint64)
    return keys


def parts_of(walk: Walk, flips: int) -> list[Part]:
    """Return the parts of a walk, of about equal work, by the rotation of the first flip."""
    budget, n = min(flips, walk.n_rotations), walk.n_rotations
    count = PARTS if budget and sets_of_flips(n, budget) > SHORT_WALK else 1
    places = n * (np.arange(1, count + 1) / count) ** (1 / max(budget, 1))
    ends = np.unique(np.ceil(places - 1e-9).astype(int)).tolist()
    return [Part(walk, low, high, budget) for low, high in zip([0, *ends[:-1]], ends, strict=True)]


def sets_of_flips(n_rotations: int, flips: int) -> float:
    """Return n^k / (2^k k!), about the number of strings on the way after k flips, k at most n / 2; at most e^690.

    >>> sets_of_flips(8, 2), sets_of_flips(8, 8) == sets_of_flips(8, 4)
    (8.0, True)
    """
    k = max(min(flips, n_rotations // 2), 0)
    log = k * math.log(n_rotations / 2) - math.lgamma(k + 1) if k else 0.0
    return float(round(math.exp(min(log, 690.0)), 9))
