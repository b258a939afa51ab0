"""``nearclifford diagnose``: whether a circuit trains near a Clifford point, what simulates it, what would help."""

from __future__ import annotations

import argparse
import json

from nearclifford.commands.reading import read_observable, seed_of
from nearclifford.diagnosis.verb import diagnose
from nearclifford.interchange.circuit_files import read_circuit


def run(options: argparse.Namespace) -> int:
    """Print the verdict with its table, or all of it as JSON."""
    found = diagnose(
        read_circuit(options.circuit),
        read_observable(options.observable),
        shots=options.shots,
        max_seconds=options.max_seconds,
        rng=seed_of(options),
    )
    print(json.dumps(found.to_dict(), indent=2) if options.json else found)
    return 0
