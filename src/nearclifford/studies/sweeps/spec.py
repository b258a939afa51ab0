"""A sweep that a TOML file describes: circuits from files and functions, their arguments, observables and widths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from qiskit import QuantumCircuit

from nearclifford.arguments import one_of, positive, shown
from nearclifford.encoder.search import search_encoder
from nearclifford.errors import NearCliffordError, ObservableError
from nearclifford.files import printable
from nearclifford.interchange.circuit_files import read_circuit
from nearclifford.normal_form.observable_text import read_text
from nearclifford.normal_form.operators import ObservableLike
from nearclifford.observables import OBSERVABLES
from nearclifford.patches import Gaussian
from nearclifford.statistics.exact import Exact
from nearclifford.statistics.particles import Particles
from nearclifford.statistics.paths import Paths
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.statevector import Statevector
from nearclifford.studies.plan import Plan
from nearclifford.studies.rules import sigma_rule, sigma_value
from nearclifford.studies.settings import Check, at_least, each, setting, settle
from nearclifford.studies.sweeps.imports import calls, imported, is_import_path, takes
from nearclifford.studies.sweeps.measures import QUANTITIES, measure_of
from nearclifford.studies.sweeps.plan import SweepPlan
from nearclifford.studies.sweeps.task import Task
from nearclifford.studies.sweeps.units import units_of
from nearclifford.studies.unit import hash_of

# "none" leaves the circuit plain; the others are objectives of `nearclifford.search_encoder`.
ENCODERS = ("none", "step", "loss", "gradient", "norm")
BACKENDS: dict[str, Any] = {
    "auto": "auto",
    "exact": Exact(),
    "stabilizer": Stabilizer(),
    "particles": Particles(),
    "paths": Paths(),
    "statevector": Statevector(),
}
SUFFIXES = (".qasm", ".qpy")
# Columns that the file's own lists make.
OWN_COLUMNS = ("circuit", "observable", "encoder", "sigma", "draw")


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise NearCliffordError(f"{name} is {shown(value)}; expected a line of text.")
    return value.strip()


def _circuit(value: object, name: str) -> str:
    text = _text(value, name)
    if not is_import_path(text) and Path(text).suffix.lower() not in SUFFIXES:
        raise NearCliffordError(
            f'{name} is {shown(value)}; expected a file, "circuit.qasm" (OpenQASM 3) or "circuit.qpy", or a function, '
            '"mypackage.circuits:brickwork".'
        )
    return text


def _observable(value: object, name: str) -> str:
    text = _text(value, name)
    if text not in OBSERVABLES and not is_import_path(text):
        try:
            read_text(text)
        except ObservableError as error:
            raise NearCliffordError(
                f"{name} is {shown(value)}; expected one of {', '.join(OBSERVABLES)}, Pauli strings such as "
                f'"0.5*ZZII - X0", or a function of n_qubits, "mypackage.observables:mine". {error}'
            ) from error
    return text


def _encoder(value: object, name: str) -> str:
    return one_of(value, name, ENCODERS)


def _many(check: Check) -> Check:
    """Return the check of a list, of which one entry alone may stand for itself."""
    listed = each(check)
    return lambda value, name: listed(value if isinstance(value, list | tuple) else [value], name)


def _measure(value: object, name: str) -> Any:
    if isinstance(value, str) and is_import_path(value):
        return value
    return _many(lambda entry, entry_name: one_of(entry, entry_name, QUANTITIES))(value, name)


def _samples(value: object, name: str) -> Any:
    return value if value == "auto" else at_least(2)(value, name)


def _number(example: float) -> Check:
    return lambda value, name: positive(value, name, example)


def _arguments(value: object, name: str) -> dict[str, tuple[Any, ...]]:
    if not isinstance(value, Mapping):
        raise NearCliffordError(
            f"{name} is {shown(value)}; expected a table of lists, such as [arguments] n_qubits = [4, 8]."
        )
    found = {}
    for key, values in value.items():
        if not isinstance(key, str) or not key.isidentifier() or key in OWN_COLUMNS:
            raise NearCliffordError(
                f"{name} has the entry {shown(key)}; expected the name of a function's parameter, none of "
                f"{', '.join(OWN_COLUMNS)}."
            )
        found[key] = _many(_argument)(values, f"{name}.{key}")
    return found


def _argument(value: object, name: str) -> Any:
    if not isinstance(value, str | int | float | bool):
        raise NearCliffordError(f"{name} is {shown(value)}; expected a number, a text or a truth value.")
    return value


@dataclass(frozen=True)
class SweepSpec:
    """A study of circuits that are no ansätze of the package: every combination of its lists is one task.

    Attributes
    ----------
    circuit : files, "circuit.qasm" (OpenQASM 3) or "circuit.qpy", relative to the TOML file; and functions that return a
        `QuantumCircuit`, by their import path, "mypackage.circuits:brickwork", installed or beside the TOML file.
    observable : names of `nearclifford.observables`, Pauli strings, or functions of ``n_qubits`` by their import path.
    sigma : rules for the standard deviation of the Gaussian patch around 0, as for `StudySpec`.
    encoder : "none", or an objective of `nearclifford.search_encoder`: "step", "loss", "gradient" or "norm".
    arguments : lists by the name of a parameter of the circuits' functions; a function is called with every combination of
        those that it has. ``rng`` is filled in, a generator for each draw.
    draws : number of draws of what is random: a function with ``rng``, or an observable of the package that is random.
    measure : names out of "squared_norm", "variance" and "second_moment", or a function by its import path.
    backend, samples, rel_error, max_seconds : as for `nearclifford.gradient_statistics`, the backend by its name.
    seed, title : as for `StudySpec`.
    folder : where files and modules are looked for: that of the TOML file.

    Raises `NearCliffordError` for an entry that is wrong; for circuits that cannot be made when the plan is.

    Examples
    --------
    >>> sizes = {"n_qubits": 2, "layers": [1, 2]}
    >>> spec = SweepSpec("nearclifford.ansatz:mhea", ["ZZ", "global_z"], ["0.1"], arguments=sizes)
    >>> len(spec.plan().units())  # ZZ is global_z here
    2
    >>> spec.plan().axes
    ('layers', 'observable')
    """

    circuit: tuple[str, ...] = setting(_many(_circuit))
    observable: tuple[str, ...] = setting(_many(_observable))
    sigma: tuple[str, ...] = setting(_many(sigma_rule))
    encoder: tuple[str, ...] = setting(_many(_encoder), ("none",))
    arguments: Mapping[str, tuple[Any, ...]] = field(default_factory=dict, metadata={"check": _arguments})
    draws: int = setting(at_least(1), 1)
    measure: str | tuple[str, ...] = setting(_measure, ("squared_norm", "variance"))
    backend: str = setting(lambda value, name: one_of(value, name, BACKENDS), "auto")
    samples: int | str = setting(_samples, "auto")
    rel_error: float = setting(_number(0.05), 0.05)
    max_seconds: float = setting(_number(60.0), 60.0)
    seed: int = setting(at_least(0, most=2**256), 0)
    title: str = ""
    folder: Path = field(default=Path("."), compare=False)

    def __post_init__(self) -> None:
        settle(self)
        if not isinstance(self.title, str):
            raise NearCliffordError(f"title is {shown(self.title)}; expected a line of text.")
        functions = {path: imported(path, self.folder, "circuit") for path in self.circuit if is_import_path(path)}
        used = {
            name for path, function in functions.items() for call in calls(function, self.arguments, path) for name in call
        }
        if unused := [name for name in self.arguments if name not in used]:
            raise NearCliffordError(
                f"arguments has the entry {unused[0]!r}, and no function of circuit has a parameter of this name."
            )

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any], folder: Path = Path(".")) -> SweepSpec:
        """Return the spec of a table of TOML; `NearCliffordError` for an unknown, missing or wrong entry."""
        known = [entry.name for entry in fields(cls) if entry.name != "folder"]
        for key in given:
            if key not in known:
                raise NearCliffordError(f"A sweep of circuits has no entry {shown(key)}; it knows {', '.join(known)}.")
        for key, example in (("circuit", '["circuit.qasm"]'), ("observable", '["global_z"]'), ("sigma", '["D^-1/2"]')):
            if key not in given:
                raise NearCliffordError(f"The sweep names no {key}; expected a list, as in {key} = {example}.")
        return cls(**given, folder=folder)

    def to_mapping(self) -> dict[str, Any]:
        """Return the entries of the file of this sweep."""
        found = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "folder"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()} | {
            "arguments": {name: list(values) for name, values in self.arguments.items()}
        }

    def plan(self) -> Plan:
        """Return what is measured, and how it is told; every circuit is built, encoded and compiled for it, once.

        Raises `NearCliffordError` for a file or function that gives no circuit, and for circuits that cannot be compiled.
        """
        return self._plan

    @cached_property
    def _plan(self) -> SweepPlan:
        settings = {name: getattr(self, name) for name in ("samples", "rel_error", "max_seconds")}
        measure = (
            measure_of(imported(self.measure, self.folder, "measure"))
            if isinstance(self.measure, str)
            else measure_of(self.measure, backend=BACKENDS[self.backend], **settings)
        )
        units = units_of(list(self.tasks()), measure, self.seed)
        return SweepPlan.of(self.to_mapping() | measure.told, units, self)

    def tasks(self) -> Iterator[Task]:
        """Yield the tasks in the order of the table."""
        for path in self.circuit:
            for arguments, build, is_random in self._builders(path):
                words = {"circuit": path.rpartition(":")[2] if is_import_path(path) else Path(path).stem, **arguments}
                for name in self.observable:
                    random = is_random or self._is_random(name)
                    for draw in range(self.draws if random else 1):
                        counted = {"draw": draw} if self.draws > 1 else {}
                        yield from self._of_circuit(build(draw), name, words | counted)

    def _of_circuit(self, circuit: QuantumCircuit, name: str, words: dict[str, Any]) -> Iterator[Task]:
        observable = self._built_observable(name, circuit.num_qubits, words)
        for encoder in self.encoder:
            made = (
                circuit
                if encoder == "none"
                else search_encoder(circuit, cast(Any, observable), cast(Any, encoder), progress=False).circuit
            )
            for rule in self.sigma:
                patch = Gaussian(sigma_value(rule, circuit.num_parameters))
                told = {"observable": name, "encoder": encoder, "sigma": rule}
                yield Task(made, observable, patch, {**words, **told})

    def _builders(self, path: str) -> Iterator[tuple[dict[str, Any], Callable[[int], QuantumCircuit], bool]]:
        """Yield the arguments of each circuit of a file or function, what builds a draw of it, and whether it is random."""
        if not is_import_path(path):
            circuit = read_circuit(self.folder / path)
            yield {}, lambda draw: circuit, False
            return
        function = imported(path, self.folder, "circuit")
        is_random = takes(function, "rng")
        for arguments in calls(function, self.arguments, path):

            def build(draw: int, arguments: dict[str, Any] = arguments) -> QuantumCircuit:
                drawn = {"rng": self._stream(path, arguments, draw)} if is_random else {}
                return cast(QuantumCircuit, _called(function, path, QuantumCircuit, arguments | drawn))

            yield arguments, build, is_random

    def _is_random(self, name: str) -> bool:
        if is_import_path(name):
            return takes(imported(name, self.folder, "observable"), "rng")
        return name in OBSERVABLES and OBSERVABLES[name].is_random

    def _built_observable(self, name: str, n_qubits: int, words: Mapping[str, Any]) -> ObservableLike:
        stream = self._stream(name, {"n_qubits": n_qubits}, int(words.get("draw", 0)))
        if name in OBSERVABLES:
            return OBSERVABLES[name].build(n_qubits, stream)
        if not is_import_path(name):
            return name
        function = imported(name, self.folder, "observable")
        drawn = {"rng": stream} if takes(function, "rng") else {}
        return cast(ObservableLike, _called(function, name, object, {"n_qubits": n_qubits} | drawn))

    def _stream(self, name: str, arguments: Mapping[str, Any], draw: int) -> np.random.Generator:
        told = {"name": name, "arguments": dict(arguments), "seed": self.seed}
        return np.random.default_rng(np.random.SeedSequence(int(hash_of(told), 16), spawn_key=(draw,)))


def _called(function: Callable[..., Any], path: str, kind: type, arguments: Mapping[str, Any]) -> Any:
    """Return what a function of the user makes; whatever goes wrong in it is one line that names it."""
    call = f"{path}({', '.join(f'{name}={value!r}' for name, value in arguments.items() if name != 'rng')})"
    try:
        made = function(**arguments)
    except Exception as error:
        raise NearCliffordError(f"{call} ended in {type(error).__name__}: {printable(str(error))}") from error
    if not isinstance(made, kind):
        raise NearCliffordError(f"{call} returned a {type(made).__name__}; expected a {kind.__name__}.")
    return made
