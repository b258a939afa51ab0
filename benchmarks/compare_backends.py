"""The same statistics by exact sampling, Aer on the CPU, Aer with shots, and the stabilizer: ten problems, one table.

    make compare-backends

Every number has its standard error. Aer without shots draws the thetas of the exact sampler, so their difference is
rounding; the others are independent. The last columns give (estimate - exact) / standard error of the difference, for E‖∇L‖²
and its largest absolute value over E[∂_k L], E[(∂_k L)²] and Var[∂_k L] of all components.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import nearclifford as nc

# (ansatz, N, L, observable, σ, encoded)
PROBLEMS = (
    ("mhea", 2, 2, "global_z", 0.1, False),
    ("mhea", 3, 2, "global_z", 0.3, True),
    ("mhea", 4, 2, "random_pauli", 0.2, True),
    ("mhea", 4, 1, "heisenberg", 0.2, False),
    ("mhea", 5, 1, "random_pauli", 0.5, True),
    ("fhea", 3, 1, "global_z", 0.2, True),
    ("fhea", 4, 1, "random_pauli", 0.3, True),
    ("random_pqc", 4, 3, "random_pauli", 0.3, True),
    ("random_pqc", 5, 2, "random_pauli", 0.2, True),
    ("random_pqc", 3, 3, "global_xyz", 0.4, False),
)
MOMENTS = ("mean", "second_moment", "variance")


def problem(ansatz, n_qubits, layers, observable, encoded, seed):
    """Return the landscape of one row."""
    rng = np.random.default_rng(seed)
    build = getattr(nc.ansatz, ansatz)
    circuit = build(n_qubits, layers, rng=rng) if ansatz == "random_pqc" else build(n_qubits, layers)
    make = getattr(nc.observables, observable)
    operator = make(n_qubits, rng=rng) if observable == "random_pauli" else make(n_qubits)
    if encoded:
        circuit = nc.encode(circuit, operator, parameter=int(rng.integers(circuit.num_parameters))).circuit
    return nc.Landscape(circuit, operator)


def z_scores(found, exact, same_thetas):
    """Return (of the squared norm, largest over all components and moments); differences where the thetas are the same."""
    if same_thetas:
        largest = max(np.abs(getattr(found, name) - getattr(exact, name)).max() for name in MOMENTS)
        return found.norm_squared - exact.norm_squared, largest
    norm = (found.norm_squared - exact.norm_squared) / np.hypot(found.norm_squared_error, exact.norm_squared_error)
    largest = 0.0
    for name in MOMENTS:
        error = np.hypot(getattr(found, f"{name}_error"), getattr(exact, f"{name}_error"))
        difference = np.abs(getattr(found, name) - getattr(exact, name))
        largest = max(largest, float((difference[error > 1e-12] / error[error > 1e-12]).max(initial=0.0)))
    return norm, largest


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exact-samples", type=int, default=20_000, help="thetas of the exact sampler for the others")
    parser.add_argument("--samples", type=int, default=400, help="thetas of Aer")
    parser.add_argument("--shots", type=int, default=256)
    parser.add_argument("--problems", type=int, default=len(PROBLEMS), help="only the first of these")
    options = parser.parse_args()
    columns = (
        f"{'problem':42} {'backend':18} {'samples':>8} {'E‖∇L‖²':>10} {'error':>9} {'seconds':>8} {'norm':>9} {'largest':>9}"
    )
    print(columns)
    for seed, (ansatz, n, layers, observable, sigma, encoded) in enumerate(PROBLEMS[: options.problems]):
        land, patch = problem(ansatz, n, layers, observable, encoded, seed), nc.Gaussian(sigma)
        name = f"{ansatz} N={n} L={layers} {observable} σ={sigma}{' encoded' if encoded else ''}"
        runs = (
            ("statevector", nc.Statevector(), options.exact_samples, 1),
            ("statevector", nc.Statevector(), options.samples, 2),
            ("aer cpu", nc.Aer("CPU"), options.samples, 2),
            (f"aer cpu {options.shots} shots", nc.Aer("CPU", shots=options.shots), options.samples, 3),
            ("stabilizer", nc.Stabilizer(), options.exact_samples, 4),
        )
        exact = same = None
        for row, (title, backend, samples, rng) in enumerate(runs):
            start = time.perf_counter()
            found = nc.gradient_statistics(land, patch, backend, samples=samples, rng=rng)
            seconds = time.perf_counter() - start
            shown = ""
            if row == 1:
                same = found
            if row >= 1:
                norm, largest = z_scores(found, same if row == 2 else exact, row == 2)
                shown = f"{norm:9.1e} {largest:9.1e}" if row == 2 else f"{norm:8.2f}σ {largest:8.2f}σ"
            exact = found if row == 0 else exact
            print(
                f"{name if row == 0 else '':42} {title:18} {found.samples:8} {found.norm_squared:10.5f} "
                f"{found.norm_squared_error:9.5f} {seconds:8.3f} {shown}",
                flush=True,
            )


if __name__ == "__main__":
    main()
