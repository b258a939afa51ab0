"""A device prepared for one landscape: transpiled once, then evaluated as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from math import pi

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import thetas
from nearclifford.arrays import Floats
from nearclifford.devices.batches import measured_gradients, measured_values
from nearclifford.devices.expectations import Device, DeviceRun
from nearclifford.devices.shift import ParameterShift
from nearclifford.evaluator import Measured
from nearclifford.landscape import Landscape
from nearclifford.normal_form.compiler import GRID_TOLERANCE


class PreparedDevice:
    """Values and gradients of one landscape on a device, an `Evaluator`; shot noise is drawn from one generator.

    Made by `Aer.prepare`. Circuits at general points and at Clifford points are two, each made when it is first needed.

    Attributes
    ----------
    land : the landscape.
    """

    def __init__(self, land: Landscape, make: Callable[[bool], Device], rng: np.random.Generator) -> None:
        self.land, self._make, self._rng = land, make, rng

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.land.n_parameters

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the shot noise: its state is all that a run needs to go on as if it had not stopped."""
        return self._rng

    def value(self, theta: npt.ArrayLike) -> np.float64 | Floats:
        """Return L, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(...)``.

        Raises `NearCliffordError` for a bad theta, `ResourceError` where the state does not fit the memory, `DeviceError`
        where Aer or the estimator fails.
        """
        points = thetas(theta, self.n_parameters)
        flat = points.reshape(-1, self.n_parameters)
        found = measured_values(self.device_at(flat), flat, self._rng)
        return found.value.reshape(points.shape[:-1])[()]

    def gradient(self, theta: npt.ArrayLike) -> Floats:
        """Return ∂L/∂θ, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(..., D)``.

        By the parameter-shift rule; errors as for `value`.
        """
        points = thetas(theta, self.n_parameters)
        return self._gradients(points.reshape(-1, self.n_parameters))[0].reshape(points.shape)

    def value_and_gradient(self, theta: npt.ArrayLike) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ), measured independently: shapes ``(...)`` and ``(..., D)``; errors as for `value`."""
        found = self.measure(theta)
        return found.value[()], found.gradient

    def measure(self, theta: npt.ArrayLike) -> Measured:
        """Return the same with the variances that shots give them, and the shots of all circuits; errors as for `value`.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
        >>> found = nc.Aer(shots=100).prepare(land, rng=1).measure([0.3, 0.2])  # a loss, and two shifts of each angle
        >>> found.shots, bool(found.value_variance < 0.01), found.gradient_variance.shape
        (500, True, (2,))
        """
        points = thetas(theta, self.n_parameters)
        flat = points.reshape(-1, self.n_parameters)
        value = measured_values(self.device_at(flat), flat, self._rng)
        gradient, variance, run = self._gradients(flat)
        shape = points.shape[:-1]
        return Measured(
            value.value.reshape(shape),
            gradient.reshape(points.shape),
            value.square_error.reshape(shape),
            variance.reshape(points.shape),
            sum(part.circuits * (part.shots or 0) for part in (value.run, run)),
        )

    def _gradients(self, theta: Floats) -> tuple[Floats, Floats, DeviceRun]:
        device = self.device_at(theta)
        shift = ParameterShift.of(device.circuit.angle_map, np.arange(self.n_parameters))
        return measured_gradients(device, shift, theta, self._rng)

    def device_at(self, theta: Floats) -> Device:
        """Return what runs thetas of shape ``(batch, D)``."""
        turns = self.land.problem.angle_map.angles(theta) / (pi / 2)
        clifford = len(theta) > 0 and bool((np.abs(turns - np.round(turns)) < GRID_TOLERANCE).all())
        return self._at_clifford_points if clifford else self.general

    @cached_property
    def general(self) -> Device:
        """What runs any theta."""
        return self._make(False)

    @cached_property
    def _at_clifford_points(self) -> Device:
        return self._make(True)
