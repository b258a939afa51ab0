"""Update rules: pure functions from a gradient, and a frozen state, to a displacement and the next state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nearclifford.arguments import positive, shown
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator
from nearclifford.training.runs import matrix_of

# Of a rule: arrays whose first axis is that of the runs.
State = tuple[Floats, ...]


class Position(NamedTuple):
    """What a rule sees of R runs.

    Attributes
    ----------
    gradient : ∂L/∂θ, float64, shape ``(R, D)``.
    matrix : of the method that the rule ``needs``, shape ``(R, D, D)``; None if it needs none.
    rng : for rules that draw.
    """

    gradient: Floats
    matrix: Floats | None
    rng: np.random.Generator


@dataclass(frozen=True)
class UpdateRule(ABC):
    """A rule that turns a gradient into a step; all of its memory is the state that it returns.

    A subclass is a frozen dataclass: its attributes are its settings. Rules see many runs at once and treat each by itself.

    Attributes
    ----------
    learning_rate : η, positive.
    asks : what every step asks for besides the loss.

    Examples
    --------
    >>> rule = GradientDescent(0.1)
    >>> rule.step((), Position(np.array([[1.0, -2.0]]), None, np.random.default_rng()))
    (array([[-0.1,  0.2]]), ())
    """

    learning_rate: float = 0.01

    asks: ClassVar[str] = "gradient"

    def __post_init__(self) -> None:
        positive(self.learning_rate, "learning_rate", 0.01)

    def needs(self, n_parameters: int) -> str:
        """Return the method of the evaluator whose matrix the rule wants besides the gradient; "" for none."""
        del n_parameters
        return ""

    def matrix(self, evaluator: Evaluator, theta: Floats) -> Floats:
        """Return the matrix that the rule ``needs`` at ``theta``, shape ``(A, D)`` to ``(A, D, D)``."""
        return matrix_of(self.needs(evaluator.n_parameters), evaluator, theta)

    def start(self, shape: tuple[int, int]) -> State:
        """Return the state before the first step of runs of shape ``(R, D)``; none unless a subclass has one."""
        del shape
        return ()

    @abstractmethod
    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return what is added to θ, shape ``(R, D)``, and the next state."""

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the rule and its settings."""
        return {"rule": type(self).__name__} | {entry.name: getattr(self, entry.name) for entry in fields(self)}


@dataclass(frozen=True)
class GradientDescent(UpdateRule):
    """θ ← θ - η ∇L.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> nc.train(land, [0.5, 0.0], nc.GradientDescent(0.5), steps=20).losses[-1].round(3)
    np.float64(-1.0)
    """

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η ∇L; there is no state."""
        return -self.learning_rate * at.gradient, state


@dataclass(frozen=True)
class Momentum(UpdateRule):
    """v ← μ v + ∇L, θ ← θ - η v (Polyak, USSR Comput. Math. Math. Phys. 4, 1 (1964)).

    ``momentum`` is μ, at least 0 and below 1.

    >>> Momentum(0.1, momentum=1.0)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: momentum is 1.0; expected a number of at least 0 and below 1, such as 0.9.
    """

    momentum: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        decay(self.momentum, "momentum", 0.9)

    def start(self, shape: tuple[int, int]) -> State:
        """Return the velocity, zero."""
        return (np.zeros(shape),)

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η v."""
        velocity = self.momentum * state[0] + at.gradient
        return -self.learning_rate * velocity, (velocity,)


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v ← μ v + ∇L, θ ← θ - η (∇L + μ v): momentum that looks ahead (Sutskever et al., ICML 2013).

    >>> Nesterov(0.1).momentum
    0.9
    """

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η (∇L + μ v)."""
        velocity = self.momentum * state[0] + at.gradient
        return -self.learning_rate * (at.gradient + self.momentum * velocity), (velocity,)


@dataclass(frozen=True)
class SignSGD(UpdateRule):
    """θ ← θ - η sign(∇L), each component by itself (Bernstein et al., arXiv:1802.04434).

    >>> SignSGD(0.1).step((), Position(np.array([[3.0, -2.0, 0.0]]), None, np.random.default_rng()))[0].tolist()
    [[-0.1, 0.1, -0.0]]
    """

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η sign(∇L); there is no state."""
        return -self.learning_rate * np.sign(at.gradient), state


@dataclass(frozen=True)
class RandomWalk(UpdateRule):
    """θ ← θ + η u, u a random direction of length 1: what steps of a given length do without a gradient.

    Attributes
    ----------
    learning_rate : η, the length of a step, radians.

    >>> walk = RandomWalk(0.1).step((), Position(np.zeros((2, 5)), None, np.random.default_rng(1)))[0]
    >>> np.linalg.norm(walk, axis=1)
    array([0.1, 0.1])
    """

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return η u; there is no state."""
        direction = at.rng.standard_normal(at.gradient.shape)
        return self.learning_rate * direction / np.linalg.norm(direction, axis=1, keepdims=True), state


def decay(value: object, name: str, example: float) -> float:
    """Return a number of at least 0 and below 1; `NearCliffordError` names any other value.

    >>> decay(0, "momentum", 0.9)
    0.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value < 1:
        raise NearCliffordError(f"{name} is {shown(value)}; expected a number of at least 0 and below 1, such as {example}.")
    return float(value)
