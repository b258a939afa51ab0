"""The loss and its gradient at the Clifford centre, read off the normal form at any number of qubits.

Source: docs/theory.md, "The Clifford centre".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Words
from nearclifford.kernels.pauli import expectations, weighted_commutators
from nearclifford.normal_form.problem import KNOW_NOISE, PauliProblem
from nearclifford.normal_form.program import PauliTable


@dataclass(frozen=True, eq=False)
class ProductBasis:
    """A product of Pauli eigenstates: on each qubit the +1 eigenstate of one letter.

    Attributes
    ----------
    x, z : uint64, shape ``(ceil(N / 64),)``, packed as the rows of a `PauliTable`.
    """

    x: Words
    z: Words

    @classmethod
    def zero(cls, n_qubits: int) -> ProductBasis:
        """Return |0…0>: the letter Z on every qubit.

        >>> basis = ProductBasis.zero(3)
        >>> (basis.x & 7).tolist(), (basis.z & 7).tolist()
        ([0], [7])
        """
        no_letters = np.zeros((n_qubits + 63) // 64, dtype=np.uint64)
        return cls.of(no_letters, no_letters)

    @classmethod
    def of(cls, x: Words, z: Words) -> ProductBasis:
        """Return the state stabilized by the letters of a packed string, and by Z where the string is I.

        The bits beyond the last qubit become Z too; no string has a letter there.

        >>> basis = ProductBasis.of(np.array([5], dtype=np.uint64), np.array([4], dtype=np.uint64))     # X, I, Y
        >>> (basis.x & 7).tolist(), (basis.z & 7).tolist()
        ([5], [6])
        """
        return cls(x, z | ~x)


def center_gradient(problem: PauliProblem, basis: ProductBasis | None = None) -> tuple[float, Floats]:
    """Return the loss and its gradient by the parameters at the centre, at any number of qubits.

    With ``L = Σ_a c_a <P'_a>`` and ``∂L/∂φ_j = Σ_a c_a <(i/2) [G_j, P'_a]>``, each expectation is -1, 0 or +1; the chain
    rule through the angle factors follows.

    Parameters
    ----------
    problem : every angle must be zero at the centre (`AngleMap.require_clifford`).
    basis : the state that the circuit meets; |0…0> unless given.

    Returns
    -------
    loss : float, in units of the coefficients.
    gradient : float64, shape ``(D,)``, per radian of each parameter.

    Examples
    --------
    >>> import nearclifford as nc
    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import Parameter
    >>> from qiskit.quantum_info import SparsePauliOp
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.ry(2 * Parameter("a"), 0)
    >>> loss, gradient = center_gradient(nc.Landscape(circuit, SparsePauliOp("X", 0.5)).problem)
    >>> loss, gradient.tolist()
    (0.0, [1.0])
    """
    problem.require_noiseless("An expansion at the centre", KNOW_NOISE)
    state = basis or ProductBasis.zero(problem.n_qubits)
    by_angle: Floats = weighted_commutators(
        problem.generators.strings, problem.images.strings, problem.coefficients, state.x, state.z
    )
    return center_loss(problem.images, problem.coefficients, state), problem.angle_map.to_parameters(by_angle)


def center_loss(images: PauliTable, coefficients: Floats, basis: ProductBasis) -> float:
    """Return the loss at the centre: ``Σ_a c_a <image a>``, each expectation -1, 0 or +1.

    >>> import stim
    >>> images = PauliTable.from_stim(2, [stim.PauliString("-ZZ"), stim.PauliString("XI")])
    >>> center_loss(images, np.array([0.5, 3.0]), ProductBasis.zero(2))
    -0.5
    """
    return float(coefficients @ expectations(images.strings, basis.x, basis.z))
