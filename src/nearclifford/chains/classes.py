"""Classes of terms that meet: pulled-back strings of equal x-part that commute. Only within a class do paths average.

Source: docs/theory.md, "Averages over a patch".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.chains.bits import packed, transposed
from nearclifford.chains.channel_rows import channel_rows
from nearclifford.kernels.chain.bit_rows import Columns, parities, reach_of_rows, rows_of, rows_of_generators
from nearclifford.kernels.chain.few_flips import XTable, hashes
from nearclifford.kernels.chain.flip_sets import Classes, Logs, fill_kernel
from nearclifford.kernels.chain.kept import ChannelRows, kept_without_flips
from nearclifford.memory import require_memory
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable
from nearclifford.patches import Patch

# Stands for the logarithm of zero: its exponential is 1e-304, and sums of it with its opposite are exact.
LOG_ZERO = -700.0


@dataclass(frozen=True, eq=False)
class TermClasses:
    """The terms of a problem, class by class.

    Attributes
    ----------
    terms : int64, shape ``(T,)``: which term of the problem stands where.
    tables, channels, columns, x_table : what the kernels take; of no channels where there is no noise.
    """

    terms: Indices
    tables: Classes
    channels: ChannelRows
    columns: Columns
    x_table: XTable

    @classmethod
    def of(cls, problem: PauliProblem, moments: RotationMoments) -> TermClasses:
        """Return the classes; `ResourceError` where the tables do not fit."""
        n_words = (problem.n_rotations + 63) >> 6
        needed = 8 * n_words * (len(problem.images) + 2 * problem.n_qubits)
        require_memory(needed, "Anticommutation of terms and rotations", "Take fewer terms.")
        kind, relative_sign = _kinds(problem.images)
        terms = np.argsort(kind, kind="stable")
        begin = np.append(0, np.cumsum(np.bincount(kind)))
        columns = _columns(problem.generators)
        images = problem.images.take(terms)
        meets = np.zeros((len(terms), n_words), np.uint64)
        rows_of(columns, images.x, images.z, meets)
        sign = 1.0 - 2.0 * parities(meets, packed(moments.cosine < 0))
        amplitude = (problem.coefficients * relative_sign)[terms] * sign
        tables = _with_kernel(begin, meets, amplitude, moments.logs.distance)
        channels = channel_rows(problem.channels, images, problem.n_rotations)
        return cls(terms, tables, channels, columns, _x_table(problem.generators.x, images.x))

    @property
    def mean_class(self) -> Indices:
        """The places of the terms that are Z-type without a flip."""
        begin = self.tables.begin
        without = np.flatnonzero(~self.x_table.term_x[begin[:-1]].any(axis=1))
        return np.arange(begin[without[0]], begin[without[0] + 1]) if len(without) else np.zeros(0, np.int64)

    def reach(self) -> Words:
        """Return the rotations that each term can meet, uint64, shape ``(T, ceil(n / 64))``."""
        meets = self.tables.meets
        n = len(self.x_table.generator)
        require_memory(8 * n * meets.shape[1], "Anticommutation of all pairs of rotations", "Take fewer parameters.")
        rows, members = np.zeros((n, meets.shape[1]), np.uint64), np.empty_like(meets)
        rows_of_generators(self.columns, rows)
        reach_of_rows(meets, rows, members)
        return members

    def kept(self, terms: Indices) -> Floats:
        """Return what the paths without a flip of some terms, by their places, keep at channels: 1 without noise."""
        result = np.empty(len(terms))
        kept_without_flips(self.channels, terms, result)
        return result

    @property
    def most_alike(self) -> float:
        """The largest (Σ|c|)² / Σc² of a class: what a path can hold more than all of its terms apart."""
        size = np.abs(self.tables.amplitude)
        starts = self.tables.begin[:-1]
        return float((np.add.reduceat(size, starts) ** 2 / np.add.reduceat(size**2, starts)).max())


@dataclass(frozen=True, eq=False)
class RotationMoments:
    """Moments of each rotation's angle: E[cos], E[sin²], float64, shape ``(n,)``, and logarithms; see `Logs`."""

    cosine: Floats
    sine_square: Floats
    logs: Logs

    @classmethod
    def of(cls, angle_map: AngleMap, patch: Patch) -> RotationMoments:
        """Return the moments; errors of `nearclifford.normal_form.angles.angle_moments`."""
        parameters, rotations, scaled = angle_map.patch_of_rotations(patch)
        cosine, square = np.ones(angle_map.n_rotations), np.ones(angle_map.n_rotations)
        sine_square, variance = np.zeros(angle_map.n_rotations), np.zeros(angle_map.n_rotations)
        if len(parameters):
            for table, moment in (
                (cosine, scaled.cosine_mean()),
                (square, scaled.cosine_square_mean()),
                (sine_square, scaled.sine_square_mean()),
                (variance, scaled.cosine_variance()),
            ):
                table[rotations] = np.asarray(moment)[parameters]
        stay, flip = logarithm(square, -sine_square), logarithm(sine_square)
        with np.errstate(divide="ignore", over="ignore"):
            distance = np.minimum(np.log1p(variance / cosine**2), -LOG_ZERO)
        return cls(cosine, sine_square, Logs(stay, flip, stay, flip, np.nan_to_num(distance)))

    def drawn_with(self, chance: Floats) -> Logs:
        """Return the logarithms where the coins that are drawn have other chances."""
        return self.logs._replace(drawn_stay=logarithm(1.0 - chance, -chance), drawn_flip=logarithm(chance))


def logarithm(value: Floats, less_one: Floats | None = None) -> Floats:
    """Return log(value), `LOG_ZERO` at least; from ``value - 1`` where that is given and small.

    >>> logarithm(np.array([0.0, 1.0])).tolist()
    [-700.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.log(value) if less_one is None else np.where(less_one > -0.5, np.log1p(less_one), np.log(value))
    return np.maximum(result, LOG_ZERO)


def _kinds(images: PauliTable) -> tuple[Indices, Floats]:
    """Return the class of each term, and its sign relative to the first of its class."""
    _, first, alike = np.unique(images.x, axis=0, return_index=True, return_inverse=True)
    alike, power = alike.reshape(-1), images.y_letters
    # Strings of equal x-part anticommute where the numbers of their letters Y differ by an odd number.
    odd = (power - power[first][alike]) % 2
    _, first, kind = np.unique(2 * alike + odd, return_index=True, return_inverse=True)
    kind = kind.reshape(-1).astype(np.int64)
    quarter = (power - power[first][kind]) % 4
    return kind, np.where(quarter == 2, -1.0, 1.0) * images.sign.astype(np.float64) * images.sign[first][kind]


def _columns(generators: PauliTable) -> Columns:
    strings = np.concatenate([generators.x, generators.z], axis=1)
    return Columns(transposed(generators.x, generators.n_qubits), transposed(generators.z, generators.n_qubits), strings)


def _with_kernel(begin: Indices, meets: Words, amplitude: Floats, distance: Floats) -> Classes:
    sizes = np.diff(begin)
    place = np.append(0, np.cumsum(sizes**2))
    require_memory(8 * int(place[-1]), "A number for each pair of terms that may meet", "Take fewer terms.")
    kernel = np.empty(place[-1])
    fill_kernel(begin, meets, distance, place, kernel)
    return Classes(begin, meets, amplitude, kernel, place)


def _x_table(generator_x: Words, term_x: Words) -> XTable:
    # Any keys do: a hash that two x-parts share costs a comparison, no more.
    key = np.random.default_rng(0).integers(2**64, size=64 * generator_x.shape[1], dtype=np.uint64)
    hashed = hashes(generator_x, key)
    n_drawers = 1 << (2 * len(hashed)).bit_length()
    drawer = (hashed & np.uint64(n_drawers - 1)).astype(np.int64)
    order = np.argsort(drawer, kind="stable")
    begin = np.append(0, np.cumsum(np.bincount(drawer, minlength=n_drawers)))
    return XTable(begin, order, hashed, hashes(term_x, key), generator_x, term_x)
