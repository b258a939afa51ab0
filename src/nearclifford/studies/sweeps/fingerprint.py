"""What tells one landscape, patch or function from another, whatever made it."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.studies.unit import hash_of

# Raise it when the same task would give other numbers than before.
FORMAT = 1


def of_landscape(land: Landscape) -> str:
    """Return the SHA-256 of a compiled circuit, observable and centre: of every array of the normal form and of the tape.

    The same circuit built twice has the same; names, of parameters too, play no part.

    >>> import nearclifford as nc
    >>> circuits = [nc.ansatz.mhea(3, 1), nc.ansatz.mhea(3, 1), nc.ansatz.mhea(3, 2)]
    >>> first, again, other = [of_landscape(nc.Landscape(circuit, "ZZZ")) for circuit in circuits]
    >>> first == again, first == other
    (True, False)
    """
    problem = land.problem
    angles = problem.angle_map
    numbers = (angles.entry_rotation, angles.entry_parameter, angles.factor, angles.offset, land.center)
    digest = hashlib.sha256(f"{problem.n_qubits} {problem.n_parameters} {land.program.tape.__class__.__name__}".encode())
    held = (problem.generators, problem.images, problem.coefficients, problem.channels, land.program.tape, *numbers)
    for array in (one for part in held for one in _arrays(part)):
        digest.update(f"{array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _arrays(part: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays of a record, in the order of its fields."""
    if isinstance(part, np.ndarray):
        yield part
    elif is_dataclass(part):
        for entry in fields(part):
            yield from _arrays(getattr(part, entry.name))
    elif part is None:
        yield np.zeros(0)


def of_patch(patch: Patch) -> str:
    """Return the class of a patch with its width; a class of one's own is taken to be made by its width alone.

    >>> import nearclifford as nc
    >>> of_patch(nc.Gaussian(0.1))
    'nearclifford.patches.Gaussian([0.1])'
    """
    kind = type(patch)
    widths = np.atleast_1d(np.asarray(patch.width, dtype=np.float64)).tolist()
    return f"{kind.__module__}.{kind.__qualname__}({widths})"


def of_function(function: Callable[..., Any]) -> str:
    """Return the name of a function with the hash of its source, where that is known: an edited one measures anew.

    >>> of_function(of_patch).split("#")[0]
    'nearclifford.studies.sweeps.fingerprint:of_patch'
    """
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = ""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{function.__module__}:{name}#{hash_of({'source': source})[:16]}"
