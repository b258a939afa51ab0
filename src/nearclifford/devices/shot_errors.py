"""What shots alone add to the errors of averages over thetas, also where no two of them disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.intervals import unseen_rate


@dataclass(frozen=True, eq=False)
class ShotErrors:
    """Standard errors of the moments of measured components, from the shot noise at given thetas alone.

    Attributes
    ----------
    mean, second_moment, variance : float64, shape ``(P,)``; 0 without shots.
    norm, norm_squared : of the norm of these components, and of its square.
    """

    mean: Floats
    second_moment: Floats
    variance: Floats
    norm: float
    norm_squared: float

    @classmethod
    def of(cls, measured: Floats, square_error: Floats, bound: Floats, reach: Floats, shots: int | None) -> ShotErrors:
        """Return the errors of components, shape ``(n, P)``, of the squared errors that their shots tell.

        For normal noise e of variance v, (g + e)² - v has the variance 4 g² v + 2 v². Where all shots of a component agree,
        v is unknown but small: with n · shots equal outcomes of each circuit the rate r of others is at most `unseen_rate`
        at one sigma. Such a rate moves the mean by ``reach`` r, and the mean square by 2 ``bound`` times that. Rates of
        several components add up to no more than one such, so norms take the largest.

        ``bound``, ``reach``, shape ``(P,)``: the largest size of a component, and the most that the shots of one circuit can
        change it by.

        >>> same = np.ones((10, 1))
        >>> ShotErrors.of(same, 0 * same, np.ones(1), np.ones(1), shots=100).mean.round(5)
        array([0.00184])
        """
        n = len(measured)
        square = np.maximum(measured**2 - square_error, 0.0)
        away = np.maximum((measured - measured.mean(axis=0)) ** 2 - square_error, 0.0)
        rate = 0.0 if shots is None else float(unseen_rate(n * shots))
        hidden = np.where(square_error.any(axis=0), 0.0, rate * reach)

        def squared(around: Floats) -> Floats:
            return (4 * around * square_error + 2 * square_error**2).sum(axis=0) / n**2

        moved = 2 * bound * hidden
        size = np.maximum(np.linalg.norm(measured, axis=1), np.finfo(np.float64).tiny)[:, None]
        return cls(
            mean=np.sqrt(square_error.sum(axis=0)) / n + hidden,
            second_moment=np.sqrt(squared(square)) + moved,
            variance=np.sqrt(squared(away)) + moved,
            norm=float(np.sqrt((np.square(measured / size) * square_error).sum()) / n + hidden.max(initial=0.0)),
            norm_squared=float(np.hypot(np.sqrt(squared(square).sum()), moved.max(initial=0.0))),
        )
