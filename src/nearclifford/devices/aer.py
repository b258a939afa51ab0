"""Landscapes as a device sees them: Qiskit Aer on CPU or GPU, with shots and noise, or any Estimator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from nearclifford.arguments import Seed, generator, instance, integer, one_of
from nearclifford.arrays import Floats, Indices
from nearclifford.chains.zeros import mattering_rotations
from nearclifford.devices.estimators import EstimatorDevice, require_estimator
from nearclifford.devices.expectations import Device
from nearclifford.devices.prepared import PreparedDevice
from nearclifford.devices.rounds import DeviceGradients, DeviceLosses, Source
from nearclifford.devices.simulator import Settings, Simulator
from nearclifford.errors import NearCliffordError
from nearclifford.exact.gpu import REAL, Precision
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch

DEVICES = ("auto", "CPU", "GPU")
METHODS = ("automatic", "statevector", "density_matrix", "stabilizer", "matrix_product_state", "tensor_network")
# Of device, noise model, method, precision and options: what says nothing.
UNSAID: tuple[Any, ...] = ("auto", None, "automatic", "double", {})
EXACT_WITH_NOISE = ("automatic", "density_matrix")
# Of one circuit: Aer draws about a million a second, and holds them.
MOST_SHOTS = 10**9


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
    precision : "double" for complex128, or "single" for complex64.
    method : Aer's simulation method. "automatic" takes the stabilizer simulator where every rotation is Clifford, else a
        statevector, with noise and no shots a density matrix, and with noise and shots what Aer chooses.
    estimator : an object with Qiskit's `BaseEstimatorV2` interface, which then runs everything; no other argument but shots
        goes with it.
    options : any other option of `AerSimulator`, such as ``cuStateVec_enable=True``, ``target_gpus=[0, 1]``,
        ``blocking_enable=True`` and ``blocking_qubits=24`` for several GPUs.

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
    Aer(device='auto', shots=64, noise_model=None, method='automatic', estimator=None, precision='double')
    """

    device: str
    shots: int | None
    noise_model: Any
    method: str
    estimator: Any
    precision: Precision
    options: dict[str, Any] = field(default_factory=dict)

    def __init__(
        self,
        device: str = "auto",
        shots: int | None = None,
        noise_model: NoiseModel | None = None,
        method: str = "automatic",
        estimator: Any = None,
        precision: Precision = "double",
        **options: Any,
    ) -> None:
        count = None if shots is None else integer(shots, "shots", 2, otherwise=", or None for exact values")
        values = {"device": device, "shots": count, "noise_model": noise_model, "method": method, "estimator": estimator}
        for name, value in (values | {"precision": precision, "options": options}).items():
            object.__setattr__(self, name, value)
        self._check()

    def __repr__(self) -> str:
        names = ("device", "shots", "noise_model", "method", "estimator", "precision")
        given = {name: getattr(self, name) for name in names} | self.options
        return f"Aer({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def prepare(self, land: Landscape, *, rng: Seed = None) -> PreparedDevice:
        """Return the device made ready for one landscape: circuits are transpiled once, not at every call.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        >>> measured = nc.Aer(shots=10**4).prepare(land, rng=1)
        >>> bool(abs(measured.value(land.center + 0.3) - land.value(land.center + 0.3)) < 0.05)
        True
        """
        instance(land, Landscape, "land", "Landscape(circuit, observable)")
        return PreparedDevice(land, lambda clifford: self._device(land, clifford), generator(rng))

    def value(self, land: Landscape, theta: npt.ArrayLike, *, rng: Seed = None) -> np.float64 | Floats:
        """Return L at ``theta``, once: see `PreparedDevice.value`; `prepare` serves repeated calls."""
        return self.prepare(land, rng=rng).value(theta)

    def gradient(self, land: Landscape, theta: npt.ArrayLike, *, rng: Seed = None) -> Floats:
        """Return ∂L/∂θ at ``theta``, once: see `PreparedDevice.gradient`; `prepare` serves repeated calls.

        At Clifford points it takes any number of qubits.

        >>> import nearclifford as nc
        >>> circuit, observable = nc.ansatz.mhea(50, 1), nc.observables.random_pauli(50, rng=7)
        >>> land = nc.Landscape(nc.encode(circuit, observable, parameter=3).circuit, observable)
        >>> abs(nc.Aer().gradient(land, land.center)[3].round(12))
        np.float64(1.0)
        """
        return self.prepare(land, rng=rng).gradient(theta)

    def value_and_gradient(
        self, land: Landscape, theta: npt.ArrayLike, *, rng: Seed = None
    ) -> tuple[np.float64 | Floats, Floats]:
        """Return both at ``theta``, once: see `PreparedDevice.value_and_gradient`; `prepare` serves repeated calls."""
        return self.prepare(land, rng=rng).value_and_gradient(theta)

    def circuit(self, land: Landscape) -> QuantumCircuit:
        """Return the circuit that runs at a general point, without measurements, each angle a parameter of its own.

        >>> import nearclifford as nc
        >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
        >>> dict(nc.Aer().circuit(land).count_ops())
        {'ry': 4, 'rz': 4, 'cx': 1}
        """
        return self.prepare(land).general.circuit.circuit.copy()

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> DeviceGradients:
        """Return the rounds of the moments of the gradient; the thetas are those of `Statevector` for one seed."""
        source = Source.of(land, patch, self._device(land, False), rng)
        return DeviceGradients(source, parameters, self._matters(land))

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> DeviceLosses:
        """Return the rounds of the moments of the loss."""
        return DeviceLosses(Source.of(land, patch, self._device(land, False), rng), self._matters(land))

    def _matters(self, land: Landscape) -> npt.NDArray[np.bool_] | None:
        """Return which rotations may change the loss; None with noise, or an estimator, where other rules hold."""
        exact = self.estimator is None and self.noise_model is None
        return mattering_rotations(land.problem) if exact else None

    def _device(self, land: Landscape, clifford: bool) -> Device:
        """Return what runs the landscape, at Clifford points alone or at any."""
        land.problem.require_noiseless("A device", "Give it a model of its own: Aer(noise_model=model).")
        if self.estimator is not None:
            return EstimatorDevice(land, self.estimator, self.shots)
        if self.method == "stabilizer" and not clifford:
            raise NearCliffordError(
                "method='stabilizer' runs Clifford circuits alone, and some angle here is no multiple of π/2. Use "
                "method='automatic', or backend=Stabilizer() for averages over a patch."
            )
        return Simulator(land, self._settings, clifford)

    @property
    def _settings(self) -> Settings:
        options = self.options if self.precision == "double" else self.options | {"precision": self.precision}
        return Settings(_device_name(self.device), self.method, self.shots, self.noise_model, options)

    def _check(self) -> None:
        if self.estimator is not None:
            require_estimator(self.estimator)
            if (self.device, self.noise_model, self.method, self.precision, self.options) != UNSAID:
                raise NearCliffordError(
                    f"{self!r} names an estimator, and with it device, noise or options that only the estimator can decide. "
                    "Give them to the estimator, for instance EstimatorV2(options={'backend_options': {...}})."
                )
            return
        one_of(self.device, "device", DEVICES)
        one_of(self.method, "method", METHODS)
        one_of(self.precision, "precision", tuple(REAL))
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
