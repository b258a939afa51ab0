"""Figures of studies, as PNG and SVG: a file for each experiment, and a row of the table below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from nearclifford.studies.experiment import Experiment
from nearclifford.studies.figures import gradient, noise, phase, surrogate

# (experiment, table of the study, directory, how it was made) to the paths of the figures
FIGURES: dict[str, Callable[[Any, pd.DataFrame, Path, str], list[Path]]] = {
    "gradient": gradient.save_figures,
    "noise": noise.save_figures,
    "phase": phase.save_figures,
    "surrogate": surrogate.save_figures,
}


def save_figures(experiment: Experiment, frame: pd.DataFrame, directory: str | Path, made_by: str) -> list[Path]:
    """Draw the figures of a study and return their paths.

    Parameters
    ----------
    experiment : what the study measured, ``study.spec.experiment``.
    frame : its table, `nearclifford.studies.Study.frame`.
    directory : where the figures go.
    made_by : a line under each figure that says how it was made, such as the command.
    """
    return FIGURES[experiment.name](experiment, frame, Path(directory), made_by)
