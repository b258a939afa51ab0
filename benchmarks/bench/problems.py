"""Problems as plain data: gates, observable, angles, for contenders that know nothing of each other.

A gate is ``[name, qubits, k]``, k the index of its angle or None; for ``"unitary"`` k is the seed of its matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# letters, the qubits that they stand on, coefficient
Term = tuple[str, list[int], float]


def mhea(n_qubits: int, layers: int, observable: list[Term] | None = None, **more: Any) -> dict[str, Any]:
    """Return mHEA: per layer RY and RZ on every qubit, then CX round the ring; Z on every qubit unless told otherwise."""
    gates: list[list[Any]] = []
    for layer in range(layers + 1):
        for first, name in ((2 * n_qubits * layer, "ry"), (2 * n_qubits * layer + n_qubits, "rz")):
            gates += [[name, [qubit], first + qubit] for qubit in range(n_qubits)]
        if layer < layers:
            gates += [["cx", [(qubit - 1) % n_qubits, qubit], None] for qubit in range(n_qubits)]
    return _problem(n_qubits, layers, gates, observable, 2 * n_qubits * (layers + 1), more)


def brickwork_of_fixed_unitaries(n_qubits: int, layers: int, **more: Any) -> dict[str, Any]:
    """Return layers of RY and RZ between random fixed gates of two qubits, which are far from Clifford."""
    gates: list[list[Any]] = []
    for layer in range(layers):
        for first, name in ((2 * n_qubits * layer, "ry"), (2 * n_qubits * layer + n_qubits, "rz")):
            gates += [[name, [qubit], first + qubit] for qubit in range(n_qubits)]
        gates += [["unitary", [qubit, qubit + 1], layer * n_qubits + qubit] for qubit in range(layer % 2, n_qubits - 1, 2)]
    return _problem(n_qubits, layers, gates, None, 2 * n_qubits * layers, more)


def heisenberg(n_qubits: int) -> list[Term]:
    """Return the open Heisenberg chain with unit couplings, XX + YY + ZZ on every bond."""
    return [(2 * letter, [qubit, qubit + 1], 1.0) for qubit in range(n_qubits - 1) for letter in "XYZ"]


def _problem(n_qubits, layers, gates, observable, n_parameters, more):
    terms = observable or [("Z" * n_qubits, list(range(n_qubits)), 1.0)]
    return {
        "n_qubits": n_qubits, "layers": layers, "gates": gates, "terms": terms, "n_parameters": n_parameters,
        "sigma": 1.0, "count": 16, "seed": 7, **more,
    }  # fmt: skip


def thetas(problem: dict[str, Any]) -> np.ndarray:
    """Return the angles, shape ``(count, D)``, radians."""
    return np.random.default_rng(problem["seed"]).normal(size=(problem["count"], problem["n_parameters"])) * problem["sigma"]


def unitary(seed: int) -> np.ndarray:
    """Return a random gate of two qubits; the first qubit of a gate is the lowest bit of the index, as in Qiskit."""
    parts = np.random.default_rng([seed, 4]).normal(size=(2, 4, 4))
    return np.linalg.qr(parts[0] + 1j * parts[1])[0]


def labels(problem: dict[str, Any]) -> list[tuple[str, float]]:
    """Return the terms as full labels whose first letter belongs to qubit 0."""
    found = []
    for letters, qubits, coefficient in problem["terms"]:
        label = ["I"] * problem["n_qubits"]
        for letter, qubit in zip(letters, qubits, strict=True):
            label[qubit] = letter
        found.append(("".join(label), coefficient))
    return found


def qiskit_circuit(problem: dict[str, Any]):
    """Return Qiskit's circuit, its parameters in the order of the angles."""
    from qiskit import QuantumCircuit
    from qiskit.circuit import ParameterVector

    circuit, theta = QuantumCircuit(problem["n_qubits"]), ParameterVector("t", problem["n_parameters"])
    for name, qubits, index in problem["gates"]:
        if name == "unitary":
            circuit.unitary(unitary(index), qubits)
        elif index is None:
            getattr(circuit, name)(*qubits)
        else:
            getattr(circuit, name)(theta[index], *qubits)
    return circuit


def qiskit_observable(problem: dict[str, Any]):
    """Return Qiskit's observable."""
    from qiskit.quantum_info import SparsePauliOp

    return SparsePauliOp.from_sparse_list(
        [(letters, qubits, coefficient) for letters, qubits, coefficient in problem["terms"]], problem["n_qubits"]
    )


def rotations(problem: dict[str, Any]) -> tuple[list[tuple[str, float, int]], list[tuple[str, float]]]:
    """Return (label, sign, k) of every rotation after the Clifford gates have been moved away, and the observable's terms.

    Labels start with qubit 0 and have ``_`` for the identity. By stim's tableaus: U = C R'_n ... R'_1.
    """
    import stim

    simulator = stim.TableauSimulator()
    simulator.set_num_qubits(problem["n_qubits"])
    turns, inverse = [], simulator.current_inverse_tableau()
    for name, qubits, index in problem["gates"]:
        if index is None:
            getattr(simulator, name)(*qubits)
            inverse = None
            continue
        inverse = simulator.current_inverse_tableau() if inverse is None else inverse
        word = stim.PauliString(problem["n_qubits"])
        word[qubits[0]] = name[-1].upper()
        moved = inverse(word)
        turns.append((str(moved)[1:], moved.sign.real, index))
    inverse = simulator.current_inverse_tableau()
    images = [(inverse(stim.PauliString(label)), coefficient) for label, coefficient in labels(problem)]
    return turns, [(str(image)[1:], coefficient * image.sign.real) for image, coefficient in images]
