"""The landscape of a noisy circuit, for the methods that know Pauli channels: all others refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nearclifford.arguments import instance
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.noise.description import PauliNoise
from nearclifford.noise.device import DeviceNoise
from nearclifford.normal_form.compiler import compile_circuit

if TYPE_CHECKING:
    from qiskit_aer.noise import NoiseModel

Noise: TypeAlias = "PauliNoise | DeviceNoise | NoiseModel"


def with_noise(land: Landscape, noise: Noise | None) -> Landscape:
    """Return the landscape of the circuit with Pauli channels behind its gates; without noise (None) the landscape itself.

    ``noise`` is a `PauliNoise`, what `PauliNoise.of` returns, or a noise model of Qiskit Aer. Its circuit is written in the
    gates behind which the noise acts; parameters and centre stay.

    Raises `NearCliffordError` for anything else, and for a noise model that `PauliNoise.of` refuses.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> len(with_noise(land, nc.PauliNoise(one_qubit=1e-3)).problem.channels)
    8
    """
    if noise is None:
        return land
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    known = noise if isinstance(noise, PauliNoise | DeviceNoise) else DeviceNoise.of(noise, False)
    circuit = known.written(land.circuit)
    if list(circuit.parameters) != list(land.circuit.parameters):
        raise NearCliffordError("The circuit loses parameters where it is written in the gates of the noise model.")
    return Landscape.of_program(circuit, compile_circuit(circuit, land.center, known), land.observable)
