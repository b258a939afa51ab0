"""Exact gradients per second, side by side with PennyLane lightning, Qulacs and qiskit-algorithms.

    python -m venv peers && peers/bin/pip install -r benchmarks/requirements-peers.txt -e .
    peers/bin/python benchmarks/gradients.py

The circuit is mHEA with the observable Z on every qubit, the work a batch of 16 thetas on two cores. Each contestant runs in
processes of its own, once as two processes of one thread and once as one process of two threads, and is quoted at the
better of the two. Rounds alternate between contestants, so that a slow minute of the machine hits all of them. Slow
contestants get fewer thetas a round, as the table says, and the slowest fewer rounds. All gradients
must agree to 1e-6 before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

BATCH = 16
CORES = 2
# A contestant whose round takes longer than this takes part in the first rounds only.
SLOW_SECONDS, SLOW_ROUNDS = 10.0, 2
SIZES = ((10, 10), (16, 16), (20, 5))
PEERS = {
    "nearclifford": "nearclifford",
    "lightning": "pennylane_lightning",
    "qulacs": "qulacs",
    "reverse": "qiskit-algorithms",
}
TITLES = {
    "nearclifford": "nearclifford Landscape.gradient",
    "lightning": "PennyLane lightning.qubit adjoint",
    "qulacs": "Qulacs backprop",
    "reverse": "qiskit-algorithms ReverseEstimatorGradient",
}


def thetas(n_qubits: int, layers: int) -> np.ndarray:
    """Return the batch, shape (16, D), radians."""
    return np.random.default_rng([n_qubits, layers]).normal(size=(BATCH, 2 * n_qubits * (layers + 1)))


def make_nearclifford(n_qubits, layers):
    """Return a function from a batch of thetas to their gradients: our own, threads over the batch."""
    import nearclifford as nc

    land = nc.Landscape(nc.ansatz.mhea(n_qubits, layers), nc.observables.global_z(n_qubits))
    return land.gradient


def make_lightning(n_qubits, layers):
    """Return the same by the adjoint method of lightning.qubit, called on the device: no QNode, no autograd."""
    import pennylane as qml
    from pennylane.devices import ExecutionConfig

    device = qml.device("lightning.qubit", wires=n_qubits)
    config = device.setup_execution_config(ExecutionConfig(gradient_method="adjoint"))
    program = device.preprocess_transforms(config)
    observable = qml.prod(*[qml.PauliZ(wire) for wire in range(n_qubits)])

    def tape(theta):
        angle, operations = iter(theta), []
        for layer in range(layers + 1):
            operations += [axis(next(angle), wires=q) for axis in (qml.RY, qml.RZ) for q in range(n_qubits)]
            if layer < layers:
                operations.append(qml.CNOT([n_qubits - 1, 0]))
                operations += [qml.CNOT([q, q + 1]) for q in range(n_qubits - 1)]
        script = qml.tape.QuantumScript(operations, [qml.expval(observable)])
        script.trainable_params = list(range(len(theta)))
        return script

    def gradients(batch):
        scripts, _ = program([tape(theta) for theta in batch])
        return np.array([np.ravel(g) for g in device.compute_derivatives(scripts, config)])

    return gradients


def make_qulacs(n_qubits, layers):
    """Return the same by Qulacs; its rotations turn the other way."""
    from qulacs import Observable, ParametricQuantumCircuit

    circuit = ParametricQuantumCircuit(n_qubits)
    for layer in range(layers + 1):
        for add in (circuit.add_parametric_RY_gate, circuit.add_parametric_RZ_gate):
            for qubit in range(n_qubits):
                add(qubit, 0.0)
        if layer < layers:
            circuit.add_CNOT_gate(n_qubits - 1, 0)
            for qubit in range(n_qubits - 1):
                circuit.add_CNOT_gate(qubit, qubit + 1)
    observable = Observable(n_qubits)
    observable.add_operator(1.0, " ".join(f"Z {qubit}" for qubit in range(n_qubits)))

    def gradients(batch):
        rows = []
        for theta in batch:
            for index, angle in enumerate(theta):
                circuit.set_parameter(index, -angle)
            rows.append(-np.array(circuit.backprop(observable)))
        return np.array(rows)

    return gradients


def make_reverse(n_qubits, layers):
    """Return the same by qiskit-algorithms."""
    from qiskit.circuit.library import efficient_su2
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_algorithms.gradients import ReverseEstimatorGradient

    circuit = efficient_su2(n_qubits, ["ry", "rz"], "circular", reps=layers)
    observable, gradient = SparsePauliOp("Z" * n_qubits), ReverseEstimatorGradient()

    def gradients(batch):
        count = len(batch)
        return np.array(gradient.run([circuit] * count, [observable] * count, list(batch)).result().gradients).real

    return gradients


MAKERS = {
    "nearclifford": make_nearclifford,
    "lightning": make_lightning,
    "qulacs": make_qulacs,
    "reverse": make_reverse,
}


def serve(name: str, n_qubits: int, layers: int) -> None:
    """Answer requests of the parent: a line with indices of thetas; the reply is a line when done, or the gradients."""
    batch, gradients = thetas(n_qubits, layers), MAKERS[name](n_qubits, layers)
    for line in sys.stdin:
        request = json.loads(line)
        result = gradients(batch[request["rows"]])
        print(json.dumps(result.tolist() if request["reply"] else "done"), flush=True)


class Contestant:
    """One peer in one setting: its processes, kept warm."""

    def __init__(self, name: str, processes: int, n_qubits: int, layers: int) -> None:
        self.name, self.processes = name, processes
        threads = str(CORES // processes)
        environment = os.environ | {"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads, "OMP_PROC_BIND": "false"}
        command = [sys.executable, __file__, "--worker", name, str(n_qubits), str(layers)]
        self.workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(processes)
        ]
        self.rates: list[float] = []

    def ask(self, rows: list[int], reply: bool = False) -> list:
        """Spread the thetas over the processes and wait for all of them."""
        parts = [rows[start :: self.processes] for start in range(self.processes)]
        for worker, part in zip(self.workers, parts, strict=True):
            worker.stdin.write(json.dumps({"rows": part, "reply": reply}) + "\n")
            worker.stdin.flush()
        answers = [worker.stdout.readline() for worker in self.workers]
        if not all(answers):
            sys.exit(f"{TITLES[self.name]} stopped (its message is above). Is benchmarks/requirements-peers.txt installed?")
        return [json.loads(answer) for answer in answers]

    def warm_up(self) -> np.ndarray:
        """Return the gradients of the first two thetas, and choose how many thetas fit a few seconds."""
        self.ask([0, 1])
        begin = time.perf_counter()
        parts = self.ask([0, 1], reply=True)
        seconds = (time.perf_counter() - begin) / 2
        self.count = int(np.clip(4.0 / seconds, self.processes, BATCH)) // self.processes * self.processes
        self.repeats = max(1, int(0.3 / (seconds * self.count)))
        return np.array([row for pair in zip(*parts, strict=True) for row in pair] if self.processes > 1 else parts[0])

    def round(self) -> None:
        """Time one round."""
        begin = time.perf_counter()
        for _ in range(self.repeats):
            self.ask(list(range(self.count)))
        self.rates.append(self.repeats * self.count / (time.perf_counter() - begin))

    def stop(self) -> None:
        """End the processes."""
        for worker in self.workers:
            worker.stdin.close()
            worker.wait()


def compare(n_qubits: int, layers: int, names: list[str], rounds: int) -> list[dict]:
    """Return one record for each contestant, ours first."""
    contestants = [Contestant(name, processes, n_qubits, layers) for name in names for processes in (CORES, 1)]
    reference = None
    for contestant in contestants:
        found = contestant.warm_up()
        reference = found if reference is None else reference
        assert np.abs(found - reference).max() < 1e-6, f"{contestant.name} disagrees: {np.abs(found - reference).max()}"
    for number in range(rounds):
        for contestant in contestants:
            if number < SLOW_ROUNDS or contestant.count / max(contestant.rates) < SLOW_SECONDS:
                contestant.round()
    for contestant in contestants:
        contestant.stop()
    best = {}
    for contestant in contestants:
        rate = float(np.median(contestant.rates))
        if contestant.name not in best or rate > best[contestant.name]["median"]:
            best[contestant.name] = {
                "n_qubits": n_qubits, "layers": layers, "contestant": contestant.name, "median": rate,
                "min": min(contestant.rates), "max": max(contestant.rates), "thetas": contestant.count,
                "setting": f"{contestant.processes} x {CORES // contestant.processes}",
            }  # fmt: skip
    return list(best.values())


def report(records: list[dict]) -> None:
    """Print the table of one size."""
    ours = next((r["median"] for r in records if r["contestant"] == "nearclifford"), None)
    for record in records:
        ratio = "" if ours is None or record["contestant"] == "nearclifford" else f"{ours / record['median']:8.1f}"
        print(
            f"{record['n_qubits']:3} {record['layers']:3}  {TITLES[record['contestant']]:43} {record['setting']:>6} "
            f"{record['thetas']:4} {record['median']:10.3g} {record['min']:10.3g} {record['max']:10.3g} {ratio}",
            flush=True,
        )


def machine() -> str:
    """Return the processor and the versions."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ""
    )
    versions = ", ".join(f"{name} {version(name)}" for name in sorted(set(PEERS.values()) | {"qiskit", "numba", "numpy"}))
    return f"{cpu or platform.processor()}, {os.cpu_count()} cores; Python {platform.python_version()}; {versions}"


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", nargs=3, metavar=("NAME", "N", "L"), help=argparse.SUPPRESS)
    parser.add_argument("--sizes", nargs="+", default=[f"{n},{layers}" for n, layers in SIZES], help="N,L ...")
    parser.add_argument("--only", nargs="+", choices=list(MAKERS), default=list(MAKERS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the records to this file")
    options = parser.parse_args()
    if options.worker:
        serve(options.worker[0], int(options.worker[1]), int(options.worker[2]))
        return
    print(machine())
    print("  N   L  contestant                          processes x threads, thetas,  gradients/s: median, min, max, ratio")
    records = []
    for size in options.sizes:
        n_qubits, layers = map(int, size.split(","))
        records += compare(n_qubits, layers, options.only, options.rounds)
        report(records[-len(options.only) :])
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "records": records}, indent=1))


if __name__ == "__main__":
    main()
