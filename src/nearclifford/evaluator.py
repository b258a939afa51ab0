"""What can be evaluated: anything that trains, draws or samples takes any of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError


@runtime_checkable
class Evaluator(Protocol):
    """A loss and its gradient by D parameters: a `Landscape`, a surrogate, the GPU, or a device prepared for a landscape.

    Arguments ``theta`` are angles in radians, shape ``(..., D)``; results keep the leading axes.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> isinstance(land, Evaluator), isinstance(nc.surrogate(land, 3), Evaluator)
    (True, True)
    """

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        ...

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L: shape ``(..., D)`` to ``(...)``."""
        ...

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ: shape ``(..., D)`` to ``(..., D)``."""
        ...

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return both, for little more than the gradient."""
        ...


def require_evaluator(evaluator: object) -> Evaluator:
    """Return what can be evaluated; `NearCliffordError` for anything else.

    >>> require_evaluator("landscape")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: evaluator is a str; expected a Landscape, a surrogate or another Evaluator.
    """
    if not isinstance(evaluator, Evaluator):
        raise NearCliffordError(
            f"evaluator is a {type(evaluator).__name__}; expected a Landscape, a surrogate or another Evaluator."
        )
    return evaluator


@dataclass(frozen=True, eq=False)
class Measured:
    """What an evaluator with shots found at one point or many, and how far to trust it.

    Attributes
    ----------
    value, gradient : L and ∂L/∂θ, shapes ``(...)`` and ``(..., D)``.
    value_variance, gradient_variance : unbiased estimates of the variance that shots add to each, of the same shapes.
    shots : all of them together.
    """

    value: Floats
    gradient: Floats
    value_variance: Floats
    gradient_variance: Floats
    shots: int


@runtime_checkable
class MeasuringEvaluator(Evaluator, Protocol):
    """An `Evaluator` whose numbers have shot noise, which it draws from one generator.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> isinstance(nc.Aer(shots=8).prepare(land, rng=1), MeasuringEvaluator), isinstance(land, MeasuringEvaluator)
    (True, False)
    """

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the shot noise."""
        ...

    def measure(self, theta: npt.ArrayLike) -> Measured:
        """Return value and gradient with the variances that shots give them, by the draws of ``value_and_gradient``."""
        ...
