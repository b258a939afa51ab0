"""Landscapes as a device sees them: Qiskit Aer on CPU or GPU, with shots and noise, or any Estimator."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from nearclifford.arguments import Seed, generator, instance, integer, one_of, thetas
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.zeros import mattering_rotations, vanishes
from nearclifford.devices.batches import angles_per_job, measured_gradients, measured_values
from nearclifford.devices.estimators import EstimatorDevice, require_estimator
from nearclifford.devices.expectations import Device, DeviceRun
from nearclifford.devices.measured import DeviceGradientStatistics, DeviceLossStatistics, gradient_moments, loss_moments
from nearclifford.devices.rounds import Sampling, sampled
from nearclifford.devices.shift import ParameterShift
from nearclifford.devices.simulator import Simulator
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.normal_form.compiler import GRID_TOLERANCE
from nearclifford.patches import Patch
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.statevector import gradient_bound

DEVICES = ("auto", "CPU", "GPU")
METHODS = ("automatic", "statevector", "density_matrix", "stabilizer", "matrix_product_state", "tensor_network")
EXACT_WITH_NOISE = ("automatic", "density_matrix")
# Of one circuit: Aer draws about a million a second, and holds them.
MOST_SHOTS = 10**9
# What a value of zero may differ from zero by, beside the largest, in double precision.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Aer:
    """Values, gradients and statistics by Qiskit Aer, or by any Estimator, with the parameter-shift rule.

    Parameters
    ----------
    device : "CPU", "GPU", or "auto": the GPU if Aer has one. Results say what ran.
    shots : of each circuit, at least 2, so that they tell their own noise; None for exact expectation values. An estimator
        is asked for the precision 1/√shots, or for none.
    noise_model : a `qiskit_aer.noise.NoiseModel`. The circuit is rewritten in the gates of the model, without merging or
        dropping any, and qubit i has the errors of qubit i of the model: a circuit for a model of a real device should be
        transpiled for that device first, and the observable laid out alike.
    method : Aer's simulation method. "automatic" takes the stabilizer simulator where every rotation is Clifford, else a
        statevector, with noise and no shots a density matrix, and with noise and shots what Aer chooses.
    estimator : an object with Qiskit's `BaseEstimatorV2` interface, which then runs everything; no other argument but shots
        goes with it.
    options : any other option of `AerSimulator`, such as ``cuStateVec_enable=True``, ``target_gpus=[0, 1]``,
        ``blocking_enable=True`` and ``blocking_qubits=24`` for several GPUs, ``precision="single"``.

    Raises
    ------
    NearCliffordError : shots below 2, no GPU where one is asked for, an unknown method or option, an estimator of the V1
        interface, noise that Aer would ignore or sample where exact values are asked for.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> theta = np.full(8, 0.3)
    >>> bool(np.abs(nc.Aer(device="CPU").gradient(land, theta) - land.gradient(theta)).max() < 1e-12)
    True
    >>> Aer(shots=64)
    Aer(device='auto', shots=64, noise_model=None, method='automatic', estimator=None)
    """

    device: str
    shots: int | None
    noise_model: Any
    method: str
    estimator: Any
    options: dict[str, Any] = field(default_factory=dict)

    def __init__(
        self,
        device: str = "auto",
        shots: int | None = None,
        noise_model: NoiseModel | None = None,
        method: str = "automatic",
        estimator: Any = None,
        **options: Any,
    ) -> None:
        count = None if shots is None else integer(shots, "shots", 2, otherwise=", or None for exact values")
        values = {"device": device, "shots": count, "noise_model": noise_model, "method": method, "estimator": estimator}
        for name, value in (values | {"options": options}).items():
            object.__setattr__(self, name, value)
        self._check()

    def __repr__(self) -> str:
        names = ("device", "shots", "noise_model", "method", "estimator")
        given = {name: getattr(self, name) for name in names} | self.options
        return f"Aer({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def value(self, land: Landscape, theta: npt.ArrayLike, rng: Seed = None) -> np.float64 | Floats:
        """Return L, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(...)``.

        Raises `NearCliffordError` for a bad theta, `ResourceError` where the state does not fit the memory, `DeviceError`
        where Aer or the estimator fails.
        """
        points = thetas(theta, _landscape(land).n_parameters)
        flat = points.reshape(-1, land.n_parameters)
        found = measured_values(self._device(land, flat), flat, generator(rng))
        return found.value.reshape(points.shape[:-1])[()]

    def gradient(self, land: Landscape, theta: npt.ArrayLike, rng: Seed = None) -> Floats:
        """Return ∂L/∂θ, with its shot noise, at ``theta``, radians: shape ``(..., D)`` to ``(..., D)``.

        At Clifford points it takes any number of qubits. Errors as for `value`.

        >>> import nearclifford as nc
        >>> circuit, observable = nc.ansatz.mhea(50, 1), nc.observables.random_pauli(50, rng=7)
        >>> land = nc.Landscape(nc.encode(circuit, observable, parameter=3).circuit, observable)
        >>> abs(nc.Aer().gradient(land, land.center)[3].round(12))
        np.float64(1.0)
        """
        points = thetas(theta, _landscape(land).n_parameters)
        flat = points.reshape(-1, land.n_parameters)
        device = self._device(land, flat)
        shift = ParameterShift.of(device.circuit.angle_map, np.arange(land.n_parameters))
        return measured_gradients(device, shift, flat, generator(rng))[0].reshape(points.shape)

    def value_and_gradient(
        self, land: Landscape, theta: npt.ArrayLike, rng: Seed = None
    ) -> tuple[np.float64 | Floats, Floats]:
        """Return (L, ∂L/∂θ), measured independently: shapes ``(...)`` and ``(..., D)``; errors as for `value`."""
        random = generator(rng)
        return self.value(land, theta, random), self.gradient(land, theta, random)

    def circuit(self, land: Landscape) -> QuantumCircuit:
        """Return the circuit that runs at a general point, without measurements, each angle a parameter of its own.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        >>> dict(nc.Aer().circuit(land).count_ops())
        {'ry': 4, 'rz': 4, 'cx': 1}
        """
        return self._device(_landscape(land), None).circuit.circuit.copy()

    def gradient_statistics(
        self, land: Landscape, patch: Patch, budget: Budget, parameters: Indices, rng: np.random.Generator
    ) -> DeviceGradientStatistics:
        """Return the moments of the gradient over thetas drawn from the patch; the thetas of `Statevector` for one seed."""
        device = self._device(land, None)
        shift = ParameterShift.of(device.circuit.angle_map, parameters)
        complete = len(parameters) == land.n_parameters == len(np.unique(parameters))
        matters = self._matters(land)
        bound = gradient_bound(land, matters)[parameters]

        def made(gradient: Floats, square_error: Floats, run: DeviceRun) -> DeviceGradientStatistics:
            return gradient_moments(gradient, square_error, parameters, bound, complete, run)

        def progress(gradient: Floats, square_error: Floats) -> Floats:
            return (gradient**2 - square_error)[:, bound > 0].sum(axis=1)

        def settled() -> bool:
            turned = [land.problem.angle_map.rotations_of(int(k)) for k in parameters]
            return matters is not None and all(vanishes(land, int(j), matters) for j in np.concatenate([*turned, []]))

        def measure(theta: Floats, noise: np.random.Generator) -> tuple[Floats, Floats, DeviceRun]:
            return measured_gradients(device, shift, theta, noise)

        angles = max(shift.n_points, 1) * device.circuit.angle_map.n_rotations
        plan = Sampling(angles_per_job(angles), measure, progress, made, settled)
        least = float(np.square(ROUNDING * gradient_bound(land)[parameters]).sum())
        return made(*sampled(land, patch, budget, rng, plan, least))

    def loss_statistics(
        self, land: Landscape, patch: Patch, budget: Budget, rng: np.random.Generator
    ) -> DeviceLossStatistics:
        """Return the moments of the loss over thetas drawn from the patch."""
        device = self._device(land, None)
        bound, matters = float(np.abs(land.problem.coefficients).sum()), self._matters(land)

        def made(value: Floats, square_error: Floats, run: DeviceRun) -> DeviceLossStatistics:
            return loss_moments(value[:, 0], square_error[:, 0], bound, land.problem.varying_size, run)

        def progress(value: Floats, square_error: Floats) -> Floats:
            return (value**2 - square_error)[:, 0]

        def measure(theta: Floats, noise: np.random.Generator) -> tuple[Floats, Floats, DeviceRun]:
            found = measured_values(device, theta, noise)
            return found.value[:, None], found.square_error[:, None], found.run

        def settled() -> bool:
            return matters is not None and (not matters.any() or vanishes(land, -1, matters))

        plan = Sampling(angles_per_job(device.circuit.angle_map.n_rotations), measure, progress, made, settled)
        return made(*sampled(land, patch, budget, rng, plan, (ROUNDING * bound) ** 2))

    def _matters(self, land: Landscape) -> npt.NDArray[np.bool_] | None:
        """Return which rotations may change the loss; None with noise, or an estimator, where other rules hold."""
        exact = self.estimator is None and self.noise_model is None
        return mattering_rotations(land) if exact else None

    def _device(self, land: Landscape, theta: Floats | None) -> Device:
        """Return what runs the landscape, at these thetas or at general ones."""
        if self.estimator is not None:
            return EstimatorDevice(land, self.estimator, self.shots)
        clifford = False
        if theta is not None and len(theta):
            turns = land.problem.angle_map.angles(theta) / (pi / 2)
            clifford = bool((np.abs(turns - np.round(turns)) < GRID_TOLERANCE).all())
        if self.method == "stabilizer" and not clifford:
            raise NearCliffordError(
                "method='stabilizer' runs Clifford circuits alone, and some angle here is no multiple of π/2. Use "
                "method='automatic', or backend=Stabilizer() for averages over a patch."
            )
        device = _device_name(self.device)
        return Simulator(land, device, self.method, self.shots, self.noise_model, self.options, clifford)

    def _check(self) -> None:
        if self.estimator is not None:
            require_estimator(self.estimator)
            if (self.device, self.noise_model, self.method, self.options) != ("auto", None, "automatic", {}):
                raise NearCliffordError(
                    f"{self!r} names an estimator, and with it device, noise or options that only the estimator can decide. "
                    "Give them to the estimator, for instance EstimatorV2(options={'backend_options': {...}})."
                )
            return
        one_of(self.device, "device", DEVICES)
        one_of(self.method, "method", METHODS)
        if self.shots is not None:
            integer(self.shots, "shots", most=MOST_SHOTS)
        _device_name(self.device)
        try:
            AerSimulator(**self.options)
        except Exception as error:
            raise NearCliffordError(f"options are {self.options}; Aer refuses them: {error}") from error
        for name in {"noise_model", "seed_simulator", "shots", "method", "device"} & set(self.options):
            raise NearCliffordError(f"option {name!r} is not Aer's to choose here; the seed follows from rng.")
        if self.noise_model is not None:
            self._check_noise()

    def _check_noise(self) -> None:
        if not isinstance(self.noise_model, NoiseModel):
            raise NearCliffordError(
                f"noise_model is a {type(self.noise_model).__name__}; expected a qiskit_aer.noise.NoiseModel, for instance "
                "NoiseModel.from_backend(backend)."
            )
        if self.shots is None and self.method not in EXACT_WITH_NOISE:
            raise NearCliffordError(
                f"method={self.method!r} with a noise model and no shots: Aer would average random trajectories, or ignore "
                "the noise. Use method='density_matrix', which is exact, or give shots."
            )
        errors = self.noise_model.to_dict(serializable=True)["errors"]
        if self.shots is None and any(error["type"] == "roerror" for error in errors):
            raise NearCliffordError(
                "The noise model holds readout errors, which act on shots alone: Aer would ignore them. Give shots, or make "
                "a model without them (NoiseModel.from_backend(backend, readout_error=False))."
            )


def _landscape(land: Landscape) -> Landscape:
    return instance(land, Landscape, "land", "Landscape(circuit, observable)")


def _device_name(device: str) -> str:
    available = AerSimulator().available_devices()
    if device == "auto":
        return "GPU" if "GPU" in available else "CPU"
    if device == "GPU" and "GPU" not in available:
        raise NearCliffordError(
            f"device is 'GPU', but Aer reports {', '.join(available)} only. Install its build for GPUs instead, "
            "pip uninstall qiskit-aer && pip install qiskit-aer-gpu, on a machine with an NVIDIA GPU and its driver; or use "
            "device='auto'."
        )
    return device
