"""``nearclifford cost``: what each classical method needs to simulate the loss over a patch."""

from __future__ import annotations

import argparse

from nearclifford.commands.output import printed
from nearclifford.commands.reading import read_observable, seed_of
from nearclifford.costs.compare import simulation_cost
from nearclifford.interchange.circuit_files import read_circuit
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian


def run(options: argparse.Namespace) -> int:
    """Print the methods side by side, or as JSON or CSV."""
    land = Landscape(read_circuit(options.circuit), read_observable(options.observable))
    patch = Gaussian(options.sigma)
    found = simulation_cost(land, patch, options.tolerance, max_seconds=options.max_seconds, rng=seed_of(options))
    if not printed(options, found.to_dict, found.frame):
        print(found)
    return 0
