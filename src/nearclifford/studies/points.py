"""Points: the units of work of a study, each with an identity and random streams that follow from it alone."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from nearclifford.studies.unit import Unit, hash_of

# Raise it when the same point would give other numbers than before; stored points of another format are not reused.
FORMAT = 3
# Raise it when a draw should draw another problem, or other angles, than before.
STREAMS = 2


@dataclass(frozen=True)
class Point(Unit):
    """Some draws of one cell of a study; all that determines their numbers. Experiments add attributes of their own.

    Attributes
    ----------
    experiment : name of the experiment.
    revision : raised when the points of one experiment alone would give other numbers than before; earlier ones stay in
        their file and are not reused.
    ansatz, n_qubits, n_layers : the family and size of the circuits.
    sigma : rule for σ.
    encoder : "compact", "paper" or "none".
    observable : its name.
    seed : seed of the study.
    first_draw, n_draws : the draws ``first_draw ... first_draw + n_draws - 1``.
    """

    experiment: ClassVar[str]
    revision: ClassVar[int] = 0

    ansatz: str
    n_qubits: int
    n_layers: int
    sigma: str
    encoder: str
    observable: str
    seed: int
    first_draw: int
    n_draws: int

    @property
    @abstractmethod
    def predicted_seconds(self) -> float:
        """Rough cost on one core; the progress bar counts in it."""

    @property
    def draws(self) -> range:
        """The indices of the draws."""
        return range(self.first_draw, self.first_draw + self.n_draws)

    @property
    def identity(self) -> str:
        """SHA-256 over the sorted JSON of every attribute, the format, and the revision if there was one."""
        revision = {"revision": self.revision} if self.revision else {}
        return hash_of(self.record() | {"experiment": self.experiment, "format": FORMAT} | revision)

    def record(self) -> dict[str, Any]:
        """Return every attribute by its name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def problem_stream(self, draw: int) -> np.random.Generator:
        """Return the generator of one draw's circuit, observable, term and parameter.

        It depends on neither the encoder nor σ nor the experiment: all of these meet the same problems.
        """
        names = ("ansatz", "n_qubits", "n_layers", "observable", "seed")
        return _stream({name: getattr(self, name) for name in names} | {"stream": "problem", "format": STREAMS}, draw)

    def theta_stream(self, draw: int) -> np.random.Generator:
        """Return the generator of one draw's displacements, the same for every encoder."""
        names = ("ansatz", "n_qubits", "n_layers", "observable", "seed", "sigma")
        return _stream({name: getattr(self, name) for name in names} | {"stream": "theta", "format": STREAMS}, draw)


def _stream(record: dict[str, object], draw: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(int(hash_of(record), 16), spawn_key=(draw,)))
