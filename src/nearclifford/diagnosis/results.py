"""What a diagnosis found: a row for each width of the region, and what they say together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from nearclifford.arrays import Floats
from nearclifford.shown import Kept
from nearclifford.version import __version__

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

State = Literal["alive", "dead", "open"]


@dataclass(frozen=True)
class Region:
    """One region around the centre: Gaussian displacements of one width.

    Attributes
    ----------
    sigma : width, radians.
    norm_squared, low, high : E‖∇L‖² over all parameters, and its 95 % interval.
    statistics : how that was found.
    one_shot : Σ_k of the variance that one shot of each circuit adds to ∂_k L; ``one_shot_method`` says whether it is what a
        device would show ("statevector"), or at most so much ("means", "bound").
    shots, fewest_shots, most_shots : of each circuit, with which the rms gradient is three times the rms shot noise: at the
        estimate and at the ends of its interval.
    state : "alive" where the given shots are enough even at the lower end, "dead" where they are not at the upper end, and
        "open" between: not settled. By "means" the noise counts with all it is at most; by a "bound" nothing is dead.
    tolerance : the rms shot noise of the loss with the given shots of each circuit: the error that a simulation is held to.
    method, order : the cheapest simulation that was found, and its order; "" and None where there is none.
    build_seconds, seconds : once, and for each value; NaN without a method.
    simulable : whether a thousand values fit the budget; None where it is not known.
    note : what was left out.
    """

    sigma: float
    norm_squared: float
    low: float
    high: float
    statistics: str
    one_shot: float
    one_shot_method: str
    shots: float
    fewest_shots: float
    most_shots: float
    state: State
    tolerance: float
    method: str
    order: int | None
    build_seconds: float
    seconds: float
    simulable: bool | None
    note: str

    @property
    def classical_seconds(self) -> float:
        """Seconds of a thousand values of the cheapest simulation."""
        return self.build_seconds + 1000 * self.seconds


@dataclass(frozen=True, eq=False)
class Diagnosis(Kept):
    """Whether a circuit trains near a Clifford point, by what it is simulated there, and what would help.

    Attributes
    ----------
    verdict : two sentences.
    regions : the regions looked at, from the narrowest to the widest.
    encoded : the region of width D^-1/2 with the Linear Clifford Encoder around the circuit; None where there is none.
    local : the same with each term of the observable replaced by the mean of its letters; None where it is local already.
    n_qubits, n_parameters, n_terms : N, D and T.
    largest_weight : letters of the largest term.
    active_qubits : an exact sweep runs over 2^r amplitudes, r this number.
    independent : whether every parameter turns one rotation, from a Clifford centre.
    center : float64, shape ``(D,)``, radians.
    shots : those of each circuit that the verdict is about.
    classical_seconds : the budget of a thousand classical values.
    unsettled : what could not be told, as sentences.
    seconds : how long it took.

    >>> import nearclifford as nc
    >>> found = nc.diagnose(nc.ansatz.mhea(4, 1), "ZZZZ", rng=1)
    >>> found.regions[0].state, len(found.frame())
    ('alive', 5)
    """

    verdict: str
    regions: tuple[Region, ...]
    encoded: Region | None
    local: Region | None
    n_qubits: int
    n_parameters: int
    n_terms: int
    largest_weight: int
    active_qubits: int
    independent: bool
    center: Floats
    shots: int
    classical_seconds: float
    unsettled: tuple[str, ...]
    seconds: float
    version: str = __version__

    records: ClassVar[tuple[type, ...]] = (Region,)

    def frame(self) -> pd.DataFrame:
        """Return one row a region, with the attributes of `Region` as columns."""
        import pandas as pd

        return pd.DataFrame([asdict(region) for region in self.regions], columns=[field.name for field in fields(Region)])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python objects, ready for JSON; None for what is infinite or not known."""
        plain: dict[str, Any] = _plain(asdict(self) | {"center": np.asarray(self.center).tolist()})
        return plain

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shots that resolve the gradient against the width, on an axis of its own or on ``ax``."""
        from nearclifford.diagnosis.figure import draw

        return draw(self, ax)

    @property
    def about(self) -> str:
        """The circuit in a line."""
        kind = "independent angles" if self.independent else "shared or fixed angles"
        return (
            f"{self.n_qubits} qubits, {self.n_parameters} parameters ({kind}), {self.n_terms} terms of up to "
            f"{self.largest_weight} letters, {self.active_qubits} active qubits"
        )

    def __str__(self) -> str:
        table = [HEAD, *(_cells(region, "") for region in self.regions)]
        table += [_cells(region, name) for name, region in self._others]
        widths = [max(len(row[k]) for row in table) for k in range(len(HEAD))]
        rows = ("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in table)
        asked = (
            f"shots: of each circuit, for a gradient three times its noise; {self.shots:.0e} are given. "
            f"{self.seconds:.0f} s."
        )
        return "\n".join([self.verdict, "", self.about, *(row.rstrip() for row in rows), asked, *self.unsettled])

    def __repr__(self) -> str:
        return f"Diagnosis({self.about})\n{self.verdict}"

    def _repr_html_(self) -> str:
        cells = [("th", HEAD), *(("td", _cells(region, "")) for region in self.regions)]
        cells += [("td", _cells(region, name)) for name, region in self._others]
        rows = "".join("<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>" for tag, row in cells)
        notes = "".join(f"<p><small>{escape(text)}</small></p>" for text in (self.about, *self.unsettled))
        return f"<p><b>{escape(self.verdict)}</b></p><table>{rows}</table>{notes}"

    @property
    def _others(self) -> list[tuple[str, Region]]:
        both = (("encoded", self.encoded), ("local", self.local))
        return [(name, region) for name, region in both if region is not None]


def _plain(given: Any) -> Any:
    if isinstance(given, dict):
        return {name: _plain(part) for name, part in given.items()}
    if isinstance(given, list | tuple):
        return [_plain(part) for part in given]
    return None if isinstance(given, float) and not np.isfinite(given) else given


HEAD = ("", "sigma", "E|grad|^2", "95 % interval", "shots", "gradient", "simulated by", "1000 values", "error")


def _cells(region: Region, name: str) -> tuple[str, ...]:
    at_most = "" if region.one_shot_method == "statevector" else "<= "
    order = "" if region.order is None else f", order {region.order}"
    return (
        name,
        f"{region.sigma:.3g}",
        f"{region.norm_squared:.2g}",
        f"{region.low:.2g} to {region.high:.2g}",
        f"{at_most}{region.shots:.2g}",
        region.state,
        f"{region.method}{order}" if region.method else "?",
        duration(region.classical_seconds),
        f"{region.tolerance:.1g}",
    )


def duration(seconds: float) -> str:
    """Return a time in words of one unit.

    >>> duration(0.02), duration(90.0), duration(1e7), duration(float("nan"))
    ('0.02 s', '1.5 min', '116 days', '?')
    """
    if not seconds >= 0:
        return "?"
    for size, unit in ((365.25 * 86400.0, "years"), (86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.2g} s"
