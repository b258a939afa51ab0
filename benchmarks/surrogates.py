"""Pauli-path surrogates: seconds to build.

    python benchmarks/surrogates.py [--rounds N]

mHEA, medians of N rounds. The published method, which sends one Clifford circuit to a stabilizer simulator for every
coefficient and shift, is timed on its own count of calls at 8 qubits. Values and gradients beside other packages are a
question of ``make bench``.
"""

from __future__ import annotations

import argparse
import math
import time

import numba
import numpy as np

import nearclifford as nc

BUILDS = (
    ("order 3, N = 23, L = 1, Z^23", 23, 1, 3, None),
    ("order 3, N = 23, L = 1, random Pauli", 23, 1, 3, 1),
    ("order 5, N = L = 16, Z^16", 16, 16, 5, None),
    ("order 7, N = 32, L = 4, random Pauli", 32, 4, 7, 1),
    ("order 7, N = 32, L = 4, Z^32", 32, 4, 7, None),
)


def seconds(action):
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def builds(rounds):
    print(f"\n{'built':40} {'rotations':>9} {'paths':>9} {'MB':>7} {'median s':>10}")
    for name, n_qubits, layers, order, seed in BUILDS:
        observable = nc.observables.global_z(n_qubits) if seed is None else nc.observables.random_pauli(n_qubits, rng=seed)
        land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), observable)
        _ = land.problem.groups
        times = []
        for _ in range(rounds + 1):
            taken, kept = seconds(lambda: nc.surrogate(land, order, progress=False))  # noqa: B023
            times.append(taken)
        row = f"{land.problem.n_rotations:9d} {kept.n_paths:9d} {kept.nbytes / 1e6:7.2f}"
        print(f"{name:40} {row} {np.median(times[1:]):10.5f}")


def published(rounds, n_qubits=8, order=3):
    """Time the published count of stabilizer calls, each a bound Clifford circuit and an expectation, on this machine."""
    from qiskit.quantum_info import Pauli, StabilizerState

    circuit, label = nc.ansatz.mhea(n_qubits, 1), "Z" * n_qubits
    d = circuit.num_parameters
    calls = math.comb(2 * d + order - 1, order - 1)
    rng = np.random.default_rng(1)

    def call():
        shifts = rng.integers(-1, 2, size=d) * (rng.random(d) < 2 / d) * (math.pi / 2)
        return StabilizerState(circuit.assign_parameters(shifts)).expectation_value(Pauli(label))

    sample = min(calls, 300)
    each = seconds(lambda: [call() for _ in range(sample)])[0] / sample
    land = nc.Landscape(circuit, nc.observables.global_z(n_qubits))
    ours = np.median([seconds(lambda: nc.surrogate(land, order, kind="taylor", progress=False))[0] for _ in range(rounds)])
    print(
        f"\npublished method, order {order}, N = {n_qubits}, L = 1: {calls} stabilizer calls of {each * 1e3:.2f} ms "
        f"({sample} timed) = {calls * each:.2f} s; the same surrogate here {ours * 1e3:.2f} ms, "
        f"ratio {calls * each / ours:.0f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"nearclifford {nc.__version__}, {numba.get_num_threads()} threads")
    builds(options.rounds)
    published(options.rounds)


if __name__ == "__main__":
    main()
