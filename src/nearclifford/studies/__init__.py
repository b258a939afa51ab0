"""Studies: a specification becomes points, points become rows in one file, rows become a table."""

from nearclifford.studies.experiment import Axis, Experiment
from nearclifford.studies.experiments import EXPERIMENTS
from nearclifford.studies.merging import merge_studies
from nearclifford.studies.points import Point
from nearclifford.studies.presets import preset_names
from nearclifford.studies.progress import Progress
from nearclifford.studies.reopened import results_of
from nearclifford.studies.results import StudyResults
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.status import StudyStatus, status_of
from nearclifford.studies.study import Study
from nearclifford.studies.sweeps.spec import SweepSpec
from nearclifford.studies.sweeps.task import Task
from nearclifford.studies.sweeps.verb import Sweep, sweep

__all__ = [
    "EXPERIMENTS",
    "Axis",
    "Experiment",
    "Point",
    "Progress",
    "Study",
    "StudyResults",
    "StudySpec",
    "StudyStatus",
    "Sweep",
    "SweepSpec",
    "Task",
    "merge_studies",
    "preset_names",
    "results_of",
    "status_of",
    "sweep",
]
