"""Runs side by side: whose evaluator each run asks, many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Floats, Indices
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator, MeasuringEvaluator

Matrix = Callable[[Evaluator, Floats], Floats]


class Found(NamedTuple):
    """What was found at A points: L, ∂L/∂θ, and with shots their variances, that of the gradient summed over components.

    Shapes ``(A,)``, ``(A, D)``, ``(A,)`` and ``(A,)``; NaN where an angle is not finite.
    """

    value: Floats
    gradient: Floats
    value_variance: Floats
    gradient_variance: Floats
    shots: int

    @classmethod
    def nowhere(cls, shape: tuple[int, ...]) -> Found:
        """Return what is known of points of shape ``(A, D)`` that nobody has evaluated."""
        return cls(
            np.full(shape[0], np.nan), np.full(shape, np.nan), np.full(shape[0], np.nan), np.full(shape[0], np.nan), 0
        )

    @property
    def finite(self) -> Flags:
        """Where both are finite."""
        return np.isfinite(self.value) & np.isfinite(self.gradient).all(axis=1)

    def take(self, rows: Indices | Flags) -> Found:
        """Return what was found at some of the points."""
        return Found(
            self.value[rows], self.gradient[rows], self.value_variance[rows], self.gradient_variance[rows], self.shots
        )

    def put(self, rows: Indices, new: Found) -> Found:
        """Return the same with other numbers, and the new shots, where ``rows`` says."""
        value, gradient = put(self.value, rows, new.value), put(self.gradient, rows, new.gradient)
        first = put(self.value_variance, rows, new.value_variance)
        return Found(value, gradient, first, put(self.gradient_variance, rows, new.gradient_variance), new.shots)


Kind = TypeVar("Kind", bound=np.generic)


def put(old: npt.NDArray[Kind], rows: Indices | Flags, new: npt.ArrayLike) -> npt.NDArray[Kind]:
    """Return a copy with other rows.

    >>> put(np.zeros(3), np.array([1]), 2.0)
    array([0., 2., 0.])
    """
    changed = old.copy()
    changed[rows] = new
    return changed


def matrix_of(kind: str, evaluator: Evaluator, theta: Floats) -> Floats:
    """Return the matrices that the method ``kind`` of an evaluator gives, dense, shape ``(A, D)`` to ``(A, D, D)``.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> matrix_of("hessian", land, np.zeros((1, 2))).tolist()
    [[[-1.0, 0.0], [0.0, 0.0]]]
    """
    found = getattr(evaluator, kind)(theta)
    return np.asarray(found.toarray() if hasattr(found, "toarray") else found)


@dataclass(frozen=True, eq=False)
class Runs:
    """Which evaluator each of R runs asks; those of one evaluator are evaluated together.

    Attributes
    ----------
    evaluators : of one number of parameters.
    owner : int64, shape ``(R,)``: the index of each run's evaluator.
    """

    evaluators: tuple[Evaluator, ...]
    owner: Indices

    @classmethod
    def of(cls, evaluators: Sequence[Evaluator], count: int) -> Runs:
        """Return so many runs, an equal share of them for each evaluator, one after the other."""
        return cls(tuple(evaluators), np.repeat(np.arange(len(evaluators)), count // len(evaluators)))

    @property
    def noisy(self) -> bool:
        """Whether any of them has shots."""
        return any(isinstance(evaluator, MeasuringEvaluator) for evaluator in self.evaluators)

    def measure(self, theta: Floats, rows: Indices) -> Found:
        """Return value and gradient of some runs at ``theta``, shape ``(A, D)``; ``rows`` says which runs these are."""
        found, shots = Found.nowhere(theta.shape), 0
        for evaluator, some in self._shares(theta, rows):
            if isinstance(evaluator, MeasuringEvaluator):
                seen = evaluator.measure(theta[some])
                found.value[some], found.gradient[some] = seen.value, seen.gradient
                found.value_variance[some], found.gradient_variance[some] = (
                    seen.value_variance,
                    seen.gradient_variance.sum(-1),
                )
                shots += seen.shots
            else:
                found.value[some], found.gradient[some] = evaluator.value_and_gradient(theta[some])
                found.value_variance[some] = found.gradient_variance[some] = 0.0
        return found._replace(shots=shots)

    def values(self, theta: Floats, rows: Indices) -> Floats:
        """Return the values alone, shape ``(A,)``."""
        found = np.full(len(rows), np.nan)
        for evaluator, some in self._shares(theta, rows):
            found[some] = evaluator.value(theta[some])
        return found

    def matrices(self, matrix: Matrix, theta: Floats, rows: Indices) -> Floats:
        """Return what ``matrix`` makes of each run's evaluator and its rows of ``theta``, shape ``(A, D, D)``."""
        found = np.full((*theta.shape, theta.shape[1]), np.nan)
        for evaluator, some in self._shares(theta, rows):
            found[some] = matrix(evaluator, theta[some])
        return found

    def require(self, kind: str, what: str) -> None:
        """Raise `NearCliffordError` where an evaluator lacks the method ``kind`` that ``what`` needs; "" for none."""
        for evaluator in self.evaluators:
            if kind and not callable(getattr(evaluator, kind, None)):
                raise NearCliffordError(
                    f"{what} needs {kind} at every point, and a {type(evaluator).__name__} has no method {kind!r}. "
                    "Train the Landscape itself, or choose an optimizer that needs the gradient alone, such as 'adam'."
                )

    def _shares(self, theta: Floats, rows: Indices) -> list[tuple[Evaluator, Indices]]:
        """Return each evaluator that is asked with the rows of ``theta`` that are its own; points must be finite."""
        finite = np.isfinite(theta).all(axis=1)
        shares = ((one, np.flatnonzero(finite & (self.owner[rows] == k))) for k, one in enumerate(self.evaluators))
        return [(evaluator, some) for evaluator, some in shares if len(some)]
