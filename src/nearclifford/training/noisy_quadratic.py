"""What the noise of gradients does to training near a minimum: expected losses of a quadratic patch, step by step.

Near a minimum L = L* + xᵀ H x / 2, and shots add to ∂L/∂θ_k a number of mean zero and variance s_k². Mean and covariance of
x then have a recursion for each rule (docs/theory.md, "Training under shot noise"): exact for rules that are linear in the
gradient, with x taken for normal where the sign of a gradient is, and v̂ for its mean in Adam.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.training.adaptive import Adam
from nearclifford.training.rules import GradientDescent, SignSGD, UpdateRule

Moments = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class NoisyQuadratic:
    """A quadratic patch around a minimum, whose gradients are measured with noise.

    Attributes
    ----------
    hessian : H, float64, shape ``(D, D)``, symmetric.
    noise : s², the variances of the components of a measured gradient, float64, shape ``(D,)``.

    Examples
    --------
    >>> patch = NoisyQuadratic(np.diag([1.0, 2.0]), np.full(2, 0.01))
    >>> float(patch.expected_losses(GradientDescent(0.1), np.zeros(2), 500)[-1].round(6))  # η/2 Σ s² / (2 - η h)
    0.000541
    >>> float(patch.stationary_loss(GradientDescent(0.1)).round(6))  # for small steps
    0.0005
    """

    hessian: Floats
    noise: Floats

    def expected_losses(self, rule: UpdateRule, displacement: Floats, steps: int) -> Floats:
        """Return E[L] - L* after every step from a displacement x of shape ``(D,)``: shape ``(steps + 1,)``.

        Raises `NearCliffordError` for a rule other than `GradientDescent`, `SignSGD` and `Adam`.
        """
        course = self._course(rule, np.array(displacement, dtype=np.float64))
        found = np.empty(steps + 1)
        for step in range(steps + 1):
            mean, covariance = next(course)
            found[step] = (mean @ self.hessian @ mean + np.sum(self.hessian * covariance)) / 2
        return found

    def stationary_loss(self, rule: UpdateRule) -> np.float64:
        """Return E[L] - L* that small steps end at: η tr S / 4, η √(π/2) tr √S / 4 with signs, η tr √S / 4 with Adam.

        S = diag(s²), and H has full rank; along flat directions noise costs no loss, and these are upper bounds.
        """
        if type(rule) is GradientDescent:
            return np.float64(rule.learning_rate * self.noise.sum() / 4)
        factor = np.sqrt(np.pi / 2) if self._kind(rule) is SignSGD else 1.0
        return np.float64(factor * rule.learning_rate * np.sqrt(self.noise).sum() / 4)

    def _kind(self, rule: UpdateRule) -> type[UpdateRule]:
        if type(rule) not in (GradientDescent, SignSGD, Adam):
            raise NearCliffordError(f"rule is {rule!r}; expected a GradientDescent, a SignSGD or an Adam.")
        return type(rule)

    def _course(self, rule: UpdateRule, mean: Floats) -> Iterator[Moments]:
        kind = self._kind(rule)
        if kind is SignSGD:
            return self._signs(rule.learning_rate, mean)
        return self._adam(rule, mean) if isinstance(rule, Adam) else self._descent(rule.learning_rate, mean)

    def _descent(self, rate: float, mean: Floats) -> Iterator[Moments]:
        """Yield moments of x ← (1 - η H) x - η ξ."""
        shrink = np.eye(len(mean)) - rate * self.hessian
        covariance = np.zeros_like(shrink)
        while True:
            yield mean, covariance
            mean, covariance = shrink @ mean, shrink @ covariance @ shrink.T + rate**2 * np.diag(self.noise)

    def _signs(self, rate: float, mean: Floats) -> Iterator[Moments]:
        """Yield moments of x ← x - η sign(y), y = H x + ξ; x is taken for normal, so that y is.

        Then E[sign y] = erf(m / √2 d), d² = Var y, and by Stein's lemma Cov(x, sign y) = Cov(x, y) b with
        b = √(2/π) exp(-m² / 2 d²) / d; signs of two components covary as b y, to first order in their correlation.
        """
        covariance = np.zeros_like(self.hessian)
        while True:
            yield mean, covariance
            with_gradient = covariance @ self.hessian
            spread = self.hessian @ with_gradient + np.diag(self.noise)
            deviation, slope = np.sqrt(np.maximum(np.diag(spread), 1e-300)), self.hessian @ mean
            ratio = slope / deviation
            sign, gain = erf(ratio / np.sqrt(2)), np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) / deviation
            signs = gain[:, None] * spread * gain
            np.fill_diagonal(signs, 1 - sign**2)
            drift = with_gradient * gain
            mean, covariance = mean - rate * sign, covariance - rate * (drift + drift.T) + rate**2 * signs

    def _adam(self, rule: Adam, mean: Floats) -> Iterator[Moments]:
        """Yield moments of x along Adam's steps; (x, m) is linear in the gradient once v̂ is its mean."""
        size, one = len(mean), np.eye(len(mean))
        state, covariance = np.concatenate([mean, np.zeros(size)]), np.zeros((2 * size, 2 * size))
        second, step, keep = np.zeros(size), 0, rule.beta1
        while True:
            yield state[:size], covariance[:size, :size]
            step += 1
            slope = self.hessian @ state[:size]
            square = slope**2 + np.diag(self.hessian @ covariance[:size, :size] @ self.hessian) + self.noise
            second = rule.beta2 * second + (1 - rule.beta2) * square
            scale = np.sqrt(second / (1 - rule.beta2**step)) + rule.epsilon
            rates = rule.learning_rate / (1 - keep**step) / scale
            rows = np.block([[(1 - keep) * self.hessian, keep * one]])  # m of (x, m), but for the noise
            change = np.block([[one, np.zeros_like(one)]]) - rates[:, None] * rows
            push = np.concatenate([-np.diag(rates), one]) * (1 - keep)
            matrix = np.concatenate([change, rows])
            state = matrix @ state
            covariance = matrix @ covariance @ matrix.T + push * self.noise @ push.T
