"""Random circuits of every gate kind, and their loss and gradient by Qiskit alone."""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector, library
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector

FIXED = [
    library.IGate(), library.XGate(), library.YGate(), library.ZGate(), library.HGate(), library.SGate(), library.SdgGate(),
    library.SXGate(), library.SXdgGate(), library.TGate(), library.TdgGate(), library.RXGate(0.7), library.RYGate(np.pi),
    library.UGate(0.3, 1.1, -0.4), library.U2Gate(0.2, 0.9), library.RGate(0.4, 0.8),
    library.CXGate(), library.CYGate(), library.CZGate(), library.SwapGate(), library.iSwapGate(), library.DCXGate(),
    library.ECRGate(), library.CHGate(), library.CSXGate(), library.RZZGate(-np.pi / 2), library.CRXGate(0.6),
    library.CCXGate(), library.CSwapGate(), library.PauliGate("XYZ"), library.HGate().control(1, ctrl_state=0),
]  # fmt: skip
TURNS = [
    library.RXGate, library.RYGate, library.RZGate, library.PhaseGate, library.RXXGate, library.RYYGate, library.RZZGate,
    library.RZXGate, library.CRZGate, library.CRYGate, library.CPhaseGate,
]  # fmt: skip


def random_circuit(rng, n_qubits, n_gates):
    """Fixed gates and rotations by affine expressions of a few shared parameters; at least one parameter."""
    pool = [Parameter(f"p{k}") for k in range(int(rng.integers(1, 6)))]
    circuit = QuantumCircuit(n_qubits)
    circuit.rx(pool[0], int(rng.integers(n_qubits)))
    while len(circuit.data) < n_gates + 1:
        kind = rng.random()
        if kind < 0.05:
            circuit.barrier()
        elif kind < 0.15:
            _append_evolution(rng, circuit, _angle(rng, pool))
        else:
            if kind < 0.5:
                gate = FIXED[rng.integers(len(FIXED))]
            else:
                gate = TURNS[rng.integers(len(TURNS))](_angle(rng, pool))
            if gate.num_qubits <= n_qubits:
                circuit.append(gate, rng.choice(n_qubits, size=gate.num_qubits, replace=False).tolist())
    return circuit


def _angle(rng, pool):
    first, second = rng.choice(len(pool), size=2)
    return [
        pool[first] + 0.0,
        pool[first],
        2 * pool[first],
        -pool[first] / 2 + pool[second] - 0.3,
        pool[first] + np.pi / 2,
        0.7 * pool[first] + 1.9,
    ][rng.integers(6)]


def _append_evolution(rng, circuit, angle):
    label = "".join(rng.choice(list("IXYZ"), size=circuit.num_qubits))
    gate = library.PauliEvolutionGate(SparsePauliOp(label, rng.choice([-1.0, 0.5, 1.5])), time=angle)
    circuit.append(gate, range(circuit.num_qubits))


def random_center(rng, n_parameters):
    return rng.integers(-3, 4, size=n_parameters) * np.pi / 2


def random_observable(rng, n_qubits, n_terms):
    labels = {"".join(rng.choice(list("IXYZ"), size=n_qubits)) for _ in range(n_terms)}
    return SparsePauliOp(sorted(labels), rng.normal(size=len(labels)) + 0.1)


def oracle_value(circuit, observable, theta):
    state = Statevector(circuit.assign_parameters(np.asarray(theta, dtype=float)))
    operator = SparsePauliOp(observable) if isinstance(observable, Pauli) else observable
    return state.expectation_value(operator).real


def oracle_gradient(circuit, observable, theta):
    """Shift each rotation by itself, two terms, and sum by the chain rule; all by Qiskit."""
    parameters = list(circuit.parameters)
    basic = _decomposed(circuit)
    point = dict(zip(parameters, np.asarray(theta, dtype=float), strict=True))
    gradient = np.zeros(len(parameters))
    for position, instruction in enumerate(basic.data):
        angle = instruction.operation.params[0] if instruction.operation.params else 0.0
        inside = [p for p in parameters if p in getattr(angle, "parameters", ())]
        if not inside:
            continue
        derivative = sum(
            sign * _value_with_shift(basic, observable, point, position, shift)
            for shift, sign in ((np.pi / 2, 0.5), (-np.pi / 2, -0.5))
        )
        for parameter in inside:
            # An affine angle: its slope is the difference of two values.
            at = {p: 0.0 for p in angle.parameters}
            slope = float(angle.bind(at | {parameter: 1.0})) - float(angle.bind(at))
            gradient[parameters.index(parameter)] += slope * derivative
    return gradient


def _decomposed(circuit):
    """Return the circuit with every parametrised gate a rotation about a Pauli: generators with eigenvalues ±1/2."""
    controlled = ["crx", "cry", "crz", "cp", "cu1", "PauliEvolution"]
    for _ in range(4):
        circuit = circuit.decompose(controlled)
    allowed = {"rx", "ry", "rz", "p", "u1", "rxx", "ryy", "rzz", "rzx"}
    for instruction in circuit.data:
        if any(getattr(p, "parameters", ()) for p in instruction.operation.params):
            assert instruction.operation.name in allowed, instruction.operation.name
    return circuit


def _value_with_shift(circuit, observable, point, position, shift):
    shifted = circuit.copy_empty_like()
    for k, instruction in enumerate(circuit.data):
        operation = instruction.operation
        if k == position:
            operation = operation.base_class(operation.params[0] + shift)
        shifted.append(operation, instruction.qubits)
    used = {p: point[p] for p in shifted.parameters}
    return Statevector(shifted.assign_parameters(used)).expectation_value(observable).real


def brickwork(n_qubits, layers):
    """RY and RZ on every qubit, then CX on even and on odd pairs; a last layer of rotations: D = 2 N (layers + 1)."""
    theta = iter(ParameterVector("theta", 2 * n_qubits * (layers + 1)))
    circuit = QuantumCircuit(n_qubits)
    for layer in range(layers + 1):
        for qubit in range(n_qubits):
            circuit.ry(next(theta), qubit)
            circuit.rz(next(theta), qubit)
        if layer < layers:
            for first in (0, 1):
                for qubit in range(first, n_qubits - 1, 2):
                    circuit.cx(qubit, qubit + 1)
    return circuit
