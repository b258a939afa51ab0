"""The Pauli problem: what a circuit and an observable are, once they are rotations and strings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.errors import NearCliffordError
from nearclifford.normal_form.angles import AngleMap
from nearclifford.normal_form.channels import PauliChannels
from nearclifford.normal_form.compression import TermGroup, compress
from nearclifford.normal_form.program import PauliTable, RotationProgram

# What to use with noise, as a sentence.
KNOW_NOISE = (
    "Exact(), Stabilizer() and Particles() average over a patch with noise, surrogate(land, order, noise=noise) has values, "
    "and Aer(noise_model=model) runs small circuits."
)


@dataclass(frozen=True, eq=False)
class PauliProblem:
    """``L(θ) = Σ_a c_a <0| R_1† ··· R_n† P'_a R_n ··· R_1 |0>`` with ``R_j = exp(-i φ_j G_j / 2)`` and φ(θ) affine.

    Every method of the package is a computation on this record (docs/theory.md, "Normal form").

    Attributes
    ----------
    angle_map : from the parameters to the angles φ.
    generators : the signed strings ``G_j``, in time order, ``n_rotations`` rows.
    images : the observable's strings pulled back through the Clifford part of the circuit, ``P'_a``, T rows.
    coefficients : float64, shape ``(T,)``: the ``c_a``.
    channels : Pauli noise between the rotations; None without.

    >>> import nearclifford as nc
    >>> problem = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2)).problem
    >>> problem.n_qubits, problem.angle_map.n_parameters, len(problem.generators), len(problem.images)
    (2, 4, 4, 1)
    """

    angle_map: AngleMap
    generators: PauliTable
    images: PauliTable
    coefficients: Floats
    channels: PauliChannels | None = None

    @classmethod
    def of(cls, program: RotationProgram, images: PauliTable, coefficients: Floats) -> PauliProblem:
        """Return the problem of a circuit in normal form and an observable pulled back through it."""
        return cls(program.angle_map, program.generators, images, coefficients, program.channels)

    @property
    def n_qubits(self) -> int:
        """Number of qubits N."""
        return self.generators.n_qubits

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return self.angle_map.n_parameters

    @property
    def n_rotations(self) -> int:
        """Number of rotations."""
        return len(self.generators)

    @cached_property
    def groups(self) -> tuple[TermGroup, ...]:
        """The terms, grouped, with the rotations and the space that each group needs."""
        return compress(self.generators, self.images)

    @property
    def active_qubits(self) -> int:
        """The largest rank r over the groups of terms: an exact sweep runs over ``2**r`` amplitudes at most."""
        return max((group.active_qubits for group in self.groups), default=0)

    @property
    def amplitudes(self) -> float:
        """How many amplitudes the rotations of one exact value move, over all groups of terms."""
        return float(sum(len(group.rotations) * 2.0**group.active_qubits for group in self.groups))

    @cached_property
    def varying_size(self) -> float:
        """Σ|c| over the terms that are not the identity: what the loss can differ by from its constant part."""
        varying = (self.images.x | self.images.z).any(axis=1)
        return float(np.abs(self.coefficients[varying]).sum())

    def take(self, terms: object) -> PauliProblem:
        """Return the problem of some of the terms, by their rows."""
        rows = np.asarray(terms, dtype=np.int64)
        return replace(self, images=self.images.take(rows), coefficients=self.coefficients[rows])

    def require_noiseless(self, what: str, way_out: str) -> None:
        """Raise `NearCliffordError`, with what knows no noise and the way out as a sentence, where there are Pauli channels.

        >>> import nearclifford as nc
        >>> nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2)).problem.require_noiseless("A sweep", "")
        """
        if self.channels is not None:
            raise NearCliffordError(f"{what} knows no noise, and this circuit has {len(self.channels)} channels. {way_out}")
