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


OPTIMIZERS = {"gradient descent": nc.GradientDescent(0.01), "Adam": nc.Adam(0.05), "SignSGD": nc.SignSGD(0.01)}


def reached(land: nc.Landscape, theta: Floats, optimizer: nc.Adam | nc.GradientDescent | nc.SignSGD, steps: int) -> Floats:
    """Return the losses after so many steps from each theta."""
    return np.asarray(nc.train(land, theta, optimizer, steps=steps, progress=False).losses[-1])


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
                for optimizer, rule in OPTIMIZERS.items():
                    parts = {way: reached(land, theta, rule, steps) / ground for way, land in lands.items()}
                    case = {"circuit": circuit_name, "hamiltonian": name, "patch": patch, "optimizer": optimizer}
                    for way, part in parts.items():
                        gain = part - parts["plain"]
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


def draw(frame: pd.DataFrame, path: Path, made_by: str) -> None:
    """Draw what the encoded circuits reach over what the plain ones do, a panel for each objective."""
    import matplotlib.pyplot as plt

    from nearclifford.plots.style import STYLES, add_caption

    ways = [("step", 'objective="step"'), ("loss, compact", '"loss"'), ("norm, compact", '"norm"')]
    figure, axes = plt.subplots(1, 3, figsize=(10, 4), sharex=True, sharey=True, layout="constrained")
    case = ["circuit", "hamiltonian", "patch", "optimizer"]
    plain = frame[frame.way == "plain"].set_index(case)
    for axis, (way, title) in zip(axes, ways, strict=True):
        encoded = frame[frame.way == way].set_index(case).loc[plain.index]
        for style, optimizer in zip(STYLES, OPTIMIZERS, strict=False):
            rows = plain.index.get_level_values("optimizer") == optimizer
            axis.errorbar(
                plain.part[rows], encoded.part[rows], encoded.error[rows], plain.error[rows], fmt=style.marker,
                color=style.color, markersize=4, linewidth=0.7, alpha=0.8, label=optimizer,
            )  # fmt: skip
        axis.plot([0, 1], [0, 1], color="black", linewidth=0.8)
        axis.set(title=title, xlabel="plain circuit: loss / ground energy")
    axes[0].set_ylabel("with the encoder: loss / ground energy")
    axes[0].legend(loc="lower left")
    caption = "A mark for each Hamiltonian, circuit, patch and optimizer; bars are standard errors; above the line it helps."
    add_caption(figure, caption, made_by)
    figure.savefig(path, dpi=160)


def main() -> None:
    """Run all cases and print the table of each optimizer and of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, default=10)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    frame = pd.DataFrame(cases(given.qubits, given.runs, given.steps, given.seed))
    if given.figure:
        settings = f"--qubits {given.qubits} --runs {given.runs} --steps {given.steps} --seed {given.seed}"
        draw(frame, given.figure, f"python benchmarks/encoder_suite.py {settings} --figure {given.figure.name}")
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
