"""What a study asks for: one frozen record, read from TOML."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import product
from pathlib import Path
from typing import Any

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import instance, one_of, shown
from nearclifford.errors import NearCliffordError
from nearclifford.files import path_of
from nearclifford.observables import OBSERVABLES
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.experiments import EXPERIMENTS
from nearclifford.studies.experiments.gradient import Gradient
from nearclifford.studies.problem import ENCODERS
from nearclifford.studies.rules import layers_rule, n_layers, sigma_rule
from nearclifford.studies.settings import at_least, each, named, setting, settle
from nearclifford.studies.toml_files import read_table

# A circuit of so many gates takes minutes and ten gigabytes to build.
MOST_GATES = 10**7
MOST_POINTS = 10**6

PAPER_SIGMAS = ("D^-1", "D^-1/2", "D^-1/3", "D^-1/5", "1")


@dataclass(frozen=True)
class StudySpec:
    """All that determines the numbers of a study: every combination of its lists is one cell of its table.

    Lists may be given as lists; a record holds tuples, each entry in its one spelling and named once.

    Attributes
    ----------
    ansatz : names of ansätze, the functions of `nearclifford.ansatz`.
    qubits : the numbers of qubits N, each at least 1.
    layers : rules for L: "N", for as many layers as qubits, or a number.
    sigma : rules for the standard deviation of the Gaussian patch around θ = 0, radians: "D^-1/2", with D the number of
        parameters, "sqrt(lnD/D)", or a number.
    encoder : "compact", "paper" or "none"; all of them meet the same random draws, so they compare in pairs.
    observable : name of an observable, one of the functions of `nearclifford.observables` that need no more than N;
        "random_pauli" draws one Pauli string for each circuit.
    draws : number of random draws of a cell, at least 2. Each is a new circuit where the ansatz is random, a new
        observable where that is random, a new encoded (term, parameter), and new displacements.
    seed : the seed of all of it, an integer >= 0.
    title : one line for the reader; it determines no number.
    experiment : what is measured, with the settings that it alone reads. A file names it, ``experiment = "gradient"``
        unless it says otherwise, and holds those settings beside the entries above.

    Raises `NearCliffordError` for an entry that is wrong, or asks for circuits or lists of points too large to make.

    Examples
    --------
    >>> spec = StudySpec(ansatz=["mhea"], qubits=[2, 4], sigma=["D^-0.5"], draws=10, experiment=Gradient(samples=3))
    >>> spec.sigma, spec.layers, spec == eval(repr(spec)), spec == StudySpec.from_mapping(spec.to_mapping())
    (('D^-1/2',), ('N',), True, True)
    """

    ansatz: tuple[str, ...] = setting(each(named(ANSATZE)))
    qubits: tuple[int, ...] = setting(each(at_least(1)))
    layers: tuple[str, ...] = setting(each(layers_rule), ("N",))
    sigma: tuple[str, ...] = setting(each(sigma_rule), PAPER_SIGMAS)
    encoder: tuple[str, ...] = setting(each(named(ENCODERS)), ("compact", "none"))
    observable: str = setting(named(OBSERVABLES), "random_pauli")
    draws: int = setting(at_least(2), 50)
    seed: int = setting(at_least(0, most=2**256), 0)
    title: str = ""
    experiment: Experiment[Any] = field(default_factory=Gradient)

    def __post_init__(self) -> None:
        settle(self)
        if not isinstance(self.title, str):
            raise NearCliffordError(f"title is {self.title!r}; expected a line of text.")
        if not isinstance(self.experiment, Experiment):
            raise NearCliffordError(
                f"experiment is {self.experiment!r}; expected an experiment, such as Gradient(samples=3)."
            )
        for n_qubits in self.qubits:
            if missing := OBSERVABLES[self.observable].missing(n_qubits):
                raise NearCliffordError(f"qubits holds {n_qubits}; {self.observable} needs {missing}.")
        self._check_size()

    def _check_size(self) -> None:
        """Refuse circuits that could not be built, and more points than could be listed."""
        n_qubits = max(self.qubits)
        for ansatz, rule in product(self.ansatz, self.layers):
            if (n_gates := ANSATZE[ansatz].n_gates(n_qubits, n_layers(rule, n_qubits))) > MOST_GATES:
                raise NearCliffordError(
                    f"qubits holds {n_qubits} and layers {rule!r}: {ansatz} has {n_gates} gates then; expected at most "
                    f"{MOST_GATES}."
                )
        blocks = -(-self.draws // self.experiment.draws_per_point)
        lists = [self.ansatz, self.qubits, self.layers, self.sigma, self.encoder]
        n_points = blocks * math.prod(map(len, [*lists, *(axis.values for axis in self.experiment.axes)]))
        if n_points > MOST_POINTS:
            raise NearCliffordError(
                f"draws holds {self.draws}: with the lists of the study these are {n_points} points; expected at most "
                f"{MOST_POINTS}."
            )

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> StudySpec:
        """Return the spec of a table of TOML; `NearCliffordError` for an unknown, missing or wrong entry.

        An entry that the experiment does not read is unknown.
        """
        given = instance(given, Mapping, "the study", '{"ansatz": ["mhea"], "qubits": [2, 4]}')  # type: ignore[type-abstract]
        name = one_of(given.get("experiment", Gradient.name), "experiment", EXPERIMENTS)
        own = {entry.name for entry in fields(EXPERIMENTS[name])}
        common = [entry.name for entry in fields(cls)]
        for key in given:
            if key not in own and key not in common:
                known = ", ".join([*common, *(entry.name for entry in fields(EXPERIMENTS[name]))])
                raise NearCliffordError(f"A study of the experiment {name!r} has no entry {shown(key)}; it knows {known}.")
        for key in ("ansatz", "qubits"):
            if key not in given:
                raise NearCliffordError(f"The study names no {key}; expected a list, as in {_EXAMPLES[key]}.")
        experiment = EXPERIMENTS[name](**{key: value for key, value in given.items() if key in own})
        return cls(**{key: value for key, value in given.items() if key not in own} | {"experiment": experiment})

    @classmethod
    def from_toml(cls, path: str | Path) -> StudySpec:
        """Return the spec in a TOML file; the errors name the file."""
        path = path_of(path, "the study's file")
        try:
            return cls.from_mapping(read_table(path))
        except NearCliffordError as error:
            raise error if str(error).startswith(str(path)) else NearCliffordError(f"{path}: {error}") from error

    def to_mapping(self) -> dict[str, Any]:
        """Return the entries of the file of this study."""
        common = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name != "experiment"}
        return common | {"experiment": self.experiment.name} | asdict(self.experiment)

    def to_json(self) -> str:
        """Return the entries of the file of this study as JSON with sorted keys."""
        return json.dumps(self.to_mapping(), sort_keys=True)


_EXAMPLES = {"ansatz": 'ansatz = ["mhea"]', "qubits": "qubits = [2, 4, 6]"}
