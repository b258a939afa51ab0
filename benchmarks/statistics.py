"""Gradient statistics at up to a thousand qubits: seconds, samples per second, memory, and how they grow.

    python benchmarks/statistics.py [--figure FILE] [--quick]

Beside `nc.Stabilizer`: one random Clifford circuit at a time through stim's TableauSimulator, and exact gradients at sampled
angles (`nc.Statevector`) at 16 qubits. The circuit is mHEA with Z on every qubit, the patch Gaussian of σ = D^-1/2. Times
are medians; peak memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import resource
import shlex
import sys
import time

import numba
import numpy as np
import stim
from matplotlib.figure import Figure

import nearclifford as nc
from nearclifford.normal_form.gates import PRIMITIVES, QUARTER_TURNS, ROTATION_AXIS

ROUNDS = 5


def landscape(n_qubits, layers):
    land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), nc.observables.global_z(n_qubits))
    return land, nc.Gaussian(land.n_parameters**-0.5)


def seconds_of(action, clock=time.perf_counter):
    """Return the seconds of every round, after one to warm up."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = clock()
        action()
        times.append(clock() - start)
    return np.array(times)


def seconds_per_sample(n_qubits, layers, samples, clock=time.perf_counter):
    """Return seconds per sample of E[L²] in every round, the circuit compiled before."""
    land, patch = landscape(n_qubits, layers)
    return seconds_of(lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=samples, rng=1), clock) / samples


def one_core(n_qubits, layers, samples):
    """Return processor seconds per sample on one thread, which say the same on a busy machine."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return seconds_per_sample(n_qubits, layers, samples, time.process_time)
    finally:
        numba.set_num_threads(threads)


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


def growth(path):
    """Print, and draw if there is a path, processor seconds per sample: against N at L = 10, against L at N = 100."""
    curves = {}
    for name, sizes in {"N": [32, 64, 128, 256, 512, 1000], "L": [5, 10, 20, 40, 80, 160]}.items():
        shapes = [(size, 10) if name == "N" else (100, size) for size in sizes]
        # as much work for every size, a tenth of a second or so
        curves[name] = sizes, np.array([one_core(n, layers, 10**10 // (n * layers)) for n, layers in shapes])
        exponent = slope(sizes, np.median(curves[name][1], axis=1))
        print(f"processor seconds per sample against {name}: slope {exponent:.2f} on a log-log scale")
    if path is not None:
        draw_growth(curves, path)


def draw_growth(curves, path):
    """Write the figure, the median of the rounds with their range, beside a line of slope 1."""
    canvas = Figure(figsize=(8, 4), layout="constrained")
    panels = canvas.subplots(1, 2, sharey=True)
    titles = {"N": "L = 10 layers", "L": "N = 100 qubits"}
    words = {"N": "number of qubits N", "L": "number of layers L"}
    for axes, (name, (sizes, seconds)) in zip(panels, curves.items(), strict=True):
        middle = np.median(seconds, axis=1) * 1e9
        bars = np.abs(np.stack([seconds.min(axis=1), seconds.max(axis=1)]) * 1e9 - middle)
        exponent = slope(sizes, middle)
        axes.errorbar(
            sizes, middle, yerr=bars, color="#0072B2", marker="o", capsize=3, label=f"measured, slope {exponent:.2f}"
        )
        axes.plot(sizes, middle[-1] * np.array(sizes) / sizes[-1], "--", color="#D55E00", label="slope 1")
        axes.set(xscale="log", yscale="log", xlabel=words[name], title=titles[name])
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3, linewidth=0.6)
        axes.legend(frameon=False)
    panels[0].set_ylabel("ns of one core per sample of E[L²]")
    canvas.suptitle("Stabilizer backend: mHEA, Z on every qubit, σ = D^-1/2")
    command = shlex.join(["python", "benchmarks/statistics.py", *sys.argv[1:]])
    caption = f"Median of {ROUNDS} rounds and their range; a sample has about one flip at every size, which costs some 40 ns"
    canvas.supxlabel(f"{caption}\n{command}   (nearclifford {nc.__version__})", fontsize=7, color="#555555")
    canvas.savefig(path, dpi=160)


def many_terms():
    """Print what an observable of many terms costs beside exact sampling."""
    land = nc.Landscape(nc.ansatz.mhea(16, 4), nc.observables.heisenberg(16))
    patch = nc.Gaussian(land.n_parameters**-0.5)
    for backend, samples in ((nc.Statevector(), 64), (nc.Stabilizer(), 2**14)):
        report(f"Heisenberg chain, N = 16, L = 4, {len(land.problem.coefficients)} terms", land, patch, backend, samples)


def report(title, land, patch, backend, samples):
    """Print seconds and E‖∇L‖² of all components by a backend."""
    nc.gradient_statistics(land, patch, backend, samples=2, rng=1)
    start = time.perf_counter()
    stats = nc.gradient_statistics(land, patch, backend, samples=samples, rng=1)
    print(
        f"gradient, {title}, {stats.method}: {samples} samples in {time.perf_counter() - start:.3f} s, "
        f"E‖∇L‖² = {stats.norm_squared:.4f} ± {stats.norm_squared_error:.4f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", help="write the growth against N and L there")
    parser.add_argument("--quick", action="store_true", help="leave out the gradient of 22,000 components")
    options = parser.parse_args()
    print(f"nearclifford {nc.__version__}, {numba.get_num_threads()} threads, medians of {ROUNDS}")
    rates = 1 / seconds_per_sample(1000, 10, 2**22)
    low, middle, high = np.percentile(rates, [0, 50, 100])
    print(f"loss, N = 1000, L = 10: {middle:.3g} samples a second, from {low:.3g} to {high:.3g} (target 2e7)")
    print(f"  {1 / np.median(one_core(1000, 10, 2**21)):.3g} samples a second of one core, by processor time")
    per_circuit = stim_seconds(1000, 10)
    print(f"  stim TableauSimulator, the same circuits one at a time: {1 / per_circuit:.3g} a second, one thread")
    land, patch = landscape(32, 32)
    spent = np.median(seconds_of(lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=4096, rng=1)))
    print(f"gradient, N = L = 32, 2,112 components, 4,096 samples each: {spent:.3f} s (target 0.5)")
    for backend, samples in ((nc.Statevector(), 64), (nc.Stabilizer(), 2**14)):
        report("N = L = 16", *landscape(16, 16), backend, samples)
    many_terms()
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
