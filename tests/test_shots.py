"""Shots to resolve a gradient, against closed forms and against the measured gradient itself."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc


def tilted(center):
    """L = 3 cos t."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("t"), 0)
    return nc.Landscape(circuit, SparsePauliOp("Z", 3.0), [center])


def test_worst_case_of_exact_statistics():
    """E[g²] = 9 E[sin²]; one shot adds at most 9 / 2."""
    stats = nc.gradient_statistics(tilted(0.0), nc.Gaussian(0.4), nc.Statevector(), samples=50, rng=1)
    needed = nc.shots_to_resolve(stats, snr=2.0)
    assert needed.component[0] == np.ceil(4 * 4.5 / stats.second_moment[0])
    assert needed.norm == needed.component[0]
    assert (needed.parameters.tolist(), needed.snr, needed.method) == ([0], 2.0, "bound")


def test_measured_shot_noise_counts_where_there_is_one():
    """At t = π/2 - ε both shifted circuits are near eigenstates and the noise all but vanishes: the bound asks for more."""
    patch = nc.Gaussian(0.05)
    measured = nc.gradient_statistics(tilted(np.pi / 2), patch, nc.Aer("CPU", shots=200), samples=100, rng=2)
    assert nc.shots_to_resolve(measured).component[0] <= 2
    bound = nc.gradient_statistics(tilted(np.pi / 2), patch, nc.Statevector(), samples=100, rng=2)
    assert nc.shots_to_resolve(bound).component[0] == 5


def test_that_many_shots_do_resolve_the_gradient():
    """The rms of what shots add is 1 / snr of the rms gradient: within 20 %, 12 components, fixed seed."""
    land, patch = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3)), nc.Gaussian(0.3)
    pilot = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=64), samples=100, rng=3)
    shots = int(nc.shots_to_resolve(pilot, snr=2.0).norm)
    stats = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=shots), samples=100, rng=4)
    assert abs(np.sqrt(stats.norm_squared / stats.shot_noise.sum()) / 2.0 - 1) < 0.2


def test_a_hamiltonian_of_nine_qubits_by_what_was_measured():
    """The variance of one shot against Qiskit's Statevector at the same thetas, to 15 %; the bound is tenfold.

    A sample variance of 300 shots is good to 8 %, and each number here is the mean over 2 circuits, 3 groups and 2 thetas.
    """
    circuit, observable = efficient_su2(9, reps=1), nc.observables.heisenberg(9)
    land, patch, chosen = nc.Landscape(circuit, observable), nc.Gaussian(0.3), [0, 13, 20]
    groups = [SparsePauliOp([label for label in observable.paulis.to_labels() if letter in label]) for letter in "XYZ"]
    squares = [(group @ group).simplify() for group in groups]
    theta = land.center + patch.sample((2, land.n_parameters), rng=np.random.default_rng(4))
    one_shot = np.zeros(3)
    for point in theta:
        for column, k in enumerate(chosen):
            for sign in (1, -1):
                shifted = point + sign * np.pi / 2 * np.eye(land.n_parameters)[k]
                state = Statevector(circuit.assign_parameters(shifted))
                for group, square in zip(groups, squares, strict=True):
                    spread = state.expectation_value(square).real - state.expectation_value(group).real ** 2
                    one_shot[column] += spread / 4 / len(theta)
    found = nc.gradient_statistics(land, patch, nc.Aer("CPU", shots=300), samples=2, parameters=chosen, rng=4)
    assert np.abs(found.shot_noise * 300 / one_shot - 1).max() < 0.15
    measured = nc.shots_to_resolve(found)
    assert measured.method == "measured"
    seen = found.second_moment > 0
    assert np.abs(measured.component[seen] * found.second_moment[seen] / (9 * one_shot[seen]) - 1).max() < 0.2
    exact = nc.gradient_statistics(land, patch, nc.Statevector(), samples=2, parameters=chosen, rng=4)
    bound = nc.shots_to_resolve(exact)
    assert bound.method == "bound" and (exact.bound**2 / 2 > 8 * one_shot).all()


def test_nothing_seen_needs_infinitely_many():
    circuit = QuantumCircuit(2)
    circuit.rz(Parameter("t"), 0)
    land = nc.Landscape(circuit, SparsePauliOp("ZZ"))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.4), nc.Statevector(), samples=5, rng=1)
    assert nc.shots_to_resolve(stats).component.tolist() == [np.inf]


@pytest.mark.parametrize("stats", ["x", None, 3.0])
def test_what_are_no_statistics(stats):
    with pytest.raises(nc.NearCliffordError, match=r"stats is a .*; expected a GradientStatistics"):
        nc.shots_to_resolve(stats)


def test_a_ratio_beyond_any_shots():
    stats = nc.gradient_statistics(tilted(0.0), nc.Gaussian(0.4), nc.Statevector(), samples=5, rng=1)
    assert nc.shots_to_resolve(stats, snr=1e300).component.tolist() == [np.inf]


@pytest.mark.parametrize("snr", [0, -1.0, np.nan, "3"])
def test_bad_ratio(snr):
    stats = nc.gradient_statistics(tilted(0.0), nc.Gaussian(0.4), nc.Statevector(), samples=5, rng=1)
    with pytest.raises(nc.NearCliffordError, match="snr is"):
        nc.shots_to_resolve(stats, snr=snr)
