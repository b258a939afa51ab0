"""The Pauli paths of a landscape up to a number of flips, found once and compiled to a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numba
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from nearclifford.compression import TermGroup
from nearclifford.errors import ResourceError
from nearclifford.kernels.merging import adapted_basis, adapted_coordinates
from nearclifford.kernels.path_tree import compile_tree
from nearclifford.kernels.paths import (
    Tables,
    commutation_rows,
    find_paths,
    key_filter,
    pair_table,
    sample_walks,
    single_table,
)
from nearclifford.landscape import Landscape, in_words
from nearclifford.rotations import Floats, Indices, Words

# From so many flips on, a table of pairs is cheaper than the walks that it saves.
LEAST_PAIR_FLIPS = 4
# The walks of one term are shared out by their first flips, for threads and for the time left.
PARTS = 32
# Walks predicted to be shorter are not worth a prediction, nor a share.
SHORT_WALK = 1e5
SAMPLES = 512
# Bytes of one step: level, rotation, weight, start of the stays.
STEP_BYTES = 2 + 4 + 8 + 8

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class PathTree:
    """All paths of a landscape with fewer flips than an order, as steps: see `nearclifford.kernels.path_tree`.

    Attributes
    ----------
    n_levels : levels of the tree, one more than the flips of its longest path may be.
    width : how many neighbouring rotations make one row of a table.
    level : int16, rotation : int32, weight : float64, shape ``(n_steps,)``: the weight of an END is its path's coefficient.
    stay_start : int64, shape ``(n_steps + 1,)``; stays : int32, rows of the table: ``neighbourhood << width | which``.
    """

    n_levels: int
    width: int
    level: npt.NDArray[np.int16]
    rotation: npt.NDArray[np.int32]
    weight: Floats
    stay_start: Indices
    stays: npt.NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in (self.level, self.rotation, self.weight, self.stay_start, self.stays))


@dataclass(frozen=True)
class Prediction:
    """How large a tree of paths would be, from sampled walks.

    Attributes
    ----------
    n_paths, n_paths_error : estimate and standard error (0 where the estimate is known to be exact).
    nodes : nodes that the walks would visit.
    nbytes : of the tree while it is built, about.
    """

    n_paths: float
    n_paths_error: float
    nodes: float
    nbytes: float


@dataclass(frozen=True, eq=False)
class _Walk:
    """The walks of one term: what they look up, and where they begin."""

    group: TermGroup
    tables: Tables
    term: int
    key: np.uint64
    row: Words

    @property
    def n_rotations(self) -> int:
        return len(self.group.rotations)


@dataclass(frozen=True, eq=False)
class _Part:
    """The walks of one term whose first flip is in a range, at most ``budget`` flips."""

    walk: _Walk
    low: int
    high: int
    budget: int

    @property
    def work(self) -> float:
        """Number of sets of flips, in proportion."""
        return float(self.high) ** max(self.budget, 1) - float(self.low) ** max(self.budget, 1)


def predict_paths(land: Landscape, order: int, rng: np.random.Generator) -> Prediction:
    """Return how many paths of fewer than ``order`` flips a landscape has, estimated without finding them.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    >>> predicted = predict_paths(land, 5, np.random.default_rng(1))
    >>> bool(abs(predicted.n_paths - 53664) < 4 * predicted.n_paths_error)
    True
    """
    flips = order - 1
    paths = nodes = square_error = nbytes = 0.0
    for walk in _walks(land, flips):
        budget = min(flips, walk.n_rotations)
        if budget == 0:
            continue
        found, visited = sample_walks(walk.tables, walk.key, walk.row, budget, rng.random((SAMPLES, budget)))
        paths, nodes = paths + float(found.mean()), nodes + float(visited.mean())
        square_error += float(found.var(ddof=1)) / SAMPLES
        nbytes += float(found.mean()) * _bytes_of_path(walk.n_rotations, budget)
    return Prediction(paths, square_error**0.5, nodes, nbytes)


def find_path_tree(land: Landscape, order: int, max_bytes: int, progress: bool) -> PathTree:
    """Return the tree of all paths with fewer than ``order`` flips.

    Raises `ResourceError`, with the predicted size, before more than ``max_bytes`` are held.
    """
    flips = order - 1
    _check_tables(land, flips, max_bytes)
    walks = list(_walks(land, flips))
    long = sum(_sets_of_flips(walk.n_rotations, flips - (2 if flips >= LEAST_PAIR_FLIPS else 1)) for walk in walks)
    if long > SHORT_WALK:
        predicted = predict_paths(land, order, np.random.default_rng(0))
        if predicted.nbytes - 3 * predicted.nbytes * predicted.n_paths_error / max(predicted.n_paths, 1.0) > max_bytes:
            raise _too_large(order, predicted.n_paths, predicted.nbytes, max_bytes)
    parts = [part for walk in walks for part in _parts(walk, flips)]
    found, held = [], 0
    for part, paths in zip(parts, _in_threads(_find(max_bytes), parts, progress), strict=True):
        found.append(paths)
        held += len(paths) * _bytes_of_path(part.walk.n_rotations, part.budget)
        if held > max_bytes:
            share = sum(part.work for part in parts[: len(found)]) / sum(part.work for part in parts)
            raise _too_large(order, sum(map(len, found)) / share, held / share, max_bytes)
    width = _table_width(sum(map(len, found)))
    trees = _in_threads(_compile(land, width), list(zip(parts, found, strict=True)), progress)
    return _join(list(trees), max((part.budget for part in parts), default=0) + 1, width)


def _walks(land: Landscape, flips: int) -> Iterator[_Walk]:
    for group in land.groups:
        turns, images = land.program.generators.take(group.rotations), land.images.take(group.terms)
        basis, pivot, rank = adapted_basis(turns.x)
        rows = adapted_coordinates(turns.x, turns.z, basis, pivot)
        strings = adapted_coordinates(images.x, images.z, basis, pivot)
        tables = _tables(rows, rank, min(flips, len(rows)))
        keys, first = _keys(strings, len(pivot)), commutation_rows(strings, rows)
        for number, term in enumerate(group.terms.tolist()):
            yield _Walk(group, tables, term, keys[number], first[number])


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


def _parts(walk: _Walk, flips: int) -> list[_Part]:
    budget, n = min(flips, walk.n_rotations), walk.n_rotations
    count = PARTS if budget and _sets_of_flips(n, budget) > SHORT_WALK else 1
    places = n * (np.arange(1, count + 1) / count) ** (1 / max(budget, 1))
    ends = np.unique(np.ceil(places - 1e-9).astype(int)).tolist()
    return [_Part(walk, low, high, budget) for low, high in zip([0, *ends[:-1]], ends, strict=True)]


def _sets_of_flips(n_rotations: int, flips: int) -> float:
    """Return n^k / (2^k k!), about the number of strings on the way after k flips."""
    return float(np.prod([n_rotations / (2.0 * flip) for flip in range(1, flips + 1)]))


def _find(max_bytes: int) -> Callable[[_Part], npt.NDArray[np.int32]]:
    def find(part: _Part) -> npt.NDArray[np.int32]:
        walk = part.walk
        if part.budget == 0:
            return np.empty((int(walk.key == 0), 0), dtype=np.int32)
        most = max_bytes // _bytes_of_path(walk.n_rotations, part.budget)
        found, _ = find_paths(walk.tables, walk.key, walk.row, part.low, part.high, part.budget, most)
        return _sorted(found, walk.n_rotations)

    return find


def _sorted(found: npt.NDArray[np.int32], n_rotations: int) -> npt.NDArray[np.int32]:
    """Return the paths in the order of a walk: flips descending, a path after those that go on from it."""
    digits = np.where(found < 0, n_rotations + 1, n_rotations - found)
    bits = (n_rotations + 1).bit_length()
    if bits * found.shape[1] <= 64:
        key = np.zeros(len(found), dtype=np.uint64)
        for column in digits.T:
            key = key << np.uint64(bits) | column.astype(np.uint64)
        return found[np.argsort(key)]
    return found[np.lexsort(digits.T[::-1])]


Steps = tuple[npt.NDArray[np.int16], npt.NDArray[np.int32], Floats, Indices, npt.NDArray[np.int32]]


def _compile(land: Landscape, width: int) -> Callable[[tuple[_Part, npt.NDArray[np.int32]]], Steps]:
    g, images = land.program.generators, land.images

    def compiled(task: tuple[_Part, npt.NDArray[np.int32]]) -> Steps:
        part, found = task
        walk, turns = part.walk, g.take(part.walk.group.rotations)
        names = walk.group.rotations.astype(np.int32)
        string = images.x[walk.term], images.z[walk.term], images.sign[walk.term]
        level, rotation, sign, stay_start, stays = compile_tree(
            found, walk.tables.meets, walk.row, names, width, turns.x, turns.z, turns.sign, *string
        )
        return level, rotation, sign * land.coefficients[walk.term], stay_start, stays

    return compiled


def _join(parts: Sequence[Steps], n_levels: int, width: int) -> PathTree:
    empty: Steps = (np.empty(0, np.int16), np.empty(0, np.int32), np.empty(0), np.zeros(1, np.int64), np.empty(0, np.int32))
    level, rotation, weight, start, stays = zip(empty, *parts, strict=True)
    before = np.cumsum([0, *(len(part) for part in stays[:-1])])
    starts = [part[:-1] + first for part, first in zip(start, before, strict=True)]
    total = sum(map(len, stays))
    return PathTree(
        n_levels=n_levels,
        width=width,
        level=np.concatenate(level),
        rotation=np.concatenate(rotation),
        weight=np.concatenate(weight),
        stay_start=np.append(np.concatenate(starts), total),
        stays=np.concatenate(stays),
    )


def _in_threads(work: Callable[..., Result], tasks: Sequence[object], progress: bool) -> Iterator[Result]:
    """Yield the results in order, computed by as many threads as kernels use; a bar appears after two seconds."""
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        try:
            yield from tqdm(pool.map(work, tasks), desc="paths", total=len(tasks), delay=2.0, disable=not progress)
        finally:
            pool.shutdown(cancel_futures=True)


def _table_width(n_paths: int) -> int:
    """Return the width that balances tables against steps: a table of 2^width rows is filled for every eight thetas."""
    return 1 if n_paths < 64 else 4 if n_paths < 4096 else 6


def _bytes_of_path(n_rotations: int, flips: int) -> int:
    """Return about how many bytes a path takes while a tree is built: its flips, own steps, and a third of its stays."""
    return 12 * flips + 3 * STEP_BYTES + 4 * (n_rotations // 12)


def _check_tables(land: Landscape, flips: int, max_bytes: int) -> None:
    n = max((len(group.rotations) for group in land.groups), default=0)
    needed = n * n // 8 + (8 * n * (n - 1) if flips >= LEAST_PAIR_FLIPS else 0)
    if needed > max_bytes:
        raise ResourceError(
            f"The surrogate looks up its paths in tables of {n} rotations, which take {in_words(needed)}; max_bytes is "
            f"{in_words(max_bytes)}. Give it more, or use a smaller circuit."
        )


def _too_large(order: int, n_paths: float, nbytes: float, max_bytes: int) -> ResourceError:
    return ResourceError(
        f"A surrogate of order {order} has about {n_paths:.2g} paths here and needs about {in_words(int(nbytes))} while "
        f"it is built; max_bytes is {in_words(max_bytes)}. Choose a lower order, or give it more."
    )
