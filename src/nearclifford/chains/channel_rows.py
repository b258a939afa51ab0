"""The Pauli channels of a circuit as rows of bits, for what any path keeps there (docs/theory.md, "Pauli noise")."""

from __future__ import annotations

import numpy as np

from nearclifford.chains.bits import transposed
from nearclifford.kernels.chain.kept import ChannelRows, met_by_terms
from nearclifford.kernels.damping import PROBES
from nearclifford.memory import require_memory
from nearclifford.normal_form.channels import N_LETTERS, PauliChannels
from nearclifford.normal_form.program import PauliTable


def channel_rows(channels: PauliChannels | None, terms: PauliTable, n_rotations: int) -> ChannelRows:
    """Return the channels and what the terms meet there; rows of no channel where there is no noise.

    Raises `ResourceError` where the rows do not fit the memory.

    >>> import nearclifford as nc
    >>> from nearclifford.noise.landscapes import with_noise
    >>> land = with_noise(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2)), nc.PauliNoise(0.1))
    >>> channel_rows(land.problem.channels, land.problem.images, 8).met.shape       # terms, probes, words
    (3, 4, 1)
    """
    if channels is None:
        return _no_channels(len(terms), n_rotations)
    n_words = (len(channels) + 63) >> 6
    needed = 8 * PROBES * n_words * (len(terms) + 2 * terms.n_qubits)
    require_memory(needed, "Letters of terms at channels", "Take fewer terms.")
    x, z = (
        np.stack([transposed(np.ascontiguousarray(probes[:, p]), terms.n_qubits) for p in range(PROBES)])
        for probes in (channels.probe_x, channels.probe_z)
    )
    with np.errstate(divide="ignore"):
        logarithm = np.log(np.abs(channels.damping))
    rows = ChannelRows(
        x=x,
        z=z,
        before=np.searchsorted(channels.after, np.arange(n_rotations), side="right"),
        met=np.zeros((len(terms), PROBES, n_words), np.uint64),
        kind=channels.kind,
        logarithm=logarithm,
        negative=channels.damping < 0.0,
    )
    met_by_terms(rows, terms.x, terms.z)
    return rows


def _no_channels(n_terms: int, n_rotations: int) -> ChannelRows:
    nothing, none = np.zeros((PROBES, 0, 0), np.uint64), np.zeros(0, np.int64)
    met, table = np.zeros((n_terms, PROBES, 0), np.uint64), np.zeros((0, N_LETTERS))
    return ChannelRows(nothing, nothing, np.zeros(n_rotations, np.int64), met, none, table, table < 0.0)
