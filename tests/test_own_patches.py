"""A patch of a user's own: two points, ±d, for each angle, so that Qiskit at all 2^D of them gives every average exactly."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.errors import NearCliffordError
from nearclifford.patches import Patch

N_PARAMETERS = 5
DISTANCES = (0.3, 0.7, 1.1, 0.45, 0.6)
FACTOR = 1.5


class TwoPoints(Patch):
    """±d with probability 1/2 each."""

    def __init__(self, distance):
        self.distance = distance

    @property
    def width(self):
        return self.distance

    def draw(self, shape, rng):
        return rng.choice([-1.0, 1.0], shape)

    def cosine_mean(self):
        return np.cos(self.distance)

    def sine_square_mean(self):
        return np.sin(self.distance) ** 2

    @property
    def moment_error(self):
        return 2.0**-48

    def absolute_mean(self):
        return np.asarray(self.distance)[()]

    def even_moment(self, power):
        return Fraction(1)

    def periodic_mean(self, function):
        return function(np.asarray(self.distance))


MOMENTS = ("cosine_mean", "sine_square_mean", "moment_error", "absolute_mean", "even_moment", "periodic_mean")
ONE_TERM = SparsePauliOp("YY", 0.7)
SEVERAL_TERMS = SparsePauliOp(["ZI", "IX", "ZX", "YY"], [1.0, -0.5, 0.25, 0.5])


def lacking(name: str) -> type[Patch]:
    """Return the class without one of its moments."""
    members = {moment: value for moment, value in vars(TwoPoints).items() if moment != name}
    return type("Lacking", (Patch,), members)


def circuit() -> QuantumCircuit:
    t = ParameterVector("t", N_PARAMETERS)
    made = QuantumCircuit(2)
    made.ry(t[0], 0)
    made.rx(t[1], 1)
    made.cx(0, 1)
    made.rz(FACTOR * t[2], 1)
    made.h(0)
    made.rzz(t[3], 0, 1)
    made.ry(t[4], 1)
    return made


def qiskit_losses(observable: SparsePauliOp, distance, shift=0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return all points of the patch, moved by ``shift``, and the loss there."""
    points = np.array(list(itertools.product((-1.0, 1.0), repeat=N_PARAMETERS))) * distance + shift
    made = circuit()
    return points, np.array([Statevector(made.assign_parameters(p)).expectation_value(observable).real for p in points])


def qiskit_slopes(observable: SparsePauliOp, distance) -> np.ndarray:
    """Return ∂L/∂θ at all points, shape ``(2^D, D)``, by shifts of ±π/2 of each rotation."""
    factors = np.array([1.0, 1.0, FACTOR, 1.0, 1.0])
    shifts = np.diag(np.pi / 2 / factors)
    differences = [qiskit_losses(observable, distance, s)[1] - qiskit_losses(observable, distance, -s)[1] for s in shifts]
    return np.array(differences).T / 2 * factors


@pytest.fixture(params=[ONE_TERM, SEVERAL_TERMS], ids=["one term", "several terms"])
def observable(request):
    return request.param


@pytest.fixture(params=[0.5, DISTANCES], ids=["one width", "a width for each"])
def distance(request):
    return request.param


def test_statistics_by_sampled_angles(observable, distance):
    """4.5 standard errors: a false alarm in 10^4 runs at most, for the twelve numbers together."""
    slopes = qiskit_slopes(observable, distance)
    land = nc.Landscape(circuit(), observable)
    stats = nc.gradient_statistics(land, TwoPoints(distance), nc.Statevector(), samples=4000, rng=3)
    assert np.all(abs(stats.mean - slopes.mean(axis=0)) <= 4.5 * stats.mean_error + 1e-12)
    assert np.all(abs(stats.second_moment - (slopes**2).mean(axis=0)) <= 4.5 * stats.second_moment_error + 1e-12)


def test_statistics_by_random_clifford_circuits(observable, distance):
    """The mean is exact; second moments within 4.5 standard errors, as above."""
    _, losses = qiskit_losses(observable, distance)
    slopes = qiskit_slopes(observable, distance)
    land, patch = nc.Landscape(circuit(), observable), TwoPoints(distance)
    stats = nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=2**16, rng=3)
    assert np.allclose(stats.mean, slopes.mean(axis=0), rtol=0, atol=1e-12)
    assert np.all(abs(stats.second_moment - (slopes**2).mean(axis=0)) <= 4.5 * stats.second_moment_error + 1e-15)
    loss = nc.loss_statistics(land, patch, nc.Stabilizer(), samples=2**16, rng=3)
    assert loss.mean == pytest.approx(losses.mean(), abs=1e-12)
    assert abs(loss.second_moment - (losses**2).mean()) <= 4.5 * loss.second_moment_error


def test_certified_bounds(observable, distance):
    squares = (qiskit_slopes(observable, distance) ** 2).mean(axis=0)
    land = nc.Landscape(circuit(), observable)
    for parameter, square in enumerate(squares):
        low, high = nc.certified_second_moment(land, TwoPoints(distance), parameter=parameter)
        assert low - 1e-15 <= square <= high + 1e-15
        assert high - low < 1e-11


@pytest.mark.parametrize("kind", ["pauli-path", "taylor"])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_errors_of_surrogates(observable, distance, kind, order):
    points, losses = qiskit_losses(observable, distance)
    kept = nc.surrogate(nc.Landscape(circuit(), observable), order, kind)
    expected = np.sqrt(((losses - kept.value(points)) ** 2).mean())
    assert kept.rms_error(TwoPoints(distance)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_error_curve(observable, distance):
    """The interval of every order holds the exact error: at a level of 0.9999 for ten orders, one false alarm in 10^3."""
    points, losses = qiskit_losses(observable, distance)
    land = nc.Landscape(circuit(), observable)
    curve = nc.surrogate_error_curve(land, TwoPoints(distance), orders=range(1, 6), samples=2**17, rng=2)
    for order, (low, high) in zip(curve.orders, curve.interval(0.9999), strict=True):
        exact = np.sqrt(((losses - nc.surrogate(land, int(order)).value(points)) ** 2).mean())
        assert low - 1e-12 <= exact <= high + 1e-12


def test_costs(distance):
    land = nc.Landscape(circuit(), ONE_TERM)
    cost = nc.simulation_cost(land, TwoPoints(distance), tolerance=0.05)
    assert "stabilizer rank" in str(cost)
    assert f"E‖t‖₁ = {np.broadcast_to(distance, N_PARAMETERS).sum():.3g}," in str(cost)


def verbs(patch: Patch):
    """Return every verb that takes a patch, and which of its moments each needs."""
    land = nc.Landscape(circuit(), ONE_TERM)
    chain = {"cosine_mean", "sine_square_mean"}
    return {
        "sampled": (lambda: nc.gradient_statistics(land, patch, nc.Statevector(), samples=8, rng=1), set()),
        "sampled loss": (lambda: nc.loss_statistics(land, patch, nc.Statevector(), samples=8, rng=1), set()),
        "device": (lambda: nc.gradient_statistics(land, patch, nc.Aer(), samples=2, rng=1), set()),
        "stabilizer": (lambda: nc.gradient_statistics(land, patch, nc.Stabilizer(), samples=64, rng=1), chain),
        "stabilizer loss": (lambda: nc.loss_statistics(land, patch, nc.Stabilizer(), samples=64, rng=1), chain),
        "certified": (lambda: nc.certified_second_moment(land, patch, parameter=0), {*chain, "moment_error"}),
        "curve": (lambda: nc.surrogate_error_curve(land, patch, samples=64, rng=1), chain),
        "paths": (lambda: nc.surrogate(land, 2).rms_error(patch), chain),
        "taylor": (lambda: nc.surrogate(land, 2, "taylor").rms_error(patch), {*chain, "even_moment"}),
        "costs": (
            lambda: nc.simulation_cost(land, patch, tolerance=0.05),
            {*chain, "absolute_mean", "periodic_mean"},
        ),
    }


@pytest.mark.parametrize("missing", MOMENTS)
def test_a_missing_moment_is_named_where_it_is_needed_and_not_missed_elsewhere(missing):
    for name, (verb, needed) in verbs(lacking(missing)(0.4)).items():
        if missing in needed:
            with pytest.raises(NearCliffordError, match=rf"^The patch Lacking has no {missing}, .*; define it"):
                verb()
        else:
            assert verb() is not None, name
