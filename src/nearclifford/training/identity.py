"""What a run trains, as one text: a run goes on with the problem that it began with, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt

from nearclifford.errors import NearCliffordError
from nearclifford.evaluator import Evaluator, MeasuringEvaluator
from nearclifford.normal_form.problem import PauliProblem


def identity_of(evaluators: Iterable[Evaluator]) -> str:
    """Return the SHA-256 of the problems that evaluators evaluate: circuit, observable, centre, noise, order of a surrogate.

    Evaluators that tell no problem are told apart by their class and number of parameters.

    >>> import nearclifford as nc
    >>> circuit, (z, chain) = nc.ansatz.mhea(3, 1), (nc.observables.global_z(3), nc.observables.heisenberg(3))
    >>> one, same, other = nc.Landscape(circuit, z), nc.Landscape(circuit, z), nc.Landscape(circuit, chain)
    >>> identity_of([one]) == identity_of([same.exact]), identity_of([one]) == identity_of([other])
    (True, False)
    """
    digest = hashlib.sha256()
    for evaluator in evaluators:
        problem = getattr(evaluator, "problem", getattr(getattr(evaluator, "land", None), "problem", None))
        own = [getattr(evaluator, name, None) for name in ("kind", "order")]
        if not isinstance(problem, PauliProblem):
            own += [type(evaluator).__qualname__, evaluator.n_parameters]
        digest.update(repr(own).encode())
        for array in _arrays(problem) if isinstance(problem, PauliProblem) else ():
            digest.update(f"{array.dtype.str}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _arrays(problem: PauliProblem) -> list[npt.NDArray[Any]]:
    tables, angles = (problem.generators, problem.images), problem.angle_map
    arrays: list[npt.NDArray[Any]] = [part for table in tables for part in (table.x, table.z, table.sign)]
    arrays += [
        problem.coefficients,
        angles.center,
        angles.entry_rotation,
        angles.entry_parameter,
        angles.factor,
        angles.offset,
    ]
    return arrays + ([] if problem.channels is None else list(astuple(problem.channels)))


def streams_of(rng: np.random.Generator, evaluators: Sequence[Evaluator]) -> tuple[str, ...]:
    """Return the states of the rule's generator and of those of the evaluators with shots, as JSON.

    >>> streams_of(np.random.default_rng(1), [])[0][:26]
    '{"bit_generator": "PCG64",'
    """
    noisy = (evaluator.rng for evaluator in evaluators if isinstance(evaluator, MeasuringEvaluator))
    return tuple(json.dumps(one.bit_generator.state, default=lambda part: part.tolist()) for one in (rng, *noisy))


def generator_of(streams: Sequence[str]) -> np.random.Generator:
    """Return a generator of the kind of the rule's in `streams_of`, for `restore` to set."""
    name = json.loads(streams[0])["bit_generator"]
    return np.random.Generator(getattr(np.random, name)())


def restore(streams: Sequence[str], rng: np.random.Generator, evaluators: Sequence[Evaluator]) -> None:
    """Set the generators to states of `streams_of`; `NearCliffordError` where there are more, fewer or others."""
    generators = [rng, *(one.rng for one in evaluators if isinstance(one, MeasuringEvaluator))]
    if len(streams) != len(generators):
        raise NearCliffordError(
            f"The run that is resumed had {len(streams) - 1} evaluators with shots; expected as many now, and these are "
            f"{len(generators) - 1}."
        )
    for one, text in zip(generators, streams, strict=True):
        state = json.loads(text)
        if one.bit_generator.state["bit_generator"] != state.get("bit_generator"):
            raise NearCliffordError(
                f"The run that is resumed drew from a {state.get('bit_generator')}, and an evaluator draws from a "
                f"{one.bit_generator.state['bit_generator']}; prepare it with the same kind of generator, such as rng=7."
            )
        one.bit_generator.state = state
