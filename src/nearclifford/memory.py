"""The one memory guard: what does not fit is refused before it is allocated."""

from __future__ import annotations

from nearclifford.errors import ResourceError


def in_words(n_bytes: int) -> str:
    """Return a number of bytes with three digits.

    >>> in_words(3 * 2**29)
    '1.5 GiB'
    """
    power = min(max(n_bytes.bit_length() - 1, 0) // 10, 8)
    return f"{n_bytes / 2 ** (10 * power):.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB')[power]}"


def free_bytes() -> int:
    """Return the memory that is free on this machine."""
    import psutil

    return int(psutil.virtual_memory().available)


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Raise `ResourceError` where ``what`` needs more bytes than are free; ``remedy`` is a sentence.

    >>> require_memory(2**90, "A state of 86 qubits", "Use fewer qubits.")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    nearclifford.errors.ResourceError: A state of 86 qubits needs 1.02e+03 YiB; ... are free. Use fewer qubits.
    """
    if needed > (free := free_bytes()):
        raise ResourceError(f"{what} needs {in_words(needed)}; {in_words(free)} are free. {remedy}")
