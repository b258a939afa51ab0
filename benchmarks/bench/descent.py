"""Training: the same rule from the same angles; losses of every step must agree before anything is timed.

PennyLane's optimizers call lightning.qubit's adjoint method through a QNode, one run after the other, as its users do. Adam
does not stand here: the two put its ε in different places, and where a derivative is zero at the start that is all that
moves an angle, so their losses part after a few steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import problems
from contest import Bout, Entry, agree_to
from exact import pennylane_observable

ENTRIES = (
    Entry("nearclifford train", "descent:ours", splits=(1, 2)),
    Entry("PennyLane optimizer on lightning.qubit", "descent:pennylane", "peers", (1, 2)),
)


def bouts(quick: bool) -> list[Bout]:
    """Return the tables of this question."""
    chain = problems.mhea(10, 4, problems.heisenberg(10), sigma=0.1, rule="gd", rate=0.02, steps=40, count=16)
    tables = [bout("gradient descent, Heisenberg chain on mHEA, N = 10, L = 4", chain)]
    if not quick:
        published = problems.mhea(15, 5, rule="gd", rate=0.01, steps=20, count=40)
        published["sigma"] = published["n_parameters"] ** -0.5
        tables.append(bout("gradient descent, Z on every qubit, mHEA, N = 15, L = 5 (the published study)", published))
    return tables


def bout(title: str, problem: dict[str, Any]) -> Bout:
    """Return the table of a study."""
    steps, runs = problem["steps"], problem["count"]
    losses = ours(problem)(list(range(runs)))
    start, end = (float(np.mean(losses[:, step])) for step in (0, -1))
    return Bout(
        f"descent-{problem['n_qubits']}", title, "ms per step", problem, ENTRIES, list(range(runs)), [0, 1],
        agree_to(1e-6, max(1.0, abs(end))), "largest difference of a loss", scale=1e3 / steps,
        note=f"{runs} runs of {steps} steps, which take the mean loss from {start:.3f} to {end:.3f}",
    )  # fmt: skip


def ours(problem):
    import nearclifford as nc

    land = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    thetas = problems.thetas(problem)

    def losses(rows):
        run = nc.train(land, thetas[rows], problem["rule"], problem["rate"], problem["steps"], progress=False)
        return run.losses.T

    return losses


def pennylane(problem):
    import pennylane as qml

    device, observable = qml.device("lightning.qubit", wires=problem["n_qubits"]), pennylane_observable(problem)
    rules = {"gd": qml.GradientDescentOptimizer}
    names, thetas = {"ry": qml.RY, "rz": qml.RZ}, problems.thetas(problem)

    @qml.qnode(device, diff_method="adjoint")
    def loss(theta):
        for name, qubits, index in problem["gates"]:
            if index is None:
                qml.CNOT(wires=qubits)
            else:
                names[name](theta[index], wires=qubits[0])
        return qml.expval(observable)

    def run(start):
        optimizer, theta, found = rules[problem["rule"]](problem["rate"]), qml.numpy.array(start, requires_grad=True), []
        for _ in range(problem["steps"]):
            theta, value = optimizer.step_and_cost(loss, theta)
            found.append(float(value))
        return [*found, float(loss(theta))]

    return lambda rows: np.array([run(theta) for theta in thetas[rows]])
