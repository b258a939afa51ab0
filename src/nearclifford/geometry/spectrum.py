"""What conditions a step near the Clifford centre: the spectra of the Hessian and of the Fubini-Study metric there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.arguments import instance
from nearclifford.arrays import Floats
from nearclifford.exact.sparse_spectrum import sparse_eigenvalues
from nearclifford.landscape import Landscape
from nearclifford.plots import views
from nearclifford.plots.style import STYLES, axis_or_new
from nearclifford.shown import Kept, plain
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Eigenvalues below this part of the largest are zero to rounding.
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigenvalues of a symmetric matrix of D parameters, float64, shape ``(D,)``, ascending.

    >>> spectrum = Spectrum(np.array([-0.5, 0.0, 0.25]))
    >>> spectrum.rank, spectrum.negative, spectrum.condition, spectrum.largest
    (2, 1, 2.0, 0.5)
    """

    eigenvalues: Floats

    @property
    def sizes(self) -> Floats:
        """The absolute eigenvalues that are not zero to rounding, ascending, shape ``(rank,)``."""
        sizes = np.sort(np.abs(self.eigenvalues))
        return sizes[sizes > ROUNDING * self.largest]

    @property
    def rank(self) -> int:
        """How many eigenvalues are not zero."""
        return len(self.sizes)

    @property
    def negative(self) -> int:
        """How many eigenvalues are negative."""
        return int((self.eigenvalues < -ROUNDING * self.largest).sum())

    @property
    def largest(self) -> float:
        """The largest absolute eigenvalue; 0 for no parameter."""
        return float(np.abs(self.eigenvalues).max(initial=0.0))

    @property
    def condition(self) -> float:
        """The largest absolute eigenvalue by the smallest that is not zero; NaN where all are zero.

        The matrix itself is singular wherever ``rank < D``, and its condition number infinite.
        """
        return float(self.sizes[-1] / self.sizes[0]) if self.rank else float("nan")


@dataclass(frozen=True, eq=False)
class CenterSpectrum(Kept):
    """Spectra at a Clifford centre.

    Attributes
    ----------
    hessian : of ∂²L/∂θ².
    metric : of the Fubini-Study metric, which does not see the observable.
    gradient_norm : ‖∇L‖ there.

    >>> import nearclifford as nc
    >>> nc.center_spectrum(nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.global_z(1000)))
    CenterSpectrum of 22000 parameters, ‖∇L‖ = 0
      Hessian: rank 5126, largest 1, condition 1, 5126 negative
      metric:  rank 11000, largest 0.25, condition 1
    """

    hessian: Spectrum
    metric: Spectrum
    gradient_norm: float
    version: str = __version__

    records: ClassVar[tuple[type, ...]] = (Spectrum,)

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return len(self.metric.eigenvalues)

    def __repr__(self) -> str:
        told = [
            f"rank {spectrum.rank}, largest {spectrum.largest:.4g}, condition {spectrum.condition:.4g}"
            for spectrum in (self.hessian, self.metric)
        ]
        return (
            f"CenterSpectrum of {self.n_parameters} parameters, ‖∇L‖ = {self.gradient_norm:.4g}\n"
            f"  Hessian: {told[0]}, {self.hessian.negative} negative\n"
            f"  metric:  {told[1]}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers that a table shows, by name."""
        found: dict[str, Any] = {"n_parameters": self.n_parameters, "gradient_norm": self.gradient_norm}
        for name, spectrum in (("hessian", self.hessian), ("metric", self.metric)):
            found |= {f"{name}_{what}": getattr(spectrum, what) for what in ("rank", "largest", "condition")}
        return plain(found | {"hessian_negative": self.hessian.negative, "version": self.version})

    def frame(self) -> pd.DataFrame:
        """Return a table of all eigenvalues: matrix and eigenvalue."""
        import pandas as pd

        both = {"Hessian": self.hessian.eigenvalues, "metric": self.metric.eigenvalues}
        return pd.concat([pd.DataFrame({"matrix": name, "eigenvalue": values}) for name, values in both.items()])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the absolute eigenvalues of both, from the largest down, on logarithmic scales, and return the axis."""
        axis = axis_or_new(ax)
        for spectrum, style, label in ((self.hessian, STYLES[0], "Hessian"), (self.metric, STYLES[1], "metric")):
            views.spectrum(axis, spectrum.sizes, style, label=f"{label}, rank {spectrum.rank} of {self.n_parameters}")
        axis.set(xlabel="rank of the eigenvalue", ylabel="absolute eigenvalue")
        return axis


def center_spectrum(land: Landscape) -> CenterSpectrum:
    """Return the spectra of the Hessian and of the Fubini-Study metric at the centre, at any number of qubits.

    What conditions a step of Gauss and Newton is asked in arXiv:2411.02139; here for natural gradients and Newton. Both
    matrices are sparse there, and fall into parts that do not meet (docs/theory.md, "The metric and the Hessian at the
    centre").

    Raises `CircuitError` where a fixed angle is not Clifford, and `ResourceError` where a part of a matrix that hangs
    together is too large.

    >>> import nearclifford as nc
    >>> circuit, observable = nc.ansatz.mhea(50, 4), nc.observables.global_z(50)
    >>> nc.center_spectrum(nc.Landscape(nc.encode(circuit, observable, 0).circuit, observable)).metric.condition > 100
    True
    """
    expansion = instance(land, Landscape, "land", "Landscape(circuit, observable)").at_center([land.observable])
    return CenterSpectrum(
        Spectrum(sparse_eigenvalues(expansion.hessian(0))),
        Spectrum(land.center_metric().eigenvalues),
        float(np.linalg.norm(expansion.gradient[0])),
    )
