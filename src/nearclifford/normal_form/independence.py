"""Where averages over a patch equal averages over random Clifford circuits: one independent angle a rotation."""

from __future__ import annotations

import numpy as np

from nearclifford.arrays import Floats, Indices
from nearclifford.errors import NearCliffordError
from nearclifford.normal_form.program import AngleMap
from nearclifford.patches import Gaussian, Patch, Uniform

WAY_OUT = "Use backend=Statevector(), which samples the angles themselves."


def rotation_of_parameters(program: AngleMap) -> tuple[Indices, Floats]:
    """Return (rotation, factor) of each parameter, shapes ``(D,)``; -1 and 0 for a parameter that turns nothing.

    Raises `NearCliffordError` unless every parameter sits on one rotation, every rotation has one parameter, and all angles
    are multiples of π/2 at the centre: averages over the patch do not factor otherwise.

    >>> from nearclifford import ansatz
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> rotation, factor = rotation_of_parameters(compile_circuit(ansatz.mhea(2, 0)))
    >>> rotation.tolist(), factor.tolist()
    ([0, 1, 2, 3], [1.0, 1.0, 1.0, 1.0])
    """
    for j in np.flatnonzero(program.offset)[:1]:
        raise NearCliffordError(
            f"{program.describe(j)} turns by {program.offset[j]:.6g} rad beyond a multiple of π/2 at the centre; the "
            f"stabilizer method averages over Clifford circuits, and a fixed angle off the grid is not Clifford. {WAY_OUT}"
        )
    per_parameter = np.bincount(program.entry_parameter, minlength=program.n_parameters)
    for k in np.flatnonzero(per_parameter > 1)[:1]:
        raise NearCliffordError(
            f"parameter {k} ({program.parameters[k]!r}) turns {per_parameter[k]} rotations; the stabilizer method needs "
            "independent angles, one rotation for each parameter. Give each gate a parameter of its own, or "
            f"{_lower(WAY_OUT)}"
        )
    per_rotation = np.bincount(program.entry_rotation, minlength=program.n_rotations)
    for j in np.flatnonzero(per_rotation > 1)[:1]:
        names = ", ".join(repr(program.parameters[k]) for k in program.entry_parameter[program.entry_rotation == j])
        raise NearCliffordError(
            f"rotation {j} has an angle of {per_rotation[j]} parameters ({names}); the stabilizer method needs angles of "
            f"one parameter each. Give the gate a parameter of its own, or {_lower(WAY_OUT)}"
        )
    rotation = np.full(program.n_parameters, -1, dtype=np.int64)
    factor = np.zeros(program.n_parameters)
    rotation[program.entry_parameter] = program.entry_rotation
    factor[program.entry_parameter] = program.factor
    return rotation, factor


def angle_moments(program: AngleMap, patch: Patch) -> tuple[Floats, Floats]:
    """Return (E[cos], E[sin²]) of the displacement of each rotation's angle, shapes ``(n_rotations,)``.

    The angle is ``factor`` times the displacement of its parameter, so its width is ``|factor|`` times the patch's.

    >>> from nearclifford import ansatz
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> cosine, sine_square = angle_moments(compile_circuit(ansatz.mhea(1, 0)), Gaussian(0.5))
    >>> cosine.round(6).tolist()
    [0.882497, 0.882497]
    """
    if not isinstance(patch, Gaussian | Uniform):
        raise NearCliffordError(
            f"patch is {patch!r}; expected Gaussian(sigma) or Uniform(half_width), whose averages are known. {WAY_OUT}"
        )
    rotation, factor = rotation_of_parameters(program)
    turning = rotation >= 0
    widths = (np.abs(factor) * patch.for_parameters(program.n_parameters))[turning]
    cosine, sine_square = np.ones(program.n_rotations), np.zeros(program.n_rotations)
    if turning.any():
        scaled = type(patch)(widths)
        cosine[rotation[turning]] = scaled.cosine_mean()
        sine_square[rotation[turning]] = scaled.sine_square_mean()
    return cosine, sine_square


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
