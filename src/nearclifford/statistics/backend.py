"""Where statistics come from: a backend is prepared for a question, then gives rounds of sums that add up.

The verbs (`nearclifford.statistics.verbs`) check the arguments, run the rounds until the budget ends and hand back the
result. A backend of one's own needs two methods, and a `Rounds` with two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, Self, TypeVar, runtime_checkable

import numpy as np

from nearclifford.arrays import Indices
from nearclifford.errors import DeviceError
from nearclifford.landscape import Landscape
from nearclifford.patches import Patch
from nearclifford.statistics.budget import FIRST_ROUND, Budget
from nearclifford.statistics.results import GradientStatistics, LossStatistics


class Sums(Protocol):
    """What some samples tell; those of more samples are their sum.

    Attributes
    ----------
    samples : how many thetas, or circuits for each component.
    total, total_error : the estimate that ``samples="auto"`` is to know, with its standard error: E‖∇L‖² of the chosen
        components, or E[L²]. An error of zero says that it is exact.
    """

    @property
    def samples(self) -> int: ...  # noqa: D102

    @property
    def total(self) -> float: ...  # noqa: D102

    @property
    def total_error(self) -> float: ...  # noqa: D102

    def __add__(self, other: Self, /) -> Self: ...


S = TypeVar("S", bound=Sums)
R = TypeVar("R", covariant=True)


class Rounds(ABC, Generic[S, R]):
    """One question, ready to be sampled: sums of type S, and a result of type R made of them; S adds up by ``+``.

    Attributes
    ----------
    first : samples of the first round where they are "auto"; each round doubles them.
    chunk : the most samples of one call of `run`; a round of more is made of several.
    least : a total of this size is the rounding of zero.

    >>> import nearclifford as nc
    >>> land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    >>> rounds = nc.Stabilizer().loss_rounds(land, nc.Gaussian(0.1), rng=np.random.default_rng(1))
    >>> sums = rounds.run(1024) + rounds.run(1024)
    >>> rounds.result(sums).samples
    2048
    """

    first: int = FIRST_ROUND
    chunk: int = 2**62
    least: float = 0.0

    @abstractmethod
    def run(self, samples: int) -> S:
        """Return the sums of about so many more samples, at most `chunk`; their ``samples`` say how many there were."""

    @abstractmethod
    def result(self, sums: S) -> R:
        """Return the statistics."""

    def begin(self, ends: float) -> None:
        """Hear before the first round when its time is over, by `time.monotonic`; infinite for a number of samples.

        It is for what takes long to make before there are samples; most need not know.
        """
        del ends

    def settled(self, sums: S, seconds: float) -> S:
        """Return the sums with what is certain after all called so; asked once, after the first round of "auto".

        About a tenth of ``seconds`` may go into finding out.
        """
        del seconds
        return sums


@runtime_checkable
class Backend(Protocol):
    """Where statistics come from: `Statevector`, `Stabilizer`, `Aer`, or one's own.

    Both methods get what the verb has checked: a landscape, a patch of as many widths as the landscape has parameters,
    indices of parameters, and the generator that all randomness comes from. CONTRIBUTING.md has one of a page.

    >>> import nearclifford as nc
    >>> isinstance(nc.Stabilizer(), Backend), isinstance(nc.Gaussian(0.1), Backend)
    (True, False)
    """

    def gradient_rounds(
        self, land: Landscape, patch: Patch, parameters: Indices, *, rng: np.random.Generator
    ) -> Rounds[Any, GradientStatistics]:
        """Return the rounds of the moments of the chosen components of the gradient."""
        ...

    def loss_rounds(self, land: Landscape, patch: Patch, *, rng: np.random.Generator) -> Rounds[Any, LossStatistics]:
        """Return the rounds of the moments of the loss."""
        ...


def collected(rounds: Rounds[S, R], budget: Budget) -> R:
    """Return the result of round after round until the budget ends; a `DeviceError` carries that of what was measured."""
    sums: S | None = None
    rounds.begin(budget.ends)
    while True:
        made, total, error = (0, 0.0, 0.0) if sums is None else (sums.samples, sums.total, sums.total_error)
        wanted = budget.next_round(made, total, error, rounds.least, rounds.first)
        if sums is not None and wanted <= 0:
            return rounds.result(sums)
        sums = _one_round(rounds, sums, wanted)
        if made == 0 and budget.samples is None:
            sums = rounds.settled(sums, budget.max_seconds)


def _one_round(rounds: Rounds[S, R], sums: S | None, samples: int) -> S:
    for start in range(0, samples, rounds.chunk):
        try:
            part = rounds.run(min(rounds.chunk, samples - start))
        except DeviceError as failure:
            failure.statistics = rounds.result(sums) if sums is not None and sums.samples > 1 else None
            raise
        sums = part if sums is None else sums + part
    assert sums is not None
    return sums
