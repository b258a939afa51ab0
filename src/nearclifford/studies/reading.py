"""The TOML file of a study: of ansätze of the package, or of circuits of one's own."""

from __future__ import annotations

from pathlib import Path

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.sweeps.spec import SweepSpec
from nearclifford.studies.toml_files import read_table


def read_spec(path: str | Path) -> StudySpec | SweepSpec:
    """Return what a TOML file asks for: a `SweepSpec` where it names a ``circuit``, else a `StudySpec`.

    Raises `NearCliffordError`, which names the file, for what cannot be read and for entries that are wrong.
    """
    path = path_of(path, "the study's file")
    given = read_table(path)
    try:
        return SweepSpec.from_mapping(given, path.parent) if "circuit" in given else StudySpec.from_mapping(given)
    except NearCliffordError as error:
        raise NearCliffordError(f"{path}: {error}") from error
