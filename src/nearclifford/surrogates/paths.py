"""The Pauli paths of a landscape up to a number of flips, found once and compiled to a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats, Indices
from nearclifford.kernels.paths.damping import path_dampings
from nearclifford.kernels.paths.search import find_paths
from nearclifford.kernels.paths.tree import START, PathTree, compile_tree
from nearclifford.landscape import Landscape
from nearclifford.surrogates.prediction import (
    NODE_SECONDS,
    bytes_of_path,
    counted_paths,
    predict_walks,
    refuse_beyond,
    too_large,
    too_long,
)
from nearclifford.surrogates.threads import in_threads
from nearclifford.surrogates.walks import (
    LEAST_PAIR_FLIPS,
    LEAST_ROW_FLIPS,
    SHORT_WALK,
    Found,
    Part,
    check_tables,
    flips_of,
    parts_of,
    sets_of_flips,
    walks_of,
    with_meetings,
)


def find_path_tree(land: Landscape, order: int, max_bytes: int, max_seconds: float, progress: bool) -> PathTree:
    """Return the tree of all paths with fewer than ``order`` flips.

    Raises `ResourceError`, with the predicted size, before more than ``max_bytes`` are held or ``max_seconds`` walked.
    """
    flips = flips_of(land, order)
    check_tables(land, flips, max_bytes)
    walks = walks_of(land, flips, progress)
    long = sum(sets_of_flips(walk.n_rotations, flips - (2 if flips >= LEAST_PAIR_FLIPS else 1)) for walk in walks)
    # walks of a single step take no longer than to be sampled
    if long > SHORT_WALK and flips >= LEAST_ROW_FLIPS:
        predicted = predict_walks(walks, flips, np.random.default_rng(0), progress)
        refuse_beyond(order, predicted, counted_paths(walks, flips), max_bytes, max_seconds)
    parts = [part for walk in walks for part in parts_of(walk, flips)]
    found = _found(parts, order, max_bytes, max_seconds, progress)
    parts = with_meetings(parts, found, max_bytes)
    width = _table_width(sum(map(len, found)))
    tasks = [(part, paths) for part, paths in zip(parts, found, strict=True) if len(paths)]
    trees = in_threads(_compile(land, width), tasks, "tree", progress)
    weights = (land.problem.coefficients[part.walk.term] for part in parts)
    steps = [next(trees) if len(paths) else _no_paths(weight) for weight, paths in zip(weights, found, strict=True)]
    return _join(steps, max((part.budget for part in parts), default=0) + 1, width)


def _found(parts: Sequence[Part], order: int, max_bytes: int, max_seconds: float, progress: bool) -> list[Found]:
    """Return the sorted paths of all parts; a walk that is longer than predicted is stopped."""
    most_nodes = max(int(min(max_seconds / NODE_SECONDS, 2.0**62)), int(SHORT_WALK))
    found: list[Found] = []
    held, walked, total = 0, 0, sum(part.work for part in parts)
    tasks = _tasks(parts)
    walks = in_threads(_find(max_bytes, most_nodes), tasks, "paths", progress)
    for task, (paths, nodes) in zip(tasks, walks, strict=True):
        found.extend(paths)
        walked += nodes
        held += sum(map(len, paths)) * bytes_of_path(task[0].walk.n_rotations, task[0].budget)
        if walked > most_nodes:
            raise too_long(order, walked, max_seconds)
        if held > max_bytes:
            share = sum(part.work for part in parts[: len(found)]) / total
            raise too_large(order, sum(map(len, found)) / share, held / share, max_bytes)
    return found


def _tasks(parts: Sequence[Part]) -> list[list[Part]]:
    """Return the parts in tasks: those of a short walk together, each of the others alone."""
    together = groupby(enumerate(parts), lambda item: (id(item[1].walk), -1 if item[1].is_short else item[0]))
    return [[part for _, part in task] for _, task in together]


def _find(max_bytes: int, most_nodes: int) -> Callable[[list[Part]], tuple[list[Found], int]]:
    def find(task: list[Part]) -> tuple[list[Found], int]:
        walk, budget = task[0].walk, task[0].budget
        if budget == 0:
            return [np.empty((int(walk.key == 0), 0), dtype=np.int32)], 1
        most, low, high = max_bytes // bytes_of_path(walk.n_rotations, budget), task[0].low, task[-1].high
        found, nodes = find_paths(walk.tables, walk.key, walk.row, low, high, budget, most, most_nodes)
        paths = _sorted(found, walk.n_rotations)
        return [paths[part.holds(paths)] for part in task] if len(task) > 1 else [paths], nodes

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


def _compile(land: Landscape, width: int) -> Callable[[tuple[Part, npt.NDArray[np.int32]]], Steps]:
    images = land.problem.images

    def compiled(task: tuple[Part, Found]) -> Steps:
        part, found = task
        walk, turns = part.walk, part.walk.turns
        names = walk.group.rotations.astype(np.int32)
        string = images.take([walk.term])
        level, rotation, sign, stay_start, stays = compile_tree(
            found, walk.tables.meets, walk.row, names, width, turns.strings, string.strings
        )
        weight = sign * land.problem.coefficients[walk.term]
        if land.problem.channels is not None:
            steps, n_levels, generators = (level, rotation), found.shape[1] + 1, land.problem.generators.strings
            weight *= path_dampings(steps, n_levels, generators, string.strings, land.problem.channels.arrays)
        return level, rotation, weight, stay_start, stays

    return compiled


def _no_paths(coefficient: float) -> Steps:
    """Return the steps of a part without paths, as `compile_tree` writes them."""
    start, weight = np.array([START], dtype=np.int32), np.array([0.0 * coefficient])
    return np.zeros(1, np.int16), start, weight, np.zeros(2, np.int64), np.empty(0, np.int32)


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


def _table_width(n_paths: int) -> int:
    """Return the width that balances tables against steps: a table of 2^width rows is filled for every eight thetas."""
    return 1 if n_paths < 64 else 4 if n_paths < 4096 else 6
