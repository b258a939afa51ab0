"""What studies can measure, by name. A new experiment is a file here, a row below, and a row of the figures."""

from __future__ import annotations

from nearclifford.studies.experiment import Experiment
from nearclifford.studies.experiments.gradient import Gradient
from nearclifford.studies.experiments.noise import Noise
from nearclifford.studies.experiments.phase import Phase
from nearclifford.studies.experiments.surrogate import SurrogateCost

EXPERIMENTS: dict[str, type[Experiment]] = {
    experiment.name: experiment for experiment in (Gradient, Noise, Phase, SurrogateCost)
}
