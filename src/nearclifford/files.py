"""The one place that opens files: the system's errors become one line, and a file is replaced whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nearclifford.errors import NearCliffordError


def path_of(path: object, name: str) -> Path:
    """Return a path; `NearCliffordError` names what is none.

    >>> path_of(3, "out")
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: out is 3; expected the path of a file or directory, a str or pathlib.Path.
    """
    if not isinstance(path, str | os.PathLike) or isinstance(found := os.fspath(path), bytes):
        raise NearCliffordError(f"{name} is {path!r}; expected the path of a file or directory, a str or pathlib.Path.")
    if "\0" in found:
        raise NearCliffordError(f"{name} is {found!r}; expected a path without null characters.")
    return Path(found)


def printable(text: str, most: int = 300) -> str:
    r"""Return a text as one line that a terminal can show, shortened if need be.

    >>> printable("two\nlines \x1b and a bell"), len(printable("long" * 100))
    ('two lines and a bell', 300)
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= most else f"{line[: most - 3]}..."


@contextmanager
def told(path: Path, expected: str, error: type[NearCliffordError] = NearCliffordError) -> Iterator[None]:
    """Turn what the system says of a path into one line of ``error``, which ends with what was expected there.

    >>> with told(Path("/no/such.toml"), "the TOML file of a study"):
    ...     Path("/no/such.toml").read_bytes()
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: /no/such.toml: No such file or directory; expected the TOML file of a study.
    """
    try:
        yield
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or problem}; expected {expected}.") from problem


def read_bytes(
    path: Path, expected: str, error: type[NearCliffordError] = NearCliffordError, most: int | None = None
) -> bytes:
    """Return what a file holds; ``error`` as for `told`, and for more than ``most`` bytes: a device may have no end."""
    with told(path, expected, error), path.open("rb") as stream:
        data = stream.read(-1 if most is None else most + 1)
    if most is not None and len(data) > most:
        raise error(f"{path} is larger than {most} bytes; expected {expected}.")
    return data


@contextmanager
def replacing(path: Path, expected: str) -> Iterator[BinaryIO]:
    """Yield a stream whose bytes become the file once all of them are on the disk; before, the file stays what it was.

    A path that is no regular file, such as /dev/stdout, is written to as it is. Raises `NearCliffordError` as `told` does.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "table.csv"
    ...     with replacing(target, "a table") as stream:
    ...         _ = stream.write(b"a,b")
    ...     target.read_bytes(), len(list(Path(folder).iterdir()))
    (b'a,b', 1)
    """
    with told(path, expected):
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        beside = path.with_name(f".nearclifford-{secrets.token_hex(4)}")
        try:
            with beside.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, path)
        finally:
            with suppress(OSError):
                beside.unlink()
