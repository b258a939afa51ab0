"""The loss and its gradient at the Clifford centre, read off the normal form at any number of qubits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearclifford.arrays import Floats, Words
from nearclifford.errors import EncodingError
from nearclifford.kernels.pauli import expectations, weighted_commutators
from nearclifford.normal_form.program import PauliTable, RotationProgram


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

        The bits beyond the last qubit become Z too, which no string has a letter to feel.

        >>> basis = ProductBasis.of(np.array([5], dtype=np.uint64), np.array([4], dtype=np.uint64))     # X, I, Y
        >>> (basis.x & 7).tolist(), (basis.z & 7).tolist()
        ([5], [6])
        """
        return cls(x, z | ~x)


def require_clifford_center(program: RotationProgram) -> None:
    """Raise `EncodingError` where a rotation is not Clifford at the centre.

    The stabilizer formula holds only where every angle is a multiple of π/2 at the centre.

    >>> from qiskit import QuantumCircuit
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.t(0)
    >>> require_clifford_center(compile_circuit(circuit))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    nearclifford.errors.EncodingError: The encoder needs a Clifford centre, but rotation 0 (RZ on qubit 0) turns by 0.785...
    """
    off_grid = np.flatnonzero(program.offset)
    if not len(off_grid):
        return
    rotation = int(off_grid[0])
    raise EncodingError(
        f"The encoder needs a Clifford centre, but {program.describe(rotation)} turns by "
        f"{program.offset[rotation]:.6g} rad beyond a multiple of π/2 there ({len(off_grid)} such rotations in all). Make "
        "the fixed angle (a T gate is one of π/4) a parameter, or replace it by a multiple of π/2."
    )


def center_gradient(
    program: RotationProgram, images: PauliTable, coefficients: Floats, basis: ProductBasis | None = None
) -> tuple[float, Floats]:
    """Return the loss and its gradient by the parameters at the centre of a circuit.

    With ``L = Σ_a c_a <C† P_a C>`` and ``∂L/∂φ_j = Σ_a c_a <(i/2) [G_j, C† P_a C]>``, each expectation is -1, 0 or +1;
    the chain rule through the angle factors follows.

    Parameters
    ----------
    program : the circuit; every angle must be zero at the centre (`require_clifford_center`).
    images : the observable's terms pulled back, ``C† P_a C``, T rows.
    coefficients : float64, shape ``(T,)``.
    basis : the state that the circuit meets; |0…0> unless given.

    Returns
    -------
    loss : float, in units of the coefficients.
    gradient : float64, shape ``(D,)``, per radian of each parameter.

    Examples
    --------
    >>> import stim
    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import Parameter
    >>> from nearclifford.normal_form.compiler import compile_circuit
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.ry(2 * Parameter("a"), 0)
    >>> program = compile_circuit(circuit)
    >>> loss, gradient = center_gradient(program, PauliTable.from_stim(1, [stim.PauliString("X")]), np.array([0.5]))
    >>> loss, gradient.tolist()
    (0.0, [1.0])
    """
    require_clifford_center(program)
    state = basis or ProductBasis.zero(program.n_qubits)
    generators = program.generators
    by_angle: Floats = weighted_commutators(
        generators.x, generators.z, generators.sign, images.x, images.z, images.sign, coefficients, state.x, state.z
    )
    return center_loss(images, coefficients, state), program.to_parameters(by_angle)


def center_loss(images: PauliTable, coefficients: Floats, basis: ProductBasis) -> float:
    """Return the loss at the centre: ``Σ_a c_a <image a>``, each expectation -1, 0 or +1.

    >>> import stim
    >>> images = PauliTable.from_stim(2, [stim.PauliString("-ZZ"), stim.PauliString("XI")])
    >>> center_loss(images, np.array([0.5, 3.0]), ProductBasis.zero(2))
    -0.5
    """
    return float(coefficients @ expectations(images.x, images.z, images.sign, basis.x, basis.z))
