"""Landscape: a circuit, an observable and a Clifford centre, compiled once; exact values and gradients."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import stim
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from nearclifford.arguments import angles_on_axis, entries, parameter_index, parameter_pair, shown, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError, NearCliffordError, ObservableError
from nearclifford.exact.center import center_gradient
from nearclifford.exact.center_hessian import center_hessian
from nearclifford.exact.center_metric import CenterMetric, center_metric
from nearclifford.exact.cpu import CpuSweeps
from nearclifford.exact.expansion import CenterExpansion
from nearclifford.exact.gauss_newton import gauss_newton
from nearclifford.exact.metric import BlockMetric, metric, metric_blocks
from nearclifford.exact.planes import grid, values_on_axes
from nearclifford.exact.shifted_hessian import shifted_hessian
from nearclifford.memory import require_memory
from nearclifford.normal_form.compiler import compile_circuit, require_circuit
from nearclifford.normal_form.final_measurements import without_final_measurements
from nearclifford.normal_form.operators import ObservableLike, operator_of
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable, RotationProgram
from nearclifford.normal_form.terms import terms_of

if TYPE_CHECKING:
    from nearclifford.primitives.estimator import EvaluatorEstimator

FEWER = "Take fewer thetas at once, or `gradient`; at the centre, at_center([land.observable]).hessian(0) is sparse."


class Landscape:
    """The loss L(θ) = <0| U(θ)† H U(θ) |0> of a circuit and an observable, ready to evaluate; an `Evaluator`.

    At the centre itself value, gradient and Hessian are exact at any number of qubits; elsewhere they run over
    ``2**active_qubits`` amplitudes.

    Parameters
    ----------
    circuit : Clifford gates and Pauli rotations on N qubits, with D >= 1 parameters.
    observable : Hermitian, on N qubits: `SparsePauliOp`, text such as "ZZII + 0.5*XXII" or "Z0 Z3 + 0.5 X1", or another form
        of `nearclifford.normal_form.operators.operator_of`, which follows the layout of a transpiled circuit. Circuit and
        observable are copied. Measurements at the end are dropped, with a warning.
    center : multiples of π/2, shape ``(D,)``, radians, in the order of ``circuit.parameters``; 0 by default. Any angle at
        which each gate of the parameter turns by a multiple of π/2 will do: π/4 for ``rx(2 * b)``.

    Attributes
    ----------
    n_qubits, n_parameters : N and D.
    center : float64, shape ``(D,)``, read-only.
    circuit, observable : copies of what was given.
    program : the circuit in normal form.
    problem : the same with the observable pulled back through the Clifford part of the circuit: what every method reads.
    terms : the observable's Pauli strings as they were given, merged, one row a term.
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

    def __init__(self, circuit: QuantumCircuit, observable: ObservableLike, center: npt.ArrayLike | None = None) -> None:
        require_circuit(circuit)
        circuit = without_final_measurements(circuit)
        if not circuit.data:
            raise CircuitError("The circuit is empty: a landscape needs at least one parametrised rotation.")
        if not circuit.parameters:
            raise CircuitError(
                f"The circuit has no parameters ({len(circuit.data)} fixed instructions): a landscape needs at least one. "
                "Leave a rotation's angle as a qiskit.circuit.Parameter."
            )
        read = operator_of(observable, circuit.num_qubits, circuit.layout)
        strings = terms_of(read, circuit.num_qubits)
        self._hold(circuit, compile_circuit(circuit, center), read, *strings)

    def _hold(
        self,
        circuit: QuantumCircuit,
        program: RotationProgram,
        observable: SparsePauliOp,
        strings: list[stim.PauliString],
        coefficients: Floats,
    ) -> None:
        # Copies: what the user appends later must not reach a device that reads them.
        self.circuit, self.observable, self.program = circuit.copy(), observable.copy(), program
        self.terms = PauliTable.from_stim(program.n_qubits, strings)
        self.problem = _problem(program, strings, coefficients)

    @classmethod
    def of_program(cls, circuit: QuantumCircuit, program: RotationProgram, observable: ObservableLike) -> Landscape:
        """Return the landscape of a circuit whose normal form is known already, which must be that of the circuit.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        >>> nc.Landscape.of_program(land.circuit, land.program, nc.observables.heisenberg(2))
        Landscape(2 qubits, 8 parameters, 3 terms)
        """
        land = cls.__new__(cls)
        read = operator_of(observable, program.n_qubits, circuit.layout)
        land._hold(circuit, program, read, *terms_of(read, program.n_qubits))
        return land

    def with_observable(self, observable: ObservableLike) -> Landscape:
        """Return the landscape of another observable; the circuit is not compiled again."""
        return Landscape.of_program(self.circuit, self.program, observable)

    def __repr__(self) -> str:
        terms = len(self.problem.coefficients)
        return f"Landscape({self.n_qubits} qubits, {self.n_parameters} parameters, {terms} term{'s' if terms > 1 else ''})"

    @property
    def n_qubits(self) -> int:
        """Number of qubits N."""
        return self.program.n_qubits

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.problem.n_parameters

    @property
    def center(self) -> Floats:
        """The Clifford centre, float64, shape ``(D,)``, radians."""
        return self.program.angle_map.center

    @property
    def active_qubits(self) -> int:
        """The largest rank r over the groups of terms: a sweep runs over 2^r amplitudes."""
        return self.problem.active_qubits

    @cached_property
    def exact(self) -> CpuSweeps:
        """The exact sweep on the CPU."""
        return CpuSweeps(self.problem)

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L at ``theta``, radians: shape ``(..., D)`` to ``(...)``, float64, exact to rounding.

        Raises `NearCliffordError` for a wrong length, a complex or non-numeric dtype, NaN or infinity, and `ResourceError`
        if 2^active_qubits amplitudes do not fit the memory, unless every theta is the centre.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> bool(abs(land.value([0.1, 0.2, 0.0, 0.0]) - np.cos(0.1) * np.cos(0.2)) < 1e-15)
        True
        """
        points = self._points(theta)
        if self._is_center(points):
            return np.full(points.shape[:-1], self._at_center[0])[()]
        return self.exact.value(points)

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ at ``theta``, radians: shape ``(..., D)`` to ``(..., D)``; errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.gradient([np.pi / 2, 0.0, 0.0, 0.0]).round(12) + 0.0
        array([-1.,  0.,  0.,  0.])

        At the centre, a thousand qubits:

        >>> land = nc.Landscape(nc.ansatz.mhea(1000, 2), nc.observables.global_z(1000))
        >>> land.gradient(land.center).shape
        (6000,)
        """
        return self.value_and_gradient(theta)[1]

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ) at ``theta``: shapes ``(...)`` and ``(..., D)``; errors as for `value`.

        The gradient costs about two values, whatever D: reverse mode over the rotations, one sweep back for all the terms
        of a group.
        """
        points = self._points(theta)
        if self._is_center(points):
            loss, gradient = self._at_center
            return np.full(points.shape[:-1], loss)[()], np.broadcast_to(gradient, points.shape).copy()
        return self.exact.value_and_gradient(points)

    def fun_and_jac(self, theta: npt.ArrayLike) -> tuple[float, Floats]:
        """Return (L, ∂L/∂θ) at one theta, shape ``(D,)``, as SciPy's optimizers take them; errors as for `value`.

        >>> import nearclifford as nc
        >>> from scipy.optimize import minimize
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
        >>> round(minimize(land.fun_and_jac, np.full(8, 0.3), jac=True).fun, 6)
        -3.0
        """
        value, gradient = self.value_and_gradient(self._point(theta))
        return float(value), gradient

    def estimator(self) -> EvaluatorEstimator:
        """Return an exact EstimatorV2 of Qiskit. It compiles any circuit but this one, whose observable may be another.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ")
        >>> land.estimator().run([(land.circuit, "ZZ", [0.0] * 4)]).result()[0].data.evs
        array(1.)
        """
        from nearclifford.primitives.estimator import EvaluatorEstimator

        return EvaluatorEstimator(self._like, 0.0, {"method": "exact", "stds": "zero: values are exact to rounding"})

    def _like(self, circuit: QuantumCircuit, observable: SparsePauliOp) -> Landscape:
        """Return the landscape of a circuit and an observable, as much of it from this one as there is."""
        if circuit != self.circuit:
            return Landscape(circuit, observable)
        return self if observable.equiv(self.observable) else self.with_observable(observable)

    def hessian(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂²L/∂θ² at ``theta``, radians: shape ``(..., D)`` to ``(..., D, D)``; errors as for `value`.

        At the centre it costs about a look at each pair of a term and a rotation that anticommute; for so many parameters
        that D² numbers are too many, ``at_center([land.observable]).hessian(0)`` is the same, sparse. Elsewhere it takes two
        gradients for each rotation: L is of degree one in (cos, sin) of every angle, so shifts by ±π/2 are exact.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.hessian(land.center).tolist()[:2]
        [[-1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]]
        """
        points = self._points(theta)
        size, count = self.n_parameters, points.size // self.n_parameters
        require_memory(8 * size**2 * max(count, 1), f"A Hessian of {size} parameters at {count} thetas", FEWER)
        if self._is_center(points):
            return np.broadcast_to(center_hessian(self.problem).toarray(), (*points.shape, size)).copy()
        angles = self.problem.angle_map.angles(points.reshape(-1, size))
        return np.array([shifted_hessian(self.exact, angle) for angle in angles]).reshape(*points.shape, size)

    def gauss_newton(self, theta: npt.ArrayLike, bound: float | None = None) -> Floats:
        """Return JᵀJ of the residual √(H - E) ψ, whose square is L - E: shape ``(..., D)`` to ``(..., D, D)``.

        E is ``bound``, at most the ground energy; by default what the coefficients allow. With n rotations it takes n states
        of 2^r amplitudes, r the rank of all x-parts (docs/theory.md, "Gauss and Newton"). Errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> [float(land.gauss_newton([np.pi, 0.3], bound)[0, 0].round(9)) for bound in (None, -2.0)]
        [0.5, 0.75]
        """
        return gauss_newton(self.problem, self._points(theta), bound)

    def at_center(self, observables: Iterable[ObservableLike]) -> CenterExpansion:
        """Return value, gradient and Hessian at the centre for M observables of the circuit, at any number of qubits.

        The circuit is not compiled again, and the landscape's own observable plays no part. Raises `ObservableError` as
        `Landscape` does, for what is no sequence of observables, and for none; `CircuitError` where a fixed angle is not
        Clifford; and `ResourceError` where gradients of shape ``(M, D)`` do not fit the memory.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> expansion = land.at_center([Pauli("IZ"), Pauli("ZI")])
        >>> expansion
        CenterExpansion(2 observables, 4 parameters)
        >>> expansion.value.tolist(), expansion.gradient.shape, expansion.hessian(1).toarray()[:2].tolist()
        ([1.0, 1.0], (2, 4), [[0.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]])
        """
        self.problem.angle_map.require_clifford(
            "An expansion at any number of qubits needs a Clifford centre.",
            "Landscape.gradient takes any angles.",
            CircuitError,
        )
        listed = None if isinstance(observables, SparsePauliOp | Pauli | SparseObservable) else entries(observables)
        if not listed:
            raise ObservableError(
                f"observables is {shown(observables)}; expected a sequence of at least one SparsePauliOp or Pauli, such as "
                "[land.observable]."
            )
        read = [operator_of(observable, self.n_qubits, self.circuit.layout) for observable in listed]
        return CenterExpansion.of([_problem(self.program, *terms_of(observable, self.n_qubits)) for observable in read])

    def metric(self, theta: npt.ArrayLike) -> Floats:
        """Return the Fubini-Study metric of the circuit's states at ``theta``: shape ``(..., D)`` to ``(..., D, D)``.

        ``F_jk = Re <∂_j ψ|∂_k ψ> - <∂_j ψ|ψ><ψ|∂_k ψ>``, per square radian, symmetric and positive semidefinite; the quantum
        Fisher information is 4 F. The observable plays no part. With n rotations it costs about n to 2n values over 2^r
        amplitudes, r the rank of all x-parts (no light cone helps), and 67 states a thread; at the centre nothing but D²
        numbers. Errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))      # RY, then RZ
        >>> (land.metric([np.pi / 2, 0.3]).round(12) + 0.0).tolist()
        [[0.25, 0.0], [0.0, 0.25]]
        """
        points = self._points(theta)
        if not self._is_center(points):
            return metric(self.problem, points)
        at_center = center_metric(self.problem).toarray()
        return np.broadcast_to(at_center, (*points.shape, self.n_parameters)).copy()

    def metric_blocks(self, theta: npt.ArrayLike) -> BlockMetric:
        """Return `metric` within layers of rotations that commute, zero between them, at ``theta``, shape ``(..., D)``.

        This is the block-diagonal approximation of a natural gradient (arXiv:1909.02108). A rotation stands in the layer
        after the last rotation that it does not commute with; layers that share a parameter make one block. It costs one
        pass over the state, and one over each pair of a layer. Errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        >>> blocks = land.metric_blocks(np.full(8, 0.3))
        >>> [matrix.shape for matrix in blocks.matrices], blocks.solve(np.ones(8), 0.01).shape
        ([(2, 2), (2, 2), (2, 2), (2, 2)], (8,))
        """
        return metric_blocks(self.problem, self._points(theta))

    def center_metric(self) -> CenterMetric:
        """Return `metric` at the centre, sparse, with its eigenvalues, at any number of qubits.

        Raises `CircuitError` where a fixed angle is not Clifford.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(500, 4), nc.observables.global_z(500))
        >>> land.center_metric().rank
        2500
        """
        self.problem.angle_map.require_clifford(
            "A metric at any number of qubits needs a Clifford centre.", "Landscape.metric takes any angles.", CircuitError
        )
        return center_metric(self.problem)

    def _is_center(self, points: Floats) -> bool:
        """Whether all points are the centre, and Clifford: a fixed angle off the grid needs the sweep."""
        return points.size > 0 and not self.problem.angle_map.offset.any() and bool((points == self.center).all())

    @cached_property
    def _at_center(self) -> tuple[float, Floats]:
        return center_gradient(self.problem)

    def slice(self, theta: npt.ArrayLike, parameter: int, points: npt.ArrayLike) -> Floats:
        """Return L along one axis: parameter k takes the values ``points``, shape ``(M,)``, radians, the others stay.

        ``theta`` has shape ``(D,)``, the result ``(M,)``. Rotations whose angle stays zero drop out, so with the others at
        the centre any number of qubits is fine. `nearclifford.slice_along` takes any direction. Raises `NearCliffordError`
        as `value` does, and for a parameter out of range.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> land.slice([0.0, 0.0], 0, [0.0, np.pi / 2, np.pi]).round(12) + 0.0
        array([ 1.,  0., -1.])
        """
        column, values = parameter_index(parameter, self.n_parameters), angles_on_axis(points)
        return values_on_axes(self.problem, self._point(theta), [column], values[:, None])

    def height_map(self, theta: npt.ArrayLike, parameters: tuple[int, int], points: npt.ArrayLike) -> Floats:
        """Return L over the plane of two parameters (k, l): both take the values ``points``, shape ``(M,)``, radians.

        The result has shape ``(M, M)``: row by the value of k, column by that of l. Errors, and what drops out, as for
        `slice`; `nearclifford.height_map` takes any two directions.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
        >>> land.height_map([0.0] * 4, (0, 1), [0.0, np.pi]).round(12)
        array([[ 1., -1.],
               [-1.,  1.]])
        """
        pair, point, values = parameter_pair(parameters, self.n_parameters), self._point(theta), angles_on_axis(points)
        heights = values_on_axes(self.problem, point, pair, grid(values, values))
        return heights.reshape(len(values), len(values))

    def _points(self, theta: npt.ArrayLike) -> Floats:
        return thetas(theta, self.n_parameters)

    def _point(self, theta: npt.ArrayLike) -> Floats:
        point = self._points(theta)
        if point.ndim != 1:
            raise NearCliffordError(f"theta has shape {point.shape}; expected ({self.n_parameters},): one point, no batch.")
        return point


def _problem(program: RotationProgram, strings: list[stim.PauliString], coefficients: Floats) -> PauliProblem:
    images = PauliTable.from_stim(program.n_qubits, [program.pull_back(string) for string in strings])
    return PauliProblem.of(program, images, coefficients)
