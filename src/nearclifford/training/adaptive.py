"""Update rules that scale each component by the size that its gradients had: RMSprop, Adam, AMSGrad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import positive
from nearclifford.arrays import Floats
from nearclifford.training.rules import Position, State, UpdateRule, decay


@dataclass(frozen=True)
class RMSprop(UpdateRule):
    """v ← ρ v + (1 - ρ) (∇L)², θ ← θ - η ∇L / (√v + ε) (Tieleman and Hinton, lecture 6e of 2012).

    ``decay`` is ρ, at least 0 and below 1; ``epsilon`` is ε, positive.

    >>> RMSprop(0.1).decay
    0.9
    """

    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        decay(self.decay, "decay", 0.9)
        positive(self.epsilon, "epsilon", 1e-8)

    def start(self, shape: tuple[int, int]) -> State:
        """Return the mean square, zero."""
        return (np.zeros(shape),)

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η ∇L / (√v + ε)."""
        square = self.decay * state[0] + (1 - self.decay) * at.gradient**2
        return -self.learning_rate * at.gradient / (np.sqrt(square) + self.epsilon), (square,)


@dataclass(frozen=True)
class Adam(UpdateRule):
    """m ← β₁ m + (1 - β₁) ∇L, v ← β₂ v + (1 - β₂) (∇L)², θ ← θ - η m̂ / (√v̂ + ε) (Kingma and Ba, arXiv:1412.6980).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) after t steps.

    Attributes
    ----------
    beta1, beta2 : β₁ and β₂, at least 0 and below 1.
    epsilon : ε, positive.

    >>> first, _ = Adam(0.1).step(Adam().start((1, 2)), Position(np.array([[3.0, -1e-3]]), None, np.random.default_rng()))
    >>> first.round(5).tolist()  # the first step has the size of η in every component
    [[-0.1, 0.1]]
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        decay(self.beta1, "beta1", 0.9)
        decay(self.beta2, "beta2", 0.999)
        positive(self.epsilon, "epsilon", 1e-8)

    def start(self, shape: tuple[int, int]) -> State:
        """Return the number of steps of each run, and both moments: all zero."""
        return np.zeros((shape[0], 1)), np.zeros(shape), np.zeros(shape)

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η m̂ / (√v̂ + ε)."""
        count, first, second = self._moments(state, at.gradient)
        scale = np.sqrt(second / (1 - self.beta2**count)) + self.epsilon
        return -self.learning_rate * (first / (1 - self.beta1**count)) / scale, (count, first, second)

    def _moments(self, state: State, gradient: Floats) -> tuple[Floats, Floats, Floats]:
        count, first, second = state[:3]
        mean = self.beta1 * first + (1 - self.beta1) * gradient
        return count + 1, mean, self.beta2 * second + (1 - self.beta2) * gradient**2


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam whose v̂ never falls: θ ← θ - η m̂ / (√max v̂ + ε) (Reddi, Kale and Kumar, arXiv:1904.09237).

    >>> len(AMSGrad().start((1, 2)))
    4
    """

    def start(self, shape: tuple[int, int]) -> State:
        """Return what Adam starts with, and the largest v̂."""
        return *super().start(shape), np.zeros(shape)

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η m̂ / (√max v̂ + ε)."""
        count, first, second = self._moments(state, at.gradient)
        largest = np.maximum(state[3], second / (1 - self.beta2**count))
        scale = np.sqrt(largest) + self.epsilon
        return -self.learning_rate * (first / (1 - self.beta1**count)) / scale, (count, first, second, largest)
