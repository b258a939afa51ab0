"""Reproduce the published cost curves of arXiv:2507.06344: stabilizer calls and truncation thresholds.

    python benchmarks/published_costs.py taylor_cost_mhea_shallow.json truncation_threshold.json

The first kind of file holds under ``cardinality`` the stabilizer calls of a Taylor surrogate as ``[order][position]``, with
N and D under ``n_qubits`` and ``n_parameters``; null where the published run stopped. The second holds under ``threshold``
the truncation thresholds as ``[sigma][position]`` at ε = 1e-6 and D = 2N(N + 1), for angles that are drawn anew for each N
from the seed 7, one σ after another. Every value must be equal; the exit status is 1 if any is not. Takes two seconds.

How often the published threshold does not keep its own bound ‖t‖₁^m / m! <= ε is counted beside.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nearclifford.costs.cardinality import n_stabilizer_calls
from nearclifford.costs.worst_case import published_threshold, worst_case_order

EPSILON = 1e-6
SEED = 7
# In the order of the published draws, which share one stream for each N.
WIDTHS: dict[str, Callable[[int], float]] = {
    "exp(-D)": lambda size: np.exp(-size),
    "D^-2": lambda size: 1 / size**2,
    "D^-1": lambda size: 1 / size,
    "D^-1/2": lambda size: 1 / np.sqrt(size),
    "D^-1/3": lambda size: size ** (-1 / 3),
    "D^-1/5": lambda size: size ** (-1 / 5),
    "1/log(D)": lambda size: 1 / np.log(size),
    "1": lambda size: 1.0,
}


def displacements(n_qubits: int) -> dict[str, float]:
    """Repeat the published draws of one N; return ‖θ‖₁ for each width, and 0 under "0"."""
    size, stream = 2 * n_qubits * (n_qubits + 1), np.random.RandomState(SEED)
    drawn = {sigma: float(np.abs(stream.normal(0, width(size), size)).sum()) for sigma, width in WIDTHS.items()}
    return {"0": 0.0} | drawn


def compare_cardinalities(data: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield (what, found, published) for every published number of stabilizer calls."""
    for order, published in data["cardinality"].items():
        for n_qubits, size, value in zip(data["n_qubits"], data["n_parameters"], published, strict=True):
            if value is not None:
                yield f"stabilizer calls, m = {order}, N = {n_qubits}", n_stabilizer_calls(size, int(order)), value


def compare_thresholds(data: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield (what, found, published) for every published threshold; print how many break their own bound."""
    short = 0
    for position, n_qubits in enumerate(data["n_qubits"]):
        for sigma, displacement in displacements(n_qubits).items():
            value = data["threshold"][sigma][position]
            short += worst_case_order(displacement, EPSILON) > value
            yield f"threshold, sigma = {sigma}, N = {n_qubits}", published_threshold(displacement, EPSILON), value
    print(f"{short} published thresholds are too small for the bound that they are to keep")


def main(arguments: list[str] | None = None) -> int:
    """Compare every file given; return 1 if a value differs or nothing was compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, nargs="+", help="JSON file of published costs")
    conforms = True
    for path in parser.parse_args(arguments).path:
        data = json.loads(path.read_text())
        found = list((compare_thresholds if "threshold" in data else compare_cardinalities)(data))
        wrong = [line for line in found if line[1] != line[2]]
        for what, ours, published in wrong:
            print(f"{what}: {ours}, published {published}")
        print(f"{path.name}: {len(found) - len(wrong)} of {len(found)} values are equal")
        conforms &= bool(found) and not wrong
    print("conform" if conforms else "NOT conform")
    return 0 if conforms else 1


if __name__ == "__main__":
    sys.exit(main())
