"""Figures of studies, as PNG and SVG: the experiment of a file has its figures in the file of the same name here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from nearclifford.studies import experiments

if TYPE_CHECKING:
    from nearclifford.studies.results import StudyResults


def save_figures(results: StudyResults, directory: Path, made_by: str) -> list[Path]:
    """Draw the figures of a study and return their paths; an experiment from elsewhere has none.

    Parameters
    ----------
    results : what was found.
    directory : where the figures go.
    made_by : a line under each figure that says how it was made, such as the command.
    """
    package, _, name = type(results.spec.experiment).__module__.rpartition(".")
    if package != experiments.__name__:
        return []
    paths: list[Path] = import_module(f"{__name__}.{name}").save_figures(results, directory, made_by)
    return paths
