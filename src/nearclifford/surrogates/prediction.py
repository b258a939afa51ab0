"""How large and how long a search for paths will be, before it begins, and the refusal of one that is beyond its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.errors import ResourceError
from nearclifford.kernels.paths.search import sample_walks
from nearclifford.landscape import Landscape
from nearclifford.memory import in_words
from nearclifford.surrogates.threads import in_threads
from nearclifford.surrogates.walks import LEAST_PAIR_FLIPS, LEAST_ROW_FLIPS, Walk, flips_of, sets_of_flips, walks_of

# One node of the walk that finds paths, one path compiled, one pair of rotations in a table, in seconds, as
# ``python benchmarks/speeds.py`` measures them.
NODE_SECONDS, PATH_SECONDS, PAIR_SECONDS = 1.6e-8, 2e-6, 1.5e-8
# What one rotation takes in any case, and one pair of them in rows that only say whether they anticommute, likewise.
TURN_SECONDS, ROW_SECONDS = 1e-6, 1e-9
SAMPLES, FEWEST_SAMPLES = 512, 16
# Steps that a prediction takes, a few nanoseconds each: with more rotations and flips it samples fewer walks.
MOST_STEPS = 2e8
# Bytes of one step: level, rotation, weight, start of the stays.
STEP_BYTES = 2 + 4 + 8 + 8


@dataclass(frozen=True)
class Prediction:
    """How large a tree of paths would be, from sampled walks.

    Attributes
    ----------
    n_paths, n_paths_error : estimate and standard error (0 where the estimate is known to be exact).
    nodes : nodes that the walks would visit.
    nbytes : of the tree while it is built, about.
    seconds : of one core, about.
    """

    n_paths: float
    n_paths_error: float
    nodes: float
    nbytes: float
    seconds: float


def predict_paths(land: Landscape, order: int, rng: np.random.Generator) -> Prediction:
    """Return how many paths of fewer than ``order`` flips a landscape has, estimated without finding them.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(16, 16), nc.observables.global_z(16))
    >>> predicted = predict_paths(land, 5, np.random.default_rng(1))
    >>> bool(abs(predicted.n_paths - 53664) < 4 * predicted.n_paths_error)
    True
    """
    flips = flips_of(land, order)
    return predict_walks(walks_of(land, flips, progress=False), flips, rng, progress=False)


def predict_walks(walks: Sequence[Walk], flips: int, rng: np.random.Generator, progress: bool) -> Prediction:
    """Return the prediction for walks that are at hand."""
    steps = sum(min(flips, walk.n_rotations) * walk.n_rotations for walk in walks)
    count = int(np.clip(MOST_STEPS / max(steps, 1), FEWEST_SAMPLES, SAMPLES))
    tasks = [(walk, rng.random((count, min(flips, walk.n_rotations)))) for walk in walks if min(flips, walk.n_rotations)]

    def sampled(task: tuple[Walk, Floats]) -> tuple[float, float, float, float]:
        walk, uniform = task
        found, visited = sample_walks(walk.tables, walk.key, walk.row, uniform.shape[1], uniform)
        nbytes = float(found.mean()) * bytes_of_path(walk.n_rotations, uniform.shape[1])
        with np.errstate(over="ignore"):
            return float(found.mean()), float(found.var(ddof=1)) / count, float(visited.mean()), nbytes

    results = in_threads(sampled, tasks, "prediction", progress)
    paths, square_error, nodes, nbytes = np.sum([(0.0,) * 4, *results], axis=0).tolist()
    groups = {id(walk.tables): walk.n_rotations for walk in walks}.values()
    seconds = NODE_SECONDS * nodes + PATH_SECONDS * paths + sum(table_seconds(n, flips) for n in groups)
    return Prediction(paths, square_error**0.5, nodes, nbytes, seconds)


def table_seconds(n_rotations: int, flips: int) -> float:
    """Return about how many seconds the tables take for walks of so many flips over so many rotations.

    >>> [round(table_seconds(22_000, flips), 3) for flips in (2, 3, 4)]
    [0.022, 0.506, 7.282]
    """
    pair = PAIR_SECONDS if flips >= LEAST_PAIR_FLIPS else ROW_SECONDS if flips >= LEAST_ROW_FLIPS else 0.0
    return TURN_SECONDS * n_rotations + pair * n_rotations**2


def bytes_of_path(n_rotations: int, flips: int) -> int:
    """Return about how many bytes a path takes while a tree is built: its flips, own steps, and a third of its stays."""
    return 12 * flips + 3 * STEP_BYTES + 4 * (n_rotations // 12)


def counted_paths(walks: Sequence[Walk], flips: int) -> float:
    """Return about how many paths there are, by counting: one set of flips in 2^r ends Z-type, r the rank of the x-parts.

    Of deep walks a sample sees no path at all; counting is right to a factor of ten or so.
    """
    return sum(sets_of_flips(walk.n_rotations, flips) * 2.0**-walk.group.active_qubits for walk in walks)


def refuse_beyond(order: int, found: Prediction, counted: float, max_bytes: int, max_seconds: float) -> None:
    """Raise `ResourceError` where a prediction is beyond the limits.

    Bytes count as too many only where the estimate is sure of it, since they are counted again on the way. The estimate of
    the seconds is without bias and never negative, so it is k times too high once in k times at most.
    """
    sure = found.nbytes - 3 * found.nbytes * min(found.n_paths_error / max(found.n_paths, 1.0), 1.0)
    if sure > max_bytes:
        raise too_large(order, found.n_paths, found.nbytes, max_bytes)
    if found.seconds > max_seconds:
        n_paths = max(found.n_paths, counted)
        nbytes = int(found.nbytes * n_paths / max(found.n_paths, 1.0))
        raise ResourceError(
            f"A surrogate of order {order} takes about {found.seconds:.2g} s here, on one core: a walk over about "
            f"{found.nodes:.2g} nodes for about {n_paths:.2g} paths, {in_words(nbytes)}; max_seconds is {max_seconds:g}. "
            "Choose a lower order, or give it more."
        )


def too_large(order: int, n_paths: float, nbytes: float, max_bytes: int) -> ResourceError:
    """Return the error of a search that has, or will have, more paths than fit."""
    return ResourceError(
        f"A surrogate of order {order} has about {n_paths:.2g} paths here and needs about {in_words(int(nbytes))} while "
        f"it is built; max_bytes is {in_words(max_bytes)}. Choose a lower order, or give it more."
    )


def too_long(order: int, nodes: float, max_seconds: float) -> ResourceError:
    """Return the error of a search that has walked longer than it was predicted to."""
    return ResourceError(
        f"The walk for a surrogate of order {order} was stopped after {nodes:.2g} nodes, {nodes * NODE_SECONDS:.2g} s of "
        f"one core; max_seconds is {max_seconds:g}. Choose a lower order, or give it more."
    )
