"""TOML files: read with errors of one line, and written."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import read_bytes

LARGEST_FILE = 2**20


def read_table(path: Path) -> dict[str, Any]:
    """Return the entries of a TOML file; `NearCliffordError`, which names the file, for one that cannot be read."""
    data = read_bytes(path, "the TOML file of a study", most=LARGEST_FILE)
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise NearCliffordError(f"{path} is no text in UTF-8; expected the TOML file of a study.") from error
    except RecursionError as error:
        raise NearCliffordError(f"{path} is nested too deeply; expected the TOML file of a study.") from error
    except ValueError as error:
        raise NearCliffordError(f"{path}: {error}") from error


def toml_text(entries: Mapping[str, Any]) -> str:
    r"""Return entries as TOML: text, numbers, truth values, lists of these, and tables of lists after them.

    >>> print(toml_text({"qubits": (2, 4), "title": 'a "b"', "arguments": {"layers": [1]}}))
    qubits = [2, 4]
    title = "a \"b\""
    <BLANKLINE>
    [arguments]
    layers = [1]
    """
    plain = {name: value for name, value in entries.items() if not isinstance(value, Mapping)}
    tables = {name: value for name, value in entries.items() if isinstance(value, Mapping) and value}
    lines = [f"{name} = {_value(value)}" for name, value in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # the texts, numbers and truth values of JSON are those of TOML, but for what is not finite
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else repr(value)
