"""Values and gradients of mHEA with Z on every qubit near a Clifford point, to a given rms error over the patch.

The surrogate has the lowest order that keeps the error; Pauli propagation the largest threshold, of five a decade, that does
on 16 thetas. What can be compiled once is: padopauli and monoprop like the surrogate, at typical angles. pauli-prop and
bloqade-ppvm propagate anew for every theta. The rival is the fastest way to the same numbers whatever its kind, so our own
exact sweep and lightning.qubit stand in the tables too.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import problems
from contest import Bout, Entry, title_of
from exact import pennylane_observable, pennylane_operations

EXACT = "exact"
JUDGES = 16
JULIA = "not entered: the benchmark does not drive it" if shutil.which("julia") else "not installed: no julia on the path"


def bouts(quick: bool) -> list[Bout]:
    """Return the tables of this question."""
    n_qubits = 8 if quick else 16
    plain = problems.mhea(n_qubits, n_qubits)
    base = plain | {"sigma": plain["n_parameters"] ** -0.5, "count": 1000, "exact": None}
    base["exact"] = exact_values(base).tolist()
    tables = [values(base, 2e-3, slow=True), gradients(base, 2e-3)]
    return tables if quick else [tables[0], values(base, 7e-4, slow=False), tables[1]]


def exact_values(problem: dict[str, Any]) -> np.ndarray:
    """Return what thresholds and orders are chosen by; the exact contenders of the table check it."""
    import nearclifford as nc

    land = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    return land.value(problems.thetas(problem)[:JUDGES])


def values(base: dict[str, Any], tolerance: float, slow: bool) -> Bout:
    """Return the table of a thousand values."""
    entries = [
        Entry("nearclifford surrogate", "propagation:surrogate", splits=(1, 2)),
        Entry("nearclifford Landscape.value, exact", "propagation:land", splits=(1, 2)),
        Entry("PennyLane lightning.qubit, exact", "propagation:lightning", "peers", (1, 2)),
        Entry("padopauli, compiled once", "propagation:padopauli", "padopauli", (1, 2)),
        Entry("monoprop, compiled once", "propagation:monoprop", "propagation", (1, 2)),
    ]
    if slow:
        entries += [
            Entry("bloqade-ppvm, each theta anew", "propagation:ppvm", "propagation", (2,)),
            Entry("pauli-prop, each theta anew", "propagation:pauli_prop", "propagation", (2,)),
        ]
    entries.append(Entry("PauliPropagation.jl", "propagation:julia", "julia"))
    size = base["n_qubits"]
    title = f"1,000 values, N = L = {size}, σ = D^-1/2, rms error at most {tolerance:.1e}"
    return Bout(
        f"values-{size}-{tolerance:.1e}", title, "s per 1,000 values", base | {"tolerance": tolerance}, entries,
        list(range(1000)), list(range(32)), near(tolerance), "rms error, 32 thetas", scale=1000.0,
        note="mHEA, Z on every qubit",
    )  # fmt: skip


def gradients(base: dict[str, Any], tolerance: float) -> Bout:
    """Return the table of a hundred gradients, by the surrogates that keep the error of the values."""
    extra = {"gradient": True}
    entries = [
        Entry("nearclifford surrogate", "propagation:surrogate", splits=(1, 2), extra=extra),
        Entry("nearclifford Landscape.gradient, exact", "propagation:land", splits=(1, 2), extra=extra),
        Entry("PennyLane lightning.qubit, adjoint, exact", "exact:lightning", "peers", (1, 2)),
        Entry("padopauli, compiled once", "propagation:padopauli", "padopauli", (1, 2), extra),
        Entry("monoprop, compiled once", "propagation:monoprop", "propagation", (1, 2), extra),
    ]
    size = base["n_qubits"]
    title = f"100 gradients, N = L = {size}, σ = D^-1/2, by what has values to {tolerance:.1e}"
    return Bout(
        f"gradients-{size}-{tolerance:.1e}", title, "s per 100 gradients", base | {"tolerance": tolerance}, entries,
        list(range(100)), list(range(8)), near(10 * tolerance), "rms error of a component", scale=100.0,
        note=f"mHEA, Z on every qubit, {base['n_parameters']} components, each to an rms error of {10 * tolerance:.1e}",
    )  # fmt: skip


def near(tolerance: float):
    """Return a judge: exact contenders agree to 1e-9, the others to an rms error."""

    def judge(answers: dict[str, np.ndarray]) -> dict[str, tuple[float, bool]]:
        exact = [found for name, found in answers.items() if EXACT in title_of(name)]
        middle = np.median(np.stack(exact), axis=0) if exact else np.full(1, np.nan)
        found = {}
        for name, answer in answers.items():
            error = float(np.sqrt(np.mean((answer - middle) ** 2)))
            found[name] = error, bool(error <= (1e-9 if EXACT in title_of(name) else tolerance))
        return found

    return judge


class Compiled:
    """A function of rows with the seconds that it took to make."""

    def __init__(self, action, made: float) -> None:
        self.action, self.made = action, made

    def __call__(self, rows):
        """Do the work."""
        return self.action(rows)


def coarsest(problem, candidates, make):
    """Return what the first candidate makes that keeps the rms error; ``make`` gives it and its values by rows."""
    exact, candidates = np.array(problem["exact"]), list(candidates)
    # another process, or the next table, need not search again
    name = f"{make.__qualname__.partition('.')[0]}-{problem['n_qubits']}-{problem['tolerance']:.1e}.txt"
    kept = Path(os.environ["BENCH_FOUND"]) / name
    first = int(kept.read_text()) if kept.exists() else 0
    for position, candidate in list(enumerate(candidates))[first:]:
        start = time.perf_counter()
        made, by_rows = make(candidate)
        seconds = time.perf_counter() - start
        error = np.sqrt(np.mean((np.ravel(by_rows(list(range(len(exact))))) - exact) ** 2))
        print(f"{candidate:.2g}: rms error {error:.2e}, made in {seconds:.2f} s", file=sys.stderr, flush=True)
        if error <= problem["tolerance"]:
            kept.write_text(str(position))
            return made, by_rows, seconds
    raise SystemExit(f"no threshold keeps the rms error of {problem['tolerance']:.1e}")


def thresholds():
    """Return five thresholds a decade."""
    return 10.0 ** np.arange(-1.0, -7.0, -0.2)


def land(problem):
    import nearclifford as nc

    made = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    thetas, verb = problems.thetas(problem), made.gradient if problem.get("gradient") else made.value
    return lambda rows: verb(thetas[rows])


def surrogate(problem):
    import nearclifford as nc

    of = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    thetas = problems.thetas(problem)
    nc.surrogate(of, 2, progress=False)  # compiles

    def make(order):
        kept = nc.surrogate(of, order, progress=False)
        return kept, lambda rows: kept.value(thetas[rows])

    kept, by_rows, seconds = coarsest(problem, range(1, 12), make)
    return Compiled((lambda rows: kept.gradient(thetas[rows])) if problem.get("gradient") else by_rows, seconds)


def lightning(problem):
    import pennylane as qml

    device, observable = qml.device("lightning.qubit", wires=problem["n_qubits"]), pennylane_observable(problem)
    program, thetas = device.preprocess_transforms(), problems.thetas(problem)

    def values(rows):
        circuits = [pennylane_operations(problem, theta) for theta in thetas[rows]]
        scripts, _ = program([qml.tape.QuantumScript(circuit, [qml.expval(observable)]) for circuit in circuits])
        return np.ravel(device.execute(scripts))

    return values


def monoprop(problem):
    from monoprop import Circuit, ExpGate, Pauli, PauliOperator, PauliPropagator

    size, thetas = problem["n_qubits"], problems.thetas(problem)
    turns, terms = problems.rotations(problem)

    def operator(label, coefficient):
        placed = [(letter, qubit) for qubit, letter in enumerate(label) if letter != "_"]
        return {Pauli("".join(letter for letter, _ in placed), tuple(qubit for _, qubit in placed)): coefficient}

    gates = [ExpGate(PauliOperator(operator(label, -0.5 * sign), num_qubits=size), index) for label, sign, index in turns]
    observable = PauliOperator({key: c for label, c0 in terms for key, c in operator(label, c0).items()}, num_qubits=size)

    def make(threshold):
        propagator = PauliPropagator(observable, [], cutoff=size, lower_atol=float(threshold))
        circuit = Circuit(gates=gates, system_size=size, parameters=[problem["sigma"]] * problem["n_parameters"])
        propagator.build_graph(circuit)
        value = propagator.expectation_value_functional()
        return propagator, lambda rows: np.array([value(theta) for theta in thetas[rows]])

    propagator, by_rows, seconds = coarsest(problem, thresholds(), make)
    if not problem.get("gradient"):
        return Compiled(by_rows, seconds)
    both = propagator.expectation_value_and_gradient_functional()
    return Compiled(lambda rows: np.array([both(theta)[1] for theta in thetas[rows]]), seconds)


def padopauli(problem):
    import os

    import torch
    from padopauli import Circuit

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    thetas = problems.thetas(problem)
    typical = torch.full((problem["n_parameters"],), float(problem["sigma"]), dtype=torch.float64)
    observable = [(letters, qubits, coefficient) for letters, qubits, coefficient in problem["terms"]]

    def make(threshold):
        circuit = Circuit(n_qubits=problem["n_qubits"])
        for name, qubits, index in problem["gates"]:
            if index is None:
                circuit.cnot(*qubits)
            else:
                getattr(circuit, name)(qubits[0], param_idx=index)
        kept = {"build_thetas": typical, "build_min_abs": float(threshold), "dtype": "float64"}
        circuit.compile(observables=[observable], preset="cpu", verbosity=0, **kept)
        return circuit, lambda rows: circuit.expvals(torch.tensor(thetas[rows])).detach().numpy().ravel()

    circuit, by_rows, seconds = coarsest(problem, thresholds()[5:], make)  # every compilation takes seconds
    if not problem.get("gradient"):
        return Compiled(by_rows, seconds)

    def gradients(rows):
        angles = torch.tensor(thetas[rows], requires_grad=True)
        circuit.expvals(angles).sum().backward()
        return angles.grad.numpy()

    return Compiled(gradients, seconds)


def pauli_prop(problem):
    import pauli_prop
    from qiskit.quantum_info import SparsePauliOp

    thetas = problems.thetas(problem)
    turns, terms = problems.rotations(problem)
    bits = [np.array([[letter in "XY" for letter in label], [letter in "YZ" for letter in label]]) for label, _, _ in turns]
    qubits = [np.flatnonzero(x | z).tolist() for x, z in bits]
    gates = [pair.ravel() for pair in bits]
    signs, order = np.array([sign for _, sign, _ in turns]), [index for _, _, index in turns]
    start = SparsePauliOp([label.replace("_", "I")[::-1] for label, _ in terms], [coefficient for _, coefficient in terms])

    def make(threshold):
        def value(theta):
            rotations = pauli_prop.RotationGates(gates, qubits, (theta[order] * signs).tolist())
            evolved, _ = pauli_prop.propagate_through_rotation_gates(start, rotations, 10**6, float(threshold), "h")
            return float(evolved.coeffs[~evolved.paulis.x.any(axis=1)].real.sum())

        return None, lambda rows: np.array([value(theta) for theta in thetas[rows]])

    _, by_rows, seconds = coarsest(problem, thresholds(), make)
    return Compiled(by_rows, seconds)


def ppvm(problem):
    from ppvm import PauliSum

    thetas = problems.thetas(problem)
    words, weights = zip(*problems.labels(problem), strict=True)

    def make(threshold):
        def value(theta):
            total = PauliSum(list(words), problem["n_qubits"], list(weights), min_abs_coeff=float(threshold))
            for name, qubits, index in reversed(problem["gates"]):
                if index is None:
                    total.cnot(*qubits, truncate=False)
                else:
                    getattr(total, name)(qubits[0], theta=float(theta[index]))
            return total.overlap_with_zero()

        return None, lambda rows: np.array([value(theta) for theta in thetas[rows]])

    _, by_rows, seconds = coarsest(problem, thresholds(), make)
    return Compiled(by_rows, seconds)
