"""Certified bounds against the trigonometric polynomial that Qiskit's state vector gives, averaged by quadrature."""

import itertools
from decimal import Decimal, localcontext

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

import nearclifford as nc
from encodable_circuits import oracle_loss, random_case
from nearclifford.patches import MOMENT_ERROR
from nearclifford.statistics.certified import certified_loss_second_moment, certified_second_moment

# Fourier coefficients (1, cos, sin) of one angle from its values at 0, π/2, -π/2.
NODES = np.array([0.0, np.pi / 2, -np.pi / 2])
TO_FOURIER = np.array([[0.0, 0.5, 0.5], [1.0, -0.5, -0.5], [0.0, 0.5, -0.5]])


def nodes_and_weights(patch, n_parameters):
    """Displacements and probabilities, shape (D, n): quadrature exact to rounding for the widths used here."""
    widths = np.broadcast_to(patch.width, (n_parameters,))
    if isinstance(patch, nc.Gaussian):
        node, weight = np.polynomial.hermite_e.hermegauss(120)
        weight = weight / np.sqrt(2 * np.pi)
    else:
        node, weight = np.polynomial.legendre.leggauss(120)
        weight = weight / 2
    return widths[:, None] * node, weight


def oracle(circuit, observable, center, factors, patch, parameter=None):
    """E[L²] or E[(∂_k L)²]: L has degree one in every angle, so 3^D values of L determine it."""
    n = circuit.num_parameters
    grid = itertools.product(NODES, repeat=n)
    values = np.array([oracle_loss(circuit, observable, center + np.array(point) / factors) for point in grid])
    node, weight = nodes_and_weights(patch, n)
    series = values.reshape((3,) * n)
    for axis in range(n):
        series = np.moveaxis(np.tensordot(TO_FOURIER, series, (1, axis)), 0, axis)
    image = series
    for axis in range(n):
        angle = factors[axis] * node[axis]
        functions = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)])
        if axis == parameter:
            functions = factors[axis] * np.stack([np.zeros_like(angle), -np.sin(angle), np.cos(angle)])
        image = np.moveaxis(np.tensordot((functions * weight) @ functions.T, image, (1, axis)), 0, axis)
    return float((series * image).sum())


def random_problem(seed):
    """A circuit of every gate kind with factors and a centre, one or many terms, one width or many, either patch."""
    rng = np.random.default_rng([92, seed])
    n_qubits, n_parameters = int(rng.integers(1, 4)), int(rng.integers(1, 6))
    circuit, center, factors = random_case(n_qubits, n_parameters, rng)
    n_terms = int(rng.choice([1, 1, 3, 9]))
    if n_terms == 1:
        observable = nc.observables.random_pauli(n_qubits, rng=rng)
    else:
        observable = nc.observables.random_hamiltonian(n_qubits, min(n_terms, 4**n_qubits - 1), weighted=True, rng=rng)
    width = rng.uniform(0.05, 1.5, n_parameters) if rng.random() < 0.5 else rng.uniform(0.05, 1.5)
    patch = nc.Gaussian(width) if seed % 2 else nc.Uniform(width)
    return circuit, observable, center, factors, patch


def bounds(land, patch, parameter, *limit, **arguments):
    """The certified bounds of a derivative, or of the loss where the parameter is None."""
    if parameter is None:
        return certified_loss_second_moment(land, patch, *limit, **arguments)
    return certified_second_moment(land, patch, parameter, *limit, **arguments)


@pytest.mark.parametrize("seed", range(24))
def test_bounds_meet_at_the_average_of_the_trigonometric_polynomial(seed):
    circuit, observable, center, factors, patch = random_problem(seed)
    land = nc.Landscape(circuit, observable, center)
    for parameter in (None, seed % circuit.num_parameters):
        exact = oracle(circuit, observable, center, factors, patch, parameter)
        lower, upper = bounds(land, patch, parameter)
        assert 0.0 <= lower <= upper
        assert upper - lower <= 1e-10 * upper
        assert abs(lower - exact) <= 1e-10 * (1.0 + exact)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("max_terms", [1, 2, 5])
def test_truncated_bounds_contain_the_exact_value(seed, max_terms):
    circuit, observable, center, _, patch = random_problem(100 + seed)
    land = nc.Landscape(circuit, observable, center)
    for parameter in (None, *range(circuit.num_parameters)):
        exact = bounds(land, patch, parameter)
        lower, upper = bounds(land, patch, parameter, max_terms=max_terms)
        assert lower <= exact[0] * (1 + 1e-15) and exact[1] <= upper * (1 + 1e-15)


@pytest.mark.parametrize("parameter", [None, 20])
def test_more_terms_narrow_the_interval(parameter):
    observable = nc.observables.global_z(6) if parameter is None else nc.observables.ising(6, j=1.0, h=-0.7)
    land = nc.Landscape(nc.ansatz.mhea(6, 3), observable)
    lower, upper = np.array([bounds(land, nc.Gaussian(0.3), parameter, 10**power) for power in range(6)]).T
    assert np.all(np.diff(lower) >= -1e-10) and np.all(np.diff(upper) <= 1e-10)
    widths = upper - lower
    assert widths[0] > 1e-2
    assert widths[3] < widths[0] / 5
    assert widths[5] < widths[0] / 1e6


def test_one_thousand_qubits_with_a_known_answer():
    # A layer of RY on |0...0> and Z^⊗N: L is a product of cosines.
    n, sigma = 1000, 0.02
    land = nc.Landscape(nc.ansatz.mhea(n, 0), nc.observables.global_z(n))
    stay = (1 + np.exp(-2 * sigma**2)) / 2
    lower, upper = certified_loss_second_moment(land, nc.Gaussian(sigma))
    assert lower <= stay**n <= upper
    assert upper - lower < 1e-7
    lower, upper = certified_second_moment(land, nc.Gaussian(sigma), parameter=17)
    assert lower <= stay ** (n - 1) * (1 - stay) <= upper


def test_probabilities_below_the_smallest_float_stay_bounded():
    circuit, sigma = QuantumCircuit(40), 1e-5
    for qubit in range(40):
        circuit.ry(Parameter(f"p{qubit:02}"), qubit)
    land = nc.Landscape(circuit, SparsePauliOp("X" * 40))  # L = Π sin t_j, so E[L²] is about 1e-400
    lower, upper = certified_loss_second_moment(land, nc.Gaussian(sigma))
    assert lower == 0.0 < upper < 1e-290


def test_a_derivative_that_vanishes_everywhere_is_an_exact_zero():
    land = nc.Landscape(nc.ansatz.mhea(2, 0), SparsePauliOp("IZ"))
    assert certified_second_moment(land, nc.Gaussian(0.3), parameter=1) == (0.0, 0.0)
    assert certified_second_moment(land, nc.Gaussian(0.3), parameter=2) == (0.0, 0.0)
    real = QuantumCircuit(1)
    real.ry(Parameter("a"), 0)
    assert certified_loss_second_moment(nc.Landscape(real, SparsePauliOp("Y")), nc.Gaussian(0.3)) == (0.0, 0.0)


def test_identity_terms_shift_the_loss_and_not_its_gradient():
    circuit = nc.ansatz.mhea(1, 0)
    land = nc.Landscape(circuit, SparsePauliOp(["I", "Z"], [2.0, -1.0]))
    lower, upper = certified_loss_second_moment(land, nc.Gaussian(0.5))
    exact = 4 - 4 * np.exp(-0.125) + (1 + np.exp(-0.5)) / 2
    assert lower <= exact <= upper and upper - lower < 1e-10
    lower, upper = certified_second_moment(land, nc.Gaussian(0.5), parameter=0)
    assert lower <= (1 - np.exp(-0.5)) / 2 <= upper and upper - lower < 1e-10


def decimal_moments(patch, width):
    """(E cos, E sin²) to forty digits."""
    w = Decimal(width)
    if patch is nc.Gaussian:
        return (-w * w / 2).exp(), (1 - (-2 * w * w).exp()) / 2

    def sinc(x):
        term, total, k = Decimal(1), Decimal(1), 1
        while abs(term) > Decimal("1e-60"):
            term *= -x * x / (2 * k * (2 * k + 1))
            total, k = total + term, k + 1
        return total

    return sinc(w), (1 - sinc(2 * w)) / 2


@pytest.mark.parametrize("patch", [nc.Gaussian, nc.Uniform])
def test_the_moments_of_the_patches_are_as_accurate_as_the_guard_assumes(patch):
    widths = np.concatenate([np.geomspace(1e-6, 12.0, 400), np.linspace(0.0499, 0.0503, 40)])
    with localcontext() as context:
        context.prec = 70
        for width in widths.tolist():
            cosine, sine_square = decimal_moments(patch, width)
            made = patch(width)
            found = [Decimal(float(moment)) for moment in (made.cosine_mean(), made.sine_square_mean())]
            assert abs(found[0] - cosine) < Decimal(MOMENT_ERROR) / 2
            assert abs(found[1] / sine_square - 1) < Decimal(MOMENT_ERROR) / 2
            assert abs((1 - found[1]) / (1 - sine_square) - 1) < Decimal(MOMENT_ERROR) / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameter": 12}, r"parameter 12 is out of range; expected 0 to 11"),
        ({"parameter": -1}, r"parameter -1 is out of range"),
        ({"max_terms": 0}, r"max_terms is 0; expected an integer of at least 1"),
        ({"patch": nc.Gaussian([0.1, 0.2])}, r"2 widths; expected 12"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    patch = arguments.pop("patch", nc.Gaussian(0.1))
    with pytest.raises(nc.NearCliffordError, match=message):
        certified_second_moment(land, patch, **{"parameter": 0} | arguments)


def test_angles_that_are_not_independent_are_refused():
    a = Parameter("a")
    shared, tilted = QuantumCircuit(1), QuantumCircuit(1)
    shared.rx(a, 0)
    shared.ry(a, 0)
    tilted.rx(a, 0)
    tilted.t(0)
    for circuit, message in [(shared, "'a'"), (tilted, "Clifford")]:
        with pytest.raises(nc.NearCliffordError, match=message):
            certified_loss_second_moment(nc.Landscape(circuit, SparsePauliOp("Z")), nc.Gaussian(0.1))


@pytest.mark.parametrize("wrong", [1.5, "3"])
def test_wrong_types_are_named(wrong):
    land = nc.Landscape(nc.ansatz.mhea(1, 0), nc.observables.global_z(1))
    with pytest.raises(nc.NearCliffordError, match=f"parameter is {wrong!r}; expected an integer"):
        certified_second_moment(land, nc.Gaussian(0.1), parameter=wrong)
    with pytest.raises(nc.NearCliffordError, match=f"max_terms is {wrong!r}; expected an integer"):
        certified_loss_second_moment(land, nc.Gaussian(0.1), max_terms=wrong)
