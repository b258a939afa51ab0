"""``nearclifford cost``: what each classical method needs to simulate the loss over a patch."""

from __future__ import annotations

import argparse

from nearclifford.commands.reading import read_observable, seed_of
from nearclifford.costs.compare import simulation_cost
from nearclifford.interchange.circuit_files import read_circuit
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian


def run(options: argparse.Namespace) -> int:
    """Print the methods side by side."""
    land = Landscape(read_circuit(options.circuit), read_observable(options.observable))
    patch = Gaussian(options.sigma)
    print(simulation_cost(land, patch, options.tolerance, max_seconds=options.max_seconds, rng=seed_of(options)))
    return 0
