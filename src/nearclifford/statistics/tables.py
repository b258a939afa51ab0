"""Statistics in words and as tables: what a result prints in three lines, and a row for each component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from nearclifford.statistics.results import GradientStatistics, LossStatistics

MOMENTS = ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "variance_error")


def told(name: str, value: float | None, error: float | None) -> str:
    """Return a number with its standard error, or nothing where there is none.

    >>> told("E[L]", 0.123456, 0.0004), told("E‖∇L‖", None, None)
    ('E[L] = 0.1235 ± 0.0004', '')
    """
    return "" if value is None or error is None else f"{name} = {value:.4g} ± {error:.1g}"


def gradient_text(found: GradientStatistics) -> str:
    """Return three lines: what was made how, the norms, and the components.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> print(gradient_text(nc.gradient_statistics(land, nc.Gaussian(0.1), nc.Exact(), rng=1)))
    GradientStatistics of 4 components, exact, no samples
      E‖∇L‖² = 0.01961 ± ...
      E[(∂L/∂θ_k)²] up to 0.009803 ± ..., at k = 0; 4 of 4 resolved
    """
    count = len(found.parameters)
    norms = (told("E‖∇L‖²", found.norm_squared, found.norm_squared_error), told("E‖∇L‖", found.norm, found.norm_error))
    head = f"{type(found).__name__} of {count} components, {made(found)}"
    middle = ", ".join(norm for norm in norms if norm) or "E‖∇L‖² is not known from these components"
    if not count:
        return f"{head}\n  {middle}"
    top = int(np.argmax(found.second_moment))
    largest = f"{found.second_moment[top]:.4g} ± {found.second_moment_error[top]:.1g}, at k = {found.parameters[top]}"
    resolved = f"{int(np.count_nonzero(found.resolved))} of {count} resolved"
    return f"{head}\n  {middle}\n  E[(∂L/∂θ_k)²] up to {largest}; {resolved}"


def loss_text(found: LossStatistics) -> str:
    """Return three lines: how it was made, mean and variance, and the second moment with its interval.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> print(loss_text(nc.loss_statistics(land, nc.Gaussian(0.1), nc.Exact(), rng=1)))
    LossStatistics, exact, no samples
      E[L] = 0.99 ± 0, Var[L] = 9.802e-05 ± ...
      E[L²] = 0.9803 ± ..., 95 % interval 0.9803 to 0.9803
    """
    low, high = found.interval()
    both = told("E[L]", found.mean, found.mean_error), told("Var[L]", found.variance, found.variance_error)
    second = told("E[L²]", found.second_moment, found.second_moment_error)
    head = f"{type(found).__name__}, {made(found)}"
    return f"{head}\n  {', '.join(both)}\n  {second}, 95 % interval {low:.4g} to {high:.4g}"


def made(found: GradientStatistics | LossStatistics) -> str:
    """Return method and samples in words."""
    return f"{found.method}, {found.samples or 'no'} samples"


def gradient_frame(found: GradientStatistics) -> pd.DataFrame:
    """Return a row for each component: its index, its moments with errors, and the 95 % interval of the second moment."""
    import pandas as pd

    low, high = found.interval().T
    columns = {"parameter": found.parameters} | {name: getattr(found, name) for name in MOMENTS}
    return pd.DataFrame(columns | {"low": low, "high": high, "resolved": found.resolved})


def loss_frame(found: LossStatistics) -> pd.DataFrame:
    """Return one row: the moments with errors, and the 95 % interval of the second moment."""
    import pandas as pd

    low, high = found.interval()
    columns = {name: getattr(found, name) for name in MOMENTS}
    return pd.DataFrame([columns | {"low": low, "high": high, "resolved": found.resolved}])
