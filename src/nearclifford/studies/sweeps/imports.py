"""Functions that a file names by their import path, and what they are called with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, signature
from itertools import product
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable


def is_import_path(given: str) -> bool:
    """Return whether a text names a function by "module:function".

    >>> is_import_path("mypackage.circuits:brickwork"), is_import_path("C:/circuits/qaoa.qasm"), is_import_path("ZZII")
    (True, False, False)
    """
    module, colon, name = given.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


def imported(path: str, folder: Path, entry: str) -> Callable[..., Any]:
    """Return the function of an import path; its module may stand in ``folder``, which joins the end of ``sys.path``.

    Raises `NearCliffordError`, which names the entry of the file, where there is no such function.

    >>> imported("nearclifford.ansatz:mhea", Path("."), "circuit").__name__
    'mhea'
    """
    if str(folder.resolve()) not in sys.path:
        sys.path.append(str(folder.resolve()))  # workers find it too: they start with this list
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the module does when it is imported
        raise NearCliffordError(
            f"{entry} holds {path!r}, which cannot be imported: {type(error).__name__}: {printable(str(error))}; expected "
            f'"module:function", the module installed or in {folder}.'
        ) from error
    if not callable(found):
        raise NearCliffordError(f"{entry} holds {path!r}, which is a {type(found).__name__}; expected a function.")
    return found


def calls(
    function: Callable[..., Any], axes: Mapping[str, tuple[Any, ...]], path: str, given: tuple[str, ...] = ("rng",)
) -> list[dict[str, Any]]:
    """Return every combination of the axes that a function has parameters for, in the order of the axes.

    Parameters
    ----------
    given : parameters that are filled in by others.

    Raises `NearCliffordError` for a parameter without a value.

    >>> calls(lambda n_qubits, layers=1: None, {"n_qubits": (2, 4), "depth": (1, 2)}, "f")
    [{'n_qubits': 2}, {'n_qubits': 4}]
    """
    parameters = signature(function).parameters.values()
    takes_all = any(one.kind is Parameter.VAR_KEYWORD for one in parameters)
    named = {one.name for one in parameters if one.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)}
    for one in parameters:
        needed = one.default is Parameter.empty and one.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if needed and one.name not in axes and one.name not in given:
            raise NearCliffordError(f"{path!r} needs {one.name!r}; expected an entry of [arguments], {one.name} = [...].")
    own = {name: values for name, values in axes.items() if takes_all or name in named}
    return [dict(zip(own, values, strict=True)) for values in product(*own.values())]


def takes(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function has a parameter of this name.

    >>> takes(lambda n_qubits, rng: None, "rng")
    True
    """
    return name in signature(function).parameters
