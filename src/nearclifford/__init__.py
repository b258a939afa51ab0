"""Variational quantum circuits near Clifford points: encode a gradient, differentiate exactly, measure how it spreads."""

from nearclifford import ansatz, observables
from nearclifford.costs.compare import SimulationCost, simulation_cost
from nearclifford.devices.aer import Aer
from nearclifford.devices.shots import ShotsToResolve, shots_to_resolve
from nearclifford.encoder.encode import Encoding, encode
from nearclifford.encoder.search import search_encoder
from nearclifford.errors import (
    CircuitError,
    DeviceError,
    EncodingError,
    IncompleteSearchWarning,
    NearCliffordError,
    ObservableError,
    ResourceError,
)
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian, Uniform
from nearclifford.statistics.certified import certified_second_moment
from nearclifford.statistics.results import GradientStatistics, LossStatistics
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector
from nearclifford.statistics.verbs import gradient_statistics, loss_statistics
from nearclifford.studies import Study
from nearclifford.surrogates.base import Surrogate
from nearclifford.surrogates.build import surrogate
from nearclifford.surrogates.error import ErrorCurve, surrogate_error_curve
from nearclifford.version import __version__

__all__ = [
    "Aer",
    "CircuitError",
    "DeviceError",
    "Encoding",
    "EncodingError",
    "ErrorCurve",
    "Gaussian",
    "GradientStatistics",
    "IncompleteSearchWarning",
    "Landscape",
    "LossStatistics",
    "NearCliffordError",
    "ObservableError",
    "ResourceError",
    "ShotsToResolve",
    "SimulationCost",
    "Stabilizer",
    "Statevector",
    "Study",
    "Surrogate",
    "Uniform",
    "__version__",
    "ansatz",
    "certified_second_moment",
    "encode",
    "gradient_statistics",
    "loss_statistics",
    "observables",
    "search_encoder",
    "shots_to_resolve",
    "simulation_cost",
    "surrogate",
    "surrogate_error_curve",
]
