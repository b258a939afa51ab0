"""The walks behind the Pauli paths of a landscape: one for each term, its tables, and its parts for threads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Indices, Words
from nearclifford.errors import ResourceError
from nearclifford.kernels.commutation import commutation_rows
from nearclifford.kernels.gf2 import adapted_basis, adapted_coordinates
from nearclifford.kernels.paths.tables import Meetings, Tables, key_filter, keys_of, pair_table, single_table
from nearclifford.landscape import Landscape
from nearclifford.memory import in_words
from nearclifford.normal_form.compression import TermGroup
from nearclifford.normal_form.program import PauliTable
from nearclifford.surrogates.most_flips import most_flips
from nearclifford.surrogates.threads import in_threads

# From so many flips on, a table of pairs is cheaper than the walks that it saves.
LEAST_PAIR_FLIPS = 4
# From so many flips on, a walk goes on by itself, and reads which rotations anticommute with those that it flips.
LEAST_ROW_FLIPS = 3
# Keys are one word. Up to this rank they are coordinates, beyond it random sums.
MOST_COORDINATES = 64
# The walks of one term are shared out by their first flips, for threads and for the time left.
PARTS = 32
# Walks predicted to be shorter are not worth a prediction, nor a share.
SHORT_WALK = 1e5
# Levels of a tree are int16.
MOST_FLIPS = 2**15 - 2


Found = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Walk:
    """The walks of one term: the rotations that it can meet, what they look up, and where they begin."""

    group: TermGroup
    turns: PauliTable
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

    @property
    def is_short(self) -> bool:
        """Whether all of the walk, up to what is looked up, is not worth a share of the threads."""
        return sets_of_flips(self.walk.n_rotations, self.budget - self.walk.tables.reach) <= SHORT_WALK

    def holds(self, paths: Found) -> Flags:
        """Return which paths of the walk are in this part; the path without a flip is in the first."""
        first = np.maximum(paths[:, 0], 0)
        return (self.low <= first) & (first < self.high)


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


def table_bytes(n_rotations: int, n_qubits: int, flips: int) -> int:
    """Return about how many bytes the tables take for walks of so many flips over so many rotations.

    >>> [table_bytes(22_000, 1000, flips) // 10**6 for flips in (2, 3, 4)]
    [6, 67, 3938]
    """
    n, words = n_rotations, (n_qubits + 63) // 64
    rows = n * n // 8 if flips >= LEAST_ROW_FLIPS else 0
    pairs = 8 * n * (n - 1) if flips >= LEAST_PAIR_FLIPS else 0
    # strings, keys, a table of single flips and its filter
    return n * (16 * words + 40) + rows + pairs


def check_tables(land: Landscape, flips: int, max_bytes: int) -> None:
    """Raise `ResourceError` where the tables of the walks would take more than ``max_bytes``."""
    groups = land.problem.groups
    needed = sum(table_bytes(len(group.rotations), land.n_qubits, flips) for group in groups)
    if needed > max_bytes:
        raise too_large_tables(max(len(group.rotations) for group in groups), needed, max_bytes)


def too_large_tables(n_rotations: int, needed: int, max_bytes: int) -> ResourceError:
    """Return the error of tables that do not fit."""
    return ResourceError(
        f"The surrogate looks up its paths in tables of {n_rotations} rotations, which take {in_words(needed)}; "
        f"max_bytes is {in_words(max_bytes)}. Give it more, or use a smaller circuit."
    )


def walks_of(land: Landscape, flips: int, progress: bool) -> list[Walk]:
    """Return the walks of all terms, with their tables."""

    def walks_of_group(group: TermGroup) -> list[Walk]:
        turns, images = land.problem.generators.take(group.rotations), land.problem.images.take(group.terms)
        rows, strings, keys, string_keys, least = _coordinates(turns, images, group.active_qubits)
        tables = _tables(rows, keys, least, min(flips, len(rows)))
        first = commutation_rows(strings, rows, np.full(len(strings), len(rows)))
        return [Walk(group, turns, tables, term, string_keys[i], first[i]) for i, term in enumerate(group.terms.tolist())]

    return [walk for walks in in_threads(walks_of_group, land.problem.groups, "tables", progress) for walk in walks]


def _coordinates(turns: PauliTable, images: PauliTable, rank: int) -> tuple[Words, Words, Words, Words, Indices]:
    """Return (strings of rotations, of terms; keys of rotations, of terms; where a key must flip at the latest).

    Up to rank 64 keys are the x-parts in the basis that the rotations span, in which a key tells from where on it needs a
    flip. Beyond, they are random sums of the bits: two different x-parts meet there once in 2^64; what is found is checked.
    """
    least = np.zeros(65, dtype=np.int64)
    if rank > MOST_COORDINATES:
        sums = np.random.default_rng(0).integers(2**64, size=64 * turns.x.shape[1], dtype=np.uint64)
        rows, strings = (np.concatenate([table.x, table.z], axis=1) for table in (turns, images))
        return rows, strings, keys_of(turns.x, sums), keys_of(images.x, sums), least
    basis, pivot, ranks = adapted_basis(turns.x)
    rows, strings = (adapted_coordinates(table.strings, basis, pivot) for table in (turns, images))
    # Coordinate i appears first in the x-part of one rotation, and a key that holds it needs this one or a later.
    least[63 - np.arange(rank)] = np.searchsorted(ranks, np.arange(rank), side="right") - 1
    return rows, strings, rows[:, 0].copy(), strings[:, 0].copy(), least


def _tables(rows: Words, keys: Words, least: Indices, flips: int) -> Tables:
    with_pairs = flips >= LEAST_PAIR_FLIPS
    singles = single_table(keys)
    pairs = pair_table(keys) if with_pairs else singles
    kept = np.arange(len(rows) if flips >= LEAST_ROW_FLIPS else 0)
    return Tables(
        rows, meetings_of(rows, kept), keys, least, singles, pairs, key_filter(keys, with_pairs), 2 if with_pairs else 1
    )


def meetings_of(turns: Words, kept: Indices) -> Meetings:
    """Return which rotations anticommute with the ``kept`` of them, below each; int64, ascending."""
    place = np.full(len(turns), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return Meetings(place, commutation_rows(turns[kept], turns, kept))


def with_meetings(parts: Sequence[Part], found: Sequence[Found], max_bytes: int) -> list[Part]:
    """Return the parts with tables that say which rotations anticommute with every flip found.

    Raises `ResourceError` where these tables would take more than ``max_bytes``.
    """
    flips: dict[int, list[Found]] = {}
    for part, paths in zip(parts, found, strict=True):
        flips.setdefault(id(part.walk.tables), []).append(paths.ravel())
    tables = {id(part.walk.tables): part.walk.tables for part in parts if not len(part.walk.tables.meets.rows)}
    kept = {name: np.unique(np.concatenate(flips[name])).astype(np.int64) for name in tables}
    needed = sum(len(kept[name]) * len(table.keys) // 8 for name, table in tables.items())
    if needed > max_bytes:
        raise too_large_tables(max(len(table.keys) for table in tables.values()), needed, max_bytes)
    filled = {
        name: table._replace(meets=meetings_of(table.turns, kept[name][kept[name] >= 0])) for name, table in tables.items()
    }
    return [
        replace(part, walk=replace(part.walk, tables=filled.get(id(part.walk.tables), part.walk.tables))) for part in parts
    ]


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
