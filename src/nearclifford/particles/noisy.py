"""Channels on the way of particles: a pair of strings P, P R keeps λ(P) λ(P R) at each, and R is known everywhere.

Without noise a particle of a pair stands for both strings, since they flip together. R, their product, does not change at
a rotation, so what both keep follows from the letters of one (docs/theory.md, "Pauli noise").
"""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats, Indices, Words
from nearclifford.errors import NearCliffordError
from nearclifford.kernels.damping import PROBES
from nearclifford.normal_form.channels import PauliChannels
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import GateTape
from nearclifford.particles.layers import FIRST_CHANNEL, NO_FACTORS
from nearclifford.particles.letters import LETTERS

# The bits x + 2 z of the letters I, X, Y, Z.
BITS_OF_LETTER = np.array([0, 1, 3, 2])
# Where a table by bits has 4 * first + second.
BY_LETTERS = (BITS_OF_LETTER[:, None] + 4 * BITS_OF_LETTER[None, :]).reshape(-1)


def tape_with_channels(tape: GateTape, channels: PauliChannels | None, product: Words) -> tuple[GateTape, Floats]:
    """Return the gates and channels in time order, channels as opcodes of their own, and the factors by opcode.

    ``product`` : the z-words of R, a Z-type string of the normal form; all zero for the squares of single terms.

    Raises `NearCliffordError` where a factor is negative: particles have no sign.

    >>> import nearclifford as nc
    >>> from nearclifford.noise.landscapes import with_noise
    >>> land = with_noise(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)), nc.PauliNoise(0.1))
    >>> program = land.program
    >>> tape, factors = tape_with_channels(program.tape, program.channels, np.zeros(1, np.uint64))
    >>> len(program.tape), len(tape), factors[FIRST_CHANNEL].round(2)[:3].tolist()
    (9, 10, [1.0, 0.81, 0.81])
    """
    if channels is None:
        return tape, NO_FACTORS
    opcode, damping = _joint(channels, product)
    if (damping < 0.0).any():
        raise NearCliffordError(
            "A channel turns the sign of some strings, and particles of several terms have no sign. Take "
            "backend=Stabilizer(), or a channel that leaves every string as it is with a probability above 1/2."
        )
    factors = np.ones((FIRST_CHANNEL + len(damping), LETTERS**2))
    factors[FIRST_CHANNEL:] = damping[:, BY_LETTERS]
    alone = channels.qubits[:, 1] < 0
    factors[FIRST_CHANNEL + opcode[alone], :LETTERS] = damping[opcode[alone]][:, BITS_OF_LETTER]
    first, second = channels.qubits.T
    # a device may have more kinds of channels than 16 bits count
    return GateTape(
        np.insert(tape.opcode.astype(np.int64), channels.place, FIRST_CHANNEL + opcode),
        np.insert(tape.first, channels.place, first),
        np.insert(tape.second, channels.place, second),
        np.insert(tape.rotation, channels.place, -1),
    ), factors


def signs_may_turn(problem: PauliProblem) -> bool:
    """Return whether what a pair of strings keeps may be negative, which no particle follows; False is certain.

    >>> import nearclifford as nc
    >>> signs_may_turn(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)).problem)
    False
    """
    channels = problem.channels
    return channels is not None and len(problem.images) > 1 and bool((channels.damping < 0.0).any())


def met_by_product(problem: PauliProblem, product: Words) -> Indices:
    """Return the qubits of channels where R has a letter: it counts there, even where the strings followed have none.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)).problem
    >>> met_by_product(problem, np.ones(1, np.uint64)).tolist()      # no channels
    []
    """
    if problem.channels is None:
        return np.zeros(0, np.int64)
    some = _bits(problem.channels, product).reshape(-1, 2, 2).any(axis=2)
    return np.unique(problem.channels.qubits[some]).astype(np.int64)


def _bits(channels: PauliChannels, product: Words) -> Indices:
    """Return the bits of R's letters at each channel, shape ``(C, 4)``."""
    return np.bitwise_count(channels.probe_x & product).sum(axis=2) & 1


def _joint(channels: PauliChannels, product: Words) -> tuple[Indices, Floats]:
    """Return which row each channel has, and the rows λ(P) λ(P R), shape ``(n, 16)`` by bits; one and two qubits apart."""
    letters = _bits(channels, product).astype(np.int64) @ (1 << np.arange(PROBES))
    alone = channels.qubits[:, 1] < 0
    kinds, which = np.unique(np.stack([channels.kind, letters, alone], axis=1), axis=0, return_inverse=True)
    places = np.arange(1 << PROBES)
    damping = channels.damping[kinds[:, 0]]
    return which.reshape(-1), damping * np.take_along_axis(damping, places[None, :] ^ kinds[:, 1:2], axis=1)
