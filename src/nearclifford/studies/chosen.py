"""One second moment by chains, or by particles where chains see too little and particles are not blind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nearclifford.landscape import Landscape
from nearclifford.particles.layers import joins_neighbours
from nearclifford.statistics.backend import Backend, Rounds, collected
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.particles import Particles
from nearclifford.statistics.stabilizer import Stabilizer

# A question, to be asked of a backend.
Ask = Callable[[Backend], Rounds[Any, Any]]

# Chains double from the first number on until the error is this part of the moment, or there are as many as may be.
FIRST, GOAL = 2**16, 0.05
# After this part of the chains particles are tried where all of them would not reach the goal.
FEW = 1 / 16
# Particles are believed where they have settled, to this part of the moment.
PRECISE = 0.2


def by_chains(ask: Ask, chains: int) -> Any:
    """Return the statistics by at most so many chains, or fewer where these suffice."""
    rounds = ask(Stabilizer())
    return rounds.result(_more(rounds, None, chains))


def by_chains_or_particles(ask: Ask, land: Landscape, chains: int, particles: int) -> Any:
    """Return the statistics by chains; by particles where these settle what chains see too seldom.

    Particles are not tried where gates join qubits that are no neighbours: their guides are blind there. Where they do not
    settle the chains are what is left: nothing seen in n of them is an upper bound, and unsettled particles are none.

    >>> import nearclifford as nc
    >>> land, patch = nc.Landscape(nc.ansatz.mhea(20, 20), nc.observables.global_z(20)), nc.Gaussian(1.0)
    >>> def ask(backend):
    ...     return backend.loss_rounds(land, patch, rng=np.random.default_rng(1))
    >>> found = by_chains_or_particles(ask, land, chains=2**16, particles=2400)
    >>> found.method, round(found.second_moment * (2**20 + 1))
    ('particles', 1)
    """
    rounds = ask(Stabilizer())
    sums = _more(rounds, None, max(2, int(chains * FEW)))
    enough = sums.total_error * math.sqrt(FEW) <= GOAL * sums.total
    if not enough and joins_neighbours(land.program.tape, land.n_qubits):
        guided = collected(ask(Particles()), Budget.of(particles, GOAL, 60.0))
        if np.all(guided.settled & (guided.second_moment_error <= PRECISE * guided.second_moment)):
            return guided
    return rounds.result(_more(rounds, sums, chains))


def _more(rounds: Rounds[Any, Any], sums: Any | None, most: int) -> Any:
    sums = rounds.run(min(FIRST, most)) if sums is None else sums
    while sums.samples < most and sums.total_error > GOAL * sums.total:
        sums = sums + rounds.run(min(sums.samples, most - sums.samples, rounds.chunk))
    return sums
