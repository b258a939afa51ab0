"""Statistics by drawing thetas from the patch and evaluating the landscape exactly at each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import instance, one_of
from nearclifford.arrays import Indices
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.exact.gpu import REAL, Cuda, GpuSweeps, Precision, has_gpu
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.sampled import SampledGradients, SampledLosses, Thetas

# Roundings of one value, in units of the precision: those of some thousand rotations add up like a walk.
ROUNDING = 100.0


@dataclass(frozen=True)
class Statevector:
    """Exact values and gradients at sampled thetas: standard errors fall as 1/√samples.

    Parameters
    ----------
    device : "CPU", "GPU" (an NVIDIA one, with CuPy installed), or "auto": the GPU if CuPy finds one.
    precision : "double" for complex128, or "single" for complex64 on a GPU.

    Raises `NearCliffordError` for another device or precision, and, once it is used, where no GPU is found.

    >>> Statevector()
    Statevector(device='CPU', precision='double')
    """

    device: str = "CPU"
    precision: Precision = "double"

    def __post_init__(self) -> None:
        one_of(self.device, "device", ("auto", "CPU", "GPU"))
        one_of(self.precision, "precision", tuple(REAL))
        if self.device == "CPU" and self.precision == "single":
            raise NearCliffordError("precision is 'single', but the CPU computes in 'double'. Use it with device='GPU'.")

    def prepare(self, land: Landscape) -> Evaluator:
        """Return what evaluates the landscape on this device.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> bool(nc.Statevector().prepare(land).value([0.3, 0.0, 0.0, 0.0]) == land.value([0.3, 0.0, 0.0, 0.0]))
        True
        """
        problem = instance(land, Landscape, "land", "Landscape(circuit, observable)").problem
        on_gpu = self.device == "GPU" or (self.device == "auto" and has_gpu())
        return GpuSweeps(problem, Cuda(self.precision), self.precision) if on_gpu else land.exact

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> SampledGradients:
        """Return the rounds of the moments of the gradient."""
        thetas = Thetas(land, patch, rng)
        return SampledGradients(self.prepare(land), thetas, parameters, "statevector", self._rounding)

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> SampledLosses:
        """Return the rounds of the moments of the loss."""
        return SampledLosses(self.prepare(land), Thetas(land, patch, rng), "statevector", self._rounding)

    @property
    def _rounding(self) -> float:
        """What a value of zero may differ from zero by, beside the largest."""
        return ROUNDING * float(np.finfo(REAL[self.precision][1]).eps)
