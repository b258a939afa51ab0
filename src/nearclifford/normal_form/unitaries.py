"""A unitary matrix as Pauli rotations, exact to rounding whatever the matrix.

Qiskit's two-qubit synthesis rounds a unitary to one of fewer CX gates where the fidelity allows it, an error of up to 3e-5
in the matrix. The quantum Shannon decomposition (Shende, Bullock, Markov, arXiv:quant-ph/0406176) rounds nothing, and its
multiplexed rotations are products of Pauli rotations.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.linalg
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford, Operator
from qiskit.synthesis import OneQubitEulerDecomposer

from nearclifford.arrays import Floats

Matrix = npt.NDArray[np.complex128]

# Elements of a unitary that differ by less, beside its largest ones, differ by rounding.
ROUNDING = 1e-11

# Letters of a Pauli string, that on qubit 0 first, and the angle φ of exp(-i φ P / 2).
Rotation = tuple[str, float]


def equal_up_to_phase(first: Matrix, second: Matrix) -> bool:
    """Return whether two unitary matrices are one up to rounding and a global phase.

    >>> equal_up_to_phase(np.eye(2), 1j * np.eye(2)), equal_up_to_phase(np.eye(2), np.diag([1, -1]))
    (True, False)
    """
    overlap = np.vdot(first, second)
    phase = overlap / abs(overlap) if abs(overlap) > 0 else 1.0
    return bool(np.abs(second - phase * first).max() < ROUNDING)


def clifford_of(unitary: Matrix) -> Clifford | None:
    """Return the Clifford that a unitary matrix is up to a global phase, None where it is none.

    >>> clifford_of(np.diag([1, 1j])).to_dict()["stabilizer"], clifford_of(np.diag([1, np.exp(1e-6j)])) is None
    (['+Z'], True)
    """
    size = np.abs(unitary)
    if size.max() ** 2 > ROUNDING + size[size > ROUNDING].min() ** 2:  # the entries of one have one size, but for zeros
        return None
    try:
        found = Clifford.from_matrix(unitary)
    except QiskitError:  # it is none
        return None
    return found if equal_up_to_phase(Operator(found).data, unitary) else None


def rotations(unitary: Matrix, n_qubits: int) -> Iterator[Rotation]:
    """Yield the Pauli rotations of a unitary, shape ``(2^n, 2^n)``, in time order and up to a global phase: about 4^n.

    >>> from qiskit.circuit.library import RYGate
    >>> [(letters, round(angle, 9) + 0.0) for letters, angle in rotations(RYGate(0.3).to_matrix(), 1)]
    [('Z', 0.0), ('Y', 0.3), ('Z', 0.0)]
    """
    if n_qubits == 1:
        theta, phi, lam = OneQubitEulerDecomposer("ZYZ").angles(unitary)
        yield from (("Z", lam), ("Y", theta), ("Z", phi))
    else:
        half = len(unitary) // 2
        left, angle, right = scipy.linalg.cossin(unitary, p=half, q=half, separate=True)
        yield from _choice(*(np.asarray(part, dtype=np.complex128) for part in right))
        yield from _multiplexed("Y", 2 * np.asarray(angle, dtype=np.float64), n_qubits)
        yield from _choice(*(np.asarray(part, dtype=np.complex128) for part in left))


def _choice(if_zero: Matrix, if_one: Matrix) -> Iterator[Rotation]:
    """Yield the rotations of one of two unitaries, chosen by the last qubit: V (D or D†) W with a diagonal D."""
    n_qubits = len(if_zero).bit_length()
    triangle, vectors = scipy.linalg.schur(if_zero @ if_one.conj().T, output="complex")
    phase = np.angle(np.diag(triangle)) / 2
    inner = np.exp(1j * phase)[:, None] * (vectors.conj().T @ if_one)
    yield from ((f"{letters}I", angle) for letters, angle in rotations(inner, n_qubits - 1))
    yield from _multiplexed("Z", -2 * phase, n_qubits)
    yield from ((f"{letters}I", angle) for letters, angle in rotations(vectors, n_qubits - 1))


def _multiplexed(letter: str, angle: Floats, n_qubits: int) -> Iterator[Rotation]:
    """Yield rotations about a letter on the last qubit, by an angle for each state of the others.

    They are a product over the strings of Z and I there, with the angles' Walsh-Hadamard transform.
    """
    for choice in range(len(angle)):
        bits = [(choice >> qubit) & 1 for qubit in range(n_qubits - 1)]
        signs = 1.0 - 2.0 * (np.bitwise_count(np.arange(len(angle)) & choice) & 1)
        yield "".join("Z" if bit else "I" for bit in bits) + letter, float(signs @ angle) / len(angle)
