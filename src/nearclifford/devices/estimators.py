"""Any object with Qiskit's `BaseEstimatorV2` interface as a device."""

from __future__ import annotations

import inspect
import time
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arrays import Floats
from nearclifford.devices.circuit import DeviceCircuit, unchanged
from nearclifford.devices.expectations import DeviceRun, Expectations
from nearclifford.errors import DeviceError, NearCliffordError
from nearclifford.landscape import Landscape

ATTEMPTS = 2


class EstimatorDevice:
    """An estimator made ready for one landscape; a `Device`.

    A job is one PUB: the landscape's circuit in its own gates, the observable, and all angles of a batch. The precision
    1/√shots is passed, or None, which leaves it to the estimator. A job that fails is run once more.
    The squared standard errors that the estimator reports are the shot noise; if it reports none, the precision is.
    """

    def __init__(self, land: Landscape, estimator: Any, shots: int | None) -> None:
        self.estimator, self.shots = estimator, shots
        self.circuit: DeviceCircuit = unchanged(land.circuit)
        self.observable = SparsePauliOp(land.observable)
        self.precision = None if shots is None else shots**-0.5

    def measure(self, angle: Floats, rng: np.random.Generator) -> Expectations:
        """Return the loss at angles of shape ``(n, n_rotations)``, radians; the estimator draws its own noise."""
        del rng
        start = time.perf_counter()
        data = self._job([(self.circuit.circuit, self.observable, angle)])
        value, error = self._read(data, len(angle))
        run = DeviceRun(
            (type(self.estimator).__name__,), ("estimator",), len(value), time.perf_counter() - start, self.shots
        )
        return Expectations(value, error**2, run)

    def _read(self, data: Any, count: int) -> tuple[Floats, Floats]:
        """Return values and standard errors; `DeviceError` for anything but one finite value a point."""
        value = np.asarray(data.evs, dtype=np.float64)
        if value.shape != (count,) or not np.isfinite(value).all():
            raise DeviceError(
                f"{type(self.estimator).__name__} returned values of shape {value.shape}, "
                f"{np.count_nonzero(~np.isfinite(value))} of them not finite; expected {count} finite ones, one a point."
            )
        reported = np.asarray(getattr(data, "stds", np.zeros_like(value)), dtype=np.float64)
        error = np.nan_to_num(reported)
        if self.precision is None:
            return value, error
        # StatevectorEstimator adds noise of the precision and reports none; others report NaN for what they do not know.
        return value, np.where(np.isnan(reported) | (not error.any()), self.precision, error)

    def _job(self, pubs: list[tuple[Any, ...]]) -> Any:
        identity = None
        for attempt in range(ATTEMPTS):
            try:
                job = self.estimator.run(pubs, precision=self.precision)
                identity = job.job_id()
                return job.result()[0].data
            except Exception as error:  # whatever a provider raises
                if attempt == ATTEMPTS - 1:
                    raise DeviceError(
                        f"{type(self.estimator).__name__} failed {ATTEMPTS} times on {len(pubs[0][2])} points of a circuit "
                        f"of {self.circuit.circuit.num_qubits} qubits; the last job is {identity!r} and said: {error}. What "
                        "was measured before is in this error's attributes measured and statistics.",
                        identity,
                    ) from error
        raise AssertionError("unreachable")


def require_estimator(estimator: Any) -> None:
    """Raise `NearCliffordError` for an object without the interface of `qiskit.primitives.BaseEstimatorV2`.

    >>> require_estimator(print)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: estimator is a builtin_function_or_method; expected an object with ...
    """
    run = getattr(estimator, "run", None)
    try:
        names = list(inspect.signature(run).parameters) if callable(run) else []
    except ValueError:  # compiled code may have no signature
        names = []
    if "pubs" not in names:
        old = " of the V1 interface, whose run takes circuits and observables apart" if "observables" in names else ""
        raise NearCliffordError(
            f"estimator is a {type(estimator).__name__}{old}; expected an object with Qiskit's BaseEstimatorV2 interface, "
            "run(pubs, precision=...), such as qiskit.primitives.StatevectorEstimator()."
        )
