"""Chains through a noisy circuit: what ends Z-type counts with what its path has kept (docs/theory.md, "Pauli noise").

A chain that died at channels with the right probability would have the same mean, but where a path keeps a millionth
hardly a sample would be left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numba
import numpy as np

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.intervals import unseen_rate
from nearclifford.kernels.chain.damped import weigh_flips, weigh_hits
from nearclifford.kernels.chain.damping import Damping
from nearclifford.kernels.chain.hits import Targets
from nearclifford.kernels.chain.walk import Job, Slots
from nearclifford.kernels.chain.words import BITS, WIDTH
from nearclifford.normal_form.channels import N_LETTERS, PauliChannels

if TYPE_CHECKING:
    from nearclifford.chains.sampler import ChainSampler, WeightedTargets

TASKS_PER_THREAD = 8
# Blocks of one call of the kernel, times targets: seconds to minutes.
MOST_BLOCKS = 2**16


@dataclass(frozen=True, eq=False)
class WeightedHits:
    """Chains of one term that ended Z-type, with the weights of their paths; two of them add up.

    Attributes
    ----------
    samples : of each of the T targets.
    hits : int64, shape ``(T,)``.
    weight, square : float64, shape ``(T,)``: sums of the weights, and of their squares.
    bound : float64, shape ``(T,)``: what L, or the derivative, cannot exceed; 0 where the moment is zero for certain.
    coefficient : of the term.
    weights : float64, shape ``(T,)``: of the targets in the sum ``total``.

    >>> one = np.ones(1)
    >>> seen = WeightedHits(100, np.array([50]), 25.0 * one, 12.5 * one, one, 1.0, one)     # each keeps a half
    >>> (seen + seen).value, (seen + seen).error.round(4)
    (array([0.25]), array([0.0177]))
    """

    samples: int
    hits: Indices
    weight: Floats
    square: Floats
    bound: Floats
    coefficient: float
    weights: Floats

    def __add__(self, other: WeightedHits) -> WeightedHits:
        return replace(
            self,
            samples=self.samples + other.samples,
            hits=self.hits + other.hits,
            weight=self.weight + other.weight,
            square=self.square + other.square,
            bound=np.minimum(self.bound, other.bound),
        )

    @property
    def value(self) -> Floats:
        """Estimates of the second moments."""
        return self.weight / self.samples * self.coefficient**2

    @property
    def _spread(self) -> Floats:
        mean = self.weight / self.samples
        return np.maximum(self.square / self.samples - mean**2, 0.0) / self.samples * self.coefficient**4

    @property
    def _edge(self) -> Floats:
        """Where none or all were hit the error is not zero yet, unless the moment is zero for certain."""
        size = np.where(self.hits == 0, self.bound**2, self.value)
        edge = (self.hits == 0) | (self.hits == self.samples)
        return np.where(edge, (unseen_rate(self.samples) * size) ** 2, 0.0)

    @property
    def error(self) -> Floats:
        """Standard errors of the estimates."""
        return np.sqrt(self._spread + self._edge)

    @property
    def total(self) -> float:
        """The weighted sum."""
        return float(self.weights @ self.value)

    @property
    def total_error(self) -> float:
        """Standard error of the sum."""
        spread, edge = float(self.weights**2 @ self._spread), float((self.weights**2 * self._edge).max(initial=0.0))
        return float(np.sqrt(spread + edge))

    def without(self, zero: Flags, weights: Floats) -> WeightedHits:
        """Return the same with the moments that are zero for certain called so; ``weights`` are those of the sum."""
        hits, weight, square, bound = (np.where(zero, 0, x) for x in (self.hits, self.weight, self.square, self.bound))
        return replace(self, hits=hits, weight=weight, square=square, bound=bound, weights=weights)


def damping_of(channels: PauliChannels) -> Damping:
    """Return the channels as the chain counts them: dampings of one size are one class.

    >>> import nearclifford as nc
    >>> from nearclifford.noise.landscapes import with_noise
    >>> land = nc.Landscape(nc.ansatz.mhea(3, 2), nc.observables.global_z(3))
    >>> damping = damping_of(with_noise(land, nc.PauliNoise(two_qubit=0.1, one_qubit={"X": 0.25})).problem.channels)
    >>> np.exp(damping.logarithm).round(9), damping.first_row
    (array([0.25, 0.81]), array([0, 5, 8]))
    """
    squares = channels.damping**2
    sizes: dict[float, int] = {}
    first, of_class, letters = [0], [], []
    met: dict[int, int] = defaultdict(int)
    channels_of = np.bincount(channels.kind, minlength=len(squares))
    for row, count in zip(squares, channels_of.tolist(), strict=True):
        entries: dict[int, int] = defaultdict(int)
        for place in range(1, N_LETTERS):
            if row[place] != 1.0:
                entries[sizes.setdefault(float(row[place]), len(sizes))] |= 1 << place
        for number, members in entries.items():
            of_class.append(number)
            letters.append(_completed(members, row))
            met[number] += count
        first.append(len(of_class))
    n_rows = [met[number].bit_length() for number in range(len(sizes))]
    with np.errstate(divide="ignore"):
        logarithm = np.log(np.array(list(sizes), dtype=np.float64))
    entries_of, classes, which, rows = (np.array(x, np.int64) for x in (first, of_class, letters, np.cumsum([0, *n_rows])))
    return Damping(channels.kind, entries_of, classes, which, rows, logarithm, np.zeros((1, WIDTH), np.uint64))


def _completed(which: int, row: Floats) -> int:
    """Return the letters of a class; those of one qubit that a channel damps alike count as all, the other has no letter."""
    one_qubit = (row[4:] == 1.0).all()
    return (1 << N_LETTERS) - 2 if one_qubit and which == 0b1110 else which


def _job(sampler: ChainSampler, samples: int, first: int, count: int) -> tuple[Job, int]:
    n_blocks = -(-samples // BITS)
    per_task = min(n_blocks, max(1, n_blocks * count // (TASKS_PER_THREAD * numba.get_num_threads())))
    return Job(first, samples, per_task, sampler.seed), n_blocks


def _slots(sampler: ChainSampler) -> Slots:
    start, no_mask = np.zeros((1, WIDTH), np.int64), np.full((1, WIDTH), -1, np.int64)
    return Slots(sampler.starts, start, no_mask, np.zeros((1, 1), np.uint64))


def damped_round(sampler: ChainSampler, samples: int, block: int, targets: WeightedTargets) -> tuple[WeightedHits, int]:
    """Return the second moments of one term from about so many samples, and the block that the next round begins with."""
    count = max(len(targets.rotations), 1)
    made = min(samples, max(1, MOST_BLOCKS // count) * BITS)
    job, n_blocks = _job(sampler, made, block, count)
    sums = np.empty((len(targets.rotations), n_blocks, 3))
    silent = np.zeros((len(targets.rotations), -(-n_blocks // job.per_task)), dtype=np.bool_)
    chosen = Targets(targets.rotations.astype(np.int64), targets.streams.astype(np.uint64))
    weigh_hits(sampler.rows, sampler.coins, _slots(sampler), chosen, job, sampler.damping, sums, silent)
    hits, weight, square = np.moveaxis(sums.sum(axis=1), -1, 0)
    coefficient = float(sampler.land.problem.coefficients[0])
    bound = np.where(silent.all(axis=1), 0.0, abs(coefficient))
    found = WeightedHits(made, hits.astype(np.int64), weight, square, bound, coefficient, targets.weights)
    return found, block + n_blocks


def damped_flips(sampler: ChainSampler, samples: int, n_columns: int) -> Floats:
    """Return (number, weight, squared weight) of the samples that end Z-type, by flips: shape ``(n_columns, 3)``."""
    job, n_blocks = _job(sampler, samples, 0, 1)
    sums = np.empty((n_blocks, n_columns, 3))
    weigh_flips(sampler.rows, sampler.coins, _slots(sampler), job, sampler.damping, sums)
    return np.asarray(sums.sum(axis=0))
