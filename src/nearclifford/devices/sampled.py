"""Shots without circuits: exact chances of every term, and binomial draws from them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import pi

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, generator, instance, integer, thetas
from nearclifford.arrays import Floats
from nearclifford.evaluator import Measured
from nearclifford.exact.cpu import CpuSweeps
from nearclifford.landscape import Landscape

# Shifted points that are evaluated at once.
ROWS = 1024
# More shots than this, and binomial draws leave the integers that floats hold.
MOST_SHOTS = 2**40


class ShotSampler:
    """Values and gradients as a device without noise would measure them, an `Evaluator`: each term with its own shots.

    A term of the observable is a Pauli string; its shots are independent, and each is 1 with the exact chance (1 + ⟨P⟩) / 2.
    Derivatives follow from shifts of every rotation by ±π/2, measured likewise. Of an observable that is one string these
    are the numbers of `Aer`, in law; of others `Aer` measures terms that commute together, with fewer circuits.

    Parameters
    ----------
    land : the landscape.
    shots : of each circuit and term, at least 2, so that they tell their own noise.
    rng : the generator of the shots.

    Raises `NearCliffordError` for shots below 2, and `ResourceError`, once it is used, where a state does not fit.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> measured = nc.ShotSampler(land, shots=10**4, rng=1)
    >>> bool(np.abs(measured.gradient([0.3] * 8) - land.gradient([0.3] * 8)).max() < 0.05)
    True
    """

    def __init__(self, land: Landscape, shots: int, *, rng: Seed = None) -> None:
        self.land = instance(land, Landscape, "land", "Landscape(circuit, observable)")
        self.shots, self._rng = integer(shots, "shots", 2, most=MOST_SHOTS), generator(rng)

    def __repr__(self) -> str:
        return f"ShotSampler({self.land!r}, shots={self.shots})"

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.land.n_parameters

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the shots."""
        return self._rng

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(...)``."""
        points = thetas(theta, self.n_parameters)
        exact = [term.value(points.reshape(-1, self.n_parameters)) for term in self._terms]
        return self._drawn(np.array(exact))[0].reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(..., D)``."""
        return self.measure(theta).gradient

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ), measured independently: shapes ``(...)`` and ``(..., D)``."""
        found = self.measure(theta)
        return found.value[()], found.gradient

    def measure(self, theta: npt.ArrayLike) -> Measured:
        """Return the same with the variances that shots give them."""
        points = thetas(theta, self.n_parameters)
        angle = self.land.problem.angle_map.angles(points.reshape(-1, self.n_parameters))
        exact = [self._shifted(term, one) for term in self._terms for one in angle]
        values = np.array(exact).reshape(len(self._terms), len(angle), -1)
        value, variance = self._drawn(values)
        size, matrix = angle.shape[1], self.land.problem.angle_map.matrix
        forward, back = slice(1, 1 + size), slice(1 + size, None)
        by_angle = (value[:, forward] - value[:, back]) / 2
        spread = (variance[:, forward] + variance[:, back]) / 4
        return Measured(
            value[:, 0].reshape(points.shape[:-1]),
            (matrix.T @ by_angle.T).T.reshape(points.shape),
            variance[:, 0].reshape(points.shape[:-1]),
            (matrix.power(2).T @ spread.T).T.reshape(points.shape),
            self.shots * values.size,
        )

    @cached_property
    def _terms(self) -> tuple[CpuSweeps, ...]:
        """The terms, each with coefficient 1."""
        problem = self.land.problem
        problem.require_noiseless("A ShotSampler", "Aer(noise_model=model, shots=...) measures with noise.")
        one = np.ones(1)
        rows = range(len(problem.coefficients))
        return tuple(CpuSweeps(replace(problem.take([row]), coefficients=one)) for row in rows)

    def _shifted(self, term: CpuSweeps, angle: Floats) -> Floats:
        """Return exact values at one point and at its shifts forwards, then back, shape ``(1 + 2 n,)``.

        By an angle φ the value is a + b cos φ + c sin φ, so that the two shifts differ by twice the derivative.
        """
        value, slope = (part[0] for part in term.angle_gradients(angle[None]))
        forward = np.empty(len(angle))
        for start in range(0, len(angle), ROWS):
            shifts = pi / 2 * np.eye(len(angle))[start : start + ROWS]
            forward[start : start + ROWS] = term.angle_values(angle + shifts)
        return np.concatenate([[value], forward, forward - 2 * slope])

    def _drawn(self, exact: Floats) -> tuple[Floats, Floats]:
        """Return measured losses and estimates of their variances from exact values of the terms, shape ``(T, ...)``."""
        chance = np.clip((1.0 + exact) / 2, 0.0, 1.0)
        mean = 2 * self._rng.binomial(self.shots, chance) / self.shots - 1.0
        weight = self.land.problem.coefficients
        return np.tensordot(weight, mean, 1), np.tensordot(weight**2, (1.0 - mean**2) / (self.shots - 1), 1)
