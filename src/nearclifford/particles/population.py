"""Populations of particles that walk a course: each gives one unbiased estimate of its sum."""

from __future__ import annotations

import itertools
import math

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.kernels.particles.step import Ahead, Gates, Particles, step
from nearclifford.particles.course import Course
from nearclifford.particles.guide import Guide

# The share of particles that the maps alone send on. They find what a guide is blind to, which few particles with large
# weights would carry otherwise; on a plateau they cost next to nothing.
PLAIN = 0.2


def walk(course: Course, guide: Guide, sizes: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return the logs of unbiased estimates of a course's sum, one of each population; -inf for zero."""
    seed = np.uint64(rng.integers(2**64, dtype=np.uint64))
    ends = np.cumsum([0, *sizes])
    start = rng.choice(len(course.starts.share), size=ends[-1], p=course.starts.share)
    letters = np.ascontiguousarray(course.starts.letters[start])
    crowd = Particles(letters, np.full(ends[-1], course.log_scale), np.zeros(ends[-1]))
    for number, (moves, maps, ahead) in enumerate(zip(course.moves, course.maps, guide.steps, strict=True)):
        worth = Ahead(ahead.tensors, ahead.floor, ahead.log_scale)
        plain = PLAIN if ahead.floor else 0.0  # what has no uniform part is known
        with np.errstate(divide="ignore"):
            gates = Gates(moves.table, moves.gates, np.log(moves.factors))
        step(crowd, gates, maps, worth, seed, np.uint64(number), plain)
        if number + 1 < len(guide.steps):
            for first, end in itertools.pairwise(ends):
                part = slice(first, end)
                resampled(Particles(crowd.letters[part], crowd.log_weight[part], crowd.log_guide[part]), rng)
    with np.errstate(divide="ignore"):
        logs = crowd.log_weight + np.log(course.worth(crowd.letters))
    return np.array([log_mean(logs[first:end]) for first, end in itertools.pairwise(ends)])


def resampled(crowd: Particles, rng: np.random.Generator) -> None:
    """Draw particles anew by weight times worth, where fewer than half of them count; in place."""
    score = crowd.log_weight + crowd.log_guide
    top = score.max()
    count = len(score)
    if top == -np.inf:
        return
    share = np.exp(score - top)
    total = share.sum()
    if total**2 >= 0.5 * count * (share**2).sum():
        return
    chosen = systematic(share / total, rng)
    crowd.letters[:], crowd.log_guide[:] = crowd.letters[chosen], crowd.log_guide[chosen]
    crowd.log_weight[:] = top + math.log(total / count) - crowd.log_guide


def systematic(share: Floats, rng: np.random.Generator) -> Indices:
    """Return as many draws as there are shares: evenly spaced points, moved at random as one.

    >>> systematic(np.array([0.5, 0.0, 0.5]), np.random.default_rng(1)).tolist()
    [0, 2, 2]
    """
    count = len(share)
    points = (np.arange(count) + rng.random()) / count
    return np.minimum(np.searchsorted(np.cumsum(share), points, side="right"), np.flatnonzero(share)[-1])


def log_mean(logs: Floats) -> float:
    """Return the log of the mean of numbers of which the logs are given.

    >>> round(log_mean(np.log([1.0, 3.0])), 6)
    0.693147
    """
    top = float(logs.max())
    return top if top == -math.inf else top + math.log(float(np.exp(logs - top).mean()))
