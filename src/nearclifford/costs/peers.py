"""Classical methods of other packages, measured where they are installed: Aer's matrix product states and pauli-prop.

Neither knows what accuracy a resource gives, so the resource grows until the error over the thetas is below the tolerance,
or until the next try would not fit the budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import PauliList, SparsePauliOp

from nearclifford.arrays import Floats
from nearclifford.costs.contest import Contest, MethodCost
from nearclifford.normal_form.definitions import taken_apart
from nearclifford.normal_form.program import PauliTable

NO_REFERENCE = "no reference fits the budget"


@dataclass(frozen=True)
class Ladder:
    """The sizes of a resource to try, and how its cost grows from one to the next.

    Attributes
    ----------
    first, factor : the sizes are ``first``, ``first * factor``, ...
    growth : factor of the seconds from one size to the next.
    last : the largest size, from which on the method is exact.
    first_seconds : predicted seconds of the first size for one theta.
    """

    first: int
    factor: int
    growth: float
    last: float
    first_seconds: float


def climbed(
    cost: MethodCost, contest: Contest, reference: Floats | None, ladder: Ladder, values: Callable[[int], Floats]
) -> MethodCost:
    """Return the cost at the smallest size that reaches the tolerance, or why there is none."""
    if reference is None:
        return replace(cost, note=NO_REFERENCE)
    size, expected, tried = ladder.first, ladder.first_seconds * len(contest.theta), ""
    while expected <= contest.max_seconds:
        start = time.perf_counter()
        try:
            found = values(size)
        except Exception as failure:  # whatever a package of others raises, it is no reason to lose the other rows
            return replace(cost, note=f"{tried}failed at {size} {cost.unit}: {_in_short(failure)}")
        seconds = time.perf_counter() - start
        error = contest.rms(found, reference)
        if error <= contest.tolerance:
            return replace(cost, size=size, seconds=seconds / len(contest.theta), rms_error=error)
        if size >= ladder.last:
            return replace(cost, note=f"rms error {error:.1e} where it should be exact")
        tried = f"rms error {error:.1e} at {size} {cost.unit}; "
        size, expected = size * ladder.factor, seconds * ladder.growth
    return replace(cost, note=f"{tried}{size} {cost.unit} are beyond the budget")


def matrix_product_state(contest: Contest, reference: Floats | None) -> MethodCost:
    """Aer's matrix product states, the bond dimension doubled until it is enough."""
    land = contest.land
    cost = MethodCost("matrix product state (Aer)", "rms", "bonds")
    try:
        values = matrix_product_values(contest)
    except Exception as failure:
        return replace(cost, note=f"failed: {_in_short(failure)}")
    ladder = Ladder(2, 2, 4.0, 2.0 ** (land.n_qubits // 2), 1e-5 * contest.model.n_gates)
    found = climbed(cost, contest, reference, ladder, values)
    if found.size is None:
        return found
    return replace(found, nbytes=int(32 * land.n_qubits * found.size**2), note="seconds include Qiskit's binding")


def matrix_product_values(contest: Contest) -> Callable[[int], Floats]:
    """Return what gives the loss at the thetas of a contest by Aer's matrix product states, for a bond dimension.

    Raises whatever qiskit-aer raises, and `ImportError` where it is not installed.
    """
    land = contest.land
    simulator_of = import_module("qiskit_aer").AerSimulator
    plain = _in_gates_of(simulator_of(method="matrix_product_state"), taken_apart(land.circuit))

    def values(bonds: int) -> Floats:
        simulator = simulator_of(method="matrix_product_state", matrix_product_state_max_bond_dimension=bonds)
        circuits = []
        for theta in contest.theta:
            angles = dict(zip(land.problem.angle_map.parameters, theta.tolist(), strict=True))
            circuit = plain.assign_parameters(angles, strict=False)
            circuit.save_expectation_value(land.observable, range(land.n_qubits))
            circuits.append(circuit)
        result = simulator.run(circuits).result()
        if not result.success:
            raise RuntimeError(result.status)
        return np.array([result.data(k)["expectation_value"] for k in range(len(circuits))])

    return values


def _in_gates_of(simulator: Any, circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit in the standard gates that a simulator knows.

    They are named one by one: for a number of qubits only the simulator's target has a limit, not the simulator.
    """
    from qiskit import transpile
    from qiskit.circuit.library import get_standard_gate_name_mapping

    known = get_standard_gate_name_mapping()
    gates = [name for name in simulator.operation_names if name in known]
    return transpile(circuit, basis_gates=gates, optimization_level=0)


def pauli_propagation(contest: Contest, reference: Floats | None) -> MethodCost:
    """The package pauli-prop: truncated Pauli propagation, the number of strings multiplied by four until it is enough."""
    cost = MethodCost("Pauli propagation (pauli-prop)", "rms", "Pauli strings")
    try:
        package = import_module("pauli_prop")
    except ImportError:
        return replace(cost, note="pauli-prop is not installed")
    except Exception as failure:
        return replace(cost, note=f"failed: {_in_short(failure)}")
    # its buffer holds each string and its flip before equal ones are merged
    ladder = Ladder(16, 4, 4.0, 4.0 ** (contest.land.n_qubits + 1), 1e-6 * contest.land.problem.n_rotations)
    found = climbed(cost, contest, reference, ladder, lambda terms: propagated(package, contest, terms))
    if found.size is None:
        return found
    return replace(found, nbytes=int(found.size * (2 * contest.land.n_qubits + 8)))


def propagated(package: ModuleType, contest: Contest, max_terms: int) -> Floats:
    """Return the loss at the thetas of a contest by pauli-prop, from the rotations of the normal form."""
    land = contest.land
    program = land.program
    axes = [np.concatenate([x, z]) for x, z in zip(*letters(program.generators), strict=True)]
    observable = SparsePauliOp(
        PauliList.from_symplectic(*letters(land.problem.images)[::-1]), land.problem.coefficients * land.problem.images.sign
    )
    everywhere = [list(range(land.n_qubits))] * len(axes)
    values = []
    for angle in program.angle_map.angles(contest.theta):
        gates = package.RotationGates(axes, everywhere, (angle * program.generators.sign).tolist())
        evolved, _ = package.propagate_through_rotation_gates(observable, gates, max_terms, 0.0, "h")
        values.append(float(evolved.coeffs[~evolved.paulis.x.any(axis=1)].real.sum()))
    return np.array(values)


def _in_short(failure: Exception) -> str:
    """Return the kind of an exception and the first line of its text, at most 120 letters."""
    lines = str(failure).strip().splitlines()
    return f"{type(failure).__name__}{': ' if lines else ''}{lines[0][:120] if lines else ''}"


def letters(table: PauliTable) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.bool_]], ...]:
    """Return the x and z parts of a table of strings, bool, shape ``(n_rows, N)``.

    >>> import stim
    >>> x, z = letters(PauliTable.from_stim(3, [stim.PauliString("XYZ")]))
    >>> x.tolist(), z.tolist()
    ([[True, True, False]], [[False, True, True]])
    """
    parts = (np.unpackbits(part.view(np.uint8), axis=1, bitorder="little") for part in (table.x, table.z))
    return tuple(part[:, : table.n_qubits].astype(bool) for part in parts)
