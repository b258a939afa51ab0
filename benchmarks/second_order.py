"""Losses after some steps of rules that know a matrix, beside Adam: with and without the encoder.

    python benchmarks/second_order.py                # mHEA, N = 8, L = 4, 20 steps, 5 runs; a minute

The table of docs/training.md, "Rules that know a matrix". Runs start at σ = D^-1/2; the encoder is compact, for parameter 5
and the first term. Seconds are those of a step of all runs together.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import nearclifford as nc
from nearclifford.studies.experiments.training import ground_energy


def rules(ground):
    """Return the rules by the names of the columns."""
    return {
        "adam 0.05": nc.Adam(0.05),
        "natural gradient 0.05": nc.NaturalGradient(0.05, regularization=0.01),
        "newton": nc.Newton(),
        "gauss-newton": nc.GaussNewton(),
        "gauss-newton, E = ground": nc.GaussNewton(bound=ground),
    }


def print_rows(name, n_qubits, layers, steps, runs):
    """Print the rows of one observable, plain and encoded."""
    observable, circuit = getattr(nc.observables, name)(n_qubits), nc.ansatz.mhea(n_qubits, layers)
    ground = ground_energy(observable)
    theta0 = nc.Gaussian(circuit.num_parameters**-0.5).sample((runs, circuit.num_parameters), rng=7)
    for kind in ("plain", "encoded"):
        land = nc.Landscape(circuit if kind == "plain" else nc.encode(circuit, observable, 5).circuit, observable)
        cells = []
        for rule in rules(ground).values():
            start = time.perf_counter()
            last = nc.train(land, theta0, rule, steps=steps, progress=False).losses[-1]
            seconds = (time.perf_counter() - start) / steps
            cells.append(f"{last.mean():.4f} ± {last.std(ddof=1) / np.sqrt(runs):.4f} ({1e3 * seconds:.0f} ms)")
        print(f"| {name} | {ground:.4f} | {kind} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("qubits", 8), ("layers", 4), ("steps", 20), ("runs", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    print("| observable | ground | circuit | " + " | ".join(rules(0.0)) + " |\n|---|---:|---|" + "---:|" * len(rules(0.0)))
    for name in ("global_z", "ising", "heisenberg"):
        print_rows(name, arguments.qubits, arguments.layers, arguments.steps, arguments.runs)


if __name__ == "__main__":
    main()
