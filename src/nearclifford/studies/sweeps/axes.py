"""Which words tell the tasks of a sweep apart: the axes of its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Sizes and patches are axes only where the metadata leave tasks alike.
LATER = ("n_qubits", "sigma_value", "patch", "n_parameters", "n_terms")


def axes_of(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names that vary over the rows, as few as tell them apart: the metadata first, then sizes.

    >>> axes_of([{"cost": "local", "n_qubits": 4}, {"cost": "local", "n_qubits": 8}])
    ('n_qubits',)
    >>> axes_of([{"cost": "local", "n_qubits": 4, "n_terms": 1}, {"cost": "global", "n_qubits": 8, "n_terms": 1}])
    ('cost', 'n_qubits')
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    own = [name for name in names if name not in LATER]
    varying = [name for name in own if _values(rows, name) > 1]
    for name in LATER[:2]:
        if name in names and _values(rows, name) > 1:
            varying.append(name)
    for name in LATER[2:]:
        if _apart(rows, varying):
            break
        if name in names and _values(rows, name) > 1:
            varying.append(name)
    return tuple(varying or names[:1])


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return len({row.get(name) for row in rows})


def _apart(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    return len({tuple(row.get(name) for name in names) for row in rows}) == len(rows)
