"""What a device gives back: expectation values with their shot noise, and a tally of what was run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Protocol

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.devices.circuit import DeviceCircuit
from nearclifford.errors import NearCliffordError


@dataclass(frozen=True)
class DeviceRun:
    """A tally of circuits; two of them of the same shots add up.

    Raises `NearCliffordError` where circuits of different shots are added: their errors are not of one kind.

    Attributes
    ----------
    devices : what ran them: "CPU", "GPU", or the name of an estimator's class.
    methods : Aer's simulation methods, or "estimator".
    circuits : number of circuits run: bound points times groups of commuting terms.
    seconds : wall time from handing circuits over to having their results.
    shots : of each circuit; None for values that are exact, or of an estimator's own precision.

    Examples
    --------
    >>> DeviceRun(("CPU",), ("statevector",), 3, 0.5, None) + DeviceRun(("CPU",), ("stabilizer",), 1, 0.1, None)
    DeviceRun(devices=('CPU',), methods=('stabilizer', 'statevector'), circuits=4, seconds=0.6, shots=None)
    """

    devices: tuple[str, ...]
    methods: tuple[str, ...]
    circuits: int
    seconds: float
    shots: int | None

    @property
    def seconds_per_circuit(self) -> float:
        """Wall seconds divided by circuits; 0 if none was needed."""
        return self.seconds / max(self.circuits, 1)

    def __add__(self, other: DeviceRun) -> DeviceRun:
        if self.circuits and other.circuits and self.shots != other.shots:
            raise NearCliffordError(
                f"Circuits of {self.shots} shots are added to circuits of {other.shots}; expected one number of shots. Keep "
                "such runs apart."
            )
        return DeviceRun(
            tuple(sorted({*self.devices, *other.devices})),
            tuple(sorted({*self.methods, *other.methods})),
            self.circuits + other.circuits,
            self.seconds + other.seconds,
            self.shots if self.circuits else other.shots,
        )


@dataclass(frozen=True, eq=False)
class Expectations:
    """Values of the loss at n points.

    Attributes
    ----------
    value : float64, shape ``(n,)``.
    square_error : float64, shape ``(n,)``: unbiased estimates of the variance that shots add to each value; 0 where exact.
    run : what it took.
    """

    value: Floats
    square_error: Floats
    run: DeviceRun

    @classmethod
    def joined(cls, parts: Iterable[Expectations], shots: int | None) -> Expectations:
        """Return several results of the same shots as one, in order."""
        every = list(parts)
        run = reduce(DeviceRun.__add__, (part.run for part in every), DeviceRun((), (), 0, 0.0, shots))
        run = replace(run, shots=run.shots if run.circuits else shots)
        values = [part.value for part in every], [part.square_error for part in every]
        value, square_error = (np.concatenate([np.zeros(0), *rows]) for rows in values)
        return cls(value, square_error, run)


class Device(Protocol):
    """Runs one circuit at many angles."""

    circuit: DeviceCircuit
    shots: int | None

    def measure(self, angle: Floats, rng: np.random.Generator) -> Expectations:
        """Return the loss at angles of shape ``(n, n_rotations)``, radians."""
        ...
