"""Update rules that know a matrix at every point: natural gradient, Newton's method, and that of Gauss and Newton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arguments import finite, one_of, positive
from nearclifford.arrays import Floats
from nearclifford.evaluator import Evaluator
from nearclifford.training.rules import Position, State, UpdateRule

# A metric of D parameters takes D² / 4 values, and as many numbers.
WHOLE = 100


@dataclass(frozen=True)
class NaturalGradient(UpdateRule):
    """θ ← θ - η (g + λ 1)⁻¹ ∇L with the Fubini-Study metric g (Stokes et al., Quantum 4, 269 (2020)).

    The evaluator must have the methods `Landscape.metric` and `Landscape.metric_blocks`, or the one that is asked.

    Attributes
    ----------
    regularization : λ of Tikhonov, positive: g is singular where parameters do not move the state.
    metric : "whole", "blocks" within layers of rotations that commute, or "auto": the whole up to `WHOLE` parameters.

    >>> rule, metric = NaturalGradient(0.1, regularization=1e-12), np.diag([0.25, 0.0])[None]
    >>> rule.step((), Position(np.array([[1.0, 0.0]]), metric, np.random.default_rng()))[0].round(6).tolist()
    [[-0.4, -0.0]]
    """

    regularization: float = 1e-3
    metric: str = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.regularization, "regularization", 1e-3)
        one_of(self.metric, "metric", ("auto", "whole", "blocks"))

    def needs(self, n_parameters: int) -> str:
        """Return "metric" or "metric_blocks"."""
        whole = self.metric == "whole" or (self.metric == "auto" and n_parameters <= WHOLE)
        return "metric" if whole else "metric_blocks"

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η (g + λ 1)⁻¹ ∇L; there is no state."""
        assert at.matrix is not None
        matrix = at.matrix + self.regularization * np.eye(at.gradient.shape[1])
        solved = np.asarray(np.linalg.solve(matrix, at.gradient[..., None])[..., 0], dtype=np.float64)
        return -self.learning_rate * solved, state


@dataclass(frozen=True)
class Newton(UpdateRule):
    """θ ← θ - η (|H| + λ 1)⁻¹ ∇L with the Hessian H, its eigenvalues taken by size (Dauphin et al., arXiv:1406.2572).

    Newton's method walks to saddles and maxima too; with |H| every step goes down. The evaluator must have a method
    ``hessian``, as landscapes and surrogates have.

    Attributes
    ----------
    learning_rate : η; 1 is Newton's own step.
    regularization : λ, positive: the loss is flat along some directions, and a step divides by its curvature.

    >>> rule, hessian = Newton(regularization=1e-12), np.diag([2.0, -4.0])[None]
    >>> rule.step((), Position(np.array([[1.0, 1.0]]), hessian, np.random.default_rng()))[0].round(6).tolist()
    [[-0.5, -0.25]]
    """

    learning_rate: float = 1.0
    regularization: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.regularization, "regularization", 0.1)

    def needs(self, n_parameters: int) -> str:
        """Return "hessian"."""
        del n_parameters
        return "hessian"

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η (|H| + λ 1)⁻¹ ∇L; there is no state."""
        assert at.matrix is not None
        size, vectors = np.linalg.eigh(at.matrix)
        along = np.swapaxes(vectors, -1, -2) @ at.gradient[..., None]
        return -self.learning_rate * (vectors @ (along / (np.abs(size) + self.regularization)[..., None]))[..., 0], state


@dataclass(frozen=True)
class GaussNewton(UpdateRule):
    """θ ← θ - η (2 JᵀJ + λ 1)⁻¹ ∇L, J the Jacobian of the residual √(H - E) ψ(θ), whose square is L - E.

    JᵀJ is positive semidefinite, unlike the Hessian, and what it leaves out of that vanishes where the residual does: at a
    ground state, if E is its energy (docs/theory.md, "Gauss and Newton"). The evaluator must have the method
    `Landscape.gauss_newton`.

    Attributes
    ----------
    learning_rate : η; 1 is the step of Gauss and Newton.
    regularization : λ of Levenberg and Marquardt, positive: JᵀJ is singular where parameters do not move the state.
    bound : E, at most the ground energy, the closer the better; None for what the coefficients allow.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))                            # cos a
    >>> nc.train(land, [1.0, 0.0], nc.GaussNewton(regularization=1e-6), steps=5).losses.round(4).tolist()
    [0.5403, -0.0514, -0.9285, -1.0, -1.0, -1.0]
    """

    learning_rate: float = 1.0
    regularization: float = 0.1
    bound: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.regularization, "regularization", 0.1)
        if self.bound is not None:
            finite(self.bound, "bound", -1.0)

    def needs(self, n_parameters: int) -> str:
        """Return "gauss_newton"."""
        del n_parameters
        return "gauss_newton"

    def matrix(self, evaluator: Evaluator, theta: Floats) -> Floats:
        """Return JᵀJ."""
        return np.asarray(evaluator.gauss_newton(theta, self.bound))  # type: ignore[attr-defined]

    def step(self, state: State, at: Position) -> tuple[Floats, State]:
        """Return -η (2 JᵀJ + λ 1)⁻¹ ∇L; there is no state."""
        assert at.matrix is not None
        matrix = 2 * at.matrix + self.regularization * np.eye(at.gradient.shape[1])
        solved = np.asarray(np.linalg.solve(matrix, at.gradient[..., None])[..., 0], dtype=np.float64)
        return -self.learning_rate * solved, state
