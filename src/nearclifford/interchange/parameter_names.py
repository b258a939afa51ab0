"""Names of parameters in OpenQASM 3, where an identifier has neither brackets nor blanks, and the order that they give.

``circuit.parameters`` sorts by name, and the elements of a `ParameterVector` by index. So the names decide which parameter a
theta's entry belongs to, and a file that changes names permutes theta.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from nearclifford.errors import CircuitError

# What Qiskit takes for an identifier, and what it puts an underscore for.
_IDENTIFIER = re.compile(r"[a-zA-Z\u0370-\u03ff_][a-zA-Z\u0370-\u03ff_0-9]*")
_FORBIDDEN = re.compile(r"[^a-zA-Z\u0370-\u03ff_0-9]")

_DECLARATION = r"^(?P<declared>[ \t]*input\s+(?:float|angle)(?:\[\d+\])?\s+(?P<name>\w+)\s*;)"
_ELEMENT_IN_FILE = re.compile(r"_(?P<vector>.+)_(?P<index>0|[1-9]\d{0,5})_")
_ELEMENT = re.compile(r"(?P<vector>.+)\[(?P<index>0|[1-9]\d{0,5})\]", re.DOTALL)


def identifier(name: str) -> str:
    """Return how Qiskit spells a parameter's name in OpenQASM 3; it adds a number where that name is taken.

    >>> identifier("θ[3]"), identifier("beta")
    ('_θ_3_', 'beta')
    """
    return name if _IDENTIFIER.fullmatch(name) else "_" + _FORBIDDEN.sub("_", name)


def with_names_beside(text: str, circuit: QuantumCircuit) -> str:
    """Return Qiskit's OpenQASM 3 of a circuit with a comment at each declaration whose identifier is not the name.

    Raises `CircuitError` for a name that does not fit on a line.
    """
    names = iter([parameter.name for parameter in circuit.parameters])

    def beside(found: re.Match[str]) -> str:
        name = next(names)
        if not name.isprintable():
            raise CircuitError(f"The parameter {name!r} has a name that OpenQASM 3 cannot hold; write a .qpy file instead.")
        return found["declared"] if name == found["name"] == _unescaped(name) else f"{found['declared']} // {name}"

    return re.sub(_DECLARATION, beside, text, flags=re.MULTILINE) + "\n"


def declared_names(inputs: Sequence[str], text: str) -> dict[str, str]:
    """Return for each identifier, in the order of the declarations, the parameter's name.

    It is the one in the comment that `with_names_beside` writes; in a file without such comments, the element of a vector
    that Qiskit wrote so.

    >>> declared_names(["_θ_0_", "beta"], "input float[64] _θ_0_;"), declared_names(["_a_b"], "input float _a_b; // a.b")
    ({'_θ_0_': 'θ[0]', 'beta': 'beta'}, {'_a_b': 'a.b'})
    """
    found = re.finditer(_DECLARATION + r" // (?P<comment>.*)$", text, re.MULTILINE)
    noted = {one["name"]: one["comment"].rstrip("\r") for one in found}
    # a comment that Qiskit would not have spelled so is about something else
    noted = {name: full for name, full in noted.items() if re.fullmatch(re.escape(identifier(full)) + r"(_\d+)?", name)}
    names = {name: noted.get(name, name) if noted else _unescaped(name) for name in inputs}
    return names if len(set(names.values())) == len(names) else {name: name for name in names}


def _unescaped(name: str) -> str:
    element = _ELEMENT_IN_FILE.fullmatch(name)
    return f"{element['vector']}[{element['index']}]" if element else name


def in_order_of(circuit: QuantumCircuit, names: Mapping[str, str], path: Path) -> QuantumCircuit:
    """Return the circuit with its parameters named so, in the given order if names can give it.

    Warns with both orders if they cannot, as with ``input float beta; input float alpha;``.
    """
    used = {parameter.name for parameter in circuit.parameters}
    declared = [name for identifier_, name in names.items() if identifier_ in used]
    for parameters in (_with_vectors(declared), {name: Parameter(name) for name in declared}):
        renamed = _renamed(circuit, names, parameters)
        if [parameter.name for parameter in renamed.parameters] == declared:
            return renamed
    renamed = _renamed(circuit, names, _with_vectors(declared))
    warnings.warn(_two_orders(path, declared, [parameter.name for parameter in renamed.parameters]), stacklevel=4)
    return renamed


def _with_vectors(names: Sequence[str]) -> dict[str, Parameter]:
    """Return parameters of these names, elements of vectors where they look so: these sort by index."""
    elements = {name: found for name in names if (found := _ELEMENT.fullmatch(name))}
    sizes: dict[str, int] = {}
    for found in elements.values():
        sizes[found["vector"]] = max(sizes.get(found["vector"], 0), int(found["index"]) + 1)
    vectors = {name: ParameterVector(name, size) for name, size in sizes.items()}
    return {
        name: vectors[elements[name]["vector"]][int(elements[name]["index"])] if name in elements else Parameter(name)
        for name in names
    }


def _renamed(circuit: QuantumCircuit, names: Mapping[str, str], parameters: Mapping[str, Parameter]) -> QuantumCircuit:
    new = {one: parameters[names[one.name]] for one in circuit.parameters if one.name != names[one.name]}
    if not new:
        return circuit
    if {one.name for one in circuit.parameters} & {
        other.name for other in new.values()
    }:  # Qiskit puts in one after another, and two of one name never
        between = {parameter: Parameter(f"{k} of {len(new)}") for k, parameter in enumerate(new)}
        circuit = circuit.assign_parameters(between)
        new = {between[parameter]: other for parameter, other in new.items()}
    return circuit.assign_parameters(new)


def _two_orders(path: Path, declared: Sequence[str], sorted_names: Sequence[str]) -> str:
    first = next(k for k, (one, other) in enumerate(zip(declared, sorted_names, strict=True)) if one != other)
    shown = [
        ", ".join(names[first : first + 4]) + (", ..." if len(names) > first + 4 else "")
        for names in (declared, sorted_names)
    ]
    return (
        f"{path} declares its parameters in another order than circuit.parameters has them, which is by name: from index "
        f"{first} on, {shown[0]} in the file, {shown[1]} in the circuit. Indices and theta count as the circuit does."
    )
