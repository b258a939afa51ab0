"""E‖∇L‖² by the stabilizer from some of the components: what is affordable where there are tens of thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from nearclifford.arguments import Seed, generator, instance, integer
from nearclifford.arrays import Floats, Indices
from nearclifford.exact.center import center_gradient
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.patches import Patch
from nearclifford.plots.style import STYLES, axis_or_new
from nearclifford.shown import Kept
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.verbs import gradient_statistics

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class SampledNorm(Kept):
    """An unbiased estimate of E‖∇L‖² from some components.

    Attributes
    ----------
    norm_squared, norm_squared_error : the estimate and its standard error; NaN where one component was drawn of several.
    certain, drawn : int64: components that were all taken, and those that stand for the rest.
    second_moment : float64: the unbiased second moments of both, one after the other.
    samples : of each component.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.global_z(4))
    >>> found = nc.sampled_squared_norm(land, nc.Gaussian(0.1), components=8, samples=1000, rng=7)
    >>> len(found.drawn), found.samples
    (8, 1000)
    """

    norm_squared: float
    norm_squared_error: float
    certain: Indices
    drawn: Indices
    second_moment: Floats
    samples: int

    def __repr__(self) -> str:
        drawn = f"{len(self.certain)} certain and {len(self.drawn)} drawn components, {self.samples} samples each"
        return f"SampledNorm of {drawn}\n  E‖∇L‖² = {self.norm_squared:.4g} ± {self.norm_squared_error:.1g}"

    def frame(self) -> pd.DataFrame:
        """Return a row for each component: its index, whether it was drawn, and its unbiased second moment."""
        import pandas as pd

        index = np.concatenate([self.certain, self.drawn])
        drawn = np.arange(len(index)) >= len(self.certain)
        return pd.DataFrame({"parameter": index, "drawn": drawn, "second_moment": self.second_moment})

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the second moments, and as a line E‖∇L‖² with a band of its standard error; return the axis."""
        axis, split = axis_or_new(ax), len(self.certain)
        parts = ((self.certain, self.second_moment[:split], "certain"), (self.drawn, self.second_moment[split:], "drawn"))
        for (index, moments, name), style in zip(parts, STYLES, strict=False):
            seen = moments > 0
            axis.plot(index[seen], moments[seen], style.marker, color=style.color, markersize=4, label=name)
        total, error = self.norm_squared, self.norm_squared_error
        axis.axhline(total, color=STYLES[2].color, label="E‖∇L‖², one standard error")
        if np.isfinite(error):
            axis.axhspan(max(total - error, 0.05 * total), total + error, color=STYLES[2].color, alpha=0.2, linewidth=0)
        axis.set(xlabel="parameter k", ylabel="E[(∂L/∂θ_k)²], per rad²", yscale="log")
        axis.legend(fontsize=8)
        return axis


def sampled_squared_norm(
    land: Landscape,
    patch: Patch,
    components: int = 100,
    samples: int = 10_000,
    always: Sequence[int] = (),
    *,
    noise: Noise | None = None,
    rng: Seed = None,
) -> SampledNorm:
    """Return E‖∇L‖² over a patch from some components, at any number of qubits.

    Components that are not zero at the centre carry most of it in a small patch, so they are all taken, with those of
    ``always``; of the others some are drawn without replacement, and their sum is scaled up. The standard error adds the
    spread among those drawn, less the share that was drawn, to the errors of the samples. Of several terms all components
    share their samples, and all are taken.

    Parameters
    ----------
    land, patch : the problem; angles must be independent (`nearclifford.normal_form.angles`).
    components : how many of the other components are drawn, at least 1.
    samples : random Clifford circuits for each component, at least 2.
    always : components that are taken in any case, such as an encoded one.
    noise : Pauli noise behind the gates, for one Pauli string: see `gradient_statistics`.
    rng : seed or generator.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(100, 2), nc.observables.global_z(100))
    >>> found = sampled_squared_norm(land, nc.Gaussian(0.02), components=50, samples=1000, rng=7)
    >>> len(found.certain), len(found.drawn), found.norm_squared_error < 0.1
    (0, 50, True)
    """
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    count, random = integer(components, "components", 1), generator(rng)
    if len(land.problem.coefficients) > 1:
        return _all_components(with_noise(land, noise), patch, samples, random)
    at_center = center_gradient(land.problem)[1]
    certain = np.union1d(np.flatnonzero(at_center), np.asarray(always, dtype=np.int64))
    others = np.setdiff1d(np.arange(land.n_parameters), certain)
    drawn = random.choice(others, size=min(count, len(others)), replace=False)
    chosen = np.concatenate([certain, drawn])
    found = gradient_statistics(
        land, patch, Stabilizer(), samples=samples, parameters=chosen.tolist(), noise=noise, rng=random
    )
    second, error = np.asarray(found.unbiased.second_moment), found.second_moment_error
    part = second[len(certain) :]
    scale = len(others) / max(len(drawn), 1)
    return SampledNorm(
        norm_squared=float(second[: len(certain)].sum() + part.sum() * scale),
        norm_squared_error=sqrt(
            float((error[: len(certain)] ** 2).sum()) + _drawn_square(part, error[len(certain) :], len(others))
        ),
        certain=certain,
        drawn=drawn,
        second_moment=second,
        samples=found.samples,
    )


def _all_components(land: Landscape, patch: Patch, samples: int, random: np.random.Generator) -> SampledNorm:
    found = gradient_statistics(land, patch, Stabilizer(), samples=samples, rng=random)
    total, error = found.unbiased.norm_squared, found.norm_squared_error
    assert total is not None and error is not None
    second = np.asarray(found.unbiased.second_moment)
    return SampledNorm(total, error, found.parameters, np.zeros(0, np.int64), second, found.samples)


def _drawn_square(part: Floats, error: Floats, n_others: int) -> float:
    """Return the squared error of the sum over all others, estimated from those that were drawn."""
    n = len(part)
    if n == 0:
        return 0.0
    sampled = float((error**2).sum()) * (n_others / n) ** 2
    if n == n_others:
        return sampled
    # The spread among the drawn holds their own errors already; only the share not drawn is unknown.
    spread = float(np.var(part, ddof=1)) if n > 1 else float("nan")
    return n_others**2 * (1 - n / n_others) * spread / n + sampled * (n / n_others)
