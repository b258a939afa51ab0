"""Training curves and height maps published with arXiv:2507.06344, and how they come out of `nearclifford.train`.

`conformity.py` calls it. The files were pickled: they are read by an unpickler that knows arrays of NumPy and nothing else.

The published draws: for run r the generators of NumPy and of Python are seeded with r + 7; theta for the four patches is
drawn in the order D^-1, D^-1/2, D^-1/3, D^-1/5; both are seeded again, and the encoder, in the paper's style, takes a term
(of the biased chain one of its three global strings) and a parameter. Entry i of a list belongs to theta before step i.
"""

from __future__ import annotations

import pickle
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc

POWERS = (1, 1 / 2, 1 / 3, 1 / 5)
SIGMAS = ("D^-1", "D^-1/2", "D^-1/3", "D^-1/5")
WALKED = 10  # steps at random in the published file, whatever the notebook says
# A run whose twin, started 1e-15 of its angles away, has left it by this much is chaotic, and no computer repeats another's.
PARTED = 3e-12
# Their losses were drawn with shots; the angles, and so the gradients, are exact in all of them.
DRAWN_LOSSES = ("shots", "data_VQE_global_Z_0.001")
FLOOR = 1e-6  # of ground energies, which eigsh finds to 1e-13
ARRAYS = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads numbers, texts, lists, dicts and arrays; refuses all else, so that a file runs nothing."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what makes an array, under the name that NumPy 2 has for it."""
        if (module, name) not in ARRAYS:
            raise pickle.UnpicklingError(f"the file asks for {module}.{name}, and only arrays of NumPy are read")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def read(stream: BinaryIO) -> Any:
    """Return what a published file holds."""
    return ArrayUnpickler(stream).load()


def heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the chain with its terms in the published order, from the left of the label."""
    return SparsePauliOp(["I" * i + 2 * c + "I" * (n_qubits - i - 2) for i in range(n_qubits - 1) for c in "XYZ"])


def biased_heisenberg(n_qubits: int) -> SparsePauliOp:
    """Return the averaged chain and its bias: X, Y and Z on every qubit, the last three terms."""
    chain = heisenberg(n_qubits)
    bias = SparsePauliOp([letter * n_qubits for letter in "XYZ"])
    return (chain / len(chain) + bias).chop(0)


def ising(n_qubits: int) -> SparsePauliOp:
    """Return the ring in a transverse field of 2, with its terms in the order of the published function."""
    labels: list[str] = []
    for i in range(n_qubits):
        labels.append("I" * i + "X" + "I" * (n_qubits - i - 1))
        labels += ["I" * i + "ZZ" + "I" * (n_qubits - i - 2)] if i < n_qubits - 1 else []
    labels.append("Z" + "I" * (n_qubits - 2) + "Z")
    return SparsePauliOp(labels, [-2.0 if "X" in label else -1.0 for label in labels])


# Files do not name their observable: their ground energy does.
OBSERVABLES: tuple[Callable[[int], SparsePauliOp], ...] = (
    nc.observables.global_z,
    heisenberg,
    biased_heisenberg,
    ising,
)


@dataclass(frozen=True, eq=False)
class Curves:
    """One list of curves: found and published, shape ``(steps, runs)``, and what they are.

    ``kept`` says which numbers are compared: those of a run until its twin leaves it; None for all.
    """

    kind: str
    sigma: str
    quantity: str
    found: NDArray[np.float64]
    published: NDArray[np.float64]
    kept: NDArray[np.bool_] | None = None

    @property
    def deviation(self) -> float:
        """Largest absolute deviation of what is compared; infinite where a number is none."""
        difference = np.abs(self.found - self.published)
        difference = np.where(np.isnan(difference), np.inf, difference)
        return float((difference if self.kept is None else difference[self.kept]).max(initial=0.0))

    @property
    def share(self) -> float:
        """The share of the numbers that is compared."""
        return 1.0 if self.kept is None else float(self.kept.mean())


def observable_of(data: dict[str, Any]) -> SparsePauliOp:
    """Return the observable whose ground energy the file names."""
    from scipy.sparse.linalg import eigsh

    n_qubits, ground = int(data["n_qubits"]), float(data["solution"])
    for make in OBSERVABLES:
        matrix = make(n_qubits).to_matrix(sparse=True)
        if abs(eigsh(matrix, k=1, which="SA", return_eigenvectors=False)[0] - ground) < FLOOR:
            return make(n_qubits)
    raise ValueError(f"no published observable on {n_qubits} qubits has the ground energy {ground}")


def step_size(path: Path, data: dict[str, Any]) -> float:
    """Return the step: the file's name tells it where it is not 0.01; random walks are beside steps of 0.1."""
    found = re.search(r"_(0\.\d+)(?:_\d+shots)?$", path.stem)
    return float(found[1]) if found else 0.1 if is_walk(data) else 0.01


def is_walk(data: dict[str, Any]) -> bool:
    """Return whether the plain curves of a file begin with random walks."""
    return bool(data["number_of_iterations"] == 50)


def draws(data: dict[str, Any], runs: int, size: int) -> tuple[NDArray[np.float64], list[np.random.RandomState]]:
    """Return theta, shape ``(runs, 4, D)``, and NumPy's generators behind these draws."""
    states = [np.random.RandomState(run + 7) for run in range(min(runs, data["number_of_runs"]))]
    theta = [[state.normal(0, float(size) ** -power, size) for power in POWERS] for state in states]
    return np.array(theta), states


def encoded(observable: SparsePauliOp, circuit: Any, run: int) -> nc.Landscape:
    """Return the landscape of the encoder that run ``run`` draws."""
    integers, count = random.Random(run + 7), len(observable)
    bias = {letter * circuit.num_qubits for letter in "XYZ"}
    global_terms = [row for row, label in enumerate(observable.paulis.to_labels()) if label in bias]
    term = integers.choice(global_terms) if len(global_terms) == 3 else integers.randint(0, count - 1)
    parameter = integers.randint(0, circuit.num_parameters - 1)
    return nc.Landscape(nc.encode(circuit, observable, parameter, term, style="paper").circuit, observable)


def trained(evaluator: Any, theta0: NDArray[np.float64], rate: float, steps: int) -> dict[str, NDArray[np.float64]]:
    """Return losses, gradient norms and parameter norms of gradient descent, each of shape ``(steps, runs, 4)``."""
    sizes: list[NDArray[np.float64]] = []

    def note(step: Any) -> None:
        sizes.append(np.linalg.norm(step.theta, axis=-1))

    run = nc.train(evaluator, theta0, "gd", rate, steps - 1, callback=note, progress=False)
    return {"loss": run.losses, "gradient": run.gradient_norms, "parameter": np.array(sizes)}


def walked(
    land: nc.Landscape, theta0: NDArray[np.float64], states: list[np.random.RandomState], rate: float, steps: int
) -> dict[str, NDArray[np.float64]]:
    """Return the same where gradient descent begins after `WALKED` random steps of length ``rate``².

    A step is ``rate`` times a random direction of length ``rate``, which the file has for a gradient. The walk from the
    first patch draws on behind the initial angles; the others begin at the seed again.
    """
    count = min(steps, WALKED)
    paths = np.empty((count + 1, *theta0.shape))
    paths[0] = theta0
    for run, state in enumerate(states):
        for patch in range(theta0.shape[1]):
            stream = state if patch == 0 else np.random.RandomState(run + 7)
            for step in range(count):
                direction = stream.randn(theta0.shape[2])
                paths[step + 1, run, patch] = paths[step, run, patch] - rate * (rate * direction / np.linalg.norm(direction))
    walk, sizes = paths[:count], np.linalg.norm(paths[:count], axis=-1)
    found = {"loss": np.asarray(land.value(walk)), "gradient": np.full(sizes.shape, rate), "parameter": sizes}
    if steps == count:
        return found
    descent = trained(land, paths[-1], rate, steps - count)
    return {name: np.concatenate([numbers, descent[name]]) for name, numbers in found.items()}


def curves(path: Path, data: dict[str, Any], runs: int, steps: int) -> Iterator[Curves]:
    """Yield what a training file holds; of runs with shots not the losses, which are drawn at angles that are exact."""
    observable, circuit = observable_of(data), nc.ansatz.mhea(data["n_qubits"], data["n_layers"])
    count, rate = min(steps, data["number_of_iterations"]), step_size(path, data)
    theta0, states = draws(data, runs, circuit.num_parameters)
    plain = nc.Landscape(circuit, observable)
    quantities = ("gradient", "parameter") if path.stem.endswith(DRAWN_LOSSES) else ("loss", "gradient", "parameter")
    for kind, suffix in (("plain", ""), ("lce", "_LCE")):
        kept: NDArray[np.bool_] | None = None
        if kind == "plain" and is_walk(data):
            found = walked(plain, theta0, states, rate, count)
        else:
            lands = [encoded(observable, circuit, run) for run in range(len(states))]
            evaluator = plain if kind == "plain" else lands
            found = trained(evaluator, theta0, rate, count)
            twin = trained(evaluator, theta0 * (1 + 2.0**-50), rate, count)
            apart = np.max([np.abs(twin[name] - found[name]) for name in found], axis=0)
            kept = np.maximum.accumulate(apart, axis=0) < PARTED
        for number, sigma in enumerate(SIGMAS):
            for quantity in quantities:
                published = np.array(data[f"{quantity}_data_patch{number + 1}{suffix}"])[: len(states), :count].T
                some = None if kept is None else kept[..., number]
                yield Curves(kind, sigma, quantity, found[quantity][..., number], published, some)


def height_maps(data: list[tuple[int, NDArray[np.float64], NDArray[np.float64]]]) -> Iterator[Curves]:
    """Yield the height maps over parameter 0, which is encoded, and each other parameter: mHEA, N = 12, L = 6."""
    observable, circuit = nc.observables.global_z(12), nc.ansatz.mhea(12, 6)
    land = nc.Landscape(nc.encode(circuit, observable, parameter=0, style="paper").circuit, observable)
    points = np.linspace(-np.pi, np.pi, 30)
    found = np.array([land.height_map(land.center, (int(other), 0), points) for other, *_ in data])
    published = np.array([heights for *_, heights in data])
    yield Curves("lce", "map", "each", found.reshape(len(found), -1), published.reshape(len(found), -1))
    yield Curves("lce", "map", "mean", found.mean(axis=0), published.mean(axis=0))


def check(path: Path, runs: int, steps: int) -> tuple[int, float]:
    """Print the deviation of every list of a file; return the number of curves, or maps, and the largest deviation."""
    with path.open("rb") as stream:
        data = read(stream)
    start, count, worst = time.perf_counter(), 0, 0.0
    head = f"{'kind':>6} {'patch':>7} {'quantity':>10} {'curves':>7} {'compared':>9} {'max deviation':>14} {'seconds':>8}"
    print(f"{path.name}\n{head}")
    for one in height_maps(data) if isinstance(data, list) else curves(path, data, runs, steps):
        seconds, number = time.perf_counter() - start, one.found.shape[-1]
        print(
            f"{one.kind:>6} {one.sigma:>7} {one.quantity:>10} {number:7d} {one.share:9.1%} "
            f"{one.deviation:14.2e} {seconds:8.1f}",
            flush=True,
        )
        count, worst = count + number, max(worst, one.deviation)
    return count, worst
