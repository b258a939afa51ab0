"""Which terms and parameters an encoder may be asked for: requests become indices, or errors that name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from nearclifford.arguments import entries, integer
from nearclifford.errors import EncodingError
from nearclifford.normal_form.program import RotationProgram


def rotations_of(program: RotationProgram, parameter: int) -> list[int]:
    """Return the rotations that a parameter turns, in time order; `EncodingError` where it turns none.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> rotations_of(land.program, 3)
    [3]
    """
    rotations = np.unique(program.angle_map.rotations_of(parameter)).tolist()
    if rotations:
        return [int(rotation) for rotation in rotations]
    raise EncodingError(
        f"Parameter {parameter} ({program.angle_map.parameters[parameter]!r}) turns no rotations; the encoder needs one "
        "that carries the encoding: choose a parameter that turns a gate."
    )


def parameter_of(circuit: QuantumCircuit, parameter: int | Parameter, name: str = "parameter") -> int:
    """Return the index of a parameter, given as one or as the `Parameter` itself; `EncodingError` if there is none.

    >>> import nearclifford as nc
    >>> circuit = nc.ansatz.mhea(2, 0)
    >>> parameter_of(circuit, circuit.parameters[3])
    3
    """
    own = list(circuit.parameters)
    if isinstance(parameter, Parameter):
        if parameter in own:
            return own.index(parameter)
        raise EncodingError(
            f"{name} is {parameter.name!r}, which is not in circuit {circuit.name!r}; {_remedy(parameter, own)}."
        )
    index = integer(parameter, name, error=EncodingError, otherwise=" or a Parameter of the circuit")
    if not 0 <= index < len(own):
        raise EncodingError(
            f"{name} is {index}; expected 0 to {len(own) - 1}, an index into circuit.parameters ({len(own)})."
        )
    return index


def _remedy(parameter: Parameter, own: list[Parameter]) -> str:
    for index, other in enumerate(own):
        if other.name == parameter.name:
            return f"the one of that name there is another object: take circuit.parameters[{index}]"
    return "take one of circuit.parameters"


def term_of(terms: list[stim.PauliString], term: int, name: str = "term") -> int:
    """Return the index of a term of the simplified observable; `EncodingError` if there is none, or if it is the identity.

    >>> term_of([stim.PauliString("ZZ"), stim.PauliString("__")], 1)
    Traceback (most recent call last):
    ...
    nearclifford.errors.EncodingError: term is 1, the identity, whose gradient is zero everywhere; choose another term.
    """
    index = integer(term, name, error=EncodingError)
    if not 0 <= index < len(terms):
        raise EncodingError(
            f"{name} is {index}; expected 0 to {len(terms) - 1}: the simplified observable has {len(terms)}."
        )
    if not terms[index].weight:
        raise EncodingError(f"{name} is {index}, the identity, whose gradient is zero everywhere; choose another term.")
    return index


def chosen_terms(terms: list[stim.PauliString], wanted: Iterable[int] | None) -> list[int]:
    """Return the indices of the wanted terms, ascending and each once; of all but the identity if it is None.

    >>> chosen_terms([stim.PauliString("ZZ"), stim.PauliString("__"), stim.PauliString("X_")], None)
    [0, 2]
    """
    if wanted is None:
        return [index for index, string in enumerate(terms) if string.weight]
    found = _entries(wanted, "terms", "indices into observable.simplify(), such as [0, 3]")
    return sorted({term_of(terms, entry, "an entry of terms") for entry in found})


def chosen_parameters(
    circuit: QuantumCircuit, program: RotationProgram, wanted: Iterable[int | Parameter] | None
) -> list[int]:
    """Return the indices of the wanted parameters, ascending and each once; if it is None, of all that can be encoded.

    Raises `EncodingError` for a wanted one that turns no rotation, and where none is left.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> chosen_parameters(land.circuit, land.program, None), chosen_parameters(land.circuit, land.program, [3, 1, 3])
    ([0, 1, 2, 3], [1, 3])
    """
    if wanted is not None:
        indices = turning_parameters(circuit, program, wanted)
        for index in indices:
            rotations_of(program, index)
        return indices
    turning = np.unique(program.angle_map.entry_parameter).tolist()
    if not turning:
        raise EncodingError(
            f"None of the {program.angle_map.n_parameters} parameters turns a rotation; the encoder needs one that does."
        )
    return turning


def turning_parameters(
    circuit: QuantumCircuit, program: RotationProgram, wanted: Iterable[int | Parameter] | None
) -> list[int]:
    """Return the indices of the wanted parameters, ascending and each once; if it is None, of all that turn a gate.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> turning_parameters(land.circuit, land.program, [land.circuit.parameters[2]])
    [2]
    """
    if wanted is None:
        return np.unique(program.angle_map.entry_parameter).tolist()
    found = _entries(wanted, "parameters", "indices into circuit.parameters, or Parameters, such as [0, 3]")
    return sorted({parameter_of(circuit, entry, "an entry of parameters") for entry in found})


def _entries(wanted: Any, name: str, expected: str) -> list[Any]:
    found = entries(wanted)
    if not found:
        given = repr(wanted) if found is None else "empty"
        raise EncodingError(f"{name} is {given}; expected a sequence of {expected}, or None for all.")
    return found
