"""What an experiment finds: numbers by name, one of each for every draw, and their means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.statistics.sums import MomentSums


@dataclass(frozen=True, eq=False)
class Draws:
    """The numbers of n draws.

    Attributes
    ----------
    draw : int64, shape ``(n,)``: index of the draw within its cell.
    numbers : float64, shape ``(n,)``, by name; NaN where a number is not known.
    notes : words by name, such as the method; few have any.

    >>> draws = Draws.of(range(2), [{"norm": 1.0}, {"norm": 3.0}])
    >>> draws["norm"], len(draws)
    (array([1., 3.]), 2)
    """

    draw: Indices
    numbers: Mapping[str, Floats]
    notes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, draw: Iterable[int], found: Sequence[Mapping[str, float]]) -> Draws:
        """Return the draws of these indices, with what was found for each under the same names."""
        names = list(found[0])
        return cls(np.array(list(draw)), {name: np.array([one[name] for one in found], dtype=np.float64) for name in names})

    def __getitem__(self, name: str) -> Floats:
        return self.numbers[name]

    def __len__(self) -> int:
        return len(self.draw)


def root(square: float, error: float) -> tuple[float, float]:
    """Return the root of a mean square and its standard error; NaN for the error of the root of 0.

    >>> root(4.0, 0.4)
    (2.0, 0.1)
    """
    size = math.sqrt(square)
    return size, error / (2 * size) if size else math.nan


def joined(blocks: Sequence[Draws]) -> Draws:
    """Return the draws of several points of one cell as one."""
    numbers = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0].numbers}
    return Draws(np.concatenate([block.draw for block in blocks]), numbers)


def means(draws: Draws, names: Sequence[str]) -> dict[str, float]:
    """Return the mean of each number over the draws, and under ``<name>_error`` its standard error.

    >>> means(Draws.of(range(2), [{"norm": 1.0}, {"norm": 3.0}]), ["norm"])
    {'norm': 2.0, 'norm_error': 1.0}
    """
    sums = MomentSums.of(np.stack([draws[name] for name in names], axis=1), shift=np.zeros(len(names)))
    errors = sums.mean_error if len(draws) > 1 else np.full(len(names), np.nan)
    found: dict[str, float] = {}
    for name, mean, error in zip(names, sums.mean.tolist(), errors.tolist(), strict=True):
        found |= {name: mean, f"{name}_error": error}
    return found
