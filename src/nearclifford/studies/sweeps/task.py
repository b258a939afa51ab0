"""A task of a sweep: one circuit, observable and patch, and the words that tell it apart in tables and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit

from nearclifford.arguments import shown
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.normal_form.operators import ObservableLike
from nearclifford.patches import Patch, require_patch

Word = str | int | float | bool


@dataclass(frozen=True, eq=False)
class Task:
    """A circuit, an observable and a patch: one row of a sweep's table.

    Attributes
    ----------
    circuit : a `QuantumCircuit` as `nearclifford.Landscape` takes it, or a landscape, whose observable and centre it has.
    observable : any form that `nearclifford.Landscape` takes; None with a landscape.
    patch : `Gaussian`, `Uniform` or one's own.
    metadata : what tells the task apart, by name: text, numbers or truth values. They are columns of the table and axes of
        the figures, and determine no number.
    center : multiples of π/2, shape ``(D,)``, radians; 0 by default.
    noise : Pauli noise as for `nearclifford.gradient_statistics`, or None.

    Raises `NearCliffordError` for a part of another kind; what is wrong with the circuit itself is told when it is compiled.

    Examples
    --------
    >>> import nearclifford as nc
    >>> task = nc.Task(nc.ansatz.mhea(4, 2), "ZIII", nc.Gaussian(0.1), metadata={"cost": "local"})
    >>> task.landscape()
    Landscape(4 qubits, 24 parameters, 1 term)
    """

    circuit: QuantumCircuit | Landscape
    observable: ObservableLike | None
    patch: Patch
    metadata: Mapping[str, Word] = field(default_factory=dict)
    center: npt.ArrayLike | None = None
    noise: Noise | None = None

    def __post_init__(self) -> None:
        require_patch(self.patch)
        if isinstance(self.circuit, Landscape):
            if self.observable is not None or self.center is not None:
                raise NearCliffordError(
                    "The task has a landscape, which has its observable and centre; expected None for both."
                )
        elif not isinstance(self.circuit, QuantumCircuit):
            raise NearCliffordError(
                f"circuit is a {type(self.circuit).__name__}; expected a qiskit.QuantumCircuit or a Landscape."
            )
        elif self.observable is None:
            raise NearCliffordError("The task has no observable; expected one such as 'ZZII' or a SparsePauliOp.")
        object.__setattr__(self, "metadata", _words(self.metadata))

    def landscape(self) -> Landscape:
        """Return the task's landscape, compiled; errors of `nearclifford.Landscape`."""
        if isinstance(self.circuit, Landscape):
            return with_noise(self.circuit, self.noise)
        assert self.observable is not None
        return with_noise(Landscape(self.circuit, self.observable, self.center), self.noise)


def _words(given: object) -> dict[str, Word]:
    if not isinstance(given, Mapping):
        raise NearCliffordError(f'metadata is {shown(given)}; expected words by name, such as {{"cost": "local"}}.')
    found: dict[str, Word] = {}
    for name, value in given.items():
        plain: Any = value.item() if isinstance(value, np.generic) else value
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise NearCliffordError(f"metadata has the name {shown(name)}; expected a printable text.")
        if not isinstance(plain, str | int | float | bool) or (isinstance(plain, float) and not math.isfinite(plain)):
            raise NearCliffordError(
                f"metadata[{name!r}] is {shown(value)}; expected a text, a finite number or a truth value."
            )
        found[name] = plain
    return found
