"""The best Linear Clifford Encoder over all (term, parameter) pairs, found in normal form."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import stim
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import instance, one_of, positive
from nearclifford.encoder.encodable import chosen_parameters, chosen_terms, rotation_of
from nearclifford.encoder.encode import Encoding, EncodingProblem, Style, assemble, prepare
from nearclifford.encoder.inducer import Meeting, phase_inducer
from nearclifford.errors import EncodingError, IncompleteSearchWarning
from nearclifford.exact.center import ProductBasis, center_gradient, center_loss
from nearclifford.kernels.pauli import Strings, weighted_commutators
from nearclifford.normal_form.program import PauliTable

Objective = Literal["loss", "gradient", "norm"]

# A table of images takes T N / 4 bytes, and there may be as many inducers as candidates.
MOST_IMAGES = 256


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
    *,
    terms: Iterable[int] | None = None,
    parameters: Iterable[int | Parameter] | None = None,
    max_seconds: float | None = None,
    progress: bool = True,
) -> Encoding:
    """Return the best encoding over all terms of the observable and all parameters of the circuit.

    Parameters
    ----------
    circuit, observable, center, style : as for `encode`.
    objective : "loss", the least loss at the centre (the paper's MinimalLCE); "gradient", the largest ``|∂_k L|`` of
        the encoded component; or "norm", the largest norm of the gradient. Which one trains best, and whether any does,
        depends on the problem (see the notes).
    terms : indices into ``observable.simplify()``; only these are considered. None for all but the identity.
    parameters : indices into ``circuit.parameters``, or the parameters; only these are considered. None for all that
        turn exactly one gate.
    max_seconds : end the search after so long, with the best of what was judged until then and an
        `IncompleteSearchWarning`. One candidate at least is judged, whatever the limit. None for no limit.
    progress : show a bar on standard error where the search takes more than two seconds.

    Returns
    -------
    Encoding : of the best pair; of pairs that are equal to 1e-12 the one with the lowest term, then parameter.

    Raises
    ------
    EncodingError : as for `encode`, or if every parameter sits on no gate or on several: those are no candidates; or for
        terms or parameters that cannot be encoded.

    Notes
    -----
    Every candidate is judged by stabilizer expectations, exactly, and no circuit is built but the best. With T terms
    and D parameters there are T D candidates, of T ("loss", "gradient") or T D ("norm") Pauli tests each. They are
    taken rotation by rotation, in time order, and for each rotation term by term.

    A low loss at the centre is no good start by itself, and a circuit without a plateau needs no encoder. Losses after 200
    steps from σ = D^-1/2, means of 8 runs with standard errors, mHEA N = 12, L = 6 (`benchmarks/encoder_choices.py`):

    ========================  ==========  ==========  ==========  ==========
    ..                        plain       "loss"      "gradient"  "norm"
    ========================  ==========  ==========  ==========  ==========
    Heisenberg, GD 0.01       -14.9(10)   -6.6(4)     -16.3(6)    -17.5(3)
    Heisenberg, Adam 0.05     -19.4(2)    -19.3(3)    -18.5(7)    -18.96(0)
    Z on all qubits, GD 0.01  0.20(1)     -0.94(0)    -0.94(0)    -0.99(0)
    ========================  ==========  ==========  ==========  ==========

    Examples
    --------
    >>> import nearclifford as nc
    >>> circuit, observable = nc.ansatz.mhea(2, 0), nc.observables.ising(2, j=1.0, h=3.0)
    >>> best = nc.search_encoder(circuit, observable, objective="gradient")
    >>> best.term, best.parameter, best.gradient.tolist()
    (1, 1, [0.0, -6.0, 0.0, 0.0])
    >>> nc.search_encoder(circuit, observable, objective="gradient", parameters=[circuit.parameters[0]]).parameter
    0
    """
    from tqdm import tqdm

    start = time.monotonic()
    score = SCORES[one_of(objective, "objective", SCORES, EncodingError)]
    limit = math.inf if max_seconds is None else positive(max_seconds, "max_seconds", 60)
    instance(progress, bool, "progress", "False", EncodingError)
    problem = prepare(circuit, observable, center, style)
    some_terms = chosen_terms(problem.terms, terms)
    some_parameters = chosen_parameters(circuit, problem.program, parameters)
    total = len(some_terms) * len(some_parameters)
    found = candidates(problem, some_terms, some_parameters)
    bar = tqdm(found, desc="candidates", total=total, delay=2.0, disable=not progress)
    pair, judged = _best(problem, bar, score, start + limit)
    if judged < total:
        warnings.warn(
            f"search_encoder judged {judged:,} of {total:,} candidates in max_seconds = {limit:g}; the encoding is the best "
            "of those. Give it more seconds, or choose fewer candidates by terms= and parameters=.",
            IncompleteSearchWarning,
            stacklevel=2,
        )
    return assemble(problem, *pair)


def _best(
    problem: EncodingProblem, found: Iterable[Candidate], score: Score, deadline: float
) -> tuple[tuple[int, int], int]:
    """Return the best (term, parameter) of the candidates judged before the deadline, and how many these are."""
    scale = float(np.abs(problem.coefficients).sum() * max(1.0, np.abs(problem.program.angle_map.factor).max(initial=0.0)))
    best, best_score, judged = (-1, -1), np.inf, 0
    for judged, candidate in enumerate(found, start=1):  # noqa: B007  (it is returned)
        pair, value = (candidate.term, candidate.parameter), score(problem, candidate)
        if value < best_score - 1e-12 * scale or (value <= best_score + 1e-12 * scale and pair < best):
            best, best_score = pair, value
        if time.monotonic() > deadline:
            break
    return best, judged


def candidates(problem: EncodingProblem, terms: Collection[int], parameters: Collection[int]) -> Iterator[Candidate]:
    """Yield every chosen (term, parameter) in normal form, grouped by rotation; each must be encodable.

    >>> import nearclifford as nc
    >>> problem = prepare(nc.ansatz.mhea(2, 0), nc.observables.ising(2), None, "compact")
    >>> [(candidate.term, candidate.parameter) for candidate in candidates(problem, [0], [0, 1])]
    [(0, 0), (0, 1)]
    """
    turned_by: dict[int, list[int]] = {}
    for parameter in parameters:
        turned_by.setdefault(rotation_of(problem.program, parameter), []).append(parameter)
    images_of = None
    for meeting in problem.meetings(sorted(turned_by)):
        if images_of is None or problem.style == "paper":  # the pull-back has moved on; the compact one is the same for all
            images_of = _cached_images(problem, meeting)
        for term in terms:
            images = images_of(phase_inducer(problem.terms[term], meeting.axis))
            basis = problem.basis(meeting, images, term)
            for parameter in turned_by[meeting.rotation]:
                yield Candidate(term, parameter, meeting.rotation, images, basis)


def _cached_images(problem: EncodingProblem, meeting: Meeting) -> Callable[[stim.Circuit], PauliTable]:
    """Return the images by phase inducer; many candidates of a dense observable have few inducers between them."""
    without, cache = problem.images(meeting, stim.Circuit()), dict[str, PauliTable]()

    def images_of(fix: stim.Circuit) -> PauliTable:
        if (key := str(fix)) not in cache:
            if len(cache) == MOST_IMAGES:
                cache.clear()
            cache[key] = problem.changed_images(meeting, fix, without)
        return cache[key]

    return images_of


Score: TypeAlias = Callable[[EncodingProblem, Candidate], float]


def _loss(problem: EncodingProblem, candidate: Candidate) -> float:
    return center_loss(candidate.images, problem.coefficients, candidate.basis)


def _component(problem: EncodingProblem, candidate: Candidate) -> float:
    generators, basis = problem.program.generators, candidate.basis
    row = slice(candidate.rotation, candidate.rotation + 1)
    generator = Strings(generators.x[row], generators.z[row], generators.sign[row])
    by_angle = weighted_commutators(generator, candidate.images.strings, problem.coefficients, basis.x, basis.z)
    factor = problem.program.angle_map.factor[problem.program.angle_map.entry_parameter == candidate.parameter]
    return -abs(float(by_angle[0] * factor[0]))


def _norm(problem: EncodingProblem, candidate: Candidate) -> float:
    _, gradient = center_gradient(problem.with_images(candidate.images), candidate.basis)
    return -float(np.linalg.norm(gradient))


# Each score is least for the best candidate.
SCORES: dict[str, Score] = {
    "loss": _loss,
    "gradient": _component,
    "norm": _norm,
}
