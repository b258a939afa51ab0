"""Does an encoder help training? Eight Hamiltonians, three circuits, three patches, three optimizers, every objective.

    .venv/bin/python benchmarks/encoder_suite.py --csv encoder_suite.csv

For every case: the loss after 200 steps from angles drawn from the patch, as a part of the ground energy (1 is the ground
state), mean over runs that share their draws, for the plain circuit and for the encoding of each objective and style. Then,
by objective: in how many cases the encoding ends at least as low as the plain circuit, in how many lower, and the worst
case. Lower means by more than twice the standard error of the paired difference and by more than half a percent of the
ground energy.

The molecule is H4, a chain with 0.9 Å between its atoms, STO-3G, Jordan-Wigner, 8 qubits (PySCF 2.14 and OpenFermion 1.8);
the others have 10 qubits unless --qubits says otherwise. Takes a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from scipy.sparse.linalg import eigsh

import nearclifford as nc

Floats = npt.NDArray[np.float64]
Builder = Callable[[int], SparsePauliOp]

PATCHES = {"D^-1": 1.0, "D^-1/2": 1 / 2, "D^-1/3": 1 / 3}
WAYS = [("step", "compact")] + [(o, s) for o in ("loss", "gradient", "norm") for s in ("compact", "paper")]


def xxz(n_qubits: int) -> SparsePauliOp:
    """Return the open XXZ chain with Δ = 1/2 in a field of 0.3."""
    bonds = [(pair, [q, q + 1], weight) for q in range(n_qubits - 1) for pair, weight in (("XX", 1), ("YY", 1), ("ZZ", 0.5))]
    return SparsePauliOp.from_sparse_list(bonds + [("Z", [q], 0.3) for q in range(n_qubits)], n_qubits)


def max_cut(n_qubits: int) -> SparsePauliOp:
    """Return MaxCut of the Möbius ladder: a ring with its diameters, three edges at each vertex."""
    edges = {(q, (q + 1) % n_qubits) for q in range(n_qubits)} | {(q, q + n_qubits // 2) for q in range(n_qubits // 2)}
    return SparsePauliOp.from_sparse_list([("ZZ", list(edge), 0.5) for edge in sorted(edges)], n_qubits)


def molecule(n_qubits: int) -> SparsePauliOp:
    """Return the electrons of H4 without the constant."""
    terms = json.loads((Path(__file__).parent / "data" / "h4_sto3g.json").read_text())
    return SparsePauliOp.from_list([(label, weight) for label, weight in terms.items() if label.strip("I")])


HAMILTONIANS: dict[str, Builder] = {
    "Heisenberg": nc.observables.heisenberg,
    "biased Heisenberg": nc.observables.biased_heisenberg,
    "XXZ": xxz,
    "Ising": lambda n_qubits: nc.observables.ising(n_qubits, j=1, h=1),
    "MaxCut": max_cut,
    "H4": molecule,
    "random, 30 terms": lambda n_qubits: nc.observables.random_hamiltonian(n_qubits, 30, weighted=True, rng=7),
    "global XYZ": nc.observables.global_xyz,
}


def brickwork(n_qubits: int) -> QuantumCircuit:
    """Return six layers of RY, RZ and CZ in a brickwork."""
    theta, circuit = iter(ParameterVector("t", 14 * n_qubits)), QuantumCircuit(n_qubits)
    for layer in range(7):
        for qubit in range(n_qubits):
            circuit.ry(next(theta), qubit)
            circuit.rz(next(theta), qubit)
        for qubit in range(layer % 2, n_qubits - 1, 2) if layer < 6 else ():
            circuit.cz(qubit, qubit + 1)
    return circuit


CIRCUITS: dict[str, Callable[[int], QuantumCircuit]] = {
    "mHEA, L = 6": lambda n_qubits: nc.ansatz.mhea(n_qubits, 6),
    "brickwork, L = 6": brickwork,
    "EfficientSU2, 4 layers": lambda n_qubits: efficient_su2(n_qubits, reps=4, entanglement="linear"),
}


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


def signs(land: nc.Landscape, theta: Floats, steps: int) -> Floats:
    """Return the losses after descent by signs of rate 0.01."""
    for _ in range(steps):
        theta = theta - 0.01 * np.sign(land.gradient(theta))
    return np.asarray(land.value(theta))


OPTIMIZERS: dict[str, Callable[[nc.Landscape, Floats, int], Floats]] = {
    "gradient descent": gradient_descent,
    "Adam": adam,
    "SignSGD": signs,
}


def landscapes(circuit: QuantumCircuit, observable: SparsePauliOp) -> dict[str, nc.Landscape]:
    """Return the plain landscape and that of every objective and style."""
    lands = {"plain": nc.Landscape(circuit, observable)}
    for objective, style in WAYS:
        found = nc.search_encoder(circuit, observable, objective, style=style, progress=False)
        lands[objective if objective == "step" else f"{objective}, {style}"] = found.landscape()
    return lands


def cases(n_qubits: int, runs: int, steps: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield a row for every case and encoding."""
    for circuit_name, build in CIRCUITS.items():
        for name, hamiltonian in HAMILTONIANS.items():
            size = 8 if name == "H4" else n_qubits
            circuit, observable = build(size), hamiltonian(size).simplify()
            ground = float(eigsh(observable.to_matrix(sparse=True), k=1, which="SA")[0][0])
            lands, n_parameters = landscapes(circuit, observable), circuit.num_parameters
            for patch, power in PATCHES.items():
                theta = np.random.default_rng(seed).normal(size=(runs, n_parameters)) * n_parameters**-power
                for optimizer, train in OPTIMIZERS.items():
                    reached = {way: train(land, theta, steps) / ground for way, land in lands.items()}
                    case = {"circuit": circuit_name, "hamiltonian": name, "patch": patch, "optimizer": optimizer}
                    for way, part in reached.items():
                        gain = part - reached["plain"]
                        error = gain.std(ddof=1) / runs**0.5
                        yield case | {
                            "way": way, "part": part.mean(), "error": part.std(ddof=1) / runs**0.5,
                            "gain": gain.mean(), "gain_error": error,
                        }  # fmt: skip
            print(f"{circuit_name}, {name}", flush=True)


def summary(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return how often each encoding ends as low as the plain circuit, how often lower, its mean gain and its worst."""
    margin = np.maximum(0.005, 2 * frame.gain_error)
    judged = frame.assign(as_low=frame.gain >= -margin, lower=frame.gain > margin)
    found = judged.groupby(by, sort=False).agg(
        cases=("gain", "size"), as_low=("as_low", "mean"), lower=("lower", "mean"),
        gain=("gain", "mean"), worst=("gain", "min"),
    )  # fmt: skip
    return found.round(3)


def main() -> None:
    """Run all cases and print the table of each optimizer and of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, default=10)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--csv", type=Path)
    given = parser.parse_args()
    frame = pd.DataFrame(cases(given.qubits, given.runs, given.steps, given.seed))
    if given.csv:
        frame.to_csv(given.csv, index=False)
    encoded = frame[frame.way != "plain"]
    for by in (["way"], ["way", "optimizer"], ["way", "patch"], ["way", "circuit"]):
        print(summary(encoded, by).to_string())
    table = frame[(frame.patch == "D^-1/2")].pivot_table(
        index=["circuit", "hamiltonian", "optimizer"], columns="way", values="part", sort=False
    )
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
