"""Variational quantum circuits near Clifford points: encode a gradient, differentiate exactly, measure how it spreads.

Public names are imported when they are first asked for: `import nearclifford` alone loads neither Qiskit nor Numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nearclifford import ansatz, observables
    from nearclifford.costs.compare import SimulationCost, simulation_cost
    from nearclifford.devices.aer import Aer
    from nearclifford.devices.estimator_gradient import ParameterShiftGradient
    from nearclifford.devices.sampled import ShotSampler
    from nearclifford.devices.shot_variance import ShotVariance, shot_variance
    from nearclifford.devices.shots import ShotsForValue, ShotsToResolve, shots_for_value, shots_to_resolve
    from nearclifford.diagnosis.results import Diagnosis
    from nearclifford.diagnosis.verb import diagnose
    from nearclifford.encoder.encode import Encoding, encode
    from nearclifford.encoder.search import search_encoder
    from nearclifford.entanglement import entangling_capability
    from nearclifford.errors import (
        CircuitError,
        DeviceError,
        DroppedMeasurementsWarning,
        EncodingError,
        IncompleteSearchWarning,
        NearCliffordError,
        ObservableError,
        ResourceError,
    )
    from nearclifford.evaluator import Evaluator
    from nearclifford.exact.center_metric import CenterMetric
    from nearclifford.exact.expansion import CenterExpansion
    from nearclifford.exact.metric import BlockMetric
    from nearclifford.geometry.directions import PrincipalPlane, principal_plane, random_directions
    from nearclifford.geometry.results import HeightMap, Slice
    from nearclifford.geometry.spectrum import CenterSpectrum, center_spectrum
    from nearclifford.geometry.verbs import height_map, slice_along
    from nearclifford.interchange.cirq_circuits import from_cirq
    from nearclifford.interchange.imported import ImportedCircuit
    from nearclifford.interchange.jax_functions import to_jax
    from nearclifford.interchange.pennylane_circuits import from_pennylane
    from nearclifford.interchange.qasm_circuits import from_qasm
    from nearclifford.interchange.torch_functions import to_torch
    from nearclifford.landscape import Landscape
    from nearclifford.noise.description import PauliNoise
    from nearclifford.patches import Gaussian, Patch, Uniform
    from nearclifford.statistics.auto import Auto
    from nearclifford.statistics.backend import Backend, Rounds
    from nearclifford.statistics.certified import certified_loss_second_moment, certified_second_moment
    from nearclifford.statistics.entanglement import EntanglingCapability
    from nearclifford.statistics.exact import Exact
    from nearclifford.statistics.particles import Particles
    from nearclifford.statistics.paths import Paths
    from nearclifford.statistics.results import GradientStatistics, LossStatistics
    from nearclifford.statistics.some_components import SampledNorm, sampled_squared_norm
    from nearclifford.statistics.stabilizer import Stabilizer
    from nearclifford.statistics.statevector import Statevector
    from nearclifford.statistics.verbs import gradient_statistics, loss_statistics
    from nearclifford.studies import experiments
    from nearclifford.studies.decay import Decay, fit_decay
    from nearclifford.studies.merging import merge_studies
    from nearclifford.studies.reopened import results_of
    from nearclifford.studies.results import StudyResults
    from nearclifford.studies.spec import StudySpec
    from nearclifford.studies.status import StudyStatus, status_of
    from nearclifford.studies.study import Study
    from nearclifford.studies.sweeps.spec import SweepSpec
    from nearclifford.studies.sweeps.task import Task
    from nearclifford.studies.sweeps.verb import Sweep, sweep
    from nearclifford.surrogates.base import Surrogate
    from nearclifford.surrogates.build import surrogate
    from nearclifford.surrogates.error import ErrorCurve, surrogate_error_curve
    from nearclifford.surrogates.pauli_path import PauliPathSurrogate
    from nearclifford.surrogates.taylor import TaylorSurrogate
    from nearclifford.training.adaptive import Adam, AMSGrad, RMSprop
    from nearclifford.training.curvature import GaussNewton, NaturalGradient, Newton
    from nearclifford.training.record import TrainingRun
    from nearclifford.training.rules import GradientDescent, Momentum, Nesterov, RandomWalk, SignSGD
    from nearclifford.training.scipy_method import ScipyMethod
    from nearclifford.training.verb import train
    from nearclifford.untied import UntiedCircuit, untie
    from nearclifford.version import __version__

__all__ = [
    "AMSGrad",
    "Adam",
    "Aer",
    "Auto",
    "Backend",
    "BlockMetric",
    "CenterExpansion",
    "CenterMetric",
    "CenterSpectrum",
    "CircuitError",
    "Decay",
    "DeviceError",
    "Diagnosis",
    "DroppedMeasurementsWarning",
    "Encoding",
    "EncodingError",
    "EntanglingCapability",
    "ErrorCurve",
    "Evaluator",
    "Exact",
    "GaussNewton",
    "Gaussian",
    "GradientDescent",
    "GradientStatistics",
    "HeightMap",
    "ImportedCircuit",
    "IncompleteSearchWarning",
    "Landscape",
    "LossStatistics",
    "Momentum",
    "NaturalGradient",
    "NearCliffordError",
    "Nesterov",
    "Newton",
    "ObservableError",
    "ParameterShiftGradient",
    "Particles",
    "Patch",
    "Paths",
    "PauliNoise",
    "PauliPathSurrogate",
    "PrincipalPlane",
    "RMSprop",
    "RandomWalk",
    "ResourceError",
    "Rounds",
    "SampledNorm",
    "ScipyMethod",
    "ShotSampler",
    "ShotVariance",
    "ShotsForValue",
    "ShotsToResolve",
    "SignSGD",
    "SimulationCost",
    "Slice",
    "Stabilizer",
    "Statevector",
    "Study",
    "StudyResults",
    "StudySpec",
    "StudyStatus",
    "Surrogate",
    "Sweep",
    "SweepSpec",
    "Task",
    "TaylorSurrogate",
    "TrainingRun",
    "Uniform",
    "UntiedCircuit",
    "__version__",
    "ansatz",
    "center_spectrum",
    "certified_loss_second_moment",
    "certified_second_moment",
    "diagnose",
    "encode",
    "entangling_capability",
    "experiments",
    "fit_decay",
    "from_cirq",
    "from_pennylane",
    "from_qasm",
    "gradient_statistics",
    "height_map",
    "loss_statistics",
    "merge_studies",
    "observables",
    "principal_plane",
    "random_directions",
    "results_of",
    "sampled_squared_norm",
    "search_encoder",
    "shot_variance",
    "shots_for_value",
    "shots_to_resolve",
    "simulation_cost",
    "slice_along",
    "status_of",
    "surrogate",
    "surrogate_error_curve",
    "sweep",
    "to_jax",
    "to_torch",
    "train",
    "untie",
]

# The module of each public name; some are modules themselves.
_MODULES = {
    "AMSGrad": "training.adaptive",
    "Adam": "training.adaptive",
    "Aer": "devices.aer",
    "Auto": "statistics.auto",
    "Backend": "statistics.backend",
    "BlockMetric": "exact.metric",
    "CenterExpansion": "exact.expansion",
    "CenterMetric": "exact.center_metric",
    "CenterSpectrum": "geometry.spectrum",
    "CircuitError": "errors",
    "Decay": "studies.decay",
    "DeviceError": "errors",
    "Diagnosis": "diagnosis.results",
    "DroppedMeasurementsWarning": "errors",
    "Encoding": "encoder.encode",
    "EncodingError": "errors",
    "EntanglingCapability": "statistics.entanglement",
    "ErrorCurve": "surrogates.error",
    "Evaluator": "evaluator",
    "Exact": "statistics.exact",
    "GaussNewton": "training.curvature",
    "Gaussian": "patches",
    "GradientDescent": "training.rules",
    "GradientStatistics": "statistics.results",
    "HeightMap": "geometry.results",
    "ImportedCircuit": "interchange.imported",
    "IncompleteSearchWarning": "errors",
    "Landscape": "landscape",
    "LossStatistics": "statistics.results",
    "Momentum": "training.rules",
    "NaturalGradient": "training.curvature",
    "NearCliffordError": "errors",
    "Nesterov": "training.rules",
    "Newton": "training.curvature",
    "ObservableError": "errors",
    "ParameterShiftGradient": "devices.estimator_gradient",
    "Particles": "statistics.particles",
    "Patch": "patches",
    "Paths": "statistics.paths",
    "PauliNoise": "noise.description",
    "PauliPathSurrogate": "surrogates.pauli_path",
    "PrincipalPlane": "geometry.directions",
    "RMSprop": "training.adaptive",
    "RandomWalk": "training.rules",
    "ResourceError": "errors",
    "Rounds": "statistics.backend",
    "SampledNorm": "statistics.some_components",
    "ScipyMethod": "training.scipy_method",
    "ShotSampler": "devices.sampled",
    "ShotVariance": "devices.shot_variance",
    "ShotsForValue": "devices.shots",
    "ShotsToResolve": "devices.shots",
    "SignSGD": "training.rules",
    "SimulationCost": "costs.compare",
    "Slice": "geometry.results",
    "Stabilizer": "statistics.stabilizer",
    "Statevector": "statistics.statevector",
    "Study": "studies.study",
    "StudyResults": "studies.results",
    "StudySpec": "studies.spec",
    "StudyStatus": "studies.status",
    "Surrogate": "surrogates.base",
    "Sweep": "studies.sweeps.verb",
    "SweepSpec": "studies.sweeps.spec",
    "Task": "studies.sweeps.task",
    "TaylorSurrogate": "surrogates.taylor",
    "TrainingRun": "training.record",
    "Uniform": "patches",
    "UntiedCircuit": "untied",
    "__version__": "version",
    "ansatz": "ansatz",
    "center_spectrum": "geometry.spectrum",
    "certified_loss_second_moment": "statistics.certified",
    "certified_second_moment": "statistics.certified",
    "diagnose": "diagnosis.verb",
    "encode": "encoder.encode",
    "entangling_capability": "entanglement",
    "experiments": "studies.experiments",
    "fit_decay": "studies.decay",
    "from_cirq": "interchange.cirq_circuits",
    "from_pennylane": "interchange.pennylane_circuits",
    "from_qasm": "interchange.qasm_circuits",
    "gradient_statistics": "statistics.verbs",
    "height_map": "geometry.verbs",
    "loss_statistics": "statistics.verbs",
    "merge_studies": "studies.merging",
    "observables": "observables",
    "principal_plane": "geometry.directions",
    "random_directions": "geometry.directions",
    "results_of": "studies.reopened",
    "sampled_squared_norm": "statistics.some_components",
    "search_encoder": "encoder.search",
    "shot_variance": "devices.shot_variance",
    "shots_for_value": "devices.shots",
    "shots_to_resolve": "devices.shots",
    "simulation_cost": "costs.compare",
    "slice_along": "geometry.verbs",
    "status_of": "studies.status",
    "surrogate": "surrogates.build",
    "surrogate_error_curve": "surrogates.error",
    "sweep": "studies.sweeps.verb",
    "to_jax": "interchange.jax_functions",
    "to_torch": "interchange.torch_functions",
    "train": "training.verb",
    "untie": "untied",
}

_WHOLE = ("ansatz", "experiments", "observables")

if not TYPE_CHECKING:  # or every name would pass the type checker

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_MODULES[name]}")
        return module if name in _WHOLE else getattr(module, name)


def __dir__() -> list[str]:
    return list(__all__)
