"""Pauli channels as arrays in the file of a noisy surrogate, whose errors need them, and the checks these must pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.arrays import Flags, Words
from nearclifford.kernels.damping import PROBES
from nearclifford.normal_form.channels import N_LETTERS, PauliChannels

# As in `nearclifford.surrogates.storage`: kind of the dtype and bytes of an entry, and dimensions.
CHANNEL_ARRAYS: dict[str, tuple[str, int, int]] = {
    "channels_after": ("i", 8, 1), "channels_place": ("i", 8, 1), "channels_qubits": ("i", 4, 2),
    "channels_kind": ("i", 8, 1), "channels_damping": ("f", 8, 2),
    "channels_probe_x": ("u", 8, 3), "channels_probe_z": ("u", 8, 3),
}  # fmt: skip

Arrays = Mapping[str, npt.NDArray[Any]]


def arrays_of_channels(channels: PauliChannels) -> dict[str, npt.ArrayLike]:
    """Return what a file holds of them."""
    return {name: getattr(channels, name.removeprefix("channels_")) for name in CHANNEL_ARRAYS}


def channels_of(arrays: Arrays) -> PauliChannels:
    """Return the channels of checked arrays."""
    return PauliChannels(**{name.removeprefix("channels_"): arrays[name] for name in CHANNEL_ARRAYS})


def fault_of_channels(arrays: Arrays, n_qubits: int, n_rotations: int) -> str:
    """Return what is wrong with them, empty for nothing; dtypes and dimensions are checked before."""
    return (
        _fault_of_shapes(arrays, n_qubits)
        or _fault_of_numbers(arrays, n_qubits, n_rotations)
        or _fault_of_probes(arrays, n_qubits)
    )


def _fault_of_shapes(arrays: Arrays, n_qubits: int) -> str:
    count, words = len(arrays["channels_after"]), (n_qubits + 63) // 64
    kinds = len(arrays["channels_damping"])
    for name, shape in (
        ("place", (count,)),
        ("qubits", (count, 2)),
        ("kind", (count,)),
        ("damping", (kinds, N_LETTERS)),
        ("probe_x", (count, PROBES, words)),
        ("probe_z", (count, PROBES, words)),
    ):
        found = arrays[f"channels_{name}"].shape
        if found != shape:
            return f"channels_{name} has shape {found}; expected {shape}"
    return ""


def _fault_of_numbers(arrays: Arrays, n_qubits: int, n_rotations: int) -> str:
    for name, end in (("after", n_rotations), ("place", np.iinfo(np.int64).max)):
        times = arrays[f"channels_{name}"]
        if (np.diff(times) < 0).any() or (times < 0).any() or (times > end).any():
            return f"channels_{name} does not ascend from 0 on"
    first, second = arrays["channels_qubits"].T
    if ((first < 0) | (first >= n_qubits) | (second < -1) | (second >= n_qubits) | (first == second)).any():
        return f"channels_qubits holds no one or two of {n_qubits} qubits"
    kind, damping = arrays["channels_kind"], arrays["channels_damping"]
    if ((kind < 0) | (kind >= len(damping))).any():
        return f"channels_kind holds an index out of range; expected 0 to {len(damping) - 1}"
    if (np.abs(damping) > 1.0).any() or (damping[:, 0] != 1.0).any():
        return "channels_damping holds no dampings; expected numbers from -1 to 1, the first of each row 1"
    return ""


def _fault_of_probes(arrays: Arrays, n_qubits: int) -> str:
    x, z, rest = arrays["channels_probe_x"], arrays["channels_probe_z"], n_qubits % 64
    if rest and ((x[..., -1] | z[..., -1]) >> np.uint64(rest)).any():
        return f"the probes of its channels have letters beyond {n_qubits} qubits"
    alone = arrays["channels_qubits"][:, 1] < 0
    if (x[alone, 2:] | z[alone, 2:]).any():
        return "a channel of one qubit has probes of a second"
    for one in range(PROBES):
        for other in range(one):
            # Z and X of one qubit anticommute, all others commute
            expected = ~alone if (one, other) == (3, 2) else np.full(len(alone), (one, other) == (1, 0))
            if (_anticommute(x, z, one, other) != expected).any():
                return "the probes of a channel are no letters of qubits"
    return ""


def _anticommute(x: Words, z: Words, one: int, other: int) -> Flags:
    overlap = np.bitwise_count(x[:, one] & z[:, other]) ^ np.bitwise_count(z[:, one] & x[:, other])
    anticommute: Flags = (overlap.sum(axis=1) & 1).astype(np.bool_)
    return anticommute
