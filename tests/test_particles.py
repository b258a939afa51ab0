"""Guided particles against averaged density matrices, merged chains and closed forms, down to 1e-200."""

import numba
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector, library
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
import two_copies

CLIFFORD = [
    library.HGate(), library.SGate(), library.SXGate(), library.SdgGate(), library.XGate(), library.CXGate(),
    library.CYGate(), library.CZGate(), library.SwapGate(), library.iSwapGate(), library.ECRGate(), library.DCXGate(),
]  # fmt: skip
TURNS = [
    library.RXGate, library.RYGate, library.RZGate, library.PhaseGate, library.RXXGate, library.RYYGate, library.RZZGate,
    library.RZXGate,
]  # fmt: skip


def foreign(rng, n_qubits, n_turns):
    """Gates of Qiskit in any order, angles with factors."""
    circuit = QuantumCircuit(n_qubits)
    while circuit.num_parameters < n_turns:
        if rng.random() < 0.5:
            gate = CLIFFORD[rng.integers(len(CLIFFORD))]
        else:
            angle = float(rng.choice([1.0, -2.0, 3.0])) * Parameter(f"t{len(circuit.data)}") + rng.integers(2) * np.pi / 2
            gate = TURNS[rng.integers(len(TURNS))](angle)
        if gate.num_qubits <= n_qubits:
            circuit.append(gate, rng.choice(n_qubits, size=gate.num_qubits, replace=False).tolist())
    return circuit


def case(number):
    rng = np.random.default_rng([number, 5])
    n_qubits = int(rng.integers(1, 5))
    shapes = [nc.ansatz.mhea(n_qubits, 2), nc.ansatz.fhea(n_qubits, 1), foreign(rng, n_qubits, 8), foreign(rng, n_qubits, 5)]
    circuit = shapes[number % 4]
    widths = rng.uniform(0.1, 1.4, circuit.num_parameters)
    patch = (
        (nc.Gaussian(widths), two_copies.gaussian(widths))
        if number % 2
        else (nc.Uniform(widths), two_copies.uniform(widths))
    )
    if number % 3:
        observable = nc.observables.random_hamiltonian(n_qubits, min(4**n_qubits - 1, 4), weighted=True, rng=number)
    else:
        observable = SparsePauliOp(nc.observables.random_pauli(n_qubits, rng=number))
    return circuit, observable, rng.integers(4, size=circuit.num_parameters) * (np.pi / 2), patch


@pytest.mark.parametrize("guide", ["auto", "state", "observable"])
@pytest.mark.parametrize("number", range(8))
def test_equals_averaged_density_matrices(number, guide):
    """Means exact, second moments within 6 of their errors, of 16 populations: false alarm 2e-5 for each of about 350."""
    circuit, observable, center, (patch, fourier) = case(number)
    exact = two_copies.exact_moments(circuit, observable, fourier, center)
    land = nc.Landscape(circuit, observable, center)
    backend = nc.Particles(bond=8, guide=guide)
    loss = nc.loss_statistics(land, patch, backend, samples=2400, rng=number)
    slopes = nc.gradient_statistics(land, patch, backend, samples=2400, rng=number)
    assert np.isclose(loss.mean, exact.mean, atol=1e-12) and np.allclose(slopes.mean, exact.mean_gradient, atol=1e-12)
    second = np.append(loss.unbiased.second_moment, slopes.unbiased.second_moment)
    error = np.append(loss.second_moment_error, slopes.second_moment_error)
    assert (np.abs(second - np.append(exact.second, exact.second_gradient)) <= 6 * error + 1e-11).all()
    assert slopes.norm_squared == pytest.approx(exact.norm_squared, abs=6 * slopes.norm_squared_error + 1e-11)


@pytest.mark.parametrize("bond", [1, 2])
@pytest.mark.parametrize("guide", ["state", "observable"])
def test_is_unbiased_whatever_the_guide(bond, guide):
    """Mean field and bond 2 are poor guides: the mean of 40 runs lies within 4 of its standard errors."""
    land, patch = nc.Landscape(nc.ansatz.mhea(6, 4), nc.observables.global_z(6)), nc.Gaussian(0.4)
    backend = nc.Particles(bond=bond, guide=guide, populations=2)
    found = [nc.loss_statistics(land, patch, backend, samples=3000, rng=seed).unbiased.second_moment for seed in range(40)]
    low, high = nc.certified_loss_second_moment(land, patch)
    assert high - low < 1e-9 * high
    assert abs(np.mean(found) - low) < 4 * np.std(found, ddof=1) / np.sqrt(len(found))


@pytest.mark.parametrize("circuit", [nc.ansatz.random_pqc(6, 6, rng=3), nc.ansatz.fhea(5, 3)])
@pytest.mark.parametrize("width", [1.0, 0.25])
def test_other_circuits(circuit, width):
    land = nc.Landscape(circuit, nc.observables.global_z(circuit.num_qubits))
    stats = nc.loss_statistics(land, nc.Gaussian(width), nc.Particles(), samples=6000, rng=2)
    low, high = nc.certified_loss_second_moment(land, nc.Gaussian(width))
    assert high - low < 1e-9 * high
    assert abs(stats.unbiased.second_moment - low) < 6 * stats.second_moment_error + 1e-12


@pytest.mark.parametrize("n_qubits", [12, 24, 36])
def test_a_plateau(n_qubits):
    """Deep circuits in a wide patch are a 2-design to rounding: E[L²] = 1 / (2^N + 1), here 2e-4 to 1e-11."""
    land = nc.Landscape(nc.ansatz.mhea(n_qubits, n_qubits), nc.observables.global_z(n_qubits))
    stats = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Particles(), samples=2400, rng=5)
    low, high = stats.interval(0.9999)
    assert stats.resolved and stats.method == "particles" and stats.mean**2 < 1e-20
    assert low < 1 / (2**n_qubits + 1) < high


def test_mean_field_where_all_qubits_meet():
    """Gates between all pairs, ten layers: mean field knows little, and is not wrong for it."""
    land = nc.Landscape(nc.ansatz.fhea(10, 10), nc.observables.global_z(10))
    stats = nc.loss_statistics(land, nc.Gaussian(1.0), nc.Particles(bond=1), samples=12_000, rng=2)
    low, high = stats.interval(0.9999)
    assert stats.settled and low < 1 / (2**10 + 1) < high


def product_landscape(n_qubits):
    circuit = QuantumCircuit(n_qubits)
    for qubit, parameter in enumerate(ParameterVector("t", n_qubits)):
        circuit.rx(parameter, qubit)
    return nc.Landscape(circuit, Pauli("Z" * n_qubits))


@pytest.mark.parametrize("guide", ["auto", "state", "observable"])
def test_a_thousand_qubits_and_1e_minus_200(guide):
    """L = Π cos t_j: the guide is exact, and so is every particle."""
    land, patch = product_landscape(1000), nc.Gaussian(0.85)
    c2 = float(patch.cosine_square_mean())
    backend = nc.Particles(guide=guide, populations=2)
    stats = nc.loss_statistics(land, patch, backend, samples=12, rng=1)
    assert 1e-210 < c2**1000 < 1e-180 and stats.settled
    assert np.isclose(np.log(stats.second_moment), 1000 * np.log(c2), rtol=1e-9)
    slope = nc.gradient_statistics(land, patch, backend, samples=12, parameters=[500], rng=1)
    assert np.isclose(np.log(slope.second_moment[0]), 999 * np.log(c2) + np.log1p(-c2), rtol=1e-9)


def test_threads_and_choice_of_parameters_do_not_matter():
    land = nc.Landscape(nc.ansatz.mhea(5, 3), nc.observables.heisenberg(5))
    arguments = {"patch": nc.Gaussian(0.7), "backend": nc.Particles(bond=4), "samples": 600, "rng": 4}
    before = numba.get_num_threads()
    try:
        found = []
        for threads in {1, before}:
            numba.set_num_threads(threads)
            found.append(nc.gradient_statistics(land, parameters=[3, 9, 30], **arguments))
    finally:
        numba.set_num_threads(before)
    part = nc.gradient_statistics(land, parameters=[30, 3], **arguments)
    for other in found:
        assert other.second_moment.tolist() == found[0].second_moment.tolist()
    assert part.second_moment.tolist() == found[0].second_moment[[2, 0]].tolist()


def test_what_is_not_settled_says_so():
    """A bond of 2 misses nearly everything between the narrow and the wide patch: the error says so, and the interval."""
    land = nc.Landscape(nc.ansatz.mhea(10, 10), nc.observables.global_z(10))
    patch = nc.Gaussian(land.n_parameters**-0.2)
    stats = nc.loss_statistics(land, patch, nc.Particles(bond=2), samples=240, rng=1)
    sure = nc.loss_statistics(land, patch, nc.Particles(bond=32), samples=12_000, rng=1)
    assert sure.resolved and sure.doubt == ""
    assert not stats.settled and not stats.resolved and not stats.variance_resolved
    assert stats.doubt.endswith(".") and stats.second_moment_error >= stats.unbiased.second_moment
    low, high = stats.interval()
    assert low < sure.second_moment < high == 1.0


def test_what_no_particle_can_reach_is_zero():
    """RZ before the measurement of Z does nothing; RZ on |0> neither."""
    circuit = QuantumCircuit(2)
    angles = ParameterVector("t", 4)
    circuit.rz(angles[0], 0)
    circuit.ry(angles[1], 0)
    circuit.cx(0, 1)
    circuit.ry(angles[2], 1)
    circuit.rz(angles[3], 1)
    land = nc.Landscape(circuit, SparsePauliOp(["ZI", "II"], [1.0, 0.5]))
    stats = nc.gradient_statistics(land, nc.Gaussian(0.5), nc.Particles(), samples=240, rng=1)
    assert stats.second_moment[[0, 3]].tolist() == stats.second_moment_error[[0, 3]].tolist() == [0.0, 0.0]
    assert stats.resolved.all() and (stats.second_moment[[1, 2]] > 0.0).all()
    exact = two_copies.exact_moments(circuit, SparsePauliOp(["ZI", "II"], [1.0, 0.5]), two_copies.gaussian(0.5))
    loss = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Particles(), samples=240, rng=1)
    assert loss.second_moment == pytest.approx(exact.second, abs=6 * loss.second_moment_error)


def test_nothing_but_the_identity():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), SparsePauliOp("II", 0.5))
    loss = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Particles(), samples=100, rng=1)
    slopes = nc.gradient_statistics(land, nc.Gaussian(0.5), nc.Particles(), samples=100, rng=1)
    assert (loss.second_moment, loss.second_moment_error, loss.settled) == (0.25, 0.0, True)
    assert not slopes.second_moment.any() and slopes.norm_squared == 0.0


def test_rounds_double_until_the_error_is_small():
    land = nc.Landscape(nc.ansatz.mhea(8, 4), nc.observables.global_z(8))
    backend = nc.Particles(population=400, populations=4)
    stats = nc.loss_statistics(land, nc.Gaussian(0.6), backend, samples="auto", rel_error=0.01, rng=1)
    assert stats.settled and stats.second_moment_error <= 0.01 * stats.second_moment
    assert stats.samples > 3 * 4 * 128 and stats.samples % 12 == 0 and stats.populations > 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population": 1}, "population is 1"),
        ({"bond": 0}, "bond is 0"),
        ({"populations": 1}, "populations is 1"),
        ({"guide": "both"}, "guide is 'both'; expected 'auto', 'state' or 'observable'."),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(nc.NearCliffordError, match=message):
        nc.Particles(**arguments)


def test_a_guide_that_does_not_fit_the_memory():
    land = nc.Landscape(nc.ansatz.mhea(20, 2), nc.observables.global_z(20))
    with pytest.raises(nc.ResourceError, match=r"A guide of bond 1000000 over 3 layers needs .* Take a smaller bond\."):
        nc.loss_statistics(land, nc.Gaussian(0.1), nc.Particles(bond=10**6), samples=100, rng=1)


def test_angles_must_be_independent():
    circuit = QuantumCircuit(1)
    angle = Parameter("t")
    circuit.ry(angle, 0)
    circuit.rx(angle, 0)
    with pytest.raises(nc.NearCliffordError, match="independent angles"):
        nc.loss_statistics(nc.Landscape(circuit, Pauli("Z")), nc.Gaussian(0.1), nc.Particles(), rng=1)


def test_time_covers_the_guides():
    """No guide is made in a nanosecond: nothing is claimed but what is possible; and a number of samples takes its time."""
    land, patch = nc.Landscape(nc.ansatz.mhea(6, 6), nc.observables.global_z(6)), nc.Gaussian(1.0)
    loss = nc.loss_statistics(land, patch, nc.Particles(), rng=1, max_seconds=1e-9)
    assert not loss.resolved and "time ended" in loss.doubt and "bond" in loss.doubt
    assert loss.second_moment_error == 1.0 and loss.interval()[1] == 1.0
    slope = nc.gradient_statistics(land, patch, nc.Particles(), parameters=[30, 83], rng=1, max_seconds=1e-9)
    assert slope.settled.tolist() == [False, True]  # the last RZ turns nothing that is measured
    assert slope.second_moment_error.tolist() == [1.0, 0.0]
    assert nc.loss_statistics(land, patch, nc.Particles(), samples=2400, rng=1, max_seconds=1e-9).settled
