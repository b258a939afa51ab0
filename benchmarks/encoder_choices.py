"""What the choices of an encoder are worth away from the centre: the style, and the objective of the search.

    .venv/bin/python benchmarks/encoder_choices.py

Two tables. The first: E[(∂_k L)²] of the encoded derivative over Gaussian patches, compact and paper style, by stabilizer
sampling; mHEA with random Pauli observables, mean and standard error over some of them, the same ones for both styles. The
second: the loss that 200 steps of an optimizer reach from angles drawn from the patch, plain and with the encoder of each
objective; mean and standard error over runs that share their draws. Takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import nearclifford as nc

Floats = npt.NDArray[np.float64]
WIDTHS = {"D^-1/2": -1 / 2, "D^-1/3": -1 / 3}
OBSERVABLES = {
    "random Pauli": lambda n_qubits, rng: nc.observables.random_pauli(n_qubits, rng=rng),
    "Z⊗N": lambda n_qubits, rng: nc.observables.global_z(n_qubits),
}


def styles(sizes: list[tuple[int, int]], draws: int, samples: int) -> None:
    """Print the first table."""
    print("E[(∂_k L)²] of the encoded derivative, mean ± standard error over", draws, "observables and parameters")
    print(f"{'observable':>12s} {'N':>5s} {'L':>4s} {'σ':>7s} {'compact':>20s} {'paper':>20s}")
    for name in OBSERVABLES:
        for n_qubits, layers in sizes:
            found = encoded_moments(name, n_qubits, layers, draws, samples)
            for width in WIDTHS:
                cells = "".join(f" {_cell(found[width, style]):>20s}" for style in ("compact", "paper"))
                print(f"{name:>12s} {n_qubits:5d} {layers:4d} {width:>7s}{cells}", flush=True)


def encoded_moments(name: str, n_qubits: int, layers: int, draws: int, samples: int) -> dict[tuple[str, str], Floats]:
    """Return the second moments by (width, style), shape ``(draws,)``."""
    circuit = nc.ansatz.mhea(n_qubits, layers)
    size = len(circuit.parameters)
    found: dict[tuple[str, str], list[float]] = {}
    for draw in range(draws):
        rng = np.random.default_rng([n_qubits, layers, draw])
        observable, parameter = OBSERVABLES[name](n_qubits, rng), int(rng.integers(size))
        for style in ("compact", "paper"):
            land = nc.Landscape(nc.encode(circuit, observable, parameter, style=style).circuit, observable)
            for width, power in WIDTHS.items():
                stats = nc.gradient_statistics(land, nc.Gaussian(size**power), nc.Stabilizer(), samples, [parameter], rng=1)
                found.setdefault((width, style), []).append(float(stats.second_moment[0]))
    return {key: np.array(moments) for key, moments in found.items()}


def _cell(moments: Floats) -> str:
    return f"{moments.mean():.2e} ± {moments.std(ddof=1) / len(moments) ** 0.5:.0e}"


def gradient_descent(land: nc.Landscape, theta: Floats, steps: int) -> Floats:
    """Return the losses after plain gradient descent of rate 0.01."""
    for _ in range(steps):
        theta = theta - 0.01 * land.gradient(theta)
    return np.asarray(land.value(theta))


def adam(land: nc.Landscape, theta: Floats, steps: int) -> Floats:
    """Return the losses after Adam of rate 0.05 (Kingma and Ba, arXiv:1412.6980)."""
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    for step in range(1, steps + 1):
        gradient = land.gradient(theta)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        theta = theta - 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return np.asarray(land.value(theta))


def objectives(n_qubits: int, layers: int, runs: int, steps: int) -> None:
    """Print the second table."""
    optimizers: dict[str, Callable[[nc.Landscape, Floats, int], Floats]] = {"GD 0.01": gradient_descent, "Adam 0.05": adam}
    circuit = nc.ansatz.mhea(n_qubits, layers)
    size = len(circuit.parameters)
    for name, observable in (
        ("Heisenberg", nc.observables.heisenberg(n_qubits)),
        ("Z⊗N", nc.observables.global_z(n_qubits)),
    ):
        lands = {"plain": nc.Landscape(circuit, observable)}
        for objective in ("loss", "gradient", "norm"):
            lands[objective] = nc.Landscape(nc.search_encoder(circuit, observable, objective).circuit, observable)
        print(f"\n{name}, N = {n_qubits}, L = {layers}: loss after {steps} steps, mean ± standard error over {runs} runs")
        print(f"{'optimizer':>10s} {'σ':>7s}" + "".join(f"{label:>18s}" for label in lands))
        for label, run in optimizers.items():
            for width, power in {"D^-1": -1.0, "D^-1/2": -0.5}.items():
                drawn = np.random.default_rng(7).normal(size=(runs, size)) * size**power
                cells = (run(land, drawn, steps) for land in lands.values())
                text = "".join(f"{cell.mean():>11.2f} ± {cell.std(ddof=1) / runs**0.5:4.2f}" for cell in cells)
                print(f"{label:>10s} {width:>7s}{text}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--samples", type=int, default=2**16)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()
    styles([(16, 16), (50, 10), (100, 10)], given.draws, given.samples)
    objectives(12, 6, given.runs, given.steps)
