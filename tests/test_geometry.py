"""Slices and height maps against Qiskit's values: in points, by quadrature over patches, and by stim at many qubits."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector, library
from qiskit.circuit.library import efficient_su2, qaoa_ansatz
from qiskit.quantum_info import Pauli, SparsePauliOp

import nearclifford as nc
from nearclifford.geometry.clifford_points import is_determined
from random_circuits import brickwork, oracle_value, random_center, random_circuit, random_observable
from test_center import clifford_circuit, stim_value

POINTS = np.linspace(-2.0, 3.0, 4)


def small_case(seed, n_qubits=3, n_gates=12):
    rng = np.random.default_rng([seed, 30])
    circuit = random_circuit(rng, n_qubits, n_gates)
    return rng, circuit, random_observable(rng, n_qubits, 4)


# in a point


@pytest.mark.parametrize("seed", range(10))
def test_along_any_directions_through_any_point(seed):
    rng, circuit, observable = small_case(seed)
    size = len(circuit.parameters)
    theta, first, second = rng.normal(size=(3, size))
    land = nc.Landscape(circuit, observable, random_center(rng, size))
    line = nc.slice_along(land, first, POINTS, theta=theta)
    assert line.values == pytest.approx([oracle_value(circuit, observable, theta + t * first) for t in POINTS], abs=1e-11)
    if size > 1:
        found = nc.height_map(land, (first, second), POINTS, POINTS[:2], theta=theta)
        expected = [[oracle_value(circuit, observable, theta + a * first + b * second) for b in POINTS[:2]] for a in POINTS]
        assert found.values == pytest.approx(np.array(expected), abs=1e-11)
        assert (found.method, found.std, found.error, found.patch, found.samples) == ("exact", None, None, None, None)


@pytest.mark.parametrize("seed", range(10))
def test_through_the_centre_along_parameters(seed):
    rng = np.random.default_rng([seed, 31])
    circuit, _ = clifford_circuit(rng, 4, 20, n_parameters=5)
    for k in range(3):
        circuit.ry(ParameterVector("more", 3)[k], k)
    observable = random_observable(rng, 4, 5)
    center = random_center(rng, len(circuit.parameters))
    land = nc.Landscape(circuit, observable, center)
    found = nc.height_map(land, (0, 2), POINTS)
    unit = np.eye(len(center))
    expected = [[oracle_value(circuit, observable, center + a * unit[0] + b * unit[2]) for b in POINTS] for a in POINTS]
    assert found.values == pytest.approx(np.array(expected), abs=1e-11)
    assert land.height_map(center, (0, 2), POINTS) == pytest.approx(
        nc.height_map(land, (0, 2), POINTS - center[0], POINTS - center[2]).values, abs=1e-12
    )


@pytest.mark.parametrize("circuit", [nc.ansatz.mhea(200, 3), nc.ansatz.random_pqc(200, 5, rng=3)], ids=["mhea", "rpqc"])
def test_two_hundred_qubits_against_stim(circuit):
    rng = np.random.default_rng(32)
    size = len(circuit.parameters)
    center = random_center(rng, size) * (rng.random(size) < 0.2)
    observable = nc.observables.heisenberg(200)
    land = nc.Landscape(circuit, observable, center)
    quarters = np.pi / 2 * np.arange(4)
    for parameters in rng.choice(size // 3, size=(3, 2), replace=False):
        found = nc.height_map(land, parameters.tolist(), quarters).values
        for i, j in ((0, 0), (1, 0), (2, 1), (3, 3)):
            theta = center.copy()
            theta[parameters] += quarters[[i, j]]
            assert found[i, j] == pytest.approx(stim_value(circuit, observable, theta), abs=1e-9)


def test_other_evaluators_are_asked_for_values():
    land = nc.Landscape(nc.ansatz.mhea(2, 1), nc.observables.heisenberg(2))
    series = nc.surrogate(land, 9)
    rng = np.random.default_rng(33)
    theta, direction = rng.normal(size=(2, 8))
    found = nc.slice_along(series, direction, POINTS, theta=theta)
    assert found.values == pytest.approx(nc.slice_along(land, direction, POINTS, theta=theta).values, abs=1e-10)
    assert found.method == "evaluator"
    with pytest.raises(nc.NearCliffordError, match=r"theta is missing; .* a PauliPathSurrogate has no centre"):
        nc.slice_along(series, direction, POINTS)


# over a patch


def quadrature(circuit, observable, theta, drawn, sigma, points=12):
    """Mean and variance of Qiskit's loss over normal displacements of some parameters, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = weights / weights.sum()
    mean = square = 0.0
    for place in np.ndindex(*(points,) * len(drawn)):
        moved = np.array(theta, dtype=float)
        moved[drawn] += sigma * nodes[list(place)]
        loss, weight = oracle_value(circuit, observable, moved), weights[list(place)].prod()
        mean, square = mean + weight * loss, square + weight * loss**2
    return mean, square - mean**2


def untied(seed, n_qubits=3):
    """Four rotations with parameters of their own, two of them with factors, among Clifford gates."""
    rng = np.random.default_rng([seed, 34])
    circuit = QuantumCircuit(n_qubits)
    for factor, name in zip((1, 1, 2, -1), ParameterVector("t", 4), strict=True):
        for _ in range(3):
            circuit.append(*clifford_gate(rng, n_qubits))
        getattr(circuit, ("rx", "ry", "rz")[rng.integers(3)])(factor * name, int(rng.integers(n_qubits)))
    circuit.append(*clifford_gate(rng, n_qubits))
    return rng, circuit


def clifford_gate(rng, n_qubits):
    gate = [library.HGate(), library.SGate(), library.CXGate(), library.CZGate(), library.SXGate()][rng.integers(5)]
    return gate, rng.permutation(n_qubits)[: gate.num_qubits].tolist()


@pytest.mark.parametrize("seed", range(10))
def test_mean_over_a_patch_by_quadrature(seed):
    rng, circuit = untied(seed)
    observable = random_observable(rng, 3, 5)
    center = random_center(rng, 4)
    land = nc.Landscape(circuit, observable, center)
    found = nc.height_map(land, (1, 3), [0.7, -1.1], patch=nc.Gaussian(0.4))
    assert found.method == "closed form"
    for i, a in enumerate((0.7, -1.1)):
        for j, b in enumerate((0.7, -1.1)):
            theta = center + np.array([0, a, 0, b])
            mean, _ = quadrature(circuit, observable, theta, [0, 2], 0.4)
            assert found.values[i, j] == pytest.approx(mean, abs=1e-9)


def spread_case(seed):
    rng, circuit = untied(seed)
    observable = random_observable(rng, 3, 2)
    land = nc.Landscape(circuit, observable, random_center(rng, 4))
    return land, is_determined(land.problem, int(land.problem.angle_map.rotations_of(1)[0]))


@pytest.mark.parametrize("seed", range(10))
def test_spread_along_a_parameter_by_quadrature(seed):
    """By averages over Clifford circuits where four points determine it, or sampled; 4.5 standard errors, 20 times."""
    land, determined = spread_case(seed)
    found = nc.slice_along(land, 1, [0.5, 2.0], patch=nc.Gaussian(0.4), samples=4000, rng=seed)
    assert found.std_method == ("random Clifford circuits" if determined else "sampled")
    for i, step in enumerate((0.5, 2.0)):
        theta = land.center + np.array([0, step, 0, 0])
        mean, variance = quadrature(land.circuit, land.observable, theta, [0, 2, 3], 0.4, points=9)
        assert found.values[i] == pytest.approx(mean, abs=1e-6)
        if determined:
            assert found.std_error[i] < 0.1
        assert abs(found.std[i] - np.sqrt(max(variance, 0))) <= 4.5 * found.std_error[i] + 1e-7


def test_both_kinds_of_spread_are_met():
    kinds = [spread_case(seed)[1] for seed in range(10)]
    assert 3 <= sum(kinds) <= 7


def test_spread_of_an_encoded_slice_two_ways():
    """mHEA with 8 qubits: four averages over Clifford circuits against 4,000 sampled thetas (5 standard errors)."""
    circuit, observable = nc.ansatz.mhea(8, 3), nc.observables.global_z(8)
    land, patch, samples = nc.Landscape(circuit, observable), nc.Gaussian(0.15), 4000
    found = nc.slice_along(land, 0, [0.0, 1.0, 2.5], patch=patch, samples=100_000, rng=1)
    assert found.std_method == "random Clifford circuits"
    moves = patch.sample((samples, land.n_parameters), rng=2)
    for i, step in enumerate((0.0, 1.0, 2.5)):
        moves[:, 0] = step
        losses = land.value(moves)
        assert abs(found.values[i] - losses.mean()) < 5 * losses.std() / np.sqrt(samples)
        fourth = ((losses - losses.mean()) ** 4).mean()
        error = np.sqrt((fourth - losses.var() ** 2) / samples) / (2 * losses.std())
        assert abs(found.std[i] - losses.std()) < 5 * np.hypot(error, found.std_error[i])


@pytest.mark.parametrize(
    "circuit",
    [efficient_su2(3, reps=1, entanglement="circular"), qaoa_ansatz(SparsePauliOp(["ZZI", "IZZ", "ZIZ"]), reps=2)],
    ids=["efficient_su2", "qaoa, shared parameters"],
)
def test_circuits_of_a_library_sampled_and_exact(circuit):
    """Means over a patch within 5 standard errors of sampled ones; shared parameters are sampled themselves."""
    observable, patch = SparsePauliOp(["ZZI", "IXX", "YIY"], [1.0, 0.5, -0.7]), nc.Gaussian(0.3)
    land, samples = nc.Landscape(circuit, observable), 20_000
    found = nc.slice_along(land, 1, [0.4, 1.9], patch=patch, samples=4000, rng=5)
    moves = patch.sample((samples, land.n_parameters), rng=6)
    for i, step in enumerate((0.4, 1.9)):
        moves[:, 1] = step
        losses = land.value(moves)
        error = losses.std() * np.sqrt(1 / samples + 1 / 4000)
        assert abs(found.values[i] - losses.mean()) < 5 * error
        assert found.std[i] == pytest.approx(losses.std(), rel=0.1)
    assert found.method == ("closed form" if len(land.problem.generators) == land.n_parameters else "sampled")


def test_away_from_the_centre_the_patch_is_sampled():
    land = nc.Landscape(brickwork(3, 1), nc.observables.heisenberg(3))
    theta = np.full(land.n_parameters, 0.4)
    found = nc.height_map(land, (0, 1), [0.0, 0.5], theta=theta, patch=nc.Uniform(0.2), samples=500, rng=1)
    again = nc.height_map(land, (0, 1), [0.0, 0.5], theta=theta, patch=nc.Uniform(0.2), samples=500, rng=1)
    assert found.method == found.std_method == "sampled"
    assert np.array_equal(found.values, again.values)
    assert found.error == pytest.approx(found.std / np.sqrt(500))
    moves = nc.Uniform(0.2).sample((500, land.n_parameters), rng=1)
    moves[:, :2] = [0.5, 0.0]
    assert found.values[1, 0] == pytest.approx(land.value(theta + moves).mean(), abs=1e-12)


def test_a_patch_around_a_direction_of_three_parameters():
    """Three rotations turn, more than are interpolated: sampled plane by plane, and the same in closed form."""
    land, patch = nc.Landscape(nc.ansatz.mhea(4, 1), nc.observables.heisenberg(4)), nc.Gaussian(0.2)
    direction = np.zeros(16)
    direction[[0, 5, 9]] = [0.5, -1.0, 2.0]
    exact = nc.slice_along(land, direction, [0.3, 1.2], patch=patch, samples=2000, rng=3)
    assert (exact.method, exact.std_method) == ("closed form", "sampled")
    moves = patch.sample((20_000, 16), rng=4) * (direction == 0)
    for i, step in enumerate((0.3, 1.2)):
        losses = land.value(moves + step * direction)
        assert abs(exact.values[i] - losses.mean()) < 5 * losses.std() / np.sqrt(20_000)
        assert exact.std[i] == pytest.approx(losses.std(), rel=0.1)


def test_a_thousand_qubits_over_a_patch_by_copies():
    """125 copies of a circuit of 8 qubits, and a sum of one observable for each: means add up, variances too."""
    one = nc.ansatz.mhea(8, 2)
    many, size = QuantumCircuit(1000), len(one.parameters)
    for copy in range(125):
        names = ParameterVector(f"c{copy:03}", size)
        many.compose(one.assign_parameters(names), range(8 * copy, 8 * copy + 8), inplace=True)
    observable = SparsePauliOp.from_sparse_list([("ZZ", [8 * copy, 8 * copy + 3], 1.0) for copy in range(125)], 1000)
    patch, alone = nc.Gaussian(0.1), nc.Landscape(one, Pauli("IIIIZIIZ"))
    whole = nc.Landscape(many, observable)
    line, single = (nc.height_map(land, (0, 3), POINTS, patch=patch).values for land in (whole, alone))
    rest = nc.loss_statistics(alone, patch).mean
    assert line == pytest.approx(single + 124 * rest, abs=1e-9)


# planes of paths


def test_the_plane_of_a_path():
    """A path in a plane of five dimensions: every point is found again, and the axes are those of its covariance."""
    rng = np.random.default_rng(40)
    axes = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
    path = rng.normal(size=5) + rng.normal(size=(30, 2)) * [2.0, 0.5] @ axes
    plane = nc.principal_plane(path)
    assert plane.origin + plane.coordinates @ plane.directions == pytest.approx(path, abs=1e-12)
    assert plane.explained.sum() == pytest.approx(1.0)
    spread = np.linalg.eigvalsh(np.cov(path.T))[::-1]
    assert plane.explained == pytest.approx(spread[:2] / spread.sum())
    assert np.array_equal(plane.coordinates[-1], [0, 0])


def test_a_descent_on_its_plane():
    """The loss at the path's points, read off the plane they span, is that of the path where it lies in the plane."""
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.heisenberg(3))
    theta = np.random.default_rng(41).normal(scale=0.3, size=12)
    path = [theta]
    for _ in range(20):
        path.append(path[-1] - 0.05 * land.gradient(path[-1]))
    plane = nc.principal_plane(path)
    end = nc.height_map(land, plane.directions, [0.0], theta=plane.origin)
    assert end.values[0, 0] == pytest.approx(land.value(path[-1]), abs=1e-12)
    assert plane.explained.sum() > 0.9


def test_random_directions_are_orthonormal_and_of_no_preferred_sign():
    many = np.array([nc.random_directions(6, 3, rng=seed) for seed in range(400)])
    assert many @ many.swapaxes(1, 2) == pytest.approx(np.tile(np.eye(3), (400, 1, 1)), abs=1e-12)
    assert np.abs(many.mean(axis=0)).max() < 4.5 / np.sqrt(6 * 400)


# results and errors


def test_tables_and_lists():
    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    line = nc.slice_along(land, 0, POINTS, patch=nc.Gaussian(0.1), samples=100, rng=1)
    assert line.frame().columns.tolist() == ["coordinate", "value", "std", "std_error"]
    told = line.to_dict()
    assert told["value"] == line.values.tolist()
    assert (told["patch"], told["method"], told["samples"]) == ("Gaussian(sigma=0.1)", "closed form", 100)
    found = nc.height_map(land, (0, 1), POINTS, POINTS[:3])
    table = found.frame()
    assert table.shape == (12, 3)
    assert table["value"].to_numpy().reshape(4, 3) == pytest.approx(found.values)
    assert table["first"].iloc[3] == POINTS[1]
    assert table["second"].iloc[3] == POINTS[0]
    assert found.to_dict()["value"] == found.values.tolist()
    assert repr(found).startswith("HeightMap(4 x 3 points, losses from ")


def test_pictures():
    from matplotlib.figure import Figure

    land = nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3))
    left, right = Figure().subplots(1, 2)
    line = nc.slice_along(land, 0, POINTS, patch=nc.Gaussian(0.1), samples=100, rng=1)
    assert line.plot(left, label="plain") is left
    assert left.lines[0].get_ydata() == pytest.approx(line.values)
    assert len(left.collections) == 1
    found = nc.height_map(land, (0, 1), POINTS, POINTS[:3])
    found.plot(right, limits=(-1.0, 1.0), path=np.zeros((3, 2)))
    assert np.asarray(right.images[0].get_array()) == pytest.approx(found.values.T)
    assert right.images[0].norm.vmax == 1.0


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda land: nc.slice_along(land, 12, [0.0]), "parameter 12 is out of range"),
        (lambda land: nc.slice_along(land, np.zeros(12), [0.0]), "A direction is zero"),
        (lambda land: nc.slice_along(land, np.ones(3), [0.0]), r"theta has shape \(3,\)"),
        (lambda land: nc.slice_along(land, np.ones((2, 12)), [0.0]), r"A direction has shape \(2, 12\)"),
        (lambda land: nc.slice_along(land, 0, [[0.0]]), r"points has shape \(1, 1\)"),
        (lambda land: nc.slice_along(land, 0, [np.nan]), r"points\[0\] is nan"),
        (lambda land: nc.slice_along(land, 0, [0.0], theta=np.zeros((2, 12))), "one point, no batch"),
        (lambda land: nc.slice_along(land, 0, [0.0], patch=0.1), "patch is 0.1"),
        (lambda land: nc.slice_along(land, 0, [0.0], patch=nc.Gaussian([0.1, 0.2])), "holds 2 widths"),
        (lambda land: nc.slice_along(land, 0, [0.0], patch=nc.Gaussian(0.1), samples=1), "samples is 1"),
        (lambda land: nc.slice_along(land, np.ones(12), [0.0], patch=nc.Gaussian(0.1)), "none is left to draw"),
        (lambda land: nc.slice_along("land", 0, [0.0]), "evaluator is a str; expected a Evaluator"),
        (lambda land: nc.height_map(land, (0,), [0.0]), "directions must be two"),
        (lambda land: nc.height_map(land, 3, [0.0]), "directions must be two"),
        (lambda land: nc.height_map(land, (0, 1), [0.0], "x"), "second_points has dtype"),
        (lambda land: nc.principal_plane(np.zeros((2, 4))), r"path has shape \(2, 4\)"),
        (lambda land: nc.principal_plane(np.outer(np.arange(5.0), np.ones(4))), "lies on one line"),
        (lambda land: nc.random_directions(3, 4), "count is 4"),
    ],
)
def test_what_is_refused(ask, text):
    with pytest.raises(nc.NearCliffordError, match=text):
        ask(nc.Landscape(nc.ansatz.mhea(3, 1), nc.observables.global_z(3)))


def test_a_dense_direction_at_forty_qubits_is_refused_by_its_memory():
    land = nc.Landscape(nc.ansatz.mhea(40, 40), nc.observables.global_z(40))
    with pytest.raises(nc.ResourceError, match=r"2\*\*40 amplitudes"):
        nc.slice_along(land, np.ones(land.n_parameters), [0.1])


class Coin(nc.Patch):
    """A patch of one's own that can only be sampled."""

    def __init__(self, width):
        self.distance = width

    @property
    def width(self):
        return self.distance

    def draw(self, shape, *, rng):
        return rng.choice([-1.0, 1.0], shape)


def test_a_patch_without_moments_is_sampled():
    land = nc.Landscape(nc.ansatz.mhea(2, 0), nc.observables.global_z(2))
    found = nc.slice_along(land, 0, [0.3], patch=Coin(0.2), samples=50, rng=1)
    assert found.method == "sampled"
    assert found.values[0] == pytest.approx(np.cos(0.3) * np.cos(0.2), abs=1e-12)
