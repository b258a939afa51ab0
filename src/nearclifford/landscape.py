"""Landscape: a circuit, an observable and a Clifford centre, compiled once; exact values and gradients."""

from __future__ import annotations

from functools import cached_property

import numba
import numpy as np
import numpy.typing as npt
import psutil
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparsePauliOp

from nearclifford.arguments import entries, parameter_index, real_array, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError, NearCliffordError, ResourceError
from nearclifford.kernels.sweep.gradient import (
    batch_gradients,
    batch_values,
    serial_gradients,
    serial_values,
    wide_gradients,
    wide_values,
)
from nearclifford.kernels.sweep.ordering import LANE_BITS
from nearclifford.normal_form.compiler import compile_circuit, require_circuit
from nearclifford.normal_form.compression import LEAST_BITS, Sweep, TermGroup, compress, make_sweep
from nearclifford.normal_form.program import PauliTable, RotationProgram
from nearclifford.observables import terms_of

# From here on a state and its adjoint take 128 MiB, and threads share one instead of holding one each.
WIDE_BITS = 22
# Below this a gradient takes milliseconds, and the threads of one state would wait for each other more than they work.
LEAST_WIDE_BITS = 15


class Landscape:
    """The loss L(θ) = <0| U(θ)† H U(θ) |0> of a circuit and an observable, ready to evaluate.

    Parameters
    ----------
    circuit : Clifford gates and Pauli rotations on N qubits, with D >= 1 parameters.
    observable : Hermitian `SparsePauliOp` (or `Pauli`) on N qubits. Circuit and observable are copied.
    center : multiples of π/2, shape ``(D,)``, radians, in the order of ``circuit.parameters``; 0 by default.

    Attributes
    ----------
    n_qubits, n_parameters : N and D.
    center : float64, shape ``(D,)``, read-only.
    program : the circuit in normal form.
    images : the observable's Pauli strings pulled back through the Clifford part of the circuit, one row a term.
    coefficients : float64, shape ``(n_terms,)``.
    active_qubits : an exact sweep runs over at most ``2**active_qubits`` amplitudes.

    Raises
    ------
    CircuitError : a gate or centre that the compiler refuses, no gate or no parameter.
    ObservableError : wrong size, not Hermitian, or zero.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    >>> land
    Landscape(3 qubits, 12 parameters, 1 term)
    >>> round(float(land.value([0.3] * 12)), 6), land.gradient([0.3] * 12).shape
    (0.827569, (12,))
    """

    def __init__(
        self, circuit: QuantumCircuit, observable: SparsePauliOp | Pauli, center: npt.ArrayLike | None = None
    ) -> None:
        require_circuit(circuit)
        if not circuit.data:
            raise CircuitError("The circuit is empty: a landscape needs at least one parametrised rotation.")
        if not circuit.parameters:
            raise CircuitError(
                f"The circuit has no parameters ({len(circuit.data)} fixed instructions): a landscape needs at least one. "
                "Leave a rotation's angle as a qiskit.circuit.Parameter."
            )
        strings, self.coefficients = terms_of(observable, circuit.num_qubits)
        # Copies: what the user appends later must not reach a device that reads them.
        self.circuit = circuit.copy()
        self.observable = observable.copy()
        self.program: RotationProgram = compile_circuit(circuit, center)
        self.images = PauliTable.from_stim(circuit.num_qubits, [self.program.pull_back(term) for term in strings])

    def __repr__(self) -> str:
        terms = len(self.coefficients)
        return f"Landscape({self.n_qubits} qubits, {self.n_parameters} parameters, {terms} term{'s' if terms > 1 else ''})"

    @property
    def n_qubits(self) -> int:
        """Number of qubits N."""
        return self.program.n_qubits

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.program.n_parameters

    @property
    def center(self) -> Floats:
        """The Clifford centre, float64, shape ``(D,)``, radians."""
        return self.program.center

    @cached_property
    def groups(self) -> tuple[TermGroup, ...]:
        """The terms of the observable, grouped, with the rotations and the space that each group needs."""
        return compress(self.program.generators, self.images)

    @property
    def active_qubits(self) -> int:
        """The largest rank r over the groups of terms: a sweep runs over 2^r amplitudes."""
        return max((group.active_qubits for group in self.groups), default=0)

    @property
    def exact_bytes(self) -> int:
        """Memory that an exact gradient of one theta needs for its states, in bytes."""
        return 32 * 2 ** max(self.active_qubits, LEAST_BITS)

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L at ``theta``, radians: shape ``(..., D)`` to ``(...)``, float64, exact to rounding.

        Raises `NearCliffordError` for a wrong length, a complex or non-numeric dtype, NaN or infinity, and `ResourceError`
        if 2^active_qubits amplitudes do not fit the memory.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> bool(abs(land.value([0.1, 0.2, 0.0, 0.0]) - np.cos(0.1) * np.cos(0.2)) < 1e-15)
        True
        """
        points = self._points(theta)
        angle = np.ascontiguousarray(self.program.angles(points.reshape(-1, self.n_parameters)))
        total = np.zeros(len(angle))
        part = np.empty(len(angle))
        for sweep in self._sweeps:
            _run(sweep, np.take(angle, sweep.rotations, axis=1), part)
            total += part
        return total.reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ at ``theta``, radians: shape ``(..., D)`` to ``(..., D)``; errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.gradient([np.pi / 2, 0.0, 0.0, 0.0]).round(12) + 0.0
        array([-1.,  0.,  0.,  0.])
        """
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ) at ``theta``: shapes ``(...)`` and ``(..., D)``; errors as for `value`.

        The gradient costs about two values, whatever D: reverse mode over the rotations, one sweep back for all the terms
        of a group.
        """
        points = self._points(theta)
        angle = np.ascontiguousarray(self.program.angles(points.reshape(-1, self.n_parameters)))
        total, by_angle = np.zeros(len(angle)), np.zeros_like(angle)
        part = np.empty(len(angle))
        for sweep in self._sweeps:
            derivative = np.empty((len(angle), len(sweep.rotations)))
            _run_backwards(sweep, np.take(angle, sweep.rotations, axis=1), part, derivative)
            total += part
            by_angle[:, sweep.rotations] += derivative
        gradient = self.program.to_parameters(by_angle)
        return total.reshape(points.shape[:-1])[()], gradient.reshape(points.shape)

    def slice(self, theta: npt.ArrayLike, parameter: int, points: npt.ArrayLike) -> Floats:
        """Return L along one axis: parameter k takes the values ``points``, shape ``(M,)``, radians, the others stay.

        ``theta`` has shape ``(D,)``; the result has shape ``(M,)``. Raises `NearCliffordError` as `value` does, and for a
        parameter out of range.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> land.slice([0.0, 0.0], 0, [0.0, np.pi / 2, np.pi]).round(12) + 0.0
        array([ 1.,  0., -1.])
        """
        column, values = parameter_index(parameter, self.n_parameters), self._axis(points)
        thetas = np.tile(self._point(theta), (len(values), 1))
        thetas[:, column] = values
        return np.asarray(self.value(thetas))

    def height_map(self, theta: npt.ArrayLike, parameters: tuple[int, int], points: npt.ArrayLike) -> Floats:
        """Return L over the plane of two parameters (k, l): both take the values ``points``, shape ``(M,)``, radians.

        The result has shape ``(M, M)``: row by the value of k, column by that of l. Errors as for `slice`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.height_map([0.0] * 4, (0, 1), [0.0, np.pi]).round(12)
        array([[ 1., -1.],
               [-1.,  1.]])
        """
        pair = entries(parameters)
        if pair is None or len(pair) != 2:
            raise NearCliffordError(f"parameters is {parameters!r}; expected two indices into circuit.parameters.")
        row, column = (parameter_index(parameter, self.n_parameters) for parameter in pair)
        if row == column:
            raise NearCliffordError(f"parameters holds {row} twice; expected two different ones: slice draws L along one.")
        point, values = self._point(theta).copy(), self._axis(points)
        heights = np.empty((len(values), len(values)))
        for number, point[column] in enumerate(values):
            heights[:, number] = self.slice(point, row, values)
        return heights

    def _axis(self, points: npt.ArrayLike) -> Floats:
        values = real_array(points, "points")
        if values.ndim != 1:
            raise NearCliffordError(f"points has shape {values.shape}; expected (M,): a sequence of angles, radians.")
        angles = values.astype(np.float64)
        for k in np.flatnonzero(~np.isfinite(angles))[:1]:
            raise NearCliffordError(f"points[{k}] is {values[k]}; expected finite angles.")
        return angles

    @cached_property
    def _sweeps(self) -> tuple[Sweep, ...]:
        available = psutil.virtual_memory().available
        if self.exact_bytes > available:
            raise ResourceError(
                f"An exact gradient of this landscape runs over 2**{self.active_qubits} amplitudes and needs "
                f"{in_words(self.exact_bytes)}; {in_words(available)} are free. Use fewer qubits or layers, or an "
                "observable whose light cone is smaller (Landscape.active_qubits tells)."
            )
        generators, images = self.program.generators, self.images
        return tuple(make_sweep(group, generators, images, self.coefficients) for group in self.groups)

    def _points(self, theta: npt.ArrayLike) -> Floats:
        return thetas(theta, self.n_parameters)

    def _point(self, theta: npt.ArrayLike) -> Floats:
        point = self._points(theta)
        if point.ndim != 1:
            raise NearCliffordError(f"theta has shape {point.shape}; expected ({self.n_parameters},): one point, no batch.")
        return point


def in_words(n_bytes: int) -> str:
    """Return a number of bytes with three digits.

    >>> in_words(3 * 2**29)
    '1.5 GiB'
    """
    power = min(max(n_bytes.bit_length() - 1, 0) // 10, 8)
    return f"{n_bytes / 2 ** (10 * power):.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB')[power]}"


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
