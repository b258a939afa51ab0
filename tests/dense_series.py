"""The truncated series of a loss by dense matrices alone: no Pauli string is ever propagated.

The observable is pulled back gate by gate as a matrix. A rotation by φ about P splits it into the part that commutes with P
and the part A that does not, which becomes cos φ A + sin φ iPA. Sines may be multiplied by λ, so that the power of λ counts
flips, and angles by ε, so that the power of ε is the total degree; both are read off by a Fourier transform over a circle.
"""

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Operator, Pauli

AXES = {"rx": "X", "ry": "Y", "rz": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ"}
CLIFFORDS = ("h", "s", "sdg", "sx", "x", "cx", "cz", "swap")


def random_rotations(rng, n_qubits, n_rotations, shared=False):
    """Clifford gates between rotations about X, Y, Z, XX, YY, ZZ; ``shared``: of few parameters with factors 1, -1, 2."""
    circuit = QuantumCircuit(n_qubits)
    pool = [Parameter(f"t{k:02d}") for k in range(3 if shared else n_rotations)]
    for number in range(n_rotations):
        for _ in range(int(rng.integers(1, 4))):
            gate = rng.choice(CLIFFORDS)
            size = 2 if gate in ("cx", "cz", "swap") else 1
            if size <= n_qubits:
                getattr(circuit, gate)(*rng.choice(n_qubits, size, replace=False).tolist())
        axis = rng.choice(list(AXES))
        if len(AXES[axis]) > n_qubits:
            axis = "ry"
        angle = pool[number] if not shared else int(rng.choice([1, -1, 2])) * pool[number % len(pool)]
        getattr(circuit, axis)(angle, *rng.choice(n_qubits, len(AXES[axis]), replace=False).tolist())
    return circuit


def dense_gates(circuit):
    """Return the gates, last first, each a unitary, or the matrix of a rotation's axis with its slope by each parameter."""
    n, gates = circuit.num_qubits, []
    for item in reversed(circuit.data):
        qubits = [circuit.find_bit(q).index for q in item.qubits]
        name = item.operation.name
        if name in AXES:
            letters = ["I"] * n
            for qubit, letter in zip(qubits, AXES[name], strict=True):
                letters[n - 1 - qubit] = letter
            angle = item.operation.params[0]
            slope = [float(angle.gradient(p)) if p in angle.parameters else 0.0 for p in circuit.parameters]
            gates.append((Pauli("".join(letters)).to_matrix(), np.array(slope)))
        else:
            gate = QuantumCircuit(n)
            gate.append(item.operation, qubits)
            gates.append((Operator(gate).data, None))
    return gates


def dense_value(gates, observable, center, displacement, epsilon=1.0, flip=1.0):
    """Return <0| U† H U |0> with displacements times ``epsilon`` and every sine of a displacement times ``flip``."""
    matrix = observable.to_matrix()
    for gate, slope in gates:
        if slope is None:
            matrix = gate.conj().T @ matrix @ gate
        else:
            matrix = _turn(matrix, gate, epsilon * (slope @ displacement), flip)
            matrix = _turn(matrix, gate, slope @ center, 1.0)
    return matrix[0, 0]


def _turn(matrix, axis, angle, flip):
    apart = (matrix - axis @ matrix @ axis) / 2
    return matrix - apart + np.cos(angle) * apart + flip * np.sin(angle) * 1j * axis @ apart


def coefficients(function, count):
    """Return the first ``count`` Taylor coefficients of a polynomial, or an entire function, of one variable."""
    points = np.exp(2j * np.pi * np.arange(64) / 64)
    return (np.fft.fft([function(point) for point in points]) / 64)[:count].real


def truncated_paths(circuit, observable, center, displacement, order):
    """Return the sum of all paths with fewer than ``order`` flips."""
    gates = dense_gates(circuit)
    return coefficients(lambda x: dense_value(gates, observable, center, displacement, flip=x), order).sum()


def truncated_taylor(circuit, observable, center, displacement, order):
    """Return the Taylor polynomial of total degree below ``order``."""
    gates = dense_gates(circuit)
    return coefficients(lambda x: dense_value(gates, observable, center, displacement, epsilon=x), order).sum()
