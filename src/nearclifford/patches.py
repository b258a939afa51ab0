"""Patches: independent, symmetric distributions of the angles around a centre, and their moments.

What the moments are for: docs/theory.md, "Averages over a patch".
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, generator, integer, integers, real_array, shown
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError

# A float64 of this size is an angle to 1/8 rad.
LARGEST_WIDTH = 1e15
MOMENT_ERROR = 2.0**-39
# Means of functions of period π/2 by quadrature on each half of it.
PERIOD = math.pi / 2
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
# Beyond so many standard deviations a normal distribution holds less than rounding.
FARTHEST = 9.0
# From this width on a folded normal distribution is uniform to rounding: its Fourier series has the factors exp(-8 k² σ²).
FLAT = 3.0
MOST_PERIODS = 64


class Patch(ABC):
    """A distribution of displacements t = θ - θ*, independent and symmetric about zero, of one or D widths (radians).

    A patch of one's own is a subclass with ``width`` and ``draw``, made from its width alone (or with a ``scaled`` of its
    own). That is enough to sample it. Methods that average in closed form ask for moments, and one that is not defined is an
    error that names it: ``cosine_mean`` and ``sine_square_mean`` (`Stabilizer`, errors of surrogates), ``moment_error``
    (certified bounds), ``absolute_mean`` (worst-case orders), ``even_moment`` (errors of Taylor surrogates),
    ``periodic_mean`` (stabilizer rank) and ``gauss_rule`` (`Paths` of few parameters, which samples without).

    >>> class TwoPoints(Patch):
    ...     def __init__(self, width): self.distance = width
    ...     @property
    ...     def width(self): return self.distance
    ...     def draw(self, shape, *, rng): return rng.choice([-1.0, 1.0], shape)
    ...     def cosine_mean(self): return np.cos(self.distance)
    >>> TwoPoints(0.3).sample((2,), rng=1).tolist(), round(float(TwoPoints(0.3).scaled(2.0).cosine_mean()), 6)
    ([-0.3, 0.3], 0.825336)
    >>> TwoPoints(0.3).sine_square_mean()
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: The patch TwoPoints has no sine_square_mean, E[sin² t]; define it ...
    """

    @property
    @abstractmethod
    def width(self) -> float | tuple[float, ...]:
        """The width of every angle, or one for each, radians."""

    @abstractmethod
    def draw(self, shape: tuple[int, ...], *, rng: np.random.Generator) -> Floats:
        """Return displacements of unit width, independent and symmetric about zero."""

    def scaled(self, factors: npt.ArrayLike) -> Patch:
        """Return the distribution of ``factors * t``: the same shape, its widths times |factors|, at least one of them.

        >>> Gaussian(0.1).scaled([1.0, -2.0])
        Gaussian(sigma=(0.1, 0.2))
        """
        make: Any = type(self)
        return make(np.abs(factors) * np.asarray(self.width))

    def cosine_mean(self) -> np.float64 | Floats:
        """Return E[cos t], of the shape of the width."""
        raise self._lacks("cosine_mean", "E[cos t]")

    def sine_square_mean(self) -> np.float64 | Floats:
        """Return E[sin² t], of the shape of the width, to full relative precision for the smallest widths."""
        raise self._lacks("sine_square_mean", "E[sin² t]")

    def cosine_square_mean(self) -> np.float64 | Floats:
        """Return E[cos² t] = 1 - E[sin² t], of the shape of the width."""
        return 1.0 - self.sine_square_mean()

    def cosine_variance(self) -> np.float64 | Floats:
        """Return Var[cos t], of the shape of the width.

        Here it is the difference of E[cos² t] and E[cos t]², off by a rounding of 1; a class that has a closed form, as
        `Gaussian` and `Uniform` have, knows it in the narrowest patches too.
        """
        return np.maximum(self.cosine_square_mean() - np.square(self.cosine_mean()), 0.0)

    @property
    def moment_error(self) -> float:
        """What E[cos] may be off by, and E[sin²] and E[cos²] as shares of themselves."""
        raise self._lacks("moment_error", "a bound of the rounding of its moments")

    def absolute_mean(self) -> np.float64 | Floats:
        """Return E|t|, of the shape of the width, radians."""
        raise self._lacks("absolute_mean", "E|t|")

    def even_moment(self, power: int) -> Fraction:
        """Return E[t^power] of unit width, exactly; ``power`` is even."""
        raise self._lacks("even_moment", "E[t^(2n)] of unit width")

    def periodic_mean(self, function: Callable[[Floats], Floats]) -> np.float64 | Floats:
        """Return E[f(t)], of the shape of the width, of an even function of period π/2 that is smooth on [0, π/4]."""
        raise self._lacks("periodic_mean", "E[f(t)] of a function of period π/2")

    def gauss_rule(self, count: int) -> tuple[Floats, Floats]:
        """Return nodes and weights of unit width, shapes ``(count,)``: E[f(t)] of polynomials of degree below 2 count."""
        raise self._lacks("gauss_rule", "Gauss quadrature of unit width")

    def _lacks(self, name: str, meaning: str) -> NearCliffordError:
        return NearCliffordError(
            f"The patch {type(self).__name__} has no {name}, {meaning}; define it in the class, take Gaussian(sigma) or "
            "Uniform(half_width), or a method that only samples the patch, such as backend=Statevector()."
        )

    def for_parameters(self, n_parameters: int) -> Floats:
        """Return the widths of D angles, shape ``(D,)``, radians.

        Raises `NearCliffordError` if the patch holds another number of widths.

        >>> Gaussian(0.1).for_parameters(3)
        array([0.1, 0.1, 0.1])
        """
        integer(n_parameters, "n_parameters", 0)
        widths = np.asarray(self.width)
        if widths.ndim and len(widths) != n_parameters:
            raise NearCliffordError(
                f"The patch holds {len(widths)} widths; expected {n_parameters}, one for each parameter of the circuit, or "
                "a single number for all of them."
            )
        return np.broadcast_to(widths, (n_parameters,)).astype(np.float64)

    def sample(self, shape: tuple[int, ...], *, rng: Seed = None) -> Floats:
        """Return displacements t, float64, of a shape ``(..., D)``, radians.

        Raises `NearCliffordError` for what is no shape, another number of widths than D, or no seed.

        >>> Uniform(0.2).sample((2, 3), rng=1).shape
        (2, 3)
        """
        sizes = tuple(integers(shape, "shape", 0, "(100, 8)"))
        return self.draw(sizes, rng=generator(rng)) * self.for_parameters(sizes[-1])


@dataclass(frozen=True)
class Gaussian(Patch):
    """Normal displacements of standard deviation ``sigma``, radians: one number, or one for each parameter.

    Moments: E[cos t] = exp(-σ²/2), E[sin² t] = (1 - exp(-2σ²))/2. Raises `NearCliffordError` unless σ is positive
    and at most 1e15.

    >>> Gaussian(0.5)
    Gaussian(sigma=0.5)
    >>> round(float(Gaussian(0.5).cosine_mean()), 6)
    0.882497
    """

    sigma: float | tuple[float, ...] = field()

    def __init__(self, sigma: npt.ArrayLike) -> None:
        object.__setattr__(self, "sigma", _positive(sigma, "sigma"))

    @property
    def width(self) -> float | tuple[float, ...]:
        """The standard deviation, radians."""
        return self.sigma

    def draw(self, shape: tuple[int, ...], *, rng: np.random.Generator) -> Floats:
        """Return standard normal numbers."""
        return rng.standard_normal(shape)

    def cosine_mean(self) -> np.float64 | Floats:
        """Return E[cos t] = exp(-σ²/2)."""
        return np.exp(-np.square(self.sigma) / 2)

    def sine_square_mean(self) -> np.float64 | Floats:
        """Return E[sin² t] = (1 - exp(-2σ²))/2."""
        return -np.expm1(-2 * np.square(self.sigma)) / 2

    def cosine_variance(self) -> np.float64 | Floats:
        """Return Var[cos t] = (1 - exp(-σ²))²/2.

        >>> round(float(Gaussian(1e-5).cosine_variance() / 5e-21), 6)
        1.0
        """
        return np.square(np.expm1(-np.square(self.sigma))) / 2

    @property
    def moment_error(self) -> float:
        """A few roundings, with much room to spare."""
        return MOMENT_ERROR

    def absolute_mean(self) -> np.float64 | Floats:
        """Return E|t| = σ √(2/π)."""
        return np.asarray(self.sigma)[()] * math.sqrt(2 / math.pi)

    def even_moment(self, power: int) -> Fraction:
        """Return 1 · 3 · 5 ··· (power - 1)."""
        return Fraction(math.prod(range(1, power, 2)))

    def periodic_mean(self, function: Callable[[Floats], Floats]) -> np.float64 | Floats:
        """Return E[f(t)] by quadrature; from `FLAT` on the folded distribution is uniform to rounding."""

        def mean(sigma: float) -> float:
            width = min(sigma, FLAT)
            return _quadrature(function, FARTHEST * width, lambda t: np.exp(-((t / width) ** 2) / 2))

        return _each(mean, self.sigma)

    def gauss_rule(self, count: int) -> tuple[Floats, Floats]:
        """Return the rule of Gauss and Hermite.

        >>> nodes, weights = Gaussian(1.0).gauss_rule(3)
        >>> round(float(weights @ nodes**4), 12)
        3.0
        """
        nodes, weights = np.polynomial.hermite_e.hermegauss(count)
        return nodes, weights / weights.sum()


@dataclass(frozen=True)
class Uniform(Patch):
    """Displacements uniform on [-half_width, half_width], radians: one number, or one for each parameter.

    Moments, r the half width: E[cos t] = sin r / r, E[sin² t] = 1/2 - sin(2r)/(4r). Raises `NearCliffordError` unless r
    is positive and at most 1e15.

    >>> Uniform(np.pi)
    Uniform(half_width=3.141592653589793)
    >>> float(Uniform(np.pi).sine_square_mean())
    0.5
    """

    half_width: float | tuple[float, ...] = field()

    def __init__(self, half_width: npt.ArrayLike) -> None:
        object.__setattr__(self, "half_width", _positive(half_width, "half_width"))

    @property
    def width(self) -> float | tuple[float, ...]:
        """The half width, radians."""
        return self.half_width

    def draw(self, shape: tuple[int, ...], *, rng: np.random.Generator) -> Floats:
        """Return numbers uniform on [-1, 1]."""
        return rng.uniform(-1.0, 1.0, shape)

    def cosine_mean(self) -> np.float64 | Floats:
        """Return E[cos t] = sin r / r."""
        return np.sinc(np.asarray(self.half_width) / np.pi)[()]

    def sine_square_mean(self) -> np.float64 | Floats:
        """Return E[sin² t] = 1/2 - sin(2r)/(4r); by its series where the difference would cancel.

        With x = (2r)² the series is x/12 (1 - x/(4·5) (1 - x/(6·7) (1 - ...))).
        """
        r = np.asarray(self.half_width, dtype=np.float64)
        square = np.minimum(2 * r, 2.0) ** 2
        series = np.ones_like(square)
        for k in range(11, 1, -1):
            series = 1 - square / (2 * k * (2 * k + 1)) * series
        return np.where(r < 1.0, square / 12 * series, (1 - np.sinc(2 * r / np.pi)) / 2)[()]

    def cosine_variance(self) -> np.float64 | Floats:
        """Return Var[cos t] = E[cos² t] - (sin r / r)²; by its series where the difference would cancel.

        With y = 2r the series is Σ_{k≥2} (-1)^k y^{2k} (k - 1) / (2 (k + 1) (2k + 1)!).

        >>> round(float(Uniform(1e-3).cosine_variance() / (1e-12 / 45)), 6)
        1.0
        """
        r = np.asarray(self.half_width, dtype=np.float64)
        square = np.minimum(2 * r, 2.0) ** 2
        series = np.zeros_like(square)
        for k in range(14, 1, -1):
            series = (k - 1) / (2 * (k + 1) * math.factorial(2 * k + 1)) - square * series
        wide = (1 + np.sinc(2 * r / np.pi)) / 2 - np.sinc(r / np.pi) ** 2
        return np.where(r < 1.0, square**2 * series, wide)[()]

    @property
    def moment_error(self) -> float:
        """A few roundings, with much room to spare."""
        return MOMENT_ERROR

    def absolute_mean(self) -> np.float64 | Floats:
        """Return E|t| = r / 2."""
        return np.asarray(self.half_width)[()] * 0.5

    def even_moment(self, power: int) -> Fraction:
        """Return 1 / (power + 1)."""
        return Fraction(1, power + 1)

    def periodic_mean(self, function: Callable[[Floats], Floats]) -> np.float64 | Floats:
        """Return E[f(t)] by quadrature; whole periods of a wide patch are counted, not walked."""

        def mean(half_width: float) -> float:
            whole = max(math.floor(half_width / PERIOD) - MOST_PERIODS, 0)
            rest = half_width - whole * PERIOD
            part = _quadrature(function, rest, np.ones_like)
            return part + (_quadrature(function, PERIOD, np.ones_like) - part) * (whole * PERIOD / half_width)

        return _each(mean, self.half_width)

    def gauss_rule(self, count: int) -> tuple[Floats, Floats]:
        """Return the rule of Gauss and Legendre."""
        nodes, weights = np.polynomial.legendre.leggauss(count)
        return nodes, weights / weights.sum()


def _each(mean: Callable[[float], float], width: float | tuple[float, ...]) -> np.float64 | Floats:
    """Return the means of all widths; equal widths are computed once."""
    widths, place = np.unique(width, return_inverse=True)
    return np.array([mean(float(w)) for w in widths])[place].reshape(np.shape(width))[()]


def _quadrature(function: Callable[[Floats], Floats], farthest: float, density: Callable[[Floats], Floats]) -> float:
    """Return the mean of f on [0, farthest]: Gauss-Legendre between its kinks at multiples of π/4."""
    kinks = np.append(np.arange(0.0, farthest, PERIOD / 2), farthest)
    half = np.diff(kinks)[:, None] / 2
    angle = (kinks[:-1, None] + half) + half * NODES
    weight = half * WEIGHTS * density(angle)
    return float((weight * function(angle)).sum() / weight.sum())


def require_patch(patch: object) -> Patch:
    """Return the patch; `NearCliffordError` for anything else.

    >>> require_patch(0.1)
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: patch is 0.1; expected a patch such as Gaussian(sigma) or Uniform(half_width).
    """
    if not isinstance(patch, Patch):
        raise NearCliffordError(f"patch is {shown(patch)}; expected a patch such as Gaussian(sigma) or Uniform(half_width).")
    return patch


def _positive(width: npt.ArrayLike, name: str) -> float | tuple[float, ...]:
    widths: npt.NDArray[Any] = real_array(width, name)
    if widths.ndim > 1 or widths.size == 0:
        raise NearCliffordError(
            f"{name} is {width!r}; expected a positive number of radians, or a sequence of one for each parameter."
        )
    bad = widths[~((widths > 0) & (widths <= LARGEST_WIDTH))]
    if bad.size:
        raise NearCliffordError(
            f"{name} holds {bad.flat[0]}; expected positive numbers of radians, up to {LARGEST_WIDTH:g}: beyond, "
            "neighbouring float64 are too far apart to be angles."
        )
    return float(widths) if widths.ndim == 0 else tuple(widths.astype(float).tolist())
