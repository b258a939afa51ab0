"""One question about a circuit: does it train near a Clifford point, what simulates it there, what would help."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from nearclifford.arguments import Seed, generator, integer, positive, real_array
from nearclifford.diagnosis.region import Means, look_at
from nearclifford.diagnosis.results import Diagnosis, Region
from nearclifford.diagnosis.verdict import verdict
from nearclifford.encoder.search import search_encoder
from nearclifford.errors import IncompleteSearchWarning, NearCliffordError
from nearclifford.landscape import Landscape
from nearclifford.normal_form.operators import ObservableLike

# Exponents of the widths D^-e, in the order in which they are looked at.
EXPONENTS = (0.5, 1.0, 0.0, 0.25, 0.75)
# What the encoder's search may take of the time.
SEARCH_PART = 0.1
# A term on this part of the qubits is global.
GLOBAL = 0.5


def diagnose(
    circuit: QuantumCircuit,
    observable: ObservableLike,
    center: npt.ArrayLike | None = None,
    widths: Sequence[float] | None = None,
    shots: int = 10**6,
    *,
    rng: Seed = None,
    max_seconds: float = 30.0,
    classical_seconds: float = 60.0,
) -> Diagnosis:
    """Return whether a circuit trains near a Clifford point, what simulates it there, and what an encoder would change.

    Regions are Gaussian, from D^-1 to 1 rad. In each the gradient is *alive* if the given shots of each circuit make its
    root mean square three times its shot noise, even at the lower end of its 95 % interval, and *dead* if they do not even
    at the upper end. It is *simulable* if a thousand values with an rms error like the noise of as many shots take no more
    than ``classical_seconds`` on this machine, by exact sweeps or by Pauli paths. That is a statement about this circuit at
    this size, about both sides of one bargain; how it scales, other sizes tell.

    Parameters
    ----------
    circuit, observable : as for `nearclifford.Landscape`.
    center : where the regions lie, shape ``(D,)``, radians; moved to the nearest multiples of π/2. 0 by default.
    widths : standard deviations, radians; by default D^-1, D^-3/4, D^-1/2, D^-1/4 and 1.
    shots : of each circuit of the parameter-shift rule.
    rng : seed or generator.
    max_seconds : time for all; regions that it does not suffice for are named in ``unsettled``. A step that has begun ends.
    classical_seconds : budget of a thousand classical values.

    Raises
    ------
    NearCliffordError : what `nearclifford.Landscape` refuses, widths that are none, shots below 1, no positive time.

    Examples
    --------
    >>> import nearclifford as nc
    >>> found = nc.diagnose(nc.ansatz.mhea(4, 2), nc.observables.ising(4), rng=1)
    >>> found.verdict.startswith("The gradient is alive from 0.042 to 1 rad around the centre")
    True
    """
    begun, seconds = time.monotonic(), positive(max_seconds, "max_seconds", 30)
    land = _landscape(circuit, observable, center)
    budget = positive(classical_seconds, "classical_seconds", 60)
    means = Means(integer(shots, "shots", 1), budget, seconds / 8)
    question = _Question(land, means, begun + seconds, generator(rng), [])
    chosen = _widths(widths, land.n_parameters)
    middle = chosen[0]
    regions: dict[float, Region | None] = {middle: question.look(land, middle, f"The region of {middle:.2g} rad")}
    encoded = question.encoded(middle)
    regions |= {sigma: question.ask(land, sigma) for sigma in chosen[1:]}
    local = question.local(middle)
    found = tuple(region for _, region in sorted(regions.items()) if region is not None)
    sizes = (land.terms.x | land.terms.z).view(np.uint64)
    return Diagnosis(
        verdict=verdict(found, encoded, regions[middle], means.shots),
        regions=found,
        encoded=encoded,
        local=local,
        n_qubits=land.n_qubits,
        n_parameters=land.n_parameters,
        n_terms=len(land.terms),
        largest_weight=int(np.bitwise_count(sizes).sum(axis=1).max()),
        active_qubits=land.active_qubits,
        independent=land.problem.angle_map.independent,
        center=land.center,
        shots=means.shots,
        classical_seconds=budget,
        unsettled=tuple(question.unsettled),
        seconds=time.monotonic() - begun,
    )


@dataclass(frozen=True, eq=False)
class _Question:
    """What is asked of every region, until the time is over."""

    land: Landscape
    means: Means
    ends: float
    rng: np.random.Generator
    unsettled: list[str]

    def ask(self, land: Landscape, sigma: float, what: str = "The region") -> Region | None:
        """Return what a region is like; None, and a word about it, where the time is over."""
        name = f"{what} of {sigma:.2g} rad"
        if time.monotonic() > self.ends:
            self.unsettled.append(f"{name} was not looked at: the time was over. Give more max_seconds.")
            return None
        return self.look(land, sigma, name)

    def look(self, land: Landscape, sigma: float, name: str) -> Region:
        """Return what a region is like, and keep a word about what is not settled."""
        region = look_at(land, sigma, self.means, rng=self.rng)
        if region.state == "open":
            self.unsettled.append(
                f"{name}: whether the gradient is alive is not settled; it takes {region.fewest_shots:.2g} to "
                f"{region.most_shots:.2g} shots."
            )
        if region.simulable is None:
            self.unsettled.append(f"{name}: whether it can be simulated is not settled. {region.note}".rstrip())
        return region

    def encoded(self, sigma: float) -> Region | None:
        """Return the region with an encoder for the norm of the gradient."""
        land, seconds = self.land, SEARCH_PART * max(self.ends - time.monotonic(), 1.0)
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always", IncompleteSearchWarning)
                best = search_encoder(
                    land.circuit, land.observable, "norm", land.center, max_seconds=seconds, progress=False
                )
            self.unsettled.extend(
                f"The encoder is the best of some: {warning.message}"
                for warning in told
                if issubclass(warning.category, IncompleteSearchWarning)
            )
            return self.ask(Landscape(best.circuit, land.observable, best.center), sigma, "The encoded region")
        except NearCliffordError as error:
            self.unsettled.append(f"No encoder was tried: {error}")
            return None

    def local(self, sigma: float) -> Region | None:
        """Return the region of the local counterpart of a global observable; None where it is local."""
        weight = np.bitwise_count(self.land.terms.x | self.land.terms.z).sum(axis=1)
        if not (weight > max(1.0, GLOBAL * self.land.n_qubits)).any():
            return None
        observable = local_counterpart(SparsePauliOp(self.land.observable))
        return self.ask(self.land.with_observable(observable), sigma, "The local counterpart's region")


def local_counterpart(observable: SparsePauliOp) -> SparsePauliOp:
    """Return the observable with each term replaced by the mean of its letters, each on its own qubit.

    Local against global cost: Cerezo et al., Nature Communications 12, 1791 (2021).

    >>> local_counterpart(SparsePauliOp(["ZZ"], [2.0]))
    SparsePauliOp(['IZ', 'ZI'],
                  coeffs=[1.+0.j, 1.+0.j])
    """
    terms = []
    for letters, qubits, coefficient in observable.to_sparse_list():
        terms += [(letter, [qubit], coefficient / len(letters)) for letter, qubit in zip(letters, qubits, strict=True)]
        if not letters:
            terms.append(("", [], coefficient))
    return SparsePauliOp.from_sparse_list(terms, observable.num_qubits).simplify()


def _landscape(circuit: QuantumCircuit, observable: ObservableLike, center: npt.ArrayLike | None) -> Landscape:
    if center is None:
        return Landscape(circuit, observable)
    given = real_array(center, "center").astype(np.float64)
    return Landscape(circuit, observable, np.round(given / (np.pi / 2)) * (np.pi / 2))


def _widths(widths: Sequence[float] | None, n_parameters: int) -> list[float]:
    """Return the widths in the order in which they are looked at, the middle one first."""
    if widths is None:
        return list(dict.fromkeys(float(n_parameters) ** -exponent for exponent in EXPONENTS))
    given = [positive(width, "a width", 0.1) for width in widths]
    if not given:
        raise NearCliffordError("widths is empty; expected at least one standard deviation in radians, such as [0.1].")
    ordered = sorted(set(given))
    return [ordered.pop(len(ordered) // 2), *ordered]
