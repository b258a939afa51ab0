"""Any object with the interface of BaseEstimatorV2: Qiskit's, Aer's, and some that fail."""

from types import SimpleNamespace

import numpy as np
import pytest
from qiskit.primitives import BaseEstimatorV2, StatevectorEstimator
from qiskit_aer.primitives import Estimator, EstimatorV2

import nearclifford as nc
from nearclifford.devices.estimators import EstimatorDevice
from random_circuits import random_center, random_circuit, random_observable


class Recorder(BaseEstimatorV2):
    """A StatevectorEstimator that fails on the jobs whose numbers it is given, and remembers what it was asked."""

    def __init__(self, failing=()):
        self.inner, self.failing, self.asked = StatevectorEstimator(seed=1), set(failing), []

    def run(self, pubs, *, precision=None):
        pubs = list(pubs)
        self.asked.append((len(pubs), np.shape(pubs[0][2]), precision))
        return Job(self.inner.run(pubs, precision=precision), f"job-{len(self.asked)}", len(self.asked) in self.failing)


class Job:
    def __init__(self, inner, identity, fails):
        self.inner, self.identity, self.fails = inner, identity, fails

    def job_id(self):
        return self.identity

    def result(self):
        if self.fails:
            raise RuntimeError("the fridge is warm")
        return self.inner.result()


@pytest.mark.parametrize("seed", range(20))
def test_exact_estimator_gives_exact_gradients(seed):
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, 3, 10)
    land = nc.Landscape(circuit, random_observable(rng, 3, 3), random_center(rng, len(circuit.parameters)))
    theta = rng.normal(size=land.n_parameters)
    value, gradient = nc.Aer(estimator=StatevectorEstimator()).value_and_gradient(land, theta)
    assert abs(value - land.value(theta)) < 1e-9
    assert np.abs(gradient - land.gradient(theta)).max() < 1e-9


def test_estimator_of_aer():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
    theta = np.full(12, 0.3)
    assert np.abs(nc.Aer(estimator=EstimatorV2()).gradient(land, theta) - land.gradient(theta)).max() < 1e-9


def test_all_points_are_one_job_of_the_precision_of_the_shots():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    recorder = Recorder()
    stats = nc.gradient_statistics(land, nc.Gaussian(0.2), nc.Aer(estimator=recorder, shots=400), samples=50, rng=3)
    assert recorder.asked == [(1, (50 * 16, 8), 0.05)]
    assert stats.run.devices == ("Recorder",)
    assert stats.run.methods == ("estimator",)
    assert np.allclose(stats.shot_noise, 0.05**2 / 2)
    exact = nc.gradient_statistics(land, nc.Gaussian(0.2), nc.Statevector(), samples=20_000, rng=3)
    z = (stats.second_moment - exact.second_moment) / np.hypot(stats.second_moment_error, exact.second_moment_error)
    assert np.abs(z).max() < 4
    nc.Aer(estimator=recorder).value(land, np.zeros(8))
    assert recorder.asked[-1] == (1, (1, 8), None)


def test_a_failing_job_runs_once_more():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    recorder = Recorder(failing=[1])
    found = nc.Aer(estimator=recorder).gradient(land, np.full(8, 0.3))
    assert np.abs(found - land.gradient(np.full(8, 0.3))).max() < 1e-12
    assert len(recorder.asked) == 2


def test_two_failures_are_reported_and_lose_nothing(monkeypatch):
    monkeypatch.setattr("nearclifford.devices.batches.MOST_ANGLES", 8 * 16)
    land, patch = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2)), nc.Gaussian(0.2)
    recorder = Recorder(failing=[4, 5])
    with pytest.raises(
        nc.DeviceError, match=r"Recorder failed 2 times .* last job is 'job-5' and said: the fridge"
    ) as caught:
        nc.gradient_statistics(land, patch, nc.Aer(estimator=recorder), samples=10, rng=3)
    assert caught.value.job_id == "job-5"
    before = nc.gradient_statistics(land, patch, nc.Statevector(), samples=3, rng=3)
    assert np.abs(caught.value.statistics.second_moment - before.second_moment).max() < 1e-12
    monkeypatch.setattr("nearclifford.devices.batches.MOST_ANGLES", 8 * 4)
    with pytest.raises(nc.DeviceError) as caught:
        nc.Aer(estimator=Recorder(failing=[3, 4])).gradient(land, np.full(8, 0.3))
    shifts = 0.3 + np.pi / 2 * np.eye(8)
    assert np.abs(caught.value.measured.value - land.value(shifts)).max() < 1e-12
    assert caught.value.statistics is None


class Answer:
    """An estimator of one fixed answer."""

    def __init__(self, evs, stds):
        self.evs, self.stds = evs, stds

    def run(self, pubs, precision=None):
        return self

    def job_id(self):
        return "job"

    def result(self):
        return [SimpleNamespace(data=self)]


def test_errors_that_are_not_known_are_those_of_the_precision():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    device = EstimatorDevice(land, Answer([0.5, 0.25, 0.0], [np.nan, 0.1, 0.0]), shots=25)
    found = device.measure(np.zeros((3, 8)), np.random.default_rng(1))
    assert np.allclose(found.square_error, [0.04, 0.01, 0.0])
    silent = EstimatorDevice(land, Answer([0.5, 0.25], [np.nan, np.nan]), shots=25)
    assert np.allclose(silent.measure(np.zeros((2, 8)), np.random.default_rng(1)).square_error, 0.04)


@pytest.mark.parametrize("evs", [[0.5], 0.5, [[0.5, 0.5]], [0.5, np.nan], [np.inf, 0.5]])
def test_an_estimator_that_returns_something_else(evs):
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    with pytest.raises(nc.DeviceError, match=r"Answer returned values of shape .*; expected 2 finite ones"):
        nc.Aer(estimator=Answer(evs, [0.1, 0.1])).value(land, np.zeros((2, 8)))


class OldEstimator(Estimator):
    """Aer's estimator of the V1 interface, without its warnings."""

    def __init__(self):
        pass


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"estimator": OldEstimator()},
            "OldEstimator of the V1 interface.*expected an object with Qiskit's BaseEstimatorV2",
        ),
        ({"estimator": 3}, "estimator is a int; expected an object"),
        ({"estimator": StatevectorEstimator(), "device": "CPU"}, "names an estimator, and with it device"),
        ({"estimator": StatevectorEstimator(), "precision": "single"}, "names an estimator"),
        ({"estimator": StatevectorEstimator(), "shots": 0}, "shots is 0"),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        nc.Aer(**arguments)
