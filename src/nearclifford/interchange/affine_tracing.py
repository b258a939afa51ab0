"""How the angles of gates depend on the arguments of a function that makes them, found by asking it.

Most angles are ``constant + factor * x_k`` of one argument k. At points without pattern the ratio of two differences tells
k, so three questions settle all such angles at once; the others are asked for by one argument at a time. A last point, at
which nothing was asked, shows whether the angles are affine at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError

# Differences are of numbers of the size of 1: rounding is far below, and a coincidence of two ratios far above.
RATIO_TOLERANCE = 1e-9
ROUNDING = 1e-13
AFFINE_TOLERANCE = 1e-10
# Factors of gates are small fractions: nearer than this to a multiple of 1/720720 they are that fraction.
FRACTIONS = 720720


@dataclass(frozen=True, eq=False)
class AffineAngles:
    """Angles ``constant[j] + Σ factor * x[argument]`` over the entries of j, radians.

    Attributes
    ----------
    constant : float64, shape ``(n_angles,)``.
    entries : for each angle its pairs (argument, factor).
    """

    constant: Floats
    entries: tuple[tuple[tuple[int, float], ...], ...]

    def at(self, x: Floats) -> Floats:
        """Return the angles at arguments of shape ``(D,)``.

        >>> AffineAngles(np.array([1.0]), (((1, 2.0),),)).at(np.array([5.0, 0.5]))
        array([2.])
        """
        return self.constant + np.array([sum(factor * x[k] for k, factor in entry) for entry in self.entries])


def affine_angles(angles: Callable[[Floats], Floats], n_arguments: int) -> AffineAngles:
    """Return how ``angles(x)``, shape ``(D,)`` to ``(n_angles,)``, depends on x, in 4 calls, D + 4 at most.

    Raises `CircuitError` where the number of angles depends on x, or an angle is not affine in it.

    >>> found = affine_angles(lambda x: np.array([2 * x[1], 0.3, x[0] - x[1] / 2]), 2)
    >>> found.entries, found.constant.round(12) + 0.0
    ((((1, 2.0),), (), ((0, 1.0), (1, -0.5))), array([0. , 0.3, 0. ]))
    """
    # four points without pattern, the same in every run
    base, first, second, unseen = np.random.default_rng(20250709).uniform(0.2, 1.3, (4, n_arguments))
    at_base, at_first, at_second, expected = (np.asarray(angles(x)) for x in (base, first, second, unseen))
    if not len(at_base) == len(at_first) == len(at_second) == len(expected):
        raise CircuitError("The number of gates depends on the values of the parameters; expected the same gates for all.")
    entries = _of_one(at_first - at_base, at_second - at_base, first - base, second - base)
    rest = [j for j, entry in enumerate(entries) if entry is None]
    if rest:
        columns = np.array([np.asarray(angles(base + step)) - at_base for step in np.eye(n_arguments)])
        for j in rest:
            entries[j] = _of_several(columns[:, j], at_base[j])
    known = tuple(entry or () for entry in entries)
    found = AffineAngles(at_base - AffineAngles(np.zeros(len(at_base)), known).at(base), known)
    off = np.flatnonzero(np.abs(found.at(unseen) - expected) > AFFINE_TOLERANCE)
    if len(off):
        raise CircuitError(
            f"Angle {off[0]} of the circuit ({len(off)} such angles in all) is not affine in the parameters; expected "
            "constant + factor * parameter + ... Give the nonlinear part a parameter of its own."
        )
    return found


def _of_one(
    first: Floats, second: Floats, by_first: Floats, by_second: Floats
) -> list[tuple[tuple[int, float], ...] | None]:
    """Return the entry of each angle that depends on one argument or on none; None for the others."""
    entries: list[tuple[tuple[int, float], ...] | None] = []
    for one, other in zip(first, second, strict=True):
        if abs(one) < ROUNDING and abs(other) < ROUNDING:
            entries.append(())
            continue
        ratio, ratio_of_other = one / by_first, other / by_second
        same = np.flatnonzero(np.abs(ratio - ratio_of_other) < RATIO_TOLERANCE * np.abs(ratio))
        entries.append(((int(same[0]), _fraction(ratio[same[0]])),) if len(same) == 1 else None)
    return entries


def _of_several(slopes: Floats, angle: float) -> tuple[tuple[int, float], ...]:
    """Return the entry of an angle from its differences by each argument."""
    turning = np.flatnonzero(np.abs(slopes) > ROUNDING * max(1.0, abs(angle)))
    return tuple((k, _fraction(slopes[k])) for k in turning.tolist())


def _fraction(factor: float) -> float:
    """Return a factor without the rounding of the differences that it comes from."""
    nearest = round(factor * FRACTIONS) / FRACTIONS
    return nearest if abs(nearest - factor) < ROUNDING * max(1.0, abs(factor)) else float(factor)
