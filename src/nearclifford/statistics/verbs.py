"""Statistics of a landscape over a patch: one verb each for the gradient and for the loss, whatever the backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nearclifford.arguments import Seed, chosen_parameters, generator, instance
from nearclifford.errors import NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.noise.landscapes import Noise, with_noise
from nearclifford.patches import Patch, require_patch
from nearclifford.statistics.auto import Auto
from nearclifford.statistics.backend import Backend, collected
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.results import GradientStatistics, LossStatistics

Samples = int | Literal["auto"]


def gradient_statistics(
    land: Landscape,
    patch: Patch,
    backend: Backend | Literal["auto"] = "auto",
    samples: Samples = "auto",
    parameters: Sequence[int] | None = None,
    *,
    noise: Noise | None = None,
    rng: Seed = None,
    rel_error: float = 0.05,
    max_seconds: float = 60.0,
) -> GradientStatistics:
    """Return mean, second moment and variance of the gradient's components over a patch, with their standard errors.

    Parameters
    ----------
    land : the landscape; the patch lies around its centre.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    backend : where the numbers come from. "auto" looks at the problem and takes one, and the result says which and why
        (`nearclifford.Auto`). By name: merged Pauli strings, `Exact()`; random Clifford circuits, `Stabilizer()`, at any
        number of qubits; exact gradients at sampled thetas, `Statevector()`; a device with shots and noise, `Aer()`; or
        one's own (`nearclifford.statistics.backend`).
    samples : number of thetas, or of Clifford circuits for each component, at least 2; or "auto": more and more until the
        standard error of E‖∇L‖² (of the chosen components) is at most ``rel_error * E‖∇L‖²``, as it is at once where
        nothing is uncertain, or ``max_seconds`` are over. The result says how many there were. A gradient that is found to
        be zero everywhere (`nearclifford.chains.zeros`) ends it after one round.
    parameters : indices into ``circuit.parameters``; all of them by default.
    noise : Pauli noise behind the gates: a `PauliNoise`, or a `qiskit_aer.noise.NoiseModel` whose errors are mixtures of
        Pauli strings (``PauliNoise.of(model, twirl=True)`` twirls others). `Exact`, `Stabilizer` and `Particles` take it; a
        device has a noise model of its own, ``Aer(noise_model=model)``.
    rng : seed or generator; one seed gives the same numbers on any number of threads, unless the time ends the sampling.
    rel_error, max_seconds : where "auto" stops.

    Raises
    ------
    NearCliffordError : fewer than 2 samples, a parameter out of range, a patch that does not fit, an argument of another
        kind.
    ResourceError : a sweep that does not fit the memory.

    Examples
    --------
    For one rotation RY(t) and Z, L = cos t: E[L'] = 0 and E[L'²] = E[sin² t] = (1 - exp(-2σ²)) / 2.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> stats = nc.gradient_statistics(land, nc.Gaussian(0.5))
    >>> import numpy as np
    >>> round(float(stats.second_moment[0] / ((1 - np.exp(-0.5)) / 2)), 9), stats.method
    (1.0, 'exact')
    """
    budget = Budget.of(samples, rel_error, max_seconds)
    chosen = _backend(land, patch, backend, budget)
    index = chosen_parameters(parameters, land.n_parameters)
    return collected(chosen.gradient_rounds(with_noise(land, noise), patch, index, rng=generator(rng)), budget)


def loss_statistics(
    land: Landscape,
    patch: Patch,
    backend: Backend | Literal["auto"] = "auto",
    samples: Samples = "auto",
    *,
    noise: Noise | None = None,
    rng: Seed = None,
    rel_error: float = 0.05,
    max_seconds: float = 60.0,
) -> LossStatistics:
    """Return mean, second moment and variance of the loss over a patch; arguments and errors of `gradient_statistics`.

    With ``samples="auto"`` the error is that of E[L²].

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    >>> stats = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Statevector(), samples=4000, rng=7)
    >>> import numpy as np
    >>> bool(abs(stats.mean - np.exp(-0.125)) < 3 * stats.mean_error)
    True
    """
    budget = Budget.of(samples, rel_error, max_seconds)
    chosen = _backend(land, patch, backend, budget)
    return collected(chosen.loss_rounds(with_noise(land, noise), patch, rng=generator(rng)), budget)


def _backend(land: Landscape, patch: object, backend: object, budget: Budget) -> Backend:
    """Return the backend that was meant; `NearCliffordError` names what is of another kind or does not fit."""
    instance(land, Landscape, "land", "Landscape(circuit, observable)")
    require_patch(patch).for_parameters(land.n_parameters)
    if isinstance(backend, str) and backend == "auto":
        return Auto(budget.rel_error, budget.max_seconds)
    # A class has the methods too, but no one has made a backend of it.
    if isinstance(backend, type) or not isinstance(backend, Backend):
        raise NearCliffordError(
            f"backend is {backend!r}; expected 'auto', an object such as Statevector() or Stabilizer(), or one with the "
            "methods gradient_rounds and loss_rounds."
        )
    return backend
