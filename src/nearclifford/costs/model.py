"""What each classical method is predicted to take, by counting alone: seconds on one core, at any size.

Every prediction is the logarithm to base 10 of seconds, since most are beyond floats; `seconds_of` goes back. Speeds are
those of one core, to a factor of three or so: ``python benchmarks/speeds.py`` measures them on a machine, with those of
`nearclifford.surrogates.prediction`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nearclifford.costs.cardinality import log10_multi_indices, log10_stabilizer_calls
from nearclifford.costs.stabilizer_rank import log2_mean_stabilizer_rank
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.surrogates.prediction import NODE_SECONDS, PATH_SECONDS, table_seconds

# One Clifford gate of a stabilizer simulator: stim's tableau at a thousand qubits.
GATE_SECONDS = 1e-7
# One amplitude through one rotation, by the exact sweeps of this package.
AMPLITUDE_SECONDS = 0.6e-9
# One gate of 512 chains.
CHAIN_SECONDS = 2e-9
# One factor of one term of a polynomial that is evaluated.
FACTOR_SECONDS = 1e-9


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """The counts of one problem that costs grow with, and the predictions that follow from them.

    Attributes
    ----------
    n_parameters : D.
    n_rotations : rotations of the normal form; D where each parameter turns one.
    active_qubits : rank r of the x-parts: exact sweeps run over 2^r amplitudes, one path in 2^r ends Z-type.
    n_gates : gates of the circuit.
    n_terms : terms of the observable.

    Examples
    --------
    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.global_z(4))
    >>> CostModel.of(land)
    CostModel(n_parameters=24, n_rotations=24, active_qubits=4, n_gates=32, n_terms=1)
    """

    n_parameters: int
    n_rotations: int
    active_qubits: int
    n_gates: int
    n_terms: int = 1

    @classmethod
    def of(cls, land: Landscape) -> CostModel:
        """Return the model of a landscape."""
        problem = land.problem
        return cls(
            n_parameters=problem.n_parameters,
            n_rotations=problem.n_rotations,
            active_qubits=problem.active_qubits,
            n_gates=len(land.program.tape),
            n_terms=len(problem.coefficients),
        )

    def path_surrogate(self, order: int) -> float:
        """Return log10 of the seconds that a Pauli-path surrogate of an order takes to build.

        A string meets half of the n rotations before it, so there are about n^k / (2^k k!) ways to flip k times, and one in
        2^r ends Z-type; for few flips more do, up to ten times as many where circuits repeat. The walk makes two flips less,
        and completes them from a table of pairs; another, from three flips on, says which rotations anticommute
        (`nearclifford.kernels.paths.search`).

        >>> small = CostModel(n_parameters=544, n_rotations=544, active_qubits=16, n_gates=800)  # mHEA, L = N = 16
        >>> large = CostModel(n_parameters=131584, n_rotations=131584, active_qubits=256, n_gates=197120)  # 256
        >>> round(small.path_surrogate(5), 1), round(large.path_surrogate(30), 1)
        (-1.9, 94.3)
        """
        flips = order - 1
        walked = max(flips - 2 if flips > 3 else flips - 1, 0)
        nodes = math.log(NODE_SECONDS) + self._log_flips(walked)
        paths = math.log(PATH_SECONDS) + self._log_flips(flips) - self.active_qubits * math.log(2.0)
        tables = math.log(table_seconds(self.n_rotations, flips))
        return (math.log(self.n_terms) + float(np.logaddexp.reduce([nodes, paths, tables]))) / math.log(10)

    def _log_flips(self, most_flips: int) -> float:
        flips = min(most_flips, self.n_rotations // 2)  # more flips have fewer ways
        return flips * math.log(self.n_rotations / 2) - math.lgamma(flips + 1)

    def published_taylor(self, order: int) -> float:
        """Return log10 of the seconds that the enumeration of arXiv:2507.06344 takes: a stabilizer state for each call.

        >>> model = CostModel(n_parameters=92, n_rotations=92, active_qubits=23, n_gates=115)  # mHEA, N = 23, L = 1
        >>> round(10 ** model.published_taylor(3), 2)  # 17205 calls
        0.2
        """
        return log10_stabilizer_calls(self.n_parameters, order) + math.log10(GATE_SECONDS * self.n_gates)

    def published_taylor_value(self, order: int) -> float:
        """Return log10 of the seconds for one value of that surrogate, all of whose candidate coefficients are summed."""
        return log10_multi_indices(self.n_parameters, order) + math.log10(FACTOR_SECONDS * order)

    def statevector(self) -> float:
        """Return log10 of the seconds for one exact value: each rotation moves the 2^r amplitudes that can be met."""
        return math.log10(AMPLITUDE_SECONDS * self.n_rotations) + self.active_qubits * math.log10(2.0)

    def stabilizer_rank(self, patch: Patch) -> float:
        """Return log10 of the seconds for one value by sums over stabilizer states, the mean over a patch.

        Without the 1/ε² of its sampling. Raises as `log2_mean_stabilizer_rank` does.
        """
        states = log2_mean_stabilizer_rank(patch, self.n_parameters) * math.log10(2.0)
        return states + math.log10(GATE_SECONDS * self.n_gates)


def sampled_norm_seconds(components: int, chains: int, n_gates: int) -> float:
    """Return roughly what a norm from some components takes: chains go by gates, 512 at once; see `CostModel`.

    >>> round(sampled_norm_seconds(100, 512, 50_000), 3)
    0.02
    """
    return components * (1 + chains / 512) * n_gates * CHAIN_SECONDS


def seconds_of(log10_seconds: float) -> float:
    """Return seconds, inf beyond floats.

    >>> seconds_of(2.0), seconds_of(400.0)
    (100.0, inf)
    """
    return 10.0**log10_seconds if log10_seconds < 308 else math.inf
