"""Runs of Qiskit Aer: one circuit, its angles bound in batches, values saved in the simulator or sampled."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from nearclifford.arrays import Floats
from nearclifford.devices.circuit import CLIFFORD_BASIS, GENERAL_BASIS, DeviceCircuit, rewritten
from nearclifford.devices.expectations import DeviceRun, Expectations
from nearclifford.devices.grouping import TermGroup, term_groups
from nearclifford.errors import DeviceError, NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.memory import require_memory

VALUE = "value"


@dataclass(frozen=True)
class Settings:
    """What a simulator is asked for: see `nearclifford.Aer`."""

    device: str
    method: str
    shots: int | None
    noise_model: NoiseModel | None
    options: Mapping[str, Any]


class Simulator:
    """An `AerSimulator` made ready for one landscape; a `Device`.

    Clifford points without noise run on the stabilizer simulator, in its own gates and with angles rounded to the grid: it
    refuses an angle that is off by 1e-13. Noise acts on the gates that its model names, so with a noise model the circuit
    is rewritten in the model's gates.
    """

    def __init__(self, land: Landscape, settings: Settings, clifford: bool) -> None:
        noise_model, method = settings.noise_model, settings.method
        self.shots, self.noisy, self.options = settings.shots, noise_model is not None, dict(settings.options)
        self.clifford = clifford and noise_model is None and method in ("automatic", "stabilizer")
        self.method = "stabilizer" if self.clifford else _method(method, self.shots, noise_model)
        self.device = "CPU" if self.method == "stabilizer" else settings.device
        if not (clifford and method == "automatic"):
            require_state(land.n_qubits, self.method, str(self.options.get("precision", "double")), self.device)
        if noise_model is None:
            basis = CLIFFORD_BASIS if self.clifford else GENERAL_BASIS
        else:
            basis = tuple(sorted({*noise_model.basis_gates, *noise_model.noise_instructions} - {"measure", "reset"}))
        self.circuit: DeviceCircuit = rewritten(land.circuit, basis)
        # Binding at run time disagrees with bound circuits where there is noise (qiskit-aer issues 2207 and 2393).
        own = {"runtime_parameter_bind_enable": self.method == "statevector" and not self.noisy}
        if noise_model is not None:
            own["noise_model"] = noise_model
        self.simulator = AerSimulator(method=self.method, device=self.device, **(own | self.options))
        self.constant, self.programs = _programs(self.circuit, SparsePauliOp(land.observable), self.shots)

    def measure(self, angle: Floats, rng: np.random.Generator) -> Expectations:
        """Return the loss at angles of shape ``(n, n_rotations)``, radians."""
        points = np.round(angle / (pi / 2)) % 4 * (pi / 2) if self.clifford else angle
        value, square_error = np.full(len(points), self.constant), np.zeros(len(points))
        run = DeviceRun((), (), 0, 0.0, self.shots)
        for circuit, group in self.programs:
            start = time.perf_counter()
            data, methods, devices = self._run(circuit, points, int(rng.integers(2**31)))
            seconds = time.perf_counter() - start
            if group is None:
                value += [point[VALUE] for point in data]
            else:
                found = np.array([group.mean(point["counts"]) for point in data]).reshape(-1, 2)
                value += found[:, 0]
                square_error += found[:, 1]
            run += DeviceRun(devices, methods, len(points), seconds, self.shots)
        return Expectations(value, square_error, run)

    def _run(
        self, circuit: QuantumCircuit, points: Floats, seed: int
    ) -> tuple[list[Mapping[str, Any]], tuple[str, ...], tuple[str, ...]]:
        names = self.circuit.symbols
        binds = [dict(zip(names, np.ascontiguousarray(points.T), strict=True))]
        more = {} if self.shots is None else {"shots": self.shots}
        try:
            job = self.simulator.run(circuit, parameter_binds=binds, seed_simulator=seed, **more)
            result = job.result()
        except (TypeError, ValueError, AttributeError, RuntimeError) as error:  # Aer looks at its options only now
            if not self.options:
                raise
            raise NearCliffordError(f"options are {self.options}; Aer refuses them: {error}.") from error
        if not result.success:
            said = result.status + "".join(f"; {one.status}" for one in result.results[:1])
            raise DeviceError(
                f"Aer could not run {circuit.num_qubits} qubits by the method {self.method!r} on {self.device}: {said}. "
                "Change method, device or the circuit accordingly.",
                job.job_id(),
            )
        facts = [one.metadata for one in result.results]
        methods = tuple(sorted({str(fact.get("method", self.method)) for fact in facts}))
        devices = tuple(sorted({str(fact.get("device", self.device)) for fact in facts}))
        return [result.data(i) for i in range(len(result.results))], methods, devices


def _method(method: str, shots: int | None, noise_model: NoiseModel | None) -> str:
    """Return what "automatic" means where Aer's own choice would not be exact, or not fast."""
    if method != "automatic":
        return method
    if shots is None:
        return "statevector" if noise_model is None else "density_matrix"
    return "statevector" if noise_model is None else "automatic"


def _programs(
    device: DeviceCircuit, observable: SparsePauliOp, shots: int | None
) -> tuple[float, list[tuple[QuantumCircuit, TermGroup | None]]]:
    """Return the constant part of the loss, and the circuits to run with what each of them measures."""
    if shots is None:
        circuit = device.circuit.copy()
        circuit.save_expectation_value(observable, range(circuit.num_qubits), label=VALUE)
        return 0.0, [(circuit, None)]
    constant, groups = term_groups(observable)
    programs: list[tuple[QuantumCircuit, TermGroup | None]] = []
    for group in groups:
        turned = transpile(group.measurement, basis_gates=[*(device.basis or ()), "measure"], optimization_level=0)
        circuit = device.circuit.copy()
        circuit.add_register(*turned.cregs)
        programs.append((circuit.compose(turned, range(circuit.num_qubits), range(turned.num_clbits)), group))
    return constant, programs


def require_state(n_qubits: int, method: str, precision: str, device: str) -> None:
    """Raise `ResourceError` for a dense state that does not fit the memory; a GPU's is left to Aer.

    >>> require_state(40, "statevector", "double", "CPU")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    nearclifford.errors.ResourceError: A statevector of 40 qubits needs 16 TiB; ... are free. Use fewer qubits, ...
    """
    dense = {"statevector": 1, "automatic": 1, "density_matrix": 2}
    if method not in dense or device != "CPU":
        return
    state = "density matrix" if method == "density_matrix" else "statevector"
    require_memory(
        (8 if precision == "single" else 16) * 2 ** (dense[method] * n_qubits),
        f"A {state} of {n_qubits} qubits",
        "Use fewer qubits, a Clifford point (the stabilizer simulator takes any number of qubits), or "
        "method='matrix_product_state'; for averages over a patch backend=Stabilizer().",
    )
