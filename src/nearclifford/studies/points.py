"""Points: the units of work of a study, each with an identity and random streams that follow from it alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from nearclifford.studies.catalogue import ANSATZE
from nearclifford.studies.rules import n_layers
from nearclifford.studies.spec import EXACT_QUBITS, StudySpec

# Raise it when the same point would give other numbers than before; stored points of another format are not reused.
FORMAT = 2

DRAWS_PER_POINT = 25


@dataclass(frozen=True)
class Point:
    """Some draws of one cell of a study; all that determines their numbers.

    Attributes
    ----------
    ansatz, n_qubits, n_layers : the family and size of the circuits.
    sigma : rule for σ.
    encoder : "compact", "paper" or "none".
    observable : its name.
    backend : "statevector" or "stabilizer".
    samples : thetas for each draw, or samples of each chain.
    components : gradient components drawn for each draw with the stabilizer; 0 with the statevector: all of them.
    seed : seed of the study.
    first_draw, n_draws : the draws ``first_draw ... first_draw + n_draws - 1``.

    Examples
    --------
    >>> how = dict(backend="statevector", samples=1, components=0, seed=7, first_draw=0, n_draws=25)
    >>> point = Point("mhea", 4, 4, "D^-1/2", "compact", "random_pauli", **how)
    >>> point.identity
    '1ae3487deb4a03a9d1598d7d547c5c04f9f1364470e1ae0dbc6b41c050dc7842'
    """

    ansatz: str
    n_qubits: int
    n_layers: int
    sigma: str
    encoder: str
    observable: str
    backend: str
    samples: int
    components: int
    seed: int
    first_draw: int
    n_draws: int

    @property
    def identity(self) -> str:
        """SHA-256 over the sorted JSON of every attribute and the format."""
        return _hash(asdict(self) | {"format": FORMAT})

    def problem_stream(self, draw: int) -> np.random.Generator:
        """Return the generator of one draw's circuit, observable, term and parameter.

        It depends on neither the encoder nor σ: all of these meet the same problems.
        """
        names = ("ansatz", "n_qubits", "n_layers", "observable", "seed")
        return _stream({name: getattr(self, name) for name in names} | {"stream": "problem", "format": FORMAT}, draw)

    def theta_stream(self, draw: int) -> np.random.Generator:
        """Return the generator of one draw's displacements, the same for every encoder."""
        names = ("ansatz", "n_qubits", "n_layers", "observable", "seed", "sigma")
        return _stream({name: getattr(self, name) for name in names} | {"stream": "theta", "format": FORMAT}, draw)

    @property
    def predicted_seconds(self) -> float:
        """Rough cost on one core: building and compiling go by gates, gradients by rotations times 2^N."""
        family = ANSATZE[self.ansatz]
        builds = 2 if self.encoder != "none" else 1
        compiling = builds * (4e-3 + 4e-5 * family.n_gates(self.n_qubits, self.n_layers))
        if self.backend == "stabilizer":
            chains = self.components * (1 + self.samples / 512) * family.n_gates(self.n_qubits, self.n_layers) * 2e-9
            return self.n_draws * (compiling + chains)
        sweeping = self.samples * family.n_parameters(self.n_qubits, self.n_layers) * 2.0**self.n_qubits * 1.2e-9
        return self.n_draws * (compiling + sweeping)


def points_of(spec: StudySpec) -> Iterator[Point]:
    """Yield the points of a study, small circuits first.

    Draws come in blocks of 25, so that a study that is stopped loses little and one with more draws later keeps the
    blocks that it has.

    >>> spec = StudySpec(["mhea"], [4, 2], sigma=["1"], encoder=["none"], draws=30)
    >>> [(point.n_qubits, point.first_draw, point.n_draws) for point in points_of(spec)]
    [(2, 0, 25), (2, 25, 5), (4, 0, 25), (4, 25, 5)]
    """
    seen = set()
    for n_qubits in sorted(spec.qubits):
        for ansatz, rule, sigma, encoder in cells_of(spec):
            for point in points_of_cell(spec, ansatz, rule, n_qubits, sigma, encoder):
                if point not in seen:  # L = N and L = 4 are the same points at N = 4
                    seen.add(point)
                    yield point


def cells_of(spec: StudySpec) -> Iterator[tuple[str, str, str, str]]:
    """Yield (ansatz, layers rule, sigma rule, encoder): a curve over N each."""
    for ansatz in spec.ansatz:
        for rule in spec.layers:
            for encoder in spec.encoder:
                for sigma in spec.sigma:
                    yield ansatz, rule, sigma, encoder


def points_of_cell(spec: StudySpec, ansatz: str, rule: str, n_qubits: int, sigma: str, encoder: str) -> Iterator[Point]:
    """Yield the blocks of draws of one cell at one N."""
    exact = spec.backend == "statevector" or (spec.backend == "auto" and n_qubits <= EXACT_QUBITS)
    for first in range(0, spec.draws, DRAWS_PER_POINT):
        yield Point(
            ansatz=ansatz,
            n_qubits=n_qubits,
            n_layers=n_layers(rule, n_qubits),
            sigma=sigma,
            encoder=encoder,
            observable=spec.observable,
            backend="statevector" if exact else "stabilizer",
            samples=spec.samples if exact else spec.chains,
            components=0 if exact else spec.components,
            seed=spec.seed,
            first_draw=first,
            n_draws=min(DRAWS_PER_POINT, spec.draws - first),
        )


def bundles_of(points: Iterable[Point]) -> list[list[Point]]:
    """Return the points in groups that differ in σ alone, in the order of their first.

    >>> spec = StudySpec(["mhea"], [2, 4], sigma=["1", "D^-1"], encoder=["none"], draws=5)
    >>> [[point.sigma for point in bundle] for bundle in bundles_of(points_of(spec))]
    [['1', 'D^-1'], ['1', 'D^-1']]
    """
    bundles: dict[Point, list[Point]] = {}
    for point in points:
        bundles.setdefault(replace(point, sigma="1"), []).append(point)
    return list(bundles.values())


def _hash(record: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _stream(record: dict[str, object], draw: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(int(_hash(record), 16), spawn_key=(draw,)))
