"""The gradient of any EstimatorV2 by the parameter-shift rule, in the form that qiskit-algorithms takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from math import pi
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import PrimitiveJob
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arrays import Floats, Indices
from nearclifford.devices.circuit import DeviceCircuit, unchanged
from nearclifford.devices.estimators import require_estimator
from nearclifford.devices.shift import ParameterShift
from nearclifford.errors import DeviceError, NearCliffordError
from nearclifford.normal_form.operators import ObservableLike, operator_of


class ParameterShiftGradient:
    """Gradients of expectation values through an estimator, for the optimizers of qiskit-algorithms: ``VQE(gradient=...)``.

    Every rotation is shifted by ±π/2 (Mitarai et al., Phys. Rev. A 98, 032309 (2018)), and the chain rule makes derivatives
    by the parameters, so angles may be shared and affine. Where each parameter turns one rotation by itself the circuit is
    run as it is, at shifted values; elsewhere one in which every rotation has a parameter of its own.

    Parameters
    ----------
    estimator : anything with Qiskit's `BaseEstimatorV2` interface.
    precision : passed on to it; None leaves it to the estimator.

    Examples
    --------
    >>> qiskit_algorithms = __import__("pytest").importorskip("qiskit_algorithms")
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ")
    >>> job = nc.ParameterShiftGradient(land.estimator()).run([land.circuit], [land.observable], [[0.3, 0.2, 0.0, 0.0]])
    >>> bool(np.abs(job.result().gradients[0] - land.gradient([0.3, 0.2, 0.0, 0.0])).max() < 1e-14)
    True
    """

    def __init__(self, estimator: Any, precision: float | None = None) -> None:
        require_estimator(estimator)
        self.estimator, self.precision = estimator, precision

    def run(
        self,
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[ObservableLike],
        parameter_values: Sequence[Sequence[float]],
        parameters: Sequence[Sequence[Parameter] | None] | None = None,
        *,
        precision: float | None = None,
    ) -> PrimitiveJob[Any]:
        """Return a job whose result is qiskit-algorithms' ``EstimatorGradientResult``, of one gradient a circuit.

        ``parameters`` selects what to differentiate by, a sequence for each circuit; None for all, in order. The errors of
        the gradients follow from the estimator's stds: ``metadata[i]["stds"]``.

        Raises `NearCliffordError` where the lengths differ, `CircuitError` for a gate without a shift rule, and, from
        ``result()``, `DeviceError` where the estimator fails. qiskit-algorithms must be installed.
        """
        chosen = [None] * len(circuits) if parameters is None else list(parameters)
        lengths = [len(given) for given in (circuits, observables, parameter_values, chosen)]
        if len(set(lengths)) != 1:
            raise NearCliffordError(
                f"There are {lengths[0]} circuits, {lengths[1]} observables, {lengths[2]} rows of values and {lengths[3]} "
                "sequences of parameters; expected as many of each."
            )
        rows = zip(circuits, observables, parameter_values, chosen, strict=True)
        plans = [_Plan.of(*row) for row in rows]
        job: PrimitiveJob[Any] = PrimitiveJob(self._result, plans, self.precision if precision is None else precision)
        job._submit()
        return job

    def _result(self, plans: list[_Plan], precision: float | None) -> Any:
        gradients_of = _gradients_of_qiskit_algorithms()
        try:
            results = self.estimator.run([plan.pub for plan in plans], precision=precision).result()
        except NearCliffordError:
            raise
        except Exception as error:  # whatever a provider raises
            raise DeviceError(f"{type(self.estimator).__name__} failed: {error}.") from error
        gradients = [plan.gradient(np.asarray(found.data.evs)) for plan, found in zip(plans, results, strict=True)]
        metadata = [plan.metadata(found.data) for plan, found in zip(plans, results, strict=True)]
        return gradients_of.EstimatorGradientResult(gradients=gradients, metadata=metadata, precision=precision)


def _gradients_of_qiskit_algorithms() -> Any:
    try:
        return import_module("qiskit_algorithms.gradients")
    except ImportError as error:
        raise NearCliffordError(
            "qiskit_algorithms is not installed; pip install 'nearclifford[algorithms]' installs it."
        ) from error


@dataclass(frozen=True, eq=False)
class _Plan:
    """What to run for one gradient.

    Attributes
    ----------
    circuit, observable, points : the PUB, of two points for each rotation that is shifted.
    shift : how its values become derivatives.
    parameters : what they are by.
    """

    circuit: QuantumCircuit
    observable: SparsePauliOp
    points: Floats
    shift: ParameterShift
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(
        cls,
        circuit: QuantumCircuit,
        observable: ObservableLike,
        values: Sequence[float],
        parameters: Sequence[Parameter] | None,
    ) -> _Plan:
        known = list(circuit.parameters)
        chosen = known if parameters is None else list(parameters)
        if len(values) != len(known) or not set(chosen) <= set(known):
            raise NearCliffordError(
                f"There are {len(values)} values for a circuit of {len(known)} parameters, or parameters that it does not "
                "have; expected a value for each of circuit.parameters."
            )
        index = np.array([known.index(parameter) for parameter in chosen], dtype=np.int64)
        theta, device = np.asarray(values, dtype=np.float64)[None], unchanged(circuit)
        shift = ParameterShift.of(device.angle_map, index)
        operator = operator_of(observable, circuit.num_qubits, circuit.layout)
        own = _own_points(device, shift, theta)
        run, points = (device.circuit, shift.points(theta, 0, shift.n_points)) if own is None else (circuit, own)
        return cls(run, operator, points, shift, tuple(chosen))

    @property
    def pub(self) -> tuple[QuantumCircuit, SparsePauliOp, Floats]:
        return self.circuit, self.observable, self.points

    def gradient(self, values: Floats) -> Floats:
        return self.shift.gradient(values)[0]

    def metadata(self, data: Any) -> dict[str, Any]:
        stds = np.asarray(getattr(data, "stds", np.full(len(self.points), np.nan)), dtype=np.float64)
        return {"parameters": list(self.parameters), "stds": np.sqrt(self.shift.square_error(stds**2))[0]}


def _own_points(device: DeviceCircuit, shift: ParameterShift, theta: Floats) -> Floats | None:
    """Return the points in the circuit's own parameters; None where a shifted rotation shares them."""
    matrix = device.angle_map.matrix
    per_parameter, columns = np.diff(matrix.tocsc().indptr), matrix[shift.rotations]
    if (np.diff(columns.indptr) != 1).any() or (per_parameter[columns.indices] != 1).any():
        return None
    parameters: Indices = columns.indices.astype(np.int64)
    steps = np.zeros((len(parameters), theta.shape[1]))
    steps[np.arange(len(parameters)), parameters] = pi / 2 / columns.data
    return np.concatenate([theta + steps, theta - steps])
