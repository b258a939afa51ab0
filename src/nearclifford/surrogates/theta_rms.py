"""The error of a surrogate over a patch where angles are shared or fixed: at thetas of the patch, beside exact sweeps."""

from __future__ import annotations

import numpy as np

from nearclifford.errors import ResourceError
from nearclifford.evaluator import Evaluator
from nearclifford.exact.cpu import CpuSweeps
from nearclifford.memory import free_bytes
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.patches import Patch, require_patch

# Thetas, of which an rms error is known to about three percent, and the seed of those that a surrogate draws itself.
MOST_THETAS, SEED = 1024, 12
# Seconds of one core that exact values may take, and one rotation on one amplitude, as measured.
MOST_SECONDS, SECONDS_PER_AMPLITUDE = 30.0, 3e-10


def fits_exactly(problem: PauliProblem, thetas: int) -> bool:
    """Return whether exact values at so many thetas fit the memory and take seconds.

    >>> import nearclifford as nc
    >>> fits_exactly(nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)).problem, 1024)
    True
    """
    if problem.channels is not None or problem.active_qubits > 60:
        return False
    seconds = SECONDS_PER_AMPLITUDE * problem.amplitudes * thetas
    return seconds <= MOST_SECONDS and CpuSweeps(problem).nbytes <= free_bytes()


def theta_rms_error(surrogate: Evaluator, problem: PauliProblem, patch: Patch) -> float:
    """Return √E[(L - L_m)²] over 1024 thetas of a fixed seed, beside exact sweeps.

    Raises `ResourceError` where these do not fit.
    """
    require_patch(patch).for_parameters(problem.n_parameters)
    if not fits_exactly(problem, MOST_THETAS):
        raise ResourceError(
            "The angles of this circuit are shared or fixed, so its error over a patch is found beside exact sweeps, over "
            f"2**{problem.active_qubits} amplitudes here: too many. nearclifford.surrogate_error_curve(land, patch) "
            "compares with surrogates of higher order, and nearclifford.untie(circuit) makes the angles independent."
        )
    rng = np.random.default_rng(SEED)
    theta = problem.angle_map.center + patch.sample((MOST_THETAS, problem.n_parameters), rng=rng)
    difference = np.asarray(surrogate.value(theta)) - np.asarray(CpuSweeps(problem).value(theta))
    return float(np.sqrt(np.mean(difference**2)))
