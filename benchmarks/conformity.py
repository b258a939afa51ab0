"""Reproduce the published gradient norms, training curves and height maps of arXiv:2507.06344 from their seeds.

    python benchmarks/conformity.py trainability_mhea_linear.json gradient_at_centre_mhea_linear.json
    python benchmarks/conformity.py data_VQE/*.pkl

Each JSON file holds the norms of one published study of mHEA with L = N layers, with and without the paper's encoder: under
``gradient_norm`` at random theta, as ``[kind][sigma][N][seed]``, or at theta = 0, as ``[kind][N][seed]``. Both files take
about a minute on one core; ``--max-qubits 12`` takes ten seconds. The pickled files of the authors' folder data_VQE
(`published_training.py` reads them, and runs nothing that they hold) have the losses, gradient norms and parameter norms of
gradient descent, five runs from four patches each, or height maps; all of them take ten minutes on one core. The exit status
is 1 if any number is further than 1e-9, in training curves 1e-8, from the published one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford import ansatz
from nearclifford.encoder.encode import encode
from nearclifford.landscape import Landscape

sys.path.insert(0, str(Path(__file__).parent))
training = import_module("published_training")

TOLERANCE = 1e-9
TRAINING_TOLERANCE = 1e-8
KINDS = ("lce", "plain")


@dataclass(frozen=True)
class Draw:
    """What one published seed draws: the observable, the encoded parameter, and theta per sigma, ``(n_sigmas, D)``."""

    observable: SparsePauliOp
    parameter: int
    theta: NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """The deviations of one kind at one N from the published norms; both arrays have the same shape."""

    kind: str
    n_qubits: int
    found: NDArray[np.float64]
    published: NDArray[np.float64]

    @property
    def deviation(self) -> float:
        """Largest absolute deviation; infinite where a norm is not a number."""
        difference = np.abs(self.found - self.published)
        return float(np.where(np.isnan(difference), np.inf, difference).max(initial=0.0))


def width(sigma: str, n_parameters: int) -> float:
    """Return the standard deviation that a label such as ``D^-1/3`` or ``1`` stands for."""
    return 1.0 if sigma == "1" else float(n_parameters) ** float(Fraction(sigma.removeprefix("D^")))


def draw(seed: int, n_qubits: int, n_parameters: int, sigmas: list[str]) -> Draw:
    """Repeat the published draws, which used the global generators of Python and NumPy; their order matters."""
    integers, floats = random.Random(seed), np.random.RandomState(seed)
    label = "I" * n_qubits
    while set(label) == {"I"}:
        label = "".join(integers.choice(["I", "X", "Y", "Z"]) for _ in range(n_qubits))
    parameter = integers.randint(0, n_parameters - 1)
    theta = [floats.normal(0, width(sigma, n_parameters), n_parameters) for sigma in sigmas]
    return Draw(SparsePauliOp(label), parameter, np.reshape(theta, (len(sigmas), n_parameters)))


def circuit_of(kind: str, plain: QuantumCircuit, drawn: Draw) -> QuantumCircuit:
    """Return the plain circuit or the paper's encoding of it."""
    if kind == "plain":
        return plain
    return encode(plain, drawn.observable, drawn.parameter, style="paper").circuit


def norms_at_theta(circuit: QuantumCircuit, drawn: Draw) -> NDArray[np.float64]:
    """Return the gradient norm at each theta of the draw, shape ``(n_sigmas,)``."""
    norms: NDArray[np.float64] = np.linalg.norm(Landscape(circuit, drawn.observable).gradient(drawn.theta), axis=-1)
    return norms


def norm_at_center(circuit: QuantumCircuit, drawn: Draw) -> float:
    """Return the gradient norm at theta = 0, which needs no amplitudes."""
    land = Landscape(circuit, drawn.observable)
    return float(np.linalg.norm(land.gradient(land.center)))


def blocks_at_theta(data: dict[str, Any], max_qubits: int) -> Iterator[Block]:
    """Yield the blocks of a file with ``gradient_norm``; arrays of shape ``(n_sigmas, n_seeds)``."""
    for position, n_qubits in enumerate(data["n_qubits"]):
        if n_qubits > max_qubits:
            continue
        plain = ansatz.mhea(n_qubits, n_qubits)
        for kind in KINDS:
            published = np.array([data["gradient_norm"][kind][sigma][position] for sigma in data["sigma"]])
            drawn = [draw(seed, n_qubits, plain.num_parameters, data["sigma"]) for seed in range(published.shape[1])]
            found = np.transpose([norms_at_theta(circuit_of(kind, plain, one), one) for one in drawn])
            yield Block(kind, n_qubits, found, published)


def blocks_at_center(data: dict[str, Any], max_qubits: int) -> Iterator[Block]:
    """Yield the blocks of a file of norms at theta = 0; arrays of shape ``(n_seeds,)``."""
    for position, n_qubits in enumerate(data["n_qubits"]):
        if n_qubits > max_qubits:
            continue
        plain = ansatz.mhea(n_qubits, n_qubits)
        for kind in KINDS:
            published = np.array(data[kind][position])
            drawn = [draw(seed, n_qubits, plain.num_parameters, []) for seed in range(len(published))]
            found = np.array([norm_at_center(circuit_of(kind, plain, one), one) for one in drawn])
            yield Block(kind, n_qubits, found, published)


def check(path: Path, max_qubits: int) -> tuple[int, float]:
    """Print the deviation of every block of a file; return the number of norms and the largest deviation."""
    data = json.loads(path.read_text())
    blocks = blocks_at_theta if "gradient_norm" in data else blocks_at_center
    count, worst, start = 0, 0.0, time.perf_counter()
    print(f"{path.name}\n{'kind':>6} {'N':>3} {'norms':>6} {'max deviation':>14} {'seconds':>8}")
    for block in blocks(data, max_qubits):
        seconds = time.perf_counter() - start
        print(
            f"{block.kind:>6} {block.n_qubits:3d} {block.found.size:6d} {block.deviation:14.2e} {seconds:8.1f}",
            flush=True,
        )
        count, worst = count + block.found.size, max(worst, block.deviation)
    return count, worst


def main(arguments: list[str] | None = None) -> int:
    """Check every file given; return 1 if a number deviates by more than it may or nothing was checked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, nargs="+", help="JSON file of published gradient norms, or a file of data_VQE")
    parser.add_argument("--max-qubits", type=int, default=16, help="leave out larger N (default: 16)")
    parser.add_argument("--runs", type=int, default=5, help="of training files, only the first runs (default: all 5)")
    parser.add_argument("--steps", type=int, default=1000, help="of training files, only the first steps (default: all)")
    options = parser.parse_args(arguments)
    conforms = True
    pickled = [path for path in options.path if path.suffix == ".pkl"]
    for path in pickled:
        count, worst = training.check(path, options.runs, options.steps)
        conforms &= 0 < count and worst <= TRAINING_TOLERANCE
    results = [check(path, options.max_qubits) for path in options.path if path not in pickled]
    if results:
        count, worst = sum(result[0] for result in results), max(result[1] for result in results)
        fine = worst <= TOLERANCE and all(result[0] for result in results)
        print(f"{count} gradient norms, largest deviation {worst:.2e}: {'conform' if fine else 'NOT conform'} (1e-9)")
        conforms &= fine
    if pickled:
        print(f"{len(pickled)} files of training: {'conform' if conforms else 'NOT conform'} (1e-8)")
    return 0 if conforms else 1


if __name__ == "__main__":
    sys.exit(main())
