"""Forty training runs side by side, and the same by PennyLane's GradientDescentOptimizer on lightning.qubit.

    python -m venv peers && peers/bin/pip install -r benchmarks/requirements-peers.txt -e .
    peers/bin/python benchmarks/training.py

The published study of arXiv:2507.06344: gradient descent with steps of 0.01 on Z on all of 15 qubits, mHEA, L = 5, 300
steps, from four patches, five seeds, with and without the paper's encoder: 40 runs, 12,000 gradients. PennyLane takes the
plain circuit alone, a few steps of each of a few runs, since its runs come one after the other: its time for all of them is
extrapolated from seconds a step. Losses of both must agree to 1e-9. Without PennyLane the script times nearclifford alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import time

import numpy as np

import nearclifford as nc

QUBITS, LAYERS, RUNS, STEPS, RATE = 15, 5, 5, 300, 0.01
POWERS = (1, 1 / 2, 1 / 3, 1 / 5)


def draws(circuit):
    """Return the published initial angles, shape ``(5, 4, D)``, and the encoded landscape of each seed."""
    observable, size = nc.observables.global_z(QUBITS), circuit.num_parameters
    theta0, lands = [], []
    for seed in range(7, 7 + RUNS):
        stream, integers = np.random.RandomState(seed), random.Random(seed)
        theta0.append([stream.normal(0, float(size) ** -power, size) for power in POWERS])
        integers.randint(0, 0)  # the term, of which there is one
        parameter = integers.randint(0, size - 1)
        lands.append(nc.Landscape(nc.encode(circuit, observable, parameter, style="paper").circuit, observable))
    return np.array(theta0), lands


def by_pennylane(theta0, steps):
    """Return losses, shape ``(steps, runs)``, of plain circuits, and the seconds of a step."""
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=QUBITS)
    observable = qml.prod(*[qml.PauliZ(wire) for wire in range(QUBITS)])

    @qml.qnode(device, diff_method="adjoint")
    def loss(theta):
        for layer in range(LAYERS + 1):
            for axis, first in ((qml.RY, 2 * QUBITS * layer), (qml.RZ, 2 * QUBITS * layer + QUBITS)):
                for wire in range(QUBITS):
                    axis(theta[first + wire], wires=wire)
            if layer < LAYERS:
                qml.CNOT([QUBITS - 1, 0])
                for wire in range(QUBITS - 1):
                    qml.CNOT([wire, wire + 1])
        return qml.expval(observable)

    optimizer, columns = qml.GradientDescentOptimizer(RATE), []
    optimizer.step_and_cost(loss, qml.numpy.array(theta0[0], requires_grad=True))  # what is made once
    start = time.perf_counter()
    for one in theta0:
        theta, losses = qml.numpy.array(one, requires_grad=True), []
        for _ in range(steps):
            theta, value = optimizer.step_and_cost(loss, theta)
            losses.append(float(value))
        columns.append(losses)
    return np.transpose(columns), (time.perf_counter() - start) / (len(theta0) * steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-steps", type=int, default=20, help="steps of each of PennyLane's 4 runs (default: 20)")
    options = parser.parse_args()
    circuit = nc.ansatz.mhea(QUBITS, LAYERS)
    plain = nc.Landscape(circuit, nc.observables.global_z(QUBITS))
    theta0, lands = draws(circuit)
    nc.train([plain, *lands], np.zeros((1 + RUNS, 2, plain.n_parameters)) + 0.1, steps=1, progress=False)  # compiles
    start, clock = time.perf_counter(), time.process_time()
    run = nc.train(plain, theta0, "gd", RATE, STEPS, progress=False)
    encoded = nc.train(lands, theta0, "gd", RATE, STEPS, progress=False)
    seconds, worked = time.perf_counter() - start, time.process_time() - clock
    count = 2 * theta0[..., 0].size * STEPS
    print(
        f"nearclifford: {count:,} steps in {seconds:.1f} s, {1e3 * seconds / count:.2f} ms a step ({worked:.1f} s of cores)"
    )
    for name, one in (("plain", run), ("encoded", encoded)):
        means = one.losses[-1].mean(axis=0).round(3).tolist()
        print(f"  {name:8} losses after {STEPS} steps, means over {RUNS} seeds: {means}")
    if importlib.util.find_spec("pennylane_lightning") is None:
        return
    losses, per_step = by_pennylane(theta0[0], options.peer_steps)
    worst = np.abs(losses - run.losses[: options.peer_steps, 0]).max()
    assert worst < 1e-9, worst
    told = f"{1e3 * per_step:.2f} ms a step, {per_step * count:.0f} s for all of them"
    print(f"PennyLane: {told}; losses agree to {worst:.1e}")
    print(f"ratio: {per_step * count / seconds:.0f}")


if __name__ == "__main__":
    main()
