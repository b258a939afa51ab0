"""Shot variances of groups of terms at sampled thetas, each exact: the sweep of a group and that of its square."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arrays import Floats, Indices
from nearclifford.devices.one_shot import OneShot
from nearclifford.exact.cpu import CpuSweeps
from nearclifford.landscape import Landscape
from nearclifford.memory import free_bytes
from nearclifford.patches import Patch

# Shifted points that are evaluated at once.
ROWS = 1024
# Thetas of the first round; each round doubles them.
FIRST_THETAS = 16
# Measured: an amplitude at one rotation, and at one term.
SECONDS_PER_STEP = 1.5e-9
# Terms of a square that are formed at all.
MOST_TERMS = 2**15


@dataclass(frozen=True, eq=False)
class ExactShots:
    """The sweeps of every group and of its square.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> found = ExactShots.of(land, [land.observable]).at(np.zeros((1, 4)), np.arange(4))
    >>> found.round(12).tolist()        # Z has no variance at the centre, and all of it once an RY is shifted
    [[[0.0], [1.0], [1.0], [0.0], [0.0]]]
    """

    groups: tuple[CpuSweeps, ...]
    squares: tuple[CpuSweeps, ...]

    @classmethod
    def of(cls, land: Landscape, parts: list[SparsePauliOp]) -> ExactShots:
        """Return the sweeps of the groups."""
        squares = [(part @ part).simplify() for part in parts]
        return cls(
            tuple(land.with_observable(part).exact for part in parts),
            tuple(land.with_observable(square).exact for square in squares),
        )

    @property
    def nbytes(self) -> int:
        """Memory that the largest sweep needs."""
        return max(sweep.nbytes for sweep in self.groups + self.squares)

    def seconds(self, n_shifted: int) -> float:
        """Return about how long one theta takes."""
        steps = sum(
            2.0**sweep.problem.active_qubits * (sweep.problem.n_rotations + len(sweep.problem.images))
            for sweep in self.groups + self.squares
        )
        return SECONDS_PER_STEP * (n_shifted + 3) * steps

    def at(self, angle: Floats, rotations: Indices) -> Floats:
        """Return variances at rotation angles, shape ``(batch, n)``: shape ``(batch, 1 + n_shifted, G)``.

        First where the angles are, then with each of the rotations shifted, the mean over π/2 and -π/2.
        """
        found = [
            _variances(group, square, angle, rotations) for group, square in zip(self.groups, self.squares, strict=True)
        ]
        return np.stack(found, axis=-1)


def fits_exactly(land: Landscape, parts: list[SparsePauliOp], n_shifted: int, max_seconds: float) -> ExactShots | None:
    """Return the sweeps where the first round fits the memory and a part of the time; None elsewhere."""
    if sum(len(part) ** 2 for part in parts) > MOST_TERMS:
        return None
    shots = ExactShots.of(land, parts)
    fits = shots.nbytes <= free_bytes() and FIRST_THETAS * shots.seconds(n_shifted) <= max_seconds / 4
    return shots if fits else None


def exact_variances(
    shots: ExactShots,
    land: Landscape,
    patch: Patch,
    rotations: Indices,
    budget: tuple[float, float],
    rng: np.random.Generator,
) -> OneShot:
    """Return the means over thetas of a patch; ``budget`` is the relative error of their sum to reach, and the seconds."""
    rel_error, seconds = budget
    ends, found = time.monotonic() + seconds, np.zeros((0, 1 + len(rotations), len(shots.groups)))
    while True:
        begun, more = time.monotonic(), max(FIRST_THETAS, len(found))
        theta = land.center + patch.sample((more, land.n_parameters), rng=rng)
        found = np.concatenate([found, shots.at(land.problem.angle_map.angles(theta), rotations)])
        # The value and the gradient, each by its sum over what is measured.
        sums = np.stack([found[:, 0].sum(axis=1), found[:, 1:].sum(axis=(1, 2))])
        settled = bool((sums.std(axis=1, ddof=1) <= rel_error * np.sqrt(len(found)) * sums.mean(axis=1)).all())
        if settled or time.monotonic() + 2 * (time.monotonic() - begun) > ends:
            mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(len(found))
            return OneShot(mean[0], error[0], mean[1:], error[1:], "statevector", len(found))


def _variances(group: CpuSweeps, square: CpuSweeps, angle: Floats, rotations: Indices) -> Floats:
    value, slope = group.angle_gradients(angle)
    value_square, slope_square = square.angle_gradients(angle)
    forward, forward_square = _forward(group, angle, rotations), _forward(square, angle, rotations)
    # By an angle φ the value is a + b cos φ + c sin φ, so that the two shifts differ by twice the derivative.
    back = forward - 2 * slope[:, rotations]
    shifted = forward_square - slope_square[:, rotations] - (forward**2 + back**2) / 2
    return np.maximum(np.concatenate([(value_square - value**2)[:, None], shifted], axis=1), 0.0)


def _forward(sweeps: CpuSweeps, angle: Floats, rotations: Indices) -> Floats:
    """Return the values with each rotation shifted by π/2, shape ``(batch, n_shifted)``."""
    result = np.empty(len(angle) * len(rotations))
    for start in range(0, len(result), ROWS):
        batch, which = np.divmod(np.arange(start, min(start + ROWS, len(result))), len(rotations))
        shifted = angle[batch]
        shifted[np.arange(len(batch)), rotations[which]] += np.pi / 2
        result[start : start + ROWS] = sweeps.angle_values(shifted)
    return result.reshape(len(angle), len(rotations))
