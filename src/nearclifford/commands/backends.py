"""The backends that ``--backend`` can name, and their options; knows their names alone until one is made."""

from __future__ import annotations

import argparse
from typing import Any

import nearclifford as nc
from nearclifford.errors import NearCliffordError

# The public name of each, and the options that it takes.
BACKENDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "auto": ("Auto", ()),
    "exact": ("Exact", ()),
    "statevector": ("Statevector", ("device",)),
    "stabilizer": ("Stabilizer", ()),
    "paths": ("Paths", ()),
    "aer": ("Aer", ("device", "shots")),
}


def make_backend(options: argparse.Namespace) -> Any:
    """Return the backend that was named, with the options that were given; `NearCliffordError` for one it does not take.

    >>> make_backend(argparse.Namespace(backend="stabilizer", device=None, shots=64))
    Traceback (most recent call last):
    ...
    nearclifford.errors.NearCliffordError: --shots is 64, but --backend stabilizer takes none; expected --backend aer.
    """
    name, takes = BACKENDS[options.backend]
    given = {option: getattr(options, option) for option in ("device", "shots") if getattr(options, option) is not None}
    for option, value in given.items():
        if option not in takes:
            others = " or ".join(other for other, (_, known) in BACKENDS.items() if option in known)
            raise NearCliffordError(
                f"--{option} is {value}, but --backend {options.backend} takes none; expected --backend {others}."
            )
    return getattr(nc, name)(**given)
