"""Gradient statistics at up to a thousand qubits: seconds, samples per second, memory, and how they grow.

    python benchmarks/statistics.py [--figure FILE] [--quick]

Beside `nc.Stabilizer`: one random Clifford circuit at a time through stim's TableauSimulator, and exact gradients at sampled
angles (`nc.Statevector`) at 16 qubits. The circuit is mHEA with Z on every qubit, the patch Gaussian of σ = D^-1/2. Times
are medians; peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import resource
import time

import numba
import numpy as np
import stim

import nearclifford as nc
from nearclifford.gates import PRIMITIVES, QUARTER_TURNS, ROTATION_AXIS

ROUNDS = 5


def landscape(n_qubits, layers):
    land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), nc.observables.global_z(n_qubits))
    return land, nc.Gaussian(land.n_parameters**-0.5)


def median_seconds(action, rounds=ROUNDS):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def loss_rate(n_qubits, layers, samples):
    """Return samples of E[L²] per second."""
    land, patch = landscape(n_qubits, layers)
    return samples / median_seconds(lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1))


def stim_seconds(n_qubits, layers, circuits=20):
    """Return seconds per random Clifford circuit: every rotation a quarter turn with probability E[sin²]."""
    land, patch = landscape(n_qubits, layers)
    tape, rng = land.program.tape, np.random.default_rng(1)
    observable = stim.PauliString("Z" * n_qubits)
    turn = float(patch.sine_square_mean())

    def one():
        circuit = stim.Circuit()
        coins = rng.random(len(tape)) < turn
        for code, first, second, coin in zip(tape.opcode, tape.first, tape.second, coins, strict=True):
            name = PRIMITIVES[code]
            if name not in ROTATION_AXIS:
                circuit.append(name, [first] if second < 0 else [first, second])
            elif coin:
                circuit.append(QUARTER_TURNS[ROTATION_AXIS[name]][0], [first])
        simulator = stim.TableauSimulator()
        simulator.set_num_qubits(n_qubits)
        start = time.perf_counter()
        simulator.do_circuit(circuit)
        simulator.peek_observable_expectation(observable)
        return time.perf_counter() - start

    return float(np.median([one() for _ in range(circuits)]))


def slope(sizes, seconds):
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def growth(figure):
    """Print and draw seconds per sample of the loss against N at L = 10 and against L at N = 100."""
    sizes = {"N": [32, 64, 128, 256, 512, 1000], "L": [5, 10, 20, 40, 80]}
    seconds = {
        "N": [1 / loss_rate(n, 10, 2**16) for n in sizes["N"]],
        "L": [1 / loss_rate(100, layers, 2**16) for layers in sizes["L"]],
    }
    for name in sizes:
        print(f"seconds per sample against {name}: slope {slope(sizes[name], seconds[name]):.2f} on a log-log scale")
    if figure is None:
        return
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(8, 3.5), layout="constrained")
    for axes, name, other in zip(canvas.subplots(1, 2), ("N", "L"), ("L = 10", "N = 100"), strict=True):
        axes.loglog(sizes[name], np.array(seconds[name]) * 1e9, "o-")
        axes.set(
            xlabel=name, ylabel="nanoseconds per sample", title=f"{other}, slope {slope(sizes[name], seconds[name]):.2f}"
        )
        axes.grid(alpha=0.3, which="both")
    canvas.savefig(figure, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", help="write the growth against N and L there")
    parser.add_argument("--quick", action="store_true", help="leave out the gradient of 22,000 components")
    options = parser.parse_args()
    print(f"nearclifford {nc.__version__}, {numba.get_num_threads()} threads, medians of {ROUNDS}")
    loss_rate(4, 1, 1000)
    print(f"loss, N = 1000, L = 10: {loss_rate(1000, 10, 2**21):.3g} samples per second (target 2e7)")
    per_circuit = stim_seconds(1000, 10)
    print(f"  stim TableauSimulator, the same circuits one at a time: {1 / per_circuit:.3g} a second, one thread")
    land, patch = landscape(32, 32)
    nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=1000, rng=1)
    spent = median_seconds(lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=4096, rng=1))
    print(f"gradient, N = L = 32, 2,112 components, 4,096 samples each: {spent:.3f} s (target 0.5)")
    land, patch = landscape(16, 16)
    for backend, samples in ((nc.Statevector(), 64), (nc.Stabilizer(), 2**14)):
        nc.gradient_statistics(land, patch, backend, samples=2, rng=1)
        start = time.perf_counter()
        stats = nc.gradient_statistics(land, patch, backend, samples=samples, rng=1)
        spent = time.perf_counter() - start
        print(
            f"gradient, N = L = 16, {stats.method}: {samples} samples in {spent:.3f} s, "
            f"E‖∇L‖² = {stats.norm_squared:.4f} ± {stats.norm_squared_error:.4f}"
        )
    growth(options.figure)
    if not options.quick:
        land, patch = landscape(1000, 10)
        start = time.perf_counter()
        stats = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=16_384, rng=1)
        print(
            f"gradient, N = 1000, L = 10, 22,000 components, 16,384 samples each: {time.perf_counter() - start:.1f} s "
            f"(target 60, once), E‖∇L‖² = {stats.norm_squared:.4f} ± {stats.norm_squared_error:.4f}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
