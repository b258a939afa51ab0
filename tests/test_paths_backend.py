"""Statistics of shared and fixed angles by paths, against Qiskit's states on dense grids of thetas and sampled ones."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, QAOAAnsatz, n_local, zz_feature_map
from qiskit.quantum_info import SparsePauliOp, Statevector

import nearclifford as nc
from nearclifford.errors import NearCliffordError, ResourceError
from nearclifford.statistics.orders import truncation_error

RING = SparsePauliOp(["ZZII", "IZZI", "IIZZ", "ZIIZ"], [1.0, 0.5, 1.0, -0.7])


def qaoa():
    return QAOAAnsatz(RING, reps=1).decompose(), RING, [np.pi / 4, 0.0]


def qaoa_of_two_layers():
    return QAOAAnsatz(RING, reps=2), RING, [0.0, np.pi / 4, 0.0, np.pi / 2]


def variational_hamiltonian():
    """The transverse Ising chain in two layers, from |0...0>."""
    circuit, (a, b) = QuantumCircuit(3), ParameterVector("t", 2)
    for _ in range(2):
        for pair in ((0, 1), (1, 2)):
            circuit.rzz(a, *pair)
        circuit.rx(b, range(3))
    return circuit, SparsePauliOp(["ZZI", "IZZ", "XII", "IXI", "IIX"], [-1.0, -1.0, -0.5, -0.5, -0.5]), [0.0, np.pi / 2]


def excitations():
    """A double and two single excitations of four spin orbitals, each of several Pauli strings."""
    circuit, (a, b) = QuantumCircuit(4), ParameterVector("t", 2)
    circuit.x([0, 1])
    double = ["XXXY", "XXYX", "XYXX", "YXXX", "XYYY", "YXYY", "YYXY", "YYYX"]
    signs = [0.125, 0.125, -0.125, -0.125, 0.125, 0.125, -0.125, -0.125]
    circuit.append(PauliEvolutionGate(SparsePauliOp(double, signs), a), range(4))
    circuit.append(PauliEvolutionGate(SparsePauliOp(["IYZX", "IXZY"], [0.5, -0.5]), b), range(4))
    circuit.append(PauliEvolutionGate(SparsePauliOp(["YZXI", "XZYI"], [0.5, -0.5]), b), range(4))
    observable = SparsePauliOp(["IIIZ", "ZIII", "ZZII", "XXYY"], [0.3, -0.5, 0.2, 0.4])
    return circuit, observable, [0.0, 0.0]


def data_in_fixed_angles():
    circuit = zz_feature_map(2, reps=1).assign_parameters([0.4, 0.9])
    return circuit.compose(n_local(2, "ry", "cz", reps=1)), SparsePauliOp(["ZZ", "XI"], [1.0, 0.3]), [0.0] * 4


def factors():
    """One parameter with three factors, one of them negative, and constants."""
    circuit, (a, b) = QuantumCircuit(2), ParameterVector("t", 2)
    circuit.ry(2 * a, 0)
    circuit.rx(-a, 1)
    circuit.cx(0, 1)
    circuit.rz(b + 0.3, 1)
    circuit.ry(a / 2 + b * 0, 1)
    circuit.rx(b - np.pi / 2, 0)
    return circuit, SparsePauliOp(["ZZ", "XY"], [1.0, -0.6]), [0.0, 0.0]


CASES = [qaoa, qaoa_of_two_layers, variational_hamiltonian, excitations, data_in_fixed_angles, factors]


def dense_moments(circuit, observable, center, rule, count):
    """Mean, second moment and variance of the loss and of central differences, by Qiskit on a grid of thetas."""
    nodes, weights = rule(count)
    numbers, total, step = [], [], 1e-4
    circuit = circuit.decompose(reps=3)  # or Qiskit takes every evolution apart at every theta

    def loss(theta):
        return Statevector(circuit.assign_parameters(theta)).expectation_value(observable).real

    for picked in itertools.product(range(count), repeat=len(center)):
        theta = np.array(center) + nodes[list(picked)]
        shifts = step * np.eye(len(center))
        slopes = [(loss(theta + shift) - loss(theta - shift)) / (2 * step) for shift in shifts]
        numbers.append([loss(theta), *slopes])
        total.append(np.prod(weights[list(picked)]))
    numbers, total = np.array(numbers), np.array(total)
    mean = total @ numbers
    return mean, total @ numbers**2, total @ (numbers - mean) ** 2


def gaussian(width):
    def rule(count):
        nodes, weights = np.polynomial.hermite.hermgauss(count)
        return nodes * np.sqrt(2) * width, weights / np.sqrt(np.pi)

    return rule


def uniform(width):
    def rule(count):
        nodes, weights = np.polynomial.legendre.leggauss(count)
        return nodes * width, weights / 2

    return rule


@pytest.mark.parametrize(("patch", "rule"), [(nc.Gaussian(0.05), gaussian(0.05)), (nc.Uniform(0.09), uniform(0.09))])
@pytest.mark.parametrize("case", CASES)
def test_moments_are_those_of_a_dense_grid(case, patch, rule):
    circuit, observable, center = case()
    expected = dense_moments(circuit, observable, center, rule, 7 if len(center) < 3 else 4)
    land = nc.Landscape(circuit, observable, center=center)
    how = nc.Paths(rel_error=1e-7)
    loss, slopes = nc.loss_statistics(land, patch, how), nc.gradient_statistics(land, patch, how)
    for number, of_grid in zip(("mean", "second_moment", "variance"), expected, strict=True):
        found = np.append(getattr(loss, number), getattr(slopes, number))
        np.testing.assert_allclose(found, of_grid, atol=3e-5 * max(1.0, np.abs(of_grid).max()))
    assert loss.method == slopes.method == "paths" and slopes.samples == 0
    assert slopes.norm_squared == pytest.approx(slopes.second_moment.sum())


def test_the_error_that_is_stated_holds_the_truth():
    """Every order of a QAOA of two layers, by exact sweeps on a grid: none is off by more than it says."""
    circuit, observable, center = qaoa_of_two_layers()
    land = nc.Landscape(circuit, observable, center=center)
    nodes, weights = gaussian(0.25)(12)
    theta = np.array(center) + np.array(list(itertools.product(nodes, repeat=4)))
    total = np.prod(list(itertools.product(weights, repeat=4)), axis=1)
    exact = total @ land.gradient(theta) ** 2
    errors = []
    for order in range(5, 10):
        found = nc.gradient_statistics(land, nc.Gaussian(0.25), nc.Paths(order=order))
        assert np.all(np.abs(found.second_moment - exact) <= found.second_moment_error + 1e-5 * exact.sum())
        errors.append(found.second_moment_error.sum())
        assert f"order={order}" in found.choice
    assert errors[-1] < errors[0] / 20


def test_more_parameters_are_sampled_and_agree_with_exact_sweeps():
    """Fourteen parameters, an angle of two of them: no grid. Within five standard errors."""
    circuit, pool = QuantumCircuit(4), ParameterVector("t", 14)
    for k, parameter in enumerate(pool):
        circuit.ry(parameter, k % 4)
        circuit.rx(parameter + pool[k - 1], (k + 1) % 4)
        circuit.cz(k % 4, (k + 1) % 4)
    land, patch = nc.Landscape(circuit, SparsePauliOp(["ZZII", "IIXY"], [1.0, 0.5])), nc.Gaussian(0.06)
    found = nc.gradient_statistics(land, patch, nc.Paths(rel_error=0.02), samples=2000, rng=1)
    exact = nc.gradient_statistics(land, patch, nc.Statevector(), samples=4000, rng=2)
    assert found.method == "paths, sampled" and found.samples == 2000
    spread = np.hypot(found.second_moment_error, exact.second_moment_error)
    assert np.all(np.abs(found.second_moment - exact.second_moment) <= 5 * spread + 1e-12)
    loss, expected = (
        nc.loss_statistics(land, patch, how, samples=4000, rng=2) for how in (nc.Paths(rel_error=0.02), nc.Statevector())
    )
    assert abs(loss.variance - expected.variance) <= 5 * (loss.variance_error + expected.variance_error)


def test_noise_is_taken_along():
    """Bit flips behind three gates: between the first two the path of sin² is X, which they leave alone."""
    circuit, a = QuantumCircuit(1), Parameter("a")
    circuit.ry(a, 0)
    circuit.ry(a, 0)
    circuit.x(0)
    land, patch = nc.Landscape(circuit, SparsePauliOp("Z")), nc.Gaussian(0.3)
    noise = nc.PauliNoise(one_qubit={"X": 0.1})
    plain = nc.loss_statistics(land, patch, nc.Paths(order=5))
    noisy = nc.loss_statistics(land, patch, "auto", noise=noise)
    assert plain.mean == pytest.approx(-np.exp(-2 * 0.3**2), abs=1e-9)
    cosine = (1 + np.exp(-2 * 0.3**2)) / 2
    assert noisy.mean == pytest.approx(-(0.8**2) * (0.8 * cosine - (1 - cosine)), abs=1e-9) and noisy.method == "paths"


def test_two_angles_that_look_alike_are_told_apart_by_their_offset():
    a, circuit = Parameter("a"), QuantumCircuit(1)
    circuit.rx(a, 0)
    circuit.rx(a + 0.4, 0)
    land = nc.Landscape(circuit, SparsePauliOp("Z"))  # cos(2 a + 0.4)
    found = nc.loss_statistics(land, nc.Gaussian(0.5), nc.Paths(order=5))
    assert found.mean == pytest.approx(np.exp(-2 * 0.25) * np.cos(0.4), abs=1e-6)


def test_auto_takes_paths_where_sweeps_do_not_fit(monkeypatch):
    circuit, observable, center = qaoa_of_two_layers()
    land = nc.Landscape(circuit, observable, center=center)
    assert nc.gradient_statistics(land, nc.Gaussian(0.1), rng=1).method == "statevector"
    monkeypatch.setattr("nearclifford.statistics.auto.free_bytes", lambda: 0)
    found = nc.gradient_statistics(land, nc.Gaussian(0.1), rng=1)
    assert found.method == "paths" and "truncation takes" in found.choice


def test_a_patch_without_gauss_quadrature_is_sampled():
    class Two(nc.Patch):
        width = 0.1

        def draw(self, shape, *, rng):
            return rng.choice([-1.0, 1.0], shape)

    circuit, observable, center = qaoa()
    land = nc.Landscape(circuit, observable, center=center)
    found = nc.loss_statistics(land, Two(), nc.Paths(order=5), samples=1000, rng=1)
    assert found.method == "paths, sampled"
    four = [land.value(np.array(center) + shift) for shift in itertools.product([-0.1, 0.1], repeat=2)]
    assert abs(found.mean - np.mean(four)) <= 5 * found.mean_error


def test_changes_that_do_not_fall_say_nothing():
    assert np.isinf(truncation_error([np.full((1, 2), float(order)) for order in range(7)])).all()
    assert np.isinf(truncation_error([np.zeros((1, 2))] * 7)).all()
    assert truncation_error([np.ones((1, 2))] * 7).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("how", "text"),
    [({"order": 4}, "order is 4"), ({"rel_error": 0.0}, "rel_error is 0"), ({"max_bytes": 0}, "max_bytes is 0")],
)
def test_bad_arguments(how, text):
    with pytest.raises(NearCliffordError, match=text):
        nc.Paths(**how)


def test_an_order_that_does_not_fit_is_refused():
    land = nc.Landscape(*qaoa_of_two_layers()[:2])
    with pytest.raises(ResourceError, match="max_bytes is 10 B"):
        nc.loss_statistics(land, nc.Gaussian(0.1), nc.Paths(order=9, max_bytes=10))
