"""The mean of <H²> over a patch, exactly: a sum over pairs of terms, nothing sampled.

<H²> is linear in the state, so only paths without a flip have a mean, and a product P_a P_b has one only where it is Z-type:
where the pulled-back strings have equal x-parts. Source: docs/theory.md, "Shots".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.chains.classes import RotationMoments, TermClasses, logarithm
from nearclifford.kernels.chain.means import loss_means
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch

# Rotations whose signs are unpacked at once.
BLOCK = 2048


@dataclass(frozen=True, eq=False)
class MeanSquares:
    """Means of an observable H over a patch: of <H²> and of <H>.

    Attributes
    ----------
    square, mean : E<H²> and E<H>.
    shifted_square : float64, shape ``(n_rotations,)``: E<H²> with the angle of one rotation shifted, the mean over shifts by
        π/2 and -π/2.
    shifted_mean : float64, shape ``(n_rotations,)``: the same of E<H>.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.ising(2))         # -ZZ - X1 - X2 in |00>
    >>> found = MeanSquares.of(land.problem, nc.Gaussian(1e-9))
    >>> round(found.square, 9), round(found.mean, 9)
    (3.0, -1.0)
    """

    square: float
    mean: float
    shifted_square: Floats
    shifted_mean: Floats

    @classmethod
    def of(cls, problem: PauliProblem, patch: Patch) -> MeanSquares:
        """Return the means; errors of `nearclifford.normal_form.angles.angle_moments`, `ResourceError` for many terms."""
        moments = RotationMoments.of(problem.angle_map, patch)
        # A pair keeps the product of E[cos] over the rotations that one of its terms meets.
        apart = -2 * logarithm(np.abs(moments.cosine))
        classes = TermClasses.of(problem, replace(moments, logs=moments.logs._replace(distance=apart)))
        square, shifted_square = _squares(classes, problem.n_rotations)
        mean, shifted_mean = _means(problem, classes, moments.cosine)
        return cls(square, mean, shifted_square, shifted_mean)


def _squares(classes: TermClasses, n: int) -> tuple[float, Floats]:
    begin, amplitude, place = classes.tables.begin, classes.tables.amplitude, classes.tables.place
    sizes = np.diff(begin)
    # A term with itself is 1, and meets nothing.
    alone = float(np.square(amplitude[begin[:-1][sizes == 1]]).sum())
    square, shifted = alone, np.full(n, alone)
    for c in np.flatnonzero(sizes > 1):
        member = slice(begin[c], begin[c + 1])
        pairs = classes.tables.kernel[place[c] : place[c + 1]].reshape(sizes[c], sizes[c])
        weight = amplitude[member, None] * pairs * amplitude[member]
        total = float(weight.sum())
        square += total
        for start in range(0, n, BLOCK):
            sign = _signs(classes, member, start, min(start + BLOCK, n))
            # Shifted both ways, a product that anticommutes with the rotation has no mean: half of 1 + s_a s_b remains.
            shifted[start : start + BLOCK] += (total + (sign * (weight @ sign)).sum(axis=0)) / 2
    return square, shifted


def _means(problem: PauliProblem, classes: TermClasses, cosine: Floats) -> tuple[float, Floats]:
    shifted, places = np.zeros(problem.n_rotations), classes.mean_class
    if not len(places):
        return 0.0, shifted
    each = problem.coefficients * loss_means(problem.generators.strings, problem.images.strings, cosine)
    member, term = slice(places[0], places[-1] + 1), each[classes.terms[places]]
    for start in range(0, problem.n_rotations, BLOCK):
        sign = _signs(classes, member, start, min(start + BLOCK, problem.n_rotations))
        shifted[start : start + BLOCK] = term @ (sign > 0)
    return float(term.sum()), shifted


def _signs(classes: TermClasses, member: slice, start: int, stop: int) -> Floats:
    """Return -1 where a term meets a rotation and 1 elsewhere, shape ``(terms, stop - start)``; ``start`` fills words."""
    words = np.ascontiguousarray(classes.tables.meets[member, start >> 6 : (stop + 63) >> 6])
    bits = np.unpackbits(words.view(np.uint8), axis=1, count=stop - start, bitorder="little")
    return 1.0 - 2.0 * bits.astype(np.float64)
