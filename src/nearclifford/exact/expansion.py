"""Value, gradient and Hessian at the Clifford centre for many observables of one circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from nearclifford.arguments import integer
from nearclifford.arrays import Floats
from nearclifford.exact.center import center_gradient
from nearclifford.exact.center_hessian import center_hessian
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import PauliProblem


@dataclass(frozen=True, eq=False)
class CenterExpansion:
    """The losses of M observables up to second order around one Clifford centre, at any number of qubits.

    Attributes
    ----------
    value : float64, shape ``(M,)``: L at the centre, in the units of each observable.
    gradient : float64, shape ``(M, D)``: ∂L/∂θ there, per radian.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    >>> land.at_center([nc.observables.global_z(3), nc.observables.heisenberg(3)]).value.tolist()
    [1.0, 2.0]
    """

    value: Floats
    gradient: Floats
    _problems: tuple[PauliProblem, ...]

    @classmethod
    def of(cls, problems: Sequence[PauliProblem]) -> CenterExpansion:
        """Return the expansion of problems of one angle map, at least one, every angle zero at the centre.

        Raises `ResourceError` where the gradients do not fit the memory.
        """
        size = problems[0].n_parameters
        require_memory(
            8 * size * len(problems),
            f"A gradient of {size} parameters for each of {len(problems)} observables",
            "Take fewer observables at once.",
        )
        value, gradient = np.empty(len(problems)), np.empty((len(problems), size))
        for m, problem in enumerate(problems):
            value[m], gradient[m] = center_gradient(problem)
        return cls(value, gradient, tuple(problems))

    def __len__(self) -> int:
        return len(self._problems)

    def __repr__(self) -> str:
        count = len(self)
        return f"CenterExpansion({count} observable{'s' if count > 1 else ''}, {self.gradient.shape[1]} parameters)"

    def hessian(self, m: int) -> sparse.csr_array:
        """Return ∂²L/∂θ² of observable m at the centre, per square radian: float64, sparse, shape ``(D, D)``.

        Raises `NearCliffordError` for an m that is no index of an observable.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.at_center([land.observable]).hessian(0).toarray().tolist()[:2]
        [[-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]]
        """
        return center_hessian(self._problems[integer(m, "m", least=0, most=len(self) - 1)])
