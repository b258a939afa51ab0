"""The table of a study: one row for each cell, what every study says of it and what the experiment found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nearclifford.ansatz import ANSATZE
from nearclifford.errors import NearCliffordError
from nearclifford.files import replacing
from nearclifford.studies.cells import Cell, cells_of, points_of_cell
from nearclifford.studies.draws import Draws, joined
from nearclifford.studies.rules import n_layers, sigma_value
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.store import Store

if TYPE_CHECKING:
    import pandas as pd

CELL_COLUMNS = {
    "ansatz": "name of the ansatz",
    "layers": 'rule for the number of layers: "N" or a number',
    "n_qubits": "number of qubits N",
    "n_layers": "number of layers L",
    "n_parameters": "number of parameters D",
    "sigma": "rule for the standard deviation of the Gaussian patch",
    "sigma_value": "that standard deviation, radians",
    "encoder": '"compact", "paper" or "none"',
    "observable": "name of the observable",
}
DRAWS_COLUMN = {"draws": "number of draws finished: circuits, observables, encoded parameters and displacements"}


def columns_of(spec: StudySpec) -> dict[str, str]:
    """Return the columns of a study's table and what they hold.

    >>> list(columns_of(StudySpec(["mhea"], [2])))[8:12]
    ['observable', 'draws', 'norm', 'norm_error']
    """
    own = {axis.name: axis.meaning for axis in spec.experiment.axes}
    return CELL_COLUMNS | own | DRAWS_COLUMN | dict(spec.experiment.columns)


def make_frame(spec: StudySpec, store: Store) -> pd.DataFrame:
    """Return the table of a study, with the columns of `columns_of`; cells without a finished point are left out."""
    import pandas as pd

    rows = []
    for cell in cells_of(spec):
        loaded = (store.load(point) for point in points_of_cell(spec, cell))
        blocks = [block for block in loaded if block is not None]
        if blocks:
            rows.append(_describe(spec, cell) | _summary(spec, blocks, store))
    return pd.DataFrame(rows, columns=list(columns_of(spec)))


def _summary(spec: StudySpec, blocks: Sequence[Draws], store: Store) -> dict[str, object]:
    try:
        draws = joined(blocks)
        return {"draws": len(draws), **spec.experiment.summary(draws)}
    except KeyError as error:  # a file without checksums may have lost all numbers of one name
        raise NearCliffordError(f"{store.path} is damaged: it lacks numbers named {error}; move it away.") from error


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, as a whole or not at all; `NearCliffordError` where the file cannot be written."""
    with replacing(path, "a file for a table") as stream:
        stream.write(frame.to_csv(index=False).encode())


def _describe(spec: StudySpec, cell: Cell) -> dict[str, object]:
    depth = n_layers(cell.layers, cell.n_qubits)
    size = ANSATZE[cell.ansatz].n_parameters(cell.n_qubits, depth)
    width = sigma_value(cell.sigma, size)
    common = (cell.ansatz, cell.layers, cell.n_qubits, depth, size, cell.sigma, width, cell.encoder, spec.observable)
    return dict(zip(CELL_COLUMNS, common, strict=True)) | dict(cell.own)
