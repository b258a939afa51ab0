"""Measure the speeds behind the predictions of `nearclifford.costs.model`, on one core of this machine.

    python benchmarks/speeds.py

One line for each constant: what it is in the package, what it is here, and how it was measured. Predictions are meant to
be right to a factor of three or so. Takes half a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numba
import numpy as np
import stim

import nearclifford as nc
from nearclifford.costs import model
from nearclifford.normal_form.compression import compress
from nearclifford.surrogates import prediction
from nearclifford.surrogates.walks import meetings_of


def seconds(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the quickest of some calls after one that may compile."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def gate() -> float:
    """Time CX gates of stim's tableau simulator on 1000 qubits."""
    pairs = np.random.default_rng(1).permuted(np.tile(np.arange(1000), (200, 1)), axis=1)
    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(1000)
    targets = [row.tolist() for row in pairs]
    return seconds(lambda: [simulator.cx(*row) for row in targets]) / (200 * 500)


def amplitude() -> float:
    """Time an exact value of mHEA on 18 qubits and 4 layers."""
    land = nc.Landscape(nc.ansatz.mhea(18, 4), nc.observables.global_z(18))
    theta = np.random.default_rng(1).normal(size=(2, land.n_parameters))
    return seconds(lambda: land.value(theta)) / (2 * land.problem.n_rotations * 2**land.active_qubits)


def factor() -> float:
    """Time the products of a polynomial with a million terms of three factors, as NumPy takes them."""
    t, index = np.random.default_rng(1).normal(size=500), np.random.default_rng(2).integers(500, size=(3, 10**6))
    return seconds(lambda: np.prod(t[index], axis=0).sum()) / index.size


def paths() -> tuple[float, float, float]:
    """Fit the seconds of some surrogates to nodes walked, paths found and pairs of rotations; return the three speeds."""
    rows, times = [], []
    for n_qubits, layers, order in ((12, 12, 5), (16, 16, 6), (24, 24, 5), (40, 12, 5), (8, 8, 6), (10, 10, 7), (20, 6, 6)):
        land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), nc.observables.random_pauli(n_qubits, rng=1))
        found = prediction.predict_paths(land, order, np.random.default_rng(1))
        built = nc.surrogate(land, order, progress=False)
        rows.append([found.nodes, built.n_paths, land.problem.n_rotations**2])
        times.append(seconds(lambda land=land, order=order: nc.surrogate(land, order, progress=False)))
    # relative errors count alike
    table, taken = np.array(rows), np.array(times)
    nodes, each, pair = np.linalg.lstsq(table / taken[:, None], np.ones(len(taken)), rcond=None)[0].tolist()
    return nodes, each, pair


def one_rotation() -> float:
    """Time what a thousand qubits take for each rotation where no walk goes on by itself."""
    land = nc.Landscape(nc.ansatz.mhea(1000, 10), nc.observables.random_pauli(1000, rng=1))
    grouping = seconds(lambda: compress(land.problem.generators, land.problem.images))
    return (grouping + seconds(lambda: nc.surrogate(land, 3, progress=False))) / land.problem.n_rotations


def one_row() -> float:
    """Time which of 10,000 strings of 500 qubits anticommute, for each pair."""
    turns = np.random.default_rng(1).integers(2**64, size=(10_000, 16), dtype=np.uint64)
    return seconds(lambda: meetings_of(turns, np.arange(len(turns)))) / len(turns) ** 2


def lines() -> Iterator[tuple[str, float, float, str]]:
    """Yield name, value in the package, value here, and how."""
    yield "GATE_SECONDS", model.GATE_SECONDS, gate(), "CX of stim's tableau simulator, 1000 qubits"
    yield "AMPLITUDE_SECONDS", model.AMPLITUDE_SECONDS, amplitude(), "exact value, 18 qubits, 180 rotations"
    yield "FACTOR_SECONDS", model.FACTOR_SECONDS, factor(), "products of three of 500 numbers, a million times"
    names = ("NODE_SECONDS", "PATH_SECONDS", "PAIR_SECONDS")
    for name, found in zip(names, paths(), strict=True):
        yield name, getattr(prediction, name), found, "least squares over seven Pauli-path surrogates of mHEA"
    yield "TURN_SECONDS", prediction.TURN_SECONDS, one_rotation(), "order 3 of mHEA, 1000 qubits, 22,000 rotations"
    yield "ROW_SECONDS", prediction.ROW_SECONDS, one_row(), "10,000 strings of 500 qubits against each other"


def main() -> None:
    """Print a line for each speed."""
    numba.set_num_threads(1)
    print(f"{'constant':18} {'package':>8} {'here':>8}  how")
    for name, ours, found, how in lines():
        print(f"{name:18} {ours:8.1e} {found:8.1e}  {how}", flush=True)


if __name__ == "__main__":
    main()
