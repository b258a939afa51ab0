"""What one shot of each circuit adds, by rotation and group of terms: what both ways of averaging over a patch return."""

from __future__ import annotations

from dataclasses import dataclass

from nearclifford.arrays import Floats


@dataclass(frozen=True, eq=False)
class OneShot:
    """Variances of one shot for G groups of terms, averaged over a patch, with standard errors.

    Attributes
    ----------
    value, value_error : float64, shape ``(G,)``: of the loss.
    shifted, shifted_error : float64, shape ``(n_shifted, G)``: with one rotation shifted, the mean over π/2 and -π/2.
    method, samples : how they were found; see `nearclifford.ShotVariance`.
    """

    value: Floats
    value_error: Floats
    shifted: Floats
    shifted_error: Floats
    method: str
    samples: int
