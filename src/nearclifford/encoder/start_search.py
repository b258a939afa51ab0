"""The encoding by a start state: descents from many states, and the best of them as gates in front of the circuit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import stim

from nearclifford.encoder.clock import Clock
from nearclifford.encoder.encode import Encoding, EncodingProblem, surround
from nearclifford.encoder.start_state import Start, StartSearch, pairs, starts
from nearclifford.exact.center import center_gradient
from nearclifford.normal_form.problem import PauliProblem
from nearclifford.normal_form.program import PauliTable


def search_start(problem: EncodingProblem, terms: Sequence[int], parameters: Sequence[int], clock: Clock) -> Encoding | None:
    """Return the encoding by the best start state, None where no term anticommutes with the axis of any rotation."""
    program = problem.program
    images = PauliTable.from_stim(program.n_qubits, [program.pull_back(string) for string in problem.terms])
    plain = problem.with_images(images)
    rotations = program.angle_map.entry_rotation[np.isin(program.angle_map.entry_parameter, parameters)]
    encoded = pairs(plain, np.unique(rotations).tolist(), terms)
    if not encoded:
        return None
    best = _best_start(plain, encoded, clock)
    gates = best.gates()
    started = PauliProblem(
        program.angle_map, program.generators.pulled_back(gates), images.pulled_back(gates), problem.coefficients
    )
    loss, gradient = center_gradient(started)
    parameter = parameters[int(np.abs(gradient[list(parameters)]).argmax())]
    term = _largest_part(started, terms, parameter)
    return surround(problem, (gates, stim.Circuit()), (term, parameter, -1), (loss, gradient))


def _best_start(problem: PauliProblem, encoded: Sequence[tuple[int, int]], clock: Clock) -> Start:
    """Return the best end of the descents; of ends that are equal to rounding the first."""
    search, judged, total = StartSearch(problem), 0, 1 + len(encoded)
    best: Start | None = None
    for judged, (letter, minus) in enumerate(clock.bar(starts(problem, encoded), "start states", total), start=1):  # noqa: B007
        found = search.descend(letter, minus, lambda: not clock.is_over())
        if best is None or found.after_step < best.after_step - search.rounding:
            best = found
        if clock.is_over():
            break
    assert best is not None
    clock.warn_if_incomplete(judged, total, "start states", below=2)
    return best


def _largest_part(problem: PauliProblem, terms: Sequence[int], parameter: int) -> int:
    """Return the term with the largest part in a component of the gradient at the centre, the first of equal ones."""
    parts = [abs(center_gradient(problem.take([term]))[1][parameter]) for term in terms]
    return terms[int(np.argmax(parts))]
