"""From a specification to its cells, from cells to points, and the points that are measured together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from nearclifford.studies.points import Point
from nearclifford.studies.rules import n_layers
from nearclifford.studies.spec import StudySpec


@dataclass(frozen=True)
class Cell:
    """One row of a study's table.

    Attributes
    ----------
    ansatz, layers, encoder, sigma, n_qubits : the names, rules and size.
    own : the value on each axis of the experiment, as (name, value).
    """

    ansatz: str
    layers: str
    encoder: str
    sigma: str
    n_qubits: int
    own: tuple[tuple[str, Any], ...]


def cells_of(spec: StudySpec) -> Iterator[Cell]:
    """Yield the cells of a study in the order of its table: curve by curve, N last."""
    names = [axis.name for axis in spec.experiment.axes]
    own = product(*(axis.values for axis in spec.experiment.axes))
    curves = product(spec.ansatz, spec.layers, spec.encoder, spec.sigma, list(own))
    for ansatz, layers, encoder, sigma, values in curves:
        for n_qubits in sorted(spec.qubits):
            yield Cell(ansatz, layers, encoder, sigma, n_qubits, tuple(zip(names, values, strict=True)))


def points_of_cell(spec: StudySpec, cell: Cell) -> Iterator[Point]:
    """Yield the blocks of draws of one cell."""
    size = spec.experiment.draws_per_point
    for first in range(0, spec.draws, size):
        yield spec.experiment.point(
            ansatz=cell.ansatz,
            n_qubits=cell.n_qubits,
            n_layers=n_layers(cell.layers, cell.n_qubits),
            sigma=cell.sigma,
            encoder=cell.encoder,
            observable=spec.observable,
            seed=spec.seed,
            first_draw=first,
            n_draws=min(size, spec.draws - first),
            **dict(cell.own),
        )


def points_of(spec: StudySpec) -> Iterator[Point]:
    """Yield the points of a study, each once, small circuits first.

    Draws come in blocks, 25 unless the experiment says otherwise, so that a study that is stopped loses little and one with
    more draws later keeps the blocks that it has. Rules that coincide, L = N and L = 4 at N = 4, share their points.

    >>> spec = StudySpec(["mhea"], [4, 2], sigma=["1"], encoder=["none"], draws=30)
    >>> [(point.n_qubits, point.first_draw, point.n_draws) for point in points_of(spec)]
    [(2, 0, 25), (2, 25, 5), (4, 0, 25), (4, 25, 5)]
    """
    cells = sorted(cells_of(spec), key=lambda cell: cell.n_qubits)
    yield from dict.fromkeys(point for cell in cells for point in points_of_cell(spec, cell))


def bundles_of(spec: StudySpec, points: Iterable[Point]) -> list[list[Point]]:
    """Return the points in groups that differ in σ and on the experiment's own axes alone, in the order of their first.

    >>> spec = StudySpec(["mhea"], [2, 4], sigma=["1", "D^-1"], encoder=["none"], draws=5)
    >>> [[point.sigma for point in bundle] for bundle in bundles_of(spec, points_of(spec))]
    [['1', 'D^-1'], ['1', 'D^-1']]
    """
    loose = {"sigma", *(axis.name for axis in spec.experiment.axes)}
    bundles: dict[tuple[object, ...], list[Point]] = {}
    for point in points:
        shared = tuple(value for name, value in point.record().items() if name not in loose)
        bundles.setdefault(shared, []).append(point)
    return list(bundles.values())
