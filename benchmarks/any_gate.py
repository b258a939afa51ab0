"""Random circuits of any gate of Qiskit's library against Qiskit's statevector: how many are wrong, and which are refused.

    .venv/bin/python benchmarks/any_gate.py --circuits 10000

Each circuit holds one to four operations between layers of rotations: any gate of `qiskit.circuit.library`, with any state
of its controls, inverted, raised to a power, annotated, labelled and nested up to twice, as `tests/library_gates.py` draws
them. The value is compared at 1e-10 Σ|c|, the gradient of every third circuit at 1e-8 Σ|c| with six-point differences of
Qiskit's values. The exit status is 1 if anything is wrong or ends in a traceback. Takes about 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import nearclifford as nc

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from library_gates import any_circuit, at, six_point_gradient
from random_circuits import random_observable

GRADIENT_EVERY = 3


def outcome(seed: int) -> tuple[str, list[str], str]:
    """Return (what happened, the operations, the message) of one circuit."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng([seed, 20261125])
    circuit, operations = any_circuit(rng)
    observable = random_observable(rng, circuit.num_qubits, int(rng.integers(1, 6)))
    theta, scale = rng.normal(size=len(circuit.parameters)), float(np.abs(observable.coeffs).sum())
    try:
        value, gradient = nc.Landscape(circuit, observable).value_and_gradient(theta)
    except nc.NearCliffordError as error:
        return "refused", operations, str(error)
    except Exception:  # what the table is there to show
        return "traceback", operations, traceback.format_exc(limit=-2)
    difference = abs(value - at(circuit, theta).expectation_value(observable).real)
    if not difference < 1e-10 * scale:
        return "wrong value", operations, f"by {difference:.3g}"
    if seed % GRADIENT_EVERY == 0:
        difference = float(np.abs(gradient - six_point_gradient(circuit, observable, theta)).max(initial=0.0))
        if not difference < 1e-8 * scale:
            return "wrong gradient", operations, f"by {difference:.3g}"
    return "right", operations, ""


def main() -> int:
    """Run the circuits and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--circuits", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first circuit (default: 0)")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    start, seeds = time.perf_counter(), range(options.first, options.first + options.circuits)
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        outcomes = list(pool.map(outcome, seeds, chunksize=20))
    counts = Counter(what for what, _, _ in outcomes)
    gates = Counter(operation.split()[-1] for _, operations, _ in outcomes for operation in operations)
    print(
        f"{options.circuits} circuits, {sum(gates.values())} operations of {len(gates)} kinds, seeds from {options.first}, ",
        end="",
    )
    print(f"{time.perf_counter() - start:.0f} s")
    for what, count in counts.most_common():
        print(f"{what:>15s} {count:6d}")
    reasons = Counter(_reason(message) for what, _, message in outcomes if what == "refused")
    print("\nrefused because")
    for reason, count in reasons.most_common():
        print(f"{count:6d}  {reason}")
    failed = [(seed, *found) for seed, found in zip(seeds, outcomes, strict=True) if found[0] not in ("right", "refused")]
    for seed, what, operations, message in failed:
        print(f"\nseed {seed}: {what} {message}; {operations}")
    return int(bool(failed))


def _reason(message: str) -> str:
    """Return a refusal without what differs from circuit to circuit."""
    text = message.partition(" ")[2].partition(" ")[2]
    if "(" in text[:1]:
        text = text[1:].split("'")[1] + text.partition("])")[2]
    text = re.sub(r"parameter .*|given basis.*|node .*", "...", re.sub(r"\d+ terms", "several terms", text))
    return text.partition(", and the")[0].partition(". ")[0][:110]


if __name__ == "__main__":
    sys.exit(main())
