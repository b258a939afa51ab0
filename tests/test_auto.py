"""The backend that chooses another: what it takes where, that it says so, and that its numbers are right in any case."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from random_circuits import brickwork
from two_copies import exact_moments, gaussian


def deep(n_qubits):
    return nc.Landscape(nc.ansatz.mhea(n_qubits, n_qubits), nc.observables.global_z(n_qubits))


def tied():
    circuit, t = QuantumCircuit(2), Parameter("t")
    circuit.rx(t, 0)
    circuit.ry(2 * t, 1)
    return nc.Landscape(circuit, Pauli("ZZ"))


def test_small_problems_are_exact():
    circuit, observable = nc.ansatz.mhea(3, 2), nc.observables.heisenberg(3)
    land, exact = nc.Landscape(circuit, observable), exact_moments(circuit, observable, gaussian(0.3))
    loss = nc.loss_statistics(land, nc.Gaussian(0.3))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.3), "auto")
    assert loss.method == stats.method == "exact" and loss.samples == stats.samples == 0
    assert loss.second_moment == pytest.approx(exact.second, abs=1e-11)
    assert np.allclose(stats.second_moment, exact.second_gradient, atol=1e-11)
    assert loss.choice.startswith("Exact(max_terms=") and "Pauli strings" in stats.choice


def test_narrow_light_cones_are_exact_at_a_thousand_qubits():
    """RY, RZ and one layer of CX: Z of one qubit meets those of two; closed form of their product."""
    label = "I" * 499 + "Z" + "I" * 500
    land, patch = nc.Landscape(brickwork(1000, 0), Pauli(label)), nc.Gaussian(0.2)
    loss = nc.loss_statistics(land, patch)
    assert loss.method == "exact" and loss.second_moment == pytest.approx(float(patch.cosine_square_mean()), rel=1e-10)
    land = nc.Landscape(brickwork(1000, 1), Pauli(label))
    low, high = nc.certified_loss_second_moment(land, patch)
    found = nc.loss_statistics(land, patch)
    assert found.method == "exact" and low <= found.second_moment <= high


def test_frequent_hits_are_sampled():
    """Twelve layers of wide angles: E[L²] = 1/(2^12 + 1), within 4.5 standard errors."""
    land = deep(12)
    found = nc.loss_statistics(land, nc.Gaussian(1.0), rng=1)
    assert found.method == "stabilizer" and found.second_moment_error <= 0.05 * found.second_moment
    assert abs(found.second_moment - 1 / (2**12 + 1)) < 4.5 * found.second_moment_error
    assert found.choice.startswith("Stabilizer(") and "chains of a pilot" in found.choice


@pytest.mark.parametrize("samples", ["auto", 3000])
def test_numbers_are_those_of_the_backend_that_was_chosen(samples):
    """Same seed, same numbers: again, and by name. The pilot draws from a seed of its own."""
    land, patch = deep(8), nc.Gaussian(0.6)
    options = {"samples": samples, "rng": 5, "rel_error": 0.1, "max_seconds": 20.0}
    found, again = (nc.gradient_statistics(land, patch, **options) for _ in range(2))
    named = nc.gradient_statistics(land, patch, nc.Stabilizer(), **options)
    assert found.method == "stabilizer" and found.choice == again.choice and named.choice is None
    for other in (again, named):
        assert found.second_moment.tolist() == other.second_moment.tolist() and found.samples == other.samples


def test_angles_that_are_not_independent_are_sampled():
    found = nc.gradient_statistics(tied(), nc.Gaussian(0.3), rng=1)
    assert found.method == "statevector" and "turns 2 rotations" in found.choice and found.norm is not None
    off_grid = QuantumCircuit(1)
    off_grid.rx(Parameter("a"), 0)
    off_grid.t(0)
    off_grid.rx(Parameter("b"), 0)
    loss = nc.loss_statistics(nc.Landscape(off_grid, Pauli("Z")), nc.Gaussian(0.3), rng=1)
    assert loss.method == "statevector" and "beyond a multiple of π/2" in loss.choice
    named = nc.loss_statistics(nc.Landscape(off_grid, Pauli("Z")), nc.Gaussian(0.3), nc.Statevector(), rng=1)
    assert loss.second_moment == named.second_moment


def test_a_patch_that_can_only_be_sampled_is_sampled():
    class Two(nc.Patch):
        width = 0.3

        def draw(self, shape, *, rng):
            return rng.choice([-1.0, 1.0], shape)

        def scaled(self, factors):
            return self

    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.global_z(2))
    found = nc.loss_statistics(land, Two(), samples=50, rng=1)
    assert found.method == "statevector" and found.samples == 50 and "has no cosine_mean" in found.choice


def test_a_large_problem_that_no_backend_takes_names_what_is_wrong():
    circuit, t = nc.ansatz.mhea(60, 60), Parameter("t")
    circuit.rx(t, 0)
    circuit.ry(t, 0)
    land = nc.Landscape(circuit, nc.observables.global_z(60))
    with pytest.raises(nc.NearCliffordError, match=r"'t'.* turns 2 rotations"):
        nc.loss_statistics(land, nc.Gaussian(0.1))


def test_several_terms_and_chosen_parameters():
    land = nc.Landscape(nc.ansatz.mhea(4, 2), SparsePauliOp(["XXII", "YYII", "IIZZ"], [1.0, 0.5, -2.0]))
    some = nc.gradient_statistics(land, nc.Gaussian(0.4), parameters=[7, 2, 7])
    whole = nc.gradient_statistics(land, nc.Gaussian(0.4), nc.Exact())
    assert some.second_moment.tolist() == whole.second_moment[[7, 2, 7]].tolist() and some.norm_squared is None


def test_arguments_are_checked():
    for name in ("rel_error", "max_seconds"):
        with pytest.raises(nc.NearCliffordError, match=f"{name} is 0"):
            nc.Auto(**{name: 0})
    assert isinstance(nc.Auto(), nc.Backend) and repr(nc.Auto()) == "Auto(rel_error=0.05, max_seconds=60.0)"
    found = nc.loss_statistics(tied(), nc.Gaussian(0.3), nc.Auto(), samples=20, rng=1)
    assert found.choice == nc.loss_statistics(tied(), nc.Gaussian(0.3), samples=20, rng=1).choice


def test_parameters_that_no_term_meets_are_zero_for_certain():
    land = nc.Landscape(brickwork(60, 40), Pauli("Z" + "I" * 59))
    last = land.n_parameters - 4  # RY of qubit 58 behind all gates
    found = nc.gradient_statistics(land, nc.Gaussian(0.4), parameters=[last])
    assert found.method == "exact" and found.second_moment.tolist() == found.second_moment_error.tolist() == [0.0]
    assert "no term meets" in found.choice


def test_a_plateau_is_guided():
    """E[L²] = 1/(2^24 + 1), seen by none of the pilot's chains; within 4.5 standard errors, and one component with it."""
    land = deep(24)
    found = nc.loss_statistics(land, nc.Gaussian(1.0), samples=1536, rng=1)
    assert found.method == "particles" and found.resolved and found.choice.startswith("Particles(")
    assert "chains of a pilot gave 0" in found.choice
    assert abs(found.second_moment - 1 / (2**24 + 1)) < 4.5 * found.second_moment_error
    slope = nc.gradient_statistics(land, nc.Gaussian(1.0), samples=384, parameters=[500], rng=1)
    assert slope.method == "particles" and 0 < slope.second_moment[0] < 1e-7


def test_too_many_moments_of_a_plateau_are_bounded_by_samples():
    found = nc.gradient_statistics(deep(24), nc.Gaussian(1.0), samples=2, rng=1)
    assert found.method == "stabilizer" and "moments are too many for particles" in found.choice
    assert not found.second_moment.any() and (found.interval()[:, 1] > 0).any()


@pytest.mark.parametrize("sigma", [1e-2, 1e-4, 1e-6])
def test_paths_resolve_the_variance_of_a_narrow_patch(sigma):
    """L = cos a cos b cos c: the variance c2^3 - c1^6 = 3 σ^4 / 2 + O(σ^6), far below the rounding of E[L²]."""
    circuit = QuantumCircuit(3)
    for qubit, name in enumerate("abc"):
        circuit.rx(Parameter(name), qubit)
    found = nc.loss_statistics(nc.Landscape(circuit, Pauli("ZZZ")), nc.Gaussian(sigma), rng=1)
    assert found.variance == pytest.approx(1.5 * sigma**4, rel=10 * sigma**2 + 1e-9) and found.variance_resolved
    assert sigma > 1e-3 or (found.method.startswith("stabilizer") and "paths of fewer than" in found.choice)


def test_a_hamiltonian_of_a_hundred_qubits_has_a_variance():
    """The Heisenberg chain at σ = D^-1/2, where mean² is 7,925: 20,000 values of a path surrogate gave 0.2159(22)."""
    land = nc.Landscape(nc.ansatz.mhea(100, 10), nc.observables.heisenberg(100))
    found = nc.loss_statistics(land, nc.Gaussian(land.n_parameters**-0.5), rng=1)
    assert abs(found.variance - 0.2159) < 4.5 * np.hypot(0.0022, found.variance_error)
    assert found.method == "stabilizer" and found.choice.startswith("Stabilizer(order=None): paths of fewer than")
    assert found.composition.exact > 0.9 * found.variance
