"""Reproduce the published height maps of arXiv:2507.06344: mHEA, N = 12, L = 6, Z on every qubit, with and without encoder.

    python benchmarks/height_maps.py data_LCE-height-map.pkl

The file holds a list of (parameter, plain map, encoded map) for each of the 167 parameters beside the encoded one: 30 x 30
losses over both parameters, from -π to π, all others zero, the encoded parameter along the columns. The exit status is 1 if
any loss, or the average over the 167 maps, is further than 1e-8 from the published one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from published_training import read

from nearclifford import ansatz, observables
from nearclifford.encoder.encode import encode
from nearclifford.landscape import Landscape

TOLERANCE = 1e-8
POINTS = np.linspace(-np.pi, np.pi, 30)
ENCODED = 0


def published_landscapes() -> dict[str, Landscape]:
    """Return the plain landscape and the encoded one, in the article's style."""
    circuit, observable = ansatz.mhea(12, 6), observables.global_z(12)
    encoded = encode(circuit, observable, ENCODED, style="paper").circuit
    return {"plain": Landscape(circuit, observable), "encoded": Landscape(encoded, observable)}


def maps_of(land: Landscape, others: Sequence[int]) -> NDArray[np.float64]:
    """Return the maps over each of the others, upward, and the encoded parameter, to the right: shape ``(n, 30, 30)``."""
    return np.array([land.height_map(land.center, (other, ENCODED), POINTS) for other in others])


def deviations(rows: Sequence[tuple[int, NDArray[np.float64], NDArray[np.float64]]]) -> dict[str, tuple[float, float]]:
    """Return the largest deviation of any loss, and of the average over all maps, for the plain and the encoded circuit."""
    found = {}
    for column, (kind, land) in enumerate(published_landscapes().items(), start=1):
        maps, published = maps_of(land, [row[0] for row in rows]), np.array([row[column] for row in rows])
        average = np.abs(maps.mean(axis=0) - published.mean(axis=0)).max()
        found[kind] = float(np.abs(maps - published).max()), float(average)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    with parser.parse_args().data.open("rb") as stream:
        rows = read(stream)  # arrays alone: it runs nothing that the file holds
    start = time.perf_counter()
    found = deviations(rows)
    seconds = time.perf_counter() - start
    for kind, (largest, average) in found.items():
        print(f"{kind}: {len(rows)} maps, largest deviation {largest:.1e}, of their average {average:.1e}")
    print(f"{seconds:.2f} s")
    sys.exit(max(max(both) for both in found.values()) > TOLERANCE)


if __name__ == "__main__":
    main()
