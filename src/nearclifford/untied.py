"""A parameter for each gate: a circuit whose angles are shared, and the same circuit with independent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.quantum_info import SparsePauliOp
from scipy import sparse

from nearclifford.arguments import one_of, real_array, thetas
from nearclifford.arrays import Floats
from nearclifford.errors import CircuitError, NearCliffordError
from nearclifford.normal_form.affine import Angle, affine, quarter_turns
from nearclifford.normal_form.compiler import RESIDUAL_TOLERANCE, require_circuit
from nearclifford.normal_form.final_measurements import without_final_measurements
from nearclifford.normal_form.gates import QISKIT_METHODS
from nearclifford.normal_form.walk import GateWalk

# Rotations that have a gate of their own; any other Pauli string becomes an evolution.
NAMED_AXES = {"X": "rx", "Y": "ry", "Z": "rz", "XX": "rxx", "YY": "ryy", "ZZ": "rzz", "ZX": "rzx"}


@dataclass(frozen=True, eq=False)
class UntiedCircuit:
    """A circuit with a parameter of its own for each rotation, and how its parameters follow from the tied ones.

    ``θ_untied = offset + A θ_tied``, so that both circuits prepare one state, up to a global phase, and
    ``∇_tied = Aᵀ ∇_untied``: the chain rule.

    Attributes
    ----------
    circuit : of single and two-qubit Clifford gates and of rotations, one parameter each.
    origin : for each parameter of ``circuit``, in the order of ``circuit.parameters``, the indices of the tied parameters in
        its angle; empty for an angle that was fixed.
    matrix : A, sparse, shape ``(D_untied, D_tied)``.
    offset : float64, shape ``(D_untied,)``, radians: what was fixed.

    >>> import nearclifford as nc
    >>> b = Parameter("b")
    >>> circuit = QuantumCircuit(2)
    >>> for gate in (circuit.ry(b, 0), circuit.cx(0, 1), circuit.rx(2 * b, 1)): pass
    >>> untied = nc.untie(circuit)
    >>> [parameter.name for parameter in untied.circuit.parameters], untied.theta([0.3]).tolist()
    (['b_0', 'b_1'], [0.3, 0.3])
    >>> land = nc.Landscape(untied.circuit, SparsePauliOp("ZI"))
    >>> tied = nc.Landscape(circuit, SparsePauliOp("ZI"))
    >>> bool(np.allclose(untied.gradient(land.gradient(untied.theta([0.3]))), tied.gradient([0.3])))
    True
    """

    circuit: QuantumCircuit
    origin: tuple[tuple[int, ...], ...]
    matrix: sparse.csr_array
    offset: Floats

    def theta(self, tied: npt.ArrayLike) -> Floats:
        """Return the parameters of ``circuit`` at those of the tied one: shape ``(..., D_tied)`` to ``(..., D_untied)``.

        Raises `NearCliffordError` for a wrong length or dtype, NaN or infinity.
        """
        points = thetas(tied, self.matrix.shape[1])
        found = (self.matrix @ points.reshape(-1, points.shape[-1]).T).T + self.offset
        return np.ascontiguousarray(found).reshape(*points.shape[:-1], len(self.offset))

    def gradient(self, untied: npt.ArrayLike) -> Floats:
        """Return a gradient by the tied parameters: shape ``(..., D_untied)`` to ``(..., D_tied)``.

        Raises `NearCliffordError` for a wrong length or dtype.
        """
        given = real_array(untied, "untied")
        if given.ndim == 0 or given.shape[-1] != len(self.offset):
            raise NearCliffordError(f"untied has shape {given.shape}; expected (..., {len(self.offset)}).")
        found = self.matrix.T @ given.astype(np.float64).reshape(-1, given.shape[-1]).T
        return np.ascontiguousarray(found.T).reshape(*given.shape[:-1], self.matrix.shape[1])


def untie(circuit: QuantumCircuit, fixed: Literal["keep", "free"] = "keep") -> UntiedCircuit:
    """Return the circuit with a parameter of its own for every rotation.

    Composite gates are taken apart: a ``PauliEvolutionGate`` of many terms becomes a rotation for each. A parameter that
    stands alone in an angle keeps its factor there, ``rx(2 * b)`` becomes ``rx(2 * b_3)``, so that a patch of one width
    means the same for both. An angle of several parameters, ``rz(a + b)``, becomes one parameter, ``rz(a+b_3)``. Names
    end in the number of the new parameter in time order. Methods that need independent angles then take the circuit; what
    they tell is the answer to another question, of angles that vary one by one.

    Parameters
    ----------
    circuit : as for `Landscape`: angles affine in the parameters. Barriers and the global phase are dropped.
    fixed : "keep" leaves fixed angles as they are; "free" makes a parameter of each angle whose fixed part is no multiple of
        π/2, the whole of it: ``t`` becomes ``rz(fixed_3)``, and π/4 is in ``offset``.

    Raises
    ------
    CircuitError : as for `Landscape`, and where no parameter would be left.

    >>> import nearclifford as nc
    >>> circuit = QuantumCircuit(1)
    >>> for gate in (circuit.t(0), circuit.rx(Parameter("a") + Parameter("b"), 0)): pass
    >>> untied = nc.untie(circuit, fixed="free")
    >>> [parameter.name for parameter in untied.circuit.parameters], untied.theta([0.25, 0.5]).round(4).tolist()
    (['a+b_1', 'fixed_0'], [0.75, 0.7854])
    """
    one_of(fixed, "fixed", ("keep", "free"), CircuitError)
    require_circuit(circuit)
    unmeasured = without_final_measurements(circuit)
    names = [parameter.name for parameter in unmeasured.parameters]
    walk = _Untying(unmeasured, fixed == "free")
    walk.follow(unmeasured)
    if not walk.made:
        raise CircuitError("The circuit has no rotation with a parameter, so there is nothing to untie.")
    return walk.untied(names)


@dataclass(frozen=True)
class _Made:
    """A parameter that was made for the angle ``constant + Σ factor θ_k``, entries (k, factor)."""

    entries: tuple[tuple[int, float], ...]
    constant: float
    place: int


class _Untying(GateWalk):
    """Writes what it meets to a new circuit, with placeholders for the parameters, which are named once all are known."""

    def __init__(self, circuit: QuantumCircuit, free: bool) -> None:
        self.written = QuantumCircuit(circuit.num_qubits, name=circuit.name)
        self.index = {parameter: k for k, parameter in enumerate(circuit.parameters)}
        self.free = free
        self.made: dict[Parameter, _Made] = {}

    def clifford(self, name: str, *qubits: int) -> None:
        """Append a Clifford primitive."""
        for method in QISKIT_METHODS[name]:
            getattr(self.written, method)(*qubits)

    def rotate(self, axis: str, qubits: Sequence[int], angle: Angle) -> None:
        """Append a rotation by a parameter of its own, or by a number."""
        constant, entries = affine(angle, self.index, self.where)
        off_grid = abs(quarter_turns(constant, 0.0)[1]) > RESIDUAL_TOLERANCE
        if self.free and off_grid:
            self._append(axis, qubits, self._parameter(tuple(entries), constant))
        elif not entries:
            self._append(axis, qubits, constant)
        elif len(entries) == 1:
            ((k, factor),) = entries
            self._append(axis, qubits, factor * self._parameter(((k, 1.0),), 0.0) + constant)
        else:
            self._append(axis, qubits, self._parameter(tuple(entries), 0.0) + constant)

    def _parameter(self, entries: tuple[tuple[int, float], ...], constant: float) -> Parameter:
        parameter = Parameter(f"untied {len(self.made)}")
        self.made[parameter] = _Made(entries, constant, len(self.made))
        return parameter

    def _append(self, axis: str, qubits: Sequence[int], angle: Angle) -> None:
        if axis in NAMED_AXES:
            getattr(self.written, NAMED_AXES[axis])(angle, *qubits)
        else:
            self.written.append(PauliEvolutionGate(SparsePauliOp(axis[::-1]), angle / 2), list(qubits))

    def untied(self, tied: Sequence[str]) -> UntiedCircuit:
        """Return what was written, its parameters named and the maps in the order of ``circuit.parameters``."""
        digits = len(str(max(len(self.made) - 1, 0)))
        named = {
            parameter: Parameter("+".join(tied[k] for k, _ in made.entries) + f"_{made.place:0{digits}d}")
            if made.entries
            else Parameter(f"fixed_{made.place:0{digits}d}")
            for parameter, made in self.made.items()
        }
        circuit = self.written.assign_parameters(named)
        of_name = {named[parameter].name: made for parameter, made in self.made.items()}
        made = [of_name[parameter.name] for parameter in circuit.parameters]
        entries = [(row, k, factor) for row, one in enumerate(made) for k, factor in one.entries]
        rows, columns, factors = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = sparse.csr_array((np.array(factors, float), (rows, columns)), shape=(len(made), len(tied)))
        origin = tuple(tuple(k for k, _ in one.entries) for one in made)
        return UntiedCircuit(circuit, origin, matrix, np.array([one.constant for one in made]))
