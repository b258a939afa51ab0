"""A training run as a file of arrays, and the checks that arrays from a file must pass: nothing there is believed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable, read_bytes, replacing
from nearclifford.training.checkpoint import Checkpoint
from nearclifford.training.optimizers import optimizer_from
from nearclifford.training.reasons import REASON
from nearclifford.training.rules import State, UpdateRule

if TYPE_CHECKING:
    from nearclifford.training.record import TrainingRun

# Of the files; raise it when they hold something else.
FORMAT = 1
EXPECTED = "an .npz file that TrainingRun.save wrote"
# The arrays of every file: kind of the dtype, and what its shape is made of: steps + 1, runs, parameters.
ARRAYS: dict[str, tuple[str, str]] = {
    "losses": ("f", "S..."), "gradient_norms": ("f", "S..."), "distance": ("f", "S..."), "seconds": ("f", "S"),
    "theta0": ("f", "...D"), "theta": ("f", "...D"), "gradient": ("f", "...D"), "stopped": ("U", "..."),
}  # fmt: skip
NOISE = {"loss_variances": ("f", "S..."), "gradient_variances": ("f", "S..."), "shots": ("i", "S")}
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

Arrays = Mapping[str, npt.NDArray[Any]]


def write(run: TrainingRun, path: Path) -> None:
    """Write a run into a file, as a whole or not at all."""
    kept = run.checkpoint
    settings = {
        "format": FORMAT, "kind": "training run", "version": run.version, "optimizer": run.optimizer.to_dict(),
        "identity": kept.identity, "streams": kept.streams, "path_every": run.path_every,
    }  # fmt: skip
    arrays: dict[str, Any] = {"settings": np.array(json.dumps(settings)), "gradient": kept.gradient}
    arrays |= {name: getattr(run, name) for name in ARRAYS if name != "gradient"}
    arrays |= {name: getattr(run, name) for name in (*NOISE, "path") if getattr(run, name) is not None}
    arrays |= {f"state_{number}": part for number, part in enumerate(kept.state)}
    with replacing(path, "a file for a training run") as stream:
        np.savez(stream, **arrays)


def fields_of(path: Path) -> dict[str, Any]:
    """Return the fields of the run in a file; `NearCliffordError` says in one line what is wrong with any other."""
    content = read_bytes(path, EXPECTED)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _fields(arrays, json.loads(str(arrays["settings"][()])))
    except Exception as error:  # NumPy, zipfile and json raise a dozen kinds for damaged archives
        raise NearCliffordError(f"{path} is no training run that TrainingRun.save wrote: {_told(error)}.") from error


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{printable(str(error.args[0]))} is missing"
    return (printable(str(error)) or type(error).__name__).rstrip(".")


def _fields(arrays: Arrays, settings: dict[str, Any]) -> dict[str, Any]:
    if settings.get("kind") != "training run" or settings.get("format") != FORMAT:
        raise ValueError(f"it is of format {settings.get('format')}; this version of nearclifford reads {FORMAT}")
    noisy, every = "shots" in arrays, settings["path_every"]
    _check_arrays(arrays, {**ARRAYS, **(NOISE if noisy else {})}, every)
    optimizer = optimizer_from(settings["optimizer"])
    state = _state(arrays, optimizer if isinstance(optimizer, UpdateRule) else None)
    streams = tuple(map(str, settings["streams"]))
    if not streams or any(json.loads(text)["bit_generator"] not in BIT_GENERATORS for text in streams):
        raise ValueError("it has no states of random generators")
    kept = Checkpoint(arrays["gradient"], state, str(settings["identity"]), streams)
    found: dict[str, Any] = {name: arrays[name] for name in ARRAYS if name != "gradient"}
    found |= {name: arrays.get(name) for name in (*NOISE, "path")}
    found |= {"stopped": arrays["stopped"].astype(REASON)[()], "path_every": every}
    return found | {"optimizer": optimizer, "checkpoint": kept, "version": str(settings["version"])}


def _check_arrays(arrays: Arrays, kinds: Mapping[str, tuple[str, str]], every: object) -> None:
    count, shape, size = len(arrays["losses"]), arrays["losses"].shape[1:], arrays["theta"].shape[-1]
    shapes = {"S...": (count, *shape), "S": (count,), "...D": (*shape, size), "...": shape}
    for name, (kind, parts) in kinds.items():
        found = arrays[name]
        if found.dtype.kind != kind or (kind == "f" and found.dtype != np.float64):
            raise ValueError(f"{name} has dtype {found.dtype}")
        if found.shape != shapes[parts]:
            raise ValueError(f"{name} has shape {found.shape}; expected {shapes[parts]}")
    if not np.isfinite(arrays["theta"]).all() or not np.isfinite(arrays["seconds"]).all():
        raise ValueError("it holds angles or times that are not finite")
    if every is not None:
        expected = ((count - 1) // int(str(every)) + 1, *shape, size)
        if not isinstance(every, int) or every < 1 or arrays["path"].shape != expected:
            raise ValueError(f"its path has not the shape {expected}")


def _state(arrays: Arrays, rule: UpdateRule | None) -> State:
    count = sum(name.startswith("state_") for name in arrays)
    state = tuple(arrays[f"state_{number}"] for number in range(count))
    size = arrays["theta"].shape[-1]
    runs = arrays["theta"].size // size
    if rule is None:
        shapes = [(runs,), (runs,), (int(state[1].sum()) if count == 3 else -1, *state[-1].shape[1:])]
    else:
        shapes = [part.shape for part in rule.start((runs, size))]
    if [part.shape for part in state] != shapes or any(part.dtype != np.float64 for part in state):
        raise ValueError("its state is not one of its optimizer")
    return state
