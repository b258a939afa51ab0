"""The TOML file of a study: of ansätze of the package, or of circuits of one's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of, read_bytes
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.sweeps.spec import SweepSpec

LARGEST_FILE = 2**20


def read_spec(path: str | Path) -> StudySpec | SweepSpec:
    """Return what a TOML file asks for: a `SweepSpec` where it names a ``circuit``, else a `StudySpec`.

    Raises `NearCliffordError`, which names the file, for what cannot be read and for entries that are wrong.
    """
    path = path_of(path, "the study's file")
    given = read_table(path)
    try:
        if "circuit" in given:
            return SweepSpec.from_mapping(given, path.parent)
        return StudySpec.from_mapping(given)
    except NearCliffordError as error:
        raise NearCliffordError(f"{path}: {error}") from error


def read_table(path: Path) -> dict[str, Any]:
    """Return the entries of a TOML file; errors as for `read_spec`."""
    data = read_bytes(path, "the TOML file of a study", most=LARGEST_FILE)
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise NearCliffordError(f"{path} is no text in UTF-8; expected the TOML file of a study.") from error
    except RecursionError as error:
        raise NearCliffordError(f"{path} is nested too deeply; expected the TOML file of a study.") from error
    except ValueError as error:
        raise NearCliffordError(f"{path}: {error}") from error
