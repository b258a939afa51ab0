"""The best Linear Clifford Encoder over all (term, parameter) pairs, found in normal form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.center import ProductBasis, center_gradient, center_loss
from nearclifford.encoder import Encoding, EncodingProblem, Style, assemble, prepare
from nearclifford.errors import EncodingError
from nearclifford.inducer import phase_inducer
from nearclifford.kernels.pauli import weighted_commutators
from nearclifford.rotations import PauliTable

Objective = Literal["loss", "gradient", "norm"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One (term, parameter) in normal form: what the encoded circuit is at the centre.

    Attributes
    ----------
    term, parameter, rotation : indices a, k and that of the rotation that k turns.
    images : the observable's terms pulled back, T rows.
    basis : the product state that the circuit meets.
    """

    term: int
    parameter: int
    rotation: int
    images: PauliTable
    basis: ProductBasis


def search_encoder(
    circuit: QuantumCircuit,
    observable: SparsePauliOp,
    objective: Objective = "loss",
    center: npt.ArrayLike | None = None,
    style: Style = "compact",
) -> Encoding:
    """Return the best encoding over all terms of the observable and all parameters of the circuit.

    Parameters
    ----------
    circuit, observable, center, style : as for `encode`.
    objective : "loss", the least loss at the centre (the paper's MinimalLCE); "gradient", the largest ``|∂_k L|`` of
        the encoded component; or "norm", the largest norm of the gradient.

    Returns
    -------
    Encoding : of the best pair; of pairs that are equal to 1e-12 the one with the lowest term, then parameter.

    Raises
    ------
    EncodingError : as for `encode`, or if every parameter sits on no gate or on several: those are no candidates.

    Notes
    -----
    Every candidate is judged by stabilizer expectations, exactly, and no circuit is built but the best. With T terms
    and D parameters there are T D candidates, of T ("loss", "gradient") or T D ("norm") Pauli tests each.

    Examples
    --------
    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import ParameterVector
    >>> from qiskit.quantum_info import SparsePauliOp
    >>> theta, circuit = ParameterVector("theta", 2), QuantumCircuit(2)
    >>> _ = circuit.ry(theta[0], 0), circuit.ry(theta[1], 1), circuit.cx(0, 1)
    >>> best = search_encoder(circuit, SparsePauliOp(["ZZ", "XI"], [1.0, -3.0]), objective="gradient")
    >>> best.term, best.parameter, best.gradient.tolist()
    (1, 0, [3.0, 0.0])
    """
    if objective not in SCORES:
        raise EncodingError(f"objective is {objective!r}; expected one of {', '.join(map(repr, SCORES))}")
    problem = prepare(circuit, observable, center, style)
    score = SCORES[objective]
    scale = float(np.abs(problem.coefficients).sum() * max(1.0, np.abs(problem.program.factor).max(initial=0.0)))
    best, best_score = (-1, -1), np.inf
    for candidate in candidates(problem):
        pair, value = (candidate.term, candidate.parameter), score(problem, candidate)
        if value < best_score - 1e-12 * scale or (value <= best_score + 1e-12 * scale and pair < best):
            best, best_score = pair, value
    if best[0] < 0:
        raise EncodingError(
            f"each of the {len(problem.program.parameters)} parameters turns no rotation or several; "
            "the encoder needs one that turns exactly one: give a gate a parameter of its own"
        )
    return assemble(problem, *best)


def candidates(problem: EncodingProblem) -> Iterator[Candidate]:
    """Yield every (term, parameter) that can be encoded, in normal form, grouped by rotation.

    >>> from qiskit import QuantumCircuit
    >>> from qiskit.circuit import ParameterVector
    >>> from qiskit.quantum_info import SparsePauliOp
    >>> theta, circuit = ParameterVector("theta", 2), QuantumCircuit(2)
    >>> _ = circuit.rx(theta[0], 0), circuit.rx(theta[1], 1)
    >>> problem = prepare(circuit, SparsePauliOp(["ZI", "II"]), None, "compact")
    >>> [(candidate.term, candidate.parameter) for candidate in candidates(problem)]
    [(0, 0), (0, 1)]
    """
    program = problem.program
    counts = np.bincount(program.entry_parameter, minlength=program.n_parameters)
    turned_by: dict[int, list[int]] = {}
    for rotation, parameter in zip(program.entry_rotation.tolist(), program.entry_parameter.tolist(), strict=True):
        if counts[parameter] == 1:
            turned_by.setdefault(rotation, []).append(parameter)
    images_by_fix: dict[str, PauliTable] = {}
    for meeting in problem.meetings(turned_by):
        if problem.style == "paper":  # the pull-back has moved on; the compact one is the same for all
            images_by_fix.clear()
        for term, string in enumerate(problem.terms):
            if not string.weight:
                continue
            fix = phase_inducer(string, meeting.axis)
            if (key := str(fix)) not in images_by_fix:
                images_by_fix[key] = problem.images(meeting, fix)
            images = images_by_fix[key]
            basis = problem.basis(meeting, images, term)
            for parameter in turned_by[meeting.rotation]:
                yield Candidate(term, parameter, meeting.rotation, images, basis)


def _loss(problem: EncodingProblem, candidate: Candidate) -> float:
    return center_loss(candidate.images, problem.coefficients, candidate.basis)


def _component(problem: EncodingProblem, candidate: Candidate) -> float:
    generators = problem.program.generators
    row, images, basis = slice(candidate.rotation, candidate.rotation + 1), candidate.images, candidate.basis
    by_angle = weighted_commutators(
        generators.x[row],
        generators.z[row],
        generators.sign[row],
        images.x,
        images.z,
        images.sign,
        problem.coefficients,
        basis.x,
        basis.z,
    )
    factor = problem.program.factor[problem.program.entry_parameter == candidate.parameter]
    return -float(np.abs(by_angle * factor)[0])


def _norm(problem: EncodingProblem, candidate: Candidate) -> float:
    _, gradient = center_gradient(problem.program, candidate.images, problem.coefficients, candidate.basis)
    return -float(np.linalg.norm(gradient))


# Each score is least for the best candidate.
SCORES: dict[str, Callable[[EncodingProblem, Candidate], float]] = {
    "loss": _loss,
    "gradient": _component,
    "norm": _norm,
}
