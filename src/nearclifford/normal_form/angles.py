"""Which parameter turns which rotation: the map from parameters to angles, and what methods require of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from nearclifford.arrays import Floats, Indices
from nearclifford.errors import NearCliffordError
from nearclifford.patches import Patch, require_patch

# What a method that averages over Clifford circuits advises where it cannot.
UNTIE = "nearclifford.untie(circuit) makes the angles independent."
SAMPLE_ANGLES = (
    f"backend=Statevector() samples the angles themselves, backend=Paths() averages paths of few flips, and {UNTIE}"
)


def numbered(rotation: int) -> str:
    """Return what an error calls a rotation of which no gate is known.

    >>> numbered(3)
    'rotation 3'
    """
    return f"rotation {rotation}"


@dataclass(frozen=True, eq=False)
class AngleMap:
    """How the angles of rotations follow from the parameters: ``φ = offset + A (θ - center)``.

    The matrix A has the entry ``factor[e]`` at ``(entry_rotation[e], entry_parameter[e])``; entries are sorted by rotation.
    At ``θ = center`` an angle is its offset: zero, except for gates whose fixed part is not Clifford.

    Attributes
    ----------
    parameters : names of the parameters, in the order of ``circuit.parameters``.
    center : float64, shape ``(n_parameters,)``, radians.
    entry_rotation, entry_parameter : int64, shape ``(n_entries,)``.
    factor : float64, shape ``(n_entries,)``, dimensionless.
    offset : float64, shape ``(n_rotations,)``, radians, in [-π/4, π/4].
    describe : what an error calls a rotation.
    """

    parameters: tuple[str, ...]
    center: Floats
    entry_rotation: Indices
    entry_parameter: Indices
    factor: Floats
    offset: Floats
    describe: Callable[[int], str] = field(default=numbered, repr=False)

    @property
    def n_parameters(self) -> int:
        """Number of parameters D."""
        return len(self.parameters)

    @property
    def n_rotations(self) -> int:
        """Number of rotations; equals D when every parameter sits on one gate and no angle is fixed."""
        return len(self.offset)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The matrix A, shape ``(n_rotations, D)``."""
        entries = (self.factor, (self.entry_rotation, self.entry_parameter))
        return sparse.csr_array(entries, shape=(self.n_rotations, self.n_parameters))

    def angles(self, theta: Floats) -> Floats:
        """Return the rotation angles φ, shape ``(batch, n_rotations)``, contiguous, at ``theta`` of shape ``(batch, D)``."""
        return np.ascontiguousarray((self.matrix @ (theta - self.center).T).T) + self.offset

    def to_parameters(self, angle_gradient: Floats) -> Floats:
        """Return a gradient by angle, shape ``(batch, n_rotations)``, by parameter: shape ``(batch, D)``."""
        return np.ascontiguousarray((self.matrix.T @ angle_gradient.T).T)

    @property
    def independent(self) -> bool:
        """Whether each parameter turns one rotation, each rotation has one parameter, and fixed angles are Clifford.

        >>> from nearclifford import ansatz
        >>> from nearclifford.normal_form.compiler import compile_circuit
        >>> compile_circuit(ansatz.mhea(2, 0)).angle_map.independent
        True
        """
        alone = (len(np.unique(entries)) == len(entries) for entries in (self.entry_parameter, self.entry_rotation))
        return all(alone) and not self.offset.any()

    def rotations_of(self, parameter: int) -> Indices:
        """Return the indices of the rotations that the parameter turns."""
        return self.entry_rotation[self.entry_parameter == parameter]

    def require_clifford(self, reason: str, way_out: str, error: type[NearCliffordError] = NearCliffordError) -> None:
        """Raise an error, with the reason and the way out as sentences, where an angle is not Clifford at the centre.

        >>> AngleMap(("a",), np.zeros(1), np.zeros(1, int), np.zeros(1, int), np.ones(1), np.array([0.1])).require_clifford(
        ...     "The encoder needs a Clifford centre.", "")
        Traceback (most recent call last):
        ...
        nearclifford.errors.NearCliffordError: The encoder needs a Clifford centre. At the centre rotation 0 turns ...
        """
        off_grid = np.flatnonzero(self.offset)
        for j in off_grid[:1]:
            raise error(
                f"{reason} At the centre {self.describe(int(j))} turns by {self.offset[j]:.6g} rad beyond a multiple of π/2 "
                f"({len(off_grid)} such rotations in all). Make the fixed angle (a T gate is one of π/4) a parameter, as "
                f"nearclifford.untie(circuit, fixed='free') does, or replace it by a multiple of π/2. {way_out}".rstrip()
            )

    @cached_property
    def rotation_of(self) -> tuple[Indices, Floats]:
        """The rotation and the factor of each parameter, shapes ``(D,)``; -1 and 0 for a parameter that turns nothing.

        Raises `NearCliffordError` unless every parameter sits on one rotation, every rotation has one parameter, and all
        angles are multiples of π/2 at the centre: averages over a patch do not factor otherwise.

        >>> from nearclifford import ansatz
        >>> from nearclifford.normal_form.compiler import compile_circuit
        >>> rotation, factor = compile_circuit(ansatz.mhea(2, 0)).angle_map.rotation_of
        >>> rotation.tolist(), factor.tolist()
        ([0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0])
        """
        self.require_clifford("Averages over random Clifford circuits need a Clifford centre.", SAMPLE_ANGLES)
        per_parameter = np.bincount(self.entry_parameter, minlength=self.n_parameters)
        for k in np.flatnonzero(per_parameter > 1)[:1]:
            raise NearCliffordError(
                f"Parameter {k} ({self.parameters[k]!r}) turns {per_parameter[k]} rotations; averages over random Clifford "
                "circuits need independent angles, one rotation for each parameter. " + SAMPLE_ANGLES
            )
        per_rotation = np.bincount(self.entry_rotation, minlength=self.n_rotations)
        for j in np.flatnonzero(per_rotation > 1)[:1]:
            names = ", ".join(repr(self.parameters[k]) for k in self.entry_parameter[self.entry_rotation == j])
            raise NearCliffordError(
                f"The angle of {self.describe(int(j))} has {per_rotation[j]} parameters ({names}); averages over random "
                f"Clifford circuits need angles of one parameter each. {SAMPLE_ANGLES}"
            )
        rotation = np.full(self.n_parameters, -1, dtype=np.int64)
        factor = np.zeros(self.n_parameters)
        rotation[self.entry_parameter] = self.entry_rotation
        factor[self.entry_parameter] = self.factor
        return rotation, factor

    def patch_of_rotations(self, patch: Patch) -> tuple[Indices, Indices, Patch]:
        """Return (parameters that turn a rotation, their rotations, patch): ``factor * t`` by parameter, t where it is 0.

        An angle is ``factor`` times the displacement of its parameter, so its width is ``|factor|`` times the patch's.
        Errors as for `rotation_of`, and `NearCliffordError` where the patch holds another number of widths than D.
        """
        require_patch(patch).for_parameters(self.n_parameters)
        rotation, factor = self.rotation_of
        turning = np.flatnonzero(rotation >= 0)
        return turning, rotation[turning], patch.scaled(np.where(rotation >= 0, factor, 1.0))


def angle_moments(angle_map: AngleMap, patch: Patch) -> tuple[Floats, Floats]:
    """Return (E[cos], E[sin²]) of the displacement of each rotation's angle, shapes ``(n_rotations,)``.

    Raises `NearCliffordError` where angles are not independent (`AngleMap.rotation_of`), and for a patch that does not fit
    or lacks one of these moments.

    >>> from nearclifford import Gaussian, ansatz
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> cosine, sine_square = angle_moments(compile_circuit(ansatz.mhea(1, 0)).angle_map, Gaussian(0.5))
    >>> cosine.round(6).tolist()
    [0.882497, 0.882497]
    """
    parameters, rotations, scaled = angle_map.patch_of_rotations(patch)
    cosine, sine_square = np.ones(angle_map.n_rotations), np.zeros(angle_map.n_rotations)
    if len(parameters):
        cosine[rotations] = np.asarray(scaled.cosine_mean())[parameters]
        sine_square[rotations] = np.asarray(scaled.sine_square_mean())[parameters]
    return cosine, sine_square
