"""Two versions of the package side by side: seconds of the same work, in processes that alternate.

    python benchmarks/two_trees.py OLD/src NEW/src [--rounds 7] [--only gradient ...]

A round is one process of each tree, the first of the two changing from round to round; each takes the least of a few repeats
of every task after one run that compiles, and the table has the medians over rounds and the median of the ratios of a round.
Everything goes through names that both trees have. Results must be equal to the last bit, or the row says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Task = Callable[[], Any]


def tasks() -> dict[str, Task]:
    """Return what is timed, by name, with everything prepared."""
    import nearclifford as nc

    found: dict[str, Task] = {}

    def mhea(n_qubits: int, layers: int, observable: Any) -> Any:
        return nc.Landscape(nc.ansatz.mhea(n_qubits, layers), observable)

    for n_qubits, layers, batch in ((8, 8, 256), (12, 12, 16), (16, 16, 4), (18, 4, 1)):
        land = mhea(n_qubits, layers, nc.observables.global_z(n_qubits))
        theta = np.random.default_rng(1).normal(size=(batch, land.n_parameters))
        found[f"gradient N={n_qubits} L={layers}, {batch} thetas"] = lambda land=land, theta=theta: land.value_and_gradient(
            theta
        )
    land12 = mhea(12, 6, nc.observables.heisenberg(12))
    theta12 = np.random.default_rng(1).normal(size=(16, land12.n_parameters))
    found["gradient N=12 L=6 Heisenberg, 16 thetas"] = lambda: land12.value_and_gradient(theta12)
    for n_qubits, layers, samples in ((100, 10, 2**18), (1000, 10, 2**15)):
        land = mhea(n_qubits, layers, nc.observables.global_z(n_qubits))
        patch = nc.Gaussian(land.n_parameters**-0.5)
        found[f"statistics N={n_qubits} L={layers}, one component"] = lambda land=land, patch=patch, samples=samples: (
            nc.gradient_statistics(
                land, patch, nc.Stabilizer(), samples=samples, parameters=[land.n_parameters // 2], rng=1
            ).second_moment
        )
    hamiltonian = mhea(16, 4, nc.observables.heisenberg(16))
    found["statistics N=16 L=4 Heisenberg, all components"] = lambda: (
        nc.gradient_statistics(hamiltonian, nc.Gaussian(0.1), nc.Stabilizer(), samples=2**12, rng=1).second_moment
    )
    hundred, shallow = mhea(100, 10, nc.observables.global_z(100)), mhea(16, 2, nc.observables.global_z(16))
    found["error curve N=100 L=10, 2^18 chains"] = lambda: (
        nc.surrogate_error_curve(hundred, nc.Gaussian(0.02), samples=2**18, rng=1).mean_square
    )
    found["certified N=16 L=2, 10^5 strings"] = lambda: nc.certified_second_moment(
        shallow, nc.Gaussian(0.1), parameter=3, max_terms=10**5
    )
    land16 = mhea(16, 16, nc.observables.global_z(16))
    found["surrogate N=L=16 of order 6, built"] = lambda: nc.surrogate(land16, 6, progress=False).n_paths
    theta16 = np.random.default_rng(1).normal(size=(1000, land16.n_parameters)) * 544**-0.5
    for kind in ("pauli-path", "taylor"):
        kept = nc.surrogate(land16, 5, kind=kind, progress=False)
        found[f"{kind} N=L=16 of order 5, values"] = lambda kept=kept: kept.value(theta16)
        found[f"{kind} N=L=16 of order 5, gradients"] = lambda kept=kept: kept.gradient(theta16[:200])
    circuit, observable = nc.ansatz.mhea(1000, 10), nc.observables.random_pauli(1000, rng=7)
    found["landscape N=1000 L=10, made"] = lambda: nc.Landscape(circuit, observable).n_parameters
    found["encoder N=1000 L=10"] = lambda: nc.encode(circuit, observable, parameter=9000).gradient
    found["search N=20 L=4 Heisenberg"] = lambda: (
        nc.search_encoder(nc.ansatz.mhea(20, 4), nc.observables.heisenberg(20), "norm", progress=False).gradient
    )
    return found


def digest(result: Any) -> str:
    """Return a hash of numbers."""
    parts = result if isinstance(result, tuple) else (result,)
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()[:12]


def work(only: list[str]) -> None:
    """Time every task in this process and print the seconds and hashes as JSON."""
    timed = {}
    for name, task in tasks().items():
        if only and not any(word in name for word in only):
            continue
        result, seconds, spent = task(), [], 0.0
        while len(seconds) < 3 or (spent < 1.0 and len(seconds) < 50):
            start = time.perf_counter()
            task()
            seconds.append(time.perf_counter() - start)
            spent += seconds[-1]
        timed[name] = (min(seconds), digest(result))
    print(json.dumps(timed))


def run(tree: Path, only: list[str]) -> dict[str, tuple[float, str]]:
    """Return the seconds of a tree, from a fresh process."""
    command = [sys.executable, __file__, "--worker", str(tree), *(["--only", *only] if only else [])]
    environment = os.environ | {"PYTHONPATH": str(tree.resolve())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return {name: (seconds, found) for name, (seconds, found) in json.loads(done.stdout.splitlines()[-1]).items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE", help="two folders that hold the package")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", default=[], help="words of the names of tasks")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given.only)
        return
    old, new = given.trees
    rounds: list[tuple[dict[str, tuple[float, str]], dict[str, tuple[float, str]]]] = []
    for number in range(given.rounds):
        order = (old, new) if number % 2 == 0 else (new, old)
        found = {tree: run(tree, given.only) for tree in order}
        rounds.append((found[old], found[new]))
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
    print(f"| task | {old}, s | {new}, s | new / old | bits |\n|---|---:|---:|---:|---|")
    for name in rounds[0][0]:
        before, after = ([one[side][name][0] for one in rounds] for side in (0, 1))
        ratio = np.median([b / a for a, b in zip(before, after, strict=True)])
        equal = "equal" if len({one[side][name][1] for one in rounds for side in (0, 1)}) == 1 else "DIFFERENT"
        print(f"| {name} | {np.median(before):.4f} | {np.median(after):.4f} | {ratio:.3f} | {equal} |")


if __name__ == "__main__":
    main()
