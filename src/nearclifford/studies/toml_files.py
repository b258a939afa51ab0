"""TOML files: read with errors of one line, and written."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import read_bytes

LARGEST_FILE = 2**20
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


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


def toml_of(entries: Mapping[str, Any]) -> str:
    r"""Return entries as a file that `tomllib` reads back; None is left out, since TOML has no word for it.

    Entries are texts, numbers, truth values, and lists and mappings of these. Mappings become sections, after the rest.

    >>> print(toml_of({"qubits": (2, 4), "title": 'a "b"', "noise": {"rate": 0.1}}), end="")
    qubits = [2, 4]
    title = "a \"b\""
    <BLANKLINE>
    [noise]
    rate = 0.1
    """
    return _section(entries, ())


def _section(entries: Mapping[str, Any], path: tuple[str, ...]) -> str:
    plain = {key: value for key, value in entries.items() if value is not None and not isinstance(value, Mapping)}
    inner = {key: value for key, value in entries.items() if isinstance(value, Mapping)}
    head = [f"[{'.'.join(map(_key, path))}]"] if path and (plain or not inner) else []
    own = "\n".join([*head, *(f"{_key(key)} = {toml_value(value)}" for key, value in plain.items())])
    sections = [own, *(_section(value, (*path, key)).rstrip("\n") for key, value in inner.items())]
    return "\n\n".join(section for section in sections if section) + "\n"


def toml_value(value: Any) -> str:
    r"""Return one value as TOML writes it.

    >>> toml_value([True, 1e-05, "σ\n", {"a": 1}])
    '[true, 1e-05, "σ\\n", { a = 1 }]'
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace(
            "\x7f", "\\u007f"
        )  # JSON's escapes are TOML's, but for this one
    if isinstance(value, Mapping):
        pairs = [f"{_key(key)} = {toml_value(part)}" for key, part in value.items() if part is not None]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(part) for part in value if part is not None)}]"
    return repr(value)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else toml_value(key)
