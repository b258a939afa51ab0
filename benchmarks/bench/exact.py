"""Exact gradients: reverse mode over statevectors, ours beside four others, and Aer by the parameter-shift rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import problems
from contest import Bout, Entry, agree_to

# two processes of one thread, or one of two
OURS = Entry("nearclifford Landscape.gradient", "exact:ours", splits=(1, 2))
PEERS = (
    Entry("PennyLane lightning.qubit, adjoint on the device", "exact:lightning", "peers", (1, 2)),
    Entry("Qulacs backprop", "exact:qulacs", "peers", (1, 2)),
    Entry("qiskit-algorithms ReverseEstimatorGradient", "exact:reverse", "peers", (2,)),
)
AER = Entry("Qiskit Aer, parameter shift, circuits batched by nc.Aer", "exact:aer", splits=(1, 2))
TENCIR = Entry("TenCirPauli PropagationEngine, all Pauli strings", "exact:tencirpauli", "tencirpauli", patience=45.0)


def bouts(quick: bool) -> list[Bout]:
    """Return the tables of this question."""
    found = [bout("mHEA, N = 10, L = 10, Z on every qubit", problems.mhea(10, 10), (AER, TENCIR))]
    if not quick:
        found += [
            bout("mHEA, N = 16, L = 16, Z on every qubit", problems.mhea(16, 16), (AER,)),
            bout("mHEA, N = 20, L = 5, Z on every qubit", problems.mhea(20, 5)),
        ]
    chain = problems.mhea(12, 6, problems.heisenberg(12))
    fixed = problems.brickwork_of_fixed_unitaries(12, 6)
    return [
        *found,
        bout("mHEA, N = 12, L = 6, Heisenberg chain of 33 terms", chain, (AER,)),
        bout("RY, RZ and random fixed gates of two qubits, N = 12, 6 layers, Z on every qubit", fixed),
        bout("mHEA, N = 4, L = 2, Z on every qubit, one theta at a time", problems.mhea(4, 2, count=1), (TENCIR,)),
    ]


def bout(title: str, problem: dict[str, Any], more: tuple[Entry, ...] = ()) -> Bout:
    """Return the table of a problem."""
    kind = "fixed" if problem["gates"][-1][0] == "unitary" else f"{len(problem['terms'])}-terms"
    rows = list(range(problem["count"]))
    return Bout(
        f"exact-{problem['n_qubits']}-{problem['layers']}-{kind}", title, "ms per gradient", problem, (OURS, *PEERS, *more),
        rows, rows[:2], agree_to(1e-6), scale=1e3, note=f"{problem['n_parameters']} parameters, batches of {len(rows)}",
    )  # fmt: skip


def ours(problem):
    import nearclifford as nc

    land = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    thetas = problems.thetas(problem)
    return lambda rows: land.gradient(thetas[rows])


def aer(problem):
    import nearclifford as nc

    land = nc.Landscape(problems.qiskit_circuit(problem), problems.qiskit_observable(problem))
    device, thetas = nc.Aer().prepare(land), problems.thetas(problem)
    return lambda rows: device.gradient(thetas[rows])


def pennylane_operations(problem, theta):
    """Return PennyLane's operations with their angles."""
    import pennylane as qml

    names, operations = {"ry": qml.RY, "rz": qml.RZ, "cx": qml.CNOT}, []
    for name, qubits, index in problem["gates"]:
        if name == "unitary":
            operations.append(qml.QubitUnitary(problems.unitary(index), wires=qubits[::-1]))
        elif index is None:
            operations.append(names[name](wires=qubits))
        else:
            operations.append(names[name](theta[index], wires=qubits))
    return operations


def pennylane_observable(problem):
    """Return PennyLane's observable."""
    import pennylane as qml

    letters = {"X": qml.PauliX, "Y": qml.PauliY, "Z": qml.PauliZ}
    words = [
        qml.prod(*[letters[letter](qubit) for letter, qubit in zip(word, qubits, strict=True)])
        for word, qubits, _ in problem["terms"]
    ]
    return words[0] if len(words) == 1 else qml.Hamiltonian([term[2] for term in problem["terms"]], words)


def lightning(problem):
    """Return gradients by the adjoint method called on the device: no QNode, no autograd."""
    import pennylane as qml
    from pennylane.devices import ExecutionConfig

    device = qml.device("lightning.qubit", wires=problem["n_qubits"])
    config = device.setup_execution_config(ExecutionConfig(gradient_method="adjoint"))
    program, observable = device.preprocess_transforms(config), pennylane_observable(problem)
    thetas = problems.thetas(problem)
    turning = [position for position, gate in enumerate(_values(problem)) if gate]

    def tape(theta):
        script = qml.tape.QuantumScript(pennylane_operations(problem, theta), [qml.expval(observable)])
        script.trainable_params = turning
        return script

    def gradients(rows):
        scripts, _ = program([tape(theta) for theta in thetas[rows]])
        return np.array([np.ravel(one) for one in device.compute_derivatives(scripts, config)])

    return gradients


def _values(problem):
    """Return, for every number or matrix that a gate of the tape holds, whether it is an angle."""
    return [name != "unitary" for name, _, index in problem["gates"] if index is not None]


def qulacs(problem):
    """Return gradients by Qulacs; its rotations turn the other way."""
    from qulacs import Observable, ParametricQuantumCircuit
    from qulacs.gate import DenseMatrix

    circuit = ParametricQuantumCircuit(problem["n_qubits"])
    for name, qubits, index in problem["gates"]:
        if name == "unitary":
            circuit.add_gate(DenseMatrix(qubits, problems.unitary(index)))
        elif name == "cx":
            circuit.add_CNOT_gate(*qubits)
        else:
            getattr(circuit, f"add_parametric_{name.upper()}_gate")(qubits[0], 0.0)
    order = [index for name, _, index in problem["gates"] if name in ("ry", "rz")]
    observable = Observable(problem["n_qubits"])
    for word, qubits, coefficient in problem["terms"]:
        placed = zip(word, qubits, strict=True)
        observable.add_operator(coefficient, " ".join(f"{letter} {qubit}" for letter, qubit in placed))
    thetas = problems.thetas(problem)

    def gradients(rows):
        found = np.empty((len(rows), problem["n_parameters"]))
        for row, theta in zip(found, thetas[rows], strict=True):
            for position, index in enumerate(order):
                circuit.set_parameter(position, -theta[index])
            row[order] = -np.array(circuit.backprop(observable))
        return found

    return gradients


def reverse(problem):
    """Return gradients by qiskit-algorithms."""
    from qiskit_algorithms.gradients import ReverseEstimatorGradient

    circuit, observable = problems.qiskit_circuit(problem), problems.qiskit_observable(problem)
    gradient, thetas = ReverseEstimatorGradient(), problems.thetas(problem)

    def gradients(rows):
        count = len(rows)
        return np.array(gradient.run([circuit] * count, [observable] * count, list(thetas[rows])).result().gradients).real

    return gradients


def tencirpauli(problem):
    """Return gradients by propagating every Pauli string, without truncation."""
    from tencirpauli import PauliOperator
    from tencirpauli.propagation import GateTape, PropagationEngine

    tape = GateTape(problem["n_qubits"])
    for name, qubits, index in problem["gates"]:
        if name == "cx":
            tape.cnot(*qubits)
        else:
            getattr(tape, name)(qubits[0], parameter=index)
    observable = PauliOperator.from_terms(problem["n_qubits"], problems.labels(problem))
    engine, thetas = PropagationEngine(tape, observable), problems.thetas(problem)
    return lambda rows: np.array([engine.value_and_grad(thetas[row]).gradient for row in rows])
