"""What statistics are asked for: the loss or some derivatives over a patch, and what can be told of them by counting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nearclifford.arrays import Flags, Indices
from nearclifford.chains.sampler import WeightedTargets
from nearclifford.exact.center import center_gradient
from nearclifford.kernels.chain.rows import NO_ROTATION
from nearclifford.kernels.reach import reach_of_terms
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.backend import Backend, Rounds


@dataclass(frozen=True, eq=False)
class Request:
    """The loss, or some components of its gradient, over a patch around the centre.

    ``parameters`` : int64, indices of the components; None for the loss.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    >>> Request(land, nc.Gaussian(0.1), np.arange(8)).alive.tolist()  # the last RZ turn nothing that is measured
    [0, 1, 2, 3, 4, 5]
    """

    land: Landscape
    patch: Patch
    parameters: Indices | None

    @cached_property
    def met(self) -> Flags:
        """Which rotations some term can meet, bool, shape ``(n_rotations,)``; derivatives by the others are zero."""
        problem = self.land.problem
        members = np.bitwise_or.reduce(reach_of_terms(problem.generators.strings, problem.images.strings), axis=0)
        return np.unpackbits(members.view(np.uint8), count=problem.n_rotations, bitorder="little").astype(np.bool_)

    @cached_property
    def alive(self) -> Indices:
        """The parameters that are asked for and turn a rotation that is met; none for the loss."""
        if self.parameters is None:
            return np.zeros(0, dtype=np.int64)
        rotation = self.land.problem.angle_map.rotation_of[0]
        chosen = np.unique(self.parameters)
        return chosen[(rotation[chosen] >= 0) & self.met[rotation[chosen]]]

    @property
    def count(self) -> int:
        """How many second moments may differ from zero."""
        return 1 if self.parameters is None else len(self.alive)

    @property
    def one_term(self) -> bool:
        """Whether the observable is one Pauli string."""
        return len(self.land.problem.images) == 1

    @property
    def targets(self) -> WeightedTargets:
        """The same as chains take it."""
        if self.parameters is None:
            return WeightedTargets(np.array([NO_ROTATION]), np.array([self.land.n_parameters]), np.ones(1))
        rotation, factor = self.land.problem.angle_map.rotation_of
        return WeightedTargets(rotation[self.alive], self.alive, factor[self.alive] ** 2)

    def rounds(self, backend: Backend, rng: np.random.Generator) -> Rounds[Any, Any]:
        """Return the rounds of a backend."""
        if self.parameters is None:
            return backend.loss_rounds(self.land, self.patch, rng=rng)
        return backend.gradient_rounds(self.land, self.patch, self.parameters, rng=rng)

    def part(self, most: int) -> tuple[Request, float]:
        """Return the same of some components that may differ from zero, and how many times more there are like these.

        They are evenly spread; with the largest at the centre, where there are some, which may outweigh all others.
        """
        if self.parameters is None:
            return self, 1.0
        at_center = np.abs(center_gradient(self.land.problem)[1][self.alive])
        largest = np.argsort(-at_center, kind="stable")[: min(most // 2, np.count_nonzero(at_center))]
        spread = np.linspace(0, len(self.alive) - 1, most).astype(np.int64)
        chosen = self.alive[np.union1d(largest, spread)]
        return replace(self, parameters=chosen), 1.0 if len(largest) else len(self.alive) / len(chosen)
