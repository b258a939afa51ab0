"""Backends and evaluators of others: quasi-random points, Qiskit's own expectation values, and what a round may not do."""

from dataclasses import dataclass

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector
from scipy.stats import norm, qmc

import nearclifford as nc
from nearclifford.chains.found import Hits
from nearclifford.devices.expectations import DeviceRun
from nearclifford.devices.measured import Measurements
from nearclifford.errors import DeviceError
from nearclifford.evaluator import Evaluator
from nearclifford.statistics.backend import Backend, Rounds
from nearclifford.statistics.results import LossStatistics, Moments
from nearclifford.statistics.sampled import SampledGradients, SampledLosses, Thetas
from nearclifford.statistics.some_components import sampled_squared_norm
from nearclifford.statistics.stabilizer import ChainSums


class QiskitEvaluator:
    """The loss by Qiskit's statevectors; nothing of the package but the circuit that the landscape copied."""

    def __init__(self, land):
        self.circuit, self.observable = land.circuit, SparsePauliOp(land.observable)
        self.n_parameters = land.circuit.num_parameters

    def value(self, theta):
        points = np.asarray(theta, dtype=float).reshape(-1, self.n_parameters)
        states = [Statevector(self.circuit.assign_parameters(point)) for point in points]
        found = np.array([state.expectation_value(self.observable).real for state in states])
        return found.reshape(np.shape(theta)[:-1])

    def gradient(self, theta):
        points = np.asarray(theta, dtype=float).reshape(-1, self.n_parameters)
        shifts = np.pi / 2 * np.eye(self.n_parameters)
        rows = [(self.value(point + shifts) - self.value(point - shifts)) / 2 for point in points]
        return np.array(rows).reshape(np.shape(theta))

    def value_and_gradient(self, theta):
        return self.value(theta), self.gradient(theta)


class Foreign:
    """A backend of a few lines: another simulator at the same thetas."""

    def gradient_rounds(self, land, patch, parameters, *, rng):
        return SampledGradients(QiskitEvaluator(land), Thetas(land, patch, rng), parameters, "qiskit")

    def loss_rounds(self, land, patch, *, rng):
        return SampledLosses(QiskitEvaluator(land), Thetas(land, patch, rng), "qiskit")


@dataclass(frozen=True)
class Replicas:
    """Means over randomly shifted copies of one Sobol sequence; each copy is one independent estimate."""

    mean: np.ndarray
    square: np.ndarray
    points: int

    def __add__(self, other):
        mean, square = (np.concatenate(pair) for pair in ((self.mean, other.mean), (self.square, other.square)))
        return Replicas(mean, square, self.points)

    @property
    def samples(self):
        return self.points * len(self.square)

    @property
    def total(self):
        return float(self.square.mean())

    @property
    def total_error(self):
        return float(self.square.std(ddof=1) / np.sqrt(len(self.square)))


class SobolLoss(Rounds):
    """Rounds that share nothing with the package's: Gaussian points by the inverse of the normal distribution."""

    points = 64

    def __init__(self, land, patch, rng):
        self.land, self.patch, self.rng = land, patch, rng

    def run(self, samples):
        found = []
        for _ in range(max(2, samples // self.points)):
            unit = qmc.Sobol(self.land.n_parameters, rng=self.rng).random(self.points)
            found.append(self.land.value(self.land.center + self.patch.width * norm.ppf(unit)))
        values = np.array(found)
        return Replicas(values.mean(axis=1), (values**2).mean(axis=1), self.points)

    def result(self, sums):
        numbers = sums.mean.mean(), sums.total, sums.total_error, np.abs(self.land.problem.coefficients).sum()
        moments = Moments.of_second_moments(*(np.full(1, number) for number in numbers))
        return LossStatistics.of(moments, sums.samples, "sobol")


class Sobol:
    def gradient_rounds(self, land, patch, parameters, *, rng):
        return SampledGradients(land.exact, Thetas(land, patch, rng), parameters, "plain")

    def loss_rounds(self, land, patch, *, rng):
        return SobolLoss(land, patch, rng)


LAND = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
PATCH = nc.Gaussian(0.4)


def test_another_simulator_as_a_backend_gives_the_same_statistics():
    ours = nc.gradient_statistics(LAND, PATCH, nc.Statevector(), samples=40, parameters=[0, 7, 3], rng=5)
    theirs = nc.gradient_statistics(LAND, PATCH, Foreign(), samples=40, parameters=[0, 7, 3], rng=5)
    for name in ("mean", "mean_error", "second_moment", "second_moment_error", "variance", "norm", "norm_squared"):
        assert np.allclose(getattr(ours, name), getattr(theirs, name), atol=1e-12), name
    assert (theirs.method, theirs.samples) == ("qiskit", 40) and np.allclose(ours.interval(), theirs.interval())
    loss = nc.loss_statistics(LAND, PATCH, Foreign(), samples=40, rng=5)
    assert np.isclose(loss.second_moment, nc.loss_statistics(LAND, PATCH, nc.Statevector(), samples=40, rng=5).second_moment)


def test_rounds_of_ones_own_go_on_until_the_error_is_reached():
    """Level 4.5 standard errors of either side."""
    found = nc.loss_statistics(LAND, PATCH, Sobol(), samples="auto", rel_error=0.01, rng=3)
    exact = nc.loss_statistics(LAND, PATCH, nc.Stabilizer(), samples=10**6, rng=1)
    assert found.second_moment_error <= 0.01 * found.second_moment and found.method == "sobol"
    assert abs(found.second_moment - exact.second_moment) < 4.5 * np.hypot(
        found.second_moment_error, exact.second_moment_error
    )


def test_what_is_no_backend_is_refused():
    for thing in ("sobol", Sobol, object(), nc.Stabilizer):
        with pytest.raises(nc.NearCliffordError, match="gradient_rounds and loss_rounds"):
            nc.loss_statistics(LAND, PATCH, thing)
    assert all(isinstance(backend, Backend) for backend in (nc.Statevector(), nc.Stabilizer(), nc.Aer(), Sobol()))


def test_a_failure_between_chunks_carries_what_was_measured():
    class Failing(SampledLosses):
        chunk = 16

        def run(self, samples):
            if self.left == 0:
                raise DeviceError("The queue is closed.", None)
            self.left -= 1
            return super().run(samples)

    class Queue:
        def loss_rounds(self, land, patch, *, rng):
            rounds = Failing(land.exact, Thetas(land, patch, rng), "queue")
            rounds.chunk, rounds.left = 16, 3
            return rounds

        gradient_rounds = loss_rounds

    with pytest.raises(DeviceError) as failure:
        nc.loss_statistics(LAND, PATCH, Queue(), samples=100, rng=2)
    assert failure.value.statistics.samples == 48
    assert failure.value.statistics.mean == nc.loss_statistics(LAND, PATCH, nc.Statevector(), samples=48, rng=2).mean


def test_a_prepared_device_is_an_evaluator_and_transpiles_once(monkeypatch):
    from nearclifford.devices import simulator

    made = []
    rewritten = simulator.rewritten
    monkeypatch.setattr(simulator, "rewritten", lambda *arguments: made.append(1) or rewritten(*arguments))
    device = nc.Aer("CPU").prepare(LAND)
    theta = np.random.default_rng(1).normal(size=(2, LAND.n_parameters))
    assert isinstance(device, Evaluator)
    for _ in range(3):
        assert np.allclose(device.value(theta), QiskitEvaluator(LAND).value(theta), atol=1e-10)
        assert np.allclose(device.gradient(theta[0]), QiskitEvaluator(LAND).gradient(theta[0]), atol=1e-10)
    assert len(made) == 1
    assert np.allclose(device.gradient(LAND.center), LAND.gradient(LAND.center), atol=1e-12) and len(made) == 2


def test_shot_noise_follows_from_one_generator():
    theta = np.full(LAND.n_parameters, 0.3)
    device = nc.Aer("CPU", shots=100).prepare(LAND, rng=7)
    first, second = device.value(theta), device.value(theta)
    assert first != second and nc.Aer("CPU", shots=100).value(LAND, theta, rng=7) == first


def test_measurements_of_different_shots_do_not_add_up():
    parts = [
        Measurements(np.ones((2, 1)), np.zeros((2, 1)), DeviceRun(("CPU",), ("x",), 2, 0.1, shots)) for shots in (10, 20)
    ]
    with pytest.raises(nc.NearCliffordError, match="10 shots are added to circuits of 20"):
        parts[0] + parts[1]


def test_the_norm_from_some_components_has_an_honest_error():
    """100 runs without bias, and their spread is what the errors say. Level of each: four standard errors and more."""
    land, patch = nc.Landscape(nc.ansatz.mhea(4, 3), nc.observables.global_z(4)), nc.Gaussian(0.3)
    exact = sum(np.mean(nc.certified_second_moment(land, patch, parameter=k)) for k in range(land.n_parameters))
    found = [sampled_squared_norm(land, patch, 12, 4000, always=[3], rng=seed) for seed in range(100)]
    values, errors = np.array([(one.norm_squared, one.norm_squared_error) for one in found]).T
    assert abs(values.mean() - exact) < 4 * values.std() / 10
    assert 0.8 < np.sqrt(np.mean(errors**2)) / values.std() < 1.25
    whole = sampled_squared_norm(land, patch, land.n_parameters, 4000, rng=1)
    assert len(whole.certain) + len(whole.drawn) == land.n_parameters
    assert abs(whole.norm_squared - exact) < 4.5 * whole.norm_squared_error


def test_the_interval_of_a_loss():
    """Of 40 intervals at 0.9 fewer than 30 cover with probability below 1e-2."""
    land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    exact = ((1 + np.exp(-2 * 0.3**2)) / 2) ** 2
    for backend in (nc.Stabilizer(), nc.Statevector()):
        found = [
            nc.loss_statistics(land, nc.Gaussian(0.3), backend, samples=500, rng=seed).interval(0.9) for seed in range(40)
        ]
        assert sum(low <= exact <= high for low, high in found) >= 30


def test_rounds_with_shots_aim_at_the_norm_without_their_noise():
    rounds = nc.Aer("CPU", shots=8).gradient_rounds(LAND, PATCH, np.arange(LAND.n_parameters), rng=np.random.default_rng(1))
    sums = rounds.run(6) + rounds.run(5)
    found = rounds.result(sums)
    assert sums.samples == 11 and np.isclose(sums.total, found.unbiased.norm_squared, rtol=1e-12)
    assert sums.total < 0.9 * found.measured.norm_squared and sums.total_error > 0
    assert rounds.settled(sums, 60.0).total_error == sums.total_error  # these derivatives are not zero everywhere


def test_what_was_found_to_be_zero_stays_zero_in_later_rounds():
    weights = np.ones(2)
    part = Hits(64, np.array([9, 32]), np.ones(2), 1.0, weights)
    first, later = (ChainSums.of(part, np.array([zero, False]), weights) for zero in (True, False))
    for both in (first + later, later + first):
        assert both.found.value.tolist() == [0.0, 0.5] and both.found.error[0] == 0.0 and both.found.bound.tolist() == [0, 1]
        assert both.total == 0.5 and both.samples == 128
