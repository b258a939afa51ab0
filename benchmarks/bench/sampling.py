"""Second moments over the Gaussian patch of σ = D^-1/2, mHEA with Z on every qubit: seconds to a relative error of 1 %.

stim runs the same random Clifford circuits as `nc.Stabilizer` averages over, one at a time: on a tableau, or by taking the
observable back through the circuit. Exact sampling draws angles and needs fewer samples, each of which costs a sweep. The
estimate of each must lie within five standard errors of those of half of the others.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import problems
from contest import Bout, Entry

STABILIZER = Entry("nearclifford, Stabilizer", "sampling:stabilizer", splits=(1, 2))
TABLEAU = Entry("stim TableauSimulator", "sampling:tableau", splits=(2,))
BACK = Entry("stim PauliString.before", "sampling:back", splits=(2,))
STATES = Entry("nearclifford, Statevector", "sampling:states", splits=(1, 2))
LIGHTNING = Entry("PennyLane lightning.qubit at drawn angles", "sampling:lightning", "peers", (1, 2))


def bouts(quick: bool) -> list[Bout]:
    """Return the tables of this question."""
    small, large = (8, 100) if quick else (16, 1000)
    exact = (STABILIZER, STATES, LIGHTNING)
    return [
        bout(f"E[L²], N = {large:,}, L = 10", patch(large, 10), (STABILIZER, TABLEAU, BACK), 2**20, 400),
        bout(f"E[L²], N = L = {small}", patch(small, small), (*exact, TABLEAU, BACK), 2**20, 1000),
        bout(f"E‖∇L‖², N = L = {small}, all components", patch(small, small, gradient=True), exact, 2**12, 128),
    ]


def patch(n_qubits: int, layers: int, **more: Any) -> dict[str, Any]:
    """Return the problem with the width of its patch."""
    problem = problems.mhea(n_qubits, layers, **more)
    return problem | {"sigma": problem["n_parameters"] ** -0.5}


def bout(title: str, problem: dict[str, Any], entries: tuple[Entry, ...], samples: int, check: int) -> Bout:
    """Return the table of one moment."""
    key = f"sampling-{problem['n_qubits']}-{problem['layers']}-{'gradient' if problem.get('gradient') else 'loss'}"
    return Bout(
        key, title, "s to 1 %", problem, entries, samples, check, within_errors, "standard errors off",
        needed=samples_for_one_percent, note=f"{problem['n_parameters']:,} parameters",
    )  # fmt: skip


def moments(sums: np.ndarray) -> tuple[float, float]:
    """Return mean and standard error from (sum, sum of squares, count)."""
    total, squares, count = sums
    mean = total / count
    return mean, float(np.sqrt(max(squares / count - mean**2, 1e-9 * mean**2) / count))


def samples_for_one_percent(sums: np.ndarray) -> float:
    """Return how many samples a relative error of 1 % takes, from the scatter of those of the check."""
    mean, error = moments(sums)
    return float(sums[2] * (error / mean / 0.01) ** 2)


def within_errors(answers: dict[str, np.ndarray]) -> dict[str, tuple[float, bool]]:
    """Judge: within five standard errors of at least half of the others; the distance that half of them keep is quoted."""
    found = [moments(np.asarray(sums)) for sums in answers.values()]
    verdicts = {}
    for name, (mean, error) in zip(answers, found, strict=True):
        off = sorted(abs(mean - other) / np.hypot(error, wide) for other, wide in found)[1:]  # the first is itself
        distance = float(off[(len(off) - 1) // 2]) if off else float("inf")
        verdicts[name] = distance, bool(distance <= 5)
    return verdicts


def stream(problem: dict[str, Any]) -> np.random.Generator:
    """Return random numbers that differ from process to process."""
    return np.random.default_rng([problem["seed"], os.getpid()])


def summed(values: np.ndarray) -> np.ndarray:
    """Return (sum, sum of squares, count)."""
    return np.array([values.sum(), (values**2).sum(), len(values)])


def landscape(problem):
    import nearclifford as nc

    land = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    return land, nc.Gaussian(problem["sigma"])


def stabilizer(problem):
    import nearclifford as nc

    (land, gaussian), rng = landscape(problem), stream(problem)

    def draw(samples):
        if problem.get("gradient"):
            stats = nc.gradient_statistics(land, gaussian, nc.Stabilizer(), samples=samples, rng=rng)
            mean, error = stats.norm_squared, stats.norm_squared_error
        else:
            stats = nc.loss_statistics(land, gaussian, nc.Stabilizer(), samples=samples, rng=rng)
            mean = stats.second_moment
            error = np.sqrt(mean * (1 - mean) / samples)  # L² of a Clifford circuit is 0 or 1
        return np.array([mean * samples, samples * (mean**2 + samples * error**2), samples])

    return draw


def states(problem):
    (land, _), rng = landscape(problem), stream(problem)

    def draw(samples):
        theta = rng.normal(size=(samples, problem["n_parameters"])) * problem["sigma"]
        return summed((land.gradient(theta) ** 2).sum(axis=-1) if problem.get("gradient") else land.value(theta) ** 2)

    return draw


def lightning(problem):
    import exact
    import propagation

    rng = stream(problem)
    if problem.get("gradient"):
        drawn = problem | {"count": 1024, "seed": [problem["seed"], os.getpid()]}
        gradients = exact.lightning(drawn)
        return lambda samples: summed((gradients(rng.integers(1024, size=samples).tolist()) ** 2).sum(axis=-1))
    drawn = problem | {"count": 8192, "seed": [problem["seed"], os.getpid()]}
    values = propagation.lightning(drawn)
    return lambda samples: summed(values(rng.integers(8192, size=samples).tolist()) ** 2)


def drawn_circuits(problem):
    """Return a function that draws a Clifford circuit: every rotation a quarter turn with probability E[sin²]."""
    import stim

    rng, turn = stream(problem), -0.5 * np.expm1(-2 * problem["sigma"] ** 2)
    size = problem["n_qubits"]
    ring = stim.Circuit()
    for qubit in range(size):
        ring.append("CX", [(qubit - 1) % size, qubit])

    def draw():
        circuit = stim.Circuit()
        coins = rng.random((problem["layers"] + 1, 2, size)) < turn
        for layer, pair in enumerate(coins):
            for name, row in zip(("SQRT_Y", "S"), pair, strict=True):
                circuit.append(name, np.flatnonzero(row))
            if layer < problem["layers"]:
                circuit += ring
        return circuit

    return draw


def tableau(problem):
    """Return L² of each drawn circuit from a tableau of the state."""
    import stim

    draw, observable = drawn_circuits(problem), stim.PauliString("Z" * problem["n_qubits"])

    def one():
        simulator = stim.TableauSimulator()
        simulator.set_num_qubits(problem["n_qubits"])
        simulator.do_circuit(draw())
        return float(simulator.peek_observable_expectation(observable) ** 2)

    return lambda samples: summed(np.array([one() for _ in range(samples)]))


def back(problem):
    """Return L² of each drawn circuit: whether the observable, taken back to the start, has no X."""
    import stim

    draw, observable = drawn_circuits(problem), stim.PauliString("Z" * problem["n_qubits"])

    def one():
        return float(not observable.before(draw()).to_numpy()[0].any())

    return lambda samples: summed(np.array([one() for _ in range(samples)]))
