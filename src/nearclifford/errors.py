"""The exceptions of the package: each names the thing, its value, what was expected and what to do."""

from typing import Any


class NearCliffordError(ValueError):
    """Base of every error that the package raises on purpose; a `ValueError`."""


class CircuitError(NearCliffordError):
    """A circuit holds something that is not a Clifford gate or a Pauli rotation."""


class ObservableError(NearCliffordError):
    """An observable does not fit the circuit or is not Hermitian."""


class EncodingError(NearCliffordError):
    """No Linear Clifford Encoder exists for the request."""


class ResourceError(NearCliffordError):
    """A computation would need more memory than the machine can give; raised before it starts."""


class IncompleteSearchWarning(UserWarning):
    """A search ended by its time limit: what it returned is the best of what it had judged until then."""


class DeviceError(NearCliffordError):
    """A device, or an estimator, did not deliver; what it had delivered before is here.

    Attributes
    ----------
    job_id : of the job that failed; None if there was no job.
    measured : the `Expectations` of the points of this call that were measured, in order; None if there was none.
    statistics : the statistics of the thetas that were finished; None if they were fewer than 2, or not asked for.
    """

    def __init__(self, text: str, job_id: str | None = None) -> None:
        super().__init__(text)
        self.job_id = job_id
        self.measured: Any = None
        self.statistics: Any = None
