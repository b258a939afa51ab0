"""Studies: a specification becomes points, points become rows in one file, rows become a table."""

from nearclifford.studies.points import Point
from nearclifford.studies.presets import preset_names
from nearclifford.studies.spec import StudySpec
from nearclifford.studies.study import Study
from nearclifford.studies.table import COLUMNS

__all__ = ["COLUMNS", "Point", "Study", "StudySpec", "preset_names"]
