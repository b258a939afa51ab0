"""``nearclifford diagnose``: whether a circuit trains near a Clifford point, what simulates it, what would help."""

from __future__ import annotations

import argparse

from nearclifford.commands.output import printed
from nearclifford.commands.reading import read_observable, seed_of
from nearclifford.diagnosis.verb import diagnose
from nearclifford.interchange.circuit_files import read_circuit


def run(options: argparse.Namespace) -> int:
    """Print the verdict with its table, or all of it as JSON, or its regions as CSV."""
    found = diagnose(
        read_circuit(options.circuit),
        read_observable(options.observable),
        shots=options.shots,
        max_seconds=options.max_seconds,
        rng=seed_of(options),
    )
    if not printed(options, found.to_dict, found.frame):
        print(found)
    return 0
