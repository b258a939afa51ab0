"""Shots to resolve a gradient, against closed forms and against the measured gradient itself."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc


def tilted(center):
    """L = 3 cos t."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("t"), 0)
    return nc.Landscape(circuit, SparsePauliOp("Z", 3.0), [center])


def test_worst_case_of_exact_statistics():
    """E[g²] = 9 E[sin²]; one shot adds at most 9 / 2."""
    stats = nc.gradient_statistics(tilted(0.0), nc.Gaussian(0.4), samples=50, rng=1)
    needed = nc.shots_to_resolve(stats, snr=2.0)
    assert needed.component[0] == np.ceil(4 * 4.5 / stats.second_moment[0])
    assert needed.norm == needed.component[0]
    assert (needed.parameters.tolist(), needed.snr) == ([0], 2.0)


def test_measured_shot_noise_counts_where_there_is_one():
    """At t = π/2 - ε both shifted circuits are near eigenstates and the noise all but vanishes: the bound asks for more."""
    patch = nc.Gaussian(0.05)
    measured = nc.gradient_statistics(tilted(np.pi / 2), patch, nc.Aer("CPU", shots=200), samples=100, rng=2)
    assert nc.shots_to_resolve(measured).component[0] <= 2
    bound = nc.gradient_statistics(tilted(np.pi / 2), patch, samples=100, rng=2)
    assert nc.shots_to_resolve(bound).component[0] == 5


def test_that_many_shots_do_resolve_the_gradient():
    """The rms of what shots add is 1 / snr of the rms gradient: within 20 %, 12 components, fixed seed."""
    land, patch = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3)), nc.Gaussian(0.3)
    pilot = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=64), samples=100, rng=3)
    shots = int(nc.shots_to_resolve(pilot, snr=2.0).norm)
    stats = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=shots), samples=100, rng=4)
    assert abs(np.sqrt(stats.norm_squared / stats.shot_noise.sum()) / 2.0 - 1) < 0.2


def test_nothing_seen_needs_infinitely_many():
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("t"), 0)
    stats = nc.gradient_statistics(nc.Landscape(circuit, SparsePauliOp("ZZ")), nc.Gaussian(0.4), samples=5, rng=1)
    assert nc.shots_to_resolve(stats).component.tolist() == [np.inf]


@pytest.mark.parametrize("snr", [0, -1.0, np.nan, "3"])
def test_bad_ratio(snr):
    stats = nc.gradient_statistics(tilted(0.0), nc.Gaussian(0.4), samples=5, rng=1)
    with pytest.raises(nc.NearCliffordError, match="snr is"):
        nc.shots_to_resolve(stats, snr=snr)
