"""The matrix of Gauss and Newton of an energy: that of the residual √(H - E) ψ, with E a bound of the energies from below.

L - E = ‖√(H - E) ψ‖², so JᵀJ = Re <∂_j ψ|(H - E)|∂_k ψ>, the derivatives taken across the state: a phase is no residual
(docs/theory.md, "Gauss and Newton"). By angle, with T_j = V_j G_j V_j† ψ and V_j the rotations from j on, ∂_j ψ = -i/2 T_j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.arguments import finite
from nearclifford.arrays import Floats, Words
from nearclifford.errors import NearCliffordError
from nearclifford.exact.metric import by_parameter, space_of, turns_of
from nearclifford.kernels.gf2 import coordinates, is_within
from nearclifford.kernels.sweep.metric import COLUMNS, Turns
from nearclifford.kernels.sweep.tangents import write_tangents
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem

States = npt.NDArray[np.complex128]
FEWER = "Take fewer qubits or parameters; 'adam' and 'natural-gradient' with metric=\"blocks\" need less."
# States that the observable is applied to at once.
ROWS = 64


@dataclass(frozen=True, eq=False)
class SpannedObservable:
    """The observable in the space of 2^r states that the rotations reach; terms that leave the space are zero in it.

    Attributes
    ----------
    x, z : uint64, shape ``(T,)``; weight : complex128, shape ``(T,)``: the terms ``weight X^x Z^z``.
    """

    x: Words
    z: Words
    weight: States

    @classmethod
    def of(cls, problem: PauliProblem) -> SpannedObservable:
        """Return that of a problem.

        >>> import nearclifford as nc
        >>> SpannedObservable.of(nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2)).problem).weight
        array([1.+0.j])
        """
        basis, pivot = space_of(problem)
        inside = np.array([is_within(row, basis, pivot) for row in problem.images.x], dtype=bool)
        table = problem.images.take(np.flatnonzero(inside))
        x, z = coordinates(table.strings, basis, pivot)
        return cls(x, z, problem.coefficients[inside] * table.sign * 1j ** (table.y_letters % 4))

    def __call__(self, states: States) -> States:
        """Return H times each row, shape ``(n, 2^r)``: T passes over all of them.

        >>> flip = SpannedObservable(np.array([1], np.uint64), np.array([0], np.uint64), np.array([2.0 + 0j]))
        >>> flip(np.array([[1.0 + 0j, 0.0]])).real.tolist()
        [[0.0, 2.0]]
        """
        number, total = np.arange(states.shape[1], dtype=np.uint64), np.zeros_like(states)
        for x, z, weight in zip(self.x, self.z, self.weight, strict=True):
            source = number ^ x
            total += weight * (1 - 2.0 * (np.bitwise_count(source & z) & 1)) * states[:, source]
        return total


def least_energy(problem: PauliProblem) -> float:
    """Return a bound of all energies from below: the coefficient of the identity less the sizes of all others.

    >>> import nearclifford as nc
    >>> least_energy(nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)).problem)
    -6.0
    """
    images = problem.images
    is_constant = ~(images.x.any(axis=1) | images.z.any(axis=1))
    signed = problem.coefficients * images.sign
    return float(np.where(is_constant, signed, -np.abs(signed)).sum())


def gauss_newton(problem: PauliProblem, points: Floats, bound: float | None) -> Floats:
    """Return Re <∂_j ψ|(H - E)|∂_k ψ> by parameter at ``points``, shape ``(..., D)`` to ``(..., D, D)``; E is ``bound``.

    Raises `NearCliffordError` for noise, and where a loss lies below the bound; `ResourceError` where states do not fit.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))                   # cos a, at least -1
    >>> found = gauss_newton(land.problem, np.array([0.3, 0.1]), None)[0, 0]
    >>> bool(abs(found - (1 - np.cos(0.3)) / 4) < 1e-12)
    True
    """
    problem.require_noiseless("A matrix of Gauss and Newton", KNOW_NOISE)
    size, n = problem.n_parameters, problem.n_rotations
    amplitudes = 2 ** len(space_of(problem)[1])
    room = 3 * n + ROWS + (COLUMNS + 3) * numba.get_num_threads()
    flat = points.reshape(-1, size)
    require_memory(16 * amplitudes * room + 8 * size**2 * len(flat), f"A matrix of Gauss and Newton of {n} rotations", FEWER)
    lowest = least_energy(problem) if bound is None else finite(bound, "bound", -1.0)
    found, observable = np.zeros((len(flat), size, size)), SpannedObservable.of(problem)
    [turns, n_bits] = turns_of(problem, np.arange(n))
    for row, angle in enumerate(problem.angle_map.angles(flat) if n else ()):
        across, weighted = _tangents(turns, angle, n_bits, observable, lowest)
        by_angle = (across.conj() @ weighted.T).real / 4
        found[row] = by_parameter(problem.angle_map.matrix, by_angle)
    return found.reshape(*points.shape, size)


def _tangents(
    turns: Turns, angle: Floats, n_bits: int, observable: SpannedObservable, lowest: float
) -> tuple[States, States]:
    """Return T_j less its part along ψ, and H - E times that, shapes ``(n, 2^r)``."""
    state, across = np.empty(2**n_bits, np.complex128), np.empty((len(angle), 2**n_bits), np.complex128)
    write_tangents(turns, angle, n_bits, state, across)
    energy = float(np.vdot(state, observable(state[None])[0]).real)
    if energy < lowest - 1e-9 * max(1.0, abs(lowest)):
        raise NearCliffordError(
            f"bound is {lowest:g}, and a loss is {energy:g}; expected at most the least energy of the observable, or None."
        )
    across -= (across @ state.conj())[:, None] * state
    weighted = np.empty_like(across)
    for start in range(0, len(across), ROWS):
        rows = slice(start, start + ROWS)
        weighted[rows] = observable(across[rows]) - lowest * across[rows]
    return across, weighted
