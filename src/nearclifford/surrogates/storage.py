"""Surrogates as arrays in a file, and the checks that arrays from a file must pass: nothing there is believed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.arguments import LARGEST_COUNT
from nearclifford.errors import NearCliffordError
from nearclifford.files import read_bytes
from nearclifford.kernels.paths.check import first_fault
from nearclifford.kernels.paths.tree import PathTree
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable
from nearclifford.surrogates.stored_channels import CHANNEL_ARRAYS, arrays_of_channels, channels_of, fault_of_channels
from nearclifford.version import __version__

if TYPE_CHECKING:
    from nearclifford.surrogates.base import Surrogate

# Of the files; raise it when they hold something else. Files of noisy circuits hold channels besides.
FORMAT, NOISY_FORMAT = 1, 2
EXPECTED = "an .npz file that Surrogate.save wrote"
# The arrays: kind of the dtype and bytes of an entry (0 for text of any length), and dimensions.
ARRAYS: dict[str, tuple[str, int, int]] = {
    "format": ("i", 8, 0), "version": ("U", 0, 0), "kind": ("U", 0, 0), "order": ("i", 8, 0), "n_qubits": ("i", 8, 0),
    "term_coefficients": ("f", 8, 1),
    "generators_x": ("u", 8, 2), "generators_z": ("u", 8, 2), "generators_sign": ("i", 1, 1),
    "images_x": ("u", 8, 2), "images_z": ("u", 8, 2), "images_sign": ("i", 1, 1),
    "angles_parameters": ("U", 0, 1), "angles_center": ("f", 8, 1), "angles_entry_rotation": ("i", 8, 1),
    "angles_entry_parameter": ("i", 8, 1), "angles_factor": ("f", 8, 1), "angles_offset": ("f", 8, 1),
    "tree_n_levels": ("i", 8, 0), "tree_width": ("i", 8, 0), "tree_level": ("i", 2, 1), "tree_rotation": ("i", 4, 1),
    "tree_weight": ("f", 8, 1), "tree_stay_start": ("i", 8, 1), "tree_stays": ("i", 4, 1),
}  # fmt: skip
ANGLES = tuple(name.removeprefix("angles_") for name in ARRAYS if name.startswith("angles_"))
MOST_LEVELS, WIDEST = 2**15 - 1, 8

Arrays = Mapping[str, npt.NDArray[Any]]


def arrays_of(kept: Surrogate) -> dict[str, npt.ArrayLike]:
    """Return what a file holds: with noise the channels too, which errors over a patch need."""
    problem = kept.problem
    written = FORMAT if problem.channels is None else NOISY_FORMAT
    arrays: dict[str, npt.ArrayLike] = {
        "format": written, "version": __version__, "kind": kept.kind, "order": kept.order,
        "n_qubits": problem.n_qubits, "term_coefficients": problem.coefficients,
    }  # fmt: skip
    for name, table in (("generators", problem.generators), ("images", problem.images)):
        arrays |= {f"{name}_x": table.x, f"{name}_z": table.z, f"{name}_sign": table.sign}
    arrays |= {f"angles_{field}": getattr(problem.angle_map, field) for field in ANGLES}
    if problem.channels is not None:
        arrays |= arrays_of_channels(problem.channels)
    return arrays | {f"tree_{name}": values for name, values in kept.tree._asdict().items()}


def read_arrays(path: Path) -> Arrays:
    """Return the checked arrays of a file; `NearCliffordError` says in one line what is wrong with any other."""
    content = read_bytes(path, EXPECTED)
    try:
        arrays = _unpacked(content)
    except Exception as error:  # NumPy and zipfile raise a dozen kinds for damaged archives
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NearCliffordError(f"{path} is no surrogate that Surrogate.save wrote: {reason}") from error
    for check in (_check_format, _check_types, _check_numbers, _check_angles, _check_tables, _check_steps, _check_channels):
        fault = check(arrays)
        if fault:
            raise NearCliffordError(f"{path} is no surrogate that Surrogate.save wrote: {fault}.")
    return arrays


def _unpacked(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array")
        return {name: np.ascontiguousarray(found) if (found := file[name]).ndim else found for name in file.files}


def _check_format(arrays: Arrays) -> str:
    found = arrays.get("format")
    if found is None or found.ndim or found.dtype.kind not in "iu":
        return "it has no number of a format"
    if found not in (FORMAT, NOISY_FORMAT):
        return f"it is of format {found}; this version of nearclifford reads {FORMAT} and {NOISY_FORMAT}"
    return ""


def _check_types(arrays: Arrays) -> str:
    for name, (kind, size, dimensions) in (ARRAYS | (CHANNEL_ARRAYS if _is_noisy(arrays) else {})).items():
        if name not in arrays:
            return f"{name} is missing"
        found = arrays[name]
        if found.dtype.kind != kind or not found.dtype.isnative or (size and found.dtype.itemsize != size):
            return f"{name} has dtype {found.dtype}; expected {kind}{size or ''}"
        if found.ndim != dimensions:
            return f"{name} has {found.ndim} dimensions; expected {dimensions}"
        if kind == "f" and not np.isfinite(found).all():
            return f"{name} holds {found[~np.isfinite(found)][0]}; expected finite numbers"
    return ""


def _check_numbers(arrays: Arrays) -> str:
    levels, order = int(arrays["tree_n_levels"]), int(arrays["order"])
    for name, low, high in (
        ("order", 1, LARGEST_COUNT),
        ("n_qubits", 1, LARGEST_COUNT),
        ("tree_width", 1, WIDEST),
        ("tree_n_levels", 1, min(order, MOST_LEVELS)),
    ):
        if not low <= arrays[name] <= high:
            return f"{name} is {arrays[name]}; expected {low} to {high}"
    rotations = len(arrays["angles_offset"])
    return f"tree_n_levels is {levels}; there are {rotations} rotations" if levels > rotations + 1 else ""


def _check_angles(arrays: Arrays) -> str:
    size, entries = len(arrays["angles_parameters"]), len(arrays["angles_entry_rotation"])
    for name, length in (("center", size), ("entry_parameter", entries), ("factor", entries)):
        if len(arrays[f"angles_{name}"]) != length:
            return f"angles_{name} has {len(arrays[f'angles_{name}'])} entries; expected {length}"
    for name, end in (("entry_rotation", len(arrays["angles_offset"])), ("entry_parameter", size)):
        index = arrays[f"angles_{name}"]
        if ((index < 0) | (index >= end)).any():
            return f"angles_{name} holds an index out of range; expected 0 to {end - 1}"
    if (np.diff(arrays["angles_entry_rotation"]) < 0).any():
        return "angles_entry_rotation does not ascend"
    if (np.abs(arrays["angles_offset"]) > np.pi / 4 + 1e-9).any():
        return "angles_offset holds an angle beyond π/4"
    # a Taylor polynomial is one around the centre of all angles
    return "a Taylor surrogate has fixed angles" if arrays["kind"] == "taylor" and arrays["angles_offset"].any() else ""


def _check_tables(arrays: Arrays) -> str:
    n_qubits = int(arrays["n_qubits"])
    words, rest = (n_qubits + 63) // 64, n_qubits % 64
    rows = {"generators": len(arrays["angles_offset"]), "images": len(arrays["term_coefficients"])}
    if not rows["images"]:
        return "term_coefficients is empty"
    for name, count in rows.items():
        for part in ("x", "z"):
            found = arrays[f"{name}_{part}"]
            if found.shape != (count, words):
                return f"{name}_{part} has shape {found.shape}; expected {(count, words)}"
            if rest and (found[:, -1] >> np.uint64(rest)).any():
                return f"{name}_{part} has letters beyond {n_qubits} qubits"
        sign = arrays[f"{name}_sign"]
        if sign.shape != (count,) or (np.abs(sign) != 1).any():
            return f"{name}_sign holds no {count} signs; expected each 1 or -1"
    return ""


def _check_steps(arrays: Arrays) -> str:
    level, start, stays = arrays["tree_level"], arrays["tree_stay_start"], arrays["tree_stays"]
    for name, length in (("rotation", len(level)), ("weight", len(level)), ("stay_start", len(level) + 1)):
        if len(arrays[f"tree_{name}"]) != length:
            return f"tree_{name} has {len(arrays[f'tree_{name}'])} entries; expected {length}"
    if start[0] != 0 or start[-1] != len(stays) or (np.diff(start) < 0).any():
        return f"tree_stay_start does not ascend from 0 to {len(stays)}"
    fault = first_fault(tree_of(arrays), len(arrays["angles_offset"]))
    return f"step {fault} of its paths does not follow from those before it" if fault >= 0 else ""


def _is_noisy(arrays: Arrays) -> bool:
    return int(arrays["format"]) == NOISY_FORMAT


def _check_channels(arrays: Arrays) -> str:
    if not _is_noisy(arrays):
        return ""
    return fault_of_channels(arrays, int(arrays["n_qubits"]), len(arrays["angles_offset"]))


def problem_of(arrays: Arrays) -> PauliProblem:
    """Return the landscape in normal form."""
    generators, images = (_table_of(arrays, name) for name in ("generators", "images"))
    channels = channels_of(arrays) if _is_noisy(arrays) else None
    return PauliProblem(_angles_of(arrays), generators, images, arrays["term_coefficients"], channels)


def _table_of(arrays: Arrays, name: str) -> PauliTable:
    """Return the table of Pauli strings called ``name``."""
    return PauliTable(int(arrays["n_qubits"]), *(arrays[f"{name}_{part}"] for part in ("x", "z", "sign")))


def _angles_of(arrays: Arrays) -> AngleMap:
    """Return the map from parameters to angles."""
    names, center, *entries = (arrays[f"angles_{field}"] for field in ANGLES)
    rotation, parameter, factor, offset = entries
    return AngleMap(tuple(map(str, names)), center, rotation, parameter, factor, offset)


def tree_of(arrays: Arrays) -> PathTree:
    """Return the tree of paths."""
    parts = {name: arrays[f"tree_{name}"] for name in PathTree._fields}
    return PathTree(n_levels=int(parts.pop("n_levels")), width=int(parts.pop("width")), **parts)
