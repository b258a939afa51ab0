"""Pauli noise in few words: the same channel after every gate of one qubit, and of two, and errors of readout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit

from nearclifford.arrays import Floats
from nearclifford.noise.dampings import pauli_damping, probability_of, uniform_damping
from nearclifford.noise.device import DeviceNoise
from nearclifford.noise.small_gates import of_small_gates

if TYPE_CHECKING:
    from qiskit_aer.noise import NoiseModel

Strength = float | Mapping[str, float]


@dataclass(frozen=True)
class PauliNoise:
    """The same Pauli channel after every gate of one qubit, another after every gate of two, and bit flips of readout.

    It acts on the gates of the circuit as they stand there; gates of more qubits, and those that a user put together, are
    taken apart first. ``noise=`` of the statistics and surrogates takes it.

    Parameters
    ----------
    two_qubit, one_qubit : probability of depolarizing noise as in Qiskit Aer, which takes the qubits to the mixed state,
        from 0 to 1; or the probabilities of Pauli strings, such as ``{"X": 1e-3, "Z": 2e-3}`` or ``{"ZZ": 1e-3}``, the
        rightmost letter that of the gate's first qubit, and the rest the identity.
    readout : probability that a measured bit is read wrong, from 0 to 1/2.

    Raises
    ------
    NearCliffordError : numbers that are no probabilities, and keys that are no Pauli strings of one or two qubits.

    Examples
    --------
    RY(t) and RZ(t') about Z, each followed by noise: L = (1 - p)² cos t.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> noisy = nc.surrogate(land, order=2, noise=nc.PauliNoise(one_qubit=0.1))
    >>> noisy.value([0.0, 0.0]).round(9)
    np.float64(0.81)
    >>> nc.PauliNoise(two_qubit=1e-3)
    PauliNoise(two_qubit=0.001, one_qubit=0.0, readout=0.0)
    """

    two_qubit: Strength = 0.0
    one_qubit: Strength = 0.0
    readout: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "readout", probability_of(self.readout, "readout", 0.5))
        for name in ("two_qubit", "one_qubit"):
            given = getattr(self, name)
            kept = dict(given) if isinstance(given, Mapping) else probability_of(given, name)
            object.__setattr__(self, name, kept)
        self._tables  # checks the probabilities of strings  # noqa: B018

    @staticmethod
    def of(noise_model: NoiseModel, twirl: bool = False) -> DeviceNoise:
        """Return what a noise model of Qiskit Aer does to Pauli strings: see `DeviceNoise`.

        >>> import nearclifford as nc
        >>> from qiskit_aer.noise import NoiseModel, amplitude_damping_error
        >>> model = NoiseModel()
        >>> model.add_all_qubit_quantum_error(amplitude_damping_error(0.01), ["ry"])
        >>> nc.PauliNoise.of(model, twirl=True).twirled
        ('ry',)
        """
        return DeviceNoise.of(noise_model, twirl)

    @cached_property
    def _tables(self) -> dict[int, Floats | None]:
        return {n: _table(getattr(self, name), n, name) for n, name in ((1, "one_qubit"), (2, "two_qubit"))}

    def written(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the circuit in gates of one and two qubits, behind which the channels act."""
        return of_small_gates(circuit)

    def after(self, name: str, qubits: tuple[int, ...]) -> Floats | None:
        """Return the dampings of the channel that follows a gate."""
        return None if name in ("barrier", "delay") else self._tables.get(len(qubits))

    def at_end(self, qubit: int) -> Floats | None:
        """Return the dampings by a flipped bit: strings are measured letter by letter, so all letters are damped alike."""
        del qubit
        return uniform_damping(1.0 - 2.0 * self.readout, 1) if self.readout else None


def _table(strength: Strength, n_qubits: int, name: str) -> Floats | None:
    if isinstance(strength, Mapping):
        table = pauli_damping(strength, n_qubits, name)
    else:
        table = uniform_damping(1.0 - strength, n_qubits)
    return table if (table != 1.0).any() else None
