"""The exceptions of the package: each names the thing, its value, what was expected and what to do."""


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
