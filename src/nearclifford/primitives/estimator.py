"""Qiskit's `BaseEstimatorV2` over anything that has a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import (
    BaseEstimatorV2,
    DataBin,
    EstimatorPubLike,
    PrimitiveJob,
    PrimitiveResult,
    PubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.quantum_info import SparseObservable, SparsePauliOp

from nearclifford.evaluator import Evaluator
from nearclifford.normal_form.operators import operator_of

EvaluatorOf = Callable[[QuantumCircuit, SparsePauliOp], Evaluator]


class EvaluatorEstimator(BaseEstimatorV2):
    """An estimator whose values are computed, so that the precision that a job asks for changes nothing.

    Made by `Landscape.estimator` and `Surrogate.estimator`. A result has ``data.evs`` and ``data.stds`` of the shape of its
    PUB, and metadata that say what the stds are.

    Parameters
    ----------
    evaluator_of : what evaluates a circuit and an observable; it raises for those that it cannot.
    std : what every value's std is reported as; NaN where it is not known.
    metadata : of every result, beside ``target_precision``.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), "ZZ")
    >>> result = land.estimator().run([(land.circuit, ["ZZ", "IZ"], [0.0, 0.0, 0.0, 0.0])]).result()[0]
    >>> result.data.evs, result.data.stds, result.metadata["method"]
    (array([1., 1.]), array([0., 0.]), 'exact')
    """

    def __init__(self, evaluator_of: EvaluatorOf, std: float, metadata: Mapping[str, Any]) -> None:
        self._evaluator_of, self._std, self._metadata = evaluator_of, std, dict(metadata)

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Return a job of these PUBs: (circuit, observables, values of the parameters), arrays broadcast as Qiskit does.

        What a PUB lacks or cannot be evaluated is raised by the job's ``result()``; a malformed one at once.
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        job: PrimitiveJob[PrimitiveResult[PubResult]] = PrimitiveJob(self._results, coerced)
        job._submit()
        return job

    def _results(self, pubs: list[EstimatorPub]) -> PrimitiveResult[PubResult]:
        return PrimitiveResult([self._result(pub) for pub in pubs], metadata={"version": 2})

    def _result(self, pub: EstimatorPub) -> PubResult:
        circuit, shape = pub.circuit, pub.shape
        n_parameters = circuit.num_parameters
        given = pub.parameter_values.as_array(circuit.parameters)
        points = np.broadcast_to(given, (*shape, n_parameters)).reshape(-1, n_parameters)
        labelled = pub.observables.ravel().tolist()
        which = np.broadcast_to(np.arange(len(labelled)).reshape(pub.observables.shape), shape).ravel()
        values = np.empty(len(points))
        for number in np.unique(which):
            rows = np.flatnonzero(which == number)
            evaluator = self._evaluator_of(circuit, _operator(labelled[number], circuit.num_qubits))
            values[rows] = evaluator.value(points[rows])
        data = DataBin(evs=values.reshape(shape), stds=np.full(shape, self._std), shape=shape)
        return PubResult(data, metadata={"target_precision": pub.precision, **self._metadata})


def _operator(labels: Mapping[str, float], n_qubits: int) -> SparsePauliOp:
    """Return what Qiskit keeps of an observable in a PUB, labels and factors, as Pauli strings."""
    return operator_of(SparseObservable.from_list(list(labels.items())), n_qubits)
