"""Patches: independent, symmetric distributions of the angles around a centre, and their moments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import Seed, generator, integer, integers, real_array
from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError

# A float64 of this size is an angle to 1/8 rad.
LARGEST_WIDTH = 1e15


class Patch(ABC):
    """A distribution of displacements t = θ - θ*, independent and symmetric about zero, of one or D widths (radians)."""

    @property
    @abstractmethod
    def width(self) -> float | tuple[float, ...]:
        """The width of every angle, or one for each, radians."""

    @abstractmethod
    def _draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        """Return displacements of unit width."""

    @abstractmethod
    def cosine_mean(self) -> np.float64 | Floats:
        """Return E[cos t], of the shape of the width."""

    @abstractmethod
    def sine_square_mean(self) -> np.float64 | Floats:
        """Return E[sin² t], of the shape of the width, to full relative precision for the smallest widths."""

    def cosine_square_mean(self) -> np.float64 | Floats:
        """Return E[cos² t] = 1 - E[sin² t], of the shape of the width."""
        return 1.0 - self.sine_square_mean()

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

    def sample(self, shape: tuple[int, ...], rng: Seed) -> Floats:
        """Return displacements t, float64, of a shape ``(..., D)``, radians.

        Raises `NearCliffordError` for what is no shape, another number of widths than D, or no seed.

        >>> Uniform(0.2).sample((2, 3), np.random.default_rng(1)).shape
        (2, 3)
        """
        sizes = tuple(integers(shape, "shape", 0, "(100, 8)"))
        return self._draw(sizes, generator(rng)) * self.for_parameters(sizes[-1])


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

    def _draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
        return rng.standard_normal(shape)

    def cosine_mean(self) -> np.float64 | Floats:
        """Return E[cos t] = exp(-σ²/2)."""
        return np.exp(-np.square(self.sigma) / 2)

    def sine_square_mean(self) -> np.float64 | Floats:
        """Return E[sin² t] = (1 - exp(-2σ²))/2."""
        return -np.expm1(-2 * np.square(self.sigma)) / 2


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

    def _draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
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
