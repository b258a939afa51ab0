"""The exceptions of the package: each names the thing, its value, what was expected and what to do."""

from typing import Any


class NearCliffordError(ValueError):
    """Base of every error that the package raises on purpose; a `ValueError`.

    >>> import nearclifford as nc
    >>> nc.Gaussian(0.1).sample((2, 3), rng="seven")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: rng is 'seven'; expected an integer >= 0, a numpy.random.Generator or None.
    """


class CircuitError(NearCliffordError):
    """A circuit holds something that is neither a Clifford gate nor a Pauli rotation, or cannot be made, read or written.

    >>> import nearclifford as nc
    >>> nc.ansatz.mhea(0, 1)
    Traceback (most recent call last):
    ...
    nearclifford.errors.CircuitError: n_qubits is 0; expected an integer of at least 1.
    """


class ObservableError(NearCliffordError):
    """An observable does not fit the circuit, is not Hermitian, or cannot be made.

    >>> import nearclifford as nc
    >>> nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(2))
    Traceback (most recent call last):
    ...
    nearclifford.errors.ObservableError: The observable acts on 2 qubits; expected 3, ...
    """


class EncodingError(NearCliffordError):
    """No Linear Clifford Encoder exists for the request.

    >>> import nearclifford as nc
    >>> nc.encode(nc.ansatz.mhea(2, 1), nc.observables.global_z(2), parameter=8)
    Traceback (most recent call last):
    ...
    nearclifford.errors.EncodingError: parameter is 8; expected 0 to 7, an index into circuit.parameters (8).
    """


class ResourceError(NearCliffordError):
    """A computation would need more memory than the machine can give; raised before it starts.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(60, 60), nc.observables.global_z(60))
    >>> land.value([0.1] * land.n_parameters)
    Traceback (most recent call last):
    ...
    nearclifford.errors.ResourceError: ... 2**60 amplitudes ...
    """


class IncompleteSearchWarning(UserWarning):
    """A search ended by its time limit: what it returned is the best of what it had judged until then.

    >>> import warnings
    >>> import nearclifford as nc
    >>> circuit, observable = nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     _ = nc.search_encoder(circuit, observable, max_seconds=1e-9)
    >>> caught[0].category.__name__
    'IncompleteSearchWarning'
    """


class DroppedMeasurementsWarning(UserWarning):
    """Measurements at the end of a circuit were left out: an expectation value needs none of them.

    >>> import warnings
    >>> import nearclifford as nc
    >>> circuit = nc.ansatz.mhea(2, 0)
    >>> circuit.measure_all()
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     _ = nc.Landscape(circuit, "ZZ")
    >>> caught[0].category.__name__
    'DroppedMeasurementsWarning'
    """


class DeviceError(NearCliffordError):
    """A device, or an estimator, did not deliver; what it had delivered before is here.

    Attributes
    ----------
    job_id : of the job that failed; None if there was no job.
    measured : the `Expectations` of the points of this call that were measured, in order; None if there was none.
    statistics : the statistics of the thetas that were finished; None if they were fewer than 2, or not asked for.

    Examples
    --------
    >>> error = DeviceError("Job a1 failed: the queue was closed.", job_id="a1")
    >>> error.job_id, error.measured is None
    ('a1', True)
    """

    def __init__(self, text: str, job_id: str | None = None) -> None:
        super().__init__(text)
        self.job_id = job_id
        self.measured: Any = None
        self.statistics: Any = None
