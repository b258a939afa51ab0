"""How entangled the states of a patch are, at any number of qubits: the verb."""

from __future__ import annotations

from typing import Literal

import numpy.typing as npt
from qiskit import QuantumCircuit

from nearclifford.arguments import Seed, generator
from nearclifford.chains.mixed_qubits import MixedQubits
from nearclifford.errors import CircuitError, NearCliffordError
from nearclifford.normal_form.angles import SAMPLE_ANGLES, UNTIE
from nearclifford.normal_form.compiler import compile_circuit, require_circuit
from nearclifford.patches import Patch, require_patch
from nearclifford.statistics.backend import collected
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.entanglement import EntanglingCapability, EntanglingRounds


def entangling_capability(
    circuit: QuantumCircuit,
    patch: Patch,
    center: npt.ArrayLike | None = None,
    samples: int | Literal["auto"] = "auto",
    *,
    rng: Seed = None,
    rel_error: float = 0.01,
    max_seconds: float = 60.0,
) -> EntanglingCapability:
    """Return E[Q] over a patch, the mean entanglement of the circuit's states by Meyer and Wallach, at any number of qubits.

    Q is the mean over the qubits of 2 (1 - Tr ρ_k²) (Meyer and Wallach, J. Math. Phys. 43, 4273; in this form Brennen,
    Quantum Inf. Comput. 3, 619); its mean over parameters is the entangling capability of Sim, Johnson and Aspuru-Guzik
    (Adv. Quantum Technol. 2, 1900070). For each qubit it is the chance that a random Clifford circuit leaves the qubit
    mixed. Circuits in which no angle turns are known in closed form and never drawn where they are frequent, so that a
    small E[Q] near a product state has a small relative error, and so has 1 - E[Q] near a state such as that of GHZ.

    Parameters
    ----------
    circuit : Clifford gates and Pauli rotations on N qubits, each rotation with a parameter of its own; D >= 1 parameters.
    patch : `Gaussian` or `Uniform`, of one width or of one for each parameter, radians.
    center : multiples of π/2, shape ``(D,)``, radians, in the order of ``circuit.parameters``; 0 by default.
    samples : random Clifford circuits for each qubit, at least 2; or "auto": more and more until the standard error is at
        most ``rel_error * E[Q]``, or ``max_seconds`` are over.
    rng : seed or generator; one seed gives the same numbers on any number of threads, unless the time ends the sampling.
    rel_error, max_seconds : where "auto" stops.

    Raises
    ------
    CircuitError : a gate or centre that the compiler refuses, or no parameter.
    NearCliffordError : angles that are not independent, fewer than 2 samples, a patch that does not fit.

    Examples
    --------
    RY(a) on qubit 0, then CX: Q = sin² a.

    >>> import nearclifford as nc
    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(2)
    >>> _ = circuit.ry(Parameter("a"), 0), circuit.cx(0, 1)
    >>> found = nc.entangling_capability(circuit, nc.Gaussian(1e-4), rng=7)
    >>> bool(abs(found.value - nc.Gaussian(1e-4).sine_square_mean()) < 1e-20), found.center
    (True, 0.0)
    """
    require_patch(patch)
    require_circuit(circuit)
    if not circuit.parameters:
        raise CircuitError(
            "The circuit has no parameters: an average over a patch needs at least one. Leave a rotation's angle as a "
            "qiskit.circuit.Parameter; qiskit.quantum_info.partial_trace has the entanglement of one state."
        )
    program, budget = compile_circuit(circuit, center), Budget.of(samples, rel_error, max_seconds)
    random = generator(rng)
    try:
        qubits = MixedQubits(program, patch, random)
    except NearCliffordError as error:
        # there is no backend to choose here
        raise NearCliffordError(str(error).replace(SAMPLE_ANGLES, UNTIE)) from None
    return collected(EntanglingRounds(qubits), budget)
