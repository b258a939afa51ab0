"""What it takes to go on with a run."""

from __future__ import annotations

from dataclasses import dataclass

from nearclifford.arrays import Floats
from nearclifford.training.rules import State


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What runs need to go on as if they had never stopped.

    Attributes
    ----------
    gradient : ∂L/∂θ at the last theta, shape ``(..., D)``.
    state : the optimizer's.
    identity : SHA-256 of the problems that are trained.
    streams : the states of the random generators, as JSON: that of the rule, and one for each evaluator with shots.
    """

    gradient: Floats
    state: State
    identity: str
    streams: tuple[str, ...]
