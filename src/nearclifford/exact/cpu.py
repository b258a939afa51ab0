"""The exact sweep on the CPU: one theta a thread, or all threads on one state where states are large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt

from nearclifford.arguments import thetas
from nearclifford.arrays import Floats
from nearclifford.exact.sweep import LEAST_BITS, Sweep, make_sweep
from nearclifford.kernels.sweep.gradient import (
    batch_gradients,
    batch_values,
    serial_gradients,
    serial_values,
    wide_gradients,
    wide_values,
)
from nearclifford.kernels.sweep.ordering import LANE_BITS
from nearclifford.memory import require_memory
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem

# From here on a state and its adjoint take 128 MiB, and threads share one instead of holding one each.
WIDE_BITS = 22
# Below this a gradient takes milliseconds, and the threads of one state would wait for each other more than they work.
LEAST_WIDE_BITS = 15


@dataclass(frozen=True, eq=False)
class CpuSweeps:
    """Exact values and gradients of a problem, an `Evaluator`; ``problem`` is what is evaluated.

    Raises `ResourceError`, once it is used, where 2^active_qubits amplitudes do not fit the memory.

    >>> import nearclifford as nc
    >>> exact = CpuSweeps(nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2)).problem)
    >>> bool(abs(exact.value([0.1, 0.2, 0.0, 0.0]) - np.cos(0.1) * np.cos(0.2)) < 1e-15)
    True
    """

    problem: PauliProblem

    def __post_init__(self) -> None:
        self.problem.require_noiseless("An exact sweep", KNOW_NOISE)

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.problem.n_parameters

    @property
    def nbytes(self) -> int:
        """Memory that the states of one gradient need, in bytes."""
        return 32 * 2 ** max(self.problem.active_qubits, LEAST_BITS)

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L: shape ``(..., D)`` to ``(...)``, exact to rounding."""
        points = thetas(theta, self.n_parameters)
        total = self.angle_values(self.problem.angle_map.angles(points.reshape(-1, self.n_parameters)))
        return total.reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ: shape ``(..., D)`` to ``(..., D)``."""
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return both: reverse mode over the rotations, one sweep back for all the terms of a group, about two values."""
        points = thetas(theta, self.n_parameters)
        total, by_angle = self.angle_gradients(self.problem.angle_map.angles(points.reshape(-1, self.n_parameters)))
        gradient = self.problem.angle_map.to_parameters(by_angle)
        return total.reshape(points.shape[:-1])[()], gradient.reshape(points.shape)

    def angle_values(self, angle: Floats) -> Floats:
        """Return L at rotation angles: shape ``(batch, n_rotations)`` to ``(batch,)``."""
        total, part = np.zeros(len(angle)), np.empty(len(angle))
        for sweep in self._sweeps:
            _run(sweep, np.take(angle, sweep.rotations, axis=1), part)
            total += part
        return total

    def angle_gradients(self, angle: Floats) -> tuple[Floats, Floats]:
        """Return (L, ∂L/∂φ) at rotation angles: shape ``(batch, n_rotations)`` to ``(batch,)`` and the same shape."""
        total, by_angle, part = np.zeros(len(angle)), np.zeros_like(angle), np.empty(len(angle))
        for sweep in self._sweeps:
            derivative = np.empty((len(angle), len(sweep.rotations)))
            _run_backwards(sweep, np.take(angle, sweep.rotations, axis=1), part, derivative)
            total += part
            by_angle[:, sweep.rotations] += derivative
        return total, by_angle

    @cached_property
    def _sweeps(self) -> tuple[Sweep, ...]:
        require_memory(
            self.nbytes,
            f"An exact gradient of this landscape runs over 2**{self.problem.active_qubits} amplitudes and",
            "Use fewer qubits or layers, or an observable whose light cone is smaller (Landscape.active_qubits tells); at "
            "the centre itself any size is exact.",
        )
        return tuple(make_sweep(group, self.problem) for group in self.problem.groups)


def _is_wide(sweep: Sweep, batch: int) -> bool:
    """Whether the threads share the state of one theta after another instead of taking one theta each."""
    n_bits = sweep.schedule.n_bits
    return n_bits >= WIDE_BITS or (n_bits >= LEAST_WIDE_BITS and batch < numba.get_num_threads())


def _states(sweep: Sweep, count: int) -> Floats:
    return np.empty((count, 4, 2 ** (sweep.schedule.n_bits - LANE_BITS), 8))


def _run(sweep: Sweep, angle: Floats, value: Floats) -> None:
    if _is_wide(sweep, len(angle)):
        wide_values(sweep.schedule, sweep.terms, angle, _states(sweep, 1)[0], value)
    elif len(angle) == 1:
        serial_values(sweep.schedule, sweep.terms, angle, _states(sweep, 1)[0], value)
    else:
        batch_values(sweep.schedule, sweep.terms, angle, _states(sweep, numba.get_num_threads()), value)


def _run_backwards(sweep: Sweep, angle: Floats, value: Floats, gradient: Floats) -> None:
    if _is_wide(sweep, len(angle)):
        wide_gradients(sweep.schedule, sweep.terms, angle, _states(sweep, 1)[0], value, gradient)
    elif len(angle) == 1:
        serial_gradients(sweep.schedule, sweep.terms, angle, _states(sweep, 1)[0], value, gradient)
    else:
        states = _states(sweep, numba.get_num_threads())
        batch_gradients(sweep.schedule, sweep.terms, angle, states, value, gradient)
