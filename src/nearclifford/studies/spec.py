"""What a study asks for: one frozen record, read from TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.studies.catalogue import ANSATZE, ENCODERS, OBSERVABLES
from nearclifford.studies.rules import layers_rule, sigma_rule

BACKENDS = ("auto", "statevector", "stabilizer")

# From here on the chains are cheaper than the statevectors that give the same error of the mean over draws.
EXACT_QUBITS = 14

PAPER_SIGMAS = ("D^-1", "D^-1/2", "D^-1/3", "D^-1/5", "1")


@dataclass(frozen=True)
class StudySpec:
    """All that determines the numbers of a study: every combination of the five lists is one cell of its table.

    Attributes
    ----------
    ansatz : names of `ANSATZE`: "mhea", "fhea", "random_pqc".
    qubits : the numbers of qubits N.
    layers : rules for L: "N" or a number.
    sigma : rules for the standard deviation of the Gaussian patch around θ = 0, radians: "D^-1/2" or a number.
    encoder : "compact", "paper" or "none"; all of them meet the same random draws, so they compare in pairs.
    observable : a name of `OBSERVABLES`; "random_pauli" draws one Pauli string for each circuit.
    draws : number of random draws of a cell, at least 2. Each is a new circuit where the ansatz is random, a new
        observable where that is random, a new encoded (term, parameter), and new displacements.
    samples : number of thetas for each draw, where gradients are exact.
    backend : "statevector" for exact gradients at sampled thetas, "stabilizer" for random Clifford circuits, or "auto":
        exact gradients up to `EXACT_QUBITS`, the stabilizer beyond.
    components : with the stabilizer, how many components of the gradient are drawn for each draw, besides those that are
        not zero at the centre and the encoded one; their sum estimates the squared norm without bias.
    chains : with the stabilizer, samples for each of these components.
    seed : the seed of all of it, an integer >= 0.
    title : one line for the reader; it determines no number.
    fits : whether the report compares a power law and a stretched exponential for each curve; it determines no number.

    Examples
    --------
    >>> spec = StudySpec(ansatz=["mhea"], qubits=[2, 4], sigma=["D^-0.5"], draws=10)
    >>> spec.sigma, spec.layers, spec == eval(repr(spec))
    (('D^-1/2',), ('N',), True)
    """

    ansatz: tuple[str, ...]
    qubits: tuple[int, ...]
    layers: tuple[str, ...] = ("N",)
    sigma: tuple[str, ...] = PAPER_SIGMAS
    encoder: tuple[str, ...] = ("compact", "none")
    observable: str = "random_pauli"
    draws: int = 50
    samples: int = 1
    backend: str = "auto"
    components: int = 256
    chains: int = 512
    seed: int = 0
    title: str = ""
    fits: bool = False

    def __post_init__(self) -> None:
        self._settle("ansatz", lambda name: _one_of("ansatz", name, ANSATZE))
        self._settle("qubits", lambda number: _integer("qubits", number, 1))
        self._settle("layers", layers_rule)
        self._settle("sigma", sigma_rule)
        self._settle("encoder", lambda name: _one_of("encoder", name, ENCODERS))
        _one_of("observable", self.observable, OBSERVABLES)
        _integer("draws", self.draws, 2)
        _integer("samples", self.samples, 1)
        _one_of("backend", self.backend, BACKENDS)
        _integer("components", self.components, 2)
        _integer("chains", self.chains, 2)
        _integer("seed", self.seed, 0)
        if not isinstance(self.fits, bool):
            raise NearCliffordError(f"fits is {self.fits!r}; expected true or false.")
        if not isinstance(self.title, str):
            raise NearCliffordError(f"title is {self.title!r}; expected a line of text.")
        least = 2 if self.observable in ("heisenberg", "biased_heisenberg", "ising") else 1
        if min(self.qubits) < least:
            raise NearCliffordError(f"qubits holds {min(self.qubits)}; {self.observable} needs at least {least}.")

    def _settle(self, name: str, canonical: Callable[[Any], Any]) -> None:
        """Replace a list by the tuple of its entries, each in its one spelling and named once."""
        given = getattr(self, name)
        if not isinstance(given, list | tuple) or not given:
            raise NearCliffordError(f"{name} is {given!r}; expected a list of at least one entry.")
        object.__setattr__(self, name, tuple(dict.fromkeys(canonical(entry) for entry in given)))

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> StudySpec:
        """Return the spec of a table of TOML; `NearCliffordError` for an unknown, missing or wrong entry."""
        known = [field.name for field in fields(cls)]
        for key in given:
            if key not in known:
                raise NearCliffordError(f"A study has no entry {key!r}; it knows {', '.join(known)}.")
        for key in ("ansatz", "qubits"):
            if key not in given:
                raise NearCliffordError(f"The study names no {key}; expected a list, as in {_EXAMPLES[key]}.")
        return cls(**given)

    @classmethod
    def from_toml(cls, path: str | Path) -> StudySpec:
        """Return the spec in a TOML file; the errors name the file."""
        try:
            return cls.from_mapping(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise NearCliffordError(f"{path}: {error.strerror}; expected the TOML file of a study.") from error
        except (NearCliffordError, ValueError) as error:
            raise NearCliffordError(f"{path}: {error}") from error

    def to_json(self) -> str:
        """Return the spec as JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


_EXAMPLES = {"ansatz": 'ansatz = ["mhea"]', "qubits": "qubits = [2, 4, 6]"}


def _one_of(name: str, given: object, known: Collection[str]) -> str:
    if not isinstance(given, str) or given not in known:
        raise NearCliffordError(f"{name} names {given!r}; expected one of {', '.join(known)}.")
    return given


def _integer(name: str, given: object, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise NearCliffordError(f"{name} holds {given!r}; expected an integer of at least {least}.")
    return given
