"""Second moments of random problems against an oracle that knows nothing of Pauli paths: z-scores and coverage.

    python benchmarks/second_moments.py [--cases 300] [--runs 2000] [--samples 4096] [--backends "Stabilizer()" auto ...]

Circuits of up to four qubits are made of Qiskit's gates at random; patches are Gaussian and uniform, observables have one to
six terms. The oracle is the averaged density matrix of two copies (tests/two_copies.py).

First table: z = (estimate - exact) / error of the loss and of one derivative in every case. Where at least 8 errors lie
between the value and zero, and its bound, z should be standard normal: mean, spread, the largest, and the p-value of
Kolmogorov and Smirnov. Of all cases, the rarer ones too, the part of the 99 % intervals that cover. A backend without
samples shows how many times its bound of the error the largest difference is. Second table: how often intervals of 95 %
cover the exact value, over many seeds of few problems: of all, and of those whose estimate is off by more than rounding.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, library
from qiskit.quantum_info import SparsePauliOp
from scipy import stats

import nearclifford as nc

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from two_copies import exact_moments, gaussian, uniform

TURNS = (
    library.RXGate, library.RYGate, library.RZGate, library.PhaseGate, library.RXXGate, library.RYYGate, library.RZZGate,
    library.RZXGate,
)  # fmt: skip
FIXED = (
    library.HGate(), library.SGate(), library.SXGate(), library.CXGate(), library.CZGate(), library.CYGate(),
    library.SwapGate(), library.iSwapGate(), library.ECRGate(), library.DCXGate(), library.RZZGate(np.pi / 2),
)  # fmt: skip
BACKENDS = ("Statevector()", "Stabilizer()", "Stabilizer(order=3)", "Exact()", "Particles()", "auto")
# What the oracle's own rounding may be, beside its numbers of order one.
ORACLE = 1e-12
# So many errors away from what is possible, an estimate has a normal distribution.
FAR = 8.0
PROBLEMS = 20


@dataclass(frozen=True)
class Case:
    """A problem, one of its parameters, and E[L²] and E[(∂_k L)²]."""

    land: nc.Landscape
    patch: nc.Patch
    parameter: int
    exact: tuple[float, float]


def random_circuit(rng, n_qubits, n_parameters):
    """Return rotations of independent angles, some with factors, between Clifford gates."""
    circuit = QuantumCircuit(n_qubits)
    for k in range(n_parameters):
        turn = TURNS[rng.integers(len(TURNS))](float(rng.choice([1.0, 1.0, -2.0, 0.5])) * Parameter(f"t{k:02}"))
        append(rng, circuit, turn)
        for _ in range(int(rng.integers(1, 3))):
            append(rng, circuit, FIXED[rng.integers(len(FIXED))])
    return circuit


def append(rng, circuit, gate):
    """Append a gate to qubits at random; there are two at least."""
    circuit.append(gate, rng.choice(circuit.num_qubits, gate.num_qubits, replace=False).tolist())


def random_case(seed):
    """Return the case of a seed, with its exact moments; angles are wide and narrow."""
    rng = np.random.default_rng([seed, 12])
    n_qubits = int(rng.integers(2, 5))
    circuit = random_circuit(rng, n_qubits, int(rng.integers(4, 11)))
    labels = {"".join(rng.choice(list("IXYZ"), n_qubits)) for _ in range(int(rng.integers(1, 7)))} - {"I" * n_qubits}
    observable = SparsePauliOp(sorted(labels) or ["Z" * n_qubits], rng.normal(size=max(len(labels), 1)))
    widths = rng.choice([0.1, 0.4, 1.2]) * rng.uniform(0.5, 1.5, circuit.num_parameters)
    patch, fourier = (nc.Gaussian(widths), gaussian(widths)) if seed % 2 else (nc.Uniform(widths), uniform(widths))
    parameter = int(rng.integers(circuit.num_parameters))
    found = exact_moments(circuit, observable, fourier)
    exact = found.second, float(found.second_gradient[parameter])
    return Case(nc.Landscape(circuit, observable), patch, parameter, exact)


def made(text):
    """Return the backend of a name, or of an expression such as ``Stabilizer(order=3)``."""
    return text if text == "auto" else eval(text, {name: getattr(nc, name) for name in nc.__all__})


def measured(case, backend, samples, seed):
    """Yield (exact value, estimate, error, bound, interval at a level) of the loss and of the derivative."""
    loss = nc.loss_statistics(case.land, case.patch, backend, samples, rng=seed)
    yield case.exact[0], loss.unbiased.second_moment, loss.second_moment_error, loss.bound**2, loss.interval
    slope = nc.gradient_statistics(case.land, case.patch, backend, samples, [case.parameter], rng=seed)
    estimate, error = float(slope.unbiased.second_moment[0]), float(slope.second_moment_error[0])
    yield case.exact[1], estimate, error, float(slope.bound[0]) ** 2, lambda level: slope.interval(level)[0]


def covers(interval, exact, level):
    low, high = interval(level)
    return low - ORACLE <= exact <= high + ORACLE


def z_scores(cases, backend, samples):
    """Return (normal z-scores, how many of all intervals of 99 % cover, how many there are, largest of bounded errors)."""
    normal, covered, count, largest = [], 0, 0, 0.0
    for number, case in enumerate(cases):
        for exact, estimate, error, bound, interval in measured(case, backend, samples, number):
            count += 1
            covers_it = covers(interval, exact, 0.99)
            covered += covers_it
            if error < 1e-9:
                largest = max(largest, max(abs(estimate - exact) - ORACLE, 0.0) / max(error, ORACLE))
            elif FAR * error < min(exact, bound - exact):
                normal.append((estimate - exact) / error)
    return np.array(normal), covered, count, largest


def coverage(cases, backend, samples, runs):
    """Return how many intervals of 95 % (covered, were asked for), of all, and of those that are off; problems in turn."""
    counts = np.zeros((2, 2), dtype=np.int64)
    for run in range(runs // 2):
        case = cases[run % len(cases)]
        for exact, estimate, _, _, interval in measured(case, backend, samples, 10**6 + run):
            asked = np.array([covers(interval, exact, 0.95), 1])
            counts += np.outer([1, abs(estimate - exact) > ORACLE], asked)
    return counts


def resolved(cases, samples):
    """Return cases whose loss and derivative neither vanish nor are seen less than some tens of times."""
    return [c for c in cases if all(v * samples > 50 * np.abs(c.land.problem.coefficients).sum() ** 2 for v in c.exact)]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--backends", nargs="+", default=BACKENDS)
    options = parser.parse_args()
    cases = [random_case(seed) for seed in range(options.cases)]
    print(
        f"{'backend':24} {'normal':>6} {'mean z':>7} {'spread':>6} {'max':>5} {'p':>6} {'99 % covers':>12} {'bounded':>8} s"
    )
    for text in options.backends:
        start = time.perf_counter()
        z, covered, count, largest = z_scores(cases, made(text), options.samples)
        shown = f"{len(z):6}" + " " * 28
        if len(z) > 1:
            p = stats.kstest(z, "norm").pvalue
            shown = f"{len(z):6} {z.mean():7.3f} {z.std():6.3f} {np.abs(z).max():5.2f} {p:6.3f}"
        seconds = time.perf_counter() - start
        print(f"{text:24} {shown} {covered:6}/{count:<5} {largest:8.2g} {seconds:.0f}", flush=True)
    few = resolved(cases, options.samples)[:PROBLEMS]
    print(f"\n95 % intervals over {options.runs} runs of {len(few)} problems")
    print(f"{'backend':24} {'cover':>12} {'those off':>19}        s")
    for text in options.backends:
        start = time.perf_counter()
        counts = coverage(few, made(text), options.samples, options.runs)
        seconds = time.perf_counter() - start
        shown = " ".join(f"{covered:6}/{count:<5} {covered / max(count, 1):6.1%}" for covered, count in counts.tolist())
        print(f"{text:24} {shown} {seconds:.0f}", flush=True)


if __name__ == "__main__":
    main()
