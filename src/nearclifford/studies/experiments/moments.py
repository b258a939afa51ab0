"""Second moments of the loss and of its gradient over a patch: plateaus and Hamiltonians at any number of qubits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nearclifford.ansatz import ANSATZE
from nearclifford.arguments import boolean
from nearclifford.landscape import Landscape
from nearclifford.patches import Gaussian
from nearclifford.statistics.backend import Backend, collected
from nearclifford.statistics.budget import Budget
from nearclifford.statistics.particles import Particles
from nearclifford.statistics.stabilizer import Stabilizer
from nearclifford.studies.chosen import Ask, by_chains, by_chains_or_particles
from nearclifford.studies.draws import Draws, means
from nearclifford.studies.experiment import Experiment
from nearclifford.studies.fits import fits_frame, fits_text
from nearclifford.studies.points import Point
from nearclifford.studies.printing import circuit_title, encoder_title, table_text, with_error
from nearclifford.studies.problem import Prepared, prepare, preparing_seconds
from nearclifford.studies.rules import sigma_value
from nearclifford.studies.settings import at_least, each, named, setting

if TYPE_CHECKING:
    import pandas as pd

BACKENDS: dict[str, Backend] = {"stabilizer": Stabilizer(), "particles": Particles()}
# What is measured, and what tables and figures call it.
QUANTITIES = {
    "second_moment": "E[L²]",
    "variance": "Var L",
    "squared_norm": "E‖∇L‖²",
    "squared_component": "E[(∂ₖL)²]",
}
# What a single measurement of the loss tells.
OF_LOSS = ("second_moment", "variance")


@dataclass(frozen=True)
class MomentsPoint(Point):
    """Draws of second moments.

    Attributes
    ----------
    backend : "stabilizer" or "particles". samples : chains or particles. quantities : those of `SecondMoments`.
    """

    experiment: ClassVar[str] = "moments"

    backend: str
    samples: int
    quantities: tuple[str, ...]

    @property
    def predicted_seconds(self) -> float:
        """Samples go by gates; guides of particles, a quarter of a millisecond for each gate of two qubits, do too."""
        return (
            self._predicted(chains=0, particles=self.samples)
            if self.backend == "particles"
            else self._predicted(self.samples, 0)
        )

    def _predicted(self, chains: int, particles: int) -> float:
        gates = ANSATZE[self.ansatz].n_gates(self.n_qubits, self.n_layers)
        asked = len(set(self.quantities) - set(OF_LOSS)) + bool(set(self.quantities) & set(OF_LOSS))
        guided = 2e-3 + 5e-7 * particles if particles else 0.0
        return self.n_draws * (preparing_seconds(self) + asked * gates * (guided + 1e-11 * chains))

    def answer(self, ask: Ask, land: Landscape) -> Any:
        """Return the statistics that answer a question of one moment."""
        del land
        return self.answer_of_many(ask)

    def answer_of_many(self, ask: Ask) -> Any:
        """Return the statistics that answer a question of all components at once."""
        return collected(ask(BACKENDS[self.backend]), Budget.of(self.samples, 0.05, 60.0))


@dataclass(frozen=True)
class ChosenPoint(MomentsPoint):
    """Draws of second moments by at most ``samples`` chains, or by ``particles`` where these see too little."""

    particles: int

    @property
    def predicted_seconds(self) -> float:
        """As if both were needed."""
        return self._predicted(self.samples, self.particles)

    def answer(self, ask: Ask, land: Landscape) -> Any:
        """Return the statistics that answer a question of one moment."""
        return by_chains_or_particles(ask, land, self.samples, self.particles)

    def answer_of_many(self, ask: Ask) -> Any:
        """Return the statistics by chains: particles would have to be run for each component anew."""
        return by_chains(ask, self.samples)


@dataclass(frozen=True)
class SecondMoments(Experiment[MomentsPoint]):
    """E[L²], Var L, E‖∇L‖² and the second moment of the encoded component, at any number of qubits.

    Attributes
    ----------
    quantities : what is measured: "second_moment" and "variance" of the loss, "squared_norm" for E‖∇L‖², and
        "squared_component" for E[(∂_k L)²] of the encoded parameter (of the same parameter for plain circuits).
    backend : "stabilizer", "particles" for moments that are exponentially small, or "auto": chains until the error is 5 %,
        and particles where chains see too little, the gates join neighbours on a ring, and E‖∇L‖² is not what is asked.
    chains, particles : samples of each draw and quantity with the stabilizer and with particles; the most with "auto".
    fits : whether the report compares a power law and a stretched exponential for each curve; it determines no number.
    """

    name: ClassVar[str] = MomentsPoint.experiment
    point_type: ClassVar[type[Point]] = MomentsPoint
    columns: ClassVar[dict[str, str]] = {
        key: meaning
        for name, words in QUANTITIES.items()
        for key, meaning in (
            (name, f"mean of {words} over the draws; empty where it was not asked for"),
            (f"{name}_error", "its standard error, by the spread over the draws"),
            (f"{name}_sampling", "its standard error by sampling alone, as each draw reports it"),
            (f"{name}_resolved", "share of the draws where it stands out of its error, and nothing speaks against it"),
        )
    }
    draws_per_point: ClassVar[int] = 1

    quantities: tuple[str, ...] = setting(each(named(QUANTITIES)), ("variance", "squared_norm"))
    backend: str = setting(named(("auto", *BACKENDS)), "stabilizer")
    chains: int = setting(at_least(2), 2**20)
    particles: int = setting(at_least(2), 2400)
    fits: bool = setting(boolean, False)

    def point(self, **given: Any) -> MomentsPoint:
        """Return a point that says how its moments are found."""
        given |= {"backend": self.backend, "quantities": self.quantities}
        if self.backend == "auto":
            return ChosenPoint(**given, samples=self.chains, particles=self.particles)
        return MomentsPoint(**given, samples=self.particles if self.backend == "particles" else self.chains)

    @staticmethod
    def measure_draw(points: Sequence[MomentsPoint], draw: int) -> list[dict[str, float]]:
        """Return for each point the moments of a draw, each with its error and whether it is resolved."""
        prepared = prepare(points[0], draw)
        return [_measured(point, draw, prepared) for point in points]

    @staticmethod
    def summary(draws: Draws) -> dict[str, float]:
        """Return means with both kinds of errors.

        >>> names = [f"{name}{end}" for name in QUANTITIES for end in ("", "_sampling", "_resolved")]
        >>> found = SecondMoments.summary(Draws.of(range(2), [dict.fromkeys(names, size) for size in (1.0, 3.0)]))
        >>> found["variance"], found["variance_error"], round(found["variance_sampling"], 6)
        (2.0, 1.0, 1.581139)
        """
        columns = means(draws, tuple(QUANTITIES))
        for name in QUANTITIES:
            columns[f"{name}_sampling"] = math.sqrt(float((draws[f"{name}_sampling"] ** 2).sum())) / len(draws)
            columns[f"{name}_resolved"] = float(draws[f"{name}_resolved"].mean())
        return columns

    def tables(self, frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the fits of each quantity that is fitted, under ``fits_<quantity>``."""
        return {f"fits_{name}": fits_frame(clear(frame, name), name) for name in self.quantities} if self.fits else {}

    def text(self, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> str:
        """Return a small table for each quantity, ansatz, rule for L and encoder: N down, σ across; and the fits."""
        texts = []
        for (ansatz, layers, encoder), part in frame.groupby(["ansatz", "layers", "encoder"], sort=False):
            for name in self.quantities:
                columns = part[[name, f"{name}_error", f"{name}_sampling", f"{name}_resolved"]].to_numpy(float)
                head = (
                    f"{circuit_title(str(ansatz), layers)}, {encoder_title(str(encoder))}: {QUANTITIES[name]}, mean over "
                    f"{part['draws'].min()} draws (standard error of the last digits; ? where not all are resolved)"
                )
                cells = [_cell(*row) for row in columns.tolist()]
                texts.append(f"{head}\n{table_text(part, cells, 'n_qubits', 'sigma', 'σ = ', 'N')}")
        texts += [fits_text(tables[f"fits_{name}"], QUANTITIES[name]) for name in self.quantities if self.fits]
        return "\n\n".join(texts)


def clear(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows where every draw is resolved, and so is their mean, with the larger of its errors.

    Draws of one circuit spread by chance, those of many by more than sampling: that is no doubt about any of them.
    """
    error = np.fmax(frame[f"{name}_error"], frame[f"{name}_sampling"])
    seen = (frame[name] > 2 * frame[f"{name}_sampling"]) & (frame[f"{name}_resolved"] == 1.0)
    return frame.assign(**{f"{name}_error": error})[seen]


def _cell(mean: float, error: float, sampling: float, resolved: float) -> str:
    larger = float(np.fmax(error, sampling))
    if mean == 0.0 < larger:
        return f"< {2 * larger:.2g}"
    return with_error(mean, larger) + ("" if resolved == 1.0 else " ?")


def _measured(point: MomentsPoint, draw: int, prepared: Prepared) -> dict[str, float]:
    numbers = {f"{name}{end}": math.nan for name in QUANTITIES for end in ("", "_sampling", "_resolved")}
    land, stream = prepared.land, point.theta_stream(draw)
    patch = Gaussian(sigma_value(point.sigma, land.n_parameters))

    def note(name: str, value: object, error: object, resolved: object) -> None:
        if name in point.quantities:
            numbers.update(
                {name: float(value), f"{name}_sampling": float(error), f"{name}_resolved": float(resolved)}  # type: ignore[arg-type]
            )

    def about_components(*chosen: int) -> Ask:
        return lambda backend: backend.gradient_rounds(land, patch, np.array(chosen), rng=stream)

    if set(point.quantities) & set(OF_LOSS):
        loss = point.answer(lambda backend: backend.loss_rounds(land, patch, rng=stream), land)
        note("second_moment", loss.unbiased.second_moment, loss.second_moment_error, loss.resolved)
        note("variance", loss.unbiased.variance, loss.variance_error, loss.variance_resolved)
    if "squared_norm" in point.quantities:
        slope = point.answer_of_many(about_components(*range(land.n_parameters)))
        square, error = slope.unbiased.norm_squared or 0.0, slope.norm_squared_error or 0.0
        note("squared_norm", square, error, error <= square / 2)
    if "squared_component" in point.quantities:
        slope = point.answer(about_components(prepared.parameter), land)
        second = np.asarray(slope.unbiased.second_moment)
        note("squared_component", second[0], slope.second_moment_error[0], slope.resolved[0])
    return numbers
