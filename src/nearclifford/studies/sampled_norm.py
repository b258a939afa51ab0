"""The squared norm of a gradient by the stabilizer, from some of its components."""

from __future__ import annotations

import numpy as np

from nearclifford.exact.center import center_gradient
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.statistics.verbs import gradient_statistics


def sampled_norm_seconds(components: int, chains: int, n_gates: int) -> float:
    """Return roughly how long `sampled_squared_norm` takes on one core: chains go by gates, 512 at once."""
    return components * (1 + chains / 512) * n_gates * 2e-9


def sampled_squared_norm(
    land: Landscape, patch: Patch, parameter: int, components: int, chains: int, rng: np.random.Generator
) -> float:
    """Return an unbiased estimate of E‖∇L‖².

    Components that are not zero at the centre carry most of it in a small patch, so they and the encoded one are all taken;
    of the others some are drawn, and their sum is scaled up.

    Parameters
    ----------
    land, patch : the problem.
    parameter : the encoded one.
    components : how many of the other components are drawn.
    chains : samples for each component.
    rng : generator.
    """
    _, at_center = center_gradient(land.problem)
    certain = np.union1d(np.flatnonzero(at_center), [parameter])
    others = np.setdiff1d(np.arange(land.n_parameters), certain)
    drawn = rng.choice(others, size=min(components, len(others)), replace=False)
    chosen = np.concatenate([certain, drawn])
    found = gradient_statistics(land, patch, Stabilizer(), samples=chains, parameters=chosen.tolist(), rng=rng)
    second = np.asarray(found.unbiased.second_moment)
    rest = second[len(certain) :].sum() * (len(others) / max(len(drawn), 1))
    return float(second[: len(certain)].sum() + rest)
