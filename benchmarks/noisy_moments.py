"""Moments of noisy Hamiltonians: seconds and relative errors at any size, and how often intervals cover at small ones.

    python benchmarks/noisy_moments.py [--qubits 100 1000] [--probability 1e-3] [--runs 500]

The Heisenberg chain on mHEA with ten layers, plain and encoded, depolarizing noise behind each CX, Gaussian patch of
σ = D^-1/2: variance of the loss and E‖∇L‖². Coverage is that of 95 % intervals of E[L²] over runs of different seeds, by
`Stabilizer`, with and without an order, and `Particles`, against merged strings (`Exact`).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import nearclifford as nc

LAYERS = 10


def landscapes(n_qubits):
    """Yield (name, landscape), plain and encoded."""
    circuit, observable = nc.ansatz.mhea(n_qubits, LAYERS), nc.observables.heisenberg(n_qubits)
    yield "plain", nc.Landscape(circuit, observable)
    yield "encoded", nc.encode(circuit, observable, circuit.num_parameters - 2 * n_qubits + n_qubits // 2).landscape()


def told(value, error):
    """Return a number with its error, and what part of it that is."""
    return f"{value:.5g} ± {error:.2g} ({100 * error / value:.2g} %)" if value else f"{value} ± {error:.2g}"


def measure(n_qubits, noise):
    """Print moments and seconds at one size."""
    for name, land in landscapes(n_qubits):
        patch = nc.Gaussian(land.n_parameters**-0.5)
        start = time.perf_counter()
        loss = nc.loss_statistics(land, patch, nc.Stabilizer(), samples=2**16, noise=noise, rng=1)
        print(f"N = {n_qubits}, {name}: E L = {loss.mean:.5g}, Var L = {told(loss.variance, loss.variance_error)}", end="")
        print(f" in {time.perf_counter() - start:.1f} s")
        start = time.perf_counter()
        slope = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=2**16, noise=noise, rng=1)
        print(f"    E‖∇L‖² = {told(slope.norm_squared, slope.norm_squared_error)}", end="")
        print(f" in {time.perf_counter() - start:.1f} s, {slope.composition}", flush=True)


def coverage(runs, noise):
    """Print how often intervals of 95 % cover."""
    for make, sigma in ((nc.observables.heisenberg, 0.3), (nc.observables.global_z, 1.0)):
        land, patch = nc.Landscape(nc.ansatz.mhea(6, 3), make(6)), nc.Gaussian(sigma)
        exact = nc.loss_statistics(land, patch, nc.Exact(), noise=noise).second_moment
        for backend, samples in ((nc.Stabilizer(), 2**14), (nc.Stabilizer(order=1), 2**14), (nc.Particles(), 1200)):
            inside, scores = [], []
            for seed in range(runs):
                found = nc.loss_statistics(land, patch, backend, samples=samples, noise=noise, rng=seed)
                low, high = found.interval()
                inside.append(low <= exact * (1 + 1e-12) and high >= exact * (1 - 1e-12))
                scores.append((found.second_moment - exact) / max(found.second_moment_error, 1e-12 * exact))
            print(f"{make.__name__}, σ = {sigma}, {backend}: covered {np.mean(inside):.3f} of {runs},", end=" ")
            print(f"z = {np.mean(scores):.2f} ± {np.std(scores):.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qubits", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--probability", type=float, default=1e-3, help="of the mixed state behind each CX")
    parser.add_argument("--runs", type=int, default=500, help="of which coverage is counted; 0 for none")
    options = parser.parse_args()
    if options.runs:
        coverage(options.runs, nc.PauliNoise(0.02, {"X": 0.002, "Z": 0.01}, 0.02))
    small = nc.Landscape(nc.ansatz.mhea(4, 2), nc.observables.heisenberg(4))
    noise = nc.PauliNoise(options.probability)
    for verb in (nc.loss_statistics, nc.gradient_statistics):  # compiles
        verb(small, nc.Gaussian(0.1), nc.Stabilizer(), samples=2**14, noise=noise, rng=1)
    for n_qubits in options.qubits:
        measure(n_qubits, noise)


if __name__ == "__main__":
    main()
